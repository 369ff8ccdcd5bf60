//! From a passphrase to a key, and what a file may ask for.
//!
//! The file says how much work the derivation is, and the file may come from anyone. Rounds, memory
//! and work are therefore judged first: a hostile file costs seconds and no more memory than the
//! standard's own test case, which is also what other wallets write.
//!
//! Spec: `docs/spec/26-keys.md`.

use pbkdf2::pbkdf2_hmac;
use scrypt::Params;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::document::{Empty, Hex, KdfModule, Pbkdf2Params, Prf, ScryptParams};
use super::error::KeystoreError;
use crate::passphrase::Passphrase;
use crate::secret::{NoEntropy, random};

/// The rounds of a new keystore: what OWASP recommends for PBKDF2 with HMAC-SHA-256 since 2023.
pub const ROUNDS: u32 = 600_000;
/// The most rounds that are done for a file.
pub const MAX_ROUNDS: u32 = 10_000_000;
/// The most memory that scrypt gets for a file, in bytes.
pub const MAX_MEMORY: u64 = 256 << 20;
/// The most steps that scrypt does for a file: `n * r * p`, four times those of the usual file.
pub const MAX_WORK: u64 = 1 << 23;
/// The lengths that a salt may have, in bytes.
const SALT: std::ops::RangeInclusive<usize> = 8..=64;

/// How a key is derived from a passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kdf {
    /// PBKDF2 with HMAC-SHA-256: what browsers have built in.
    Pbkdf2 {
        /// How many rounds.
        rounds: u32,
        /// The salt.
        salt: Vec<u8>,
    },
    /// scrypt, read from the files of others.
    Scrypt {
        /// The base-two logarithm of the cost.
        log_n: u8,
        /// The size of a block.
        r: u32,
        /// The lanes.
        p: u32,
        /// The salt.
        salt: Vec<u8>,
    },
}

impl Kdf {
    /// PBKDF2 with so many rounds and a random salt: [`ROUNDS`], except in tests.
    ///
    /// # Errors
    /// [`NoEntropy`].
    pub fn pbkdf2(rounds: u32) -> Result<Self, NoEntropy> {
        Ok(Self::Pbkdf2 { rounds, salt: random::<32>()?.to_vec() })
    }

    /// The key of a passphrase.
    ///
    /// # Errors
    /// [`KeystoreError`], if a number is outside its limits.
    pub(super) fn derive(
        &self,
        passphrase: &Passphrase,
    ) -> Result<Zeroizing<[u8; 32]>, KeystoreError> {
        let mut key = Zeroizing::new([0; 32]);
        match self {
            Self::Pbkdf2 { rounds, salt } => {
                check_rounds(*rounds)?;
                pbkdf2_hmac::<Sha256>(passphrase.as_bytes(), salt, *rounds, key.as_mut_slice());
            }
            Self::Scrypt { log_n, r, p, salt } => {
                let params = check_scrypt(*log_n, *r, *p)?;
                scrypt::scrypt(passphrase.as_bytes(), salt, &params, key.as_mut_slice())
                    .map_err(|error| KeystoreError::Malformed(error.to_string()))?;
            }
        }
        Ok(key)
    }

    pub(super) fn from_document(module: &KdfModule) -> Result<Self, KeystoreError> {
        match module {
            KdfModule::Pbkdf2 { params, message: Empty::Empty } => {
                let Pbkdf2Params { dklen, c, prf: Prf::HmacSha256, salt } = params;
                check_common(*dklen, salt)?;
                check_rounds(*c)?;
                Ok(Self::Pbkdf2 { rounds: *c, salt: salt.0.clone() })
            }
            KdfModule::Scrypt { params, message: Empty::Empty } => {
                let ScryptParams { dklen, n, p, r, salt } = params;
                check_common(*dklen, salt)?;
                let refused = KeystoreError::Scrypt { n: *n, r: *r, p: *p };
                if !n.is_power_of_two() {
                    return Err(refused);
                }
                let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| refused)?;
                check_scrypt(log_n, *r, *p)?;
                Ok(Self::Scrypt { log_n, r: *r, p: *p, salt: salt.0.clone() })
            }
        }
    }

    pub(super) fn into_document(self) -> KdfModule {
        match self {
            Self::Pbkdf2 { rounds, salt } => KdfModule::Pbkdf2 {
                params: Pbkdf2Params {
                    dklen: 32,
                    c: rounds,
                    prf: Prf::HmacSha256,
                    salt: Hex(salt),
                },
                message: Empty::Empty,
            },
            Self::Scrypt { log_n, r, p, salt } => KdfModule::Scrypt {
                params: ScryptParams {
                    dklen: 32,
                    n: 1_u64.checked_shl(u32::from(log_n)).unwrap_or(0),
                    p,
                    r,
                    salt: Hex(salt),
                },
                message: Empty::Empty,
            },
        }
    }
}

fn check_common(dklen: u32, salt: &Hex) -> Result<(), KeystoreError> {
    if dklen != 32 {
        let found = usize::try_from(dklen).unwrap_or(usize::MAX);
        return Err(KeystoreError::Length { field: "kdf.params.dklen", found, expected: "32" });
    }
    if !SALT.contains(&salt.0.len()) {
        let (field, found) = ("kdf.params.salt", salt.0.len());
        return Err(KeystoreError::Length { field, found, expected: "8 to 64" });
    }
    Ok(())
}

const fn check_rounds(rounds: u32) -> Result<(), KeystoreError> {
    if rounds == 0 || rounds > MAX_ROUNDS {
        return Err(KeystoreError::Rounds(rounds));
    }
    Ok(())
}

fn check_scrypt(log_n: u8, r: u32, p: u32) -> Result<Params, KeystoreError> {
    let n = 1_u64.checked_shl(u32::from(log_n)).unwrap_or(u64::MAX);
    let work = n.saturating_mul(u64::from(r)).saturating_mul(u64::from(p));
    // A block has 128 r bytes: n of them for the table, p for the lanes.
    let blocks = n.saturating_add(u64::from(p)).saturating_sub(1);
    let memory = blocks.saturating_mul(u64::from(r)).saturating_mul(128);
    if memory > MAX_MEMORY {
        return Err(KeystoreError::Memory(memory));
    }
    if work > MAX_WORK {
        return Err(KeystoreError::Work(work));
    }
    if log_n == 0 {
        return Err(KeystoreError::Scrypt { n, r, p });
    }
    Params::new(log_n, r, p, 32).map_err(|_| KeystoreError::Scrypt { n, r, p })
}
