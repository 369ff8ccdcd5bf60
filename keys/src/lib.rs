//! Secret keys at rest, and what keeps a key from signing two things that it may sign once.
//!
//! Spec: `docs/spec/26-keys.md`.

pub mod guard;
pub mod interchange;
pub mod lock;
