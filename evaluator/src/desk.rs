//! What a restart must not lose: everything that an operator has bound itself to.
//!
//! One file a piece of work, named by task and round or draw, written whole before the commitment
//! is sent. Who commits twice to different scores loses its stake, so a record that is there is
//! never replaced: whatever is computed later, the first one counts.
//!
//! # Invariants
//! - A record appears under its name whole and flushed, or not at all.
//! - [`Desk::keep`] returns what is kept, which is the earlier record if there was one.
//!
//! # Not here
//! Transcripts, which are files by their hash in the cache; journals of unfinished runs.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::fs;
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use borsh::{BorshDeserialize, BorshSerialize};
use probity_harness::cache::{CacheError, read_limited};
use probity_primitives::codec::{self, CodecError};
use probity_primitives::{BoundedVec, ContentHash, Hash};
use probity_protocol::dispute::{Evidence, Ruling};
use probity_protocol::task::VerdictOfItem;
use probity_protocol::task::message::Committed;
use tempfile::NamedTempFile;

use crate::agenda::Job;

/// The largest record in bytes: 128 verdicts of two answers of the longest kind.
const MAX_RECORD: usize = 8 << 20;

const MAGIC: [u8; 8] = *b"PRBTYD01";

/// Why a record is not kept or not found.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
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
    /// The file cannot be read whole.
    #[error(transparent)]
    File(#[from] CacheError),
    /// The file is not a record, or not of this piece of work.
    #[error("the record {path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// What a member is bound to, with what it needs to show it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Prepared {
    /// What it commits to.
    pub committed: Committed,
    /// The engine profile that its transcript states.
    pub engine: Hash,
    /// Its transcript, in the cache.
    pub transcript: ContentHash,
}

/// What a juror is bound to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Verdicts {
    /// One verdict for each of the jury's items, in order.
    pub verdicts: BoundedVec<VerdictOfItem, 128>,
    /// What hides them until they are shown.
    pub salt: Hash,
}

/// What a juror of a dispute is bound to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Vote {
    /// The vote.
    pub vote: Ruling,
    /// What it follows from.
    pub evidence: Evidence,
    /// What hides both until they are shown.
    pub salt: Hash,
}

/// A folder of records of one kind; cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk<T> {
    folder: PathBuf,
    kind: PhantomData<fn() -> T>,
}

impl<T: BorshSerialize + BorshDeserialize> Desk<T> {
    /// The desk in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// [`DeskError::Io`] if the folder cannot be made.
    pub fn open(folder: PathBuf) -> Result<Self, DeskError> {
        fs::create_dir_all(&folder).map_err(io_error("create", &folder))?;
        Ok(Self { folder, kind: PhantomData })
    }

    /// The record of a piece of work, if it is done.
    ///
    /// # Errors
    /// [`DeskError`] for a file that is there and is not the record.
    pub fn get(&self, job: Job) -> Result<Option<T>, DeskError> {
        let path = self.path_of(job);
        if !path.is_file() {
            return Ok(None);
        }
        let limit = u64::try_from(MAX_RECORD).unwrap_or(u64::MAX);
        let bytes = read_limited(&path, limit)?;
        let damaged = |reason: String| DeskError::Damaged { path: path.clone(), reason };
        let (payload, sum) = bytes
            .split_last_chunk::<32>()
            .ok_or_else(|| damaged(format!("it has {} bytes", bytes.len())))?;
        if ContentHash::of_file(payload).as_bytes() != sum {
            return Err(damaged("its checksum is another one".to_owned()));
        }
        let (magic, name, record): ([u8; 8], String, T) = codec::decode(payload, MAX_RECORD)
            .map_err(|error: CodecError| damaged(error.to_string()))?;
        if magic != MAGIC || name != name_of(job) {
            return Err(damaged(format!("it is of {name:?}")));
        }
        Ok(Some(record))
    }

    /// Keeps a record, and returns the one that is kept.
    ///
    /// # Errors
    /// [`DeskError`] if it cannot be kept; then nothing may be sent that rests on it.
    pub fn keep(&self, job: Job, record: T) -> Result<T, DeskError> {
        if let Some(earlier) = self.get(job)? {
            return Ok(earlier);
        }
        let mut bytes = codec::encode(&(MAGIC, name_of(job), &record));
        let sum = ContentHash::of_file(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        let mut file = NamedTempFile::new_in(&self.folder)
            .map_err(io_error("create a file in", &self.folder))?;
        file.write_all(&bytes).map_err(io_error("write", file.path()))?;
        file.as_file().sync_all().map_err(io_error("flush", file.path()))?;
        let path = self.path_of(job);
        file.persist_noclobber(&path).map_err(|error| io_error("name", &path)(error.error))?;
        let folder = fs::File::open(&self.folder).map_err(io_error("open", &self.folder))?;
        folder.sync_all().map_err(io_error("flush", &self.folder))?;
        Ok(record)
    }

    fn path_of(&self, job: Job) -> PathBuf {
        self.folder.join(name_of(job))
    }
}

fn name_of(job: Job) -> String {
    match job {
        Job::Evaluation { task, round } => format!("{task}-round-{round}"),
        Job::Verdicts { task, draw } => format!("{task}-draw-{draw}"),
        Job::Check { task, round } => format!("{task}-check-{round}"),
        Job::Vote { task, dispute, level, draw } => {
            format!("{task}-dispute-{dispute}-level-{level}-draw-{draw}")
        }
    }
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DeskError {
    move |source| DeskError::Io { action, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Score, TaskId};

    use super::*;

    const JOB: Job = Job::Evaluation { task: TaskId(Hash::ZERO), round: 1 };
    const NEXT: Job = Job::Evaluation { task: TaskId(Hash::ZERO), round: 2 };

    fn prepared(score: i64) -> Prepared {
        Prepared {
            committed: Committed {
                score: Score::from_micros(score),
                answers_root: Hash::ZERO,
                attachments_root: Hash::ZERO,
                private_root: Hash::ZERO,
                salt: Hash::ZERO,
            },
            engine: Hash::ZERO,
            transcript: ContentHash::of_file(b"transcript"),
        }
    }

    fn desk() -> (tempfile::TempDir, Desk<Prepared>) {
        let folder = tempfile::tempdir().unwrap();
        let desk = Desk::open(folder.path().join("desk")).unwrap();
        (folder, desk)
    }

    #[test]
    fn a_record_is_found_again_by_its_round_alone() {
        let (folder, desk) = desk();
        assert_eq!(desk.get(JOB).unwrap(), None);
        assert_eq!(desk.keep(JOB, prepared(1)).unwrap(), prepared(1));
        let again = Desk::open(folder.path().join("desk")).unwrap();
        assert_eq!(again.get(JOB).unwrap(), Some(prepared(1)));
        assert_eq!(again.get(NEXT).unwrap(), None);
    }

    #[test]
    fn what_was_kept_first_is_never_replaced() {
        let (_folder, desk) = desk();
        desk.keep(JOB, prepared(1)).unwrap();
        assert_eq!(desk.keep(JOB, prepared(2)).unwrap(), prepared(1));
        assert_eq!(desk.get(JOB).unwrap(), Some(prepared(1)));
    }

    #[test]
    fn a_damaged_or_misplaced_record_is_an_error_and_not_an_absent_one() {
        let (_folder, desk) = desk();
        desk.keep(JOB, prepared(1)).unwrap();
        let path = desk.path_of(JOB);
        let whole = fs::read(&path).unwrap();
        fs::write(desk.path_of(NEXT), &whole).unwrap();
        assert!(matches!(desk.get(NEXT), Err(DeskError::Damaged { .. })));
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert!(matches!(desk.get(JOB), Err(DeskError::Damaged { .. })), "flipped at {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(matches!(desk.get(JOB), Err(DeskError::Damaged { .. })), "cut at {at}");
        }
        assert!(desk.keep(JOB, prepared(2)).is_err());
    }
}
