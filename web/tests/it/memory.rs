//! A chain in memory that the API speaks for.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use futures::TryStreamExt;
use probity_api::EventRecord;
use probity_api::event::records;
use probity_api::problem::{KNOWN, Nonces};
use probity_api::view::{BlobView, WaitingView};
use probity_primitives::{Address, ContentHash, Height, TaskId, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::proof::{StateProof, prove};
use probity_runtime::result_certificate::ResultCertificate;
use probity_runtime::tx::TxError;
use probity_runtime::{Block, Chain, Event, Genesis, Header, Receipt, SignedTx, VerifiedTx};
use probity_simulations::World;
use probity_web::backend::{Backend, BackendError, BlobError, ByteStream, Health, SubmitError};
use tempfile::TempDir;
use tokio::sync::watch;

/// A world, and what waits to enter it.
pub(crate) struct Memory {
    genesis: Genesis,
    world: Mutex<World>,
    /// What was due at the end of each block that was made here.
    due: Mutex<Vec<(Height, Vec<Event>)>>,
    pending: Mutex<Vec<VerifiedTx>>,
    tip: Mutex<watch::Sender<Arc<Chain>>>,
    /// Whether proofs are about another key.
    lying: AtomicBool,
    files: TempDir,
    /// Everything below is forgotten.
    pub(crate) kept_from: AtomicU64,
    pub(crate) syncing: AtomicBool,
    /// Whether the store is broken.
    pub(crate) broken: AtomicBool,
    /// Whether the mempool is full.
    pub(crate) full: AtomicBool,
    /// Whether reading a receipt panics.
    pub(crate) panicking: AtomicBool,
    /// Whether reading a receipt never ends.
    pub(crate) stuck: AtomicBool,
}

impl Memory {
    pub(crate) fn new(world: World) -> Self {
        let (tip, _) = watch::channel(Arc::new(world.chain.clone()));
        Self {
            genesis: world.genesis.clone(),
            world: Mutex::new(world),
            due: Mutex::new(Vec::new()),
            pending: Mutex::new(Vec::new()),
            tip: Mutex::new(tip),
            lying: AtomicBool::new(false),
            files: TempDir::new().unwrap(),
            kept_from: AtomicU64::new(0),
            syncing: AtomicBool::new(false),
            broken: AtomicBool::new(false),
            full: AtomicBool::new(false),
            panicking: AtomicBool::new(false),
            stuck: AtomicBool::new(false),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Makes a block of what waits.
    pub(crate) fn make_block(&self) -> Height {
        let mut world = self.world();
        let waiting = std::mem::take(&mut *self.pending.lock().unwrap());
        let proposer = world.chain.validators().iter().next().unwrap().operator;
        let vrf = world.actor(&proposer).unwrap().vrf.prove(&world.chain.beacon_input());
        let time = world.chain.tip().time_ms + 6_000;
        let made = world.chain.propose(&world.tree, proposer, vrf, time, waiting).unwrap();
        world.tree.commit(&made.tree, false);
        world.log.push((made.block, made.receipts));
        world.chain = made.chain;
        let height = world.chain.height();
        self.due.lock().unwrap().push((height, made.events));
        self.tip.lock().unwrap().send_replace(Arc::new(world.chain.clone()));
        height
    }

    /// Ends all streams that are open.
    pub(crate) fn cut_streams(&self) {
        let chain = Arc::new(self.world().chain.clone());
        *self.tip.lock().unwrap() = watch::channel(chain).0;
    }

    /// Puts other bytes in the place of a file.
    pub(crate) fn corrupt(&self, hash: &ContentHash, bytes: &[u8]) {
        std::fs::write(self.files.path().join(hash.to_string()), bytes).unwrap();
    }

    /// Gives out proofs with another value from now on.
    pub(crate) fn lie_in_proofs(&self) {
        self.lying.store(true, Ordering::SeqCst);
    }

    fn entry(&self, height: Height) -> Result<Option<(Block, Vec<Receipt>)>, BackendError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(BackendError::Failed("entry 17 of the store is damaged".to_owned()));
        }
        if height.0 < self.kept_from.load(Ordering::SeqCst) {
            return Ok(None);
        }
        Ok(self.world().log.get(usize::try_from(height.0).unwrap()).cloned())
    }
}

#[async_trait]
impl Backend for Memory {
    fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    fn tip(&self) -> watch::Receiver<Arc<Chain>> {
        self.tip.lock().unwrap().subscribe()
    }

    fn health(&self) -> Health {
        Health { peers: 3, syncing: self.syncing.load(Ordering::SeqCst) }
    }

    async fn submit(&self, tx: SignedTx) -> Result<TxHash, SubmitError> {
        if self.full.load(Ordering::SeqCst) {
            let detail = "the mempool is full with 2 transactions".to_owned();
            let retry_at_height = self.world().chain.height().next();
            return Err(SubmitError::NoRoom {
                code: "mempool_full",
                detail,
                retryable: true,
                retry_at_height,
                nonces: None,
            });
        }
        let chain = self.world().chain.clone();
        let tx = tx.verify(chain.identity())?;
        if let Err(reason @ TxError::StaleNonce { nonce: got, expected, .. }) = chain.check(&tx) {
            let nonces = Nonces { expected, got, pending: expected };
            return Err(SubmitError::Nonce { reason, nonces });
        }
        chain.check(&tx)?;
        let hash = tx.hash();
        let mut pending = self.pending.lock().unwrap();
        if pending.contains(&tx) {
            let detail = format!("transaction {hash} is in the mempool already");
            return Err(SubmitError::NoRoom {
                code: KNOWN,
                detail,
                retryable: false,
                retry_at_height: None,
                nonces: None,
            });
        }
        pending.push(tx);
        Ok(hash)
    }

    async fn waiting(&self, account: &Address) -> Result<Vec<WaitingView>, BackendError> {
        let pending = self.pending.lock().unwrap();
        let mine = pending.iter().filter(|tx| tx.body().sender == *account);
        let mut waiting: Vec<WaitingView> = mine
            .map(|tx| WaitingView {
                hash: tx.hash(),
                nonce: tx.body().nonce,
                kind: tx.body().message.kind().to_owned(),
                fee: tx.body().fee,
                expiry: tx.body().expiry,
            })
            .collect();
        waiting.sort_by_key(|one| one.nonce);
        Ok(waiting)
    }

    async fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, BackendError> {
        assert!(!self.panicking.load(Ordering::SeqCst), "a bug");
        if self.stuck.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        let world = self.world();
        let mut receipts = world.log.iter().flat_map(|(_, receipts)| receipts);
        Ok(receipts.find(|receipt| receipt.tx == *tx).cloned())
    }

    async fn header(&self, height: Height) -> Result<Option<Header>, BackendError> {
        Ok(self.entry(height)?.map(|(block, _)| block.header))
    }

    async fn block(&self, height: Height) -> Result<Option<Block>, BackendError> {
        Ok(self.entry(height)?.map(|(block, _)| block))
    }

    async fn certificate(&self, height: Height) -> Result<Option<Certificate>, BackendError> {
        let Some((block, _)) = self.entry(height)?.filter(|_| height > Height(0)) else {
            return Ok(None);
        };
        let world = self.world();
        Ok(Some(world.certify(&block.header, world.chain.validators()).unwrap()))
    }

    async fn records(&self, height: Height) -> Result<Option<Vec<EventRecord>>, BackendError> {
        let Some((block, receipts)) = self.entry(height)? else { return Ok(None) };
        let due = self.due.lock().unwrap();
        let due = due.iter().find(|(at, _)| *at == height).map(|(_, events)| events.clone());
        Ok(Some(records(&block.header, &receipts, &due.unwrap_or_default())))
    }

    async fn prove(&self, key: &[u8], height: Height) -> Result<Option<StateProof>, BackendError> {
        if height.0 < self.kept_from.load(Ordering::SeqCst) {
            return Ok(None);
        }
        let world = self.world();
        let mut proof = prove(&world.tree, key, height)
            .map_err(|error| BackendError::Failed(error.to_string()))?;
        if self.lying.load(Ordering::SeqCst) {
            proof.value = None;
        }
        Ok(Some(proof))
    }

    async fn result_certificate(
        &self,
        task: &TaskId,
    ) -> Result<Option<ResultCertificate>, BackendError> {
        let world = self.world();
        if !world.ledger().outcomes.contains(task) {
            return Ok(None);
        }
        Ok(Some(world.certificate(*task).unwrap()))
    }

    async fn blob(&self, hash: &ContentHash) -> Result<Option<PathBuf>, BlobError> {
        let path = self.files.path().join(hash.to_string());
        Ok(path.is_file().then_some(path))
    }

    async fn put_blob(&self, mut body: ByteStream) -> Result<BlobView, BlobError> {
        let mut bytes = Vec::new();
        while let Some(chunk) =
            body.try_next().await.map_err(|error| BlobError::Body(error.to_string()))?
        {
            bytes.extend_from_slice(&chunk);
        }
        let hash = ContentHash::of_file(&bytes);
        std::fs::write(self.files.path().join(hash.to_string()), &bytes)
            .map_err(|error| BackendError::Failed(error.to_string()))?;
        Ok(BlobView { hash, size: u64::try_from(bytes.len()).unwrap() })
    }
}
