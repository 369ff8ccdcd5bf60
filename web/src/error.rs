//! From errors to problem documents.
//!
//! # Invariants
//! - What failed inside is logged and not told: a client learns that it was not its fault.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_api::{Code, PROBLEM_JSON, Problem};
use probity_runtime::tx::TxError;

use crate::backend::{BackendError, BlobError, SubmitError};
use crate::places::Full;

/// What a handler answers instead of an answer; boxed, since answers are rarely problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(pub Box<Problem>);

impl ApiError {
    /// A problem of the API itself.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, detail)))
    }

    /// There is no place of some kind; `what` says of which.
    pub(crate) fn full(full: Full, what: &str) -> Self {
        match full {
            Full::All => Self::new(Code::Overloaded, format!("as many {what} as may be at once")),
            Full::Caller => {
                let detail = format!("as many {what} from this address as may be at once");
                Self::new(Code::TooManyOpen, detail)
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status =
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&problem).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if problem.retryable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<BackendError> for ApiError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(detail) => Self::new(Code::Unavailable, detail),
            BackendError::Failed(detail) => {
                tracing::error!(%detail, "the node failed to answer");
                Self::new(Code::Internal, "the node failed; its log says why")
            }
        }
    }
}

impl From<TxError> for ApiError {
    fn from(error: TxError) -> Self {
        let (code, status) = (error.code(), tx_status(&error));
        let (detail, again) = (error.to_string(), error.retryable());
        Self(Box::new(Problem::of(code, "Transaction refused", status, detail, again)))
    }
}

/// 400 for bytes that are no transaction, 413 for too many, 422 for a transaction that can never
/// stand here, 409 for one that the present state rules out.
const fn tx_status(error: &TxError) -> u16 {
    match error {
        TxError::Malformed(_) => 400,
        TxError::Oversized { .. } => 413,
        TxError::WrongChain { .. }
        | TxError::WrongNetwork(_)
        | TxError::WrongKey { .. }
        | TxError::BadSignature(_)
        | TxError::FeeTooLow { .. } => 422,
        TxError::Expired { .. }
        | TxError::StaleNonce { .. }
        | TxError::FutureNonce { .. }
        | TxError::Underfunded { .. } => 409,
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Invalid(error) => error.into(),
            SubmitError::Nonce { ref reason, nonces } => {
                let (code, status) = (reason.code(), tx_status(reason));
                let (detail, again) = (error.to_string(), reason.retryable());
                let problem = Problem::of(code, "Transaction refused", status, detail, again);
                Self(Box::new(Problem { nonces: Some(nonces), ..problem }))
            }
            SubmitError::NoRoom { code, detail, retryable, retry_at_height, nonces } => {
                let status = if retryable { 503 } else { 409 };
                let problem = Problem::of(code, "Transaction refused", status, detail, retryable);
                Self(Box::new(Problem { retry_at_height, nonces, ..problem }))
            }
            SubmitError::Backend(error) => error.into(),
        }
    }
}

impl From<BlobError> for ApiError {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge { .. } => Self::new(Code::BlobTooLarge, error.to_string()),
            BlobError::Body(_) => Self::new(Code::MalformedBody, error.to_string()),
            BlobError::Backend(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::codec::CodecError;
    use probity_primitives::key::SignatureError;
    use probity_primitives::{Address, Amount, BoundedString, Height, Keypair, Network};

    use super::*;

    /// One error of each kind.
    fn errors() -> Vec<TxError> {
        let key = Keypair::from_seed([1; 32]).public();
        let sender = Address::of(&key, Network::Test);
        let (chain, nonce, amount) = (BoundedString::default(), 1, Amount::ZERO);
        let (expiry, next) = (Height(1), Height(2));
        vec![
            TxError::Malformed(CodecError::TooLong { len: 1, limit: 0 }),
            TxError::Oversized { len: 2, limit: 1 },
            TxError::WrongChain { given: chain.clone(), expected: chain },
            TxError::WrongNetwork(sender),
            TxError::WrongKey { key, derived: sender, sender },
            TxError::BadSignature(SignatureError::Mismatch(key)),
            TxError::Expired { expiry, next },
            TxError::StaleNonce { sender, nonce, expected: 2 },
            TxError::FutureNonce { sender, nonce, expected: 0 },
            TxError::FeeTooLow { offered: amount, required: amount, bytes: 1, kind: "transfer" },
            TxError::Underfunded { sender, available: amount, required: amount },
        ]
    }

    #[test]
    fn the_chapter_lists_every_code_of_a_transaction() {
        let chapter = include_str!("../../docs/spec/24-api.md");
        let rows: Vec<&str> = chapter.lines().filter(|line| line.starts_with('|')).collect();
        for error in errors() {
            let ApiError(problem) = error.into();
            let again = if problem.retryable { "yes" } else { "no" };
            let (code, end) =
                (format!("`{}`", problem.code), format!("| {} | {again} |", problem.status));
            let listed = rows.iter().any(|row| row.contains(&code) && row.ends_with(&end));
            assert!(listed, "{code} {end}");
        }
        // And nothing that is not a code: a reader would wait for it in vain.
        let named = rows.iter().flat_map(|row| row.split('`').skip(1).step_by(2));
        let codes: Vec<&str> = errors().iter().map(TxError::code).collect();
        for name in named.filter(|name| name.starts_with("tx.")) {
            assert!(codes.contains(&name), "{name}");
        }
    }
}
