//! What has become of a certified result: the same entry of a newer state, or its absence.
//!
//! A certificate does not expire and cannot know what was ruled after it. Whoever holds one and asks
//! for the present standing learns whether the score still stands, and trusts nobody for it: the
//! entry is proven under a newer header, and the way to that header leads from the same genesis
//! document.
//!
//! Spec: `docs/spec/23-certificate.md`.

use probity_primitives::table::state_key;
use probity_primitives::{BoundedString, BoundedVec, Hash, Score, TaskId, codec};
use probity_protocol::ledger::Tag;
use probity_protocol::task::{Outcome, OutcomeState};
use serde::{Deserialize, Serialize};

use super::{
    BuildError, MAX_CHANGES, ResultCertificate, ResultCertificateError, SetChange, Sources, Step,
};
use crate::block::Header;
use crate::certificate::Certificate;
use crate::hex_bytes::HexBytes;
use crate::proof::{self, MAX_PATH_BYTES};
use crate::trail::Trail;
use crate::tree::NodeStore;

/// The file's schema.
pub const PRESENT_SCHEMA: &str = "probity.present-result/v1";

/// A result as the state under some header has it, or has it no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentResult {
    /// [`PRESENT_SCHEMA`].
    pub schema: BoundedString<32>,
    /// The task.
    pub task_id: TaskId,
    /// The result; none if it was taken back.
    pub outcome: Option<Outcome>,
    /// The encoded siblings up to the root, of the entry or of its absence.
    pub path: HexBytes<MAX_PATH_BYTES>,
    /// The block whose state this is.
    pub header: Header,
    /// The signatures of those who decided it.
    pub commit: Certificate,
    /// How the validators changed from the genesis document to that block.
    pub changes: BoundedVec<SetChange, MAX_CHANGES>,
}

impl PresentResult {
    /// Proves what the state has of a result. The reveals among the sources are not needed.
    ///
    /// # Errors
    /// [`BuildError`] if the state tree has not kept what is needed.
    pub fn build<S: NodeStore + ?Sized>(
        sources: Sources<'_, S>,
        id: TaskId,
    ) -> Result<Self, BuildError> {
        let Sources { genesis: _, chain, store, commit, changes, reveals: _ } = sources;
        let key = state_key(Tag::outcomes.byte(), &id);
        Ok(Self {
            schema: BoundedString::new(PRESENT_SCHEMA)?,
            task_id: id,
            outcome: chain.ledger().outcomes.get(&id).cloned(),
            path: proof::prove(store, &key, chain.height())?.path,
            header: chain.tip().clone(),
            commit,
            changes: BoundedVec::from_vec(changes)?,
        })
    }
}

impl ResultCertificate {
    /// Checks this certificate, and then whether its score still stands under a newer header.
    ///
    /// # Errors
    /// [`ResultCertificateError::Superseded`], which says what became of the score, if it does not;
    /// any other for the first step that does not hold.
    pub fn verify_against(
        &self,
        present: &PresentResult,
        genesis_hash: Hash,
    ) -> Result<Vec<Step>, ResultCertificateError> {
        let mut steps = self.verify(genesis_hash)?;
        let PresentResult { schema, task_id, outcome, path, header, commit, changes } = present;
        if schema.as_str() != PRESENT_SCHEMA {
            let (found, expected) = (schema.to_string(), PRESENT_SCHEMA);
            return Err(ResultCertificateError::Schema { found, expected });
        }
        if *task_id != self.task_id {
            let (found, expected) = (task_id.to_string(), self.task_id.to_string());
            return Err(ResultCertificateError::Mismatch { what: "task", found, expected });
        }
        let (height, certified) = (header.height, self.header.height);
        if height < certified {
            let reason = "is older than the certificate's";
            return Err(ResultCertificateError::Header { height, reason });
        }
        let mut trail = Trail::begin(&self.genesis)?;
        for change in changes {
            trail.pass(change)?;
        }
        trail.arrive(header, commit)?;
        let key = state_key(Tag::outcomes.byte(), task_id);
        let value = outcome.as_ref().map(codec::encode);
        proof::verify(header.state_root, height, &key, value.as_deref(), path)
            .map_err(|reason| ResultCertificateError::Proof { what: "present result", reason })?;
        let now = outcome.as_ref().and_then(score_that_stands);
        let then = score_that_stands(&self.outcome.value);
        if now != then {
            let certified = self.outcome.value.score;
            return Err(ResultCertificateError::Superseded { certified, height, now });
        }
        let state = outcome.as_ref().map(|outcome| outcome.state);
        steps.push(Step {
            name: "present".to_owned(),
            found: format!("at height {height} the same score stands, {state:?}"),
        });
        Ok(steps)
    }
}

/// The score of a result, unless a ruling says that it is wrong and there is no other.
fn score_that_stands(outcome: &Outcome) -> Option<Score> {
    match outcome.state {
        OutcomeState::Provisional | OutcomeState::Contested | OutcomeState::Final => {
            Some(outcome.score)
        }
        OutcomeState::Overturned => None,
    }
}
