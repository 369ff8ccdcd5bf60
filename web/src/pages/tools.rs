//! Pages whose work is done in the browser: signing a file, checking a certificate.
//!
//! What they show without a script is how to do the same on the command line.

use askama::Template;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use probity_api::Code;

use crate::error::ApiError;
use crate::routes::App;

#[derive(Template)]
#[template(path = "sign.html")]
struct Sign;

#[derive(Template)]
#[template(path = "verify.html")]
struct Verify {
    genesis_hash: String,
}

/// Reads, signs and gives back a transaction that is in a file.
pub(crate) async fn sign() -> Result<Response, ApiError> {
    page(&Sign)
}

/// Checks a certificate that is in a file.
pub(crate) async fn verify(State(app): State<App>) -> Result<Response, ApiError> {
    page(&Verify { genesis_hash: app.chain().genesis_hash().to_string() })
}

fn page(page: &impl Template) -> Result<Response, ApiError> {
    let html = page.render().map_err(|error| {
        tracing::error!(%error, "the page cannot be made");
        ApiError::new(Code::Internal, "the node failed; its log says why")
    })?;
    Ok((super::guarded("no-cache"), Html(html)).into_response())
}
