//! What stands around every answer: what a browser may do with it, and who may send what.
//!
//! # Invariants
//! - A browser runs and loads nothing here but this server's own files, and turns no text into
//!   markup by a script: there is no Trusted Types policy.
//! - A page of another origin cannot make a browser send anything here. There is no session that it
//!   could ride on either; a transaction is its own authority.
//! - A caller from elsewhere is answered so many times a second and no more.

use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use probity_api::Code;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::routes::App;

/// What a browser may load for a page, and who may show it: itself, and nobody.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// What no page here asks a browser for.
const NOTHING: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// The headers of every answer.
const HEADERS: [(HeaderName, &str); 5] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("permissions-policy"), NOTHING),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Checks where a request comes from and how often, and puts the headers around its answer.
pub(crate) async fn shield(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&app, &request) {
        Some(refusal) => refusal,
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why a request is not let through, if it is not.
fn refusal(app: &App, request: &Request) -> Option<Response> {
    let sends = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if sends && !of_this_origin(request.headers(), request.uri()) {
        let detail = "a page of another origin may not send anything here";
        return Some(ApiError::new(Code::CrossOrigin, detail).into_response());
    }
    let caller = request.extensions().get::<Caller>();
    let caller = caller.filter(|caller| !caller.is_local())?;
    let rates = if sends { &app.sends } else { &app.reads };
    rates.take(*caller, Instant::now()).err().map(|wait| {
        let detail = format!("this address has asked too often; again in {} ms", wait.as_millis());
        let mut response = ApiError::new(Code::RateLimited, detail).into_response();
        let seconds = wait.as_millis().div_ceil(1_000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            response.headers_mut().insert(header::RETRY_AFTER, value);
        }
        response
    })
}

/// Whether a browser says that a request comes from a page of this server, or no browser sent it.
fn of_this_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(&HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(&header::ORIGIN) else { return true };
    let named = origin.split_once("://").map(|(_, authority)| authority);
    let own = text(&header::HOST).or_else(|| uri.authority().map(|authority| authority.as_str()));
    named.is_some() && named == own
}
