//! Watermarks: what a key has signed, and what it therefore may not sign any more.
//!
//! Whoever signs two different votes for one height, round and kind, or two different commitments
//! for one task and round, loses stake (`docs/spec/12-slashing.md`). A crash, a restored backup
//! or a second process makes that happen to honest people. So every such signature is asked for
//! here first: [`VoteGuard`] keeps the newest place of each kind of consensus message, and
//! [`StatementGuard`] what was stated for each task.
//!
//! # Invariants
//! - A mark is durable before the signature is shown to anybody: that of a statement before it is
//!   allowed, that of a consensus message before it leaves.
//! - The same bytes may be signed again; other bytes at or below a mark never.
//! - A write that a crash cut short is recovered to the last complete mark. A file with no complete
//!   mark is an error: nobody begins again from nothing.
//! - A file belongs to one chain and one key, and says so inside.
//!
//! # Not here
//! Keys and signatures: a guard sees digests alone. Who holds the folder: [`crate::lock`].
//!
//! Spec: `docs/spec/27-signing.md`.

mod slots;
mod statements;
mod votes;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use probity_primitives::{Hash, Height, PublicKey, TaskId};

pub use self::statements::{MAX_STATEMENTS, Place, Stated, Statement, StatementGuard, Statements};
pub use self::votes::{Mark, Marks, Step, VoteGuard};

/// Whose marks a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The hash of the chain's genesis document.
    pub genesis: Hash,
    /// The key whose signatures are watched.
    pub key: PublicKey,
}

/// What keeps a guard's value: a file, unless a simulation has a disk of its own.
pub trait Keep: fmt::Debug + Send {
    /// Replaces the value; the new one is durable when this returns.
    ///
    /// # Errors
    /// [`GuardError`]; the value is the old one or the new one then.
    fn replace(&mut self, value: &[u8]) -> Result<(), GuardError>;
}

/// Why something is not signed.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// Signing it could cost stake: other bytes were signed at this place or above it.
    #[error("would be slashable: {0}")]
    Slashable(#[from] Slashable),
    /// More statements are open than are kept.
    #[error("{0} statements are open, and no room is left to keep another one")]
    Full(usize),
    /// The file system refused.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no complete mark.
    #[error("{path} is damaged: {reason}; nothing is signed until it is restored or removed")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file is of another chain or key.
    #[error("{path} holds marks of the key {key} on the chain with genesis {genesis}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The key it is of.
        key: PublicKey,
        /// The chain it is of.
        genesis: Hash,
    },
    /// An earlier holder of the guard ended in the middle of a mark.
    #[error("the guard broke off in the middle of a mark; it has to be opened again")]
    BrokeOff,
}

/// A signature that could cost stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Slashable {
    /// A consensus message at or below the mark of its kind.
    #[error(
        "a {step} for height {height} round {round}; the mark is at height {at} round {in_round}"
    )]
    Vote {
        /// The kind of message.
        step: Step,
        /// The height that was asked for.
        height: Height,
        /// The round that was asked for.
        round: u32,
        /// The height of the mark.
        at: Height,
        /// The round of the mark.
        in_round: u32,
    },
    /// Another statement for a task and round that were stated for.
    #[error("another {statement} for the task {task} round {round}")]
    Statement {
        /// The kind of statement.
        statement: Statement,
        /// The task.
        task: TaskId,
        /// The round of the task.
        round: u8,
    },
    /// A statement whose time ended so long ago that its mark may be forgotten.
    #[error(
        "a {statement} for the task {task}, due by height {until}; marks up to {floor} are gone"
    )]
    Late {
        /// The kind of statement.
        statement: Statement,
        /// The task.
        task: TaskId,
        /// The height by which it had to be sent.
        until: Height,
        /// The height up to which marks are forgotten.
        floor: Height,
    },
}

/// The name of the file that says that a punishment is no reason to stop.
const RESUMED: &str = "signing.resumed";

/// Whether the operator of a folder said that its keys may sign in spite of a punishment.
#[must_use]
pub fn is_resumed(folder: &Path) -> bool {
    folder.join(RESUMED).is_file()
}

/// Lets the keys of a folder sign in spite of a punishment, now and later.
///
/// # Errors
/// [`GuardError::Io`].
pub fn resume(folder: &Path) -> Result<(), GuardError> {
    let path = folder.join(RESUMED);
    std::fs::write(&path, "").map_err(io_error("write", &path))
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GuardError {
    move |source| GuardError::Io { action, path: path.to_owned(), source }
}

fn damaged(path: &Path, reason: impl ToString) -> GuardError {
    GuardError::Damaged { path: path.to_owned(), reason: reason.to_string() }
}

/// Refuses a file of another chain or key.
fn check_owner(path: &Path, found: Owner, wanted: Owner) -> Result<(), GuardError> {
    if found == wanted {
        return Ok(());
    }
    let Owner { genesis, key } = found;
    Err(GuardError::Foreign { path: path.to_owned(), key, genesis })
}
