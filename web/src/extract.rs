//! Paths and queries, read so that a bad one is told with its value.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use probity_api::Code;
use probity_runtime::query::MAX_PAGE;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The identifier in a path.
pub(crate) struct Id<T>(pub(crate) T);

impl<S: Send + Sync, T> FromRequestParts<S> for Id<T>
where
    T: FromStr<Err: Display>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refuse = |reason: String| ApiError::new(Code::MalformedId, reason);
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| refuse(rejection.body_text()))?;
        text.parse().map(Self).map_err(|error: T::Err| refuse(error.to_string()))
    }
}

/// The parameters of a query.
pub(crate) struct Args<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Args<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(args) = Query::<T>::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::new(Code::BadParameter, rejection.body_text()))?;
        Ok(Self(args))
    }
}

/// How many entries a page has: [`MAX_PAGE`] at most, 50 unless asked.
pub(crate) fn page_limit(limit: Option<usize>) -> Result<usize, ApiError> {
    match limit.unwrap_or(50) {
        limit if (1..=MAX_PAGE).contains(&limit) => Ok(limit),
        limit => {
            let detail = format!("a limit of {limit} is not within 1 and {MAX_PAGE}");
            Err(ApiError::new(Code::BadParameter, detail))
        }
    }
}

/// The key that a cursor stands for.
pub(crate) fn cursor<K>(cursor: Option<&str>) -> Result<Option<K>, ApiError>
where
    K: FromStr<Err: Display>,
{
    let refuse = |error: K::Err| {
        ApiError::new(Code::BadCursor, format!("not a cursor of this list: {error}"))
    };
    cursor.map(|text| text.parse().map_err(refuse)).transpose()
}
