//! What can be read from the committed state at any time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use probity_metrics::Collector;
use probity_metrics::encoding::DescriptorEncoder;
use probity_protocol::staking::Standing;
use probity_protocol::task::Phase;
use probity_runtime::Chain;
use probity_runtime::query;

use super::writer::{Writer, count, flag, number};
use super::{folders, peers};
use crate::handle::NodeHandle;

/// How old the sizes of folders may be: walking them costs more than the rest of a scrape.
const FOLDERS_AGE: Duration = Duration::from_secs(15);

/// Reads a node's state at each scrape.
pub(super) struct ChainCollector {
    node: NodeHandle,
    started: Instant,
    sizes: Mutex<Option<(Instant, [u64; 2])>>,
}

impl ChainCollector {
    pub(super) fn new(node: NodeHandle) -> Self {
        Self { node, started: Instant::now(), sizes: Mutex::new(None) }
    }

    /// The bytes of the store and of the cache.
    fn sizes(&self) -> [u64; 2] {
        let mut known = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, sizes)) = *known
            && at.elapsed() < FOLDERS_AGE
        {
            return sizes;
        }
        let home = &self.node.inner.home;
        let sizes = [folders::bytes(&home.join("store")), folders::bytes(&home.join("blobs"))];
        *known = Some((Instant::now(), sizes));
        sizes
    }
}

impl fmt::Debug for ChainCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChainCollector").finish_non_exhaustive()
    }
}

impl Collector for ChainCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Writer::new(encoder);
        let chain = self.node.snapshot();
        node(&mut out, &self.node, self.started)?;
        head(&mut out, &self.node, &chain)?;
        validators(&mut out, &chain)?;
        tasks(&mut out, &chain)?;
        peers::write(&mut out, &self.node)?;
        let [store, cache] = self.sizes();
        out.gauge("store_bytes", "Bytes of the folder of the store", number(store))?;
        let help = "Bytes of the cache of models, datasets, benchmarks and transcripts";
        out.gauge("cache_bytes", help, number(cache))
    }
}

fn node(out: &mut Writer<'_>, node: &NodeHandle, started: Instant) -> fmt::Result {
    let version = [("version", env!("CARGO_PKG_VERSION"))];
    out.gauges("build_info", "What runs", [(version, 1.0)])?;
    out.gauge("up_seconds", "Since the node started", started.elapsed().as_secs_f64())?;
    let help = "Whether the newest block is so old that the node must be behind";
    out.gauge("sync_syncing", help, flag(node.is_behind()))
}

fn head(out: &mut Writer<'_>, node: &NodeHandle, chain: &Chain) -> fmt::Result {
    let tip = chain.tip();
    let height = number(tip.height.0);
    out.gauge("chain_height", "The newest committed block", height)?;
    let help = "The newest final block; every committed block is final";
    out.gauge("chain_finalized_height", help, height)?;
    let epoch = chain.ledger().snapshot.get().epoch;
    out.gauge("chain_epoch", "The epoch", number(epoch.0))?;
    let age = node.head_age().as_secs_f64();
    out.gauge("chain_head_age_seconds", "The age of the newest block", age)?;
    out.gauge("chain_accounts", "Accounts with an entry", count(chain.ledger().accounts.len()))
}

fn validators(out: &mut Writer<'_>, chain: &Chain) -> fmt::Result {
    let validators = chain.validators();
    out.gauge("consensus_validators", "Validators of the next block", count(validators.len()))?;
    let help = "The voting power of all of them";
    out.gauge("consensus_validators_power", help, number(validators.total_power()))?;
    let views: Vec<_> = validators
        .iter()
        .filter_map(|validator| query::operator(chain.ledger(), &validator.operator))
        .map(|view| ([("address", view.id.to_string())], view))
        .collect();
    let power = views.iter().map(|(labels, view)| (labels.clone(), number(view.power)));
    out.gauges("consensus_validator_power", "The voting power of one", power)?;
    let stake = views.iter().map(|(labels, view)| (labels.clone(), number(view.bonded.units())));
    out.gauges("validator_stake_atoms", "What is bonded behind a validator", stake)?;
    let jailed = views
        .iter()
        .map(|(labels, view)| (labels.clone(), flag(view.operator.standing != Standing::Active)));
    out.gauges("validator_jailed", "Whether a validator may not work", jailed)
}

fn tasks(out: &mut Writer<'_>, chain: &Chain) -> fmt::Result {
    let mut phases: BTreeMap<&'static str, usize> = BTreeMap::new();
    for (_, task) in chain.ledger().tasks.iter() {
        let phase = match &task.phase {
            Phase::Open { .. } => "open",
            Phase::Commit { .. } => "commit",
            Phase::Reveal { .. } => "reveal",
            Phase::Spot { .. } => "spot",
            Phase::Provisional { .. } => "provisional",
            Phase::Final { .. } => "final",
            Phase::Void { .. } => "void",
        };
        let tasks = phases.entry(phase).or_default();
        *tasks = tasks.saturating_add(1);
    }
    let values = phases.into_iter().map(|(phase, tasks)| ([("phase", phase)], count(tasks)));
    out.gauges("chain_tasks", "Tasks by phase", values)
}
