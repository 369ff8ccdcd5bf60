//! The port.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::limit::GlobalConcurrencyLimitLayer;

use crate::exposition::Exposition;

/// The media type of the text form.
const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// Scrapes at once; the others wait.
const SCRAPES: usize = 4;

/// A port that serves metrics until it is dropped.
#[derive(Debug)]
pub struct MetricsServer(JoinHandle<()>);

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Serves `exposition` at `/metrics`, on the running runtime.
#[must_use]
pub fn serve(listener: TcpListener, exposition: Exposition) -> MetricsServer {
    let router = Router::new()
        .route("/metrics", get(scrape))
        .layer(GlobalConcurrencyLimitLayer::new(SCRAPES))
        .with_state(Arc::new(exposition));
    MetricsServer(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    }))
}

async fn scrape(State(exposition): State<Arc<Exposition>>) -> Response {
    // Collectors may read files, so they run where blocking is allowed.
    match tokio::task::spawn_blocking(move || exposition.render()).await {
        Ok(Ok(text)) => ([(header::CONTENT_TYPE, MEDIA_TYPE)], text).into_response(),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("cannot write the metrics: {error}\n"))
        .into_response()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use prometheus_client::registry::Registry;

    use super::*;

    #[tokio::test]
    async fn metrics_are_served_and_nothing_else() {
        let exposition = Exposition::new(Registry::default(), Vec::new());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let _server = serve(listener, exposition);
        let ask = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.unwrap();
        let answer = ask("/metrics").await;
        assert_eq!(answer.headers()["content-type"], MEDIA_TYPE);
        let text = answer.text().await.unwrap();
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
        for path in ["/", "/api/v1/status", "/metrics/x"] {
            assert_eq!(ask(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
