//! Hashes and the identifiers made of them.
//!
//! [`Hash::of`] is BLAKE3-256 over a length-prefixed domain tag and the canonical bytes of a
//! value, so that bytes hashed for one purpose can never be passed off for another.
//! [`ContentHash`] is the plain BLAKE3 of a file's bytes, without a tag, so that anyone can check
//! it with `b3sum`.
//!
//! Spec: `docs/spec/01-arithmetic.md`.

use std::fmt;
use std::str::FromStr;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::text::{ParseHexError, hex_text};

/// What a hash is for; its tag is the first thing hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// An account's address, from its public key.
    Address,
    /// An operator's identifier, from its owner and first key.
    Operator,
    /// The bytes that a transaction's signature covers.
    TxSign,
    /// A transaction's identifier.
    Tx,
    /// The list of a block's transactions.
    TxList,
    /// A block header.
    Header,
    /// A genesis document.
    Genesis,
    /// A consensus vote's signed bytes.
    Vote,
    /// A consensus proposal's signed bytes.
    Proposal,
    /// The proof that a network identity belongs to a validator.
    PeerProof,
    /// The statement that an operator runs a peer of the node's own network.
    PeerOperator,
    /// A set of validators.
    ValidatorSet,
    /// A key of the state tree.
    StateKey,
    /// A node of the state tree.
    StateNode,
    /// An artifact's manifest.
    Manifest,
    /// A task's identifier.
    Task,
    /// The seed of a draw.
    Seed,
    /// One seat of a draw.
    Seat,
    /// One spot-checked item of a draw.
    Spot,
    /// The running mix of the beacon.
    Beacon,
    /// A leaf of the answers tree.
    Leaf,
    /// A leaf of the attachments tree.
    Attachment,
    /// An inner node of a transcript tree.
    Node,
    /// The root of a transcript tree with its header.
    Root,
    /// A transcript's header.
    TranscriptHeader,
    /// A score commitment.
    Commit,
    /// The signed statement of a score commitment or a reveal.
    Attestation,
    /// A juror's commitment.
    JuryCommit,
    /// A benchmark definition.
    Benchmark,
    /// An engine profile.
    EngineProfile,
    /// A benchmark item.
    Item,
    /// What a model is shown for an item.
    Prompt,
    /// A file's block tree, used by transfers.
    Transfer,
    /// What an evaluator derives from its secret key to hide its commitments.
    Salt,
    /// A text that a person signs outside the chain.
    OffChain,
    /// The name of a snapshot of a state.
    Snapshot,
    /// A call that a referendum makes.
    Action,
    /// The commitment of a dispute's juror.
    DisputeCommit,
}

impl Domain {
    /// The tag, as it is hashed.
    #[must_use]
    pub const fn tag(self) -> &'static [u8] {
        match self {
            Self::Address => b"ADDRESS",
            Self::Operator => b"OPERATOR",
            Self::TxSign => b"TX-SIGN",
            Self::Tx => b"TX",
            Self::TxList => b"TX-LIST",
            Self::Header => b"HEADER",
            Self::Genesis => b"GENESIS",
            Self::Vote => b"VOTE",
            Self::Proposal => b"PROPOSAL",
            Self::PeerProof => b"PEER-PROOF",
            Self::PeerOperator => b"PEER-OPERATOR",
            Self::ValidatorSet => b"VALIDATOR-SET",
            Self::StateKey => b"STATE-KEY",
            Self::StateNode => b"STATE-NODE",
            Self::Manifest => b"MANIFEST",
            Self::Task => b"TASK",
            Self::Seed => b"SEED",
            Self::Seat => b"SEAT",
            Self::Spot => b"SPOT",
            Self::Beacon => b"BEACON",
            Self::Leaf => b"LEAF",
            Self::Attachment => b"ATTACHMENT",
            Self::Node => b"NODE",
            Self::Root => b"ROOT",
            Self::TranscriptHeader => b"TRANSCRIPT-HEADER",
            Self::Commit => b"CMT1",
            Self::Attestation => b"ATTESTATION",
            Self::JuryCommit => b"JURY-COMMIT",
            Self::Benchmark => b"BENCHMARK",
            Self::EngineProfile => b"ENGINE-PROFILE",
            Self::Item => b"ITEM",
            Self::Prompt => b"PROMPT",
            Self::Transfer => b"TRANSFER",
            Self::Salt => b"SALT",
            Self::OffChain => b"OFF-CHAIN",
            Self::Snapshot => b"SNAPSHOT",
            Self::Action => b"ACTION",
            Self::DisputeCommit => b"DISPUTE-COMMIT",
        }
    }
}

/// A 32-byte BLAKE3 hash under some [`Domain`].
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize, BorshDeserialize,
)]
pub struct Hash([u8; 32]);

impl Hash {
    /// Thirty-two zero bytes: "nothing was hashed".
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of a value's canonical bytes under `domain`.
    #[must_use]
    pub fn of<T: BorshSerialize + ?Sized>(domain: Domain, value: &T) -> Self {
        Self::of_bytes(domain, &codec::encode(value))
    }

    /// The hash of raw bytes under `domain`.
    #[must_use]
    pub fn of_bytes(domain: Domain, bytes: &[u8]) -> Self {
        let tag = domain.tag();
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[u8::try_from(tag.len()).unwrap_or(u8::MAX)]);
        hasher.update(tag);
        hasher.update(bytes);
        Self(*hasher.finalize().as_bytes())
    }

    /// The hash with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The first 16 bytes as a little-endian number, for draws.
    #[must_use]
    pub fn low_u128(&self) -> u128 {
        let mut low = [0u8; 16];
        for (to, from) in low.iter_mut().zip(self.0) {
            *to = from;
        }
        u128::from_le_bytes(low)
    }
}

hex_text!(Hash, 32);

macro_rules! hash_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, BorshSerialize,
            BorshDeserialize, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub Hash);

        impl $name {
            /// The bytes of the identifier.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = ParseHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    };
}

hash_id!(
    /// An artifact: a model, a dataset, a benchmark, a service, by its manifest's hash.
    ArtifactId
);
hash_id!(
    /// One paid evaluation of one artifact on one benchmark.
    TaskId
);
hash_id!(
    /// A signed transaction.
    TxHash
);
hash_id!(
    /// A block, by its header's hash.
    BlockHash
);
hash_id!(
    /// The plain BLAKE3 of a file's bytes.
    ContentHash
);

impl ContentHash {
    /// The BLAKE3 of `bytes`, with no tag.
    #[must_use]
    pub fn of_file(bytes: &[u8]) -> Self {
        Self(Hash(*blake3::hash(bytes).as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_bytes_under_two_domains_have_two_hashes() {
        assert_ne!(Hash::of_bytes(Domain::Leaf, b"x"), Hash::of_bytes(Domain::Node, b"x"));
    }

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = Hash::of_bytes(Domain::Leaf, b"x");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("12".parse::<Hash>().is_err());
    }

    #[test]
    fn a_content_hash_is_what_b3sum_prints() {
        // Source: the empty-input vector of the BLAKE3 paper's test vectors.
        assert_eq!(
            ContentHash::of_file(b"").to_string(),
            "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
        );
    }
}
