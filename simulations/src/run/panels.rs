//! Panels: juries of items, audits, and disputes with their juries.

use std::sync::Arc;

use probity_primitives::transcript::Transcript;
use probity_primitives::{Amount, BoundedVec, Domain, Hash, TaskId};
use probity_protocol::dispute::message::{
    AnswerDispute, Ballot, Challenge, DisputeCommit, DisputeReveal, OpenDispute, PlayDispute,
};
use probity_protocol::dispute::{Dispute, Evidence, Game, Question, Rung, Stage, Turn};
use probity_protocol::task::message::{JuryCommit, JuryReveal};
use probity_protocol::task::{
    AuditEntry, AuditPhase, JuryPhase, Mode, Standing, Submission, Task, VerdictOfItem,
};
use probity_runtime::Message;

use super::course::{Course, Step};
use super::duties::{Seat, Sent};
use super::{Run, RunError};
use crate::agents::{Judge, WHOLE};
use crate::disputes::{find_by, rival, stretch};
use crate::play::salt;
use crate::sheet::Reading;
use crate::world::WorldError;

impl Run {
    /// The jury of a task's items.
    pub(super) fn jury(
        &mut self,
        id: TaskId,
        task: &Task,
        course: &Course,
        sent: &mut Vec<Sent>,
    ) -> Result<(), RunError> {
        let Some(jury) = self.world.ledger().juries.get(&id).cloned() else { return Ok(()) };
        let (step, until) = match jury.phase {
            JuryPhase::Commit { until } => (Step::JuryCommit(jury.draws), until),
            JuryPhase::Reveal { until } => (Step::JuryReveal(jury.draws), until),
            JuryPhase::Done { .. } => return Ok(()),
        };
        for member in &jury.jurors {
            let mark = (task.round, step, member.operator);
            let Some(place) = self.world.place(&member.operator) else { continue };
            if course.done.contains(&mark) {
                continue;
            }
            let seat = Seat { id, task, course, member: *member, place, until, audits: false };
            let judge = self.look(seat, |strategy, sight| strategy.judges(sight));
            let mut out = Sent::new(id, place).marks(task.round, step, member.operator);
            let verdicts = self.verdicts(seat, &jury.items, judge.unwrap_or(Judge::Silent));
            if let (Some(verdicts), Some(actor)) = (verdicts, self.world.actors.get(place)) {
                let shown = JuryReveal {
                    operator: member.operator,
                    task: id,
                    draw: jury.draws,
                    verdicts: BoundedVec::from_vec(verdicts).map_err(WorldError::from)?,
                    salt: salt(&actor.key, id, jury.draws),
                };
                let commitment = || shown.commitment(self.world.chain.genesis_hash());
                let (operator, draw) = (member.operator, jury.draws);
                out.message = Some(if matches!(step, Step::JuryCommit(_)) {
                    let commitment = commitment();
                    Message::JuryCommit(JuryCommit { operator, task: id, draw, commitment })
                } else {
                    Message::JuryReveal(shown)
                });
            }
            sent.push(out);
        }
        Ok(())
    }

    fn verdicts(&self, seat: Seat<'_>, items: &[u32], judge: Judge) -> Option<Vec<VerdictOfItem>> {
        let sheet = self.world.sheet_of(seat.task)?;
        let read = |reading: &Reading| items.iter().map(|i| sheet.judged(*i, reading)).collect();
        match judge {
            Judge::Works => Some(read(&self.honest(seat.course, seat.place))),
            Judge::Says(reading) => Some(read(&reading)),
            Judge::Agrees => Some(items.iter().map(|i| self.first_opened(seat, *i)).collect()),
            Judge::Silent => None,
        }
    }

    /// What the first member that opened an item wrote there: all that a lazy juror looks at.
    fn first_opened(&self, seat: Seat<'_>, item: u32) -> VerdictOfItem {
        let submissions = &self.world.ledger().submissions;
        let members = seat.task.phase.committee().iter();
        let leaf = members
            .filter_map(|one| match submissions.get(&(seat.id, one.operator)) {
                Some(Submission::Revealed { opened, .. }) => opened.get(&item),
                Some(Submission::Committed { .. } | Submission::Unavailable) | None => None,
            })
            .next();
        let accepted = leaf.map(|leaf| (leaf.answer.clone(), leaf.score));
        VerdictOfItem {
            item: leaf.map(|leaf| leaf.item).unwrap_or_default(),
            prompt: leaf.map(|leaf| leaf.prompt).unwrap_or_default(),
            accepted: BoundedVec::from_vec(accepted.into_iter().collect()).unwrap_or_default(),
        }
    }

    /// The audit of a task's result.
    pub(super) fn audit(
        &mut self,
        id: TaskId,
        task: &Task,
        course: &Course,
        sent: &mut Vec<Sent>,
    ) -> Result<(), RunError> {
        let Some(audit) = self.world.ledger().audits.get(&id).cloned() else { return Ok(()) };
        let (step, until) = match audit.phase {
            AuditPhase::Commit { until } => (Step::AuditCommit, until),
            AuditPhase::Reveal { until } => (Step::AuditReveal, until),
            AuditPhase::Planned { .. } | AuditPhase::Done { .. } => return Ok(()),
        };
        for member in &audit.auditors {
            let Some(place) = self.world.place(&member.operator) else { continue };
            if course.done.contains(&(task.round, step, member.operator)) {
                continue;
            }
            let seat = Seat { id, task, course, member: *member, place, until, audits: true };
            if step == Step::AuditCommit {
                sent.extend(self.binds(seat)?);
                continue;
            }
            let entry = self.world.ledger().audit_entries.get(&(id, member.operator));
            let held = self.world.held.get(&(id, member.operator));
            let mut out = Sent::new(id, place).marks(task.round, step, member.operator);
            if let (Some(AuditEntry::Committed { .. }), Some(held), Some(actor)) =
                (entry, held, self.world.actors.get(place))
            {
                out.message = self.world.reveal(actor, actor, (id, task.round), held);
            }
            sent.push(out);
        }
        Ok(())
    }

    /// A member or auditor that holds another score than the published one disputes it: the first
    /// of them that can pay.
    pub(super) fn challenge(
        &mut self,
        id: TaskId,
        task: &Task,
        course: &Course,
        sent: &mut Vec<Sent>,
    ) -> Result<(), RunError> {
        let Some(outcome) = self.world.ledger().outcomes.get(&id) else { return Ok(()) };
        for ((_, operator), mine) in self.world.held.iter().filter(|((task, _), _)| *task == id) {
            let Some(place) = self.world.place(operator) else { continue };
            let group = self.member_of.get(place).map_or(0, |(group, _)| *group);
            let disputes = self.strategies.get(group).is_some_and(|one| one.disputes());
            let differs = mine
                .score(task.frozen.fold)
                .is_some_and(|score| score.distance(outcome.score) > outcome.tolerance);
            let mark = (task.round, Step::Dispute, *operator);
            if !disputes || !differs || course.done.contains(&mark) {
                continue;
            }
            let theirs = outcome
                .members
                .iter()
                .find(|member| member.standing == Some(Standing::Accepted) && member.counts());
            let Some(member) = theirs.map(|one| one.operator) else { break };
            let Some(theirs) = self.world.held.get(&(id, member)) else { break };
            let Some(rival) = rival(task, member, mine, Some(theirs)) else { continue };
            let challenge = Challenge::Aggregate(Box::new(rival));
            let open = OpenDispute {
                task: id,
                round: task.round,
                challenge,
                bond: Amount::from_tokens(100_000),
            };
            let out = Sent::new(id, place).marks(task.round, Step::Dispute, *operator);
            sent.push(out.says(Some(Message::OpenDispute(open))));
            break;
        }
        Ok(())
    }

    /// Everyone whom an open dispute asks for something.
    pub(super) fn dispute_panels(&mut self, sent: &mut Vec<Sent>) -> Result<(), RunError> {
        for id in self.disputes.clone() {
            let Some(dispute) = self.world.ledger().disputes.get(&id).cloned() else { continue };
            let Some(task) = self.world.ledger().tasks.get(&dispute.task).cloned() else {
                continue;
            };
            let Some(course) = self.courses.get(&dispute.task).cloned() else { continue };
            match &dispute.stage {
                Stage::Answer { item, .. } => sent.extend(self.answer(id, &dispute, *item)),
                Stage::Game { game } => sent.extend(self.play(id, &dispute, game)),
                Stage::Ladder { question, rung: Rung::Jury { bench } } => {
                    let seats: Vec<_> = bench.jurors.iter().copied().collect();
                    for member in seats {
                        let Some(place) = self.world.place(&member.operator) else { continue };
                        let (until, commits) = match bench.phase {
                            JuryPhase::Commit { until } => (until, true),
                            JuryPhase::Reveal { until } => (until, false),
                            JuryPhase::Done { .. } => continue,
                        };
                        let seat = Seat {
                            id: dispute.task,
                            task: &task,
                            course: &course,
                            member,
                            place,
                            until,
                            audits: false,
                        };
                        sent.extend(self.votes(
                            id,
                            &dispute,
                            question,
                            (seat, bench.draw, commits),
                        ));
                    }
                }
                Stage::Ladder { .. } | Stage::Closed { .. } => {}
            }
        }
        Ok(())
    }

    fn answer(&self, id: u64, dispute: &Dispute, item: u32) -> Option<Sent> {
        let member = dispute.claim.member();
        let place = self.world.place(&member)?;
        let held = self.world.held.get(&(dispute.task, member))?;
        let stated = stretch(held, item)?;
        let answer = AnswerDispute { dispute: id, stated };
        Some(Sent::new(dispute.task, place).says(Some(Message::AnswerDispute(answer))))
    }

    /// The move of whoever holds the transcript whose turn it is.
    fn play(&self, id: u64, dispute: &Dispute, game: &Game) -> Option<Sent> {
        let (place, held): (usize, &Arc<Transcript>) = match &game.turn {
            Turn::Defender => {
                let member = dispute.claim.member();
                (self.world.place(&member)?, self.world.held.get(&(dispute.task, member))?)
            }
            Turn::Challenger { .. } => {
                let root = dispute.claim.root()?;
                let mut all = self.world.held.iter();
                let (operator, held) = all
                    .find(|((task, _), held)| *task == dispute.task && held.answers_root() == root)
                    .map(|((_, operator), held)| (operator, held))?;
                (self.world.place(operator)?, held)
            }
        };
        let opening = held.open(game.middle())?;
        let message = Message::PlayDispute(PlayDispute { dispute: id, opening });
        Some(Sent::new(dispute.task, place).says(Some(message)))
    }

    /// A juror's vote in a dispute: bound first, shown after.
    fn votes(
        &mut self,
        id: u64,
        dispute: &Dispute,
        question: &Question,
        (seat, draw, commits): (Seat<'_>, u8, bool),
    ) -> Option<Sent> {
        let operator = seat.member.operator;
        let sent = self.world.ledger().dispute_ballots.get(&(id, operator));
        if sent.is_some() == commits {
            return None;
        }
        let judge = self.look(seat, |strategy, sight| strategy.judges(sight))?;
        let sheet = self.world.sheet_of(seat.task)?;
        let evidence = match judge {
            Judge::Works => find_by(sheet, question, &self.honest(seat.course, seat.place)),
            Judge::Says(reading) => find_by(sheet, question, &reading),
            Judge::Agrees => agrees(question),
            Judge::Silent => return None,
        };
        let vote = question.judge(&evidence, &seat.task.frozen)?;
        let actor = self.world.actors.get(seat.place)?;
        let level = dispute.level();
        let salt = Hash::of(Domain::Seed, &(*actor.key.seed(), id, level, draw));
        let ballot = Ballot { operator, dispute: id, level, draw, vote, evidence, salt };
        let message = if commits {
            let commitment = ballot.commitment(self.world.chain.genesis_hash());
            Message::DisputeCommit(DisputeCommit { operator, dispute: id, level, draw, commitment })
        } else {
            Message::DisputeReveal(DisputeReveal { ballot })
        };
        let mut sent = Sent::new(dispute.task, seat.place).says(Some(message));
        let (first, last) = question.items();
        let items = u64::from(last.saturating_sub(first).saturating_add(1));
        let whole =
            items.saturating_mul(u64::from(WHOLE)) / u64::from(seat.task.frozen.items.max(1));
        sent.effort = if commits { whole } else { 0 };
        Some(sent)
    }
}

/// What a juror finds that upholds whatever it is asked about.
fn agrees(question: &Question) -> Evidence {
    match question {
        Question::Item { stated, .. } => {
            let accepted = vec![(stated.answer.clone(), stated.score)];
            Evidence::Item(VerdictOfItem {
                item: stated.item,
                prompt: stated.prompt,
                accepted: BoundedVec::from_vec(accepted).unwrap_or_default(),
            })
        }
        Question::Segment { stated, .. } => Evidence::Sum(*stated),
    }
}

/// Where two transcripts of a task differ most: an item, or in tolerant mode the segment that lies
/// furthest apart for its length.
pub(crate) fn apart(task: &Task, mine: &Transcript, theirs: &Transcript) -> Option<(u32, u32)> {
    let items = task.frozen.items;
    let differs = |item: &u32| {
        crate::disputes::content(theirs, *item) != crate::disputes::content(mine, *item)
    };
    match task.request.mode {
        Mode::Exact => (0..items).find(differs).map(|item| (item, item)),
        Mode::Tolerant => {
            let sum = |of: &Transcript, item: u32| {
                usize::try_from(item)
                    .ok()
                    .and_then(|at| of.leaves().get(at))
                    .map_or(0, |leaf| leaf.prefix_sum)
            };
            let worth = |of: &Transcript, first: u32, last: u32| {
                let before = first.checked_sub(1).map_or(0, |before| sum(of, before));
                sum(of, last).saturating_sub(before)
            };
            let segment = probity_protocol::dispute::SEGMENT;
            let parts = (0..items.div_ceil(segment)).map(|part| {
                let first = part.saturating_mul(segment);
                (first, first.saturating_add(segment).min(items).saturating_sub(1))
            });
            parts.max_by_key(|(first, last)| {
                let gap = worth(mine, *first, *last).abs_diff(worth(theirs, *first, *last));
                let len = u128::from(last.saturating_sub(*first).saturating_add(1));
                gap.saturating_mul(1_000).checked_div(len).unwrap_or_default()
            })
        }
    }
}
