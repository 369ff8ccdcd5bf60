//! Transactions: sending them, trying them, and what became of them.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_api::problem::KNOWN;
use probity_api::view::{PendingView, RECEIPT_SCHEMA, SubmittedView, TxDocument};
use probity_api::{Code, OCTET_STREAM};
use probity_primitives::{Address, TxHash};
use probity_runtime::SignedTx;
use probity_runtime::tx::MAX_TX_BYTES;
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::backend::SubmitError;
use crate::error::ApiError;
use crate::extract::{Args, Id};

/// The longest body: the digits of the longest transaction, and what stands around them.
const MAX_BODY_BYTES: usize = 2 * MAX_TX_BYTES + 1_024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubmitArgs {
    #[serde(default)]
    dry_run: bool,
}

pub(super) async fn submit(
    State(app): State<App>,
    Args(args): Args<SubmitArgs>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let tx = read(&headers, body).await?;
    let chain = app.chain();
    if args.dry_run {
        let verified = tx.verify(chain.identity())?;
        chain.check(&verified)?;
        return Ok(answer::document(&chain, RECEIPT_SCHEMA, chain.dry_run(&verified)));
    }
    let hash = tx.hash();
    match app.backend.submit(tx).await {
        // Whoever got no answer sends it again.
        Ok(_) | Err(SubmitError::NoRoom { code: KNOWN, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    Ok((StatusCode::ACCEPTED, answer::one(&chain, SubmittedView { hash })).into_response())
}

/// What an account has waiting, and which nonce its next transaction should carry.
pub(super) async fn pending(
    State(app): State<App>,
    Id(address): Id<Address>,
) -> Result<Response, ApiError> {
    // The mempool is read first: what a block takes out of it meanwhile is used in the state.
    let mut waiting = app.backend.waiting(&address).await?;
    let chain = app.chain();
    let nonce = chain.ledger().accounts.get(&address).map_or(0, |account| account.nonce);
    waiting.retain(|one| one.nonce >= nonce);
    let unbroken = waiting.iter().map(|one| one.nonce).zip(nonce..);
    let unbroken = unbroken.take_while(|(have, want)| have == want).count();
    let next = nonce.saturating_add(u64::try_from(unbroken).unwrap_or(u64::MAX));
    Ok(answer::one(&chain, PendingView { address, nonce, next, waiting }))
}

pub(super) async fn receipt(
    State(app): State<App>,
    Id(hash): Id<TxHash>,
) -> Result<Response, ApiError> {
    let receipt = app.backend.receipt(&hash).await?;
    let receipt = receipt
        .ok_or_else(|| ApiError::new(Code::TxNotFound, format!("no block has {hash} yet")))?;
    Ok(answer::document(&app.chain(), RECEIPT_SCHEMA, receipt))
}

/// The form that a body is in.
enum Form {
    Bytes,
    Json,
}

async fn read(headers: &HeaderMap, body: Body) -> Result<SignedTx, ApiError> {
    let form = form(headers)?;
    let bytes = axum::body::to_bytes(body, MAX_BODY_BYTES).await.map_err(|error| {
        let detail = format!("the body cannot be read within {MAX_BODY_BYTES} bytes: {error}");
        ApiError::new(Code::BodyTooLarge, detail)
    })?;
    let tx = match form {
        Form::Bytes => SignedTx::decode(&bytes)?,
        Form::Json => {
            let document: TxDocument = serde_json::from_slice(&bytes)
                .map_err(|error| ApiError::new(Code::MalformedBody, error.to_string()))?;
            SignedTx::decode(&document.tx)?
        }
    };
    Ok(tx)
}

fn form(headers: &HeaderMap) -> Result<Form, ApiError> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media = given.and_then(|value| value.split(';').next()).map(str::trim).unwrap_or_default();
    if media.eq_ignore_ascii_case(OCTET_STREAM) {
        Ok(Form::Bytes)
    } else if media.eq_ignore_ascii_case("application/json") {
        Ok(Form::Json)
    } else {
        let detail = format!("{media:?} is neither {OCTET_STREAM} nor application/json");
        Err(ApiError::new(Code::UnsupportedMediaType, detail))
    }
}
