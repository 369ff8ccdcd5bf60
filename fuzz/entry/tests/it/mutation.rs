//! Every entry under arbitrary bytes, and under examples with a few bytes changed.

use std::sync::LazyLock;

use probity_fuzz_entry::Verdict;
use proptest::prelude::*;

use crate::seeds::TARGETS;

/// The examples of each target, in the order of [`TARGETS`].
static SEEDS: LazyLock<Vec<Vec<Vec<u8>>>> =
    LazyLock::new(|| TARGETS.iter().map(|target| (target.seeds)()).collect());

/// One change of an example, at a place that is a share of its length.
#[derive(Debug, Clone)]
enum Change {
    Flip(u16, u8),
    Set(u16, u8),
    Insert(u16, Vec<u8>),
    Remove(u16, u8),
    Truncate(u16),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<u16>();
    prop_oneof![
        (at, 0..8u8).prop_map(|(at, bit)| Change::Flip(at, 1 << bit)),
        (at, prop_oneof![Just(0), Just(1), Just(0x7f), Just(0xff), any::<u8>()])
            .prop_map(|(at, byte)| Change::Set(at, byte)),
        (at, prop::collection::vec(any::<u8>(), 1..9))
            .prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        (at, 1..9u8).prop_map(|(at, count)| Change::Remove(at, count)),
        at.prop_map(Change::Truncate),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for change in changes {
        let len = bytes.len();
        let place = |at: u16| len * usize::from(at) / (usize::from(u16::MAX) + 1);
        match change {
            Change::Flip(at, bits) => {
                bytes.iter_mut().skip(place(at)).take(1).for_each(|b| *b ^= bits)
            }
            Change::Set(at, byte) => {
                bytes.iter_mut().skip(place(at)).take(1).for_each(|b| *b = byte)
            }
            Change::Insert(at, more) => drop(bytes.splice(place(at)..place(at), more)),
            Change::Remove(at, count) => {
                drop(bytes.drain(place(at)..(place(at) + usize::from(count)).min(len)));
            }
            Change::Truncate(at) => bytes.truncate(place(at)),
        }
    }
    bytes
}

#[test]
fn every_example_is_accepted() {
    for (target, seeds) in TARGETS.iter().zip(SEEDS.iter()) {
        for (number, seed) in seeds.iter().enumerate() {
            assert_eq!((target.entry)(seed), Verdict::Accepted, "{} {number}", target.name);
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_break_nothing(
        target in 0..TARGETS.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..512),
    ) {
        let _ = (TARGETS[target].entry)(&bytes);
    }

    #[test]
    fn changed_examples_break_nothing(
        target in 0..TARGETS.len(),
        seed in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..4),
    ) {
        let seed = seed.get(&SEEDS[target]).clone();
        let _ = (TARGETS[target].entry)(&changed(seed, changes));
    }
}
