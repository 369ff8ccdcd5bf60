//! Proofs that the state at a height holds an entry, or holds none, at a key.
//!
//! # Invariants
//! - A proof leads to one root for one key and one value; any other combination is refused.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use jmt::proof::SparseMerkleProof;
use jmt::{JellyfishMerkleTree, KeyHash, RootHash};
use probity_primitives::bounded::LimitError;
use probity_primitives::codec::{self, CodecError};
use probity_primitives::table::MAX_ENTRY_BYTES;
use probity_primitives::{Hash, Height};
use serde::{Deserialize, Serialize};

use crate::hex_bytes::HexBytes;
use crate::tree::{self, NodeStore, Reader, StateHasher, TreeError, damaged};

/// The longest state key in bytes.
pub const MAX_KEY_BYTES: usize = 1_024;

/// The longest encoded path: 256 siblings of a kind and two hashes each.
pub const MAX_PATH_BYTES: usize = 32 * 1_024;

/// A proof about one key at one height.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateProof {
    /// The state key.
    pub key: HexBytes<MAX_KEY_BYTES>,
    /// The entry's value; none proves that there is no entry.
    pub value: Option<HexBytes<MAX_ENTRY_BYTES>>,
    /// The height whose root it leads to.
    pub height: Height,
    /// The encoded siblings up to the root.
    pub path: HexBytes<MAX_PATH_BYTES>,
}

/// Why a proof does not show what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The path is not one.
    #[error("the path of a state proof cannot be read: {0}")]
    Malformed(#[from] CodecError),
    /// The proof leads elsewhere.
    #[error("the proof does not lead to the state root {root} at height {height}: {reason}")]
    Refused {
        /// The height.
        height: Height,
        /// Where it should lead.
        root: Hash,
        /// What was met.
        reason: String,
    },
}

/// Makes the proof about `key` at `height`.
///
/// # Errors
/// [`TreeError`] if the store fails, has not kept the height, or the key is too long.
pub fn prove<S: NodeStore + ?Sized>(
    store: &S,
    key: &[u8],
    height: Height,
) -> Result<StateProof, TreeError> {
    let reader = Reader(store);
    let tree = JellyfishMerkleTree::<_, StateHasher>::new(&reader);
    let place = KeyHash(*tree::key_hash(key).as_bytes());
    let (value, path) =
        tree.get_with_proof(place, height.0).map_err(|error| damaged(height, &error))?;
    let bounded = |error: LimitError| TreeError::Damaged { height, reason: error.to_string() };
    Ok(StateProof {
        key: HexBytes::new(key.to_vec()).map_err(bounded)?,
        value: value.map(HexBytes::new).transpose().map_err(bounded)?,
        height,
        path: HexBytes::new(codec::encode(&path)).map_err(bounded)?,
    })
}

impl StateProof {
    /// Checks that the state under `root` holds the value at the key, or no value.
    ///
    /// # Errors
    /// [`ProofError`], which names the root.
    pub fn verify(&self, root: Hash) -> Result<(), ProofError> {
        let Self { key, value, height, path } = self;
        verify(root, *height, key, value.as_deref(), path)
    }
}

/// Checks that the state under `root` holds `value` at `key`, or no value.
pub(crate) fn verify(
    root: Hash,
    height: Height,
    key: &[u8],
    value: Option<&[u8]>,
    path: &[u8],
) -> Result<(), ProofError> {
    let path: SparseMerkleProof<StateHasher> = codec::decode(path, MAX_PATH_BYTES)?;
    let place = KeyHash(*tree::key_hash(key).as_bytes());
    path.verify(RootHash(*root.as_bytes()), place, value).map_err(|error| ProofError::Refused {
        height,
        root,
        reason: format!("{error:#}"),
    })
}
