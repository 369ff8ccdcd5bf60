//! A chain in memory that agents see as their node, and time that waits for them.
//!
//! Blocks are made when every agent has done all it can at the present height, so that a test is
//! as fast as its work and never depends on the machine's speed.

use std::collections::BTreeSet;
use std::future::Future;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use probity_evaluator::agent::{self, AgentConfig, AgentError, AgentHandle};
use probity_evaluator::node_api::{ApiError, Assignments, NodeApi};
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::benchmark::Benchmark;
use probity_harness::cache::Cache;
use probity_harness::engine::HARNESS_VERSION;
use probity_harness::worker::WorkerCommand;
use probity_primitives::transcript::Fold;
use probity_primitives::{
    Address, ArtifactId, BoundedString, BoundedVec, ContentHash, Hash, Height, OperatorId, Score,
    TaskId, TxHash,
};
use probity_protocol::Ledger;
use probity_protocol::params::Fees;
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::registry::{self, ArtifactFile, ArtifactKind, Direction, Manifest};
use probity_protocol::task::{Mode, Phase, Task};
use probity_runtime::invariants;
use probity_runtime::query::DisputableView;
use probity_runtime::{
    Block, Chain, ChainIdentity, Genesis, Message, Receipt, SignedTx, VerifiedTx, query,
};
use probity_simulations::actor::Actor;
use probity_simulations::world::{World, WorldConfig};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How many of the digits the tests ask for: more than a spot check opens, and quickly run.
pub(crate) const ITEMS: u32 = 60;

/// How many agents work at once.
const TURNS: u32 = 2;

/// What the node does to its clients, to see that they bear it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// Files that nobody has.
    pub(crate) missing: BTreeSet<ContentHash>,
    /// How many of the next transactions are refused.
    pub(crate) refuse: u32,
    /// How many of the next transactions are taken and forgotten.
    pub(crate) forget: u32,
}

struct Inner {
    world: World,
    mempool: Vec<VerifiedTx>,
    receipts: Vec<Receipt>,
    faults: Faults,
}

/// The node.
#[derive(Clone)]
pub(crate) struct Net {
    inner: Arc<Mutex<Inner>>,
    tip: Arc<watch::Sender<Arc<Chain>>>,
    blobs: Cache,
    home: Arc<tempfile::TempDir>,
    turns: Arc<Semaphore>,
}

impl Net {
    pub(crate) fn new(operators: u32) -> Self {
        let config = WorldConfig { operators, ..WorldConfig::default() };
        let world = World::new(&config).unwrap();
        let tip = Arc::new(world.chain.clone());
        let home = tempfile::tempdir().unwrap();
        let blobs = Cache::open(home.path().join("blobs")).unwrap();
        let inner =
            Inner { world, mempool: Vec::new(), receipts: Vec::new(), faults: Faults::default() };
        Self {
            inner: Arc::new(Mutex::new(inner)),
            tip: Arc::new(watch::channel(tip).0),
            blobs,
            home: Arc::new(home),
            turns: Arc::new(Semaphore::new(usize::try_from(TURNS).unwrap())),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    pub(crate) fn ledger(&self) -> Ledger {
        self.lock().world.ledger().clone()
    }

    pub(crate) fn actors(&self) -> Vec<Actor> {
        self.lock().world.actors.clone()
    }

    pub(crate) fn genesis(&self) -> Genesis {
        self.lock().world.genesis.clone()
    }

    pub(crate) const fn blobs(&self) -> &Cache {
        &self.blobs
    }

    /// The newest state, and every later one as it comes.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Chain>> {
        self.tip.subscribe()
    }

    pub(crate) fn entry(&self, height: Height) -> Option<(Block, Vec<Receipt>)> {
        self.lock().world.log.get(usize::try_from(height.0).unwrap()).cloned()
    }

    pub(crate) fn tip(&self) -> Height {
        self.lock().world.chain.height()
    }

    pub(crate) fn faults(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.lock().faults);
    }

    pub(crate) fn task(&self, id: TaskId) -> Task {
        self.ledger().tasks.get(&id).cloned().unwrap()
    }

    /// Every message that was refused in a block.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let inner = self.lock();
        let refused = inner.receipts.iter().filter(|receipt| !receipt.outcome.is_ok());
        refused.map(|receipt| format!("{:?}", receipt.outcome)).collect()
    }

    /// Registers the digits with a model file and asks for its evaluation.
    pub(crate) fn request(&self, model: &[u8]) -> TaskId {
        let data: Vec<u8> = digits("digits_test.jsonl")
            .split_inclusive(|byte| *byte == b'\n')
            .take(usize::try_from(ITEMS).unwrap())
            .flatten()
            .copied()
            .collect();
        let definition = digits("digits.toml");
        let dataset = self.register(ArtifactKind::Dataset, "digits", &data, None);
        let promise = promise(&definition, dataset);
        let benchmark =
            self.register(ArtifactKind::Benchmark, "accuracy", &definition, Some(promise));
        let artifact = self.register(ArtifactKind::Model, "model", model, None);
        let mut inner = self.lock();
        let publisher = inner.world.people[0].clone();
        let request = World::request(benchmark, artifact, Mode::Exact);
        inner.world.must(&publisher, request).unwrap();
        self.tip.send_replace(Arc::new(inner.world.chain.clone()));
        inner.world.newest_task().unwrap()
    }

    fn register(
        &self,
        kind: ArtifactKind,
        name: &str,
        content: &[u8],
        benchmark: Option<registry::Benchmark>,
    ) -> ArtifactId {
        let file = ArtifactFile {
            path: BoundedString::new("main").unwrap(),
            size: u64::try_from(content.len()).unwrap(),
            blake3: self.blobs.insert_bytes(content).unwrap(),
            sha256: Hash::ZERO,
        };
        let manifest = Manifest {
            kind,
            name: BoundedString::new(name).unwrap(),
            version: BoundedString::new("1").unwrap(),
            licence: BoundedString::new("MIT").unwrap(),
            files: BoundedVec::from_vec(vec![file]).unwrap(),
            parents: BoundedVec::new(),
            contributors: BoundedVec::new(),
            card: ContentHash::default(),
            terms: ContentHash::default(),
            benchmark,
        };
        let id = manifest.id();
        let mut inner = self.lock();
        let publisher = inner.world.people[0].clone();
        let message = Message::RegisterArtifact(RegisterArtifact { manifest });
        inner.world.must(&publisher, message).unwrap();
        id
    }

    /// A file that someone has published.
    pub(crate) fn published(&self, hash: ContentHash) -> Vec<u8> {
        self.blobs.read(&hash, 1 << 20).unwrap()
    }

    /// Makes a block of what waits.
    pub(crate) fn seal(&self) {
        let mut inner = self.lock();
        let Inner { world, mempool, receipts, .. } = &mut *inner;
        let validators: Vec<OperatorId> =
            world.chain.validators().iter().map(|one| one.operator).collect();
        let actor = world.actor(&validators[0]).unwrap();
        let proof = actor.vrf.prove(&world.chain.beacon_input());
        let time = world.chain.tip().time_ms + 1_000;
        let waiting = std::mem::take(mempool);
        let made = world.chain.propose(&world.tree, actor.id(), proof, time, waiting).unwrap();
        invariants::check(made.chain.ledger(), Some(world.chain.ledger())).unwrap();
        world.tree.commit(&made.tree, false);
        world.chain = made.chain;
        receipts.extend(made.receipts.iter().cloned());
        world.log.push((made.block, made.receipts));
        let tip = Arc::new(world.chain.clone());
        drop(inner);
        self.tip.send_replace(tip);
    }

    /// Starts the agent of an operator, or starts it again.
    pub(crate) fn start(&self, actor: &Actor, strategy: Strategy) -> AgentHandle {
        self.start_with(actor, strategy, self.clone())
    }

    /// The same with another way to the chain.
    pub(crate) fn start_with(
        &self,
        actor: &Actor,
        strategy: Strategy,
        api: impl NodeApi,
    ) -> AgentHandle {
        self.try_start(actor, strategy, api).unwrap()
    }

    /// Starts an agent that challenges what its own evaluation contradicts.
    pub(crate) fn start_challenger(&self, actor: &Actor, api: impl NodeApi) -> AgentHandle {
        agent::start(AgentConfig { challenge: true, ..self.config(actor, Strategy::Honest) }, api)
            .unwrap()
    }

    pub(crate) fn try_start(
        &self,
        actor: &Actor,
        strategy: Strategy,
        api: impl NodeApi,
    ) -> Result<AgentHandle, AgentError> {
        agent::start(self.config(actor, strategy), api)
    }

    fn config(&self, actor: &Actor, strategy: Strategy) -> AgentConfig {
        AgentConfig {
            home: self.home_of(actor),
            operator: actor.id(),
            key: actor.key.clone(),
            strategy,
            challenge: false,
            worker: worker(),
            limits: WorkLimits {
                turns: Arc::clone(&self.turns),
                workers: NonZeroUsize::MIN,
                file_bytes: 16 << 20,
            },
        }
    }

    /// Takes every turn to work, until what is returned is dropped.
    pub(crate) async fn all_turns(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.turns).acquire_many_owned(TURNS).await.unwrap()
    }

    pub(crate) fn home_of(&self, actor: &Actor) -> PathBuf {
        self.home.path().join(actor.id().to_string())
    }

    /// Waits until every agent has done what it can at the present height.
    pub(crate) async fn settled(&self, agents: &[AgentHandle]) {
        let tip = self.tip();
        for agent in agents {
            let mut status = agent.status();
            let idle = status.wait_for(|status| status.height >= tip && status.running == 0);
            bounded(idle).await.unwrap();
        }
    }

    /// Lets the chain run until a task is where it should be.
    pub(crate) async fn run_until(
        &self,
        agents: &[AgentHandle],
        task: TaskId,
        reached: impl Fn(&Phase) -> bool,
    ) {
        for _ in 0..200 {
            self.settled(agents).await;
            if reached(&self.task(task).phase) {
                return;
            }
            self.seal();
        }
        panic!("after 200 blocks the task is in {:?}", self.task(task).phase);
    }
}

impl NodeApi for Net {
    async fn identity(&self) -> Result<ChainIdentity, ApiError> {
        Ok(self.lock().world.chain.identity().clone())
    }

    async fn fees(&self) -> Result<Fees, ApiError> {
        Ok(self.ledger().params.get().fees.clone())
    }

    async fn assignments(&self, operator: OperatorId) -> Result<Assignments, ApiError> {
        let inner = self.lock();
        let ledger = inner.world.ledger();
        let account = inner.world.actor(&operator).unwrap().key_address();
        Ok(Assignments {
            height: inner.world.chain.height(),
            nonce: ledger.accounts.get(&account).map_or(0, |account| account.nonce),
            assignments: query::assignments(ledger, &operator),
            disputes: query::dispute_seats(ledger, &operator),
        })
    }

    async fn disputable(&self, account: Address) -> Result<DisputableView, ApiError> {
        let inner = self.lock();
        let world = &inner.world;
        Ok(query::disputable(world.ledger(), account, world.chain.height()))
    }

    async fn height_after(&self, seen: Height) -> Result<Height, ApiError> {
        let mut tips = self.watch();
        let tip = tips.wait_for(|tip| tip.height() > seen).await;
        tip.map(|tip| tip.height()).map_err(|error| ApiError::Unreachable(error.to_string()))
    }

    async fn submit(&self, tx: SignedTx) -> Result<TxHash, ApiError> {
        let mut inner = self.lock();
        if let Some(left) = inner.faults.refuse.checked_sub(1) {
            inner.faults.refuse = left;
            return Err(refused("mempool.full", "the mempool is full"));
        }
        let hash = tx.hash();
        if let Some(left) = inner.faults.forget.checked_sub(1) {
            inner.faults.forget = left;
            return Ok(hash);
        }
        let chain = &inner.world.chain;
        let tx = tx.verify(chain.identity()).map_err(|error| refused(error.code(), error))?;
        chain.check(&tx).map_err(|error| refused(error.code(), error))?;
        inner.mempool.push(tx);
        Ok(hash)
    }

    async fn receipt(&self, tx: TxHash) -> Result<Option<Receipt>, ApiError> {
        Ok(self.lock().receipts.iter().find(|receipt| receipt.tx == tx).cloned())
    }

    async fn fetch(
        &self,
        hash: ContentHash,
        limit: u64,
        cache: &Cache,
    ) -> Result<PathBuf, ApiError> {
        if self.lock().faults.missing.contains(&hash) {
            return Err(refused("blob.not_found", format!("nobody has {hash}")));
        }
        let bytes = self.blobs.read(&hash, limit)?;
        Ok(cache.path_of(&cache.insert_bytes(&bytes)?))
    }

    async fn publish(&self, bytes: Vec<u8>) -> Result<ContentHash, ApiError> {
        Ok(self.blobs.insert_bytes(&bytes)?)
    }
}

fn refused(code: &str, detail: impl ToString) -> ApiError {
    ApiError::Refused { code: code.to_owned(), detail: detail.to_string() }
}

fn promise(definition: &[u8], dataset: ArtifactId) -> registry::Benchmark {
    let parsed = Benchmark::parse("digits.toml", definition).unwrap();
    registry::Benchmark {
        definition: parsed.hash(),
        dataset,
        class: 0,
        items: ITEMS,
        metric: BoundedString::new("accuracy").unwrap(),
        fold: Fold::Mean,
        direction: Direction::HigherIsBetter,
        lowest: Score::ZERO,
        highest: Score::ONE,
        sigma: 1,
        delta: 1_000,
        harness: HARNESS_VERSION,
        engines: BoundedVec::new(),
    }
}

/// A file of the bundled digits.
pub(crate) fn digits(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/digits");
    std::fs::read(folder.join(name)).unwrap()
}

pub(crate) fn worker() -> WorkerCommand {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_probity-worker"));
    WorkerCommand { program, arguments: Vec::new() }
}

/// No wait of a test is longer than this.
pub(crate) async fn bounded<T>(waited: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), waited).await.unwrap()
}

pub(crate) fn is_final(phase: &Phase) -> bool {
    matches!(phase, Phase::Final { .. })
}

pub(crate) fn is_void(phase: &Phase) -> bool {
    matches!(phase, Phase::Void { .. })
}
