//! Thirty-two secret bytes, whatever key they become.
//!
//! An ed25519 seed and the seed of a beacon key look alike, so both travel as a [`Secret`]. It is
//! wiped when it is dropped and never shown; nothing here writes it anywhere.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fmt;

use probity_primitives::Keypair;
use probity_primitives::vrf::VrfSecret;
use rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

/// The operating system gave no random bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no random bytes: {0}")]
pub struct NoEntropy(String);

/// Thirty-two secret bytes.
#[derive(Clone)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// The secret with these bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// A new secret from the operating system.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn random() -> Result<Self, NoEntropy> {
        random().map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The ed25519 key whose seed this is.
    #[must_use]
    pub fn keypair(&self) -> Keypair {
        Keypair::from_seed(*self.0)
    }

    /// The beacon key whose seed this is. Every seed is one, so there is always a key.
    #[must_use]
    pub fn beacon(&self) -> Option<VrfSecret> {
        VrfSecret::from_seed(*self.0).ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoEntropy> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| NoEntropy(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown() {
        assert_eq!(format!("{:?}", Secret::from_bytes([7; 32])), "Secret(..)");
    }

    #[test]
    fn two_random_secrets_differ() {
        assert_ne!(Secret::random().unwrap().as_bytes(), Secret::random().unwrap().as_bytes());
    }
}
