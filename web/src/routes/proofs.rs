//! State proofs.

use axum::extract::State;
use axum::response::Response;
use probity_api::view::ProofView;
use probity_api::{Code, HexBytes};
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
    Id(key): Id<HexBytes>,
    Args(args): Args<ProofArgs>,
) -> Result<Response, ApiError> {
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        let detail = format!("a state key has 1 to {MAX_KEY_BYTES} bytes, not {}", key.len());
        return Err(ApiError::new(Code::MalformedId, detail));
    }
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
    Ok(answer::one(&chain, ProofView::new(proof, header, certificate)))
}
