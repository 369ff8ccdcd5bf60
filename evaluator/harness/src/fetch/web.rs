//! Files from web servers, streamed into the cache.

use probity_primitives::ContentHash;
use reqwest::redirect::{Attempt, Policy};

use super::error::causes;
use super::{FetchError, Fetcher, Patience};
use crate::cache::CacheError;

const MAX_REDIRECTS: usize = 5;

pub(super) fn client(patience: Patience) -> Result<reqwest::Client, FetchError> {
    reqwest::Client::builder()
        .connect_timeout(patience.connect)
        .read_timeout(patience.silence)
        .timeout(patience.whole)
        .redirect(Policy::custom(redirect))
        .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| failed("any address", &error))
}

fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let leaves_https = attempt.previous().last().is_some_and(|from| from.scheme() == "https")
        && attempt.url().scheme() != "https";
    if leaves_https {
        return attempt.error("a redirect leads from https to http");
    }
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(format!("more than {MAX_REDIRECTS} redirects"));
    }
    attempt.follow()
}

pub(super) fn failed(url: &str, error: &reqwest::Error) -> FetchError {
    FetchError::Web { url: url.to_owned(), reason: causes(error) }
}

impl Fetcher {
    pub(super) async fn download(
        &self,
        url: &str,
        expected: Option<ContentHash>,
    ) -> Result<ContentHash, FetchError> {
        let sent = self.client.get(url).send().await;
        let mut response = sent.map_err(|error| failed(url, &error))?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            return Err(FetchError::Status { url: url.to_owned(), status });
        }
        let limit = self.cache.limit();
        if let Some(len) = response.content_length().filter(|len| *len > limit) {
            return Err(CacheError::TooLarge { len, limit }.into());
        }
        let mut incoming = self.cache.incoming(expected)?;
        while let Some(bytes) = response.chunk().await.map_err(|error| failed(url, &error))? {
            incoming.push(&bytes)?;
        }
        Ok(incoming.finish()?)
    }
}
