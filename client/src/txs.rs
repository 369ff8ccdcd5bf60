//! Transactions.

use std::time::Duration;

use probity_api::view::{PendingView, RECEIPT_SCHEMA, SubmittedView};
use probity_api::{Code, Envelope, OCTET_STREAM};
use probity_primitives::{Address, Height, TxHash};
use probity_runtime::query::View;
use probity_runtime::{Receipt, SignedTx};
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;

use crate::client::Client;
use crate::error::ClientError;

/// How long the first pause between questions for a receipt is; each is longer, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// How long the longest pause is.
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// What is known of a transaction when a wait for it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// A block has it.
    Included(Envelope<Receipt>),
    /// No block has it, and none can any more.
    Expired {
        /// The height at which the node said so.
        height: Height,
    },
    /// The time is over; a block may still take it.
    Unknown {
        /// The chain's height, if the node said it.
        height: Option<Height>,
    },
}

impl Client {
    /// Sends a transaction; gives its name. Sending it again does no harm.
    ///
    /// # Errors
    /// [`ClientError::Problem`] with the code of the refusal.
    pub async fn submit(&self, tx: &SignedTx) -> Result<TxHash, ClientError> {
        let expected = tx.hash();
        let envelope: Envelope<SubmittedView> = self.post(tx, false).await?;
        self.check("/txs", SubmittedView::SCHEMA, &envelope.schema)?;
        let found = envelope.data.hash;
        if found != expected {
            let reason = format!("the node took {found} for the transaction {expected}");
            return Err(ClientError::Malformed { url: "/txs".to_owned(), reason });
        }
        Ok(found)
    }

    /// What would become of a transaction in the next block.
    ///
    /// # Errors
    /// [`ClientError::Problem`] if it could not stand in one.
    pub async fn dry_run(&self, tx: &SignedTx) -> Result<Envelope<Receipt>, ClientError> {
        let envelope: Envelope<Receipt> = self.post(tx, true).await?;
        self.check("/txs", RECEIPT_SCHEMA, &envelope.schema)?;
        Ok(envelope)
    }

    /// What an account has waiting at the node, and which nonce its next transaction should carry.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn pending(&self, address: &Address) -> Result<Envelope<PendingView>, ClientError> {
        self.one(&format!("/accounts/{address}/pending"), Vec::new()).await
    }

    /// What became of a transaction; none while no block has it.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn receipt(&self, hash: &TxHash) -> Result<Option<Envelope<Receipt>>, ClientError> {
        match self.document(&format!("/txs/{hash}"), Vec::new(), RECEIPT_SCHEMA).await {
            Ok(receipt) => Ok(Some(receipt)),
            Err(error) if error.code() == Some(Code::TxNotFound.as_str()) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Waits until a block has the transaction.
    ///
    /// # Errors
    /// [`ClientError::TimedOut`], or what the node says if that cannot be retried.
    pub async fn wait_tx(
        &self,
        hash: &TxHash,
        timeout: Duration,
    ) -> Result<Envelope<Receipt>, ClientError> {
        let started = tokio::time::Instant::now();
        let mut pause = FIRST_PAUSE;
        while started.elapsed() < timeout {
            match self.receipt(hash).await {
                Ok(Some(receipt)) => return Ok(receipt),
                Err(error) if !error.retryable() => return Err(error),
                Ok(None) | Err(_) => tokio::time::sleep(pause).await,
            }
            pause = pause.saturating_mul(2).min(LAST_PAUSE);
        }
        Err(ClientError::TimedOut { what: format!("the transaction {hash}"), waited: timeout })
    }

    /// Waits until a block has the transaction, until none can have it any more, or until the time
    /// is over.
    ///
    /// # Errors
    /// What the node says if that cannot be retried.
    pub async fn landing(
        &self,
        hash: &TxHash,
        expiry: Option<Height>,
        timeout: Duration,
    ) -> Result<Landing, ClientError> {
        let started = tokio::time::Instant::now();
        let (mut pause, mut last) = (FIRST_PAUSE, None);
        loop {
            match self.look(hash).await {
                Ok((_, Some(receipt))) => return Ok(Landing::Included(receipt)),
                Ok((height, None)) if expiry.is_some_and(|expiry| height >= expiry) => {
                    return Ok(Landing::Expired { height });
                }
                Ok((height, None)) => last = Some(height),
                Err(error) if !error.retryable() => return Err(error),
                Err(_) => {}
            }
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(Landing::Unknown { height: last });
            }
            tokio::time::sleep(pause.min(left)).await;
            pause = pause.saturating_mul(2).min(LAST_PAUSE);
        }
    }

    /// The chain's height and then the receipt, in this order: a transaction that a block took in
    /// between is found, one that is not found had not landed up to the height.
    async fn look(
        &self,
        hash: &TxHash,
    ) -> Result<(Height, Option<Envelope<Receipt>>), ClientError> {
        let height = self.status().await?.height;
        Ok((height, self.receipt(hash).await?))
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        tx: &SignedTx,
        dry_run: bool,
    ) -> Result<Envelope<T>, ClientError> {
        let request = self
            .request(Method::POST, "/txs")?
            .query(&[("dry_run", dry_run)])
            .header(CONTENT_TYPE, OCTET_STREAM)
            .timeout(self.request_time())
            .body(tx.encode());
        self.read(self.send(request, "/txs").await?).await
    }
}
