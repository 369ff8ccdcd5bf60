//! The beacon: randomness that no one knew when the parameters of a draw were frozen.
//!
//! Version 1 is a running mix: each block's proposer contributes the output of its VRF over the
//! previous mix, and whoever draws reads the mix one full window after it fixed what is drawn.
//!
//! # What it does not give
//! The proposer of the last block before a reading may withhold its block and so choose between
//! two values; one that proposes the last `k` blocks has `k` bits of choice
//! (`docs/spec/07-committee.md` has what that is worth). A threshold beacon removes the choice and
//! fits behind [`Beacon`].
//!
//! Spec: `docs/spec/07-committee.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Domain, Hash, Height};
use serde::{Deserialize, Serialize};

/// A source of randomness that blocks feed and draws read.
pub trait Beacon {
    /// The value after the newest block.
    fn value(&self) -> Hash;

    /// What the proposer of the block at `height` must put its VRF to.
    fn input(&self, height: Height) -> Hash;

    /// Takes in the verified VRF output of the block at `height`.
    fn absorb(&mut self, height: Height, output: Hash);
}

/// The running mix of all proposers' VRF outputs.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct VrfMix {
    mix: Hash,
}

impl VrfMix {
    /// The mix before the first block, from the genesis document.
    #[must_use]
    pub fn genesis(seed: Hash) -> Self {
        Self { mix: Hash::of(Domain::Beacon, &seed) }
    }
}

impl Beacon for VrfMix {
    fn value(&self) -> Hash {
        self.mix
    }

    fn input(&self, height: Height) -> Hash {
        Hash::of(Domain::Beacon, &(self.mix, height))
    }

    fn absorb(&mut self, height: Height, output: Hash) {
        self.mix = Hash::of(Domain::Beacon, &(self.mix, height, output));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_block_changes_the_value_and_the_next_input() {
        let mut beacon = VrfMix::genesis(Hash::ZERO);
        let before = (beacon.value(), beacon.input(Height(2)));
        beacon.absorb(Height(1), Hash::ZERO);
        assert_ne!(before.0, beacon.value());
        assert_ne!(before.1, beacon.input(Height(2)));
    }

    #[test]
    fn the_value_depends_on_the_output() {
        let (mut a, mut b) = (VrfMix::default(), VrfMix::default());
        a.absorb(Height(1), Hash::ZERO);
        b.absorb(Height(1), Hash::of(Domain::Beacon, &1u8));
        assert_ne!(a.value(), b.value());
    }
}
