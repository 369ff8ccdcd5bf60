//! From errors to problem documents.
//!
//! # Invariants
//! - What failed inside is logged and not told: a client learns that it was not its fault.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_api::{Code, PROBLEM_JSON, Problem};
use probity_runtime::tx::TxError;

use crate::backend::{BackendError, BlobError, SubmitError};

/// What a handler answers instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError(pub Problem);

impl ApiError {
    /// A problem of the API itself.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self(Problem::new(code, detail))
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
        Self(Problem::of(code, "Transaction refused", status, error.to_string(), error.retryable()))
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
            SubmitError::NoRoom { code, detail, retryable } => {
                let status = if retryable { 503 } else { 409 };
                Self(Problem::of(code, "Transaction refused", status, detail, retryable))
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
