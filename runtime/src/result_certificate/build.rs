//! The maker's side: from a chain and its blocks to the file.

use std::collections::BTreeMap;

use borsh::BorshSerialize;
use probity_primitives::bounded::LimitError;
use probity_primitives::table::{Table, state_key};
use probity_primitives::{ArtifactId, BoundedString, BoundedVec, OperatorId, PublicKey, TaskId};
use probity_protocol::ledger::Tag;
use probity_protocol::task::Outcome;
use probity_protocol::task::message::Reveal;

use super::{CERTIFICATE_SCHEMA, MemberReveal, Proven, ResultCertificate, SetChange};
use crate::block::Block;
use crate::certificate::Certificate;
use crate::chain::Chain;
use crate::genesis::Genesis;
use crate::message::Message;
use crate::proof;
use crate::tree::{NodeStore, TreeError};

/// What a certificate is made from.
#[derive(Debug)]
pub struct Sources<'a, S: ?Sized> {
    /// The genesis document.
    pub genesis: &'a Genesis,
    /// The chain at the height that the certificate is for.
    pub chain: &'a Chain,
    /// The state tree with that height.
    pub store: &'a S,
    /// The signatures that decided that height.
    pub commit: Certificate,
    /// Every change of validators up to that height.
    pub changes: Vec<SetChange>,
    /// The reveals of the task, as [`reveals_in`] finds them.
    pub reveals: Vec<(PublicKey, Reveal)>,
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// The task has no result.
    #[error("the task {0} has no result")]
    NoResult(TaskId),
    /// An artifact that the task names is not there.
    #[error("there is no artifact {0}")]
    NoArtifact(ArtifactId),
    /// The blocks that were looked at do not hold a member's reveal.
    #[error("the reveal of {0} was not found")]
    NoReveal(OperatorId),
    /// The state tree has not kept what is needed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// More of something than a certificate holds.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// The reveals that a result is made of, out of the blocks from its task's request on.
///
/// A block may hold reveals that were refused; those that count are the ones whose score and root
/// the result has.
#[must_use]
pub fn reveals_in<'a>(
    task: TaskId,
    round: u8,
    outcome: &Outcome,
    blocks: impl IntoIterator<Item = &'a Block>,
) -> Vec<(PublicKey, Reveal)> {
    let mut found: BTreeMap<OperatorId, (PublicKey, Reveal)> = BTreeMap::new();
    for tx in blocks.into_iter().flat_map(|block| &block.txs) {
        let Message::Reveal(reveal) = &tx.body.message else { continue };
        let (stated, shown) = (&reveal.attestation, &reveal.committed);
        let counts = outcome.members.iter().any(|member| {
            member.operator == stated.operator
                && member.score == Some(shown.score)
                && member.answers_root == shown.answers_root
        });
        if counts && (stated.task, stated.round) == (task, round) {
            found.insert(stated.operator, (tx.key, reveal.clone()));
        }
    }
    found.into_values().collect()
}

impl ResultCertificate {
    /// Makes the certificate of a task's result.
    ///
    /// # Errors
    /// [`BuildError`] if there is no result, or something that it needs was not given or kept.
    pub fn build<S: NodeStore + ?Sized>(
        sources: Sources<'_, S>,
        id: TaskId,
    ) -> Result<Self, BuildError> {
        let Sources { genesis, chain, store, commit, changes, reveals } = sources;
        let prover = Prover { chain, store };
        let ledger = chain.ledger();
        let missing = BuildError::NoResult(id);
        let outcome = prover.entry(&ledger.outcomes, Tag::outcomes, &id)?.ok_or(missing.clone())?;
        let task = prover.entry(&ledger.tasks, Tag::tasks, &id)?.ok_or(missing)?;
        let benchmark = prover.artifact(task.value.request.benchmark)?;
        let promised = benchmark.value.manifest.benchmark.as_ref();
        let dataset = promised.map(|part| part.dataset).unwrap_or_default();
        let members = outcome.value.members.iter().filter(|member| member.score.is_some());
        let mut shown = Vec::new();
        for member in members {
            shown.push(prover.reveal(member.operator, &reveals)?);
        }
        Ok(Self {
            schema: BoundedString::new(CERTIFICATE_SCHEMA)?,
            task_id: id,
            model: prover.artifact(task.value.request.artifact)?,
            dataset: prover.artifact(dataset)?,
            benchmark,
            outcome,
            task,
            reveals: BoundedVec::from_vec(shown)?,
            header: chain.tip().clone(),
            commit,
            changes: BoundedVec::from_vec(changes)?,
            genesis: genesis.clone(),
        })
    }
}

struct Prover<'a, S: ?Sized> {
    chain: &'a Chain,
    store: &'a S,
}

impl<S: NodeStore + ?Sized> Prover<'_, S> {
    fn entry<K, V>(
        &self,
        table: &Table<K, V>,
        tag: Tag,
        key: &K,
    ) -> Result<Option<Proven<V>>, BuildError>
    where
        K: Ord + Clone + BorshSerialize,
        V: Clone,
    {
        let Some(value) = table.get(key).cloned() else { return Ok(None) };
        let key = state_key(tag.byte(), key);
        let path = proof::prove(self.store, &key, self.chain.height())?.path;
        Ok(Some(Proven { value, path }))
    }

    fn artifact(
        &self,
        id: ArtifactId,
    ) -> Result<Proven<probity_protocol::registry::Artifact>, BuildError> {
        self.entry(&self.chain.ledger().artifacts, Tag::artifacts, &id)?
            .ok_or(BuildError::NoArtifact(id))
    }

    fn reveal(
        &self,
        member: OperatorId,
        reveals: &[(PublicKey, Reveal)],
    ) -> Result<MemberReveal, BuildError> {
        let missing = BuildError::NoReveal(member);
        let of_member = reveals.iter().find(|(_, reveal)| reveal.attestation.operator == member);
        let (key, reveal) = of_member.ok_or(missing.clone())?;
        let keys = &self.chain.ledger().operator_keys;
        let operator = self.entry(keys, Tag::operator_keys, key)?.ok_or(missing)?;
        Ok(MemberReveal { key: *key, operator, reveal: reveal.clone() })
    }
}
