//! One process at a time in a folder.
//!
//! Two processes with the same files would undo each other's work, and two with the same key would
//! sign against each other. The lock is the kernel's, on the open file: it is let go when its
//! holder ends, however it ends, and a file that a killed process left behind locks nothing.
//!
//! # Not here
//! Two folders with the same key on one or two machines: no lock sees that. The wait at a node's
//! start does.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The name of the file.
const NAME: &str = "LOCK";
/// For how long a lock that was just let go may still be held by a process that its holder is
/// starting, which has every open file of its parent until it runs its own program.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before looking again.
const STEP: Duration = Duration::from_millis(20);
/// The most digits of a process's number.
const MAX_DIGITS: u64 = 20;

/// Why a folder is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{path} is held by another process ({holder})")]
    Held {
        /// The file that is locked.
        path: PathBuf,
        /// Who holds it, as it says itself.
        holder: Holder,
    },
    /// The file system refused.
    #[error("cannot lock {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Who holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The process of this number.
    Process(u32),
    /// It has not said yet.
    Unknown,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process(number) => write!(f, "pid {number}"),
            Self::Unknown => f.write_str("pid unknown"),
        }
    }
}

/// A folder that is this process's alone until this value is dropped.
#[derive(Debug)]
pub struct FolderLock {
    _file: File,
}

impl FolderLock {
    /// Takes the lock of a folder, which must be there, and writes this process's number into it.
    ///
    /// Waits up to a second while another process has it.
    ///
    /// # Errors
    /// [`LockError::Held`] if it still has it then.
    pub fn take(folder: &Path) -> Result<Self, LockError> {
        let path = folder.join(NAME);
        let io = |source| LockError::Io { path: path.clone(), source };
        let options =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = options.map_err(io)?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                    thread::sleep(STEP);
                }
                Err(TryLockError::WouldBlock) => {
                    let holder = holder(&mut file);
                    return Err(LockError::Held { path, holder });
                }
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        file.set_len(0).map_err(io)?;
        file.rewind().map_err(io)?;
        writeln!(file, "{}", std::process::id()).map_err(io)?;
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(MAX_DIGITS).read_to_string(&mut text));
    match (read, text.trim().parse()) {
        (Ok(_), Ok(number)) => Holder::Process(number),
        _ => Holder::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_folder_is_refused_with_the_number_of_its_holder_and_free_once_it_is_let_go() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let refused = FolderLock::take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("pid {}", std::process::id())), "{refused}");
        assert!(refused.contains(folder.path().to_str().unwrap()), "{refused}");
        drop(first);
        FolderLock::take(folder.path()).unwrap();
    }

    #[test]
    fn a_file_that_a_killed_process_left_behind_locks_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(NAME), "123456789 and more than a number\n").unwrap();
        FolderLock::take(folder.path()).unwrap();
        let left = std::fs::read_to_string(folder.path().join(NAME)).unwrap();
        assert_eq!(left, format!("{}\n", std::process::id()));
    }
}
