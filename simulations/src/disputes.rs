//! Disputes in a world: who opens what, how members answer, and how jurors vote.
//!
//! Leaves are published here: whoever disputes a result knows every member's transcript and its
//! own, and shows where they differ or lets both sides look for it.

use std::sync::Arc;

use probity_primitives::transcript::Transcript;
use probity_primitives::{Amount, Domain, Hash, OperatorId, TaskId};
use probity_protocol::dispute::message::{
    AnswerDispute, Ballot, Challenge, Difference, DisputeCommit, DisputeReveal, ImplicateMember,
    OpenDispute, PlayDispute, Rival, Stretch,
};
use probity_protocol::dispute::{Dispute, DisputeBallot, Evidence, Question, Rung, Stage};
use probity_protocol::task::{AuditEntry, JuryPhase, Opened, Standing, Submission, Task};
use probity_runtime::Message;
use probity_runtime::query::{self, DisputePart, DisputeSeat};

use crate::actor::{Actor, Behaviour};
use crate::play::{engine, other_engine};
use crate::run::apart;
use crate::sheet::{Reading, Sheet};
use crate::world::{World, WorldError};

impl World {
    /// What open disputes ask of an operator now.
    ///
    /// # Errors
    /// [`WorldError::Transcript`] never: synthetic transcripts are whole.
    pub(crate) fn dispute_due_of(&self, actor: &Actor) -> Result<Vec<Message>, WorldError> {
        let mut messages = Vec::new();
        if actor.behaviour == Behaviour::Silent {
            return Ok(messages);
        }
        for seat in query::dispute_seats(self.ledger(), &actor.id()) {
            let DisputeSeat { id, dispute, task, part, suspects, .. } = seat;
            messages.extend(match part {
                DisputePart::Side { revealed: true, .. } => {
                    self.defend(actor, id, &dispute, &task)?
                }
                DisputePart::Side { revealed: false, .. } => self.challengers_move(id)?,
                DisputePart::Accuser { .. } => {
                    let suspects = suspects.iter().map(|one| one.member);
                    self.implicate(id, (&dispute, &task), suspects)?
                }
                DisputePart::Juror { ballot, .. } => {
                    self.judge(actor, id, (&dispute, &task), ballot)
                }
            });
        }
        Ok(messages)
    }

    /// Opens the leaf that is asked for, out of the transcript that was revealed.
    fn defend(
        &self,
        actor: &Actor,
        dispute: u64,
        about: &Dispute,
        task: &Task,
    ) -> Result<Option<Message>, WorldError> {
        if actor.behaviour == Behaviour::Conceal {
            return Ok(None);
        }
        let Some(transcript) = self.revealed(about.task, task, actor.id())? else {
            return Ok(None);
        };
        Ok(match &about.stage {
            Stage::Answer { item, .. } => stretch(&transcript, *item)
                .map(|stated| Message::AnswerDispute(AnswerDispute { dispute, stated })),
            Stage::Game { game } => transcript
                .open(game.middle())
                .map(|opening| Message::PlayDispute(PlayDispute { dispute, opening })),
            Stage::Ladder { .. } | Stage::Closed { .. } => None,
        })
    }

    /// Shows which of some members' leaves is the one in dispute, if anyone's is.
    ///
    /// # Errors
    /// [`WorldError::Transcript`] never: synthetic transcripts are whole.
    pub(crate) fn implicate(
        &self,
        id: u64,
        (dispute, task): (&Dispute, &Task),
        suspects: impl Iterator<Item = OperatorId>,
    ) -> Result<Option<Message>, WorldError> {
        let Stage::Ladder { question: Question::Item { item, stated, .. }, .. } = &dispute.stage
        else {
            return Ok(None);
        };
        for member in suspects {
            let theirs = self.revealed(dispute.task, task, member)?;
            let opening = theirs.and_then(|theirs| theirs.open(*item));
            if let Some(opening) = opening.filter(|one| Opened::of(&one.leaf) == *stated) {
                let message = ImplicateMember { dispute: id, member, opening };
                return Ok(Some(Message::ImplicateMember(message)));
            }
        }
        Ok(None)
    }

    /// What an honest juror sends.
    fn judge(
        &self,
        actor: &Actor,
        id: u64,
        (dispute, task): (&Dispute, &Task),
        sent: Option<DisputeBallot>,
    ) -> Option<Message> {
        let Stage::Ladder { rung: Rung::Jury { bench }, .. } = &dispute.stage else { return None };
        let ballot = self.vote_of(actor, id, dispute, task)?;
        match (bench.phase, sent) {
            (JuryPhase::Commit { .. }, None) => {
                let commitment = ballot.commitment(self.chain.genesis_hash());
                let Ballot { operator, dispute, level, draw, .. } = ballot;
                let commit = DisputeCommit { operator, dispute, level, draw, commitment };
                Some(Message::DisputeCommit(commit))
            }
            (JuryPhase::Reveal { .. }, Some(DisputeBallot::Committed { .. })) => {
                Some(Message::DisputeReveal(DisputeReveal { ballot }))
            }
            _ => None,
        }
    }

    /// The ballot of a juror that runs what it is asked.
    pub(crate) fn vote_of(
        &self,
        actor: &Actor,
        id: u64,
        dispute: &Dispute,
        task: &Task,
    ) -> Option<Ballot> {
        let Stage::Ladder { question, rung: Rung::Jury { bench } } = &dispute.stage else {
            return None;
        };
        let sheet = self.sheet_of(task)?;
        let evidence = find(sheet, question);
        let vote = question.judge(&evidence, &task.frozen)?;
        let (level, draw) = (dispute.level(), bench.draw);
        let salt = Hash::of(Domain::Seed, &(*actor.key.seed(), id, level, draw));
        Some(Ballot { operator: actor.id(), dispute: id, level, draw, vote, evidence, salt })
    }

    /// A dispute of a task's result by the true transcript, where it contradicts the result.
    ///
    /// # Errors
    /// [`WorldError::Transcript`] never: synthetic transcripts are whole.
    pub fn challenge(&self, id: TaskId, shown: bool) -> Result<Option<Message>, WorldError> {
        let (Some(task), Some(outcome)) =
            (self.ledger().tasks.get(&id), self.ledger().outcomes.get(&id))
        else {
            return Ok(None);
        };
        let accepted = outcome
            .members
            .iter()
            .find(|one| one.standing == Some(Standing::Accepted) && one.counts());
        let (Some(member), Some(sheet)) = (accepted.map(|one| one.operator), self.sheet_of(task))
        else {
            return Ok(None);
        };
        let mine = self.shelf.transcript(sheet, &task.frozen, engine(), false)?;
        let Some(theirs) = self.revealed(id, task, member)? else { return Ok(None) };
        let rival = rival(task, member, &mine, shown.then_some(theirs.as_ref()));
        Ok(rival.map(|rival| open(id, task, Challenge::Aggregate(Box::new(rival)))))
    }

    /// The move of a challenger that is no member, out of the true transcript.
    ///
    /// # Errors
    /// [`WorldError::Transcript`] never: synthetic transcripts are whole.
    pub fn challengers_move(&self, id: u64) -> Result<Option<Message>, WorldError> {
        let Some(dispute) = self.ledger().disputes.get(&id) else { return Ok(None) };
        let (Stage::Game { game }, Some(task)) =
            (&dispute.stage, self.ledger().tasks.get(&dispute.task))
        else {
            return Ok(None);
        };
        let Some(sheet) = self.sheet_of(task) else { return Ok(None) };
        let mine = self.shelf.transcript(sheet, &task.frozen, engine(), false)?;
        let opening = mine.open(game.middle());
        Ok(opening.map(|opening| Message::PlayDispute(PlayDispute { dispute: id, opening })))
    }

    /// The transcript that a member or an auditor has revealed.
    pub(crate) fn revealed(
        &self,
        id: TaskId,
        task: &Task,
        member: OperatorId,
    ) -> Result<Option<Arc<Transcript>>, WorldError> {
        let sent = (id, member);
        if let Some(held) = self.held.get(&sent) {
            return Ok(Some(Arc::clone(held)));
        }
        let root = match self.ledger().submissions.get(&sent) {
            Some(Submission::Revealed { revealed, .. }) => Some(revealed.answers_root),
            Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
        };
        let audited = match self.ledger().audit_entries.get(&sent) {
            Some(AuditEntry::Revealed { revealed }) => Some(revealed.answers_root),
            Some(AuditEntry::Committed { .. }) | None => None,
        };
        let (Some(root), Some(sheet)) = (root.or(audited), self.sheet_of(task)) else {
            return Ok(None);
        };
        for (engine, lies) in [(engine(), false), (engine(), true), (other_engine(), true)] {
            let transcript = self.shelf.transcript(sheet, &task.frozen, engine, lies)?;
            if transcript.answers_root() == root {
                return Ok(Some(transcript));
            }
        }
        Ok(None)
    }

    pub(crate) fn sheet_of(&self, task: &Task) -> Option<&Sheet> {
        let model = task.request.artifact;
        self.sheets.iter().find(|(known, _)| *known == model).map(|(_, sheet)| sheet)
    }
}

/// The message that opens a dispute, for whatever bond it needs.
pub(crate) fn open(id: TaskId, task: &Task, challenge: Challenge) -> Message {
    let bond = Amount::from_tokens(100_000);
    Message::OpenDispute(OpenDispute { task: id, round: task.round, challenge, bond })
}

/// What stands at an item of a transcript.
pub(crate) fn content(of: &Transcript, item: u32) -> Option<Opened> {
    of.leaves().get(usize::try_from(item).ok()?).map(Opened::of)
}

/// A leaf with the one before it.
pub(crate) fn stretch(of: &Transcript, item: u32) -> Option<Stretch> {
    segment(of, item, item)
}

/// The leaves that prove what a segment is worth.
fn segment(of: &Transcript, first: u32, last: u32) -> Option<Stretch> {
    let before = match first.checked_sub(1) {
        Some(before) => Some(of.open(before)?),
        None => None,
    };
    Some(Stretch { before, last: of.open(last)? })
}

/// What a challenger shows of its transcript, and of the other where that is published.
pub(crate) fn rival(
    task: &Task,
    member: OperatorId,
    mine: &Transcript,
    theirs: Option<&Transcript>,
) -> Option<Rival> {
    let difference = theirs.and_then(|theirs| {
        let (first, last) = apart(task, mine, theirs)?;
        let part = |of| segment(of, first, last);
        Some(Difference { stated: part(theirs)?, claimed: part(mine)? })
    });
    Some(Rival {
        member,
        score: mine.score(task.frozen.fold)?,
        answers_root: mine.answers_root(),
        engine: engine(),
        last: mine.open_last()?,
        difference,
    })
}

/// What running the question's items finds.
fn find(sheet: &Sheet, question: &Question) -> Evidence {
    find_by(sheet, question, &Reading::default())
}

/// What an evaluator finds whose evaluation is a reading.
pub(crate) fn find_by(sheet: &Sheet, question: &Question, reading: &Reading) -> Evidence {
    match question {
        Question::Item { item, .. } => Evidence::Item(sheet.judged(*item, reading)),
        Question::Segment { first, last, .. } => {
            let scores = (*first..=*last).map(|item| i128::from(sheet.read(item, reading).score));
            Evidence::Sum(scores.fold(0, i128::saturating_add))
        }
    }
}
