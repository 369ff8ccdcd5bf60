//! Votes and commit certificates: how a reader knows that a block was decided.
//!
//! A validator's precommit is a signature on a [`VoteStatement`]. The precommits of one round for
//! one block by more than two thirds of the power are a [`Certificate`], which anyone who knows
//! the validators of that height can check, without a network and without an engine.
//!
//! # Invariants
//! - The signed bytes name chain, genesis, kind, height, round, block and validator, so that a
//!   signature counts in one place alone.
//! - [`Certificate::verify`] multiplies and never divides: exactly two thirds are not enough.
//!
//! # Not here
//! Which validators a height has: the header names their hash, and [`crate::validators`] the set.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::key::SignatureError;
use probity_primitives::{
    BlockHash, BoundedVec, Domain, Hash, Height, OperatorId, Signature, codec,
};
use serde::{Deserialize, Serialize};

use crate::validators::{MAX_VALIDATORS, ValidatorSet};

/// What a vote asks for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[borsh(use_discriminant = false)]
pub enum VoteKind {
    /// "This block may be decided in this round."
    Prevote,
    /// "I have seen two thirds prevote it; I commit to it."
    Precommit,
}

/// What a validator signs when it votes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize)]
pub struct VoteStatement<'a> {
    /// The chain's name.
    pub chain_id: &'a str,
    /// The hash of its genesis document.
    pub genesis_hash: Hash,
    /// Prevote or precommit.
    pub kind: VoteKind,
    /// The height that is being decided.
    pub height: Height,
    /// The round of voting.
    pub round: u32,
    /// The block, or none for a vote against every block of the round.
    pub block: Option<BlockHash>,
    /// Who votes.
    pub validator: OperatorId,
}

impl VoteStatement<'_> {
    /// The bytes that are signed under [`Domain::Vote`].
    #[must_use]
    pub fn sign_bytes(&self) -> Vec<u8> {
        codec::encode(self)
    }
}

/// Why a certificate does not show that its block was decided.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// A signature by someone who has no vote at this height.
    #[error("{0} is not a validator of this height")]
    UnknownSigner(OperatorId),
    /// A validator is counted twice, or the signers are out of order.
    #[error("the signature of {0} is out of order or there twice")]
    Unordered(OperatorId),
    /// A signature that is not the validator's precommit for this block.
    #[error("the precommit of {signer} does not hold: {reason}")]
    BadSignature {
        /// Who is said to have signed.
        signer: OperatorId,
        /// What is wrong with it.
        reason: SignatureError,
    },
    /// Too few signed.
    #[error("power {signed} of {total} is not more than two thirds")]
    NotEnoughPower {
        /// The power that signed.
        signed: u64,
        /// The power there is.
        total: u64,
    },
}

/// The proof that a block was decided: one round's precommits for it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Certificate {
    /// The height that was decided.
    pub height: Height,
    /// The round that decided it.
    pub round: u32,
    /// The block.
    pub block: BlockHash,
    /// The precommits, sorted by operator.
    pub signatures: BoundedVec<(OperatorId, Signature), MAX_VALIDATORS>,
}

impl Certificate {
    /// Checks that more than two thirds of the power of `validators` precommitted the block.
    ///
    /// # Errors
    /// [`CertificateError`], which names the signer or the powers. A certificate with one bad
    /// signature is refused even if the rest would do: an honest node never makes one.
    pub fn verify(
        &self,
        validators: &ValidatorSet,
        chain_id: &str,
        genesis_hash: Hash,
    ) -> Result<(), CertificateError> {
        let Self { height, round, block, signatures } = self;
        let mut signed = 0u64;
        let mut last: Option<OperatorId> = None;
        for (signer, signature) in signatures {
            if last.is_some_and(|last| last >= *signer) {
                return Err(CertificateError::Unordered(*signer));
            }
            last = Some(*signer);
            let validator =
                validators.get(signer).ok_or(CertificateError::UnknownSigner(*signer))?;
            let statement = VoteStatement {
                chain_id,
                genesis_hash,
                kind: VoteKind::Precommit,
                height: *height,
                round: *round,
                block: Some(*block),
                validator: *signer,
            };
            validator
                .key
                .verify(Domain::Vote, &statement.sign_bytes(), signature)
                .map_err(|reason| CertificateError::BadSignature { signer: *signer, reason })?;
            signed = signed.saturating_add(validator.power);
        }
        let total = validators.total_power();
        if u128::from(signed).saturating_mul(3) > u128::from(total).saturating_mul(2) {
            Ok(())
        } else {
            Err(CertificateError::NotEnoughPower { signed, total })
        }
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::vrf::VrfPublicKey;
    use probity_primitives::{Address, Keypair, Network};

    use super::*;
    use crate::validators::Validator;

    const CHAIN: &str = "probity-test";
    const GENESIS: Hash = Hash::from_bytes([7; 32]);

    fn operator(pair: &Keypair) -> OperatorId {
        OperatorId::of(&Address::of(&pair.public(), Network::Test), &pair.public())
    }

    fn pairs() -> Vec<Keypair> {
        let mut pairs: Vec<_> = (1..=4).map(|seed| Keypair::from_seed([seed; 32])).collect();
        pairs.sort_by_key(operator);
        pairs
    }

    fn set(powers: &[u64]) -> ValidatorSet {
        let validators = pairs().into_iter().zip(powers).map(|(pair, power)| Validator {
            operator: operator(&pair),
            key: pair.public(),
            vrf: VrfPublicKey::from_bytes([0; 32]),
            power: *power,
        });
        ValidatorSet::new(validators.collect()).unwrap()
    }

    fn certificate(signers: &[usize]) -> Certificate {
        let (height, round, block) = (Height(5), 1, BlockHash(Hash::from_bytes([9; 32])));
        let pairs = pairs();
        let signatures = signers.iter().map(|index| {
            let validator = operator(&pairs[*index]);
            let statement = VoteStatement {
                chain_id: CHAIN,
                genesis_hash: GENESIS,
                kind: VoteKind::Precommit,
                height,
                round,
                block: Some(block),
                validator,
            };
            (validator, pairs[*index].sign(Domain::Vote, &statement.sign_bytes()))
        });
        let signatures = BoundedVec::from_vec(signatures.collect()).unwrap();
        Certificate { height, round, block, signatures }
    }

    fn check(certificate: &Certificate, powers: &[u64]) -> Result<(), CertificateError> {
        certificate.verify(&set(powers), CHAIN, GENESIS)
    }

    #[test]
    fn more_than_two_thirds_of_the_power_decide() {
        assert_eq!(check(&certificate(&[0, 1, 2]), &[1, 1, 1, 1]), Ok(()));
        assert_eq!(check(&certificate(&[0]), &[7, 1, 1, 1]), Ok(()));
        assert_eq!(check(&certificate(&[0, 1, 2, 3]), &[1, 1, 1, 1]), Ok(()));
    }

    #[test]
    fn exactly_two_thirds_do_not_decide() {
        let refusal = check(&certificate(&[0, 1]), &[1, 1, 1]);
        assert_eq!(refusal, Err(CertificateError::NotEnoughPower { signed: 2, total: 3 }));
        assert!(check(&certificate(&[]), &[1, 1, 1, 1]).is_err());
    }

    #[test]
    fn a_signer_counts_once() {
        let twice = check(&certificate(&[0, 0, 1]), &[1, 1, 1, 1]);
        assert_eq!(twice, Err(CertificateError::Unordered(operator(&pairs()[0]))));
        let backwards = check(&certificate(&[2, 1, 0]), &[1, 1, 1, 1]);
        assert_eq!(backwards, Err(CertificateError::Unordered(operator(&pairs()[1]))));
    }

    #[test]
    fn a_stranger_does_not_count() {
        let refusal = check(&certificate(&[0, 1, 2, 3]), &[1, 1, 1]);
        assert_eq!(refusal, Err(CertificateError::UnknownSigner(operator(&pairs()[3]))));
    }

    #[test]
    fn every_tampered_field_is_refused() {
        let good = certificate(&[0, 1, 2, 3]);
        let powers = [1, 1, 1, 1];
        let tampered = [
            Certificate { height: Height(6), ..good.clone() },
            Certificate { round: 0, ..good.clone() },
            Certificate { block: BlockHash(Hash::ZERO), ..good.clone() },
        ];
        for certificate in tampered {
            let refusal = check(&certificate, &powers);
            assert!(matches!(refusal, Err(CertificateError::BadSignature { .. })), "{refusal:?}");
        }
        assert!(good.verify(&set(&powers), "probity-other", GENESIS).is_err());
        assert!(good.verify(&set(&powers), CHAIN, Hash::ZERO).is_err());
    }

    #[test]
    fn every_flipped_byte_of_a_certificate_is_refused() {
        let good = codec::encode(&certificate(&[0, 1, 2]));
        for position in 0..good.len() {
            let mut bytes = good.clone();
            bytes[position] ^= 1;
            let verdict = codec::decode::<Certificate>(&bytes, good.len());
            let holds = verdict.is_ok_and(|certificate| check(&certificate, &[1; 4]).is_ok());
            assert!(!holds, "byte {position}");
        }
    }

    #[test]
    fn a_prevote_is_not_a_precommit() {
        let statement = |kind| VoteStatement {
            chain_id: CHAIN,
            genesis_hash: GENESIS,
            kind,
            height: Height(1),
            round: 0,
            block: None,
            validator: operator(&pairs()[0]),
        };
        let (prevote, precommit) = (statement(VoteKind::Prevote), statement(VoteKind::Precommit));
        assert_ne!(prevote.sign_bytes(), precommit.sign_bytes());
    }
}
