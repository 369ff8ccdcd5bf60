//! What the rest of the process holds of a running node.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::Multiaddr;
use probity_api::event::EventId;
use probity_harness::cache::Cache;
use probity_keys::lock::FolderLock;
use probity_primitives::{ContentHash, Height, TaskId, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::genesis::ChainIdentity;
use probity_runtime::proof::{StateProof, prove};
use probity_runtime::result_certificate::ResultCertificate;
use probity_runtime::tree::TreeError;
use probity_runtime::upgrade::Missing;
use probity_runtime::{Block, Chain, Genesis, Header, Receipt, SignedTx};
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use crate::consensus::driver::Commands;
use crate::consensus::offers::Offers;
use crate::consensus::safety::{Halt, Safety};
use crate::events::EventStream;
use crate::keeper::Request;
use crate::lookout;
use crate::metrics::Pool;
use crate::network::{BoundOperator, FetchError, NetworkHandle, PeerView, PublishError};
use crate::node::Clock;
use crate::relay::{self, OfferError};
use crate::replica::history::History;
use crate::results::{self, ResultError};
use crate::service::Service;
use crate::shell::Shell;
use crate::snapshot::Shelf;
use crate::store::tree::StoreTree;
use crate::store::{Store, StoreError};

/// A running node. Clones are the same node; it runs until [`NodeHandle::shutdown`].
#[derive(Clone)]
pub struct NodeHandle {
    pub(crate) inner: Arc<Inner>,
}

/// The parts of a running node that answer from outside its threads.
pub(crate) struct Inner {
    pub(crate) genesis: Genesis,
    pub(crate) identity: Arc<ChainIdentity>,
    pub(crate) tip: watch::Receiver<Arc<Chain>>,
    pub(crate) broken: watch::Receiver<Option<String>>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) history: History,
    /// The snapshots that the API hands out, if it does.
    pub(crate) shelf: Option<Shelf>,
    pub(crate) commands: Commands<Shell>,
    /// Room for transactions of clients.
    pub(crate) intake: Semaphore,
    pub(crate) pool: Pool,
    pub(crate) network: NetworkHandle,
    pub(crate) cache: Cache,
    pub(crate) keeper: mpsc::Sender<Request>,
    pub(crate) consensus_address: Multiaddr,
    pub(crate) stop_api: watch::Sender<bool>,
    pub(crate) api: Option<SocketAddr>,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) home: PathBuf,
    pub(crate) block_time: Duration,
    pub(crate) offers: Arc<Offers>,
    pub(crate) clock: Clock,
    pub(crate) safety: Option<Arc<Safety>>,
    /// Held until the node has stopped.
    pub(crate) lock: Mutex<Option<FolderLock>>,
    /// Where what others ask is done.
    pub(crate) service: Service,
}

/// For how many heights' time a chain may be silent before the node says that it is behind.
const SILENT_HEIGHTS: u32 = 30;
/// The shortest such time.
const MIN_SILENCE: Duration = Duration::from_secs(30);

impl NodeHandle {
    /// The chain's genesis document.
    #[must_use]
    pub fn genesis(&self) -> &Genesis {
        &self.inner.genesis
    }

    /// Waits until the store fails, and says why: a disk that is full, or a store that is damaged.
    /// What was acknowledged is durable; whoever runs the node ends it. It never comes back from a
    /// node that is shut down without that.
    pub async fn broken(&self) -> String {
        let mut broken = self.inner.broken.clone();
        loop {
            if let Some(reason) = broken.borrow_and_update().clone() {
                return reason;
            }
            if broken.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// The committed state now.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Chain> {
        Arc::clone(&self.inner.tip.borrow())
    }

    /// What this node's operator may sign; none for a node that only follows.
    #[must_use]
    pub fn safety(&self) -> Option<&Safety> {
        self.inner.safety.as_deref()
    }

    /// Waits until this node signs nothing any more, and says why; never ends otherwise.
    pub async fn halted(&self) -> Halt {
        if let Some(safety) = &self.inner.safety {
            let mut halted = safety.halted();
            let halt = halted.wait_for(Option::is_some).await;
            if let Ok(Some(halt)) = halt.as_deref() {
                return halt.clone();
            }
        }
        std::future::pending().await
    }

    /// Waits until the next block needs a version of the rules that this program does not have;
    /// never ends otherwise. The node makes and takes no block from then on.
    pub async fn outdated(&self) -> Missing {
        let mut tip = self.tip();
        if let Ok(chain) = tip.wait_for(|chain| chain.missing().is_some()).await
            && let Some(missing) = chain.missing()
        {
            return missing;
        }
        std::future::pending().await
    }

    /// The committed state, and every later one as it comes.
    #[must_use]
    pub fn tip(&self) -> watch::Receiver<Arc<Chain>> {
        self.inner.tip.clone()
    }

    /// Whether the newest block is so old that the node must be behind, or the chain stands still.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        let silence = self.inner.block_time.saturating_mul(SILENT_HEIGHTS).max(MIN_SILENCE);
        self.head_age() > silence
    }

    /// How old the newest block is by this node's clock.
    #[must_use]
    pub fn head_age(&self) -> Duration {
        let now_ms = (self.inner.clock)();
        Duration::from_millis(now_ms.saturating_sub(self.snapshot().tip().time_ms))
    }

    /// By how much the newest block is ahead of this node's clock.
    #[must_use]
    pub fn head_ahead(&self) -> Duration {
        let now_ms = (self.inner.clock)();
        Duration::from_millis(self.snapshot().tip().time_ms.saturating_sub(now_ms))
    }

    /// If peers are ahead and none of them has the next block any more: the first that one has. This
    /// node needs a snapshot then.
    #[must_use]
    pub fn out_of_reach(&self) -> Option<Height> {
        lookout::out_of_reach(&self.snapshot(), &self.inner.offers)
    }

    /// Waits until a height is committed; false if the node stopped before.
    pub async fn reach(&self, height: Height) -> bool {
        self.tip().wait_for(|chain| chain.height() >= height).await.is_ok()
    }

    /// Takes a transaction into the mempool and gossips it.
    ///
    /// # Errors
    /// [`OfferError`] with the reason.
    pub async fn submit(&self, tx: SignedTx) -> Result<TxHash, OfferError> {
        let Inner { commands, identity, pool, intake, .. } = self.inner.as_ref();
        let Ok(_place) = intake.try_acquire() else { return Err(OfferError::Crowded) };
        let tx = relay::take(commands, Arc::clone(identity), pool, tx).await?;
        match self.inner.network.publish_tx(tx.signed().encode()).await {
            Ok(()) | Err(PublishError::Duplicate) => {}
            Err(
                error @ (PublishError::TooLong { .. }
                | PublishError::NoPeers
                | PublishError::Refused(_)
                | PublishError::Ended),
            ) => {
                // This node still proposes it when its turn comes.
                tracing::debug!(tx = %tx.hash(), %error, "a transaction is not gossiped");
            }
        }
        Ok(tx.hash())
    }

    /// What happened after `after`, or from the next block on.
    #[must_use]
    pub fn events(&self, after: Option<EventId>) -> EventStream {
        EventStream::new(self.inner.history.clone(), self.tip(), after)
    }

    /// The block at a height.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read, as for every method that reads it.
    pub fn block(&self, height: Height) -> Result<Option<Block>, StoreError> {
        self.inner.history.block(height)
    }

    /// The header at a height.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn header(&self, height: Height) -> Result<Option<Header>, StoreError> {
        self.inner.history.header(height)
    }

    /// The votes that decided a height.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn certificate(&self, height: Height) -> Result<Option<Certificate>, StoreError> {
        self.inner.history.certificate(height)
    }

    /// What became of a transaction, if it stands in a block.
    ///
    /// # Errors
    /// As for [`Self::block`].
    pub fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, StoreError> {
        self.inner.history.receipt(tx)
    }

    /// The proof about a state key at a height.
    ///
    /// # Errors
    /// [`TreeError`] if the store cannot be read or no longer keeps the height's tree.
    pub fn prove(&self, key: &[u8], height: Height) -> Result<StateProof, TreeError> {
        prove(&StoreTree(self.inner.store.as_ref()), key, height)
    }

    /// The certificate of a task's result, at the newest height.
    ///
    /// # Errors
    /// [`ResultError`], also if there is no result.
    pub fn result_certificate(&self, task: TaskId) -> Result<ResultCertificate, ResultError> {
        let Inner { genesis, store, history, .. } = self.inner.as_ref();
        results::certificate(genesis, &self.snapshot(), store.as_ref(), history, task)
    }

    /// The path of a file in the cache, fetched from peers if it is not there yet.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn fetch(&self, hash: ContentHash, limit: u64) -> Result<PathBuf, FetchError> {
        self.inner.network.fetch(hash, limit).await
    }

    /// The files that this node keeps and serves.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.inner.cache
    }

    /// The peers of the node's own network. An operator is named only if the key that signed for
    /// the peer is its key in the committed state.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerView> {
        let chain = self.snapshot();
        let mut peers = self.inner.network.peers();
        for peer in &mut peers {
            let holds = |bound: &BoundOperator| {
                let known = chain.ledger().operators.get(&bound.operator);
                known.is_some_and(|known| known.key == bound.key)
            };
            peer.operator = peer.operator.filter(holds);
        }
        peers
    }

    /// The node's own network.
    #[must_use]
    pub fn network(&self) -> &NetworkHandle {
        &self.inner.network
    }

    /// Where the engine listens.
    #[must_use]
    pub fn consensus_address(&self) -> &Multiaddr {
        &self.inner.consensus_address
    }

    /// Where the HTTP API listens.
    #[must_use]
    pub fn api_address(&self) -> Option<SocketAddr> {
        self.inner.api
    }

    /// Where a monitor asks.
    #[must_use]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.inner.metrics
    }

    /// Keeps connections to another node, of the engine and of the node's own network.
    pub async fn add_peer(
        &self,
        consensus: Multiaddr,
        network: impl IntoIterator<Item = Multiaddr>,
    ) {
        // A keeper that has ended has no engine to connect.
        let _ = self.inner.keeper.send(Request::AddPeer(consensus)).await;
        for address in network {
            self.inner.network.add_peer(address).await;
        }
    }

    /// Starts the engine anew, for instance when it seems to have lost its peers. What it voted is
    /// in its log, so this is always safe.
    pub async fn restart_engine(&self) {
        // A keeper that has ended has no engine to start.
        let _ = self.inner.keeper.send(Request::Restart).await;
    }

    /// Stops the API, the engine, the replica and the network, in this order, and waits for each.
    pub async fn shutdown(&self) {
        self.inner.stop_api.send_replace(true);
        let (told, stopped) = oneshot::channel();
        if self.inner.keeper.send(Request::Stop(told)).await.is_ok() {
            // An error means that the keeper ended, and with it what it kept.
            let _ = stopped.await;
        }
        self.inner.network.shutdown().await;
        // Whoever panicked with it held nothing that the lock depends on.
        let lock = self.inner.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(lock);
    }
}
