//! Plots: what has to be arranged for the rarer parts of the rules to be reached in a life.
//!
//! A committee is captured only if most of it lies at once, and a dispute whose leaves are not shown
//! goes on only if its challenger makes its moves.

use probity_primitives::{Address, Keypair, OperatorId};
use probity_protocol::dispute::{Side, Stage};
use probity_protocol::event::TaskPhase;

use super::Luck;
use crate::actor::{Behaviour, NETWORK};
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
                actor.behaviour = fault;
            }
        }
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
