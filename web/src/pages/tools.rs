//! Pages whose work is done in the browser: signing a file, checking a certificate.
//!
//! What they show without a script is how to do the same on the command line.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, page};
use crate::error::ApiError;
use crate::routes::App;

#[derive(Template)]
#[template(path = "sign.html")]
struct Sign {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "verify.html")]
struct Verify {
    frame: Frame,
}

/// Reads, signs and gives back a transaction that is in a file.
pub(super) async fn sign(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("Sign a transaction", "/status");
    page(&Sign { frame })
}

/// Checks a certificate that is in a file.
pub(super) async fn verify(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("Check a certificate", "/status");
    page(&Verify { frame })
}
