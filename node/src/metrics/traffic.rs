//! Connections and requests to the API.

use std::sync::Arc;
use std::time::Duration;

use probity_metrics::Registry;
use probity_metrics::metrics::counter::Counter;
use probity_metrics::metrics::family::Family;
use probity_metrics::metrics::gauge::Gauge;
use probity_metrics::metrics::histogram::Histogram;
use probity_web::{Full, Observer};

/// From half a millisecond to half a minute.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];

type Labels = [(&'static str, String); 3];

/// Counts connections and requests.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    connections: Gauge,
    turned_away: Family<[(&'static str, &'static str); 1], Counter>,
    requests: Family<Labels, Counter>,
    duration: Histogram,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self {
            connections: Gauge::default(),
            turned_away: Family::default(),
            requests: Family::default(),
            duration: Histogram::new(BUCKETS),
        }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Connections that are open";
        registry.register("http_connections", help, self.connections.clone());
        let help = "Connections for which there was no place";
        registry.register("http_connections_turned_away", help, self.turned_away.clone());
        let help = "Requests that were answered";
        registry.register("http_requests", help, self.requests.clone());
        let help = "Time until the head of the answer";
        registry.register("http_request_duration_seconds", help, self.duration.clone());
    }

    /// What the API calls.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        Arc::new(self.clone())
    }
}

impl Observer for Traffic {
    fn entered(&self) {
        self.connections.inc();
    }

    fn left(&self) {
        self.connections.dec();
    }

    fn turned_away(&self, why: Full) {
        self.turned_away.get_or_create(&[("reason", why.name())]).inc();
    }

    fn answered(&self, route: &str, method: &str, status: u16, time: Duration) {
        let labels = [
            ("route", route.to_owned()),
            ("method", method.to_owned()),
            ("status", status.to_string()),
        ];
        self.requests.get_or_create(&labels).inc();
        self.duration.observe(time.as_secs_f64());
    }
}
