//! Requests to the API.

use std::sync::Arc;
use std::time::Duration;

use probity_metrics::Registry;
use probity_metrics::metrics::counter::Counter;
use probity_metrics::metrics::family::Family;
use probity_metrics::metrics::histogram::Histogram;
use probity_web::Observer;

/// From half a millisecond to half a minute.
const BUCKETS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10.0, 30.0];

type Labels = [(&'static str, String); 3];

/// Counts requests.
#[derive(Debug, Clone)]
pub(crate) struct Traffic {
    requests: Family<Labels, Counter>,
    duration: Histogram,
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self { requests: Family::default(), duration: Histogram::new(BUCKETS) }
    }

    pub(super) fn register(&self, registry: &mut Registry) {
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
