//! The registry: what is evaluated, by name and by hash.
//!
//! An artifact is a manifest's hash with an owner, parents and terms. Its lineage fixes who shares
//! in what it earns; its certificate ties files, licence and state to one identifier.
//!
//! # Invariants
//! - An artifact is never deleted.
//! - The shares of all ancestors add up to at most 5000 bps.
//!
//! Spec: `docs/spec/05-registry.md`.

mod state;

pub use state::{
    Ancestor, Artifact, ArtifactFile, ArtifactKind, ArtifactStatus, Benchmark, Contributor,
    Direction, Manifest, Parent, Relation, StatePoint,
};
