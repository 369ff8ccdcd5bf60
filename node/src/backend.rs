//! The node behind its HTTP API.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use probity_api::EventRecord;
use probity_api::problem::Nonces;
use probity_api::view::{BlobView, PeerView, SnapshotView, WaitingView};
use probity_harness::cache::CacheError;
use probity_primitives::{Address, ContentHash, Height, TaskId, TxHash};
use probity_runtime::certificate::Certificate;
use probity_runtime::proof::StateProof;
use probity_runtime::result_certificate::{BuildError, ResultCertificate};
use probity_runtime::tx::TxError;
use probity_runtime::{Block, Chain, Genesis, Header, Receipt, SignedTx};
use probity_web::backend::{
    Backend, BackendError, BlobError, ByteStream, Health, SnapshotPart,
    SubmitError as ApiSubmitError,
};
use tokio::sync::watch;

use crate::consensus::driver::CommandError;
use crate::events;
use crate::handle::NodeHandle;
use crate::mempool;
use crate::network::{self, FetchError};
use crate::relay::{self, OfferError};
use crate::replica::{KEPT_HEIGHTS, SubmitError};
use crate::results::ResultError;
use crate::snapshot::{Shelf, SnapshotError};
use crate::store::StoreError;

#[async_trait]
impl Backend for NodeHandle {
    fn genesis(&self) -> &Genesis {
        self.genesis()
    }

    fn tip(&self) -> watch::Receiver<Arc<Chain>> {
        self.tip()
    }

    fn health(&self) -> Health {
        let peers = u32::try_from(self.network().peers().len()).unwrap_or(u32::MAX);
        Health { peers, syncing: self.is_behind() }
    }

    fn peers(&self) -> Vec<PeerView> {
        let shown = |peer: network::PeerView| PeerView {
            peer: peer.peer.to_string(),
            operator: peer.operator.map(|bound| bound.operator),
            outgoing: peer.direction == network::Direction::Outbound,
            relayed: peer.relayed,
            agent: peer.agent,
            connected_since_ms: peer.connected_since_ms,
        };
        self.peers().into_iter().map(shown).collect()
    }

    async fn submit(&self, tx: SignedTx) -> Result<TxHash, ApiSubmitError> {
        match self.submit(tx).await {
            Ok(hash) => Ok(hash),
            Err(OfferError::Refused(SubmitError::Invalid(reason))) => {
                Err(self.with_nonces(reason).await)
            }
            Err(OfferError::Refused(SubmitError::Rejected(reason))) => {
                let next = self.snapshot().height().next();
                Err(ApiSubmitError::NoRoom {
                    code: reason.code(),
                    detail: reason.to_string(),
                    retryable: reason.retryable(),
                    retry_at_height: next.filter(|_| reason.ends_with_a_block()),
                    nonces: reason.nonces().map(api_nonces),
                })
            }
            Err(OfferError::Node(error)) => Err(ApiSubmitError::Backend(unavailable(error))),
            Err(error @ OfferError::Crowded) => {
                Err(ApiSubmitError::Backend(BackendError::Unavailable(error.to_string())))
            }
        }
    }

    async fn waiting(&self, account: &Address) -> Result<Vec<WaitingView>, BackendError> {
        relay::waiting(&self.inner.commands, *account).await.map_err(unavailable)
    }

    async fn receipt(&self, tx: &TxHash) -> Result<Option<Receipt>, BackendError> {
        self.receipt(tx).map_err(failed)
    }

    async fn header(&self, height: Height) -> Result<Option<Header>, BackendError> {
        self.header(height).map_err(failed)
    }

    async fn block(&self, height: Height) -> Result<Option<Block>, BackendError> {
        self.block(height).map_err(failed)
    }

    async fn certificate(&self, height: Height) -> Result<Option<Certificate>, BackendError> {
        self.certificate(height).map_err(failed)
    }

    async fn records(&self, height: Height) -> Result<Option<Vec<EventRecord>>, BackendError> {
        events::read(&self.inner.history, height).map_err(failed)
    }

    async fn prove(&self, key: &[u8], height: Height) -> Result<Option<StateProof>, BackendError> {
        let tip = self.snapshot().height();
        if height > tip || tip.since(height) >= KEPT_HEIGHTS {
            return Ok(None);
        }
        self.prove(key, height).map(Some).map_err(|error| BackendError::Failed(error.to_string()))
    }

    async fn result_certificate(
        &self,
        task: &TaskId,
    ) -> Result<Option<ResultCertificate>, BackendError> {
        match self.result_certificate(*task) {
            Ok(certificate) => Ok(Some(certificate)),
            Err(ResultError::Build(BuildError::NoResult(_))) => Ok(None),
            Err(error) => Err(BackendError::Failed(error.to_string())),
        }
    }

    async fn blob(&self, hash: &ContentHash) -> Result<Option<PathBuf>, BlobError> {
        let limit = self.cache().limit();
        match self.fetch(*hash, limit).await {
            Ok(path) => Ok(Some(path)),
            Err(FetchError::TooLarge { limit, .. }) => Err(BlobError::TooLarge { limit }),
            Err(error @ (FetchError::Disk { .. } | FetchError::Cache { .. })) => {
                Err(BlobError::Backend(BackendError::Failed(error.to_string())))
            }
            Err(FetchError::TooMany { .. } | FetchError::Ended { .. }) => {
                let reason = format!("file {hash} cannot be fetched now");
                Err(BlobError::Backend(BackendError::Unavailable(reason)))
            }
            Err(
                error @ (FetchError::NoPeers { .. }
                | FetchError::NotFound { .. }
                | FetchError::NoPeerLeft { .. }
                | FetchError::TimedOut { .. }),
            ) => {
                tracing::debug!(%hash, %error, "a file is not found");
                Ok(None)
            }
        }
    }

    async fn put_blob(&self, mut body: ByteStream) -> Result<BlobView, BlobError> {
        let mut incoming = self.cache().incoming(None).map_err(cache_error)?;
        let mut size = 0u64;
        while let Some(bytes) = body.next().await {
            let bytes = bytes.map_err(|error| BlobError::Body(error.to_string()))?;
            size = size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            incoming.push(&bytes).map_err(cache_error)?;
        }
        let hash = incoming.finish().map_err(cache_error)?;
        Ok(BlobView { hash, size })
    }

    async fn snapshots(&self) -> Result<Vec<SnapshotView>, BackendError> {
        match self.inner.shelf.clone() {
            Some(shelf) => from_shelf(shelf, Shelf::summaries).await,
            None => Ok(Vec::new()),
        }
    }

    async fn snapshot_part(
        &self,
        height: Height,
        part: SnapshotPart,
    ) -> Result<Option<Vec<u8>>, BackendError> {
        let Some(shelf) = self.inner.shelf.clone() else { return Ok(None) };
        from_shelf(shelf, move |shelf| match part {
            SnapshotPart::Manifest => shelf.manifest_json(height),
            SnapshotPart::Chunk(index) => shelf.chunk(height, index),
        })
        .await
    }
}

impl NodeHandle {
    /// A refusal by the rules; one about a nonce says which nonce would be the right one.
    async fn with_nonces(&self, reason: TxError) -> ApiSubmitError {
        let (TxError::StaleNonce { sender, nonce: got, expected }
        | TxError::FutureNonce { sender, nonce: got, expected }) = reason
        else {
            return ApiSubmitError::Invalid(reason);
        };
        match relay::pending(&self.inner.commands, sender).await {
            Ok(pending) => {
                ApiSubmitError::Nonce { reason, nonces: Nonces { expected, got, pending } }
            }
            Err(_) => ApiSubmitError::Invalid(reason),
        }
    }
}

const fn api_nonces(nonces: mempool::Nonces) -> Nonces {
    let mempool::Nonces { expected, got, pending } = nonces;
    Nonces { expected, got, pending }
}

/// Answers from the shelf of snapshots, on a thread that may wait for a disk.
async fn from_shelf<T: Send + 'static>(
    shelf: Shelf,
    read: impl FnOnce(&Shelf) -> Result<T, SnapshotError> + Send + 'static,
) -> Result<T, BackendError> {
    match tokio::task::spawn_blocking(move || read(&shelf)).await {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(error)) => Err(BackendError::Failed(error.to_string())),
        Err(error) => Err(BackendError::Failed(error.to_string())),
    }
}

fn unavailable(error: CommandError) -> BackendError {
    BackendError::Unavailable(error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "it is the function of a map_err")]
fn failed(error: StoreError) -> BackendError {
    BackendError::Failed(error.to_string())
}

fn cache_error(error: CacheError) -> BlobError {
    if let CacheError::TooLarge { limit, .. } = error {
        BlobError::TooLarge { limit }
    } else {
        BlobError::Backend(BackendError::Failed(error.to_string()))
    }
}
