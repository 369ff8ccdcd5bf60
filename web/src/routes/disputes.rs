//! Disputes.

use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{Height, TaskId};
use probity_runtime::query::{self, DisputeFilter};
use serde::Deserialize;

use super::App;
use super::governance::Pin;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DisputeArgs {
    task: Option<TaskId>,
    #[serde(default)]
    open: bool,
    at: Option<Height>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    Args(args): Args<DisputeArgs>,
) -> Result<Response, ApiError> {
    let DisputeArgs { task, open, at, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.at(at)?;
    let filter = DisputeFilter { task, open };
    Ok(answer::list(&chain, query::disputes(chain.ledger(), filter, after, limit)))
}

pub(super) async fn one(
    State(app): State<App>,
    Id(id): Id<u64>,
    Args(Pin { at }): Args<Pin>,
) -> Result<Response, ApiError> {
    let chain = app.at(at)?;
    let view = query::dispute(chain.ledger(), id);
    let view =
        view.ok_or_else(|| ApiError::new(Code::DisputeNotFound, format!("no dispute {id}")))?;
    Ok(answer::one(&chain, view))
}
