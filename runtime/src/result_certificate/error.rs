//! Why a certificate proves nothing.

use probity_primitives::key::SignatureError;
use probity_primitives::merkle::OpeningError;
use probity_primitives::{ArithmeticError, Hash, Height, OperatorId, Score};

use crate::certificate::CertificateError;
use crate::genesis::GenesisError;
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
    /// The genesis document does not make a chain.
    #[error("the genesis document is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// A header is out of place.
    #[error("the header at height {height} {reason}")]
    Header {
        /// Its height.
        height: Height,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A block was not decided by those who could.
    #[error("the block at height {height} was not decided: {reason}")]
    Undecided {
        /// Its height.
        height: Height,
        /// What is missing.
        reason: CertificateError,
    },
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
    /// A ruling changed the result since.
    #[error("the score {certified} no longer stands at height {height}: {}", present(*now))]
    Superseded {
        /// The score that the certificate shows.
        certified: Score,
        /// The height of the newer header.
        height: Height,
        /// What stands there, if anything.
        now: Option<Score>,
    },
    /// The reveals cannot be aggregated.
    #[error("the reveals cannot be aggregated: {0}")]
    Arithmetic(#[from] ArithmeticError),
}

impl From<TrailError> for ResultCertificateError {
    fn from(error: TrailError) -> Self {
        match error {
            TrailError::Genesis(reason) => Self::Genesis(reason),
            TrailError::Header { height, reason } => Self::Header { height, reason },
            TrailError::Undecided { height, reason } => Self::Undecided { height, reason },
        }
    }
}

fn present(now: Option<Score>) -> String {
    now.map_or_else(|| "it was proven false".to_owned(), |score| format!("it is {score}"))
}
