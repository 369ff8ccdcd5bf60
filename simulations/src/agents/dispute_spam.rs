//! Dispute spam and bond exhaustion: right results are challenged, to delay them or to out-fund those
//! who defend them.
//!
//! Spam says of members that they withhold their transcripts, which they answer. Exhaustion says that a
//! leaf is false, which a jury judges, and pays for every appeal up to the holders.
//!
//! Source: Arbitrum's `BoLD` (delay attacks); Augur's and Kleros' bond ladders.

use std::collections::BTreeSet;

use probity_primitives::{Address, Amount};
use probity_protocol::dispute::message::{Challenge, FundAppeal, OpenDispute};
use probity_protocol::dispute::{Rung, Side, Stage, level_cost};
use probity_protocol::task::{Opened, Phase};
use probity_runtime::Message;

use super::{Deed, Hand, Scene, Strategy};
use crate::actor::NETWORK;

/// Accounts that challenge what is right.
#[derive(Debug)]
pub(super) struct DisputeSpam {
    /// How many disputes an epoch.
    pub(super) per_epoch: u32,
    /// Whether juries are asked, and appealed to.
    pub(super) exhausts: bool,
    pub(super) left: u32,
    pub(super) seen: BTreeSet<probity_primitives::TaskId>,
}

impl DisputeSpam {
    /// Someone who has not begun.
    pub(super) const fn new(per_epoch: u32, exhausts: bool) -> Self {
        Self { per_epoch, exhausts, left: 0, seen: BTreeSet::new() }
    }

    fn challenges(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let ledger = scene.world.ledger();
        let mut deeds = Vec::new();
        for (id, course) in scene.world.ledger().outcomes.iter() {
            let Some(task) = ledger.tasks.get(id) else { continue };
            let fresh = matches!(task.phase, Phase::Provisional { .. }) && !self.seen.contains(id);
            let (Some(place), true) = (scene.places.first(), fresh && self.left > 0) else {
                continue;
            };
            // Members of its own are not bothered.
            let ours = |operator| scene.places.iter().any(|place| scene.is(*place, operator));
            let member = course.members.iter().find(|one| one.counts() && !ours(&one.operator));
            let Some(member) = member.map(|one| one.operator) else { continue };
            let challenge = if self.exhausts {
                let Some((stated, claimed)) = scene.world.contradiction(*id, member) else {
                    continue;
                };
                let claimed: Opened = claimed;
                Challenge::Transcript { member, item: 0, claimed, stated: Some(stated) }
            } else {
                Challenge::Withheld { member, item: 0 }
            };
            let bond = Amount::from_tokens(100_000);
            let open = OpenDispute { task: *id, round: task.round, challenge, bond };
            deeds.push(Deed { by: Hand::Owner(*place), message: Message::OpenDispute(open) });
            self.seen.insert(*id);
            self.left = self.left.saturating_sub(1);
        }
        deeds
    }

    fn appeals(scene: &Scene<'_>) -> Vec<Deed> {
        let ledger = scene.world.ledger();
        let Some(place) = scene.places.first() else { return Vec::new() };
        let Some(actor) = scene.world.actors.get(*place) else { return Vec::new() };
        let me = Address::of(&actor.owner.public(), NETWORK);
        let lost = ledger.disputes.iter().filter_map(|(id, dispute)| {
            let Stage::Ladder { rung: Rung::Appeal { ruling, next, .. }, .. } = &dispute.stage
            else {
                return None;
            };
            let mine = dispute.challenger.account() == Some(me);
            let unpaid = next.challenger.sum().is_ok_and(|sum| sum.is_zero());
            let task = ledger.tasks.get(&dispute.task)?;
            let level = dispute.level().saturating_add(1);
            let cost = level_cost(&task.frozen.dispute, task.frozen.seat_price, level).ok()?;
            let amount = cost.checked_mul(2).ok()?;
            (mine && unpaid && ruling.loser() == Side::Challenger).then_some((*id, amount))
        });
        lost.map(|(dispute, amount)| {
            let fund = FundAppeal { dispute, side: Side::Challenger, amount };
            Deed { by: Hand::Owner(*place), message: Message::FundAppeal(fund) }
        })
        .collect()
    }
}

impl Strategy for DisputeSpam {
    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        if scene.epoch.is_some() {
            self.left = self.per_epoch;
        }
        let mut deeds = self.challenges(scene);
        if self.exhausts {
            deeds.extend(Self::appeals(scene));
        }
        deeds
    }
}
