//! Disputes.

use probity_api::{Envelope, ListEnvelope};
use probity_primitives::Height;
use probity_runtime::query::{DisputeFilter, DisputeView};

use crate::client::{Client, ListArgs};
use crate::error::ClientError;
use crate::governance::pin;

impl Client {
    /// Disputes in the order in which they were opened.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn disputes(
        &self,
        filter: &DisputeFilter,
        at: Option<Height>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<DisputeView>, ClientError> {
        let DisputeFilter { task, open } = filter;
        let mut query = pin(at);
        query.extend(task.map(|task| ("task", task.to_string())));
        query.extend(open.then(|| ("open", true.to_string())));
        self.list("/disputes", query, args).await
    }

    /// A dispute.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `dispute_not_found` if there is none.
    pub async fn dispute(
        &self,
        id: u64,
        at: Option<Height>,
    ) -> Result<Envelope<DisputeView>, ClientError> {
        self.one(&format!("/disputes/{id}"), pin(at)).await
    }
}
