//! Artifacts, tasks, results, the board, and what an operator has to do.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use probity_api::Code;
use probity_api::view::AssignmentsView;
use probity_primitives::{Address, ArtifactId, OperatorId, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{self, ArtifactFilter, ResultFilter};
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArtifactArgs {
    kind: Option<ArtifactKind>,
    owner: Option<Address>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TaskArgs {
    phase: Option<TaskPhase>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ResultArgs {
    benchmark: Option<ArtifactId>,
    artifact: Option<ArtifactId>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoardArgs {
    benchmark: ArtifactId,
}

pub(super) async fn artifact(
    State(app): State<App>,
    Id(id): Id<ArtifactId>,
) -> Result<Response, ApiError> {
    let chain = app.chain();
    let view = query::artifact(chain.ledger(), &id);
    let view = view.ok_or_else(|| missing(Code::ArtifactNotFound, "artifact", &id))?;
    Ok(answer::one(&chain, view))
}

pub(super) async fn artifacts(
    State(app): State<App>,
    Args(args): Args<ArtifactArgs>,
) -> Result<Response, ApiError> {
    let ArtifactArgs { kind, owner, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.chain();
    let filter = ArtifactFilter { kind, owner };
    Ok(answer::list(&chain, query::artifacts(chain.ledger(), filter, after, limit)))
}

pub(super) async fn task(State(app): State<App>, Id(id): Id<TaskId>) -> Result<Response, ApiError> {
    let chain = app.chain();
    let view = query::task(chain.ledger(), &id);
    let view = view.ok_or_else(|| missing(Code::TaskNotFound, "task", &id))?;
    Ok(answer::one(&chain, view))
}

pub(super) async fn tasks(
    State(app): State<App>,
    Args(args): Args<TaskArgs>,
) -> Result<Response, ApiError> {
    let TaskArgs { phase, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.chain();
    Ok(answer::list(&chain, query::tasks(chain.ledger(), phase, after, limit)))
}

pub(super) async fn assignments(
    State(app): State<App>,
    Id(id): Id<OperatorId>,
) -> Result<Response, ApiError> {
    let chain = app.chain();
    let ledger = chain.ledger();
    let known = ledger.operators.get(&id);
    let known = known.ok_or_else(|| missing(Code::OperatorNotFound, "operator", &id))?;
    let account = Address::of(&known.key, chain.identity().network);
    let view = AssignmentsView {
        operator: id,
        account,
        nonce: query::account(ledger, &account).nonce,
        assignments: query::assignments(ledger, &id),
        disputes: query::dispute_seats(ledger, &id),
    };
    Ok(answer::one(&chain, view))
}

pub(super) async fn result(
    State(app): State<App>,
    Id(id): Id<TaskId>,
) -> Result<Response, ApiError> {
    let chain = app.chain();
    let view = query::result(chain.ledger(), &id);
    let view = view.ok_or_else(|| missing(Code::ResultNotFound, "result of task", &id))?;
    Ok(answer::one(&chain, view))
}

/// The certificate as its file: the one text that verifies, without an envelope.
pub(super) async fn certificate(
    State(app): State<App>,
    Id(id): Id<TaskId>,
) -> Result<Response, ApiError> {
    let certificate = app.backend.result_certificate(&id).await?;
    let certificate = certificate
        .ok_or_else(|| missing(Code::CertificateNotFound, "certificate of task", &id))?;
    let media = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((media, certificate.to_json()).into_response())
}

pub(super) async fn results(
    State(app): State<App>,
    Args(args): Args<ResultArgs>,
) -> Result<Response, ApiError> {
    let ResultArgs { benchmark, artifact, limit, cursor: after } = args;
    let (after, limit) = (cursor(after.as_deref())?, page_limit(limit)?);
    let chain = app.chain();
    let filter = ResultFilter { benchmark, artifact };
    Ok(answer::list(&chain, query::results(chain.ledger(), filter, after, limit)))
}

pub(super) async fn board(
    State(app): State<App>,
    Args(args): Args<BoardArgs>,
) -> Result<Response, ApiError> {
    let chain = app.chain();
    let view = query::board(chain.ledger(), &args.benchmark);
    let view =
        view.ok_or_else(|| missing(Code::BenchmarkNotFound, "benchmark", &args.benchmark))?;
    Ok(answer::one(&chain, view))
}

fn missing(code: Code, what: &str, id: &impl std::fmt::Display) -> ApiError {
    ApiError::new(code, format!("there is no {what} {id}"))
}
