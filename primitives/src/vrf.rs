//! The verifiable random function behind the beacon: schnorrkel over ristretto255.
//!
//! A proposer must contribute [`VrfSecret::prove`] of a given input; it cannot choose the output,
//! and everyone can check it against the key that its operator registered. The proof is as fixed as
//! the output: its nonce comes from the key and the input, as RFC 9381 has it, not from the machine,
//! so that a proposer that builds a block again builds the same one.
//!
//! # Not here
//! How outputs are mixed and when they are read: `probity_protocol::beacon`. Why this function:
//! `docs/adr/0005-vrf.md`.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use merlin::Transcript;
use rand_core::{CryptoRng, RngCore};
use schnorrkel::context::{SigningContext, attach_rng};
use schnorrkel::vrf::{VRFPreOut, VRFProof};
use schnorrkel::{ExpansionMode, MiniSecretKey};

use crate::hash::Hash;
use crate::text::hex_text;

const CONTEXT: &[u8] = b"probity/beacon/1";

/// A VRF proof that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VrfError {
    /// The key is not a ristretto255 point.
    #[error("{0} is not a VRF public key")]
    MalformedKey(VrfPublicKey),
    /// The output or the proof is not well formed, or is not this key's for this input.
    #[error("the VRF proof does not verify under the key {0}")]
    Mismatch(VrfPublicKey),
}

/// A VRF public key: 32 bytes, not yet known to be a point.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct VrfPublicKey([u8; 32]);

/// An output's commitment (32 bytes) and its proof (64 bytes).
#[derive(Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct VrfProofBytes([u8; 96]);

impl VrfProofBytes {
    /// The proof with these bytes, not yet known to be one.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 96]) -> Self {
        Self(bytes)
    }
}

impl VrfPublicKey {
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

    /// Checks that this is a key at all: a point, and not the identity, whose secret is zero.
    ///
    /// # Errors
    /// [`VrfError::MalformedKey`].
    pub fn check(&self) -> Result<(), VrfError> {
        let point = schnorrkel::PublicKey::from_bytes(&self.0);
        if point.is_err() || self.0 == [0; 32] {
            return Err(VrfError::MalformedKey(*self));
        }
        Ok(())
    }

    /// The output that `proof` shows for `input`: uniform, and the only one this key can show.
    ///
    /// # Errors
    /// [`VrfError`], which names the key.
    pub fn verify(&self, input: &[u8], proof: &VrfProofBytes) -> Result<Hash, VrfError> {
        let mismatch = VrfError::Mismatch(*self);
        let key = schnorrkel::PublicKey::from_bytes(&self.0)
            .map_err(|_| VrfError::MalformedKey(*self))?;
        let (output, proof) = proof.0.split_at(32);
        let output = VRFPreOut::from_bytes(output).map_err(|_| mismatch)?;
        let proof = VRFProof::from_bytes(proof).map_err(|_| mismatch)?;
        let transcript = SigningContext::new(CONTEXT).bytes(input);
        let (shown, _) = key.vrf_verify(transcript, &output, &proof).map_err(|_| mismatch)?;
        Ok(Hash::from_bytes(shown.make_bytes(CONTEXT)))
    }
}

/// A VRF secret key.
#[derive(Clone)]
pub struct VrfSecret(schnorrkel::Keypair);

impl VrfSecret {
    /// The key of a 32-byte secret seed. Every seed is one.
    ///
    /// # Errors
    /// None in practice: schnorrkel refuses only seeds of another length.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, schnorrkel::SignatureError> {
        let mini = MiniSecretKey::from_bytes(&seed)?;
        Ok(Self(mini.expand_to_keypair(ExpansionMode::Ed25519)))
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> VrfPublicKey {
        VrfPublicKey(self.0.public.to_bytes())
    }

    /// The output for `input` alone: what [`VrfPublicKey::verify`] finds in its proof.
    #[must_use]
    pub fn output(&self, input: &[u8]) -> Hash {
        let shown = self.0.vrf_create_hash(SigningContext::new(CONTEXT).bytes(input));
        Hash::from_bytes(shown.make_bytes(CONTEXT))
    }

    /// The output for `input` with its proof.
    #[must_use]
    pub fn prove(&self, input: &[u8]) -> VrfProofBytes {
        let transcript = SigningContext::new(CONTEXT).bytes(input);
        let extra = attach_rng(Transcript::new(b"VRF"), NoChance);
        let (output, proof, _) = self.0.vrf_sign_extra(transcript, extra);
        let mut bytes = [0; 96];
        let parts = output
            .as_output_bytes()
            .iter()
            .chain(proof.to_bytes().as_slice())
            .copied()
            .collect::<Vec<u8>>();
        for (to, from) in bytes.iter_mut().zip(parts) {
            *to = from;
        }
        VrfProofBytes(bytes)
    }
}

/// No randomness: the nonce of a proof hangs on the secret key and the input alone.
///
/// Schnorrkel mixes the secret nonce seed of the key and the whole transcript into a nonce before
/// it asks for randomness, so two inputs never share one.
struct NoChance;

impl RngCore for NoChance {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        dest.fill(0);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        dest.fill(0);
        Ok(())
    }
}

impl CryptoRng for NoChance {}

impl fmt::Debug for VrfSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VrfSecret({})", self.public())
    }
}

hex_text!(VrfPublicKey, 32);
hex_text!(VrfProofBytes, 96);

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> VrfSecret {
        VrfSecret::from_seed([byte; 32]).unwrap()
    }

    #[test]
    fn the_output_alone_is_the_one_that_the_proof_shows() {
        let key = secret(1);
        assert_eq!(key.public().verify(b"7", &key.prove(b"7")), Ok(key.output(b"7")));
        assert_ne!(key.output(b"7"), key.output(b"8"));
    }

    #[test]
    fn a_proof_is_the_same_whenever_it_is_made_and_another_for_every_input_and_key() {
        let proof = secret(1).prove(b"7");
        assert_eq!(proof, secret(1).prove(b"7"));
        // The challenge hangs on the nonce: equal first halves would mean a nonce used twice.
        let challenge = |proof: &VrfProofBytes| proof.0[32..64].to_vec();
        assert_ne!(challenge(&proof), challenge(&secret(1).prove(b"8")));
        assert_ne!(challenge(&proof), challenge(&secret(2).prove(b"7")));
    }

    #[test]
    fn two_proofs_of_one_input_show_one_output() {
        let transcript = SigningContext::new(CONTEXT).bytes(b"7");
        let (output, proof, _) = secret(1).0.vrf_sign(transcript);
        let bytes = [output.to_preout().to_bytes().as_slice(), &proof.to_bytes()].concat();
        let random = VrfProofBytes(bytes.try_into().unwrap());
        let (ours, public) = (secret(1).prove(b"7"), secret(1).public());
        assert_ne!(random, ours);
        assert_eq!(public.verify(b"7", &random), public.verify(b"7", &ours));
        assert!(public.verify(b"7", &ours).is_ok());
    }

    #[test]
    fn bytes_that_are_not_a_point_and_the_identity_are_no_key() {
        assert_eq!(secret(1).public().check(), Ok(()));
        for bytes in [[0; 32], [255; 32]] {
            let key = VrfPublicKey::from_bytes(bytes);
            assert_eq!(key.check(), Err(VrfError::MalformedKey(key)));
        }
    }

    #[test]
    fn a_proof_of_another_input_or_key_is_refused() {
        let proof = secret(1).prove(b"7");
        assert!(secret(1).public().verify(b"8", &proof).is_err());
        assert!(secret(2).public().verify(b"7", &proof).is_err());
    }

    #[test]
    fn every_flipped_byte_of_a_proof_is_refused() {
        let proof = secret(1).prove(b"7");
        for position in 0..96 {
            let mut bytes = proof.0;
            bytes[position] ^= 1;
            assert!(secret(1).public().verify(b"7", &VrfProofBytes(bytes)).is_err(), "{position}");
        }
    }
}
