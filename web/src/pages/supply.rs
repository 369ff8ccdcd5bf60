//! All money: what there is, where it lies, what flows, and how much more a vote may mint.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use probity_primitives::Amount;
use probity_protocol::{Bucket, Ledger};
use probity_runtime::query;

use super::artifacts::percent;
use super::frame::{Frame, page};
use super::words::{When, aligned, part, roughly, share};
use crate::error::ApiError;
use crate::routes::App;

/// How long the bar of all money is.
const BAR: u128 = 1_000;

#[derive(Template)]
#[template(path = "supply.html")]
struct Supply {
    frame: Frame,
    total: String,
    genesis: String,
    minted: String,
    burned: String,
    adds_up: bool,
    sum: String,
    places: Vec<Place>,
    caps: [(&'static str, String); 3],
    streams: Vec<Flow>,
    paused: Option<When>,
}

/// A kind of place where money lies.
struct Place {
    name: &'static str,
    class: &'static str,
    amount: String,
    share: String,
    x: u128,
    width: u128,
}

struct Flow {
    id: u32,
    amount: String,
    released: String,
    began: When,
    ends: When,
    shares: String,
}

pub(crate) async fn supply(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "/supply").await?.named("Supply", "/supply");
    let ledger = frame.chain.ledger();
    let view = query::supply(ledger, frame.chain.height());
    let streams = view.streams.iter().map(|stream| Flow {
        id: stream.id,
        amount: roughly(stream.amount),
        released: share(part(stream.released.units(), stream.amount.units())),
        began: frame.clock.at(stream.began),
        ends: frame
            .clock
            .at(probity_primitives::Height(stream.began.0.saturating_add(stream.blocks))),
        shares: format!(
            "{} to the audit pool, {} to the reward pool, the rest to the treasury",
            percent(stream.shares.audit_pool.parts()),
            percent(stream.shares.reward_pool.parts())
        ),
    });
    let until = probity_protocol::pause::until(ledger, frame.chain.height());
    page(&Supply {
        total: aligned(view.sum, 9),
        genesis: aligned(view.genesis, 9),
        minted: aligned(view.minted, 9),
        burned: aligned(view.burned, 9),
        adds_up: view.expected == view.sum,
        sum: aligned(view.expected, 9),
        places: places(ledger, view.sum),
        caps: [
            ("by the year’s share of all tokens", aligned(view.caps.year, 2)),
            ("by what verified work has earned", aligned(view.caps.compute, 2)),
            ("by what there may ever be", aligned(view.caps.ever, 2)),
        ],
        streams: streams.collect(),
        paused: until.map(|until| frame.clock.at(until)),
        frame,
    })
}

/// In which place a bucket is.
const fn place(bucket: &Bucket) -> usize {
    match bucket {
        Bucket::Free(_) => 0,
        Bucket::Bonded(_) => 1,
        Bucket::Unbonding(..) => 2,
        Bucket::Treasury => 3,
        Bucket::AuditPool | Bucket::RewardPool => 4,
        Bucket::Stream(_) => 5,
        Bucket::TaskEscrow(_)
        | Bucket::SaleEscrow(_)
        | Bucket::SlashPending(_)
        | Bucket::RoyaltyDue(_)
        | Bucket::GovDeposit(_)
        | Bucket::BondEscrow(_) => 6,
    }
}

/// A bucket in words.
pub(super) fn bucket(of: &Bucket) -> String {
    match of {
        Bucket::Free(account) => format!("Account {account}"),
        Bucket::Bonded(operator) => format!("Behind the operator {operator}"),
        Bucket::Unbonding(operator, epoch) => {
            format!("Leaving the operator {operator} since epoch {epoch}")
        }
        Bucket::TaskEscrow(task) => format!("Fee of the evaluation {task}"),
        Bucket::SaleEscrow(artifact) => format!("Price of the artifact {artifact}"),
        Bucket::SlashPending(slash) => format!("Slash {slash}"),
        Bucket::RoyaltyDue(artifact) => format!("Royalties of the artifact {artifact}"),
        Bucket::AuditPool => "Audit pool".to_owned(),
        Bucket::RewardPool => "Reward pool".to_owned(),
        Bucket::Treasury => "Treasury".to_owned(),
        Bucket::GovDeposit(referendum) => format!("Deposit of referendum {referendum}"),
        Bucket::BondEscrow(dispute) => format!("Bonds of dispute {dispute}"),
        Bucket::Stream(stream) => format!("Stream {stream}"),
    }
}

/// The places, in the order of [`place`].
const PLACES: [(&str, &str); 7] = [
    ("In accounts", "s6"),
    ("Bonded behind operators", "s1"),
    ("Leaving operators", "s7"),
    ("Treasury", "s3"),
    ("Audit and reward pools", "s4"),
    ("Minted, not released yet", "s2"),
    ("Held for tasks, sales, royalties, deposits, disputes and slashes", "s5"),
];

fn places(ledger: &Ledger, all: Amount) -> Vec<Place> {
    let mut sums: BTreeMap<usize, Amount> = BTreeMap::new();
    let mut add = |place: usize, amount: Amount| {
        let sum = sums.entry(place).or_default();
        *sum = sum.checked_add(amount).unwrap_or(*sum);
    };
    for (_, account) in ledger.accounts.iter() {
        add(0, account.free);
    }
    for (bucket, amount) in ledger.buckets.iter() {
        add(place(bucket), *amount);
    }
    let mut x = 0;
    let mut places = Vec::new();
    for ((name, class), number) in PLACES.into_iter().zip(0usize..) {
        let amount = sums.get(&number).copied().unwrap_or_default();
        let width = u128::from(part(amount.units(), all.units()).parts()) * BAR / 1_000_000;
        places.push(Place {
            name,
            class,
            amount: aligned(amount, 2),
            share: share(part(amount.units(), all.units())),
            x,
            width,
        });
        x = x.saturating_add(width);
    }
    places
}
