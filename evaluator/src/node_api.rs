//! All that the agent needs of a node.
//!
//! The trait is narrow so that an agent runs against a node over HTTP, inside a node's process, or
//! against a chain in memory, with the same code.
//!
//! # Invariants
//! - What [`NodeApi::fetch`] returns has the hash that was asked for; the cache sees to it.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::future::Future;
use std::path::PathBuf;

use probity_harness::cache::{Cache, CacheError};
use probity_primitives::{Address, ContentHash, Height, OperatorId, TxHash};
use probity_protocol::params::Fees;
use probity_runtime::query::{Assignment, DisputableView, DisputeSeat};
use probity_runtime::{ChainIdentity, Receipt, SignedTx};

/// Why a node gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// It could not be asked.
    #[error("cannot reach the node: {0}")]
    Unreachable(String),
    /// It said no.
    #[error("the node refuses: {detail} ({code})")]
    Refused {
        /// A stable name for programs.
        code: String,
        /// Why, with the values.
        detail: String,
    },
    /// Its answer cannot be read.
    #[error("the node's answer cannot be read: {0}")]
    Malformed(String),
    /// A file did not enter the cache.
    #[error(transparent)]
    Cache(#[from] CacheError),
}

/// Everything that one operator must act on, all of it read at one height: a submission that is
/// not there was in no block up to that height.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignments {
    /// The height.
    pub height: Height,
    /// The next nonce of the operator key's account.
    pub nonce: u64,
    /// Where the operator sits, as a member or as a juror.
    pub assignments: Vec<Assignment>,
    /// The disputes in which it must act.
    pub disputes: Vec<DisputeSeat>,
}

/// A node, as an agent sees it.
pub trait NodeApi: Send + Sync + 'static {
    /// What tells the node's chain from every other.
    fn identity(&self) -> impl Future<Output = Result<ChainIdentity, ApiError>> + Send;

    /// What transactions cost.
    fn fees(&self) -> impl Future<Output = Result<Fees, ApiError>> + Send;

    /// What an operator must act on, and its account's nonce.
    fn assignments(
        &self,
        operator: OperatorId,
    ) -> impl Future<Output = Result<Assignments, ApiError>> + Send;

    /// The results that an account could challenge.
    fn disputable(
        &self,
        account: Address,
    ) -> impl Future<Output = Result<DisputableView, ApiError>> + Send;

    /// Waits until the chain is higher than `seen`; dropped, it leaves nothing behind.
    fn height_after(&self, seen: Height) -> impl Future<Output = Result<Height, ApiError>> + Send;

    /// Sends a transaction.
    fn submit(&self, tx: SignedTx) -> impl Future<Output = Result<TxHash, ApiError>> + Send;

    /// What became of a transaction; nothing while it stands in no block.
    fn receipt(&self, tx: TxHash)
    -> impl Future<Output = Result<Option<Receipt>, ApiError>> + Send;

    /// Brings a file of at most `limit` bytes into the cache.
    fn fetch(
        &self,
        hash: ContentHash,
        limit: u64,
        cache: &Cache,
    ) -> impl Future<Output = Result<PathBuf, ApiError>> + Send;

    /// Gives the node a file for everyone to fetch.
    fn publish(&self, bytes: Vec<u8>)
    -> impl Future<Output = Result<ContentHash, ApiError>> + Send;
}
