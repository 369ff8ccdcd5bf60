//! The file in front of a database: what was written last, one record a batch.
//!
//! A record is appended and flushed with one `fdatasync`, and the file is filled in place from its
//! beginning again when everything in it is durable elsewhere. After its first pass it never changes
//! its length, so that a flush writes data alone and no entry of the file system's journal.
//!
//! # Invariants
//! - The numbers of records rise by one. What an earlier pass left behind the newest record has
//!   lower numbers, so reading ends there.
//! - A record that was cut short does not read back, and nothing after it does.
//!
//! # Not here
//! When the file may begin again: [`super::journaled`].
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use probity_primitives::codec;

use super::Batch;

/// The name of the file in a store's folder.
pub(super) const FILE_NAME: &str = "journal";
/// The most bytes of the file; a batch that does not fit is made durable by the database itself.
pub(super) const MAX_BYTES: usize = 32 * 1024 * 1024;
/// The file grows by so many zeros at once, so that most flushes find their place laid out.
const STEP_BYTES: usize = 256 * 1024;
/// Number, length and checksum.
const HEAD_BYTES: usize = 8 + 4 + SUM_BYTES;
const SUM_BYTES: usize = 16;

/// A batch with its number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// Its number.
    pub(super) number: u64,
    /// The batch.
    pub(super) batch: Batch,
}

/// The file, and where its next record goes.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// How long the file is.
    len: usize,
    /// Where the next record begins.
    end: usize,
}

impl Journal {
    /// Opens the file in a store's folder, or makes it, and reads its records. The next record goes
    /// to its beginning: whoever opens it makes the records durable elsewhere first.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Vec<Record>)> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join(FILE_NAME))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut journal = Self { file, len: bytes.len(), end: 0 };
        if bytes.is_empty() {
            journal.grow(STEP_BYTES)?;
            journal.file.sync_all()?;
            File::open(folder)?.sync_all()?;
        }
        Ok((journal, records(&bytes)))
    }

    /// Whether a batch of so many bytes can be a record at all.
    pub(super) const fn takes(bytes: usize) -> bool {
        bytes.saturating_add(HEAD_BYTES) <= MAX_BYTES
    }

    /// Whether a batch of so many bytes fits behind the last record.
    pub(super) const fn has_room(&self, bytes: usize) -> bool {
        Self::takes(self.end.saturating_add(bytes))
    }

    /// The next record goes to the beginning of the file.
    pub(super) const fn rewind(&mut self) {
        self.end = 0;
    }

    /// Appends a record; durable when this returns.
    pub(super) fn append(&mut self, number: u64, batch: &[u8]) -> io::Result<()> {
        let record = record(number, batch);
        let end = self.end.saturating_add(record.len());
        if end > self.len {
            self.grow(end.next_multiple_of(STEP_BYTES))?;
        }
        self.file.write_all_at(&record, offset(self.end))?;
        self.file.sync_data()?;
        self.end = end;
        Ok(())
    }

    /// Lays out zeros up to a length.
    fn grow(&mut self, len: usize) -> io::Result<()> {
        let zeros = vec![0; len.saturating_sub(self.len)];
        self.file.write_all_at(&zeros, offset(self.len))?;
        self.len = len;
        Ok(())
    }
}

/// The bytes of a batch in a record.
pub(super) fn encode(batch: &Batch) -> Vec<u8> {
    codec::encode(&batch.changes)
}

fn offset(place: usize) -> u64 {
    u64::try_from(place).unwrap_or(u64::MAX)
}

fn record(number: u64, batch: &[u8]) -> Vec<u8> {
    let mut record = Vec::with_capacity(HEAD_BYTES.saturating_add(batch.len()));
    record.extend_from_slice(&number.to_le_bytes());
    record.extend_from_slice(&u32::try_from(batch.len()).unwrap_or(u32::MAX).to_le_bytes());
    record.extend_from_slice(&checksum(number, batch));
    record.extend_from_slice(batch);
    record
}

fn checksum(number: u64, batch: &[u8]) -> [u8; SUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&number.to_le_bytes());
    hasher.update(batch);
    let mut sum = [0; SUM_BYTES];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// The records from the beginning of the file, as far as they hold and follow each other.
fn records(mut bytes: &[u8]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    while let Some((record, rest)) = first(bytes) {
        let last = records.last().map(|record| record.number);
        if last.is_some_and(|last| last.checked_add(1) != Some(record.number)) {
            break;
        }
        records.push(record);
        bytes = rest;
    }
    records
}

/// The first record and what follows it, if it is whole.
fn first(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (number, rest) = bytes.split_first_chunk::<8>()?;
    let (len, rest) = rest.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<SUM_BYTES>()?;
    let number = u64::from_le_bytes(*number);
    let (batch, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*len)).ok()?)?;
    if *sum != checksum(number, batch) {
        return None;
    }
    let changes = codec::decode(batch, MAX_BYTES).ok()?;
    Some((Record { number, batch: Batch { changes } }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(value: u8, len: usize) -> Batch {
        let mut batch = Batch::new();
        batch.put([value], vec![value; len]);
        batch.delete(*b"gone");
        batch
    }

    fn numbers(folder: &Path) -> Vec<u64> {
        let (_, records) = Journal::open(folder).unwrap();
        records.iter().map(|record| record.number).collect()
    }

    fn written(numbers: std::ops::RangeInclusive<u64>, len: usize) -> (tempfile::TempDir, Journal) {
        let folder = tempfile::tempdir().unwrap();
        let (mut journal, records) = Journal::open(folder.path()).unwrap();
        assert_eq!(records, []);
        for number in numbers {
            journal.append(number, &encode(&batch(number.to_le_bytes()[0], len))).unwrap();
        }
        (folder, journal)
    }

    #[test]
    fn records_read_back_as_they_were_appended() {
        let (folder, _) = written(7..=9, 100);
        let (_, records) = Journal::open(folder.path()).unwrap();
        let expected = |number: u8| Record { number: u64::from(number), batch: batch(number, 100) };
        assert_eq!(records, [7, 8, 9].map(expected));
    }

    #[test]
    fn what_an_earlier_pass_left_behind_is_not_read() {
        for len in [100, 101] {
            let (folder, mut journal) = written(1..=20, 100);
            journal.rewind();
            journal.append(21, &encode(&batch(21, len))).unwrap();
            journal.append(22, &encode(&batch(22, len))).unwrap();
            assert_eq!(numbers(folder.path()), [21, 22]);
        }
    }

    #[test]
    fn a_record_cut_short_anywhere_ends_the_reading_before_it() {
        let (folder, _) = written(1..=3, 50);
        let path = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&path).unwrap();
        let used = whole.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let start = used / 3 * 2;
        for cut in start..used {
            let mut torn = whole.clone();
            torn[cut..].fill(0);
            std::fs::write(&path, &torn).unwrap();
            let kept = numbers(folder.path());
            assert!(kept == [1, 2] || kept == [1], "cut at {cut}: {kept:?}");
        }
        for flipped in 0..used {
            let mut bad = whole.clone();
            bad[flipped] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            assert!(numbers(folder.path()).len() < 3, "flipped at {flipped}");
        }
    }

    #[test]
    fn the_file_grows_to_what_it_has_to_hold() {
        let (folder, journal) = written(1..=5, STEP_BYTES);
        assert_eq!(numbers(folder.path()), [1, 2, 3, 4, 5]);
        assert!(journal.has_room(MAX_BYTES / 2) && !journal.has_room(MAX_BYTES));
    }
}
