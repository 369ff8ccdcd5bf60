//! A small value on disk that is replaced whole, with one flush of data.
//!
//! The file has two slots, each in a page of its own and with a number and a checksum. A new value
//! goes into the slot of the older one, so a write that is cut short leaves the newest complete
//! value where it is. The file never changes its length, so flushing it writes data alone and no
//! entry of the file system's journal.
//!
//! # Limits, stated plainly
//! A newest slot that rots on disk cannot be told from one that was cut short: the value before it
//! counts then, one mark back. When both are unreadable the file is refused.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use probity_primitives::{ContentHash, codec};
use tempfile::NamedTempFile;

use super::{GuardError, Keep, damaged, io_error};

/// The bytes of a slot: a page, so that two slots never share a sector.
const SLOT: u64 = 4_096;
/// The bytes of the file.
const LEN: u64 = 2 * SLOT;
/// The most bytes of a value: a slot less its number, length and checksum.
const MAX_VALUE: usize = 4_096 - 8 - 4 - 32;

/// A file of two slots.
#[derive(Debug)]
pub(super) struct Slots {
    path: PathBuf,
    file: File,
    /// The number of the newest value.
    number: u64,
}

impl Slots {
    /// Opens the file and reads its newest complete value; makes the file with `first` if there is
    /// none.
    pub(super) fn open(path: PathBuf, first: &[u8]) -> Result<(Self, Vec<u8>), GuardError> {
        if !path.try_exists().map_err(io_error("look for", &path))? {
            create(&path, first)?;
        }
        Self::open_present(path)
    }

    /// Opens a file that is there.
    pub(super) fn open_present(path: PathBuf) -> Result<(Self, Vec<u8>), GuardError> {
        let file = OpenOptions::new().read(true).write(true).open(&path);
        let file = file.map_err(io_error("open", &path))?;
        let len = file.metadata().map_err(io_error("measure", &path))?.len();
        if len != LEN {
            return Err(damaged(&path, format_args!("it has {len} bytes, not {LEN}")));
        }
        let mut newest: Option<(u64, Vec<u8>)> = None;
        for place in [0, SLOT] {
            let mut page = [0; 4_096];
            file.read_exact_at(&mut page, place).map_err(io_error("read", &path))?;
            if let Some((number, value)) = read(&page)
                && newest.as_ref().is_none_or(|(other, _)| *other < number)
            {
                newest = Some((number, value));
            }
        }
        let (number, value) = newest.ok_or_else(|| damaged(&path, "no slot holds a mark"))?;
        Ok((Self { path, file, number }, value))
    }
}

impl Keep for Slots {
    fn replace(&mut self, value: &[u8]) -> Result<(), GuardError> {
        let number = self.number.saturating_add(1);
        let page = page(number, value);
        let place = if number.is_multiple_of(2) { 0 } else { SLOT };
        self.file.write_all_at(&page, place).map_err(io_error("write", &self.path))?;
        self.file.sync_data().map_err(io_error("flush", &self.path))?;
        self.number = number;
        Ok(())
    }
}

/// Makes the file under another name first, so that it is there whole or not at all.
fn create(path: &Path, first: &[u8]) -> Result<(), GuardError> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let file = NamedTempFile::new_in(folder).map_err(io_error("create a file in", folder))?;
    let mut bytes = page(0, first);
    bytes.resize(usize::try_from(LEN).unwrap_or(usize::MAX), 0);
    file.as_file().write_all_at(&bytes, 0).map_err(io_error("write", file.path()))?;
    file.as_file().sync_all().map_err(io_error("flush", file.path()))?;
    file.persist_noclobber(path).map_err(|error| io_error("name", path)(error.error))?;
    sync_folder(folder)
}

/// Makes a name in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), GuardError> {
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(io_error("flush", folder))
}

fn page(number: u64, value: &[u8]) -> Vec<u8> {
    let mut page = codec::encode(&(number, value));
    let sum = ContentHash::of_file(&page);
    page.extend_from_slice(sum.as_bytes());
    page
}

/// The number and value of a slot, if it is whole.
fn read(page: &[u8]) -> Option<(u64, Vec<u8>)> {
    let (number, rest) = page.split_first_chunk::<8>()?;
    let (len, _) = rest.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_le_bytes(*len)).ok().filter(|len| *len <= MAX_VALUE)?;
    let (head, tail) = page.split_at_checked(len.checked_add(12)?)?;
    let (sum, _) = tail.split_first_chunk::<32>()?;
    let whole = ContentHash::of_file(head).as_bytes() == sum;
    whole.then(|| Some((u64::from_le_bytes(*number), head.get(12..)?.to_vec())))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(path: &Path) -> Result<Vec<u8>, GuardError> {
        Slots::open(path.to_owned(), b"first").map(|(_, value)| value)
    }

    fn written(values: &[&[u8]]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("marks");
        let (mut slots, first) = Slots::open(path.clone(), b"first").unwrap();
        assert_eq!(first, b"first");
        values.iter().for_each(|value| slots.replace(value).unwrap());
        (folder, path)
    }

    #[test]
    fn the_newest_value_is_found_again() {
        for values in [&[b"one".as_slice()][..], &[b"one", b"two"], &[b"1", b"2", b"3"]] {
            let (_folder, path) = written(values);
            assert_eq!(opened(&path).unwrap(), *values.last().unwrap());
        }
    }

    #[test]
    fn a_write_cut_short_anywhere_leaves_the_value_before_it() {
        let (_folder, path) = written(&[b"one"]);
        let before = std::fs::read(&path).unwrap();
        let (mut slots, _) = Slots::open(path.clone(), b"first").unwrap();
        slots.replace(b"two").unwrap();
        let after = std::fs::read(&path).unwrap();
        let changed: Vec<usize> = (0..after.len()).filter(|at| before[*at] != after[*at]).collect();
        let last = *changed.last().unwrap();
        for cut in 0..=last {
            let torn = [&after[..cut], &before[cut..]].concat();
            std::fs::write(&path, &torn).unwrap();
            assert_eq!(opened(&path).unwrap(), b"one", "cut at {cut}");
        }
        std::fs::write(&path, &after).unwrap();
        assert_eq!(opened(&path).unwrap(), b"two");
    }

    #[test]
    fn a_file_without_a_whole_slot_or_of_another_length_is_refused() {
        let (_folder, path) = written(&[b"one", b"two"]);
        let whole = std::fs::read(&path).unwrap();
        let mut rotten = whole.clone();
        rotten[14] ^= 1;
        rotten[4_096 + 14] ^= 1;
        for bad in [&rotten[..], &whole[..4_096], &[0; 8_192], &[]] {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(opened(&path), Err(GuardError::Damaged { .. })), "{}", bad.len());
        }
    }
}
