//! The registry: what is evaluated, by name and by hash.
//!
//! An artifact is a manifest's hash with an owner, parents and terms. Its lineage fixes who shares
//! in what it earns; its certificate ties files, licence and state to one identifier.
//!
//! # Reading order
//! [`mod@register`] checks a [`manifest`], its [`lineage`] and its [`benchmark`] part; [`ownership`]
//! and [`sale`] move it; [`royalty`] shares what it earns; [`ainft`] is its form for others.
//!
//! # Invariants
//! - An artifact is never deleted.
//! - The shares of all ancestors add up to at most 5000 bps.
//!
//! Spec: `docs/spec/05-registry.md`.

pub mod ainft;
pub mod benchmark;
pub mod error;
pub mod lineage;
pub mod manifest;
pub mod message;
pub mod ownership;
pub mod register;
pub mod royalty;
pub mod sale;
mod state;
#[cfg(test)]
mod tests;

pub use error::{BenchmarkError, LineageError, ManifestError, RegistryError, SaleError};
pub use ownership::{advance_state, transfer, withdraw};
pub use register::register;
pub use royalty::{claim, pay_royalties};
pub use sale::{buy, offer};
pub use state::{
    Ancestor, Artifact, ArtifactFile, ArtifactKind, ArtifactStatus, Benchmark, Contributor,
    Direction, Manifest, Parent, Relation, StatePoint,
};
