//! Why a certificate proves nothing.

use probity_primitives::key::SignatureError;
use probity_primitives::merkle::OpeningError;
use probity_primitives::{ArithmeticError, Hash, OperatorId};

use crate::proof::ProofError;
use crate::trail::TrailError;

/// Why a certificate proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResultCertificateError {
    /// The file is too long.
    #[error("the certificate has {len} bytes, the limit is {limit}")]
    Oversized {
        /// Its length in bytes.
        len: usize,
        /// The longest in bytes.
        limit: usize,
    },
    /// The file is not a certificate.
    #[error("the certificate cannot be read: {0}")]
    Malformed(String),
    /// The file says the same in another way than certificates are written.
    #[error("the certificate is not in its canonical form from byte {position} on")]
    NotCanonical {
        /// Where it begins to differ.
        position: usize,
    },
    /// The file is of another schema.
    #[error("the schema is {found:?}, expected {expected:?}")]
    Schema {
        /// What the file says.
        found: String,
        /// What is read here.
        expected: &'static str,
    },
    /// The certificate is of another chain than the reader trusts.
    #[error("the genesis document's hash is {found}, trusted is {trusted}")]
    Untrusted {
        /// The hash of the document in the file.
        found: Hash,
        /// What the reader trusts.
        trusted: Hash,
    },
    /// The way from the genesis document does not lead to its header.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// An entry is not in the state.
    #[error("the state does not hold the {what}: {reason}")]
    Proof {
        /// Which entry.
        what: &'static str,
        /// Where the proof leads.
        reason: ProofError,
    },
    /// Two parts of the certificate are of different things.
    #[error("the {what} is {found}, expected {expected}")]
    Mismatch {
        /// Which part.
        what: &'static str,
        /// What it is.
        found: String,
        /// What the other parts say.
        expected: String,
    },
    /// A reveal is not signed by the one who revealed.
    #[error("the reveal of {operator} is not signed: {reason}")]
    Signature {
        /// Whose reveal.
        operator: OperatorId,
        /// What is wrong with the signature.
        reason: SignatureError,
    },
    /// A reveal's leaf does not stand in its transcript.
    #[error("the reveal of {operator} does not open: {reason}")]
    Opening {
        /// Whose reveal.
        operator: OperatorId,
        /// What is wrong with the opening.
        reason: OpeningError,
    },
    /// The reveals cannot be aggregated.
    #[error("the reveals cannot be aggregated: {0}")]
    Arithmetic(#[from] ArithmeticError),
}
