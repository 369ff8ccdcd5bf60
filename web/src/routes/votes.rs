//! The votes on a referendum: in pages, or all of them as CSV.
//!
//! The CSV is written from one state while it is sent, a few hundred rows at a time: blocks that
//! are made meanwhile change nothing in it, and neither their number nor a slow reader costs
//! memory. There is no limit on rows.

use std::convert::Infallible;
use std::fmt::Write;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use probity_api::HEIGHT_HEADER;
use probity_dao::{Ballot, ReferendumId};
use probity_primitives::{Address, Height};
use probity_runtime::Chain;
use probity_runtime::query::{self, MAX_PAGE, Page, VoteView};
use serde::Deserialize;

use super::App;
use super::governance::{Pin, unknown};
use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};
use crate::places;

/// The first line.
const HEADING: &str = "referendum,account,side,conviction,amount,aye,nay,abstain,own_votes,\
                       carried_tokens,carried_votes\n";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VoteArgs {
    at: Option<Height>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    Id(id): Id<ReferendumId>,
    Args(args): Args<VoteArgs>,
) -> Result<Response, ApiError> {
    let VoteArgs { at, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let (chain, _) = pinned(&app, id, at)?;
    Ok(answer::list(&chain, query::votes(chain.state(), id, after, limit)))
}

pub(super) async fn csv(
    State(app): State<App>,
    Id(id): Id<ReferendumId>,
    caller: Caller,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let (chain, height) = pinned(&app, id, at)?;
    let seat = app.streams.take(caller).map_err(|full| ApiError::full(full, "streams are open"))?;
    let rows = Rows { chain, id, place: Place::Heading, _seat: seat };
    let rows = stream::unfold(rows, |mut rows| async move {
        let chunk = rows.next()?;
        Some((Ok::<_, Infallible>(chunk), rows))
    });
    let name = format!("attachment; filename=\"referendum-{id}-votes-at-{height}.csv\"");
    let mut response = Body::from_stream(rows).into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    set(header::CONTENT_TYPE, "text/csv; charset=utf-8");
    set(header::CONTENT_DISPOSITION, &name);
    set(header::CACHE_CONTROL, "no-cache");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(HeaderName::from_static(HEIGHT_HEADER), &height.to_string());
    Ok(response)
}

/// The state that the votes at a height are read from. Once a vote is over its votes stay as they
/// are, so that any later state has them.
fn pinned(
    app: &App,
    id: ReferendumId,
    at: Option<Height>,
) -> Result<(Arc<Chain>, Height), ApiError> {
    let decided = |chain: &Chain| chain.dao().referenda.get(&id).map(|known| known.stage.decided());
    match app.at(at) {
        Ok(chain) if decided(&chain).is_some() => {
            let height = chain.height();
            Ok((chain, height))
        }
        Ok(_) => Err(unknown(id)),
        Err(error) => {
            let tip = app.chain();
            let over = decided(&tip).flatten();
            match at.filter(|at| over.is_some_and(|over| *at >= over && *at <= tip.height())) {
                Some(at) => Ok((tip, at)),
                None => Err(error),
            }
        }
    }
}

/// How far the rows are written.
#[derive(Clone, Copy)]
enum Place {
    Heading,
    After(Option<Address>),
    End,
}

struct Rows {
    chain: Arc<Chain>,
    id: ReferendumId,
    place: Place,
    _seat: places::Place,
}

impl Rows {
    fn next(&mut self) -> Option<Bytes> {
        let after = match self.place {
            Place::Heading => {
                self.place = Place::After(None);
                return Some(Bytes::from_static(HEADING.as_bytes()));
            }
            Place::After(after) => after,
            Place::End => return None,
        };
        let Page { items, next } = query::votes(self.chain.state(), self.id, after, MAX_PAGE);
        self.place = next.map_or(Place::End, |next| Place::After(Some(next)));
        let mut text = String::new();
        for vote in &items {
            row(&mut text, self.id, vote);
        }
        Some(Bytes::from(text))
    }
}

/// One row; every field is a number, a name of ours or an address, so that none needs quotes.
fn row(text: &mut String, id: ReferendumId, view: &VoteView) {
    let VoteView { account, vote } = view;
    let own = query::own_power(vote).votes.weight().units();
    let (tokens, votes) = (vote.carried.tokens.units(), vote.carried.votes.weight().units());
    let said = match vote.ballot {
        Ballot::Whole { side, conviction, amount } => {
            format!("{},{},{},,,", side.name(), conviction.name(), amount.units())
        }
        Ballot::Split { aye, nay, abstain } => {
            let sum = vote.ballot.tokens().unwrap_or_default().units();
            let (aye, nay, abstain) = (aye.units(), nay.units(), abstain.units());
            format!("split,unlocked,{sum},{aye},{nay},{abstain}")
        }
    };
    // Writing into a string does not fail.
    let _ = writeln!(text, "{id},{account},{said},{own},{tokens},{votes}");
}
