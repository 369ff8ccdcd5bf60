//! The two files in front of a database: what was written last, one record a batch.
//!
//! A record is appended to one of the files and flushed with one `fdatasync`. While the database
//! takes in what one file has, the other is filled; so both stay short, and are filled in place from
//! their beginnings again and again. After its first passes a file does not change its length, so
//! that a flush writes data alone, over blocks that the disk has already.
//!
//! # Invariants
//! - The numbers of records in a file rise by one. What an earlier pass left behind the newest
//!   record has lower numbers, so reading ends there.
//! - A record that was cut short does not read back, and nothing after it in its file does.
//!
//! # Not here
//! When a file may begin again, and what is made of a gap: [`super::journaled`].
//!
//! Spec: `docs/spec/28-snapshots.md`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use probity_primitives::codec;

use super::Batch;

/// The names of the files in a store's folder.
pub(super) const FILE_NAMES: [&str; 2] = ["journal", "journal.1"];
/// The most bytes of a file; a batch that does not fit is made durable by the database itself.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;
/// A file grows by so many zeros at once, so that most flushes find their place laid out.
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

/// The files, and which of them is filled.
#[derive(Debug)]
pub(super) struct Journal {
    filled: Half,
    other: Half,
}

/// A file, and where its next record goes.
#[derive(Debug)]
struct Half {
    file: File,
    /// How long the file is.
    len: usize,
    /// Where the next record begins.
    end: usize,
}

impl Journal {
    /// Opens the files in a store's folder, or makes them, and reads their records, by number. The
    /// next record goes to the beginning of one: whoever opens them makes the records durable
    /// elsewhere first.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Vec<Record>)> {
        let [first, second] = FILE_NAMES;
        let (filled, mut records) = Half::open(folder, first)?;
        let (other, others) = Half::open(folder, second)?;
        records.extend(others);
        records.sort_by_key(|record| record.number);
        Ok((Self { filled, other }, records))
    }

    /// Whether a batch of so many bytes can be a record at all.
    pub(super) const fn takes(bytes: usize) -> bool {
        bytes.saturating_add(HEAD_BYTES) <= MAX_BYTES
    }

    /// Whether a batch of so many bytes fits behind the last record.
    pub(super) const fn has_room(&self, bytes: usize) -> bool {
        Self::takes(self.filled.end.saturating_add(bytes))
    }

    /// The next record goes to the beginning of the file that is filled.
    pub(super) const fn rewind(&mut self) {
        self.filled.end = 0;
    }

    /// The next record goes to the beginning of the other file.
    pub(super) const fn turn(&mut self) {
        std::mem::swap(&mut self.filled, &mut self.other);
        self.rewind();
    }

    /// Appends a record; durable when this returns.
    pub(super) fn append(&mut self, number: u64, batch: &[u8]) -> io::Result<()> {
        self.filled.append(&record(number, batch))
    }
}

impl Half {
    fn open(folder: &Path, name: &str) -> io::Result<(Self, Vec<Record>)> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(folder.join(name))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut half = Self { file, len: bytes.len(), end: 0 };
        if bytes.is_empty() {
            half.grow(STEP_BYTES)?;
            half.file.sync_all()?;
            File::open(folder)?.sync_all()?;
        }
        Ok((half, records(&bytes)))
    }

    fn append(&mut self, record: &[u8]) -> io::Result<()> {
        let end = self.end.saturating_add(record.len());
        if end > self.len {
            self.grow(end.next_multiple_of(STEP_BYTES))?;
        }
        self.file.write_all_at(record, offset(self.end))?;
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
    fn both_files_are_read_in_the_order_of_their_numbers() {
        let (folder, mut journal) = written(1..=3, 100);
        let append = |journal: &mut Journal, number: u64| {
            journal.append(number, &encode(&batch(0, 100))).unwrap();
        };
        journal.turn();
        (4..=5).for_each(|number| append(&mut journal, number));
        assert_eq!(numbers(folder.path()), [1, 2, 3, 4, 5]);
        journal.turn();
        append(&mut journal, 6);
        assert_eq!(numbers(folder.path()), [4, 5, 6], "the first file began again");
    }

    #[test]
    fn a_record_cut_short_anywhere_ends_the_reading_before_it() {
        let (folder, _) = written(1..=3, 50);
        let path = folder.path().join(FILE_NAMES[0]);
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
