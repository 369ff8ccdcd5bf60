//! What people should know: how it works, how to read the data, and how accessible this is.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use super::frame::{Frame, page};
use crate::error::ApiError;
use crate::openapi::Entry;
use crate::routes::{App, table};

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "api.html")]
struct Api {
    frame: Frame,
    routes: Vec<Route>,
}

#[derive(Template)]
#[template(path = "a11y.html")]
struct Accessibility {
    frame: Frame,
}

/// A route of the API, as people read it.
struct Route {
    method: String,
    path: &'static str,
    /// What may be asked besides the path, as it stands in an address.
    asks: Vec<String>,
    says: &'static str,
}

impl Route {
    fn of(entry: &Entry) -> Self {
        let Entry { method, path, says } = entry;
        let asks = says.query.iter().map(|query| format!("{}=", query.name));
        Self { method: method.to_uppercase(), path, asks: asks.collect(), says: says.summary }
    }
}

pub(crate) async fn docs(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("How it works", "/params");
    page(&Docs { frame })
}

pub(crate) async fn api(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("API", "/status");
    let mut entries = table::entries();
    entries.sort_by_key(|entry| entry.path);
    page(&Api { routes: entries.iter().map(Route::of).collect(), frame })
}

pub(crate) async fn a11y(State(app): State<App>) -> Result<Response, ApiError> {
    let frame = Frame::new(&app, "").await?.named("Accessibility", "/status");
    page(&Accessibility { frame })
}
