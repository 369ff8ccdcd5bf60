//! Duties: what the chain asks of committees, and what the strategies make of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_primitives::transcript::{Answer, Transcript, TranscriptError};
use probity_primitives::{Hash, Height, OperatorId, TaskId};
use probity_protocol::dispute::message::Stretch;
use probity_protocol::task::message::{Commit, ReportUnavailable, Statement};
use probity_protocol::task::{Member, Opened, Phase, Standing, Submission, Task};
use probity_runtime::Message;

use super::course::{Course, Step};
use super::{Run, RunError};
use crate::agents::{Show, Sight, WHOLE, Work};
use crate::play::{engine, openings};
use crate::sheet::Reading;
use crate::world::{World, WorldError};

/// Something that a seat sends, and what follows from it.
pub(super) struct Sent {
    pub(super) task: TaskId,
    pub(super) place: usize,
    pub(super) mark: Option<(u8, Step, OperatorId)>,
    pub(super) message: Option<Message>,
    pub(super) holds: Option<Arc<Transcript>>,
    /// Work that was done, in millionths of an evaluation.
    pub(super) effort: u64,
    pub(super) lies: bool,
}

impl Sent {
    pub(super) const fn new(task: TaskId, place: usize) -> Self {
        let (mark, message, holds) = (None, None, None);
        Self { task, place, mark, message, holds, effort: 0, lies: false }
    }

    pub(super) fn says(mut self, message: Option<Message>) -> Self {
        self.message = message;
        self
    }

    pub(super) const fn marks(mut self, round: u8, step: Step, operator: OperatorId) -> Self {
        self.mark = Some((round, step, operator));
        self
    }
}

/// Who acts in what, as the strategies' sights need it.
#[derive(Clone, Copy)]
pub(super) struct Seat<'a> {
    pub(super) id: TaskId,
    pub(super) task: &'a Task,
    pub(super) course: &'a Course,
    pub(super) member: Member,
    pub(super) place: usize,
    pub(super) until: Height,
    pub(super) audits: bool,
}

impl Run {
    /// Lets everyone who has something to do do it, and queues what they send.
    pub(super) fn attend(&mut self) -> Result<(), RunError> {
        let tasks: Vec<TaskId> = self.courses.keys().copied().collect();
        let mut sent = Vec::new();
        for id in tasks {
            let Some(task) = self.world.ledger().tasks.get(&id).cloned() else { continue };
            // Out of the books for as long as it is looked at, so that nothing is copied.
            let Some(course) = self.courses.remove(&id) else { continue };
            let done = self.all_of(id, &task, &course, &mut sent);
            self.courses.insert(id, course);
            done?;
        }
        self.dispute_panels(&mut sent)?;
        for one in sent {
            self.send(one)?;
        }
        Ok(())
    }

    fn all_of(
        &mut self,
        id: TaskId,
        task: &Task,
        course: &Course,
        sent: &mut Vec<Sent>,
    ) -> Result<(), RunError> {
        self.committee(id, task, course, sent)?;
        self.jury(id, task, course, sent)?;
        self.audit(id, task, course, sent)
    }

    fn send(&mut self, sent: Sent) -> Result<(), RunError> {
        let Sent { task, place, mark, message, holds, effort, lies } = sent;
        let Some(actor) = self.world.actors.get(place) else { return Ok(()) };
        let (key, operator) = (actor.key.clone(), actor.id());
        let group = self.member_of.get(place).map_or(0, |(group, _)| *group);
        if let Some(course) = self.courses.get_mut(&task) {
            course.done.extend(mark);
            if lies {
                course.liars.insert(group);
            }
        }
        if let Some(holds) = holds {
            self.world.held.insert((task, operator), holds);
        }
        self.tally.work(group, effort);
        match message.map(|message| self.world.queue(&key, message)) {
            // One that cannot pay sends nothing.
            None | Some(Ok(()) | Err(WorldError::Tx(_))) => Ok(()),
            Some(Err(error)) => Err(error.into()),
        }
    }

    fn committee(
        &mut self,
        id: TaskId,
        task: &Task,
        course: &Course,
        sent: &mut Vec<Sent>,
    ) -> Result<(), RunError> {
        let (until, step) = match &task.phase {
            Phase::Commit { until, .. } => (*until, Step::Commit),
            Phase::Reveal { until, .. } => (*until, Step::Reveal),
            Phase::Spot { until, .. } => (*until, Step::Open),
            Phase::Provisional { until, .. } => (*until, Step::Dispute),
            Phase::Open { .. } | Phase::Final { .. } | Phase::Void { .. } => return Ok(()),
        };
        if step == Step::Dispute {
            return self.challenge(id, task, course, sent);
        }
        for member in task.phase.committee() {
            if course.done.contains(&(task.round, step, member.operator)) {
                continue;
            }
            let Some(place) = self.world.place(&member.operator) else { continue };
            let seat = Seat { id, task, course, member: *member, place, until, audits: false };
            let new = match step {
                Step::Commit => self.binds(seat)?,
                Step::Reveal => self.shows(seat)?,
                Step::Open
                | Step::Dispute
                | Step::JuryCommit(_)
                | Step::JuryReveal(_)
                | Step::AuditCommit
                | Step::AuditReveal => self.opens(seat)?,
            };
            sent.extend(new);
        }
        Ok(())
    }

    /// Lets a strategy look at a seat.
    pub(super) fn look<T>(
        &mut self,
        seat: Seat<'_>,
        ask: impl FnOnce(&mut dyn crate::agents::Strategy, &mut Sight<'_>) -> T,
    ) -> Option<T> {
        let Seat { id, task, course, member, place, until, audits } = seat;
        let (group, within) = self.member_of.get(place).copied()?;
        let number = u64::try_from(place).unwrap_or(u64::MAX);
        let honest = self.honest(course, place);
        let model = task.request.artifact;
        let (_, sheet) = self.world.sheets.iter().find(|(known, _)| *known == model)?;
        let seats_of = |wanted: &dyn Fn(&Member) -> bool| {
            let some = task.phase.committee().iter().filter(|one| wanted(one));
            some.fold(0u32, |sum, one| sum.saturating_add(one.seats.0))
        };
        let mine = |one: &Member| {
            let place = self.world.place(&one.operator);
            place.and_then(|place| self.member_of.get(place)).is_some_and(|(g, _)| *g == group)
        };
        let next = self.world.chain.height().0.saturating_add(1);
        let mut sight = Sight {
            world: &self.world,
            task: id,
            about: task,
            ordinal: course.ordinal,
            sheet,
            claim: course.claim,
            place: within,
            operator: member.operator,
            ours: seats_of(&mine),
            all: seats_of(&|_| true),
            last: next >= until.0,
            honest,
            audits,
            luck: self.key.stream("luck", (course.ordinal, number)),
        };
        let strategy = self.strategies.get_mut(group)?;
        Some(ask(strategy.as_mut(), &mut sight))
    }

    /// The transcript of a reading; those who read alike share one.
    pub(super) fn written(
        &mut self,
        id: TaskId,
        task: &Task,
        reading: &Reading,
    ) -> Result<Arc<Transcript>, RunError> {
        // A transcript does not name its task, so that those who find the truth share one for good.
        let plain = (*reading == Reading::default())
            .then_some((task.request.benchmark, task.request.artifact));
        let known = match plain {
            Some(key) => self.plain.get(&key),
            None => self.written.get(&(id, *reading)),
        };
        if let Some(known) = known {
            return Ok(Arc::clone(known));
        }
        let sheet = self.world.sheet_of(task).copied();
        let made = match sheet {
            Some(sheet) => sheet.written(&task.frozen, engine(), reading),
            None => Err(TranscriptError::Count { announced: task.frozen.items, found: 0 }),
        };
        let made = Arc::new(made.map_err(WorldError::from)?);
        match plain {
            Some(key) => self.plain.insert(key, Arc::clone(&made)),
            None => self.written.insert((id, *reading), Arc::clone(&made)),
        };
        Ok(made)
    }

    /// A member or an auditor binds itself.
    pub(super) fn binds(&mut self, seat: Seat<'_>) -> Result<Option<Sent>, RunError> {
        let Seat { id, task, member, place, .. } = seat;
        let (round, operator) = (task.round, member.operator);
        let step = if seat.audits { Step::AuditCommit } else { Step::Commit };
        let honest = self.honest(seat.course, place);
        let Some(work) = self.look(seat, |strategy, sight| strategy.works(sight)) else {
            return Ok(None);
        };
        let group = self.member_of.get(place).map(|(group, _)| *group);
        let away = seat.course.hidden.is_some_and(|owner| Some(owner) != group);
        let work = if away && !seat.audits { Work::Unable } else { work };
        let sent = Sent::new(id, place).marks(round, step, operator);
        let (reading, effort) = match work {
            Work::Wait => return Ok(None),
            Work::Nothing => return Ok(Some(sent)),
            Work::Unable => {
                let report = ReportUnavailable { operator, task: id, round };
                return Ok(Some(sent.says(Some(Message::ReportUnavailable(report)))));
            }
            Work::Replay(commitment) => return Ok(Some(sent.says(self.replay(seat, commitment)))),
            Work::Write { reading, effort } => (reading, effort),
        };
        let transcript = self.written(id, task, &reading)?;
        let Some(actor) = self.world.actors.get(place) else { return Ok(None) };
        let message = self.world.commitment(actor, id, round, &transcript);
        let mut sent = sent.says(Some(message));
        sent.holds = Some(transcript);
        sent.effort = u64::from(member.seats.0).saturating_mul(u64::from(effort.min(WHOLE)));
        sent.lies = !seat.audits && reading.shift != honest.shift;
        Ok(Some(sent))
    }

    fn replay(&self, seat: Seat<'_>, commitment: Hash) -> Option<Message> {
        let actor = self.world.actors.get(seat.place)?;
        let statement = Statement::Commit(commitment);
        let attestation = self.world.attest(actor, seat.id, seat.task.round, statement);
        Some(Message::Commit(Commit { attestation }))
    }

    fn shows(&mut self, seat: Seat<'_>) -> Result<Option<Sent>, RunError> {
        let Seat { id, task, member, place, .. } = seat;
        let (round, operator) = (task.round, member.operator);
        let known = self.world.ledger().submissions.get(&(id, operator));
        if !matches!(known, Some(Submission::Committed { .. })) {
            return Ok(None);
        }
        let Some(show) = self.look(seat, |strategy, sight| strategy.shows(sight)) else {
            return Ok(None);
        };
        let sent = Sent::new(id, place).marks(round, Step::Reveal, operator);
        let holder = match show {
            Show::Wait => return Ok(None),
            Show::Hide => return Ok(Some(sent)),
            Show::Reveal => operator,
            Show::Borrow(other) => other,
        };
        let Some(transcript) = self.world.held.get(&(id, holder)) else { return Ok(Some(sent)) };
        let maker = self.world.actor(&holder)?;
        let Some(actor) = self.world.actors.get(place) else { return Ok(None) };
        Ok(Some(sent.says(self.world.reveal(actor, maker, (id, round), transcript))))
    }

    fn opens(&mut self, seat: Seat<'_>) -> Result<Option<Sent>, RunError> {
        let Seat { id, task, member, place, .. } = seat;
        let (round, operator) = (task.round, member.operator);
        let Phase::Spot { drawn, defence, .. } = &task.phase else { return Ok(None) };
        let submission = self.world.ledger().submissions.get(&(id, operator));
        let Some(Submission::Revealed { standing, .. }) = submission else { return Ok(None) };
        let defends = matches!(standing, Some(Standing::Grey | Standing::Flagged));
        let sent = Sent::new(id, place).marks(round, Step::Open, operator);
        match self.look(seat, |strategy, sight| strategy.opens(sight)) {
            Some(true) => {}
            Some(false) => return Ok(Some(sent)),
            None => return Ok(None),
        }
        let Some(transcript) = self.world.held.get(&(id, operator)) else { return Ok(Some(sent)) };
        let Some(actor) = self.world.actors.get(place) else { return Ok(None) };
        let more: &[u32] = if defends { defence } else { &[] };
        let message = openings(actor, id, task, transcript, drawn.iter().chain(more))?;
        Ok(Some(sent.says(message)))
    }
}

impl World {
    /// The score that an operator has written for a task, in micro-units.
    pub(crate) fn written_score(&self, task: TaskId, operator: OperatorId) -> Option<i64> {
        let fold = self.ledger().tasks.get(&task)?.frozen.fold;
        Some(self.held.get(&(task, operator))?.score(fold)?.micros())
    }

    /// What a member's first leaf holds, and something else that could be said to stand there.
    pub(crate) fn contradiction(
        &self,
        task: TaskId,
        operator: OperatorId,
    ) -> Option<(Stretch, Opened)> {
        let held = self.held.get(&(task, operator))?;
        let mut claimed = crate::disputes::content(held, 0)?;
        claimed.answer = match claimed.answer {
            Answer::Label(label) => Answer::Label(label.saturating_add(3) % 10),
            Answer::Number(number) => Answer::Number(number.saturating_add(500_000)),
            other @ (Answer::Choice(_) | Answer::Tokens(_)) => other,
        };
        Some((crate::disputes::stretch(held, 0)?, claimed))
    }

    /// Where an operator stands among the actors.
    pub(crate) fn place(&self, operator: &OperatorId) -> Option<usize> {
        self.places.get(operator).copied()
    }
}

/// Transcripts by task and reading.
pub(crate) type Written = BTreeMap<(TaskId, Reading), Arc<Transcript>>;
