//! Lives: long sequences in which what happens next is drawn by what the present state has.
//!
//! [`World::happen`] draws evenly from everything that anyone might do; most of it is refused, and
//! what a rare state makes possible (an appeal, a vote on a dispute, a window that waits for the
//! holders) is seldom hit. A life counts first ([`Census`]) and gives each choice a weight by that
//! count, so that ten thousand steps keep every part of the rules busy and its tables bounded.
//!
//! # Invariants
//! - A life is a function of its world and its seeds.
//! - No choice has a weight where nothing could come of it; refusals come from what a choice draws.
//!
//! Spec: `docs/spec/18-invariants.md`.

use probity_dao::{Action, Ballot, Conviction, ReferendumId, Ruling, Side, Track};
use probity_primitives::{Address, Amount, BoundedString, Height};
use probity_protocol::dispute::{Rung, Stage};
use probity_protocol::event::TaskPhase;
use probity_protocol::pause;
use probity_protocol::slashing::SlashState;
use probity_protocol::staking::Standing;
use probity_protocol::supply::caps;
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, SubmitReferendum};

use super::{Act, Luck};
use crate::actor::{Behaviour, NETWORK};
use crate::world::{World, WorldError};

/// What may happen next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// An act of a kind.
    Kind(u8),
    /// Every operator sends what is due, in one block.
    Work,
    /// Every operator is honest from now on.
    Heal,
    /// Someone in a committee that is at work lies from now on, or most of it does.
    Tempt,
    /// Someone disputes a result that is wrong.
    Doubt,
    /// The challenger of a dispute makes its move.
    Move,
    /// An owner of much votes aye on an open referendum.
    Agree,
    /// Someone asks the holders for what the state makes possible now.
    Ask(Wanted),
}

/// What the holders are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// What may be minted.
    Mint,
    /// A pause.
    Pause,
    /// A version, far off.
    Upgrade,
    /// No such version.
    CancelUpgrade,
    /// A ruling on a dispute.
    Ruling(u64),
    /// A waiting slash back.
    Slash(u64),
    /// A suspended window, resumed or reverted.
    Window(u64),
}

/// How much of everything there is, each count up to a limit.
struct Census {
    tasks: usize,
    working: usize,
    provisional: usize,
    wrong: usize,
    moves: usize,
    disputes: usize,
    appeals: usize,
    juries: usize,
    bound: usize,
    accomplices: usize,
    referenda: usize,
    votes: usize,
    delegations: usize,
    thin: usize,
    claims: usize,
    active: usize,
    jailed: usize,
    royalties: usize,
    liars: usize,
}

impl Census {
    fn of(world: &World) -> Result<Self, WorldError> {
        let (ledger, dao) = (world.ledger(), world.chain.dao());
        let standing = |wanted: fn(Standing) -> bool| {
            ledger.operators.iter().filter(|(_, known)| wanted(known.standing)).count()
        };
        let at = |wanted: fn(&Stage) -> bool| {
            ledger.disputes.iter().filter(|(_, known)| wanted(&known.stage)).count()
        };
        let tasks = |phase: TaskPhase| {
            ledger.tasks.iter().filter(|(_, one)| one.phase.name() == phase).count()
        };
        Ok(Self {
            tasks: usize::try_from(ledger.counters.get().open_tasks).unwrap_or(usize::MAX),
            working: tasks(TaskPhase::Commit),
            provisional: tasks(TaskPhase::Provisional),
            wrong: world.wrong()?.len(),
            moves: world.challengers_turns(),
            disputes: at(|stage| !matches!(stage, Stage::Closed { .. })),
            appeals: at(|stage| matches!(stage, Stage::Ladder { rung: Rung::Appeal { .. }, .. })),
            juries: at(|stage| matches!(stage, Stage::Ladder { rung: Rung::Jury { .. }, .. })),
            bound: world.bound_jurors().len(),
            accomplices: world.accomplices()?.len(),
            referenda: dao.snapshots.len(),
            votes: dao.votes.len(),
            delegations: dao.delegations.len(),
            thin: world.thin().len(),
            claims: ledger.claims.len(),
            active: standing(|one| one == Standing::Active),
            jailed: standing(|one| matches!(one, Standing::Jailed { .. })),
            royalties: ledger
                .buckets
                .iter()
                .filter(|(bucket, _)| matches!(bucket, probity_protocol::Bucket::RoyaltyDue(_)))
                .count(),
            liars: world.actors.iter().filter(|one| one.behaviour != Behaviour::Honest).count(),
        })
    }

    /// Every kind of act with its weight.
    fn kinds(&self) -> Vec<(usize, Choice)> {
        let few = |count: usize, enough: usize, weight: usize| {
            if count < enough { weight } else { usize::from(count < 2 * enough) }
        };
        let each = |count: usize, weight: usize, most: usize| count.min(most) * weight;
        let some = |count: usize, weight: usize| if count > 0 { weight } else { 0 };
        vec![
            (2, Choice::Kind(2)),
            (few(self.liars, 3, 3), Choice::Kind(3)),
            (1, Choice::Kind(4)),
            (4, Choice::Kind(5)),
            (6, Choice::Kind(7)),
            (3, Choice::Kind(9)),
            (each(self.claims, 1, 4), Choice::Kind(11)),
            (each(self.jailed, 5, 4), Choice::Kind(12)),
            (1 + few(self.active, 7, 8), Choice::Kind(13)),
            (2, Choice::Kind(14)),
            (2, Choice::Kind(15)),
            (2, Choice::Kind(16)),
            (1, Choice::Kind(17)),
            (2 + each(self.royalties, 1, 4), Choice::Kind(18)),
            (few(self.tasks, 4, 12), Choice::Kind(19)),
            // Equivocation bars an operator for good.
            (if self.active > 6 { 3 } else { 0 }, Choice::Kind(21)),
            (some(self.tasks, 2), Choice::Kind(22)),
            (some(self.tasks, 1), Choice::Kind(23)),
            (few(self.referenda, 5, 8), Choice::Kind(24)),
            (each(self.referenda, 3, 5), Choice::Kind(25)),
            (each(self.delegations, 1, 4) + each(self.thin, 4, 2), Choice::Kind(28)),
            (each(self.votes, 1, 3), Choice::Kind(29)),
            (few(self.delegations, 6, 4), Choice::Kind(30)),
            (each(self.provisional, 6, 3), Choice::Kind(32)),
            (each(self.provisional, 3, 3), Choice::Kind(33)),
            (each(self.appeals, 40, 2), Choice::Kind(34)),
            (each(self.juries, 2, 2) + each(self.bound, 4, 3), Choice::Kind(35)),
            (each(self.disputes, 2, 3) + each(self.accomplices, 20, 2), Choice::Kind(36)),
            (each(self.wrong, 40, 2), Choice::Doubt),
            (4 + each(self.tasks + self.disputes, 8, 5) + each(self.juries, 20, 2), Choice::Work),
            (some(self.liars, 1), Choice::Heal),
            (if self.liars == 0 { each(self.working, 4, 3) } else { 0 }, Choice::Tempt),
            (each(self.moves, 30, 2), Choice::Move),
            (each(self.referenda, 5, 5), Choice::Agree),
        ]
    }
}

impl World {
    /// Lets one thing happen that the present state makes likely, and says what.
    ///
    /// # Errors
    /// As [`World::happen`].
    pub fn live(&mut self, seed: u64) -> Result<Choice, WorldError> {
        let mut luck = Luck { seed, drawn: 0 };
        let mut choices = Census::of(self)?.kinds();
        choices.extend(self.possible().into_iter().map(|(weight, one)| (weight, Choice::Ask(one))));
        let mut place = luck.below(choices.iter().map(|(weight, _)| weight).sum());
        let drawn = choices.into_iter().find(|(weight, _)| {
            let hit = place < *weight;
            place = place.saturating_sub(*weight);
            hit
        });
        let choice = drawn.map_or(Choice::Work, |(_, choice)| choice);
        match choice {
            Choice::Kind(kind) => {
                self.happen(Act { kind, seed: seed.wrapping_mul(2).wrapping_add(1) })?
            }
            Choice::Work => {
                self.act()?;
                self.step()?;
            }
            Choice::Heal => self.heal(),
            Choice::Tempt => self.tempt(&mut luck),
            Choice::Doubt => self.doubt(&mut luck)?,
            Choice::Move => self.move_on(&mut luck)?,
            Choice::Agree => self.agree(&mut luck)?,
            Choice::Ask(wanted) => self.ask(wanted, &mut luck)?,
        }
        Ok(choice)
    }

    /// Makes every operator honest.
    pub fn heal(&mut self) {
        for actor in &mut self.actors {
            actor.behaviour = Behaviour::Honest;
        }
    }

    /// What the holders may be asked for now, with weights.
    fn possible(&self) -> Vec<(usize, Wanted)> {
        let (ledger, height) = (self.ledger(), self.chain.height());
        let mut possible = Vec::new();
        if !caps(ledger, height).least().is_zero() {
            possible.push((2, Wanted::Mint));
        }
        if pause::until(ledger, height).is_none() {
            possible.push((1, Wanted::Pause));
        }
        possible.push(match ledger.protocol.get().planned {
            Some(_) => (2, Wanted::CancelUpgrade),
            None => (1, Wanted::Upgrade),
        });
        for (id, dispute) in ledger.disputes.iter() {
            if matches!(&dispute.stage, Stage::Ladder { rung: Rung::Vote { .. }, .. }) {
                possible.push((20, Wanted::Ruling(*id)));
            }
        }
        let mut slashes = ledger.slashes.iter();
        if let Some((id, _)) = slashes.next() {
            possible.push((2, Wanted::Slash(*id)));
        }
        let suspended = ledger.slashes.iter().any(|(_, one)| one.state == SlashState::Suspended);
        if suspended && let Some((window, _)) = ledger.windows.iter().next() {
            possible.push((6, Wanted::Window(*window)));
        }
        possible
    }

    /// Someone submits a referendum about what the state makes possible.
    fn ask(&mut self, wanted: Wanted, luck: &mut Luck) -> Result<(), WorldError> {
        let known = self.ledger().protocol.get().version;
        let half = luck.below(2) == 0;
        let (track, action) = match wanted {
            Wanted::Mint => {
                let amount = caps(self.ledger(), self.chain.height()).least();
                let amount = if half { amount } else { luck.amount() };
                (Track::Supply, Action::Mint { amount })
            }
            Wanted::Pause => {
                let blocks = u64::try_from(luck.below(60)).unwrap_or_default();
                (Track::Pause, Action::Pause { blocks })
            }
            Wanted::Upgrade => {
                // Beyond the end of every life: this program has no later version.
                let height = Height(self.chain.height().0.saturating_add(10_000_000));
                let version = known.saturating_add(1);
                (Track::Root, Action::Upgrade { version, height })
            }
            Wanted::CancelUpgrade => {
                let version = known.saturating_add(u32::from(half));
                (Track::Cancel, Action::CancelUpgrade { version })
            }
            Wanted::Ruling(dispute) => {
                let rulings = [Ruling::Uphold, Ruling::Overturn, Ruling::Void];
                let ruling = luck.pick(&rulings).unwrap_or(Ruling::Void);
                (Track::Dispute, Action::RuleDispute { dispute, ruling })
            }
            Wanted::Slash(slash) => (Track::Cancel, Action::RevertSlash { slash }),
            Wanted::Window(window) if half => (Track::Cancel, Action::ResumeWindow { window }),
            Wanted::Window(window) => (Track::Cancel, Action::RevertWindow { window }),
        };
        let title = BoundedString::new("a life")?;
        let message = Message::SubmitReferendum(SubmitReferendum { track, title, action });
        let sender = self.someone(luck);
        self.attempt(&sender, message)
    }

    /// An owner votes aye with most of what it has, on the newest referendum or any other.
    fn agree(&mut self, luck: &mut Luck) -> Result<(), WorldError> {
        let open: Vec<ReferendumId> =
            self.chain.dao().snapshots.iter().map(|((_, id), ())| *id).collect();
        let newest = open.iter().max().copied().filter(|_| luck.below(2) == 0);
        let Some(referendum) = newest.or_else(|| luck.pick(&open)) else { return Ok(()) };
        let Some(owner) = luck.pick(&self.actors).map(|actor| actor.owner) else { return Ok(()) };
        let held = self.ledger().holdings(Address::of(&owner.public(), NETWORK));
        let amount: Amount = held.unwrap_or_default().mul_div_floor(3, 4).unwrap_or_default();
        let ballot = Ballot::Whole { side: Side::Aye, conviction: Conviction::Once, amount };
        self.attempt(&owner, Message::CastVote(CastVote { referendum, ballot }))
    }
}
