//! What the rest of the node holds of the network.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt, Shared};
use libp2p::{Multiaddr, PeerId};
use probity_primitives::ContentHash;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::command::Command;
use super::counters::{Counters, NetworkCounts};
use super::gossip::PublishError;
use super::peers::{Book, PeerView};
use super::transfer::FetchError;
use super::transfer::fetch::Fetcher;

/// A fetch that several callers wait for.
type SharedFetch = Shared<BoxFuture<'static, Result<PathBuf, FetchError>>>;

/// A running network. Clones are the same network; it ends when the last one is dropped and no
/// fetch is under way, or with [`NetworkHandle::shutdown`].
#[derive(Debug, Clone)]
pub struct NetworkHandle {
    inner: Arc<Inner>,
}

/// What the driver shows.
#[derive(Debug)]
pub(super) struct Views {
    pub(super) addresses: watch::Receiver<Vec<Multiaddr>>,
    pub(super) connected: watch::Receiver<BTreeSet<PeerId>>,
    pub(super) chain_peers: watch::Receiver<BTreeSet<PeerId>>,
    pub(super) book: Book,
    pub(super) counters: Arc<Counters>,
}

#[derive(Debug)]
struct Inner {
    peer_id: PeerId,
    commands: mpsc::Sender<Command>,
    views: Views,
    fetcher: Fetcher,
    /// Files that are fetched now or wait to be.
    fetches: Mutex<HashMap<ContentHash, SharedFetch>>,
    slots: Semaphore,
}

impl NetworkHandle {
    pub(super) fn new(
        peer_id: PeerId,
        commands: mpsc::Sender<Command>,
        views: Views,
        fetcher: Fetcher,
    ) -> Self {
        let slots = Semaphore::new(fetcher.limits.fetches.max(1));
        let fetches = Mutex::new(HashMap::new());
        let inner = Inner { peer_id, commands, views, fetcher, fetches, slots };
        Self { inner: Arc::new(inner) }
    }

    /// The name of this node among its peers.
    #[must_use]
    pub fn peer_id(&self) -> PeerId {
        self.inner.peer_id
    }

    /// Where this node listens, with the ports that the system chose.
    #[must_use]
    pub fn listen_addrs(&self) -> Vec<Multiaddr> {
        self.inner.views.addresses.borrow().clone()
    }

    /// The peers of this chain that are connected now, with all that is known of them.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerView> {
        self.inner.views.book.views()
    }

    /// Their names.
    #[must_use]
    pub fn connected(&self) -> BTreeSet<PeerId> {
        self.inner.views.connected.borrow().clone()
    }

    /// What was counted so far, for metrics.
    #[must_use]
    pub fn counts(&self) -> NetworkCounts {
        self.inner.views.book.count(self.inner.views.counters.now())
    }

    /// Waits until at least `count` peers are connected, or the network ends.
    pub async fn wait_for_peers(&self, count: usize) {
        let mut peers = self.inner.views.connected.clone();
        // An error means that the network has ended, and no more peers will come.
        let _ = peers.wait_for(|peers| peers.len() >= count).await;
    }

    /// Who of them gossips this chain's transactions.
    #[must_use]
    pub fn chain_peers(&self) -> BTreeSet<PeerId> {
        self.inner.views.chain_peers.borrow().clone()
    }

    /// Waits until at least `count` peers gossip this chain's transactions, or the network ends. A
    /// peer hears only what is published after that.
    pub async fn wait_for_chain_peers(&self, count: usize) {
        let mut peers = self.inner.views.chain_peers.clone();
        // An error means that the network has ended, and no more peers will come.
        let _ = peers.wait_for(|peers| peers.len() >= count).await;
    }

    /// Keeps calling the peer at this address, as if it had been configured.
    pub async fn add_peer(&self, address: Multiaddr) {
        // A network that has ended calls nobody.
        let _ = self.inner.commands.send(Command::AddPeer(address)).await;
    }

    /// Gossips a transaction that this node holds valid.
    ///
    /// # Errors
    /// [`PublishError`]; with no peers nothing is kept, and the caller may try again.
    pub async fn publish_tx(&self, bytes: Vec<u8>) -> Result<(), PublishError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Publish { bytes, reply };
        self.inner.commands.send(command).await.map_err(|_| PublishError::Ended)?;
        answer.await.map_err(|_| PublishError::Ended)?
    }

    /// The path of a file in the cache, fetched from peers if it is not there yet.
    ///
    /// Callers that want the same file at the same time wait for one transfer. It goes on when a
    /// caller stops waiting.
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::TooLarge`] if the file has more than `size_limit` bytes.
    pub async fn fetch(&self, hash: ContentHash, size_limit: u64) -> Result<PathBuf, FetchError> {
        loop {
            if let Some(path) = self.inner.fetcher.cache.get(&hash) {
                return check_size(path, hash, size_limit);
            }
            match self.join(hash, size_limit)?.await {
                // Another caller's limit is not this one's.
                Err(FetchError::TooLarge { limit, .. })
                    if limit < size_limit.min(self.inner.fetcher.cache.limit()) => {}
                Err(error) => return Err(error),
                Ok(path) => return check_size(path, hash, size_limit),
            }
        }
    }

    /// Ends the network and waits until its connections are closed.
    pub async fn shutdown(&self) {
        // An error means that it has ended already.
        let _ = self.inner.commands.send(Command::Shutdown).await;
        self.inner.commands.closed().await;
    }

    /// For tests that look at single answers.
    #[cfg(test)]
    pub(super) fn asker(&self) -> &super::command::Asker {
        &self.inner.fetcher.asker
    }

    /// The transfer of this file that is under way, or a new one.
    fn join(&self, hash: ContentHash, size_limit: u64) -> Result<SharedFetch, FetchError> {
        let limit = self.inner.fetcher.limits.waiting_fetches;
        let mut fetches = self.inner.lock();
        if let Some(fetch) = fetches.get(&hash) {
            return Ok(fetch.clone());
        }
        if fetches.len() >= limit {
            return Err(FetchError::TooMany { hash, limit });
        }
        let task = tokio::spawn(Arc::clone(&self.inner).fetch(hash, size_limit));
        let ended = move |result: Result<_, tokio::task::JoinError>| {
            result.unwrap_or(Err(FetchError::Ended { hash }))
        };
        let fetch = task.map(ended).boxed().shared();
        fetches.insert(hash, fetch.clone());
        Ok(fetch)
    }
}

impl Inner {
    async fn fetch(self: Arc<Self>, hash: ContentHash, limit: u64) -> Result<PathBuf, FetchError> {
        let slot = self.slots.acquire().await;
        let peers = self.views.connected.borrow().iter().copied().collect();
        let result = self.fetcher.fetch(peers, hash, limit).await;
        drop(slot);
        self.lock().remove(&hash);
        result
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ContentHash, SharedFetch>> {
        self.fetches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check_size(path: PathBuf, hash: ContentHash, limit: u64) -> Result<PathBuf, FetchError> {
    let size = std::fs::metadata(&path)
        .map_err(|error| FetchError::Disk { hash, reason: error.to_string() })?
        .len();
    if size > limit { Err(FetchError::TooLarge { hash, size, limit }) } else { Ok(path) }
}
