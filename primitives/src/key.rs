//! Ed25519 keys and signatures.
//!
//! Verification is `verify_strict` everywhere: a signature has one form, and keys of small order
//! sign nothing.
//!
//! Spec: `docs/spec/02-accounts.md`.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use ed25519_dalek::{Signer, SigningKey, VerifyingKey};

use crate::hash::{Domain, Hash};
use crate::text::hex_text;

/// A signature that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key is not a point of the curve.
    #[error("{0} is not an ed25519 public key")]
    MalformedKey(PublicKey),
    /// The signature is not one of these bytes by this key.
    #[error("the signature does not verify under the key {0}")]
    Mismatch(PublicKey),
}

/// An ed25519 public key: 32 bytes, not yet known to be a point of the curve.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// The key with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes of the key.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Checks that `signature` is this key's on `message` under `domain`.
    ///
    /// # Errors
    /// [`SignatureError`], which names the key.
    pub fn verify(
        &self,
        domain: Domain,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        let key =
            VerifyingKey::from_bytes(&self.0).map_err(|_| SignatureError::MalformedKey(*self))?;
        let hash = Hash::of_bytes(domain, message);
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        key.verify_strict(hash.as_bytes(), &signature).map_err(|_| SignatureError::Mismatch(*self))
    }
}

/// An ed25519 signature: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Signature([u8; 64]);

impl Signature {
    /// The signature with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// What stands in a signature's place in a rehearsal: the key itself. It verifies nowhere
    /// ([`PublicKey::verify`] refuses it) and is as long as a signature, so that fees are the same.
    #[must_use]
    pub fn naming(key: &PublicKey) -> Self {
        let mut bytes = [0; 64];
        for (to, from) in bytes.iter_mut().zip(key.0) {
            *to = from;
        }
        Self(bytes)
    }

    /// The bytes of the signature.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

/// A secret key and its public key. Wiped when dropped, and never shown.
#[derive(Clone)]
pub struct Keypair(SigningKey);

impl Keypair {
    /// The pair of a 32-byte secret seed.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&seed))
    }

    /// The secret seed, for a key file.
    #[must_use]
    pub fn seed(&self) -> zeroize::Zeroizing<[u8; 32]> {
        zeroize::Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// The signature of H(`domain` | `message`).
    #[must_use]
    pub fn sign(&self, domain: Domain, message: &[u8]) -> Signature {
        Signature(self.0.sign(Hash::of_bytes(domain, message).as_bytes()).to_bytes())
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair({})", self.public())
    }
}

hex_text!(PublicKey, 32);
hex_text!(Signature, 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_domain_and_key_alone() {
        let (pair, other) = (Keypair::from_seed([1; 32]), Keypair::from_seed([2; 32]));
        let signature = pair.sign(Domain::TxSign, b"pay");
        let verify =
            |key: PublicKey, domain, message: &[u8]| key.verify(domain, message, &signature);
        assert_eq!(verify(pair.public(), Domain::TxSign, b"pay"), Ok(()));
        assert!(verify(pair.public(), Domain::TxSign, b"pax").is_err());
        assert!(verify(pair.public(), Domain::Vote, b"pay").is_err());
        assert!(verify(other.public(), Domain::TxSign, b"pay").is_err());
    }

    #[test]
    fn a_signature_that_only_names_its_key_does_not_verify() {
        let key = Keypair::from_seed([1; 32]).public();
        assert_eq!(Signature::naming(&key), Signature::naming(&key));
        assert!(key.verify(Domain::TxSign, b"pay", &Signature::naming(&key)).is_err());
    }

    #[test]
    fn a_key_of_small_order_signs_nothing() {
        // The identity point: the classic key under which lax verifiers accept anything.
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let key = PublicKey::from_bytes(identity);
        assert!(key.verify(Domain::TxSign, b"", &Signature::from_bytes(signature)).is_err());
    }

    #[test]
    fn a_secret_key_is_not_shown() {
        let shown = format!("{:?}", Keypair::from_seed([1; 32]));
        assert!(!shown.contains(&hex::encode([1u8; 32])));
    }
}
