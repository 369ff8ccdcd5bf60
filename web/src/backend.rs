//! What the API needs of whoever it speaks for.
//!
//! # Invariants
//! - A height up to the tip's is there with everything, or was pruned with everything.
//! - [`Backend::tip`] changes after what it announces can be read.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use probity_api::EventRecord;
use probity_api::problem::Nonces;
use probity_api::view::{BlobView, PeerView, SnapshotView, WaitingView};
use probity_primitives::{Address, ContentHash, Height, TaskId, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::proof::StateProof;
use probity_runtime::result_certificate::ResultCertificate;
use probity_runtime::tx::TxError;
use probity_runtime::{Block, Chain, Genesis, Header, Receipt, SignedTx};
use tokio::sync::watch;

/// The bytes of a file as they arrive; an error ends them.
pub type ByteStream = BoxStream<'static, Result<Bytes, std::io::Error>>;

/// A node, as far as its API is concerned. Calls that read a store may block briefly; calls that
/// ask other nodes must not block the thread.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// The chain's genesis document.
    fn genesis(&self) -> &Genesis;

    /// The newest state, and every later one as it comes.
    fn tip(&self) -> watch::Receiver<Arc<Chain>>;

    /// How the node stands among its peers.
    fn health(&self) -> Health;

    /// Whom the node is connected to; nobody for a backend without a network.
    fn peers(&self) -> Vec<PeerView> {
        Vec::new()
    }

    /// Takes a transaction, to spread it and to put it into a block.
    ///
    /// # Errors
    /// [`SubmitError`] if it cannot stand in a block or there is no room for it.
    async fn submit(&self, tx: SignedTx) -> Result<TxHash, SubmitError>;

    /// What an account has waiting for a block, in the order of nonces.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn waiting(&self, account: &Address) -> Result<Vec<WaitingView>, BackendError>;

    /// What became of a transaction, if a block has it.
    ///
    /// # Errors
    /// [`BackendError`], as for every method that reads.
    async fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, BackendError>;

    /// The header at a height.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn header(&self, height: Height) -> Result<Option<Header>, BackendError>;

    /// The block at a height.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn block(&self, height: Height) -> Result<Option<Block>, BackendError>;

    /// The votes that decided a height.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn certificate(&self, height: Height) -> Result<Option<Certificate>, BackendError>;

    /// The records of a height: [`probity_api::event::records`] of what its block left behind.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn records(&self, height: Height) -> Result<Option<Vec<EventRecord>>, BackendError>;

    /// The proof about a state key at a height, if the height's tree is kept.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn prove(&self, key: &[u8], height: Height) -> Result<Option<StateProof>, BackendError>;

    /// The certificate of a task's result, if there is a result whose evidence is kept.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn result_certificate(
        &self,
        task: &TaskId,
    ) -> Result<Option<ResultCertificate>, BackendError>;

    /// Where the file with this hash lies, fetched from peers if need be.
    ///
    /// # Errors
    /// [`BlobError`].
    async fn blob(&self, hash: &ContentHash) -> Result<Option<PathBuf>, BlobError>;

    /// Keeps a file.
    ///
    /// # Errors
    /// [`BlobError`], also if the body breaks off.
    async fn put_blob(&self, body: ByteStream) -> Result<BlobView, BlobError>;

    /// The snapshots that are handed out, oldest first; none unless the node is told to.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn snapshots(&self) -> Result<Vec<SnapshotView>, BackendError> {
        Ok(Vec::new())
    }

    /// The bytes of a part of a snapshot that is handed out.
    ///
    /// # Errors
    /// [`BackendError`].
    async fn snapshot_part(
        &self,
        _height: Height,
        _part: SnapshotPart,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        Ok(None)
    }
}

/// A part of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotPart {
    /// What it says of itself.
    Manifest,
    /// One of its chunks.
    Chunk(u32),
}

/// How a node stands among its peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// How many peers it is connected to.
    pub peers: u32,
    /// Whether it is behind them.
    pub syncing: bool,
}

/// Why the node cannot answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// It cannot do it now, and may later.
    #[error("{0}")]
    Unavailable(String),
    /// Something that should not be, such as a damaged store. Only the log says what.
    #[error("{0}")]
    Failed(String),
}

/// Why a transaction is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// It cannot stand in a block.
    #[error(transparent)]
    Invalid(#[from] TxError),
    /// It cannot stand in a block because of its nonce.
    #[error("{reason}; the next free nonce is {}", nonces.pending)]
    Nonce {
        /// Why, as the rules say it.
        reason: TxError,
        /// The nonces.
        nonces: Nonces,
    },
    /// There is no room for it, or another one has its place.
    #[error("{detail}")]
    NoRoom {
        /// A stable name for programs; [`probity_api::problem::KNOWN`] if it waits already, which
        /// is answered as if it had just been taken.
        code: &'static str,
        /// Why, with the values.
        detail: String,
        /// Whether the same transaction may be taken later.
        retryable: bool,
        /// The height from which it may, where that is known.
        retry_at_height: Option<Height>,
        /// The nonces, where it is about nonces.
        nonces: Option<Nonces>,
    },
    /// The node cannot answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a file is not kept or not found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlobError {
    /// It is too long.
    #[error("the file is longer than the limit of {limit} bytes")]
    TooLarge {
        /// The longest in bytes.
        limit: u64,
    },
    /// The body broke off.
    #[error("the body cannot be read: {0}")]
    Body(String),
    /// The node cannot answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
