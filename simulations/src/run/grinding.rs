//! Grinding: whoever proposes the last blocks before a draw chooses between beacon values.
//!
//! A proposer that withholds its block leaves the turn to the next one, whose contribution gives
//! another value. With `k` such chances the group has the choice of the next `2^k` proposers'
//! contributions, all of them real; it takes the one under which it is drawn for most seats.
//!
//! Spec: `docs/spec/07-committee.md` (what a bit is worth).

use probity_primitives::Height;
use probity_protocol::beacon::Beacon;
use probity_protocol::task::{Due, Phase};
use probity_protocol::{Ledger, committee};

use super::Run;
use crate::agents::Kind;
use crate::world::World;

impl Run {
    /// How many proposers withhold before the next block is made.
    pub(super) fn grind(&self) -> u64 {
        let bits = self.scenario.beacon.bits;
        let group = self.scenario.groups.iter().position(|one| one.strategy == Kind::Grinding);
        let (Some(group), 1..) = (group, bits) else { return 0 };
        let next = Height(self.world.chain.height().0.saturating_add(1));
        let ledger = self.world.ledger();
        let draws =
            ledger.schedule.iter().take_while(|((at, _), ())| *at <= next).any(|((_, due), ())| {
                let Due::Task(id) = due else { return false };
                let task = ledger.tasks.get(id);
                task.is_some_and(|task| matches!(task.phase, Phase::Open { .. }))
            });
        if !draws {
            return 0;
        }
        let choices = 1u64.checked_shl(bits).unwrap_or(1);
        let choices = choices.min(u64::try_from(self.world.chain.validators().len()).unwrap_or(1));
        let best =
            (0..choices).max_by_key(|later| (self.seats_if(group, *later, next), u64::MAX - later));
        best.unwrap_or_default()
    }

    /// The seats that a group would be drawn for in the next block if so many proposers withheld.
    fn seats_if(&self, group: usize, later: u64, next: Height) -> u64 {
        let Some(mut ledger) = self.world.after_beacon(later, next) else { return 0 };
        let mut seats = 0u64;
        let due = |ledger: &Ledger| ledger.schedule.iter().next().map(|(key, ())| *key);
        while let Some((at, due)) = due(&ledger).filter(|(at, _)| *at <= next) {
            ledger.schedule.remove(&(at, due));
            let Due::Task(id) = due else { continue };
            let Some(task) = ledger.tasks.get(&id) else { continue };
            if !matches!(task.phase, Phase::Open { .. }) {
                continue;
            }
            seats = seats.saturating_add(self.drawn(group, &ledger, id));
        }
        seats
    }

    fn drawn(&self, group: usize, ledger: &Ledger, id: probity_primitives::TaskId) -> u64 {
        let Some(task) = ledger.tasks.get(&id) else { return 0 };
        let bench: Vec<committee::Candidate> = ledger
            .snapshot
            .get()
            .draws
            .iter()
            .filter(|draw| draw.classes.contains(&task.frozen.class))
            .map(|draw| committee::Candidate::of(draw, ledger.unlocked(&draw.operator)))
            .collect();
        let seed = committee::seed(ledger.beacon.get().value(), &(id, task.round));
        let drawn = committee::draw(&bench, seed, task.frozen.seats, task.frozen.seat_lock);
        let ours = |operator| {
            let place = self.world.place(operator).and_then(|place| self.member_of.get(place));
            place.is_some_and(|(of, _)| *of == group)
        };
        let drawn = drawn.unwrap_or_default();
        drawn.iter().filter(|(operator, _)| ours(operator)).map(|(_, s)| u64::from(s.0)).sum()
    }
}

impl World {
    /// The ledger as the next block finds it once its beacon has taken in the contribution of the
    /// validator so many turns later.
    fn after_beacon(&self, later: u64, next: Height) -> Option<Ledger> {
        let proposer = self.actor(&self.proposer(later)).ok()?;
        let output = proposer.vrf.output(&self.chain.beacon_input());
        let mut ledger = self.ledger().clone();
        ledger.beacon.get_mut().absorb(next, output);
        Some(ledger)
    }
}
