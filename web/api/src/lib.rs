//! The words of the HTTP API: what a server answers and a client reads.
//!
//! Most answers carry a view of `probity_runtime::query`; here are the envelope around it, the
//! problems that errors are told as, the events, and the few views that are a node's rather than
//! the state's. Server and client share these types, so that they cannot drift apart.
//!
//! # Invariants
//! - Every answer names its schema, its chain and the height it was read at.
//! - A problem's code is stable: programs branch on it, people read the detail.
//! - Amounts are texts of base units; bytes are hexadecimal; identifiers are in their text form.
//!
//! # Not here
//! No server and no client: `probity_web` and `probity_client`.
//!
//! Spec: `docs/spec/24-api.md`.

pub mod envelope;
pub mod event;
pub mod problem;
pub mod view;

pub use envelope::{Envelope, ListEnvelope, list_schema};
pub use event::{EventId, EventRecord, Happening};
pub use problem::{Code, Problem};

/// Where the routes of this version begin.
pub const BASE_PATH: &str = "/api/v1";

/// The port that a node listens on unless told otherwise, on loopback.
pub const DEFAULT_PORT: u16 = 27_657;

/// The media type of transactions and files.
pub const OCTET_STREAM: &str = "application/octet-stream";

/// The header with the height that an answer without an envelope was read at.
pub const HEIGHT_HEADER: &str = "probity-height";

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";
