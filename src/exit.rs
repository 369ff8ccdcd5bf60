//! How a command ends: the codes that scripts branch on.

use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;

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
}

/// A command's failure: the code, and what a person reads.
#[derive(Debug)]
pub(crate) struct Failure {
    code: Code,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// A failure with this code.
    pub(crate) fn new(code: Code, message: impl Display) -> Self {
        Self { code, message: message.to_string(), hint: None }
    }

    /// What the reader may try.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says it on standard error and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        let mut stderr = std::io::stderr().lock();
        // A closed standard error leaves the exit code, which says enough.
        let _ = writeln!(stderr, "error: {}", self.message);
        if let Some(hint) = &self.hint {
            let _ = writeln!(stderr, "hint: {hint}");
        }
        ExitCode::from(self.number())
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
