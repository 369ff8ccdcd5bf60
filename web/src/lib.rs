//! The HTTP API of a node.
//!
//! [`router`] serves what a [`Backend`] knows; a node is one, and so is a chain in a test's
//! memory. [`serve`] runs the router on a listener until it is told to stop.
//!
//! # Reading order
//! [`backend`] is what a node must offer; [`limits`] bounds everything; `routes` are the thin
//! handlers, which read views from `probity_runtime::query` and answer with [`answer`] or
//! [`error`]; `pages` are for people, `feeds` for those who subscribe; [`server`] accepts connections.
//!
//! # Invariants
//! - Every error is a problem document with a stable code, also for routes that do not exist.
//! - Bodies, pages, times, connections and requests at once are limited.
//! - No route changes anything but by a signed transaction or a file named by its hash; there are
//!   no administration routes here at all.
//! - A handler that panics answers 500 and takes nothing else down.
//!
//! # Not here
//! Keys: nothing here signs. The network and the engine: the node's.
//!
//! Spec: `docs/spec/24-api.md`.

pub mod answer;
mod assets;
pub mod backend;
pub mod caller;
pub mod date;
pub mod error;
mod etag;
mod export;
mod extract;
mod feeds;
mod fields;
mod guard;
mod intake;
pub mod limits;
mod made;
mod observer;
mod openapi;
mod pages;
pub mod places;
pub mod rate;
mod recent;
mod routes;
pub mod server;
mod shield;
mod told;

pub use backend::Backend;
pub use limits::{ApiLimits, Pace};
pub use observer::Observer;
pub use pages::page_paths;
pub use places::{Capacity, Full};
pub use routes::router;
pub use server::{Server, serve};
