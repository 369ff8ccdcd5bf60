//! What a process measures of itself: Prometheus metrics on a port of their own.
//!
//! A node and an evaluator's agent each fill a registry with what they know; this crate adds what
//! the system knows of the process, writes the text form, and answers `GET /metrics`.
//!
//! # Invariants
//! - The port serves nothing else and changes nothing, so that it can be shown to a monitor
//!   without showing the API. It is loopback unless an operator says otherwise.
//! - A scrape reads; it never waits for the work that it measures.
//!
//! # Not here
//! Which metrics there are: whoever measures declares them. Their names are listed in
//! `docs/operate/metrics.md`.

mod exposition;
mod process;
mod server;

pub use exposition::{Exposition, Source};
pub use prometheus_client::collector::Collector;
pub use prometheus_client::encoding;
pub use prometheus_client::metrics;
pub use prometheus_client::registry::{Registry, Unit};
pub use server::{MetricsServer, serve};
