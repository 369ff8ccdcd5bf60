//! How a command ends: the codes that scripts branch on.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

use probity_client::Nonces;
use probity_primitives::{Height, TxHash};
use serde::Serialize;

use crate::output::Format;

/// The schema of a failure in JSON.
const SCHEMA: &str = "probity.error/v1";

/// Why a command did not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    /// Anything without a code of its own.
    Other = 1,
    /// The command line does not make sense; clap uses it too.
    Usage = 2,
    /// A configuration, a genesis document or a benchmark definition is not valid.
    Config = 3,
    /// The node or the network cannot be reached.
    Unreachable = 4,
    /// The transaction was refused before it stood in a block.
    TxRejected = 5,
    /// The transaction stands in a block, and its message was refused.
    TxFailed = 6,
    /// A key is missing or cannot be read.
    Key = 7,
    /// A hash, a proof, a signature or a reproduced score is not what it should be.
    Verification = 8,
    /// Refused for safety: a watermark, a lock, or another process with the same key.
    Unsafe = 9,
    /// Something has to be confirmed or typed, and nobody may be asked.
    NeedsInput = 10,
    /// The wait is over; the hash was printed.
    TimedOut = 11,
    /// The next block runs by rules that this program does not have.
    Upgrade = 12,
    /// It was told to end before it was done; what is done is kept, and it can be gone on with.
    Stopped = 75,
    /// A person interrupted it at a prompt.
    Interrupted = 130,
}

/// A command's failure: the code, and what a person reads.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    hint: Option<String>,
    details: Box<Details>,
}

/// What programs are told of a failure besides its exit code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub(crate) struct Details {
    /// The node's or the rule's name for it, if it is theirs.
    #[serde(skip)]
    pub(crate) code: Option<String>,
    /// Whether the same command may succeed later.
    pub(crate) retryable: bool,
    /// The height from which it may, where that is known.
    pub(crate) retry_at_height: Option<Height>,
    /// The nonces, where it is about nonces.
    pub(crate) nonces: Option<Nonces>,
    /// The transaction, if there is one that may have been sent.
    pub(crate) tx: Option<TxHash>,
}

/// A failure as programs read it.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    exit_code: u8,
    code: &'a str,
    message: &'a str,
    hint: Option<&'a str>,
    #[serde(flatten)]
    details: &'a Details,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string(), hint: None, details: Box::default() }
    }

    /// What programs are told besides.
    pub(crate) fn details(mut self, details: Details) -> Self {
        *self.details = details;
        self
    }

    /// The transaction that it is about.
    pub(crate) fn about(mut self, tx: TxHash) -> Self {
        self.details.tx = Some(tx);
        self
    }

    /// What the reader may try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Its code.
    pub(crate) const fn code(&self) -> Code {
        self.code
    }

    /// What went wrong.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// What the reader may try, if anything is known.
    pub(crate) fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Says it on standard error, in the form that answers have, and gives the exit code.
    pub(crate) fn report(&self, format: Format) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // A closed standard error leaves the exit code, which says enough.
        match format {
            Format::Text => {
                let _ = writeln!(stderr, "error: {}", self.message);
                if let Some(hint) = &self.hint {
                    let _ = writeln!(stderr, "hint: {hint}");
                }
            }
            Format::Json => {
                let _ = writeln!(stderr, "{}", self.json());
            }
        }
        ExitCode::from(self.number())
    }

    /// One line of JSON.
    fn json(&self) -> String {
        let document = Document {
            schema: SCHEMA,
            exit_code: self.number(),
            code: self.details.code.as_deref().unwrap_or(self.name()),
            message: &self.message,
            hint: self.hint.as_deref(),
            details: &self.details,
        };
        serde_json::to_string(&document).unwrap_or_default()
    }

    const fn name(&self) -> &'static str {
        match self.code {
            Code::Other => "other",
            Code::Usage => "usage",
            Code::Config => "config",
            Code::Unreachable => "unreachable",
            Code::TxRejected => "tx_rejected",
            Code::TxFailed => "tx_failed",
            Code::Key => "key",
            Code::Verification => "verification",
            Code::Unsafe => "unsafe",
            Code::NeedsInput => "needs_input",
            Code::TimedOut => "timed_out",
            Code::Upgrade => "upgrade",
            Code::Stopped => "stopped",
            Code::Interrupted => "interrupted",
        }
    }

    const fn number(&self) -> u8 {
        match self.code {
            Code::Other => 1,
            Code::Usage => 2,
            Code::Config => 3,
            Code::Unreachable => 4,
            Code::TxRejected => 5,
            Code::TxFailed => 6,
            Code::Key => 7,
            Code::Verification => 8,
            Code::Unsafe => 9,
            Code::NeedsInput => 10,
            Code::TimedOut => 11,
            Code::Upgrade => 12,
            Code::Stopped => 75,
            Code::Interrupted => 130,
        }
    }
}

/// Names the code of an error where it happens: `.or_fail(Code::Config, "cannot read genesis")`.
pub(crate) trait OrFail<T> {
    /// Turns an error into a failure that begins with `what`.
    fn or_fail(self, code: Code, what: &str) -> Result<T, Failure>;
}

impl<T, E: Display> OrFail<T> for Result<T, E> {
    fn or_fail(self, code: Code, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::new(code, format_args!("{what}: {error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Code; 14] = [
        Code::Other,
        Code::Usage,
        Code::Config,
        Code::Unreachable,
        Code::TxRejected,
        Code::TxFailed,
        Code::Key,
        Code::Verification,
        Code::Unsafe,
        Code::NeedsInput,
        Code::TimedOut,
        Code::Upgrade,
        Code::Stopped,
        Code::Interrupted,
    ];

    #[test]
    fn the_chapter_lists_every_exit_code() {
        let chapter = include_str!("../docs/spec/24-api.md");
        for code in ALL {
            let failure = Failure::new(code, "");
            let row = format!("| {} | `{}` |", failure.number(), failure.name());
            assert!(chapter.lines().any(|line| line.starts_with(&row)), "{row}");
        }
    }

    #[test]
    fn a_failure_is_one_line_of_json_with_what_is_known() {
        let nonces = Some(Nonces { expected: 1, got: 5, pending: 3 });
        let code = Some("nonce_used".to_owned());
        let details = Details { code, nonces, retryable: false, ..Details::default() };
        let failure = Failure::new(Code::TxRejected, "a\nb").hint("try").details(details);
        let line = failure.json();
        assert!(!line.contains('\n'), "{line}");
        let document: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            document,
            serde_json::json!({
                "schema": "probity.error/v1", "exit_code": 5, "code": "nonce_used",
                "message": "a\nb", "hint": "try", "retryable": false, "retry_at_height": null,
                "nonces": { "expected": 1, "got": 5, "pending": 3 }, "tx": null,
            })
        );
        assert!(Failure::new(Code::Key, "no").json().contains(r#""code":"key""#));
    }
}
