//! The journal of a run: each answered item, written as it comes.
//!
//! One file a run, named by the header's hash, so that another model, dataset, benchmark, engine
//! or number of items is another journal. Entries are frames with a checksum; whatever follows
//! the last whole one, left by a process that was killed while writing, is cut off.
//!
//! # Not here
//! Protection from the machine's owner: who can write the journal can also run another program.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use probity_primitives::transcript::Record;
use probity_primitives::{Hash, codec};

use crate::handover;

const MAGIC: &[u8; 8] = b"PRBTYJ01";
const MAX_ENTRY: usize = 128 * 1024;
const CHECKSUM: usize = 8;

/// Why a journal cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system refused.
    #[error("cannot {action} the journal {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The journal's path.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process writes it.
    #[error("another process is at this run, it holds {0}")]
    Busy(PathBuf),
}

/// An open journal, locked against other processes.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
}

impl Journal {
    /// Opens the journal of a run and reads what it holds.
    pub(super) fn open(
        folder: &Path,
        header: Hash,
        items: u32,
    ) -> Result<(Self, BTreeMap<u32, Record>), JournalError> {
        let path = path_of(folder, header);
        let io = |action| {
            let path = path.clone();
            move |source| JournalError::Io { action, path, source }
        };
        fs::create_dir_all(folder).map_err(io("make the folder of"))?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(io("open"))?;
        let is_held = |error: &TryLockError| matches!(error, TryLockError::WouldBlock);
        match handover::wait(|| file.try_lock(), is_held) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(JournalError::Busy(path)),
            Err(TryLockError::Error(source)) => return Err(io("lock")(source)),
        }
        let (records, good) = read(&file, header, items).map_err(io("read"))?;
        file.set_len(good).map_err(io("cut"))?;
        file.seek(SeekFrom::Start(good)).map_err(io("read"))?;
        if good == 0 {
            let start = [MAGIC.as_slice(), header.as_bytes().as_slice()].concat();
            file.write_all(&start).map_err(io("write"))?;
        }
        Ok((Self { path, file }, records))
    }

    /// Adds one item by one write.
    pub(super) fn append(&mut self, index: u32, record: &Record) -> Result<(), JournalError> {
        let payload = codec::encode(&(index, record));
        let mut entry = Vec::with_capacity(payload.len().saturating_add(4 + CHECKSUM));
        entry.extend_from_slice(&u32::try_from(payload.len()).unwrap_or(u32::MAX).to_le_bytes());
        entry.extend_from_slice(&payload);
        entry.extend_from_slice(&checksum(&payload));
        self.file.write_all(&entry).map_err(|source| JournalError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }
}

pub(super) fn discard(folder: &Path, header: Hash) -> Result<(), JournalError> {
    let path = path_of(folder, header);
    match fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(JournalError::Io { action: "delete", path, source }),
    }
}

fn path_of(folder: &Path, header: Hash) -> PathBuf {
    folder.join(format!("{header}.journal"))
}

fn checksum(payload: &[u8]) -> [u8; CHECKSUM] {
    let mut sum = [0; CHECKSUM];
    for (to, from) in sum.iter_mut().zip(blake3::hash(payload).as_bytes()) {
        *to = *from;
    }
    sum
}

/// The entries of the longest good beginning of the file, and its length.
fn read(file: &File, header: Hash, items: u32) -> io::Result<(BTreeMap<u32, Record>, u64)> {
    let mut reader = BufReader::new(file);
    let mut records = BTreeMap::new();
    let mut start = [0; 40];
    let expected = [MAGIC.as_slice(), header.as_bytes().as_slice()].concat();
    if !filled(&mut reader, &mut start)? || start != *expected {
        return Ok((records, 0));
    }
    let mut good = 40u64;
    while let Some((index, record, len)) = entry(&mut reader)? {
        if index >= items {
            break;
        }
        records.insert(index, record);
        good = good.saturating_add(len);
    }
    Ok((records, good))
}

fn entry(reader: &mut impl Read) -> io::Result<Option<(u32, Record, u64)>> {
    let mut length = [0; 4];
    if !filled(reader, &mut length)? {
        return Ok(None);
    }
    let length = u32::from_le_bytes(length);
    let Some(size) = usize::try_from(length).ok().filter(|size| *size <= MAX_ENTRY) else {
        return Ok(None);
    };
    let (mut payload, mut sum) = (vec![0; size], [0; CHECKSUM]);
    if !filled(reader, &mut payload)? || !filled(reader, &mut sum)? || sum != checksum(&payload) {
        return Ok(None);
    }
    let len = u64::from(length).saturating_add(12);
    Ok(codec::decode(&payload, MAX_ENTRY).ok().map(|(index, record)| (index, record, len)))
}

/// Fills the buffer; says no where the file ends before it is full.
fn filled(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::transcript::Answer;
    use probity_primitives::{BoundedVec, Domain};

    use super::*;

    fn record(label: u32) -> Record {
        Record {
            item: Hash::of(Domain::Item, &label),
            prompt: Hash::ZERO,
            answer: Answer::Label(label),
            score: 1,
            attached: BoundedVec::new(),
        }
    }

    fn open(folder: &Path, header: Hash) -> (Journal, Vec<u32>) {
        let (journal, records) = Journal::open(folder, header, 10).unwrap();
        (journal, records.into_keys().collect())
    }

    #[test]
    fn what_was_written_is_read_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, found) = open(folder.path(), Hash::ZERO);
        assert!(found.is_empty());
        journal.append(7, &record(7)).unwrap();
        journal.append(2, &record(2)).unwrap();
        drop(journal);
        let (_journal, records) = Journal::open(folder.path(), Hash::ZERO, 10).unwrap();
        assert_eq!(records, BTreeMap::from([(2, record(2)), (7, record(7))]));
        let other = Hash::of(Domain::Item, &1u8);
        assert!(open(folder.path(), other).1.is_empty());
    }

    #[test]
    fn a_torn_or_corrupt_tail_is_cut_off_at_every_byte() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, _) = open(folder.path(), Hash::ZERO);
        journal.append(0, &record(0)).unwrap();
        let first = fs::metadata(&journal.path).unwrap().len();
        journal.append(1, &record(1)).unwrap();
        let path = journal.path.clone();
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for len in usize::try_from(first).unwrap()..whole.len() {
            fs::write(&path, &whole[..len]).unwrap();
            assert_eq!(open(folder.path(), Hash::ZERO).1, [0], "cut at {len}");
            assert_eq!(fs::metadata(&path).unwrap().len(), first);
            let mut flipped = whole.clone();
            flipped[len] ^= 1;
            fs::write(&path, &flipped).unwrap();
            assert_eq!(open(folder.path(), Hash::ZERO).1, [0], "flipped at {len}");
        }
        fs::write(&path, &whole[..20]).unwrap();
        let (mut journal, found) = open(folder.path(), Hash::ZERO);
        assert!(found.is_empty());
        journal.append(3, &record(3)).unwrap();
        drop(journal);
        assert_eq!(open(folder.path(), Hash::ZERO).1, [3]);
    }

    #[test]
    fn a_second_process_at_the_same_run_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (_journal, _) = open(folder.path(), Hash::ZERO);
        let second = Journal::open(folder.path(), Hash::ZERO, 10);
        assert!(matches!(second, Err(JournalError::Busy(_))));
    }
}
