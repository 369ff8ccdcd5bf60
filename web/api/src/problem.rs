//! Errors as problem documents (RFC 9457).
//!
//! A [`Code`] is an error of the API itself. A transaction that is refused carries the code of
//! `probity_runtime::tx::TxError` or of the mempool instead, in the same field.

use std::borrow::Cow;

use probity_primitives::Height;
use serde::{Deserialize, Serialize};

/// The mempool's code for a transaction that waits for a block already.
pub const KNOWN: &str = "known";

/// An error as it travels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// A name of the kind of problem: `urn:probity:problem:` and the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem for people.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong, with the values.
    pub detail: String,
    /// A stable name for programs.
    pub code: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    /// The height from which it may, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_at_height: Option<Height>,
    /// The nonces, where it is about nonces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonces: Option<Nonces>,
}

/// The nonces that a refused transaction is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonces {
    /// The one that the committed state expects of the sender.
    pub expected: u64,
    /// The one that the transaction carries.
    pub got: u64,
    /// The first that is neither used nor waiting: what a new transaction should carry.
    pub pending: u64,
}

impl Problem {
    /// A problem of the API itself.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let row = code.row();
        Self::of(row.name, row.title, row.status, detail, row.retryable)
    }

    /// A problem with a code from elsewhere.
    #[must_use]
    pub fn of(
        code: &str,
        title: impl Into<Cow<'static, str>>,
        status: u16,
        detail: impl Into<String>,
        retryable: bool,
    ) -> Self {
        Self {
            kind: format!("urn:probity:problem:{code}"),
            title: title.into(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            retryable,
            retry_at_height: None,
            nonces: None,
        }
    }
}

/// What can be wrong with a request, or with the node, apart from what it asks of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// An identifier in the path is not one.
    MalformedId,
    /// A parameter of the query is missing or not what it should be.
    BadParameter,
    /// A cursor is not one that a page gave.
    BadCursor,
    /// The body is not what it says it is.
    MalformedBody,
    /// The body is of a type that the route does not read.
    UnsupportedMediaType,
    /// The body is too long.
    BodyTooLarge,
    /// There is no such route.
    RouteNotFound,
    /// The route does not answer this method.
    MethodNotAllowed,
    /// A page of another origin sent it.
    CrossOrigin,
    /// The address has asked too often.
    RateLimited,
    /// The address has too much open at once.
    TooManyOpen,
    /// The body comes too slowly.
    SlowBody,
    /// There is no such operator.
    OperatorNotFound,
    /// There is no such artifact.
    ArtifactNotFound,
    /// There is no such benchmark.
    BenchmarkNotFound,
    /// There is no such task.
    TaskNotFound,
    /// The task has no result, or there is no such task.
    ResultNotFound,
    /// The result is not certified yet.
    CertificateNotFound,
    /// There is no such referendum.
    ReferendumNotFound,
    /// There is no such dispute.
    DisputeNotFound,
    /// There is no such block, or not any more.
    BlockNotFound,
    /// No block has the transaction yet.
    TxNotFound,
    /// Neither the node nor its peers have the file.
    BlobNotFound,
    /// The node hands out no such snapshot.
    SnapshotNotFound,
    /// The file is longer than the node keeps.
    BlobTooLarge,
    /// The state at the height is not kept any more.
    HeightPruned,
    /// The events after the cursor are not kept any more.
    EventsPruned,
    /// The node took too long.
    Timeout,
    /// The node has too much to do.
    Overloaded,
    /// The node cannot do it now.
    Unavailable,
    /// The node failed; its log says why.
    Internal,
}

struct Row {
    name: &'static str,
    status: u16,
    title: &'static str,
    retryable: bool,
}

const fn row(name: &'static str, status: u16, title: &'static str) -> Row {
    Row { name, status, title, retryable: false }
}

const fn later(name: &'static str, status: u16, title: &'static str) -> Row {
    Row { name, status, title, retryable: true }
}

impl Code {
    /// Every code, in the order of the specification.
    pub const ALL: [Self; 31] = [
        Self::MalformedId,
        Self::BadParameter,
        Self::BadCursor,
        Self::MalformedBody,
        Self::UnsupportedMediaType,
        Self::BodyTooLarge,
        Self::RouteNotFound,
        Self::MethodNotAllowed,
        Self::CrossOrigin,
        Self::RateLimited,
        Self::TooManyOpen,
        Self::SlowBody,
        Self::OperatorNotFound,
        Self::ArtifactNotFound,
        Self::BenchmarkNotFound,
        Self::TaskNotFound,
        Self::ResultNotFound,
        Self::CertificateNotFound,
        Self::ReferendumNotFound,
        Self::DisputeNotFound,
        Self::BlockNotFound,
        Self::TxNotFound,
        Self::BlobNotFound,
        Self::SnapshotNotFound,
        Self::BlobTooLarge,
        Self::HeightPruned,
        Self::EventsPruned,
        Self::Timeout,
        Self::Overloaded,
        Self::Unavailable,
        Self::Internal,
    ];

    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.row().name
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().status
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        self.row().retryable
    }

    const fn row(self) -> Row {
        match self {
            Self::MalformedId => row("malformed_id", 400, "Malformed identifier"),
            Self::BadParameter => row("bad_parameter", 400, "Bad parameter"),
            Self::BadCursor => row("bad_cursor", 400, "Bad cursor"),
            Self::MalformedBody => row("malformed_body", 400, "Malformed body"),
            Self::UnsupportedMediaType => {
                row("unsupported_media_type", 415, "Unsupported media type")
            }
            Self::BodyTooLarge => row("body_too_large", 413, "Body too large"),
            Self::RouteNotFound => row("route_not_found", 404, "No such route"),
            Self::MethodNotAllowed => row("method_not_allowed", 405, "Method not allowed"),
            Self::CrossOrigin => row("cross_origin", 403, "From another origin"),
            Self::RateLimited => later("rate_limited", 429, "Asked too often"),
            Self::TooManyOpen => later("too_many_open", 429, "Too much open at once"),
            Self::SlowBody => later("slow_body", 408, "The body comes too slowly"),
            Self::OperatorNotFound => row("operator_not_found", 404, "No such operator"),
            Self::ArtifactNotFound => row("artifact_not_found", 404, "No such artifact"),
            Self::BenchmarkNotFound => row("benchmark_not_found", 404, "No such benchmark"),
            Self::TaskNotFound => row("task_not_found", 404, "No such task"),
            Self::ReferendumNotFound => row("referendum_not_found", 404, "No such referendum"),
            Self::DisputeNotFound => row("dispute_not_found", 404, "No such dispute"),
            Self::ResultNotFound => later("result_not_found", 404, "No result"),
            Self::CertificateNotFound => later("certificate_not_found", 404, "No certificate"),
            Self::BlockNotFound => later("block_not_found", 404, "No such block"),
            Self::TxNotFound => later("tx_not_found", 404, "Transaction not in a block"),
            Self::BlobNotFound => later("blob_not_found", 404, "No such file"),
            Self::SnapshotNotFound => later("snapshot_not_found", 404, "No such snapshot"),
            Self::BlobTooLarge => row("blob_too_large", 413, "File too large"),
            Self::HeightPruned => row("height_pruned", 410, "Height no longer kept"),
            Self::EventsPruned => row("events_pruned", 410, "Events no longer kept"),
            Self::Timeout => later("timeout", 504, "Timed out"),
            Self::Overloaded => later("overloaded", 503, "Too many requests at once"),
            Self::Unavailable => later("unavailable", 503, "Not available now"),
            Self::Internal => row("internal", 500, "Internal error"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_codes_have_one_name() {
        let names: BTreeSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn the_chapter_lists_every_code_with_its_status() {
        let chapter = include_str!("../../../docs/spec/24-api.md");
        for code in Code::ALL {
            let (name, end) = (format!("`{}`", code.as_str()), format!("| {} |", code.status()));
            let again = if code.retryable() { "yes |" } else { "no |" };
            let listed = chapter.lines().any(|line| {
                line.starts_with('|')
                    && line.contains(&name)
                    && line.contains(&end)
                    && line.ends_with(again)
            });
            assert!(listed, "{name} {end} {again}");
        }
    }

    #[test]
    fn a_problem_reads_back() {
        let problem = Problem::new(Code::TxNotFound, "no block has it");
        let text = serde_json::to_string(&problem).unwrap();
        assert!(text.contains(r#""type":"urn:probity:problem:tx_not_found""#), "{text}");
        assert_eq!(serde_json::from_str::<Problem>(&text).unwrap(), problem);
    }
}
