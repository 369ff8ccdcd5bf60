//! Marks as a document, to move a key to another machine without forgetting what it signed.
//!
//! The layout is that of EIP-3076: metadata that names the format and the chain, then an entry for
//! each key with what it signed, numbers as texts. Whoever imports raises marks and never lowers
//! one, so importing twice, or an old document, changes nothing.
//!
//! # Invariants
//! - A document of another chain is refused as a whole before anything is written.
//! - What was exported and imported refuses what the first folder refused.
//!
//! # Not here
//! Keys: a document holds public keys and hashes alone and need not be kept secret. Who else uses
//! the folder meanwhile: take [`crate::lock::FolderLock`] first.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use probity_primitives::{Hash, Height, PublicKey, TaskId};
use serde::{Deserialize, Serialize};

use crate::guard::{
    GuardError, Mark, Marks, Owner, Stated, Statement, StatementGuard, Statements, Step, VoteGuard,
};

/// The version of the format.
pub const VERSION: &str = "1";
/// The most bytes of a document.
pub const MAX_BYTES: usize = 16 << 20;
/// The most keys of a document or a folder.
const MAX_KEYS: usize = 1_024;

/// Why a document is not made or not taken.
#[derive(Debug, thiserror::Error)]
pub enum InterchangeError {
    /// The bytes are no document.
    #[error("it is no protection document: {0}")]
    Malformed(String),
    /// The document is of a version that is not known.
    #[error("its format is version {0:?}, and version {VERSION:?} is read")]
    Version(String),
    /// The document is of another chain.
    #[error("it is of the chain with genesis {found}, not {wanted}")]
    OtherChain {
        /// The chain of the document.
        found: Hash,
        /// The chain of the folder.
        wanted: Hash,
    },
    /// More keys than anybody has.
    #[error("{0} keys are more than the {MAX_KEYS} allowed")]
    TooMany(usize),
    /// The folder cannot be read.
    #[error("cannot read {path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of marks cannot be read or written.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interchange {
    /// What the document is, and of which chain.
    pub metadata: Metadata,
    /// What each key signed.
    pub data: Vec<Signed>,
}

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// [`VERSION`].
    pub interchange_format_version: String,
    /// The hash of the chain's genesis document.
    pub genesis_hash: Hash,
}

/// What a key signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The key.
    pub pubkey: PublicKey,
    /// The newest proposal that it stood for.
    #[serde(default)]
    pub signed_proposals: Vec<SignedPlace>,
    /// Its newest votes of the first kind.
    #[serde(default)]
    pub signed_prevotes: Vec<SignedPlace>,
    /// Its newest votes of the second kind.
    #[serde(default)]
    pub signed_precommits: Vec<SignedPlace>,
    /// Its statements for tasks.
    #[serde(default)]
    pub signed_statements: Vec<SignedStatement>,
    /// Statements due by this height may be missing above.
    #[serde(default = "zero")]
    pub statements_forgotten_until: String,
}

/// A place at which a consensus message was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedPlace {
    /// The height.
    pub height: String,
    /// The round.
    pub round: String,
    /// The hash of what was signed, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_root: Option<Hash>,
}

/// A statement for a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedStatement {
    /// `commitment` or `reveal`.
    pub kind: Kind,
    /// The task.
    pub task: TaskId,
    /// Its round.
    pub round: String,
    /// The height by which it had to be sent.
    pub until: String,
    /// The hash of what was signed.
    pub signing_root: Hash,
}

/// A kind of statement, as the document says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The commitment to a score.
    Commitment,
    /// The score with what it rests on.
    Reveal,
}

/// What an import did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// The keys of the document.
    pub keys: usize,
    /// Those of them whose marks rose.
    pub raised: usize,
}

impl Interchange {
    /// Reads a document.
    ///
    /// # Errors
    /// [`InterchangeError`] for bytes that are none, or of a version that is not known.
    pub fn from_json(bytes: &[u8]) -> Result<Self, InterchangeError> {
        if bytes.len() > MAX_BYTES {
            let reason = format!("{} bytes are more than the {MAX_BYTES} allowed", bytes.len());
            return Err(InterchangeError::Malformed(reason));
        }
        let document: Self = serde_json::from_slice(bytes).map_err(malformed)?;
        let version = &document.metadata.interchange_format_version;
        if version != VERSION {
            return Err(InterchangeError::Version(version.clone()));
        }
        if document.data.len() > MAX_KEYS {
            return Err(InterchangeError::TooMany(document.data.len()));
        }
        Ok(document)
    }

    /// The marks of a chain in the folders of a node and of an evaluator, which may be one.
    ///
    /// # Errors
    /// [`InterchangeError`] if a file cannot be read. Files of other chains are left out.
    pub fn export(node: &Path, evaluator: &Path, genesis: Hash) -> Result<Self, InterchangeError> {
        let mut data = BTreeMap::new();
        let votes = files(node)?.into_iter().filter(|path| is_of(path, "votes"));
        let stated = files(evaluator)?.into_iter().filter(|path| is_of(path, "statements"));
        for path in votes.chain(stated) {
            if is_of(&path, "votes") {
                let guard = VoteGuard::open_file(&path)?;
                if guard.owner().genesis == genesis {
                    add_votes(entry(&mut data, guard.owner().key), &guard.marks()?);
                }
            } else {
                let guard = StatementGuard::open_file(&path)?;
                if guard.owner().genesis == genesis {
                    add_statements(entry(&mut data, guard.owner().key), &guard.statements()?);
                }
            }
        }
        let version = VERSION.to_owned();
        let metadata = Metadata { interchange_format_version: version, genesis_hash: genesis };
        Ok(Self { metadata, data: data.into_values().collect() })
    }

    /// Raises the marks in the folders of a node and of an evaluator to those of the document.
    ///
    /// # Errors
    /// [`InterchangeError`]; for a document of another chain nothing has changed. Any other error
    /// may leave some keys raised: importing again goes on from there.
    pub fn import(
        &self,
        node: &Path,
        evaluator: &Path,
        genesis: Hash,
    ) -> Result<Imported, InterchangeError> {
        let found = self.metadata.genesis_hash;
        if found != genesis {
            return Err(InterchangeError::OtherChain { found, wanted: genesis });
        }
        let read: Vec<_> = self.data.iter().map(Read::of).collect::<Result<_, _>>()?;
        let mut imported = Imported { keys: read.len(), raised: 0 };
        for Read { key, votes, statements } in read {
            let owner = Owner { genesis, key };
            let mut raised = false;
            if !votes.is_empty() {
                let guard = VoteGuard::open(node, owner)?;
                for (step, mark) in votes {
                    raised |= guard.raise(step, mark)?;
                }
            }
            if statements != Statements::default() {
                raised |= StatementGuard::open(evaluator, owner)?.raise(&statements)?;
            }
            imported.raised += usize::from(raised);
        }
        Ok(imported)
    }
}

/// The files of marks in a folder.
///
/// # Errors
/// [`InterchangeError`] if the folder cannot be read or holds too many.
pub fn files(folder: &Path) -> Result<Vec<PathBuf>, InterchangeError> {
    let error = |source| InterchangeError::Folder { path: folder.to_owned(), source };
    let mut found = Vec::new();
    for file in fs::read_dir(folder).map_err(error)? {
        let path = file.map_err(error)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("signing.")
            && (name.ends_with(".votes") || name.ends_with(".statements"))
        {
            found.push(path);
        }
    }
    if found.len() > 2 * MAX_KEYS {
        return Err(InterchangeError::TooMany(found.len()));
    }
    found.sort();
    Ok(found)
}

fn is_of(path: &Path, kind: &str) -> bool {
    path.extension().is_some_and(|extension| extension == kind)
}

/// A key's entry, checked and with numbers as numbers.
struct Read {
    key: PublicKey,
    votes: Vec<(Step, Mark)>,
    statements: Statements,
}

impl Read {
    fn of(signed: &Signed) -> Result<Self, InterchangeError> {
        let Signed {
            pubkey,
            signed_proposals,
            signed_prevotes,
            signed_precommits,
            signed_statements,
            statements_forgotten_until,
        } = signed;
        let mut votes = Vec::new();
        let kinds = [
            (Step::Proposal, signed_proposals),
            (Step::Prevote, signed_prevotes),
            (Step::Precommit, signed_precommits),
        ];
        for (step, places) in kinds {
            for SignedPlace { height, round, signing_root } in places {
                let (height, round) = (Height(number(height)?), number(round)?);
                votes.push((step, Mark { height, round, digest: *signing_root }));
            }
        }
        let floor = Height(number(statements_forgotten_until)?);
        let mut statements = Statements { floor, ..Statements::default() };
        for SignedStatement { kind, task, round, until, signing_root } in signed_statements {
            let statement = match kind {
                Kind::Commitment => Statement::Commitment,
                Kind::Reveal => Statement::Reveal,
            };
            let stated = Stated { digest: *signing_root, until: Height(number(until)?) };
            statements.stated.insert((*task, number(round)?, statement), stated);
        }
        Ok(Self { key: *pubkey, votes, statements })
    }
}

fn entry(data: &mut BTreeMap<String, Signed>, pubkey: PublicKey) -> &mut Signed {
    data.entry(pubkey.to_string()).or_insert_with(|| Signed {
        pubkey,
        signed_proposals: Vec::new(),
        signed_prevotes: Vec::new(),
        signed_precommits: Vec::new(),
        signed_statements: Vec::new(),
        statements_forgotten_until: zero(),
    })
}

fn add_votes(entry: &mut Signed, marks: &Marks) {
    let Marks { proposal, prevote, precommit } = marks;
    let place = |mark: &Mark| SignedPlace {
        height: mark.height.to_string(),
        round: mark.round.to_string(),
        signing_root: mark.digest,
    };
    entry.signed_proposals.extend(proposal.as_ref().map(place));
    entry.signed_prevotes.extend(prevote.as_ref().map(place));
    entry.signed_precommits.extend(precommit.as_ref().map(place));
}

fn add_statements(entry: &mut Signed, statements: &Statements) {
    let Statements { floor, stated } = statements;
    entry.statements_forgotten_until = floor.to_string();
    entry.signed_statements.extend(stated.iter().map(|((task, round, statement), stated)| {
        SignedStatement {
            kind: match statement {
                Statement::Commitment => Kind::Commitment,
                Statement::Reveal => Kind::Reveal,
            },
            task: *task,
            round: round.to_string(),
            until: stated.until.to_string(),
            signing_root: stated.digest,
        }
    }));
}

fn zero() -> String {
    "0".to_owned()
}

fn number<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, InterchangeError> {
    text.parse().map_err(|error| malformed(format_args!("{text:?} is no number: {error}")))
}

fn malformed(error: impl std::fmt::Display) -> InterchangeError {
    InterchangeError::Malformed(error.to_string())
}

#[cfg(test)]
mod tests;
