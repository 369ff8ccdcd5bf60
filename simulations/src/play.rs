//! Operators at work: what each sends when the chain asks something of it.

use std::collections::BTreeSet;

use probity_primitives::transcript::Transcript;
use probity_primitives::{BoundedVec, Domain, Hash, Keypair, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::message::{
    Commit, Committed, JuryCommit, JuryReveal, PostOpenings, ReportUnavailable, Reveal, Statement,
};
use probity_protocol::task::{AuditPhase, JuryPhase, Phase, Standing, Task};
use probity_runtime::Message;
use probity_runtime::query::{self, Assignment, BallotView, Role, SubmissionView};

use crate::actor::{Actor, Behaviour};
use crate::sheet::{Sheet, leaf_list};
use crate::world::{World, WorldError};

/// The engine that everyone states who has nothing to hide.
pub(crate) fn engine() -> Hash {
    Hash::of(Domain::EngineProfile, "synthetic")
}

/// The engine that [`Behaviour::Disguise`] states.
pub(crate) fn other_engine() -> Hash {
    Hash::of(Domain::EngineProfile, "disguise")
}

/// The engine that an operator states.
fn stated(actor: &Actor) -> Hash {
    if actor.behaviour == Behaviour::Disguise { other_engine() } else { engine() }
}

impl World {
    /// Lets every operator send what it would send now. One that cannot pay for it sends nothing.
    ///
    /// # Errors
    /// [`WorldError`] never: synthetic work is whole.
    pub fn act(&mut self) -> Result<(), WorldError> {
        for actor in self.actors.clone() {
            for message in self.due_of(&actor)? {
                match self.queue(&actor.key, message) {
                    Ok(()) | Err(WorldError::Tx(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(())
    }

    /// Lets operators act and blocks pass until the task is final or void; gives its last phase.
    ///
    /// # Errors
    /// [`WorldError::Stuck`] if that takes more than `blocks`.
    pub fn finish(&mut self, task: TaskId, blocks: u64) -> Result<TaskPhase, WorldError> {
        self.run_until(task, blocks, |phase| matches!(phase, TaskPhase::Final | TaskPhase::Void))
    }

    /// Lets operators act and blocks pass until the task is in a phase that is asked for.
    ///
    /// # Errors
    /// [`WorldError::Stuck`] if that takes more than `blocks`.
    pub fn run_until(
        &mut self,
        task: TaskId,
        blocks: u64,
        wanted: impl Fn(TaskPhase) -> bool,
    ) -> Result<TaskPhase, WorldError> {
        for _ in 0..blocks {
            if let Some(known) = self.ledger().tasks.get(&task)
                && wanted(known.phase.name())
            {
                return Ok(known.phase.name());
            }
            self.act()?;
            self.step()?;
        }
        Err(WorldError::Stuck { what: format!("the wanted phase of the task {task}"), blocks })
    }

    /// What an operator would send now.
    ///
    /// # Errors
    /// [`WorldError::Transcript`] never: synthetic transcripts are whole.
    pub fn due_of(&self, actor: &Actor) -> Result<Vec<Message>, WorldError> {
        let mut messages = Vec::new();
        for assignment in query::assignments(self.ledger(), &actor.id()) {
            let Some((_, sheet)) =
                self.sheets.iter().find(|(model, _)| *model == assignment.task.request.artifact)
            else {
                continue;
            };
            messages.extend(match assignment.role {
                Role::Member => self.member(actor, &assignment, sheet)?,
                Role::Juror => self.juror(actor, &assignment, sheet)?,
                Role::Auditor => self.auditor(actor, &assignment, sheet)?,
            });
        }
        messages.extend(self.dispute_due_of(actor)?);
        Ok(messages)
    }

    fn member(
        &self,
        actor: &Actor,
        assignment: &Assignment,
        sheet: &Sheet,
    ) -> Result<Option<Message>, WorldError> {
        let Assignment { task_id, task, submission, .. } = assignment;
        let lies = match actor.behaviour {
            Behaviour::Inflate | Behaviour::Disguise => true,
            Behaviour::Switch => !matches!(task.phase, Phase::Commit { .. }),
            Behaviour::Forge => !matches!(task.phase, Phase::Spot { .. }),
            Behaviour::Honest
            | Behaviour::Silent
            | Behaviour::Withhold
            | Behaviour::Conceal
            | Behaviour::Unable => false,
        };
        let transcript = || self.shelf.transcript(sheet, &task.frozen, stated(actor), lies);
        let message = match (&task.phase, submission) {
            (Phase::Commit { .. }, None) => match actor.behaviour {
                Behaviour::Silent => None,
                Behaviour::Unable => Some(Message::ReportUnavailable(ReportUnavailable {
                    operator: actor.id(),
                    task: *task_id,
                    round: task.round,
                })),
                Behaviour::Honest
                | Behaviour::Inflate
                | Behaviour::Disguise
                | Behaviour::Switch
                | Behaviour::Forge
                | Behaviour::Withhold
                | Behaviour::Conceal => {
                    Some(self.commitment(actor, *task_id, task.round, transcript()?.as_ref()))
                }
            },
            (Phase::Reveal { .. }, Some(SubmissionView::Committed { .. }))
                if actor.behaviour != Behaviour::Withhold =>
            {
                self.reveal(actor, actor, (*task_id, task.round), transcript()?.as_ref())
            }
            (
                Phase::Spot { drawn, defence, .. },
                Some(SubmissionView::Revealed { standing, opened, .. }),
            ) if opened.is_empty() && actor.behaviour != Behaviour::Conceal => {
                let defends = matches!(standing, Some(Standing::Grey | Standing::Flagged));
                let more: &[u32] = if defends { defence } else { &[] };
                openings(actor, *task_id, task, transcript()?.as_ref(), drawn.iter().chain(more))?
            }
            _ => None,
        };
        Ok(message)
    }

    /// An auditor works like a member, in the windows of its audit.
    fn auditor(
        &self,
        actor: &Actor,
        assignment: &Assignment,
        sheet: &Sheet,
    ) -> Result<Option<Message>, WorldError> {
        let Assignment { task_id, task, submission, audit: Some(audit), .. } = assignment else {
            return Ok(None);
        };
        let commits = matches!(audit.phase, AuditPhase::Commit { .. });
        let (works, lies) = match actor.behaviour {
            Behaviour::Honest | Behaviour::Conceal => (true, false),
            Behaviour::Inflate | Behaviour::Disguise | Behaviour::Forge => (true, true),
            Behaviour::Switch => (true, !commits),
            Behaviour::Withhold => (commits, false),
            Behaviour::Silent | Behaviour::Unable => (false, false),
        };
        if !works {
            return Ok(None);
        }
        let transcript = || self.shelf.transcript(sheet, &task.frozen, stated(actor), lies);
        Ok(match (audit.phase, submission) {
            (AuditPhase::Commit { .. }, None) => {
                Some(self.commitment(actor, *task_id, task.round, transcript()?.as_ref()))
            }
            (AuditPhase::Reveal { .. }, Some(SubmissionView::Committed { .. })) => {
                self.reveal(actor, actor, (*task_id, task.round), transcript()?.as_ref())
            }
            _ => None,
        })
    }

    fn juror(
        &self,
        actor: &Actor,
        assignment: &Assignment,
        sheet: &Sheet,
    ) -> Result<Option<Message>, WorldError> {
        let Assignment { task_id, jury: Some(jury), ballot, .. } = assignment else {
            return Ok(None);
        };
        if actor.behaviour == Behaviour::Silent {
            return Ok(None);
        }
        let verdicts = jury.items.iter().map(|index| sheet.verdict(*index)).collect();
        let shown = JuryReveal {
            operator: actor.id(),
            task: *task_id,
            draw: jury.draws,
            verdicts: BoundedVec::from_vec(verdicts)?,
            salt: salt(&actor.key, *task_id, jury.draws),
        };
        Ok(match (jury.phase, ballot) {
            (JuryPhase::Commit { .. }, None) => Some(Message::JuryCommit(JuryCommit {
                operator: actor.id(),
                task: *task_id,
                draw: jury.draws,
                commitment: shown.commitment(self.chain.genesis_hash()),
            })),
            (JuryPhase::Reveal { .. }, Some(BallotView::Committed { .. })) => {
                Some(Message::JuryReveal(shown))
            }
            _ => None,
        })
    }

    /// The signed commitment of a member to a transcript.
    #[must_use]
    pub fn commitment(
        &self,
        actor: &Actor,
        task: TaskId,
        round: u8,
        transcript: &Transcript,
    ) -> Message {
        let committed = committed(actor, task, round, transcript);
        let chain = self.chain.genesis_hash();
        let commitment = committed.commitment(chain, task, round, actor.id());
        let attestation = self.attest(actor, task, round, Statement::Commit(commitment));
        Message::Commit(Commit { attestation })
    }

    pub(crate) fn reveal(
        &self,
        actor: &Actor,
        maker: &Actor,
        (task, round): (TaskId, u8),
        transcript: &Transcript,
    ) -> Option<Message> {
        let committed = committed(maker, task, round, transcript);
        let last = transcript.open_last()?;
        let list = leaf_list(transcript.leaves());
        let engine = transcript.header().engine;
        let statement = Statement::Reveal(Reveal::hash(&committed, engine, &last, list));
        let attestation = self.attest(actor, task, round, statement);
        Some(Message::Reveal(Reveal { committed, engine, last, transcript: list, attestation }))
    }
}

pub(crate) fn committed(
    actor: &Actor,
    task: TaskId,
    round: u8,
    transcript: &Transcript,
) -> Committed {
    Committed {
        score: transcript.score(probity_primitives::transcript::Fold::Mean).unwrap_or_default(),
        answers_root: transcript.answers_root(),
        attachments_root: transcript.attachments_root(),
        private_root: Hash::ZERO,
        salt: salt(&actor.key, task, round),
    }
}

pub(crate) fn openings<'a>(
    actor: &Actor,
    id: TaskId,
    task: &Task,
    transcript: &Transcript,
    indices: impl Iterator<Item = &'a u32>,
) -> Result<Option<Message>, WorldError> {
    let wanted: BTreeSet<u32> = indices.copied().collect();
    let opened = wanted.into_iter().filter_map(|index| transcript.open(index)).collect();
    Ok(Some(Message::PostOpenings(PostOpenings {
        operator: actor.id(),
        task: id,
        round: task.round,
        openings: BoundedVec::from_vec(opened)?,
    })))
}

/// A salt that only the key's holder can make, the same each time.
pub(crate) fn salt(key: &Keypair, task: TaskId, draw: u8) -> Hash {
    Hash::of(Domain::Seed, &(*key.seed(), task, draw))
}
