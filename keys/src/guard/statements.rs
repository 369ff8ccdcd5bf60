//! The marks of evaluation: what was stated for each task and round.
//!
//! Tasks run side by side, so there is no single mark that they pass; each statement is kept until
//! its time is over. When there are too many, those whose time ended are forgotten, and from then
//! on nothing of that time is signed any more ([`Slashable::Late`]): forgetting frees room and no
//! second signature.
//!
//! Statements are few and their file is small, so it is written anew each time and renamed: it is
//! there whole or as it was.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{ContentHash, Hash, Height, PublicKey, TaskId, codec};
use tempfile::NamedTempFile;

use super::slots::sync_folder;
use super::{GuardError, Owner, Slashable, check_owner, damaged, io_error};

const MAGIC: [u8; 8] = *b"PRBTYS01";
/// The most statements that are kept.
pub const MAX_STATEMENTS: usize = 4_096;
/// The most bytes of a file; a statement has 74.
const MAX_BYTES: usize = 512 * 1_024;

/// A kind of statement that a member signs for a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
#[borsh(use_discriminant = false)]
pub enum Statement {
    /// The commitment to a score.
    Commitment,
    /// The score with what it rests on.
    Reveal,
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Commitment => "commitment",
            Self::Reveal => "reveal",
        })
    }
}

/// What a statement is for: a task, a round of it, and the kind.
pub type Place = (TaskId, u8, Statement);

/// What was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Stated {
    /// The hash of what was signed.
    pub digest: Hash,
    /// The height by which it had to be sent.
    pub until: Height,
}

/// The statements of one key.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct Statements {
    /// Statements due by this height may be forgotten, and none of them is signed any more.
    pub floor: Height,
    /// What was stated.
    pub stated: BTreeMap<Place, Stated>,
}

impl Statements {
    /// Forgets what was due before `now` if there is no room for another one.
    fn make_room(&mut self, now: Height) -> Result<(), GuardError> {
        if self.stated.len() < MAX_STATEMENTS {
            return Ok(());
        }
        self.floor = self.floor.max(now);
        let floor = self.floor;
        self.stated.retain(|_, stated| stated.until > floor);
        if self.stated.len() < MAX_STATEMENTS {
            Ok(())
        } else {
            Err(GuardError::Full(self.stated.len()))
        }
    }
}

/// Keeps the statements of one key on one chain in a file.
#[derive(Debug)]
pub struct StatementGuard {
    owner: Owner,
    path: PathBuf,
    statements: Mutex<Statements>,
    refusals: AtomicU64,
}

type Contents = ([u8; 8], Hash, [u8; 32], Statements);

impl StatementGuard {
    /// Opens the statements of `owner` in `folder`; there are none yet if there is no file.
    ///
    /// # Errors
    /// [`GuardError`]; nothing may be signed then.
    pub fn open(folder: &Path, owner: Owner) -> Result<Self, GuardError> {
        let name: String = owner.key.to_string().chars().take(16).collect();
        let path = folder.join(format!("signing.{name}.statements"));
        if path.try_exists().map_err(io_error("look for", &path))? {
            let guard = Self::open_file(&path)?;
            check_owner(&path, guard.owner, owner)?;
            return Ok(guard);
        }
        Ok(Self::of(owner, path, Statements::default()))
    }

    /// Opens a file of statements, whoever it is of.
    ///
    /// # Errors
    /// [`GuardError`], also if there is no such file.
    pub fn open_file(path: &Path) -> Result<Self, GuardError> {
        let (owner, statements) = read(path)?;
        Ok(Self::of(owner, path.to_owned(), statements))
    }

    const fn of(owner: Owner, path: PathBuf, statements: Statements) -> Self {
        Self { owner, path, statements: Mutex::new(statements), refusals: AtomicU64::new(0) }
    }

    /// Allows a statement to be signed, and has that on disk before it says so.
    ///
    /// # Errors
    /// [`GuardError::Slashable`] for another statement at the same place, or one whose time is so
    /// long over that its mark may be gone; any other error when it cannot be kept. Nothing may be
    /// signed then.
    pub fn allow(&self, place: Place, stated: Stated, now: Height) -> Result<(), GuardError> {
        let mut held = self.held()?;
        let (task, round, statement) = place;
        let refused = match held.stated.get(&place) {
            Some(earlier) if earlier.digest == stated.digest => return Ok(()),
            Some(_) => Some(Slashable::Statement { statement, task, round }),
            None if stated.until <= held.floor => {
                let (until, floor) = (stated.until, held.floor);
                Some(Slashable::Late { statement, task, until, floor })
            }
            None => None,
        };
        if let Some(refused) = refused {
            self.refusals.fetch_add(1, Ordering::Relaxed);
            return Err(refused.into());
        }
        let mut next = held.clone();
        next.make_room(now)?;
        next.stated.insert(place, stated);
        self.keep(&mut held, next)
    }

    /// Takes in what is known from elsewhere. Of two statements for one place the one that is here
    /// stays: whichever came first, no third one is signed. Says whether anything is new.
    ///
    /// # Errors
    /// [`GuardError`] if they cannot be kept.
    pub fn raise(&self, other: &Statements) -> Result<bool, GuardError> {
        let mut held = self.held()?;
        let mut next = held.clone();
        next.floor = next.floor.max(other.floor);
        for (place, stated) in &other.stated {
            next.stated.entry(*place).or_insert(*stated);
        }
        if next.stated.len() > MAX_STATEMENTS {
            return Err(GuardError::Full(next.stated.len()));
        }
        if next == *held {
            return Ok(false);
        }
        self.keep(&mut held, next)?;
        Ok(true)
    }

    /// The statements now.
    ///
    /// # Errors
    /// [`GuardError::BrokeOff`].
    pub fn statements(&self) -> Result<Statements, GuardError> {
        Ok(self.held()?.clone())
    }

    /// Whose statements these are.
    #[must_use]
    pub const fn owner(&self) -> Owner {
        self.owner
    }

    /// How many statements were refused as slashable since the guard was opened.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    fn held(&self) -> Result<MutexGuard<'_, Statements>, GuardError> {
        self.statements.lock().map_err(|_| GuardError::BrokeOff)
    }

    fn keep(&self, held: &mut Statements, next: Statements) -> Result<(), GuardError> {
        let Owner { genesis, key } = &self.owner;
        let mut bytes = codec::encode(&(MAGIC, genesis, key.as_bytes(), &next));
        let sum = ContentHash::of_file(&bytes);
        bytes.extend_from_slice(sum.as_bytes());
        let folder = self.path.parent().unwrap_or_else(|| Path::new("."));
        let mut file =
            NamedTempFile::new_in(folder).map_err(io_error("create a file in", folder))?;
        file.write_all(&bytes).map_err(io_error("write", file.path()))?;
        file.as_file().sync_all().map_err(io_error("flush", file.path()))?;
        file.persist(&self.path).map_err(|error| io_error("name", &self.path)(error.error))?;
        sync_folder(folder)?;
        *held = next;
        Ok(())
    }
}

fn read(path: &Path) -> Result<(Owner, Statements), GuardError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX);
    let file = File::open(path).map_err(io_error("open", path))?;
    file.take(limit).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    let (payload, sum) = bytes
        .split_last_chunk::<32>()
        .ok_or_else(|| damaged(path, format_args!("it has {} bytes", bytes.len())))?;
    if ContentHash::of_file(payload).as_bytes() != sum {
        return Err(damaged(path, "its checksum is another one"));
    }
    let (magic, genesis, key, statements): Contents =
        codec::decode(payload, MAX_BYTES).map_err(|error| damaged(path, error))?;
    if magic != MAGIC {
        return Err(damaged(path, "it is no file of statements"));
    }
    Ok((Owner { genesis, key: PublicKey::from_bytes(key) }, statements))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Hash = Hash::from_bytes([1; 32]);
    const B: Hash = Hash::from_bytes([2; 32]);

    fn owner() -> Owner {
        Owner { genesis: Hash::ZERO, key: PublicKey::from_bytes([9; 32]) }
    }

    fn guard() -> (tempfile::TempDir, StatementGuard) {
        let folder = tempfile::tempdir().unwrap();
        let guard = StatementGuard::open(folder.path(), owner()).unwrap();
        (folder, guard)
    }

    fn task(number: u16) -> TaskId {
        let mut bytes = [0; 32];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        TaskId(Hash::from_bytes(bytes))
    }

    fn commit(guard: &StatementGuard, number: u16, digest: Hash) -> Result<(), GuardError> {
        let place = (task(number), 0, Statement::Commitment);
        guard.allow(place, Stated { digest, until: Height(10) }, Height(5))
    }

    #[test]
    fn a_second_statement_for_a_place_is_refused_also_by_the_next_process() {
        let (folder, guard) = guard();
        commit(&guard, 1, A).unwrap();
        commit(&guard, 1, A).unwrap();
        assert!(matches!(commit(&guard, 1, B), Err(GuardError::Slashable(_))));
        drop(guard);
        let after = StatementGuard::open(folder.path(), owner()).unwrap();
        commit(&after, 1, A).unwrap();
        assert!(matches!(commit(&after, 1, B), Err(GuardError::Slashable(_))));
        assert_eq!(after.refusals(), 1);
        commit(&after, 2, B).unwrap();
        let reveal = (task(1), 0, Statement::Reveal);
        after.allow(reveal, Stated { digest: B, until: Height(10) }, Height(5)).unwrap();
    }

    #[test]
    fn what_is_forgotten_to_make_room_is_never_signed_again() {
        let (_folder, guard) = guard();
        let mut many = Statements::default();
        for number in 0..u16::try_from(MAX_STATEMENTS).unwrap() {
            let stated = Stated { digest: A, until: Height(10) };
            many.stated.insert((task(number), 0, Statement::Commitment), stated);
        }
        assert!(guard.raise(&many).unwrap());
        assert!(!guard.raise(&many).unwrap());
        let new = (task(9_999), 0, Statement::Commitment);
        let stated = Stated { digest: B, until: Height(20) };
        assert!(matches!(guard.allow(new, stated, Height(9)), Err(GuardError::Full(_))));
        guard.allow(new, stated, Height(11)).unwrap();
        assert_eq!(guard.statements().unwrap().stated.len(), 1);
        assert!(matches!(commit(&guard, 1, B), Err(GuardError::Slashable(Slashable::Late { .. }))));
    }

    #[test]
    fn a_damaged_file_is_an_error_and_not_a_beginning() {
        let (folder, guard) = guard();
        commit(&guard, 1, A).unwrap();
        let path = guard.path.clone();
        drop(guard);
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            std::fs::write(&path, &flipped).unwrap();
            assert!(StatementGuard::open(folder.path(), owner()).is_err(), "flipped at {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert!(StatementGuard::open(folder.path(), owner()).is_err(), "cut at {at}");
        }
    }
}
