//! Self-report laundering: equivocates, and lets an accomplice collect the reporter's share.
//!
//! Source: Ethereum's whistleblower rewards; `docs/spec/12-slashing.md` (the reporter gets 20 %).

use probity_primitives::{Address, Domain, Hash};
use probity_protocol::task::message::{Statement, SubmitEvidence};
use probity_protocol::task::{Phase, Submission};
use probity_runtime::Message;

use super::{Deed, Hand, Scene, Strategy};
use crate::actor::NETWORK;

/// The accomplice.
pub(crate) const ACCOMPLICE: usize = 2;

/// Operators that report themselves.
#[derive(Debug, Default)]
pub(super) struct SelfReport {
    pub(super) purse: Vec<Address>,
    pub(super) done: usize,
}

impl SelfReport {
    /// Operators with an accomplice.
    pub(super) fn with(key: &probity_primitives::Keypair) -> Self {
        Self { purse: vec![Address::of(&key.public(), NETWORK)], done: 0 }
    }
}

impl Strategy for SelfReport {
    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let ledger = scene.world.ledger();
        let Some(place) = scene.places.get(self.done) else { return Vec::new() };
        let Some(actor) = scene.world.actors.get(*place) else { return Vec::new() };
        let bound = ledger.tasks.iter().find_map(|(id, task)| {
            let sent = ledger.submissions.get(&(*id, actor.id()));
            match (&task.phase, sent) {
                (Phase::Commit { .. }, Some(Submission::Committed { commitment })) => {
                    Some((*id, task.round, *commitment))
                }
                _ => None,
            }
        });
        let Some((task, round, commitment)) = bound else { return Vec::new() };
        self.done = self.done.saturating_add(1);
        let other = Hash::of(Domain::Seed, &("another", commitment));
        let state = |hash| scene.world.attest(actor, task, round, Statement::Commit(hash));
        let evidence = SubmitEvidence {
            first: state(commitment),
            second: state(other),
            key: actor.key.public(),
        };
        vec![Deed { by: Hand::Person(ACCOMPLICE), message: Message::SubmitEvidence(evidence) }]
    }

    fn purse(&self) -> Vec<Address> {
        self.purse.clone()
    }
}
