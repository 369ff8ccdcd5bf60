use probity_primitives::PublicKey;
use probity_primitives::vrf::{VrfError, VrfPublicKey};

use super::*;
use crate::staking::message::{EditOperator, RotateOperatorKey};
use crate::staking::{ProfileError, edit, rotate_key};

fn register_refused(change: impl FnOnce(&mut RegisterOperator)) -> ProfileError {
    let mut world = World::new();
    let mut message = registration(0, 100);
    change(&mut message);
    match world.apply(|ledger, ctx| register(ledger, ctx, account_of(0), &message)) {
        Err(StakingError::Profile(error)) => error,
        other => panic!("{other:?} is not a refusal of the profile"),
    }
}

fn edit_operator(world: &mut World, by: u8, message: &EditOperator) -> Result<(), StakingError> {
    world.apply(|ledger, ctx| edit(ledger, ctx, account_of(by), message))
}

const fn commission(operator: OperatorId, to: u16) -> EditOperator {
    EditOperator { operator, name: None, commission: Some(Bps::new(to)), classes: None }
}

#[test]
fn an_operator_is_found_by_its_name_and_its_key() {
    let (world, operator) = World::with_operator(1_000);
    assert_eq!(world.ledger.operator(&operator).unwrap().owner, account_of(0));
    let (found, _) = world.ledger.operator_of_key(&key(100).public()).unwrap();
    assert_eq!(found, operator);
}

#[test]
fn a_key_that_did_not_agree_is_refused() {
    let error = register_refused(|m| {
        m.proof = KeyUse::Register(account_of(1)).agree(Hash::ZERO, &key(100))
    });
    assert!(matches!(error, ProfileError::Proof(_)), "{error}");
    let other_chain = Hash::from_bytes([1; 32]);
    let error = register_refused(|m| {
        m.proof = KeyUse::Register(account_of(0)).agree(other_chain, &key(100))
    });
    assert!(matches!(error, ProfileError::Proof(_)), "{error}");
}

#[test]
fn a_key_serves_one_operator_ever() {
    let (mut world, operator) = World::with_operator(1_000);
    let key = key(100).public();
    assert_eq!(world.register(1, 100, 1_000), Err(ProfileError::KeyInUse { key, operator }.into()));
    assert_eq!(world.register(0, 100, 1_000), Err(ProfileError::Registered(operator).into()));
}

#[test]
fn a_profile_that_does_not_hold_is_refused() {
    let name = |text: &str| BoundedString::new(text).unwrap();
    for text in ["", " north", "north\n"] {
        let error = register_refused(|m| m.registration.name = name(text));
        assert_eq!(error, ProfileError::Name(text.into()));
    }
    let vrf = VrfPublicKey::from_bytes([255; 32]);
    let error = register_refused(|m| m.registration.vrf = vrf);
    assert_eq!(error, ProfileError::Vrf(VrfError::MalformedKey(vrf)));
    let above = Bps::new(10_001);
    let error = register_refused(|m| m.registration.commission = above);
    assert_eq!(error, ProfileError::CommissionAboveOne(above));
    for (classes, wrong) in [(vec![7], 7), (vec![0, 0], 0)] {
        let classes = BoundedVec::from_vec(classes).unwrap();
        assert_eq!(
            register_refused(|m| m.registration.classes = classes),
            ProfileError::Class(wrong)
        );
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let (mut world, operator) = World::with_operator(1_000);
    let before = world.ledger.operator(&operator).unwrap().clone();
    let name = BoundedString::new("south").unwrap();
    let message = EditOperator {
        operator,
        name: Some(name.clone()),
        commission: None,
        classes: Some(BoundedVec::new()),
    };
    edit_operator(&mut world, 0, &message).unwrap();
    let expected = crate::staking::Operator { name, classes: BoundedVec::new(), ..before };
    assert_eq!(*world.ledger.operator(&operator).unwrap(), expected);
}

#[test]
fn only_the_owner_edits_and_only_something() {
    let (mut world, operator) = World::with_operator(1_000);
    let error = edit_operator(&mut world, 1, &commission(operator, 900)).unwrap_err();
    assert!(matches!(error, StakingError::NotOwner { .. }), "{error}");
    let nothing = EditOperator { operator, name: None, commission: None, classes: None };
    assert_eq!(edit_operator(&mut world, 0, &nothing), Err(ProfileError::NothingToChange.into()));
    let missing = OperatorId::of(&account_of(2), &key(9).public());
    let error = edit_operator(&mut world, 0, &commission(missing, 900)).unwrap_err();
    assert_eq!(error, StakingError::UnknownOperator(missing));
}

#[test]
fn a_commission_moves_one_step_an_epoch() {
    let (mut world, operator) = World::with_operator(1_000);
    let too_soon = edit_operator(&mut world, 0, &commission(operator, 1_001)).unwrap_err();
    assert!(too_soon.to_string().contains("last changed in 0"), "{too_soon}");
    world.at_epoch(1);
    let too_far = edit_operator(&mut world, 0, &commission(operator, 1_101)).unwrap_err();
    assert!(too_far.to_string().contains("from 1000 bps to 1101 bps"), "{too_far}");
    edit_operator(&mut world, 0, &commission(operator, 1_100)).unwrap();
    assert!(edit_operator(&mut world, 0, &commission(operator, 1_200)).is_err());
    world.at_epoch(2);
    edit_operator(&mut world, 0, &commission(operator, 1_000)).unwrap();
    assert_eq!(world.ledger.operator(&operator).unwrap().commission, Bps::new(1_000));
}

fn rotate(world: &mut World, by: u8, message: &RotateOperatorKey) -> Result<(), StakingError> {
    world.apply(|ledger, ctx| rotate_key(ledger, ctx, account_of(by), message))
}

#[test]
fn a_rotated_key_speaks_and_the_old_one_does_not() {
    let (mut world, operator) = World::with_operator(1_000);
    let proof = KeyUse::Rotate(operator).agree(Hash::ZERO, &key(101));
    rotate(&mut world, 0, &RotateOperatorKey { operator, key: key(101).public(), proof }).unwrap();
    assert!(world.ledger.operator_of_key(&key(100).public()).is_none());
    assert_eq!(world.ledger.operator_of_key(&key(101).public()).unwrap().0, operator);
    // The old key is still this operator's past: nobody else may have it, and it cannot return.
    let proof = KeyUse::Rotate(operator).agree(Hash::ZERO, &key(100));
    let back = RotateOperatorKey { operator, key: key(100).public(), proof };
    let error = rotate(&mut world, 0, &back).unwrap_err();
    assert!(matches!(error, StakingError::Profile(ProfileError::KeyInUse { .. })), "{error}");
}

#[test]
fn a_rotation_needs_the_owner_and_the_new_keys_agreement() {
    let (mut world, operator) = World::with_operator(1_000);
    let new: PublicKey = key(101).public();
    let proof = KeyUse::Rotate(operator).agree(Hash::ZERO, &key(101));
    let error = rotate(&mut world, 1, &RotateOperatorKey { operator, key: new, proof });
    assert!(matches!(error, Err(StakingError::NotOwner { .. })));
    let proof = KeyUse::Register(account_of(0)).agree(Hash::ZERO, &key(101));
    let error = rotate(&mut world, 0, &RotateOperatorKey { operator, key: new, proof });
    assert!(matches!(error, Err(StakingError::Profile(ProfileError::Proof(_)))));
}
