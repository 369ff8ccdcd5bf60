use super::*;
use crate::registry::lineage::{MAX_DEPTH, MAX_SHARES};

fn ancestors(world: &World, id: ArtifactId) -> Vec<(ArtifactId, u16)> {
    let artifact = world.ledger.artifact(&id).unwrap();
    artifact.ancestors.iter().map(|known| (known.id, known.share.parts())).collect()
}

fn sorted(mut pairs: Vec<(ArtifactId, u16)>) -> Vec<(ArtifactId, u16)> {
    pairs.sort();
    pairs
}

#[test]
fn shares_are_absolute_and_reach_every_generation() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let tuned = world.model(1, "tuned", &[(base, 1_000)]);
    let small = world.model(2, "small", &[(tuned, 500)]);
    assert_eq!(ancestors(&world, small), sorted(vec![(base, 1_000), (tuned, 500)]));
    assert_eq!(world.ledger.artifact(&small).unwrap().depth, 2);
}

#[test]
fn an_ancestor_reached_twice_has_its_largest_share_and_not_the_sum() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let left = world.model(1, "left", &[(base, 1_000)]);
    let right = world.model(1, "right", &[(base, 300)]);
    let merged = world.model(2, "merged", &[(left, 200), (right, 200), (base, 400)]);
    assert_eq!(ancestors(&world, merged), sorted(vec![(base, 1_000), (left, 200), (right, 200)]));
}

#[test]
fn a_dummy_in_between_raises_no_share() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let dummy = world.model(0, "dummy", &[(base, 1_000)]);
    let child = world.model(1, "child", &[(base, 1_000), (dummy, 0)]);
    assert_eq!(ancestors(&world, child), sorted(vec![(base, 1_000), (dummy, 0)]));
}

#[test]
fn parents_are_registered_and_named_once() {
    let mut world = World::new();
    let missing = ArtifactId(Hash::from_bytes([1; 32]));
    let error = world.register(0, child("m", &[(missing, 1)])).unwrap_err();
    assert_eq!(error, LineageError::UnknownParent(missing).into());
    let base = world.model(0, "base", &[]);
    let error = world.register(0, child("m", &[(base, 1), (base, 2)])).unwrap_err();
    assert_eq!(error, LineageError::ParentTwice(base).into());
}

#[test]
fn all_shares_add_up_to_at_most_half() {
    let mut world = World::new();
    let base = world.model(0, "base", &[]);
    let tuned = world.model(1, "tuned", &[(base, 3_000)]);
    assert!(world.register(2, child("half", &[(tuned, 2_000)])).is_ok());
    let error = world.register(2, child("more", &[(tuned, 2_001)])).unwrap_err();
    assert_eq!(error, LineageError::SharesTooLarge { sum: 5_001, limit: MAX_SHARES }.into());
}

#[test]
fn a_lineage_is_at_most_sixteen_deep() {
    let mut world = World::new();
    let mut newest = world.model(0, "0", &[]);
    for generation in 1..=MAX_DEPTH {
        newest = world.model(0, &generation.to_string(), &[(newest, 1)]);
    }
    let error = world.register(0, child("17", &[(newest, 1)])).unwrap_err();
    assert_eq!(error, LineageError::TooDeep { depth: 17, limit: 16 }.into());
}

#[test]
fn an_artifact_has_at_most_sixty_four_ancestors() {
    let mut world = World::new();
    let mut parents = Vec::new();
    for family in 0..8 {
        let above: Vec<(ArtifactId, u16)> =
            (0..7).map(|nth| (world.model(0, &format!("{family}-{nth}"), &[]), 1)).collect();
        parents.push((world.model(0, &format!("{family}"), &above), 1));
    }
    let full = world.model(0, "full", &parents);
    assert_eq!(ancestors(&world, full).len(), 64);
    let error = world.register(0, child("above", &[(full, 1)])).unwrap_err();
    assert!(matches!(error, RegistryError::Lineage(LineageError::TooMany(_))), "{error}");
    assert_eq!(error.to_string(), "too many ancestors: 65 elements are more than the 64 allowed");
}
