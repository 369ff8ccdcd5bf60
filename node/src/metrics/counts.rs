//! What only happens once, counted block by block.

use std::sync::Arc;
use std::time::Duration;

use probity_api::event::Happening;
use probity_metrics::Registry;
use probity_metrics::metrics::counter::Counter;
use probity_metrics::metrics::family::Family;
use probity_metrics::metrics::gauge::Gauge;
use probity_metrics::metrics::histogram::Histogram;
use probity_primitives::{Amount, Height, OperatorId};
use probity_protocol::Event as Fact;
use probity_runtime::Event;
use probity_runtime::certificate::Certificate;
use probity_runtime::validators::ValidatorSet;

use crate::events;
use crate::handle::NodeHandle;
use crate::store::StoreError;

/// From ten milliseconds to two minutes.
const BUCKETS: [f64; 12] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 120.0];

type ByAddress = [(&'static str, String); 1];

/// Counters over committed blocks, from the node's start on.
#[derive(Debug)]
pub(super) struct Counts {
    interval: Histogram,
    transactions: Counter,
    rounds: Counter,
    slashes: Family<ByAddress, Counter>,
    rewards: Counter,
    signed: Family<ByAddress, Gauge>,
    missed: Family<ByAddress, Counter>,
}

impl Default for Counts {
    fn default() -> Self {
        Self {
            interval: Histogram::new(BUCKETS),
            transactions: Counter::default(),
            rounds: Counter::default(),
            slashes: Family::default(),
            rewards: Counter::default(),
            signed: Family::default(),
            missed: Family::default(),
        }
    }
}

impl Counts {
    pub(super) fn register(&self, registry: &mut Registry) {
        let Self { interval, transactions, rounds, slashes, rewards, signed, missed } = self;
        let help = "Between the times of two blocks";
        registry.register("chain_block_interval_seconds", help, interval.clone());
        let help = "Transactions in committed blocks";
        registry.register("chain_transactions", help, transactions.clone());
        let help = "Rounds beyond the first that heights needed";
        registry.register("consensus_extra_rounds", help, rounds.clone());
        let help = "Slashes by the offence's code in the slash schedule";
        registry.register("slash_events", help, slashes.clone());
        let help = "Paid for seats, in base units";
        registry.register("rewards_atoms", help, rewards.clone());
        let help = "The newest decision whose certificate holds the validator's vote";
        registry.register("validator_last_signed_height", help, signed.clone());
        let help = "Decisions whose certificate does not hold the validator's vote";
        registry.register("validator_missed_rounds", help, missed.clone());
    }

    fn happened(&self, event: &Event) {
        let Some(event) = event.rule() else { return };
        if let Fact::Slashed { offence, .. } = event {
            let labels = [("reason", offence.code().to_owned())];
            self.slashes.get_or_create(&labels).inc();
        }
        if let Fact::SeatsPaid { amount, .. } = event {
            self.rewards.inc_by(whole(*amount));
        }
    }

    fn decided(&self, certificate: &Certificate, validators: &ValidatorSet) {
        self.rounds.inc_by(u64::from(certificate.round));
        let height = i64::try_from(certificate.height.0).unwrap_or(i64::MAX);
        let signed = |operator: &OperatorId| {
            certificate.signatures.iter().any(|(signer, _)| signer == operator)
        };
        for validator in validators.iter() {
            let labels = [("address", validator.operator.to_string())];
            if signed(&validator.operator) {
                self.signed.get_or_create(&labels).set(height);
            } else {
                self.missed.get_or_create(&labels).inc();
            }
        }
    }
}

fn whole(amount: Amount) -> u64 {
    u64::try_from(amount.units()).unwrap_or(u64::MAX)
}

/// Counts every block that the node commits from now on, until the node stops.
pub(super) async fn follow(node: NodeHandle, counts: Arc<Counts>) {
    let mut tip = node.tip();
    let mut seen = tip.borrow_and_update().tip().clone();
    while tip.changed().await.is_ok() {
        let chain = Arc::clone(&tip.borrow_and_update());
        while seen.height < chain.height() {
            let Some(height) = seen.height.next() else { return };
            let (node, counts, validators) =
                (node.clone(), Arc::clone(&counts), chain.validators().clone());
            let before = seen.time_ms;
            let counted = tokio::task::spawn_blocking(move || {
                count(&node, &counts, height, before, &validators)
            });
            match counted.await {
                Ok(Ok(Some(time_ms))) => {
                    seen.height = height;
                    seen.time_ms = time_ms;
                }
                Ok(Ok(None)) => seen = chain.tip().clone(),
                Ok(Err(error)) => {
                    tracing::warn!(%height, %error, "a block is missing in the metrics");
                    seen = chain.tip().clone();
                }
                Err(_) => return,
            }
        }
    }
}

/// Counts one block; gives its time, or nothing if it is no longer kept.
fn count(
    node: &NodeHandle,
    counts: &Counts,
    height: Height,
    before_ms: u64,
    validators: &ValidatorSet,
) -> Result<Option<u64>, StoreError> {
    let history = &node.inner.history;
    let Some(records) = events::read(history, height)? else { return Ok(None) };
    let mut time = None;
    for record in &records {
        match &record.happening {
            Happening::Block { time_ms, txs, .. } => {
                time = Some(*time_ms);
                counts.transactions.inc_by(u64::from(*txs));
                let interval = Duration::from_millis(time_ms.saturating_sub(before_ms));
                counts.interval.observe(interval.as_secs_f64());
            }
            Happening::Fact(event) => counts.happened(event),
        }
    }
    if let Some(certificate) = history.certificate(height)? {
        counts.decided(&certificate, validators);
    }
    Ok(time)
}
