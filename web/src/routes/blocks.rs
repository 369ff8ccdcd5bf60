//! Blocks, and lists of headers from the newest down.

use axum::extract::State;
use axum::response::Response;
use probity_api::Code;
use probity_api::view::{BlockView, HeaderView, TxView};
use probity_primitives::Height;
use probity_runtime::query::Page;
use serde::Deserialize;

use super::App;
use crate::answer;
use crate::error::ApiError;
use crate::extract::{Args, Id, cursor, page_limit};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BlockArgs {
    limit: Option<usize>,
    cursor: Option<String>,
}

pub(super) async fn list(
    State(app): State<App>,
    Args(args): Args<BlockArgs>,
) -> Result<Response, ApiError> {
    let limit = page_limit(args.limit)?;
    let chain = app.chain();
    let below: Option<u64> = cursor(args.cursor.as_deref())?;
    let mut height = match below {
        Some(below) => below.checked_sub(1).map(Height),
        None => Some(chain.height()),
    };
    let mut items = Vec::new();
    while let Some(at) = height.filter(|_| items.len() < limit) {
        let Some(header) = app.backend.header(at).await? else { break };
        items.push(HeaderView { hash: header.hash(), header });
        height = at.0.checked_sub(1).map(Height);
    }
    let full = items.len() == limit && height.is_some();
    let next = items.last().filter(|_| full).map(|last| last.header.height.0);
    Ok(answer::list(&chain, Page { items, next }))
}

pub(super) async fn one(State(app): State<App>, Id(height): Id<u64>) -> Result<Response, ApiError> {
    let chain = app.chain();
    let block = app.backend.block(Height(height)).await?.ok_or_else(|| {
        let tip = chain.height();
        if Height(height) <= tip {
            let detail = format!("this node does not keep the block {height}; ask one that does");
            return ApiError::new(Code::HeightPruned, detail);
        }
        let detail = format!("there is no block {height} yet; the newest is {tip}");
        ApiError::new(Code::BlockNotFound, detail)
    })?;
    let certificate = app.backend.certificate(Height(height)).await?;
    let hash = block.hash();
    let txs = block.txs.into_iter().map(|tx| TxView { hash: tx.hash(), tx }).collect();
    Ok(answer::one(&chain, BlockView { hash, header: block.header, txs, certificate }))
}
