//! A node over its HTTP API.
//!
//! New heights come from the stream of events, which resumes after an interruption; files go
//! into the cache as they arrive, so that a large model never stands in memory.
//!
//! # Not here
//! Limits on answers and time: `probity_client` has them.
//!
//! Spec: `docs/spec/22-evaluator.md`, `docs/spec/24-api.md`.

use std::path::PathBuf;

use probity_client::view::AssignmentsView;
use probity_client::{Client, ClientError, EventId, EventStream};
use probity_harness::cache::Cache;
use probity_primitives::{Address, ContentHash, Height, OperatorId, TxHash};
use probity_protocol::params::Fees;
use probity_runtime::query::DisputableView;
use probity_runtime::{ChainIdentity, Receipt, SignedTx};
use tokio::sync::Mutex;

use crate::node_api::{ApiError, Assignments, NodeApi};

/// The records that say that there is a block.
const BLOCKS: [&str; 1] = ["block"];

/// A node over HTTP.
#[derive(Debug)]
pub struct Remote {
    client: Client,
    blocks: Mutex<Option<EventStream>>,
}

impl Remote {
    /// The node that a client asks.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, blocks: Mutex::new(None) }
    }
}

impl NodeApi for Remote {
    async fn identity(&self) -> Result<ChainIdentity, ApiError> {
        Ok(self.client.identity().await?)
    }

    async fn fees(&self) -> Result<Fees, ApiError> {
        Ok(self.client.params().await?.data.fees)
    }

    async fn assignments(&self, operator: OperatorId) -> Result<Assignments, ApiError> {
        let answer = self.client.assignments(&operator).await?;
        let AssignmentsView { operator: _, account: _, nonce, assignments, disputes } = answer.data;
        Ok(Assignments { height: answer.height, nonce, assignments, disputes })
    }

    async fn disputable(&self, account: Address) -> Result<DisputableView, ApiError> {
        Ok(self.client.disputable(&account).await?.data)
    }

    async fn height_after(&self, seen: Height) -> Result<Height, ApiError> {
        let mut held = self.blocks.lock().await;
        loop {
            let stream = match &mut *held {
                Some(stream) => stream,
                None => {
                    let after = EventId { height: seen, index: u32::MAX };
                    held.insert(self.client.events(Some(after), &BLOCKS).await?)
                }
            };
            match stream.next().await {
                Ok(record) if record.id.height > seen => return Ok(record.id.height),
                Ok(_) => {}
                Err(error) => {
                    // The next stream begins where the agent then is, so nothing old blocks it.
                    *held = None;
                    return Err(error.into());
                }
            }
        }
    }

    async fn submit(&self, tx: SignedTx) -> Result<TxHash, ApiError> {
        Ok(self.client.submit(&tx).await?)
    }

    async fn receipt(&self, tx: TxHash) -> Result<Option<Receipt>, ApiError> {
        Ok(self.client.receipt(&tx).await?.map(|answer| answer.data))
    }

    async fn fetch(
        &self,
        hash: ContentHash,
        limit: u64,
        cache: &Cache,
    ) -> Result<PathBuf, ApiError> {
        let mut stream = self.client.blob_stream(&hash, limit).await?;
        let mut incoming = cache.incoming(Some(hash))?;
        while let Some(chunk) = stream.next().await? {
            incoming.push(&chunk)?;
        }
        let kept = tokio::task::spawn_blocking(move || incoming.finish()).await;
        let kept = kept.map_err(|error| ApiError::Malformed(error.to_string()))??;
        Ok(cache.path_of(&kept))
    }

    async fn publish(&self, bytes: Vec<u8>) -> Result<ContentHash, ApiError> {
        Ok(self.client.put_blob(bytes).await?.hash)
    }
}

impl From<ClientError> for ApiError {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Problem { code, detail, .. } => Self::Refused { code, detail },
            ClientError::Unreachable { .. } | ClientError::TimedOut { .. } => {
                Self::Unreachable(error.to_string())
            }
            ClientError::BadUrl { .. }
            | ClientError::Malformed { .. }
            | ClientError::TooLarge { .. }
            | ClientError::WrongHash { .. }
            | ClientError::File { .. } => Self::Malformed(error.to_string()),
        }
    }
}
