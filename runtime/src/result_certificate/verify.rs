//! The reader's side: from one trusted hash to the score.

use probity_primitives::{ArtifactId, Hash, OperatorId, Score, Seats};
use probity_protocol::aggregation::Aggregate;
use probity_protocol::ledger::Tag;
use probity_protocol::registry::Artifact;
use probity_protocol::task::message::{Reveal, Statement};
use probity_protocol::task::{MemberOutcome, OutcomeState, Task};
use serde::{Deserialize, Serialize};

use super::{CERTIFICATE_SCHEMA, MemberReveal, Proven, ResultCertificate, ResultCertificateError};
use crate::proof::ProofError;
use crate::trail::Trail;

/// Something that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was checked, for programs.
    pub name: String,
    /// What was found, for people.
    pub found: String,
}

type Checked<T> = Result<T, ResultCertificateError>;

struct Reader<'a> {
    certificate: &'a ResultCertificate,
    genesis_hash: Hash,
    steps: Vec<Step>,
}

pub(super) fn verify(certificate: &ResultCertificate, trusted: Hash) -> Checked<Vec<Step>> {
    let mut reader = Reader { certificate, genesis_hash: trusted, steps: Vec::new() };
    reader.genesis(trusted)?;
    let trail = reader.validators()?;
    reader.header(&trail)?;
    reader.entries()?;
    reader.artifacts()?;
    let shown = reader.reveals()?;
    reader.score(&shown)?;
    Ok(reader.steps)
}

impl Reader<'_> {
    fn note(&mut self, name: &str, found: String) {
        self.steps.push(Step { name: name.to_owned(), found });
    }

    fn genesis(&mut self, trusted: Hash) -> Checked<()> {
        let ResultCertificate { schema, genesis, .. } = self.certificate;
        if schema.as_str() != CERTIFICATE_SCHEMA {
            let (found, expected) = (schema.to_string(), CERTIFICATE_SCHEMA);
            return Err(ResultCertificateError::Schema { found, expected });
        }
        let found = genesis.hash();
        if found != trusted {
            return Err(ResultCertificateError::Untrusted { found, trusted });
        }
        self.note(
            "genesis",
            format!("the chain {} of the trusted document {found}", genesis.chain_id),
        );
        Ok(())
    }

    /// The way to the validators of the certificate's header, by every change since genesis.
    fn validators(&mut self) -> Checked<Trail> {
        let ResultCertificate { genesis, changes, .. } = self.certificate;
        let mut trail = Trail::begin(genesis)?;
        for change in changes {
            trail.pass(change)?;
        }
        let (members, count) = (trail.validators().len(), changes.len());
        self.note(
            "validators",
            format!("{members} validators, after {count} changes since genesis"),
        );
        Ok(trail)
    }

    fn header(&mut self, trail: &Trail) -> Checked<()> {
        let ResultCertificate { header, commit, .. } = self.certificate;
        trail.arrive(header, commit)?;
        let (signers, height) = (commit.signatures.len(), header.height);
        self.note(
            "header",
            format!("height {height}, decided by {signers} validators in round {}", commit.round),
        );
        Ok(())
    }

    fn entries(&mut self) -> Checked<()> {
        let ResultCertificate { task_id, outcome, task, header, .. } = self.certificate;
        task.verify(header, Tag::tasks, task_id).map_err(unproven("task"))?;
        outcome.verify(header, Tag::outcomes, task_id).map_err(unproven("result"))?;
        let (request, found) = (&task.value.request, &outcome.value);
        same("evaluated artifact", found.artifact, request.artifact)?;
        same("benchmark", found.benchmark, request.benchmark)?;
        let (phase, state) = (task.value.phase.name(), found.state);
        self.note(
            "result",
            format!(
                "the task {task_id} is {phase:?} and its result {state:?}, by the state root {}",
                header.state_root
            ),
        );
        Ok(())
    }

    fn artifacts(&mut self) -> Checked<()> {
        let ResultCertificate { task, model, benchmark, dataset, .. } = self.certificate;
        let Task { request, frozen, .. } = &task.value;
        self.artifact("model", model, request.artifact)?;
        self.artifact("benchmark", benchmark, request.benchmark)?;
        let Some(promised) = &benchmark.value.manifest.benchmark else {
            return Err(mismatch("benchmark", "no benchmark", "one with a definition"));
        };
        self.artifact("dataset", dataset, promised.dataset)?;
        same("benchmark definition", frozen.definition, promised.definition)?;
        for (what, artifact, file) in
            [("model file", model, frozen.model), ("dataset file", dataset, frozen.dataset)]
        {
            let main = artifact.value.main_file().map(|file| file.blake3).unwrap_or_default();
            same(what, file, main)?;
        }
        Ok(())
    }

    fn artifact(
        &mut self,
        what: &'static str,
        artifact: &Proven<Artifact>,
        id: ArtifactId,
    ) -> Checked<()> {
        let manifest = &artifact.value.manifest;
        same(what, manifest.id(), id)?;
        artifact.verify(&self.certificate.header, Tag::artifacts, &id).map_err(unproven(what))?;
        let (name, version) = (&manifest.name, &manifest.version);
        let file = artifact.value.main_file().map(|file| file.blake3).unwrap_or_default();
        self.note(what, format!("{name} {version}, file {file}"));
        Ok(())
    }

    /// The scores that are part of the result, with their seats.
    fn reveals(&mut self) -> Checked<Vec<(Score, Seats)>> {
        let ResultCertificate { reveals, outcome, .. } = self.certificate;
        let members: Vec<&MemberOutcome> =
            outcome.value.members.iter().filter(|member| member.score.is_some()).collect();
        same("number of reveals", reveals.len(), members.len())?;
        let mut shown = Vec::new();
        for (reveal, member) in reveals.iter().zip(members) {
            self.reveal(reveal, member)?;
            if member.counts() {
                shown.push((reveal.reveal.committed.score, member.seats));
            }
        }
        let count = reveals.len();
        self.note(
            "reveals",
            format!("{count} operators signed what they found, and each score adds up"),
        );
        Ok(shown)
    }

    fn reveal(&self, shown: &MemberReveal, member: &MemberOutcome) -> Checked<()> {
        let ResultCertificate { task_id, task, header, .. } = self.certificate;
        let MemberReveal { key, operator: owner, reveal } = shown;
        let Reveal { committed, engine, last, transcript, attestation } = reveal;
        let operator = attestation.operator;
        same("revealing operator", operator, member.operator)?;
        same("key's operator", owner.value, operator)?;
        owner.verify(header, Tag::operator_keys, key).map_err(unproven("key's operator"))?;
        same("revealed task", attestation.task, *task_id)?;
        same("revealed round", attestation.round, task.value.round)?;
        attestation
            .verify(self.genesis_hash, key)
            .map_err(|reason| ResultCertificateError::Signature { operator, reason })?;
        let stated = Statement::Reveal(Reveal::hash(committed, *engine, last, *transcript));
        if attestation.statement != stated {
            return Err(mismatch("signed reveal", "another reveal", "this one"));
        }
        self.adds_up(&task.value, reveal, operator)?;
        same("answers root", committed.answers_root, member.answers_root)?;
        same("revealed score", Some(committed.score), member.score)
    }

    /// Checks that the last leaf stands in the transcript and its sum folds to the score.
    fn adds_up(&self, task: &Task, reveal: &Reveal, operator: OperatorId) -> Checked<()> {
        let frozen = &task.frozen;
        let header = frozen.header(reveal.engine);
        let (last, root) = (&reveal.last, reveal.committed.answers_root);
        same("opened leaf", last.leaf.index.checked_add(1), Some(frozen.items))?;
        last.check(frozen.items, header, root)
            .map_err(|reason| ResultCertificateError::Opening { operator, reason })?;
        let folded = frozen.fold.score(last.leaf.prefix_sum, frozen.items);
        same("score of the transcript", folded, Some(reveal.committed.score))
    }

    fn score(&mut self, shown: &[(Score, Seats)]) -> Checked<()> {
        let ResultCertificate { task, outcome, .. } = self.certificate;
        let Task { request, frozen, .. } = &task.value;
        if outcome.value.state == OutcomeState::Overturned {
            let at = outcome.value.corrected.map(|change| change.at).unwrap_or_default();
            self.note("score", format!("none: a ruling at height {at} says that it is wrong"));
            return Ok(());
        }
        let aggregate = Aggregate::of(shown, request.mode, frozen.sigma, &frozen.checks)?
            .ok_or_else(|| mismatch("number of seats that revealed", "0", "some"))?;
        let found = &outcome.value;
        same("score", found.score, aggregate.median)?;
        same("dispersion", found.dispersion, aggregate.dispersion)?;
        same("tolerance", found.tolerance, aggregate.tolerance)?;
        let (score, seats, operators) = (found.score, found.revealed, found.operators);
        self.note(
            "score",
            format!("{score} is the median of {operators} operators with {seats} seats"),
        );
        Ok(())
    }
}

fn unproven(what: &'static str) -> impl FnOnce(ProofError) -> ResultCertificateError {
    move |reason| ResultCertificateError::Proof { what, reason }
}

fn mismatch(what: &'static str, found: &str, expected: &str) -> ResultCertificateError {
    ResultCertificateError::Mismatch {
        what,
        found: found.to_owned(),
        expected: expected.to_owned(),
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &'static str, found: T, expected: T) -> Checked<()> {
    if found == expected {
        return Ok(());
    }
    Err(mismatch(what, &format!("{found:?}"), &format!("{expected:?}")))
}
