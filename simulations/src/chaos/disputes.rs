//! Disputes, appeals and ballots of random people: some true, some false, some nonsense.

use probity_primitives::{Keypair, OperatorId};
use probity_protocol::dispute::message::{
    Challenge, FundAppeal, ImplicateMember, OpenDispute, PlayDispute, ReportBallot,
};
use probity_protocol::dispute::{
    Bench, Dispute, DisputeBallot, Ruling, Rung, Side, Stage, level_cost,
};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::JuryPhase;
use probity_runtime::Message;

use super::Luck;
use crate::disputes::{content, open, stretch};
use crate::world::{World, WorldError};

type Wish = Option<(Keypair, Message)>;

impl World {
    pub(super) fn dispute_wish(
        &self,
        kind: u8,
        sender: &Keypair,
        luck: &mut Luck,
    ) -> Result<Wish, WorldError> {
        let message = match kind {
            32 => {
                let task = self.task(luck, |phase| phase == TaskPhase::Provisional);
                self.challenge(task, luck.below(2) == 0)?
            }
            33 => self.member_wish(luck)?,
            34 => self.fund_wish(luck),
            35 => self.leak_wish(luck),
            _ => self.leaf_wish(luck)?,
        };
        Ok(message.map(|message| (sender.clone(), message)))
    }

    /// Says of a member that its transcript is false, or withheld.
    fn member_wish(&self, luck: &mut Luck) -> Result<Option<Message>, WorldError> {
        let id = self.task(luck, |phase| phase == TaskPhase::Provisional);
        let Some(task) = self.ledger().tasks.get(&id) else { return Ok(None) };
        let members: Vec<OperatorId> =
            task.phase.committee().iter().map(|member| member.operator).collect();
        let Some(member) = luck.pick(&members) else { return Ok(None) };
        let items = usize::try_from(task.frozen.items).unwrap_or(1);
        let item = u32::try_from(luck.below(items)).unwrap_or_default();
        let theirs = self.revealed(id, task, member)?;
        let stated = theirs.as_ref().filter(|_| luck.below(2) == 0);
        let Some(sheet) = self.sheet_of(task) else { return Ok(None) };
        let mine = self.shelf.transcript(
            sheet,
            &task.frozen,
            crate::play::engine(),
            luck.below(2) == 0,
        )?;
        let challenge = match (luck.below(3), content(&mine, item)) {
            (0, _) | (_, None) => Challenge::Withheld { member, item },
            (_, Some(claimed)) => {
                let stated = stated.and_then(|theirs| stretch(theirs, item));
                Challenge::Transcript { member, item, claimed, stated }
            }
        };
        let mut message = open(id, task, challenge);
        if let Message::OpenDispute(OpenDispute { bond, .. }) = &mut message
            && luck.below(4) == 0
        {
            *bond = luck.amount();
        }
        Ok(Some(message))
    }

    /// Pays for an appeal: all that is missing, a part, or nonsense.
    fn fund_wish(&self, luck: &mut Luck) -> Option<Message> {
        let (dispute, known) = self.disputed(luck, |stage| {
            matches!(stage, Stage::Ladder { rung: Rung::Appeal { .. }, .. })
        })?;
        let (frozen, next) =
            (&self.ledger().tasks.get(&known.task)?.frozen, known.level().saturating_add(1));
        let cost = level_cost(&frozen.dispute, frozen.seat_price, next).ok()?;
        let loser = known.ruling().map_or(Side::Defender, Ruling::loser);
        let (side, price) = match (luck.below(4), loser) {
            (0, Side::Defender) => (Side::Challenger, cost),
            (0, Side::Challenger) => (Side::Defender, cost),
            (_, loser) => (loser, cost.checked_mul(2).ok()?),
        };
        let amount = match luck.below(6) {
            0 => luck.amount(),
            1 | 2 => price.mul_div_floor(1, 2).ok()?,
            _ => price,
        };
        Some(Message::FundAppeal(FundAppeal { dispute, side, amount }))
    }

    /// Shows a juror's ballot, which nobody could know but that everyone is the same person here:
    /// usually one that is bound and not yet shown, at times any juror's.
    fn leak_wish(&self, luck: &mut Luck) -> Option<Message> {
        let bound = luck.pick(&self.bound_jurors()).filter(|_| luck.below(8) > 0);
        let (id, juror) = bound.or_else(|| {
            let (id, dispute) = self.disputed(luck, |stage| bench(stage).is_some())?;
            let jurors = bench(&dispute.stage)?.jurors.iter().map(|juror| juror.operator);
            Some((id, luck.pick(&jurors.collect::<Vec<_>>())?))
        })?;
        let dispute = self.ledger().disputes.get(&id)?;
        let actor = self.actor(&juror).ok()?;
        let task = self.ledger().tasks.get(&dispute.task)?;
        let ballot = self.vote_of(actor, id, dispute, task)?;
        Some(Message::ReportBallot(ReportBallot { ballot }))
    }

    /// The jurors that are bound to a vote while nobody may show one.
    pub(super) fn bound_jurors(&self) -> Vec<(u64, OperatorId)> {
        let mut bound = Vec::new();
        for (id, dispute) in self.ledger().disputes.iter() {
            let Some(bench) = bench(&dispute.stage) else { continue };
            if !matches!(bench.phase, JuryPhase::Commit { .. }) {
                continue;
            }
            for juror in bench.jurors.iter().map(|juror| juror.operator) {
                let sent = self.ledger().dispute_ballots.get(&(*id, juror));
                if matches!(sent, Some(DisputeBallot::Committed { .. })) {
                    bound.push((*id, juror));
                }
            }
        }
        bound
    }

    /// A leaf of some member in some dispute, asked for or not; usually that of an accomplice whom
    /// nobody accuses, if there is one.
    fn leaf_wish(&self, luck: &mut Luck) -> Result<Option<Message>, WorldError> {
        if luck.below(8) > 0
            && let Some(message) = luck.pick(&self.accomplices()?)
        {
            return Ok(Some(message));
        }
        let Some((id, dispute)) = self.disputed(luck, |_| true) else { return Ok(None) };
        let Some(task) = self.ledger().tasks.get(&dispute.task) else { return Ok(None) };
        let members: Vec<OperatorId> =
            task.phase.committee().iter().map(|member| member.operator).collect();
        let Some(member) = luck.pick(&members) else { return Ok(None) };
        let Some(transcript) = self.revealed(dispute.task, task, member)? else { return Ok(None) };
        let item = match &dispute.stage {
            Stage::Game { game } => game.middle(),
            Stage::Ladder { question, .. } => question.items().1,
            Stage::Answer { item, .. } => *item,
            Stage::Closed { .. } => 0,
        };
        let opening = transcript.open(item);
        Ok(opening.map(|opening| match luck.below(2) {
            0 => Message::PlayDispute(PlayDispute { dispute: id, opening }),
            _ => Message::ImplicateMember(ImplicateMember { dispute: id, member, opening }),
        }))
    }

    /// A dispute at a stage, or at times any.
    fn disputed(
        &self,
        luck: &mut Luck,
        wanted: impl Fn(&Stage) -> bool,
    ) -> Option<(u64, &Dispute)> {
        let any = luck.below(8) == 0;
        let all = self.ledger().disputes.iter();
        let fit: Vec<u64> =
            all.filter(|(_, one)| any || wanted(&one.stage)).map(|(id, _)| *id).collect();
        let id = luck.pick(&fit)?;
        Some((id, self.ledger().disputes.get(&id)?))
    }
}

/// The jury that sits.
fn bench(stage: &Stage) -> Option<&Bench> {
    match stage {
        Stage::Ladder { rung: Rung::Jury { bench }, .. } => Some(bench),
        Stage::Answer { .. } | Stage::Game { .. } | Stage::Ladder { .. } | Stage::Closed { .. } => {
            None
        }
    }
}
