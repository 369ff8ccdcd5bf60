//! Fetching: bytes from files, web servers and the model hub, into the cache.
//!
//! Whatever the source, bytes go through [`Cache`]: a size limit holds while they arrive, and
//! where the content's hash is known they count only if they have it. A hash that is in the cache
//! already is not fetched at all.
//!
//! # Invariants
//! - Every connection has a time limit for connecting, for silence and for the whole.
//! - Redirects are few and never lead from https to http.
//!
//! # Not here
//! Transfers between peers, which verify block by block: the node. Fetching by a stranger's wish:
//! a source is what the operator or the command line names.
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod error;
mod hub;
mod source;
mod web;

use std::path::PathBuf;
use std::time::Duration;

use probity_primitives::ContentHash;

pub use error::FetchError;
pub use hub::HubOptions;
pub use source::{HubFile, HubKind, Source, SourceError};

use crate::cache::Cache;

/// How long fetching may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// Without a byte.
    pub silence: Duration,
    /// For the whole file.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_secs(30),
            whole: Duration::from_secs(3_600),
        }
    }
}

/// Brings files into a cache.
#[derive(Debug, Clone)]
pub struct Fetcher {
    cache: Cache,
    patience: Patience,
    hub: HubOptions,
    client: reqwest::Client,
}

/// A file that is in the cache now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Its hash.
    pub hash: ContentHash,
    /// Where it is.
    pub path: PathBuf,
}

impl Fetcher {
    /// A fetcher into `cache`.
    ///
    /// # Errors
    /// [`FetchError::Web`] if the system has no means for secure connections.
    pub fn new(cache: Cache, patience: Patience, hub: HubOptions) -> Result<Self, FetchError> {
        let client = web::client(patience)?;
        Ok(Self { cache, patience, hub, client })
    }

    /// Fetches a file, unless the cache has the hash that is expected.
    ///
    /// # Errors
    /// [`FetchError`] if the source does not give the file, or gives too much, or another one.
    pub async fn fetch(
        &self,
        source: &Source,
        expected: Option<ContentHash>,
    ) -> Result<Fetched, FetchError> {
        if let Some(hash) = expected
            && let Some(path) = self.cache.get(&hash)
        {
            return Ok(Fetched { hash, path });
        }
        let hash = match source {
            Source::File(path) => self.copy(path.clone(), expected).await?,
            Source::Web(url) => self.download(url, expected).await?,
            Source::Hub(file) => self.copy(self.hub_path(file).await?, expected).await?,
        };
        Ok(Fetched { hash, path: self.cache.path_of(&hash) })
    }

    async fn copy(
        &self,
        path: PathBuf,
        expected: Option<ContentHash>,
    ) -> Result<ContentHash, FetchError> {
        let cache = self.cache.clone();
        let copied = tokio::task::spawn_blocking(move || cache.insert_file(&path, expected)).await;
        Ok(copied.map_err(|_| FetchError::Interrupted)??)
    }
}
