//! Files of the model hub, through its own client and its own cache on disk.
//!
//! A file that another tool of the hub has fetched is used as it is, without a connection. Before
//! anything is downloaded the hub is asked for the size, because its client knows no limit.

use std::path::PathBuf;

use hf_hub::api::tokio::{Api, ApiBuilder};
use hf_hub::{Repo, RepoType};
use reqwest::header::{CONTENT_RANGE, RANGE};

use super::error::causes;
use super::source::{HubFile, HubKind};
use super::web::failed;
use super::{FetchError, Fetcher};
use crate::cache::CacheError;

/// Where the hub and its cache are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubOptions {
    /// The folder of its cache: `HF_HOME/hub` if it is not given.
    pub cache: Option<PathBuf>,
    /// Its address: `HF_ENDPOINT` or the public one if it is not given.
    pub endpoint: Option<String>,
    /// Whether only the cache is used.
    pub offline: bool,
}

impl Fetcher {
    /// The path of a hub file in the hub's cache, after a download where it was not there.
    pub(super) async fn hub_path(&self, file: &HubFile) -> Result<PathBuf, FetchError> {
        let cache = match &self.hub.cache {
            Some(folder) => hf_hub::Cache::new(folder.clone()),
            None => hf_hub::Cache::from_env(),
        };
        if let Some(path) = cache.repo(repository(file)).get(&file.path) {
            return Ok(path);
        }
        if self.hub.offline {
            return Err(FetchError::Offline(file.to_string()));
        }
        let download = self.download_hub_path(file);
        match tokio::time::timeout(self.patience.whole, download).await {
            Ok(path) => path,
            Err(_) => Err(FetchError::TimedOut {
                source_name: file.to_string(),
                seconds: self.patience.whole.as_secs(),
            }),
        }
    }

    async fn download_hub_path(&self, file: &HubFile) -> Result<PathBuf, FetchError> {
        let hub = |reason: String| FetchError::Hub { file: file.to_string(), reason };
        let api = self.hub_client().map_err(|error| hub(causes(&error)))?;
        let repository = api.repo(repository(file));
        self.check_size(&api, &repository.url(&file.path)).await?;
        // The client panics on answers that no hub gives; in a task of its own that is an error.
        let path = file.path.clone();
        let task = tokio::spawn(async move { repository.download(&path).await });
        let downloaded = task.await.map_err(|error| hub(causes(&error)))?;
        downloaded.map_err(|error| hub(causes(&error)))
    }

    fn hub_client(&self) -> Result<Api, hf_hub::api::tokio::ApiError> {
        let HubOptions { cache, endpoint, offline: _ } = &self.hub;
        let mut builder = ApiBuilder::from_env().with_progress(false);
        if let Some(folder) = cache {
            builder = builder.with_cache_dir(folder.clone());
        }
        if let Some(endpoint) = endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        builder.build()
    }

    async fn check_size(&self, api: &Api, url: &str) -> Result<(), FetchError> {
        let sent = api.client().get(url).header(RANGE, "bytes=0-0").send().await;
        let response = sent.map_err(|error| failed(url, &error))?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(FetchError::Status { url: url.to_owned(), status });
        }
        let range = response.headers().get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
        let len = range.and_then(|range| range.rsplit('/').next()?.parse::<u64>().ok());
        let Some(len) = len else {
            let reason = "the server does not say how large the file is".to_owned();
            return Err(FetchError::Web { url: url.to_owned(), reason });
        };
        let limit = self.cache.limit();
        if len > limit { Err(CacheError::TooLarge { len, limit }.into()) } else { Ok(()) }
    }
}

fn repository(file: &HubFile) -> Repo {
    let kind = match file.kind {
        HubKind::Model => RepoType::Model,
        HubKind::Dataset => RepoType::Dataset,
    };
    Repo::with_revision(file.repository.clone(), kind, file.revision.clone())
}
