//! Snapshots of the state, of a node that hands them out.
//!
//! # Not here
//! Whether one holds: whoever asked proves it with the genesis document.

use probity_api::view::SnapshotView;
use probity_primitives::Height;
use reqwest::Method;

use crate::client::{Client, ListArgs, why};
use crate::error::ClientError;

impl Client {
    /// The snapshots that the node hands out, oldest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn snapshots(&self) -> Result<Vec<SnapshotView>, ClientError> {
        Ok(self.list("/snapshots", Vec::new(), &ListArgs::default()).await?.data)
    }

    /// The bytes of a snapshot's manifest, at most `limit` of them.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `snapshot_not_found` if the node does not hand it out.
    pub async fn snapshot_manifest(
        &self,
        height: Height,
        limit: u64,
    ) -> Result<Vec<u8>, ClientError> {
        self.file(&format!("/snapshots/{height}/manifest"), limit).await
    }

    /// The bytes of a chunk of a snapshot, at most `limit` of them.
    ///
    /// # Errors
    /// As [`Self::snapshot_manifest`].
    pub async fn snapshot_chunk(
        &self,
        height: Height,
        index: u32,
        limit: u64,
    ) -> Result<Vec<u8>, ClientError> {
        self.file(&format!("/snapshots/{height}/chunks/{index}"), limit).await
    }

    async fn file(&self, path: &str, limit: u64) -> Result<Vec<u8>, ClientError> {
        let mut response = self.send(self.request(Method::GET, path)?, path).await?;
        let url = response.url().to_string();
        let mut bytes = Vec::new();
        loop {
            let more = response.chunk().await.map_err(|error| ClientError::Unreachable {
                url: url.clone(),
                reason: why(&error),
            })?;
            let Some(more) = more else { return Ok(bytes) };
            bytes.extend_from_slice(&more);
            if u64::try_from(bytes.len()).map_or(true, |len| len > limit) {
                return Err(ClientError::TooLarge { url, limit });
            }
        }
    }
}
