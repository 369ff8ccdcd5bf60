//! Asking, and reading answers within limits.

use std::time::Duration;

use probity_api::{BASE_PATH, Envelope, ListEnvelope, PROBLEM_JSON, Problem, list_schema};
use probity_runtime::query::View;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, RequestBuilder, Response, Url};
use serde::de::DeserializeOwned;

use crate::error::ClientError;

/// How long a connection that is not used is kept.
const IDLE: Duration = Duration::from_secs(15);

/// How long and how much a client waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientLimits {
    /// For a connection.
    pub connect: Duration,
    /// For an answer, apart from files and events.
    pub request: Duration,
    /// For the next bytes of a file or of the events.
    pub read: Duration,
    /// The longest document, in bytes.
    pub document: u64,
}

impl Default for ClientLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            request: Duration::from_secs(20),
            read: Duration::from_secs(45),
            document: 64 << 20,
        }
    }
}

/// Which part of a list is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListArgs {
    /// How many entries; the node's default if none.
    pub limit: Option<usize>,
    /// Where to go on: [`ListEnvelope::next`] of the page before.
    pub cursor: Option<String>,
}

/// A node's API.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    limits: ClientLimits,
}

/// The parameters of a query that are given.
pub(crate) type Query = Vec<(&'static str, String)>;

impl Client {
    /// The API at a node's address, for example `http://127.0.0.1:27657`.
    ///
    /// # Errors
    /// [`ClientError::BadUrl`] for anything but an address of the kinds `http` and `https`.
    pub fn new(base_url: &str) -> Result<Self, ClientError> {
        Self::with_limits(base_url, ClientLimits::default())
    }

    /// The same with limits of one's own.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_limits(base_url: &str, limits: ClientLimits) -> Result<Self, ClientError> {
        let refuse = |reason: String| ClientError::BadUrl { url: base_url.to_owned(), reason };
        let base = Url::parse(base_url).map_err(|error| refuse(error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(refuse("it does not begin with http:// or https:// and a host".to_owned()));
        }
        let builder = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            // Well before the server closes an idle connection, so that none is used as it closes.
            .pool_idle_timeout(IDLE)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("probity/", env!("CARGO_PKG_VERSION")));
        let builder = if is_loopback(&base) { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| refuse(why(&error)))?;
        Ok(Self { http, base, limits })
    }

    /// The node's address.
    #[must_use]
    pub fn base_url(&self) -> &str {
        self.base.as_str()
    }

    /// One thing.
    pub(crate) async fn one<T: View + DeserializeOwned>(
        &self,
        path: &str,
        query: Query,
    ) -> Result<Envelope<T>, ClientError> {
        self.document(path, query, T::SCHEMA).await
    }

    /// One thing of a schema that its type does not name.
    pub(crate) async fn document<T: DeserializeOwned>(
        &self,
        path: &str,
        query: Query,
        schema: &str,
    ) -> Result<Envelope<T>, ClientError> {
        let request = self.request(Method::GET, path)?.query(&query).timeout(self.limits.request);
        let envelope: Envelope<T> = self.read(self.send(request, path).await?).await?;
        self.check(path, schema, &envelope.schema)?;
        Ok(envelope)
    }

    /// A part of a list.
    pub(crate) async fn list<T: View + DeserializeOwned>(
        &self,
        path: &str,
        mut query: Query,
        args: &ListArgs,
    ) -> Result<ListEnvelope<T>, ClientError> {
        query.extend(args.limit.map(|limit| ("limit", limit.to_string())));
        query.extend(args.cursor.clone().map(|cursor| ("cursor", cursor)));
        let request = self.request(Method::GET, path)?.query(&query).timeout(self.limits.request);
        let envelope: ListEnvelope<T> = self.read(self.send(request, path).await?).await?;
        self.check(path, &list_schema(T::SCHEMA), &envelope.schema)?;
        Ok(envelope)
    }

    /// A request to a path below the API's base.
    pub(crate) fn request(
        &self,
        method: Method,
        path: &str,
    ) -> Result<RequestBuilder, ClientError> {
        Ok(self.http.request(method, self.url(path)?))
    }

    /// The longest time for an answer.
    pub(crate) const fn request_time(&self) -> Duration {
        self.limits.request
    }

    fn url(&self, path: &str) -> Result<Url, ClientError> {
        let base = self.base.as_str().trim_end_matches('/');
        let url = format!("{base}{BASE_PATH}{path}");
        Url::parse(&url)
            .map_err(|error| ClientError::BadUrl { url: url.clone(), reason: error.to_string() })
    }

    /// Sends a request; anything but success is an error.
    pub(crate) async fn send(
        &self,
        request: RequestBuilder,
        path: &str,
    ) -> Result<Response, ClientError> {
        let url = || self.url(path).map(String::from).unwrap_or_default();
        let response = request
            .send()
            .await
            .map_err(|error| ClientError::Unreachable { url: url(), reason: why(&error) })?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status().as_u16();
        let is_problem = response
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|media| media.as_bytes() == PROBLEM_JSON.as_bytes());
        if !is_problem {
            let reason = format!("status {status} without a problem document");
            return Err(ClientError::Malformed { url: url(), reason });
        }
        Err(self.read::<Problem>(response).await?.into())
    }

    /// Reads a document.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, ClientError> {
        let url = response.url().to_string();
        serde_json::from_slice(&self.bytes(response).await?)
            .map_err(|error| ClientError::Malformed { url, reason: error.to_string() })
    }

    /// Reads an answer as it is.
    pub(crate) async fn bytes(&self, mut response: Response) -> Result<Vec<u8>, ClientError> {
        let url = response.url().to_string();
        let limit = self.limits.document;
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| ClientError::Unreachable { url: url.clone(), reason: why(&error) })?
        {
            bytes.extend_from_slice(&chunk);
            if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
                return Err(ClientError::TooLarge { url, limit });
            }
        }
        Ok(bytes)
    }

    /// Refuses an answer of another schema.
    pub(crate) fn check(&self, path: &str, expected: &str, found: &str) -> Result<(), ClientError> {
        if expected == found {
            return Ok(());
        }
        let url = self.url(path).map(String::from).unwrap_or_default();
        let reason = format!("the schema is {found:?}, expected {expected:?}");
        Err(ClientError::Malformed { url, reason })
    }
}

/// A proxy cannot reach a node that listens on this machine alone.
fn is_loopback(url: &Url) -> bool {
    url.host_str().is_some_and(|host| {
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

/// An error with everything behind it, without the address, which is told apart.
pub(crate) fn why(error: &reqwest::Error) -> String {
    let mut text = if error.is_timeout() { "it took too long".to_owned() } else { String::new() };
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    if text.is_empty() { error.to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_refused_with_its_text() {
        for wrong in ["", "127.0.0.1:27657", "ftp://127.0.0.1", "http://"] {
            let error = Client::new(wrong).unwrap_err();
            assert!(matches!(&error, ClientError::BadUrl { url, .. } if url == wrong), "{error}");
        }
    }

    #[test]
    fn paths_stand_below_the_base() {
        for base in ["http://127.0.0.1:1", "http://127.0.0.1:1/"] {
            let url = Client::new(base).unwrap().url("/status").unwrap();
            assert_eq!(url.as_str(), "http://127.0.0.1:1/api/v1/status");
        }
        let below = Client::new("http://127.0.0.1:1/node/").unwrap().url("/status").unwrap();
        assert_eq!(below.as_str(), "http://127.0.0.1:1/node/api/v1/status");
    }

    #[test]
    fn loopback_is_known_by_name_and_by_number() {
        let loopback = |text: &str| is_loopback(&Url::parse(text).unwrap());
        assert!(loopback("http://localhost:1") && loopback("http://127.9.0.1"));
        assert!(loopback("http://[::1]:1"));
        assert!(!loopback("http://10.0.0.1") && !loopback("http://example.org"));
    }
}
