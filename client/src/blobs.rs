//! Files by their hash.

use std::path::Path;

use bytes::Bytes;
use probity_api::view::BlobView;
use probity_api::{Envelope, OCTET_STREAM};
use probity_primitives::ContentHash;
use probity_runtime::query::View;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Body, Method, Response};
use tokio_util::io::ReaderStream;

use crate::client::{Client, why};
use crate::error::ClientError;

impl Client {
    /// The bytes of a file, at most `max_size` of them. They have the hash.
    ///
    /// # Errors
    /// [`ClientError::WrongHash`] for other bytes, [`ClientError::TooLarge`] for more; the code is
    /// `blob_not_found` if nobody has the file.
    pub async fn blob(&self, hash: &ContentHash, max_size: u64) -> Result<Vec<u8>, ClientError> {
        let mut stream = self.blob_stream(hash, max_size).await?;
        let mut bytes = Vec::new();
        while let Some(chunk) = stream.next().await? {
            bytes.extend_from_slice(&chunk);
        }
        let found = ContentHash::of_file(&bytes);
        if found != *hash {
            return Err(ClientError::WrongHash { expected: *hash, found });
        }
        Ok(bytes)
    }

    /// The bytes of a file as they arrive, for a caller that checks their hash.
    ///
    /// # Errors
    /// As [`Self::blob`], without the hash.
    pub async fn blob_stream(
        &self,
        hash: &ContentHash,
        max_size: u64,
    ) -> Result<BlobStream, ClientError> {
        let path = format!("/blobs/{hash}");
        let request = self.request(Method::GET, &path)?;
        let response = self.send(request, &path).await?;
        let url = response.url().to_string();
        if response.content_length().is_some_and(|len| len > max_size) {
            return Err(ClientError::TooLarge { url, limit: max_size });
        }
        Ok(BlobStream { response, url, limit: max_size, left: max_size })
    }

    /// Gives the node a file for everyone to fetch.
    ///
    /// # Errors
    /// [`ClientError::WrongHash`] if something else arrived.
    pub async fn put_blob(&self, bytes: Vec<u8>) -> Result<BlobView, ClientError> {
        let expected = ContentHash::of_file(&bytes);
        let view = self.put(Body::from(bytes)).await?;
        if view.hash != expected {
            return Err(ClientError::WrongHash { expected, found: view.hash });
        }
        Ok(view)
    }

    /// The same for a file on disk, however long; the caller compares the hash.
    ///
    /// # Errors
    /// [`ClientError::File`] if it cannot be read.
    pub async fn put_file(&self, path: &Path) -> Result<BlobView, ClientError> {
        let file = tokio::fs::File::open(path).await.map_err(|error| ClientError::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        })?;
        self.put(Body::wrap_stream(ReaderStream::new(file))).await
    }

    async fn put(&self, body: Body) -> Result<BlobView, ClientError> {
        let request =
            self.request(Method::PUT, "/blobs")?.header(CONTENT_TYPE, OCTET_STREAM).body(body);
        let envelope: Envelope<BlobView> = self.read(self.send(request, "/blobs").await?).await?;
        self.check("/blobs", BlobView::SCHEMA, &envelope.schema)?;
        Ok(envelope.data)
    }
}

/// A file as it arrives.
#[derive(Debug)]
pub struct BlobStream {
    response: Response,
    url: String,
    limit: u64,
    left: u64,
}

impl BlobStream {
    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] if the node breaks off, [`ClientError::TooLarge`] above the
    /// limit.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        let chunk = self.response.chunk().await.map_err(|error| ClientError::Unreachable {
            url: self.url.clone(),
            reason: why(&error),
        })?;
        let Some(chunk) = chunk else { return Ok(None) };
        let len = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
        match self.left.checked_sub(len) {
            Some(left) => {
                self.left = left;
                Ok(Some(chunk))
            }
            None => Err(ClientError::TooLarge { url: self.url.clone(), limit: self.limit }),
        }
    }
}
