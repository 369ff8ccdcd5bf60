//! State proofs.

use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_api::view::ProofView;
use probity_primitives::Height;
use probity_runtime::proof::MAX_KEY_BYTES;
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProofArgs {
    height: Option<Height>,
}

pub(super) async fn prove(
    State(app): State<App>,
    Id(digits): Id<String>,
    Args(args): Args<ProofArgs>,
) -> Result<Response, ApiError> {
    let key = key(&digits)?;
    let chain = app.chain();
    let tip = chain.height();
    let height = args.height.unwrap_or(tip);
    if height > tip {
        let detail = format!("there is no block {height} here; the newest is {tip}");
        return Err(ApiError::new(Code::BlockNotFound, detail));
    }
    let pruned = || {
        let detail = format!("the state at height {height} is not kept any more");
        ApiError::new(Code::HeightPruned, detail)
    };
    let proof = app.backend.prove(&key, height).await?.ok_or_else(pruned)?;
    let header = app.backend.header(height).await?.ok_or_else(pruned)?;
    let certificate = app.backend.certificate(height).await?;
    Ok(answer::one(&chain, ProofView { proof, header, certificate }))
}

/// The bytes of a state key.
fn key(digits: &str) -> Result<Vec<u8>, ApiError> {
    let refuse = |detail: String| ApiError::new(Code::MalformedId, detail);
    let key = hex::decode(digits)
        .map_err(|error| refuse(format!("a state key is hexadecimal digits: {error}")))?;
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        let len = key.len();
        return Err(refuse(format!("a state key has 1 to {MAX_KEY_BYTES} bytes, not {len}")));
    }
    Ok(key)
}
