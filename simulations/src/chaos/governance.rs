//! Chaos in governance: people submit, vote, delegate and change their minds.

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Side, Track};
use probity_primitives::{Address, Amount, BoundedString, BoundedVec, ContentHash, Keypair};
use probity_runtime::Message;
use probity_runtime::governance::message::{
    CastVote, Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate,
};
use probity_runtime::governance::parameters;

use super::Luck;
use crate::actor::NETWORK;
use crate::world::{World, WorldError};

/// The kinds of acts of governance, after all others.
pub const KINDS: std::ops::Range<u8> = 24..32;

/// The tracks that have something to decide.
const TRACKS: [Track; 5] =
    [Track::Root, Track::Parameters, Track::LargeSpend, Track::SmallSpend, Track::Cancel];

impl World {
    /// What someone wants of governance, and who sends it.
    pub(super) fn govern_wish(
        &self,
        kind: u8,
        sender: &Keypair,
        luck: &mut Luck,
    ) -> Result<(Keypair, Message), WorldError> {
        let referendum = self.referendum(luck);
        let track = luck.pick(&TRACKS).unwrap_or(Track::Root);
        let message = match kind {
            24 => self.submission(track, luck)?,
            25..=27 => {
                let ballot = self.ballot(sender, luck);
                Message::CastVote(CastVote { referendum, ballot })
            }
            28 => {
                let given: Vec<(Address, Track)> =
                    self.chain.dao().delegations.iter().map(|(key, _)| *key).collect();
                let (account, track) = luck.pick(&given).unwrap_or((address(sender), track));
                if luck.below(2) == 0 {
                    let thin = luck.pick(&self.thin()).filter(|_| luck.below(8) > 0);
                    let (account, track) = thin.unwrap_or((account, track));
                    Message::TrimDelegation(TrimDelegation { account, track })
                } else {
                    let message = Message::Undelegate(Undelegate { track });
                    return Ok((self.key_of(Some(account), sender, luck), message));
                }
            }
            29 => {
                let voted = self.chain.dao().votes.iter().map(|(key, _)| *key);
                let (referendum, account) =
                    luck.pick(&voted.collect::<Vec<_>>()).unwrap_or((referendum, address(sender)));
                let message = Message::RemoveVote(RemoveVote { referendum });
                return Ok((self.key_of(Some(account), sender, luck), message));
            }
            _ => {
                let to = address(&self.someone(luck));
                let (amount, conviction) = (self.part_of(sender, luck), conviction(luck));
                Message::Delegate(Delegate { track, to, amount, conviction })
            }
        };
        Ok((sender.clone(), message))
    }

    /// The delegations whose givers hold less than they gave: fees and slashes took it.
    pub(super) fn thin(&self) -> Vec<(Address, Track)> {
        let given = self.chain.dao().delegations.iter();
        let short = given.filter(|((account, _), known)| {
            self.ledger().holdings(*account).is_ok_and(|held| held < known.amount)
        });
        short.map(|(key, _)| *key).collect()
    }

    /// A little more than what a message of governance costs.
    fn fee_at_most(&self) -> Amount {
        let fees = &self.ledger().params.get().fees;
        let bytes = fees.per_byte.checked_mul(512).unwrap_or_default();
        fees.governance.checked_add(bytes).unwrap_or_default()
    }

    /// One that is open, if there is one, and at times any.
    fn referendum(&self, luck: &mut Luck) -> ReferendumId {
        let open = self.chain.dao().snapshots.iter().map(|((_, id), ())| *id);
        let open: Vec<ReferendumId> = open.collect();
        let any = ReferendumId(u64::try_from(luck.below(9)).unwrap_or_default());
        luck.pick(&open).filter(|_| luck.below(9) > 0).unwrap_or(any)
    }

    /// Usually a part of what someone holds, at times anything.
    fn part_of(&self, sender: &Keypair, luck: &mut Luck) -> Amount {
        let held = self.ledger().holdings(address(sender)).unwrap_or_default();
        let part = u128::try_from(luck.below(101)).unwrap_or_default();
        let part = held.mul_div_floor(part, 100).unwrap_or_default();
        match luck.below(8) {
            0 => luck.amount(),
            // All that the fee leaves: the next fee or slash then leaves less than was promised.
            1 => held.checked_sub(self.fee_at_most()).unwrap_or_default(),
            _ => part,
        }
    }

    fn ballot(&self, sender: &Keypair, luck: &mut Luck) -> Ballot {
        let amount = self.part_of(sender, luck);
        if luck.below(4) == 0 {
            let third = amount.mul_div_floor(1, 3).unwrap_or_default();
            return Ballot::Split { aye: third, nay: third, abstain: third };
        }
        let sides = [Side::Aye, Side::Aye, Side::Nay, Side::NayWithVeto];
        let side = luck.pick(&sides).unwrap_or(Side::Aye);
        Ballot::Whole { side, conviction: conviction(luck), amount }
    }

    fn submission(&self, track: Track, luck: &mut Luck) -> Result<Message, WorldError> {
        let action = match track {
            Track::LargeSpend | Track::SmallSpend => {
                let units = Amount::from_units(luck.next() % 100_000);
                Action::Spend { to: address(&self.someone(luck)), amount: units }
            }
            Track::Cancel => Action::CancelReferendum { referendum: self.referendum(luck) },
            Track::Root | Track::Parameters if luck.below(2) == 0 => {
                let hash = ContentHash::of_file(&luck.next().to_le_bytes());
                Action::Text { hash }
            }
            Track::Root | Track::Parameters | Track::Supply | Track::Dispute | Track::Pause => {
                self.change(luck)?
            }
        };
        let title = BoundedString::new("chaos")?;
        Ok(Message::SubmitReferendum(SubmitReferendum { track, title, action }))
    }

    /// A small change of a fee, from what is in force.
    fn change(&self, luck: &mut Luck) -> Result<Action, WorldError> {
        let names = ["fees.evidence", "fees.registry", "fees.staking", "fees.transfer"];
        let path = luck.pick(&names).unwrap_or("fees.transfer");
        let (rules, dao) = (self.ledger().params.get(), self.chain.dao().params.get());
        let before = parameters::value(rules, dao, path).unwrap_or_default();
        let units: u128 = before.trim_matches('"').parse().unwrap_or_default();
        let after = units.saturating_add(luck.next() % 100_000);
        let change = Change {
            path: BoundedString::new(path)?,
            before: BoundedString::new(before)?,
            after: BoundedString::new(format!("\"{after}\""))?,
        };
        Ok(Action::ChangeParameters { changes: BoundedVec::from_vec(vec![change])? })
    }
}

fn address(key: &Keypair) -> Address {
    Address::of(&key.public(), NETWORK)
}

fn conviction(luck: &mut Luck) -> Conviction {
    luck.pick(&Conviction::ALL).unwrap_or(Conviction::Once)
}
