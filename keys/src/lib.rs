//! Secret keys at rest, and what keeps a key from signing two things that it may sign once.
//!
//! Spec: `docs/spec/26-keys.md`.

pub mod derive;
pub mod file;
pub mod folder;
pub mod guard;
pub mod interchange;
pub mod keystore;
pub mod lock;
pub mod mnemonic;
pub mod passphrase;
pub mod secret;
