use super::*;
use crate::registry::message::{
    AdvanceState, BuyArtifact, OfferSale, TransferArtifact, WithdrawArtifact,
};

fn offered(
    world: &mut World,
    by: u8,
    artifact: ArtifactId,
    price: Option<Amount>,
) -> Result<(), RegistryError> {
    let message = OfferSale { artifact, price };
    world.apply(|ledger, ctx| offer(ledger, ctx, account_of(by), &message))
}

fn bought(
    world: &mut World,
    by: u8,
    artifact: ArtifactId,
    max_price: Amount,
) -> Result<(), RegistryError> {
    let message = BuyArtifact { artifact, max_price };
    world.apply(|ledger, ctx| buy(ledger, ctx, account_of(by), &message))
}

fn given(world: &mut World, by: u8, artifact: ArtifactId, to: u8) -> Result<(), RegistryError> {
    let message = TransferArtifact { artifact, to: account_of(to) };
    world.apply(|ledger, ctx| transfer(ledger, ctx, account_of(by), &message))
}

fn withdrawn(world: &mut World, by: u8, artifact: ArtifactId) -> Result<(), RegistryError> {
    let message = WithdrawArtifact { artifact };
    world.apply(|ledger, ctx| withdraw(ledger, ctx, account_of(by), &message))
}

fn advanced(
    world: &mut World,
    by: u8,
    artifact: ArtifactId,
    seq: u64,
) -> Result<(), RegistryError> {
    let message = AdvanceState { artifact, seq, root: Hash::from_bytes([9; 32]) };
    world.apply(|ledger, ctx| advance_state(ledger, ctx, account_of(by), &message))
}

const fn not_owner(artifact: ArtifactId, owner: Address, sender: Address) -> RegistryError {
    RegistryError::NotOwner { artifact, owner, sender }
}

#[test]
fn a_sale_pays_the_ancestors_and_the_seller_and_leaves_nothing_in_escrow() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let tuned = world.model(1, "tuned", &[(base, 1_500)]);
    offered(&mut world, 1, tuned, Some(units(999))).unwrap();
    bought(&mut world, 2, tuned, units(999)).unwrap();
    // floor(999 * 0.15) = 149.
    assert_eq!(world.due(base), units(149));
    assert_eq!(world.free(1).units(), tokens(1_000).units() + 850);
    assert_eq!(world.free(2).units(), tokens(1_000).units() - 999);
    assert_eq!(world.ledger.balance(Bucket::SaleEscrow(tuned)), Amount::ZERO);
    let artifact = world.ledger.artifact(&tuned).unwrap();
    assert_eq!((artifact.owner, artifact.price), (account_of(2), None));
}

#[test]
fn what_is_not_offered_or_too_dear_is_not_bought() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    let buy = |world: &mut World, by| bought(world, by, artifact, tokens(5));
    assert_eq!(buy(&mut world, 1), Err(SaleError::NotForSale(artifact).into()));
    offered(&mut world, 0, artifact, Some(tokens(6))).unwrap();
    let (price, max_price) = (tokens(6), tokens(5));
    let dear = SaleError::TooDear { artifact, price, max_price };
    assert_eq!(buy(&mut world, 1), Err(dear.into()));
    offered(&mut world, 0, artifact, Some(tokens(5))).unwrap();
    let owner = account_of(0);
    assert_eq!(buy(&mut world, 0), Err(RegistryError::OwnsAlready { artifact, owner }));
    offered(&mut world, 0, artifact, None).unwrap();
    assert_eq!(buy(&mut world, 1), Err(SaleError::NotForSale(artifact).into()));
}

#[test]
fn a_buyer_without_the_money_changes_nothing() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    offered(&mut world, 0, artifact, Some(tokens(1_001))).unwrap();
    let error = bought(&mut world, 1, artifact, tokens(2_000)).unwrap_err();
    assert!(matches!(error, RegistryError::Bank(_)), "{error}");
    assert_eq!(world.ledger.artifact(&artifact).unwrap().owner, account_of(0));
}

#[test]
fn an_offer_is_the_owners_has_a_price_and_is_taken_back_once() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    let error = offered(&mut world, 1, artifact, Some(tokens(1))).unwrap_err();
    assert_eq!(error, not_owner(artifact, account_of(0), account_of(1)));
    let error = offered(&mut world, 0, artifact, Some(Amount::ZERO)).unwrap_err();
    assert_eq!(error, SaleError::ZeroPrice.into());
    let error = offered(&mut world, 0, artifact, None).unwrap_err();
    assert_eq!(error, SaleError::NotForSale(artifact).into());
}

#[test]
fn a_gift_ends_the_old_owners_offer() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    offered(&mut world, 0, artifact, Some(tokens(1))).unwrap();
    given(&mut world, 0, artifact, 1).unwrap();
    let known = world.ledger.artifact(&artifact).unwrap();
    assert_eq!((known.owner, known.price), (account_of(1), None));
    let error = given(&mut world, 0, artifact, 1).unwrap_err();
    assert_eq!(error, not_owner(artifact, account_of(1), account_of(0)));
    let error = given(&mut world, 1, artifact, 1).unwrap_err();
    assert_eq!(error, RegistryError::OwnsAlready { artifact, owner: account_of(1) });
}

#[test]
fn an_account_of_another_kind_of_network_is_not_given_anything() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    let elsewhere = Address::of(&Keypair::from_seed([1; 32]).public(), Network::Main);
    let message = TransferArtifact { artifact, to: elsewhere };
    let error =
        world.apply(|ledger, ctx| transfer(ledger, ctx, account_of(0), &message)).unwrap_err();
    assert_eq!(error, RegistryError::WrongNetwork(elsewhere));
    let contributors = list(vec![Contributor { account: elsewhere, weight: 1 }]);
    let made_elsewhere = Manifest { contributors, ..child("n", &[]) };
    let error = world.register(0, made_elsewhere).unwrap_err();
    assert_eq!(error, RegistryError::WrongNetwork(elsewhere));
}

#[test]
fn what_was_earned_under_one_owner_is_that_owners() {
    let mut world = World::new();
    let given_away = world.model(0, "a", &[]);
    let sold = world.model(0, "b", &[]);
    world.pay(given_away, tokens(7));
    world.pay(sold, tokens(5));
    given(&mut world, 0, given_away, 1).unwrap();
    offered(&mut world, 0, sold, Some(tokens(1))).unwrap();
    bought(&mut world, 1, sold, tokens(1)).unwrap();
    assert_eq!(world.free(0), tokens(1_000 + 7 + 5 + 1));
    assert_eq!(world.free(1), tokens(1_000 - 1));
}

#[test]
fn a_withdrawn_artifact_stays_and_is_neither_sold_nor_advanced() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    offered(&mut world, 0, artifact, Some(tokens(1))).unwrap();
    let error = withdrawn(&mut world, 1, artifact).unwrap_err();
    assert_eq!(error, not_owner(artifact, account_of(0), account_of(1)));
    withdrawn(&mut world, 0, artifact).unwrap();
    let status = ArtifactStatus::Withdrawn;
    let refusal = Err(RegistryError::NotActive { artifact, status });
    assert_eq!(bought(&mut world, 1, artifact, tokens(1)), refusal.clone());
    assert_eq!(offered(&mut world, 0, artifact, Some(tokens(1))), refusal.clone());
    assert_eq!(advanced(&mut world, 0, artifact, 1), refusal.clone());
    assert_eq!(withdrawn(&mut world, 0, artifact), refusal);
    assert_eq!(world.ledger.artifact(&artifact).unwrap().price, None);
}

#[test]
fn the_points_of_a_dynamic_part_follow_each_other() {
    let mut world = World::new();
    let artifact = world.model(0, "m", &[]);
    advanced(&mut world, 0, artifact, 1).unwrap();
    advanced(&mut world, 0, artifact, 2).unwrap();
    for given in [0, 2, 4] {
        let error = advanced(&mut world, 0, artifact, given).unwrap_err();
        assert_eq!(error, RegistryError::StateSequence { artifact, newest: 2, given });
    }
    let error = advanced(&mut world, 1, artifact, 3).unwrap_err();
    assert_eq!(error, not_owner(artifact, account_of(0), account_of(1)));
    let root = Hash::from_bytes([9; 32]);
    assert_eq!(world.ledger.artifact(&artifact).unwrap().state, StatePoint { seq: 2, root });
}
