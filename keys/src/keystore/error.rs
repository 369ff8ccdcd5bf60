//! Why a keystore cannot be read, made or opened.

use super::kdf::{MAX_MEMORY, MAX_ROUNDS, MAX_WORK};
use super::{MAX_BYTES, MAX_DESCRIPTION};
use crate::secret::NoEntropy;

/// Why a keystore cannot be read, made or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeystoreError {
    /// The file is larger than any keystore.
    #[error("it has {bytes} bytes, no keystore has more than {MAX_BYTES}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
    },
    /// The text is not a keystore.
    #[error("it is not a keystore: {0}")]
    Malformed(String),
    /// It is of another version.
    #[error("it is a keystore of version {0}, only version 4 is read")]
    Version(u32),
    /// A field has another length.
    #[error("{field} has {found} bytes, {expected} are needed")]
    Length {
        /// The field.
        field: &'static str,
        /// Its bytes.
        found: usize,
        /// The bytes that it must have.
        expected: &'static str,
    },
    /// It asks for more rounds than an honest file does, or for none.
    #[error("it asks for {0} rounds of PBKDF2, from 1 to {MAX_ROUNDS} are done")]
    Rounds(u32),
    /// Its numbers are none of scrypt's.
    #[error("n = {n}, r = {r}, p = {p} are no numbers of scrypt")]
    Scrypt {
        /// The cost.
        n: u64,
        /// The size of a block.
        r: u32,
        /// The lanes.
        p: u32,
    },
    /// It asks for more memory than an honest file does.
    #[error("it asks for {0} bytes of memory, {MAX_MEMORY} are given")]
    Memory(u64),
    /// It asks for more work than an honest file does.
    #[error("it asks for {0} steps of scrypt, {MAX_WORK} are done")]
    Work(u64),
    /// The description is too long.
    #[error("the description has {bytes} bytes, at most {MAX_DESCRIPTION} are kept")]
    Description {
        /// How many it has.
        bytes: usize,
    },
    /// The checksum does not fit.
    #[error("the passphrase is wrong, or the file is damaged")]
    WrongPassphrase,
    /// The public key in the file is not that of the secret in it.
    #[error("the public key in the file is not that of its secret")]
    ForeignKey,
    /// There were no random bytes.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}
