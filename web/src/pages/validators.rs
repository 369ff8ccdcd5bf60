//! Operators: the table of all, and what the results that are kept say of each.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_primitives::{Amount, OperatorId};
use probity_protocol::Ledger;
use probity_protocol::staking::{Operator, Standing as Work};
use probity_protocol::task::{Counting, Outcome, Standing};
use probity_runtime::query::MAX_SCAN;
use serde::Deserialize;

use super::artifacts::percent;
use super::frame::{Frame, page};
use super::names::Name;
use super::outcome::State as Chip;
use super::words::{aligned, count, micros, part, roughly, share};
use crate::error::ApiError;
use crate::extract::Args;
use crate::routes::App;

/// How many operators a page shows.
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListArgs {
    #[serde(default)]
    sort: Sort,
    #[serde(default)]
    after: usize,
}

/// By what the table is sorted, largest or most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Sort {
    #[default]
    Stake,
    Results,
    Agreement,
    Rewards,
}

/// What an operator's results say of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    pub(super) results: u64,
    accepted: u64,
    excluded: u64,
    pub(super) grey: u64,
    pub(super) flagged: u64,
    pub(super) silent: u64,
    pub(super) paid: Amount,
    /// Distances from the result in parts per million of the tolerance, ascending once sorted.
    deviations: Vec<u64>,
}

impl Record {
    /// Adds a result in which the operator had a part.
    pub(super) fn add(
        &mut self,
        outcome: &Outcome,
        member: &probity_protocol::task::MemberOutcome,
    ) {
        self.results = self.results.saturating_add(1);
        let tally = match (member.counting, member.standing) {
            // Proven false later, whatever it was taken for at first.
            (Counting::Excluded, Some(Standing::Accepted)) => &mut self.excluded,
            (_, Some(Standing::Accepted)) => &mut self.accepted,
            (_, Some(Standing::Grey)) => &mut self.grey,
            (_, Some(Standing::Flagged)) => &mut self.flagged,
            (_, None) => &mut self.silent,
        };
        *tally = tally.saturating_add(1);
        self.paid = self.paid.checked_add(member.paid).unwrap_or(self.paid);
        if let Some(own) = member.score {
            let apart = own.micros().abs_diff(outcome.score.micros());
            self.deviations.push(apart);
        }
    }

    pub(super) fn agreement(&self) -> probity_primitives::Ppm {
        part(self.accepted.into(), self.results.into())
    }

    /// The median distance from the results, in micro-units.
    pub(super) fn median(&self) -> Option<u64> {
        let mut sorted = self.deviations.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// The records of all operators, over the results that are kept.
fn records(ledger: &Ledger) -> BTreeMap<OperatorId, Record> {
    let mut records: BTreeMap<OperatorId, Record> = BTreeMap::new();
    for (_, outcome) in ledger.outcomes.iter().take(MAX_SCAN) {
        for member in outcome.members.iter() {
            records.entry(member.operator).or_default().add(outcome, member);
        }
    }
    records
}

#[derive(Template)]
#[template(path = "validators.html")]
struct List {
    frame: Frame,
    sort: &'static str,
    rows: Vec<Row>,
    total: String,
    bonded: String,
    third: usize,
    next: Option<usize>,
}

struct Row {
    id: OperatorId,
    name: Name,
    standing: Chip,
    stake: String,
    /// Its part of the power, and that of it and all above it.
    power: Option<(String, String)>,
    share: String,
    results: String,
    agreement: Option<String>,
    median: Option<String>,
    flagged: u64,
    missed: u32,
    paid: String,
    commission: String,
}

pub(super) fn standing(known: &Operator) -> Chip {
    match known.standing {
        Work::Active => Chip::new("good", "Active"),
        Work::Jailed { .. } => Chip::new("wait", "Jailed"),
        Work::Tombstoned => Chip::new("bad", "Excluded"),
    }
}

pub(crate) async fn list(
    State(app): State<App>,
    Args(args): Args<ListArgs>,
) -> Result<Response, ApiError> {
    let ListArgs { sort, after } = args;
    let frame = Frame::new(&app, "/validators").await?.named("Validators", "/operators");
    let ledger = frame.chain.ledger();
    let mut records = records(ledger);
    let mut found: Vec<(OperatorId, &Operator, Amount, Record)> = ledger
        .operators
        .iter()
        .take(MAX_SCAN)
        .map(|(id, known)| {
            let record = records.remove(id).unwrap_or_default();
            (*id, known, ledger.bonded(id), record)
        })
        .collect();
    let total = Amount::sum(found.iter().map(|one| one.2)).unwrap_or_default();
    let set = ledger.validators.get();
    let power = u128::from(set.total_power());
    let of = |id: &OperatorId| u128::from(set.get(id).map_or(0, |one| one.power));
    match sort {
        Sort::Stake => found.sort_by_key(|one| (Reverse(one.2), one.0)),
        Sort::Results => found.sort_by_key(|one| (Reverse(one.3.results), one.0)),
        Sort::Agreement => found.sort_by_key(|one| (Reverse(one.3.agreement().parts()), one.0)),
        Sort::Rewards => found.sort_by_key(|one| (Reverse(one.3.paid), one.0)),
    }
    let mut running = 0u128;
    let (mut rows, mut third) = (Vec::new(), 0usize);
    let count_all = found.len();
    for (place, (id, known, stake, record)) in found.into_iter().enumerate() {
        if running.saturating_mul(3) <= power {
            third = place.saturating_add(1);
        }
        running = running.saturating_add(of(&id));
        rows.push(Row {
            id,
            name: Name::of(&known.name),
            standing: standing(known),
            stake: aligned(stake, 2),
            power: (of(&id) > 0)
                .then(|| (share(part(of(&id), power)), share(part(running, power)))),
            share: share(part(stake.units(), total.units())),
            results: count(record.results),
            agreement: (record.results > 0).then(|| share(record.agreement())),
            median: record.median().map(micros),
            flagged: record.flagged,
            missed: known.misses.bits.count_ones(),
            paid: aligned(record.paid, 2),
            commission: percent(known.commission.parts()),
        });
    }
    let next = after.saturating_add(PAGE);
    page(&List {
        sort: match sort {
            Sort::Stake => "stake",
            Sort::Results => "results",
            Sort::Agreement => "agreement",
            Sort::Rewards => "rewards",
        },
        rows: rows.into_iter().skip(after).take(PAGE).collect(),
        total: count(u64::try_from(count_all).unwrap_or(u64::MAX)),
        bonded: roughly(total),
        third: if sort == Sort::Stake { third } else { 0 },
        next: (next < count_all).then_some(next),
        frame,
    })
}
