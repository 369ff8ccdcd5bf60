//! Random lineages: the ancestor map is what its definition says, and payments add up exactly.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::registry::message::ClaimRoyalty;

/// For each artifact in turn: which earlier ones are its parents, and with which shares.
fn lineages() -> impl Strategy<Value = Vec<Vec<(prop::sample::Index, u16)>>> {
    vec(vec((any::<prop::sample::Index>(), 0..1_500u16), 0..4), 1..14)
}

/// Registers what can be registered of a random lineage; returns it with its parents.
fn grow(
    world: &mut World,
    lineage: Vec<Vec<(prop::sample::Index, u16)>>,
) -> Vec<(ArtifactId, Vec<(ArtifactId, u16)>)> {
    let mut grown: Vec<(ArtifactId, Vec<(ArtifactId, u16)>)> = Vec::new();
    for (nth, parents) in lineage.into_iter().enumerate() {
        let parents: BTreeMap<ArtifactId, u16> = match grown.is_empty() {
            true => BTreeMap::new(),
            false => parents
                .into_iter()
                .map(|(index, share)| (grown[index.index(grown.len())].0, share))
                .collect(),
        };
        let parents: Vec<(ArtifactId, u16)> = parents.into_iter().collect();
        if let Ok(id) = world.register(0, child(&nth.to_string(), &parents)) {
            grown.push((id, parents));
        }
    }
    grown
}

/// The ancestor map by its definition, over all ways up: the largest share of each.
fn by_definition(
    id: ArtifactId,
    grown: &[(ArtifactId, Vec<(ArtifactId, u16)>)],
    into: &mut BTreeMap<ArtifactId, u16>,
) {
    let Some((_, parents)) = grown.iter().find(|(known, _)| *known == id) else { return };
    for (parent, share) in parents {
        let known = into.entry(*parent).or_default();
        *known = (*known).max(*share);
        by_definition(*parent, grown, into);
    }
}

proptest! {
    #[test]
    fn the_ancestor_map_is_the_largest_share_over_all_ways_up(lineage in lineages()) {
        let mut world = World::new();
        let grown = grow(&mut world, lineage);
        for (id, _) in &grown {
            let mut expected = BTreeMap::new();
            by_definition(*id, &grown, &mut expected);
            let artifact = world.ledger.artifact(id).unwrap();
            let actual: BTreeMap<ArtifactId, u16> =
                artifact.ancestors.iter().map(|known| (known.id, known.share.parts())).collect();
            prop_assert_eq!(&actual, &expected);
            prop_assert!(expected.values().map(|share| u32::from(*share)).sum::<u32>() <= 5_000);
            prop_assert!(!actual.contains_key(id));
        }
    }

    #[test]
    fn a_payment_adds_up_to_the_unit(lineage in lineages(), earned in 0..1_000_000_000_000u64) {
        let mut world = World::new();
        let grown = grow(&mut world, lineage);
        let (paid, _) = grown.last().unwrap();
        world.pay(*paid, units(earned.into()));
        let due: u128 = grown.iter().map(|(id, _)| world.due(*id).units()).sum();
        prop_assert_eq!(due, u128::from(earned));
        prop_assert_eq!(world.ledger.total(), world.ledger.supply.get().expected());
    }

    #[test]
    fn a_split_adds_up_and_is_off_by_less_than_a_unit(
        weights in vec(1..u32::MAX, 1..4),
        earned in 1..1_000_000_000_000u64,
    ) {
        let mut world = World::new();
        let contributors: Vec<(u8, u32)> = (0..3u8).zip(weights).collect();
        let artifact = world.register(3, made_by("m", &contributors)).unwrap();
        world.pay(artifact, units(earned.into()));
        let message = ClaimRoyalty { artifact };
        world.apply(|ledger, ctx| claim(ledger, ctx, account_of(3), &message)).unwrap();
        prop_assert!(world.due(artifact).is_zero());
        let all: u128 = contributors.iter().map(|(_, weight)| u128::from(*weight)).sum();
        for (account, weight) in contributors {
            let gain = world.free(account).units() - tokens(1_000).units();
            let exact = u128::from(earned) * u128::from(weight);
            prop_assert!(gain * all < exact + all && exact < gain * all + all);
        }
    }
}
