//! Plots: what has to be arranged for the rarer parts of the rules to be reached in a life.
//!
//! A committee is captured only if most of it lies at once, and a dispute whose leaves are not shown
//! goes on only if its challenger makes its moves.

use probity_primitives::{Address, Keypair, OperatorId, TaskId};
use probity_protocol::dispute::{Side, Stage, accused};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::OutcomeState;
use probity_runtime::Message;

use super::Luck;
use crate::actor::{Behaviour, NETWORK};
use crate::play::engine;
use crate::world::{World, WorldError};

impl World {
    /// Tempts one member of a committee that is at work, or most of it.
    pub(super) fn tempt(&mut self, luck: &mut Luck) {
        let id = self.task(luck, |phase| phase == TaskPhase::Commit);
        let Some(task) = self.ledger().tasks.get(&id) else { return };
        let members: Vec<OperatorId> =
            task.phase.committee().iter().map(|member| member.operator).collect();
        let all = luck.below(2) == 0;
        let faults = [
            Behaviour::Forge,
            Behaviour::Switch,
            Behaviour::Withhold,
            Behaviour::Conceal,
            Behaviour::Unable,
        ];
        let other = luck.pick(&faults).filter(|_| !all && luck.below(2) == 0);
        let fault = other.unwrap_or(Behaviour::Inflate);
        let tempted = if all { members } else { luck.pick(&members).into_iter().collect() };
        for actor in &mut self.actors {
            if tempted.contains(&actor.id()) {
                // Some hide that they are of one mind: a dispute has to show whose leaf is whose.
                let hides = all && luck.below(3) == 0;
                actor.behaviour = if hides { Behaviour::Disguise } else { fault };
            }
        }
    }

    /// The tasks with a result that is not what its model scores, and that nobody disputes as a whole.
    pub(super) fn wrong(&self) -> Result<Vec<TaskId>, WorldError> {
        let ledger = self.ledger();
        let mut wrong = Vec::new();
        for (id, task) in ledger.tasks.iter() {
            let provisional = task.phase.name() == TaskPhase::Provisional;
            let disputed = ledger.task_disputes.get(id).is_some_and(|one| one.aggregate.is_some());
            let (Some(outcome), Some(sheet)) = (ledger.outcomes.get(id), self.sheet_of(task))
            else {
                continue;
            };
            if !provisional || disputed || outcome.state == OutcomeState::Overturned {
                continue;
            }
            let mine = self.shelf.transcript(sheet, &task.frozen, engine(), false)?;
            if mine.score(task.frozen.fold).is_some_and(|score| outcome.differs(score)) {
                wrong.push(*id);
            }
        }
        Ok(wrong)
    }

    /// Somebody who can pay for it disputes a result that is wrong.
    pub(super) fn doubt(&mut self, luck: &mut Luck) -> Result<(), WorldError> {
        let Some(task) = luck.pick(&self.wrong()?) else { return Ok(()) };
        let shown = luck.below(4) > 0;
        let (message, challenger) = (self.challenge(task, shown)?, luck.pick(&self.everyone()));
        match (challenger, message) {
            (Some(challenger), Some(message)) => self.attempt(&challenger, message),
            _ => Ok(()),
        }
    }

    /// What shows that a member whom a dispute does not accuse holds the leaf that is in dispute.
    pub(super) fn accomplices(&self) -> Result<Vec<Message>, WorldError> {
        let ledger = self.ledger();
        let mut shown = Vec::new();
        for (id, dispute) in ledger.disputes.iter().filter(|(_, one)| one.claim.is_aggregate()) {
            let Some(task) = ledger.tasks.get(&dispute.task) else { continue };
            let accused = accused(ledger, task, dispute);
            let members = task.phase.committee().iter().map(|member| member.operator);
            let others = members.filter(|member| !accused.contains(member));
            shown.extend(self.implicate(*id, (dispute, task), others)?);
        }
        Ok(shown)
    }

    /// How many disputes wait for a move of their challenger.
    pub(super) fn challengers_turns(&self) -> usize {
        self.ledger().disputes.iter().filter(|(_, known)| waits(&known.stage)).count()
    }

    /// The challenger of a dispute whose leaves are looked for makes its move.
    pub(super) fn move_on(&mut self, luck: &mut Luck) -> Result<(), WorldError> {
        let all = self.ledger().disputes.iter();
        let open: Vec<u64> =
            all.filter(|(_, known)| waits(&known.stage)).map(|(id, _)| *id).collect();
        let Some(id) = luck.pick(&open) else { return Ok(()) };
        let known = self.ledger().disputes.get(&id).and_then(|known| known.challenger.account());
        let hot = self.actors.iter().map(|actor| actor.key.clone());
        let everyone: Vec<Keypair> = self.everyone().into_iter().chain(hot).collect();
        let of = |key: &&Keypair| Some(Address::of(&key.public(), NETWORK)) == known;
        let challenger = everyone.iter().find(of).or(everyone.first()).cloned();
        match (challenger, self.challengers_move(id)?) {
            (Some(challenger), Some(message)) => self.attempt(&challenger, message),
            _ => Ok(()),
        }
    }
}

fn waits(stage: &Stage) -> bool {
    matches!(stage, Stage::Game { game } if game.side() == Side::Challenger)
}
