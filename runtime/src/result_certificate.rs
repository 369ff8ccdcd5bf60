//! Result certificates: a file that proves a score to someone with no network.
//!
//! It holds the result, the task, the artifacts' manifests and the evaluators' reveals; for each
//! entry of the state a path to a block's state root; the block's header with the signatures that
//! decided it; and every change of validators since the genesis document, so that the reader needs
//! to trust one hash and nothing else.
//!
//! # Invariants
//! - There is one text for one certificate ([`ResultCertificate::from_json`] refuses any other),
//!   and no field of it is outside what is checked: a changed byte is refused.
//! - A reader recomputes: the score from the reveals, each reveal's score from its opened leaf.
//!
//! # Not here
//! That a model was run: leaves are checked by the network ([`probity_protocol::task`]), or by
//! whoever runs the benchmark again and compares the answers root.
//!
//! Spec: `docs/spec/23-certificate.md`.

mod build;
mod error;
mod present;
mod verify;

use borsh::BorshSerialize;
use probity_primitives::codec;
use probity_primitives::table::state_key;
use probity_primitives::{BoundedString, BoundedVec, Hash, OperatorId, PublicKey, TaskId};
use probity_protocol::ledger::Tag;
use probity_protocol::registry::Artifact;
use probity_protocol::task::message::Reveal;
use probity_protocol::task::{Outcome, Task};
use serde::{Deserialize, Serialize};

pub use build::{BuildError, Sources, reveals_in};
pub use error::ResultCertificateError;
pub use present::{PRESENT_SCHEMA, PresentResult};
pub use verify::Step;

use crate::block::Header;
use crate::certificate::Certificate;
use crate::genesis::Genesis;
use crate::hex_bytes::HexBytes;
use crate::proof::{self, MAX_PATH_BYTES, ProofError};
use crate::validators::ValidatorSet;

/// The file's schema.
pub const CERTIFICATE_SCHEMA: &str = "probity.certificate/v1";

/// The longest file in bytes.
pub const MAX_CERTIFICATE_BYTES: usize = 64 * 1024 * 1024;

/// The most changes of validators that a certificate leads through.
pub const MAX_CHANGES: usize = 4_096;

/// A value of the state with its path to the state root. Which key it stands at follows from what
/// it is, so that no value can be passed off for another's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proven<T> {
    /// The value.
    pub value: T,
    /// The encoded siblings up to the root.
    pub path: HexBytes<MAX_PATH_BYTES>,
}

impl<T: BorshSerialize> Proven<T> {
    /// Checks that the state under the header's root holds the value at a key.
    fn verify<K: BorshSerialize>(
        &self,
        header: &Header,
        table: Tag,
        key: &K,
    ) -> Result<(), ProofError> {
        let key = state_key(table.byte(), key);
        let value = codec::encode(&self.value);
        proof::verify(header.state_root, header.height, &key, Some(&value), &self.path)
    }
}

/// A block after which other validators decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetChange {
    /// The block's header.
    pub header: Header,
    /// The signatures of those who decided it.
    pub commit: Certificate,
    /// Who decides after it.
    pub next: ValidatorSet,
}

/// A member's reveal, as it was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberReveal {
    /// The key that signed it.
    pub key: PublicKey,
    /// Whose key that is or was.
    pub operator: Proven<OperatorId>,
    /// The reveal.
    pub reveal: Reveal,
}

/// The certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResultCertificate {
    /// [`CERTIFICATE_SCHEMA`].
    pub schema: BoundedString<32>,
    /// The task.
    pub task_id: TaskId,
    /// The result.
    pub outcome: Proven<Outcome>,
    /// What was asked for, and under which rules.
    pub task: Proven<Task>,
    /// What was evaluated.
    pub model: Proven<Artifact>,
    /// The benchmark.
    pub benchmark: Proven<Artifact>,
    /// The dataset.
    pub dataset: Proven<Artifact>,
    /// What evaluators showed, in ascending order of operator.
    pub reveals: BoundedVec<MemberReveal, 128>,
    /// The block whose state holds all this.
    pub header: Header,
    /// The signatures of those who decided it.
    pub commit: Certificate,
    /// How the validators changed from the genesis document to that block.
    pub changes: BoundedVec<SetChange, MAX_CHANGES>,
    /// The genesis document.
    pub genesis: Genesis,
}

impl ResultCertificate {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ResultCertificateError`] for a file that is too long, is not a certificate, or is not the
    /// one text of the certificate that it spells.
    pub fn from_json(text: &str) -> Result<Self, ResultCertificateError> {
        let (len, limit) = (text.len(), MAX_CERTIFICATE_BYTES);
        if len > limit {
            return Err(ResultCertificateError::Oversized { len, limit });
        }
        let certificate: Self = serde_json::from_str(text)
            .map_err(|error| ResultCertificateError::Malformed(error.to_string()))?;
        let canonical = certificate.to_json();
        if canonical != text {
            let same = canonical.bytes().zip(text.bytes()).take_while(|(a, b)| a == b);
            return Err(ResultCertificateError::NotCanonical { position: same.count() });
        }
        Ok(certificate)
    }

    /// The certificate as its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every field has a JSON form, and text keys only.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Checks everything, trusting `genesis_hash` alone, and says step by step what was checked.
    ///
    /// # Errors
    /// [`ResultCertificateError`] for the first step that does not hold.
    pub fn verify(&self, genesis_hash: Hash) -> Result<Vec<Step>, ResultCertificateError> {
        verify::verify(self, genesis_hash)
    }
}
