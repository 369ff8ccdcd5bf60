//! Bribery: someone outside pays members for a lie.
//!
//! The plain briber pays for each lying seat once the lie stands as the final result; the one of p +
//! epsilon pays those who lied and *lost*, so that lying looks safe to each, and a lie that everyone
//! believes in costs nothing. Members take either if they are told to.
//!
//! Source: Buterin, "The P + epsilon Attack", 2015; George and Lesaege, 2021.

use std::collections::BTreeMap;

use probity_primitives::{Address, Amount, OperatorId, TaskId};
use probity_protocol::task::{OutcomeState, Phase};
use probity_runtime::Message;
use probity_runtime::message::Transfer;

use super::{Deed, Hand, Scene, Sight, Strategy, WHOLE, Work, micros};
use crate::actor::NETWORK;
use crate::random::RunKey;
use crate::sheet::Reading;

/// The person who bribes.
pub(crate) const BRIBER: usize = 1;

/// Members that take bribes.
#[derive(Debug)]
pub(super) struct Bribed {
    /// By how much they lie.
    pub(super) shift: f64,
    /// On which share of tasks someone pays.
    pub(super) share: Option<f64>,
    /// What a seat is paid, in seat prices.
    pub(super) offer: f64,
    /// Whether it is paid for losing instead of winning.
    pub(super) if_lost: bool,
    /// The run's chance.
    pub(super) key: RunKey,
    pub(super) lied: BTreeMap<TaskId, BTreeMap<OperatorId, u32>>,
}

impl Bribed {
    fn seat(&self, scene: &Scene<'_>) -> Amount {
        let class = scene.world.ledger().params.get().class(0);
        let price = class.map(|class| class.seat_price).unwrap_or_default();
        let millionths = u128::try_from(micros(self.offer)).unwrap_or_default();
        price.mul_div_floor(millionths, 1_000_000).unwrap_or_default()
    }
}

impl Strategy for Bribed {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        if sight.audits || !sight.cheats(self.share, &self.key) {
            return sight.work();
        }
        let member = sight.about.phase.committee().iter();
        let seats =
            member.filter(|one| one.operator == sight.operator).map(|one| one.seats.0).sum();
        self.lied.entry(sight.task).or_default().insert(sight.operator, seats);
        let reading = Reading { shift: micros(self.shift), ..Reading::default() };
        Work::Write { reading, effort: WHOLE }
    }

    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let (ledger, each) = (scene.world.ledger(), self.seat(scene));
        let mut deeds = Vec::new();
        self.lied.retain(|task, liars| {
            let Some(known) = ledger.tasks.get(task) else { return true };
            if !matches!(known.phase, Phase::Final { .. } | Phase::Void { .. }) {
                return true;
            }
            let outcome = ledger.outcomes.get(task);
            for (operator, seats) in liars {
                let stands = outcome.is_some_and(|outcome| {
                    let mine = outcome.members.iter().find(|one| one.operator == *operator);
                    let score = mine.filter(|one| one.counts()).and_then(|one| one.score);
                    let near = |score: probity_primitives::Score| {
                        score.distance(outcome.score) <= outcome.tolerance
                    };
                    outcome.state != OutcomeState::Overturned && score.is_some_and(near)
                });
                let place = scene.places.iter().find(|place| scene.is(**place, operator));
                let actor = place.and_then(|place| scene.world.actors.get(*place));
                let Some(actor) = actor.filter(|_| stands != self.if_lost) else { continue };
                let amount = each.checked_mul(u128::from(*seats)).unwrap_or_default();
                let to: Address = Address::of(&actor.owner.public(), NETWORK);
                let message = Message::Transfer(Transfer { to, amount });
                deeds.push(Deed { by: Hand::Person(BRIBER), message });
            }
            false
        });
        deeds
    }
}
