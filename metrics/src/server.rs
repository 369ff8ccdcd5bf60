//! The port.

use std::net::SocketAddr;
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

/// Why metrics cannot be served.
#[derive(Debug, thiserror::Error)]
#[error("cannot serve metrics on {address}: {reason}")]
pub struct ServeError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    pub reason: std::io::Error,
}

/// A port that serves metrics until it is dropped.
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl MetricsServer {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Serves `exposition` on `address`, on the running runtime.
///
/// # Errors
/// [`ServeError`] if the address cannot be had.
pub async fn serve(
    address: SocketAddr,
    exposition: Exposition,
) -> Result<MetricsServer, ServeError> {
    let failed = |reason| ServeError { address, reason };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    let router = Router::new()
        .route("/metrics", get(scrape))
        .layer(GlobalConcurrencyLimitLayer::new(SCRAPES))
        .with_state(Arc::new(exposition));
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(MetricsServer { address: bound, task })
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
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let server = serve(any, exposition).await.unwrap();
        let ask = async |path: &str| {
            reqwest::get(format!("http://{}{path}", server.address())).await.unwrap()
        };
        let answer = ask("/metrics").await;
        assert_eq!(answer.headers()["content-type"], MEDIA_TYPE);
        let text = answer.text().await.unwrap();
        assert!(text.contains("process_resident_memory_bytes"), "{text}");
        for path in ["/", "/api/v1/status", "/metrics/x"] {
            assert_eq!(ask(path).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[tokio::test]
    async fn a_port_in_use_is_named() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = taken.local_addr().unwrap();
        let exposition = Exposition::new(Registry::default(), Vec::new());
        let error = serve(address, exposition).await.unwrap_err().to_string();
        assert!(error.contains(&address.to_string()), "{error}");
    }
}
