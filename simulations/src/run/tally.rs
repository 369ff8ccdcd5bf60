//! The books: what each group earned and lost, and how good the results were.
//!
//! What a group earned is read from the ledger: the change of all that its accounts have free, bonded
//! and on the way out. To that come two things that no ledger knows, its work and what a captured
//! result is worth to it outside.
//!
//! # Invariants
//! - Every number is a sum of integers until the last division, so that it is the same everywhere.

use std::collections::BTreeMap;

use probity_primitives::{Address, Amount, Hash, Height, OperatorId, TaskId};
use probity_protocol::dispute::Ruling;
use probity_protocol::slashing::Offence;
use probity_protocol::task::{Mode, Phase, Standing};
use probity_protocol::{Bucket, Event as Fact};
use probity_runtime::receipt;

use super::course::{Course, Shelf};
use super::outcome::{EpochRow, GroupRow, Outcome};
use crate::actor::NETWORK;
use crate::agents::{Deed, micros};
use crate::scenario::Scenario;
use crate::world::World;

/// What is counted of a group.
#[derive(Debug, Clone, Default)]
struct Account {
    honest: bool,
    gain: u128,
    purse: Vec<Address>,
    began: Amount,
    seats: u64,
    worked: u128,
    outside: u128,
    slashed: Amount,
    done: u64,
    refused: u64,
    standing: [u64; 3],
}

/// The books of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    groups: Vec<Account>,
    cost: Amount,
    /// What a seat's work costs, in millionths of an evaluation.
    work: u64,
    counts: BTreeMap<&'static str, u64>,
    slashed: BTreeMap<&'static str, Amount>,
    refusals: BTreeMap<String, u64>,
    /// What stood in blocks.
    pub(super) transactions: u64,
    error: u128,
    confirming: Option<Height>,
}

impl Tally {
    pub(super) fn new(scenario: &Scenario) -> Self {
        let groups = scenario.groups.iter().map(|group| Account {
            honest: group.strategy.is_honest(),
            gain: u128::try_from(micros(group.gain.unwrap_or_default())).unwrap_or_default(),
            ..Account::default()
        });
        let work = u64::try_from(micros(scenario.tasks.work)).unwrap_or_default();
        Self { groups: groups.collect(), work, ..Self::default() }
    }

    /// Notes what everyone begins with.
    pub(super) fn open(&mut self, world: &World, places: &[Vec<usize>], purses: Vec<Vec<Address>>) {
        let class = world.ledger().params.get().class(0);
        self.cost = class.map(|class| class.seat_cost).unwrap_or_default();
        for ((account, places), purse) in self.groups.iter_mut().zip(places).zip(purses) {
            account.purse = purse;
            account.began = wealth(world, places, &account.purse);
        }
    }

    pub(super) fn count(&mut self, what: &'static str, by: u64) {
        let known = self.counts.entry(what).or_default();
        *known = known.saturating_add(by);
    }

    /// Charges a group for work, in millionths of evaluations.
    pub(super) fn work(&mut self, group: usize, effort: u64) {
        if let Some(account) = self.groups.get_mut(group) {
            let cost = u128::from(effort).saturating_mul(u128::from(self.work));
            account.worked = account.worked.saturating_add(cost / 1_000_000);
        }
    }

    pub(super) fn deed(&mut self, group: usize, _deed: &Deed, outcome: &receipt::Outcome) {
        let Some(account) = self.groups.get_mut(group) else { return };
        match outcome {
            receipt::Outcome::Ok => account.done = account.done.saturating_add(1),
            receipt::Outcome::Refused { code, .. } => {
                account.refused = account.refused.saturating_add(1);
                *self.refusals.entry(code.clone()).or_default() += 1;
            }
        }
    }

    /// Notes what happened.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most facts are not counted")]
    pub(super) fn note(
        &mut self,
        fact: &Fact,
        world: &World,
        member_of: &[(usize, usize)],
        courses: &mut BTreeMap<TaskId, Course>,
    ) {
        let group_of = |operator: &OperatorId| {
            let place = world.place(operator);
            place.and_then(|place| member_of.get(place)).map(|(group, _)| *group)
        };
        match fact {
            Fact::CommitteeDrawn { task, .. } => self.drawn(*task, world, &group_of),
            Fact::ResultPublished { task, .. } => {
                self.published(*task, world, courses.get(task), &group_of);
            }
            Fact::ResultFinal { task, score } => {
                self.ended(*task, score.micros(), world, courses.get(task));
            }
            Fact::TaskVoid { .. } => self.count("void", 1),
            Fact::Slashed { operator, offence, amount, .. } => {
                self.punished(group_of(operator), *offence, *amount);
            }
            Fact::DisputeOpened { .. } => self.count("disputes", 1),
            Fact::DisputeAppealed { .. } => self.count("appeals", 1),
            Fact::DisputeClosed { ruling, .. } => {
                self.count("disputes_won", u64::from(*ruling == Ruling::Overturn));
            }
            Fact::AuditDrawn { operators, .. } => self.count("audits", u64::from(*operators > 0)),
            Fact::AuditDiffers { .. } => self.count("audits_differ", 1),
            Fact::ResultContested { .. } => self.count("contested", 1),
            Fact::TaskReopened { .. } => self.count("reopened", 1),
            Fact::Transferred { from, amount, .. } => {
                let briber = world.people.get(crate::agents::bribed::BRIBER);
                let bribes = briber.map(|key| Address::of(&key.public(), NETWORK)) == Some(*from);
                let known = self.slashed.entry("bribes").or_default();
                *known = if bribes { sum(*known, *amount) } else { *known };
            }
            _ => {}
        }
    }

    /// Notes what became of a referendum.
    #[expect(clippy::wildcard_enum_match_arm, reason = "most facts are not counted")]
    pub(super) fn vote(&mut self, fact: &probity_dao::Event, at: Height) {
        use probity_dao::Event as Vote;
        match fact {
            Vote::ConfirmationStarted { .. } => {
                self.count("votes_confirming", 1);
                self.confirming = Some(at);
            }
            Vote::DecisionExtended { .. } => self.count("votes_extended", 1),
            Vote::ReferendumApproved { .. } => {
                self.count("votes_approved", 1);
                let since = self.confirming.map_or(0, |since| at.0.saturating_sub(since.0));
                self.count("votes_confirm_blocks", since);
            }
            Vote::ReferendumEnacted { .. } => self.count("votes_enacted", 1),
            Vote::ReferendumClosed { .. } => self.count("votes_closed", 1),
            _ => {}
        }
    }

    fn drawn(&mut self, id: TaskId, world: &World, of: &dyn Fn(&OperatorId) -> Option<usize>) {
        let Some(task) = world.ledger().tasks.get(&id) else { return };
        let Phase::Commit { committee, .. } = &task.phase else { return };
        let (mut cheats, mut all) = (0u64, 0u64);
        for member in committee {
            let seats = u64::from(member.seats.0);
            all = all.saturating_add(seats);
            let Some(account) = of(&member.operator).and_then(|g| self.groups.get_mut(g)) else {
                continue;
            };
            account.seats = account.seats.saturating_add(seats);
            cheats = cheats.saturating_add(if account.honest { 0 } else { seats });
        }
        self.count("committees", 1);
        self.count("majorities", u64::from(cheats.saturating_mul(2) > all));
    }

    fn published(
        &mut self,
        id: TaskId,
        world: &World,
        course: Option<&Course>,
        of: &dyn Fn(&OperatorId) -> Option<usize>,
    ) {
        let (Some(outcome), Some(course)) = (world.ledger().outcomes.get(&id), course) else {
            return;
        };
        self.count("published", 1);
        let wrong =
            course.is_wrong(outcome.score.micros(), allowed(outcome.mode, outcome.tolerance));
        self.count("captured_first", u64::from(wrong));
        for member in &outcome.members {
            let place = match member.standing {
                Some(Standing::Accepted) => 0,
                Some(Standing::Grey) => 1,
                Some(Standing::Flagged) => 2,
                None => continue,
            };
            let account = of(&member.operator).and_then(|group| self.groups.get_mut(group));
            if let Some(count) = account.and_then(|one| one.standing.get_mut(place)) {
                *count = count.saturating_add(u64::from(member.seats.0));
            }
        }
    }

    fn ended(&mut self, id: TaskId, score: i64, world: &World, course: Option<&Course>) {
        let (Some(outcome), Some(course)) = (world.ledger().outcomes.get(&id), course) else {
            return;
        };
        self.count("results", 1);
        self.error = self.error.saturating_add(u128::from(score.abs_diff(course.truth)));
        if !course.is_wrong(score, allowed(outcome.mode, outcome.tolerance)) {
            return;
        }
        self.count("captured", 1);
        for group in &course.liars {
            if let Some(account) = self.groups.get_mut(*group) {
                account.outside = account.outside.saturating_add(account.gain);
            }
        }
    }

    fn punished(&mut self, group: Option<usize>, offence: Offence, amount: Amount) {
        let Some(account) = group.and_then(|group| self.groups.get_mut(group)) else { return };
        account.slashed = sum(account.slashed, amount);
        let honest = account.honest;
        let known = self.slashed.entry(offence.code()).or_default();
        *known = sum(*known, amount);
        if honest && !amount.is_zero() {
            self.count("false_slashes", 1);
            let known = self.slashed.entry("false").or_default();
            *known = sum(*known, amount);
        }
    }

    /// The row of an epoch that begins.
    pub(super) fn row(&self, world: &World, places: &[Vec<usize>], epoch: u32) -> EpochRow {
        let counted = |what| self.counts.get(what).copied().unwrap_or_default();
        let payoffs =
            self.groups.iter().zip(places).map(|(one, places)| {
                self.in_costs(one, wealth(world, places, &one.purse)).payoff()
            });
        EpochRow {
            epoch,
            height: world.chain.height(),
            results: counted("results"),
            captured: counted("captured"),
            payoffs: payoffs.collect(),
        }
    }

    /// What slashes took from each group so far, in costs of one evaluation, and its seats.
    pub(super) fn so_far(&self) -> (Vec<f64>, Vec<u64>) {
        self.groups.iter().map(|one| (over(one.slashed, self.cost), one.seats)).unzip()
    }

    fn in_costs(&self, account: &Account, now: Amount) -> Costs {
        let cost = self.cost;
        let gained = over(now.checked_sub(account.began).unwrap_or_default(), cost);
        let lost = over(account.began.checked_sub(now).unwrap_or_default(), cost);
        Costs {
            ledger: gained - lost,
            worked: float(account.worked) / 1e6,
            outside: float(account.outside) / 1e6,
        }
    }

    /// What it all came to.
    pub(super) fn outcome(
        mut self,
        scenario: &Scenario,
        (world, shelf): (&World, &Shelf),
        places: &[Vec<usize>],
        root: Hash,
    ) -> Outcome {
        let refusals = std::mem::take(&mut self.refusals);
        let mut groups = Vec::new();
        for ((account, named), places) in self.groups.iter().zip(&scenario.groups).zip(places) {
            let costs = self.in_costs(account, wealth(world, places, &account.purse));
            let payoff = costs.payoff();
            let began = over(account.began, self.cost);
            groups.push(GroupRow {
                name: named.name.clone(),
                strategy: named.strategy,
                seats: account.seats,
                payoff,
                per_seat: ratio(payoff, float(account.seats.into())),
                return_ppm: ratio(payoff * 1e6, began * f64::from(scenario.epochs)),
                slashed: over(account.slashed, self.cost),
                worked: costs.worked,
                outside: costs.outside,
                ledger: costs.ledger,
                deeds: (account.done, account.refused),
            });
        }
        let kpis = self.kpis(world, shelf, &groups);
        let (height, transactions) = (world.chain.height(), self.transactions);
        Outcome { kpis, groups, height, state_root: root, transactions, refusals }
    }

    /// What the public benchmark and its dataset are owed.
    fn royalties(&self, world: &World, shelf: &Shelf) -> f64 {
        let owed = [shelf.benchmark, shelf.dataset].map(Bucket::RoyaltyDue);
        owed.into_iter().map(|bucket| over(world.ledger().balance(bucket), self.cost)).sum()
    }

    fn kpis(&self, world: &World, shelf: &Shelf, groups: &[GroupRow]) -> BTreeMap<String, f64> {
        let mut kpis = BTreeMap::new();
        let mut put = |name: &str, value: f64| {
            kpis.insert(name.to_owned(), value);
        };
        let counted = |what| float(self.counts.get(what).copied().unwrap_or_default().into());
        for name in [
            "results",
            "void",
            "captured",
            "captured_first",
            "published",
            "committees",
            "majorities",
            "disputes",
            "disputes_won",
            "appeals",
            "audits",
            "audits_differ",
            "contested",
            "reopened",
            "false_slashes",
            "votes_confirming",
            "votes_confirm_blocks",
            "votes_extended",
            "votes_approved",
            "votes_enacted",
            "votes_closed",
        ] {
            put(name, counted(name));
        }
        put("captured_share", ratio(counted("captured"), counted("results")));
        put("captured_first_share", ratio(counted("captured_first"), counted("published")));
        put("score_error", ratio(float(self.error) / 1e6, counted("results")));
        put("royalties.original", self.royalties(world, shelf));
        put("bribes", over(self.slashed.get("bribes").copied().unwrap_or_default(), self.cost));
        for (code, amount) in self.slashed.iter().filter(|(code, _)| *code != &"bribes") {
            put(&format!("slashed.{code}"), over(*amount, self.cost));
        }
        let supply = world.ledger().supply.get();
        put("burned", over(supply.burned, self.cost));
        put("supply_tokens", over(supply.expected().unwrap_or_default(), Amount::from_tokens(1)));
        for honest in [true, false] {
            let side = if honest { "honest" } else { "attack" };
            let ours =
                || groups.iter().zip(&self.groups).filter(move |(_, one)| one.honest == honest);
            let seats: u64 = ours().map(|(row, _)| row.seats).sum();
            let payoff: f64 = ours().map(|(row, _)| row.payoff).sum();
            let began: f64 = ours().map(|(_, one)| over(one.began, self.cost)).sum();
            let slashed: f64 = ours().map(|(row, _)| row.slashed).sum();
            put(&format!("{side}.payoff"), payoff);
            put(&format!("{side}.per_seat"), ratio(payoff, float(seats.into())));
            put(&format!("{side}.return_ppm"), ratio(payoff * 1e6, began));
            put(&format!("{side}.slashed"), slashed);
            let stood = |place: usize| -> u64 {
                ours().filter_map(|(_, one)| one.standing.get(place)).sum()
            };
            let all = float(stood(0).saturating_add(stood(1)).saturating_add(stood(2)).into());
            put(&format!("{side}.grey_share"), ratio(float(stood(1).into()), all));
            put(&format!("{side}.flagged_share"), ratio(float(stood(2).into()), all));
        }
        for row in groups {
            put(&format!("group.{}.payoff", row.name), row.payoff);
            put(&format!("group.{}.per_seat", row.name), row.per_seat);
            put(&format!("group.{}.slashed", row.name), row.slashed);
            put(&format!("group.{}.outside", row.name), row.outside);
        }
        kpis
    }
}

/// What a group gained, in costs of one evaluation.
struct Costs {
    ledger: f64,
    worked: f64,
    outside: f64,
}

impl Costs {
    fn payoff(&self) -> f64 {
        self.ledger + self.outside - self.worked
    }
}

/// By how much a score may differ from the truth: not at all where everyone must find the same.
const fn allowed(mode: Mode, tolerance: u64) -> u64 {
    match mode {
        Mode::Exact => 0,
        Mode::Tolerant => tolerance,
    }
}

/// All that a group's accounts have: free, bonded, and on the way out.
fn wealth(world: &World, places: &[usize], purse: &[Address]) -> Amount {
    let ledger = world.ledger();
    let actors = places.iter().filter_map(|place| world.actors.get(*place));
    let accounts = actors
        .flat_map(|actor| [actor.owner_address(), actor.key_address()])
        .chain(purse.iter().copied());
    let held = accounts.map(|address| {
        let free = ledger.accounts.get(&address).map(|known| known.free).unwrap_or_default();
        let bonded = ledger.stakes_of(address).map(|(operator, stake)| {
            ledger.pool(&operator).value_of(stake.shares).unwrap_or_default()
        });
        let leaving = ledger.claims_of(address).map(|(operator, epoch, claim)| {
            ledger.leaving(&operator, epoch).value_of(claim.shares).unwrap_or_default()
        });
        bonded.chain(leaving).fold(free, sum)
    });
    held.fold(Amount::ZERO, sum)
}

/// A sum of money that exists, and so can be counted.
fn sum(some: Amount, more: Amount) -> Amount {
    some.checked_add(more).unwrap_or(some)
}

/// How many times one amount holds another.
fn over(amount: Amount, unit: Amount) -> f64 {
    ratio(float(amount.units()), float(unit.units()))
}

fn ratio(of: f64, by: f64) -> f64 {
    if by == 0.0 { 0.0 } else { of / by }
}

#[expect(clippy::as_conversions, reason = "the one way from an integer to a number; it rounds")]
const fn float(value: u128) -> f64 {
    value as f64
}
