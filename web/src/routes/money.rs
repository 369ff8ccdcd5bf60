//! Accounts, operators, slashes and the sum of all money.

use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_primitives::{Address, OperatorId};
use probity_runtime::query;
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SlashArgs {
    operator: Option<OperatorId>,
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn account(State(app): State<App>, Id(address): Id<Address>) -> Response {
    let chain = app.chain();
    answer::one(&chain, query::account(chain.ledger(), &address))
}

/// The results that an account could dispute in the next block.
pub(super) async fn disputable(State(app): State<App>, Id(address): Id<Address>) -> Response {
    let chain = app.chain();
    answer::one(&chain, query::disputable(chain.ledger(), address, chain.height()))
}

pub(super) async fn supply(State(app): State<App>) -> Response {
    let chain = app.chain();
    answer::one(&chain, query::supply(chain.ledger(), chain.height()))
}

pub(super) async fn operator(
    State(app): State<App>,
    Id(id): Id<OperatorId>,
) -> Result<Response, ApiError> {
    let chain = app.chain();
    let view = query::operator(chain.ledger(), &id);
    let view = view.ok_or_else(|| ApiError::new(Code::OperatorNotFound, format!("no {id}")))?;
    Ok(answer::one(&chain, view))
}

pub(super) async fn operators(
    State(app): State<App>,
    Args(args): Args<Paging>,
) -> Result<Response, ApiError> {
    let (after, limit) = (cursor(args.cursor.as_deref())?, page_limit(args.limit)?);
    let chain = app.chain();
    Ok(answer::list(&chain, query::operators(chain.ledger(), after, limit)))
}

pub(super) async fn slashes(
    State(app): State<App>,
    Args(args): Args<SlashArgs>,
) -> Result<Response, ApiError> {
    let SlashArgs { operator, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.chain();
    Ok(answer::list(&chain, query::slashes(chain.ledger(), operator.as_ref(), after, limit)))
}

pub(super) async fn rewards(
    State(app): State<App>,
    Id(id): Id<OperatorId>,
    Args(args): Args<Paging>,
) -> Result<Response, ApiError> {
    let (after, limit) = (cursor(args.cursor.as_deref())?, page_limit(args.limit)?);
    let chain = app.chain();
    if chain.ledger().operators.get(&id).is_none() {
        return Err(ApiError::new(Code::OperatorNotFound, format!("no {id}")));
    }
    Ok(answer::list(&chain, query::rewards(chain.ledger(), &id, after, limit)))
}
