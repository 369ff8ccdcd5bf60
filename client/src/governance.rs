//! Votes of the holders: referenda, positions, delegations, previews, and all votes as CSV.

use bytes::Bytes;
use probity_api::view::{GOVERNANCE_SCHEMA, PreviewRequest};
use probity_api::{Envelope, HEIGHT_HEADER, ListEnvelope};
use probity_dao::{Params, ReferendumId, Track};
use probity_primitives::{Address, Height};
use probity_runtime::query::{
    GivenView, PositionView, PreviewView, ReferendumFilter, ReferendumView, View, VoteView,
    VoterView,
};
use reqwest::{Method, Response};

use crate::client::{Client, ListArgs, Query, why};
use crate::error::ClientError;

/// The height that a read is pinned to, as a query carries it.
pub(crate) fn pin(at: Option<Height>) -> Query {
    at.map(|at| ("at", at.to_string())).into_iter().collect()
}

impl Client {
    /// The numbers of governance in force.
    ///
    /// # Errors
    /// [`ClientError`], as for every method here; the code is `height_pruned` for a height that is
    /// not at hand.
    pub async fn governance(&self, at: Option<Height>) -> Result<Envelope<Params>, ClientError> {
        self.document("/governance", pin(at), GOVERNANCE_SCHEMA).await
    }

    /// Referenda, the newest first.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn referenda(
        &self,
        filter: &ReferendumFilter,
        at: Option<Height>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<ReferendumView>, ClientError> {
        let ReferendumFilter { track, stage, open } = filter;
        let mut query = pin(at);
        query.extend(track.map(|track| ("track", track.to_string())));
        query.extend(stage.map(|stage| ("stage", stage.to_string())));
        query.extend(open.then(|| ("open", true.to_string())));
        self.list("/referenda", query, args).await
    }

    /// A referendum.
    ///
    /// # Errors
    /// [`ClientError`]; the code is `referendum_not_found` if there is none.
    pub async fn referendum(
        &self,
        id: ReferendumId,
        at: Option<Height>,
    ) -> Result<Envelope<ReferendumView>, ClientError> {
        self.one(&format!("/referenda/{id}"), pin(at)).await
    }

    /// The votes on a referendum, in ascending order of account.
    ///
    /// # Errors
    /// As [`Self::referendum`].
    pub async fn votes(
        &self,
        id: ReferendumId,
        at: Option<Height>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<VoteView>, ClientError> {
        self.list(&format!("/referenda/{id}/votes"), pin(at), args).await
    }

    /// All votes on a referendum as CSV, of one height.
    ///
    /// # Errors
    /// As [`Self::referendum`].
    pub async fn votes_csv(
        &self,
        id: ReferendumId,
        at: Option<Height>,
    ) -> Result<CsvStream, ClientError> {
        let path = format!("/referenda/{id}/votes.csv");
        let request = self.request(Method::GET, &path)?.query(&pin(at));
        let response = self.send(request, &path).await?;
        let url = response.url().to_string();
        let height = response.headers().get(HEIGHT_HEADER).and_then(|value| value.to_str().ok());
        let height = height.and_then(|text| text.parse().ok()).map(Height);
        let height = height.ok_or_else(|| ClientError::Malformed {
            url: url.clone(),
            reason: format!("the header {HEIGHT_HEADER} is missing or no height"),
        })?;
        Ok(CsvStream { response, url, height })
    }

    /// Where an account stands on a referendum.
    ///
    /// # Errors
    /// As [`Self::referendum`].
    pub async fn position(
        &self,
        id: ReferendumId,
        account: &Address,
        at: Option<Height>,
    ) -> Result<Envelope<PositionView>, ClientError> {
        self.one(&format!("/referenda/{id}/positions/{account}"), pin(at)).await
    }

    /// What holds an account's tokens, and power that it gave and was given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn voter(
        &self,
        account: &Address,
        at: Option<Height>,
    ) -> Result<Envelope<VoterView>, ClientError> {
        self.one(&format!("/voters/{account}"), pin(at)).await
    }

    /// Delegations, of a track or of all, to someone or to anyone.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn delegations(
        &self,
        track: Option<Track>,
        to: Option<&Address>,
        at: Option<Height>,
        args: &ListArgs,
    ) -> Result<ListEnvelope<GivenView>, ClientError> {
        let mut query = pin(at);
        query.extend(track.map(|track| ("track", track.to_string())));
        query.extend(to.map(|to| ("to", to.to_string())));
        self.list("/delegations", query, args).await
    }

    /// What an action would do in the next block, tried on a copy of the node's state.
    ///
    /// # Errors
    /// [`ClientError`]; an action that would be refused is no error but an answer.
    pub async fn preview(
        &self,
        request: &PreviewRequest,
    ) -> Result<Envelope<PreviewView>, ClientError> {
        let asked = self.request(Method::POST, "/preview")?.json(request);
        let asked = asked.timeout(self.request_time());
        let envelope: Envelope<PreviewView> =
            self.read(self.send(asked, "/preview").await?).await?;
        self.check("/preview", PreviewView::SCHEMA, &envelope.schema)?;
        Ok(envelope)
    }
}

/// Rows as they arrive; there may be any number of them.
#[derive(Debug)]
pub struct CsvStream {
    response: Response,
    url: String,
    height: Height,
}

impl CsvStream {
    /// The height that the rows are of.
    #[must_use]
    pub const fn height(&self) -> Height {
        self.height
    }

    /// The next bytes; none at the end.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] if the answer breaks off: what came before is not all.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        self.response.chunk().await.map_err(|error| ClientError::Unreachable {
            url: self.url.clone(),
            reason: why(&error),
        })
    }
}
