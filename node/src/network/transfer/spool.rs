//! A file on its way in, on disk, so that a fetch that was cut off goes on where it stopped.
//!
//! Two files per hash: `<hash>.part` has the bytes, `<hash>.runs` the size and, record by record,
//! the runs of blocks that are there. Only checked blocks are written. A record is appended after
//! its blocks were written; a record torn by a kill is ignored, and its blocks come again. Nothing
//! is flushed: after a power cut a record may lie, and then the hash of the whole file, checked
//! when the cache takes it, says so and the transfer starts anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use probity_harness::cache::{Cache, CacheError, hash_of};
use probity_primitives::ContentHash;

use super::blocks::block_count;
use super::message::{MAX_BLOCKS, Run};

/// Bytes of a record: the first block and the count.
const RECORD_BYTES: usize = 10;

/// A file on its way in.
#[derive(Debug)]
pub struct Spool {
    hash: ContentHash,
    part: PathBuf,
    runs: PathBuf,
    data: File,
    /// Something of it is from an earlier time, when it may have been damaged.
    resumed: bool,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    journal: File,
    /// For each block, whether it is there.
    here: Vec<bool>,
    /// How many are not.
    missing: usize,
}

impl Spool {
    /// The spool of a file in the folder `dir`, with what an earlier fetch left there.
    ///
    /// # Errors
    /// What the file system says.
    pub fn open(dir: &Path, hash: ContentHash, size: u64) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let (part, runs) = (dir.join(format!("{hash}.part")), dir.join(format!("{hash}.runs")));
        let blocks = usize::try_from(block_count(size)).unwrap_or(usize::MAX);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let data = options.open(&part)?;
        let earlier =
            if data.metadata()?.len() == size { read_journal(&runs, size, blocks)? } else { None };
        let resumed = earlier.is_some();
        let (journal, here) = match earlier {
            Some(here) => (OpenOptions::new().append(true).open(&runs)?, here),
            None => {
                data.set_len(size)?;
                (new_journal(&runs, size)?, vec![false; blocks])
            }
        };
        let missing = here.iter().filter(|here| !**here).count();
        let progress = Mutex::new(Progress { journal, here, missing });
        Ok(Self { hash, part, runs, data, resumed, progress })
    }

    /// The blocks that are not there yet, in runs of at most [`MAX_BLOCKS`].
    #[must_use]
    pub fn missing(&self) -> Vec<Run> {
        let progress = self.lock();
        let mut runs: Vec<Run> = Vec::new();
        for (block, _) in (0u64..).zip(&progress.here).filter(|(_, here)| !**here) {
            match runs.last_mut() {
                Some(run)
                    if run.first.saturating_add(u64::from(run.count)) == block
                        && run.count < MAX_BLOCKS =>
                {
                    run.count = run.count.saturating_add(1);
                }
                Some(_) | None => runs.push(Run { first: block, count: 1 }),
            }
        }
        runs
    }

    /// How many blocks are there.
    #[must_use]
    pub fn blocks_here(&self) -> u64 {
        let progress = self.lock();
        let count = progress.here.len().saturating_sub(progress.missing);
        u64::try_from(count).unwrap_or(u64::MAX)
    }

    /// Whether all blocks are there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.lock().missing == 0
    }

    /// Whether all blocks of a run are there.
    #[must_use]
    pub fn has(&self, run: Run) -> bool {
        span(&self.lock().here, run).all(|here| *here)
    }

    /// Writes a checked block at its place.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, offset: u64, block: &[u8]) -> io::Result<()> {
        self.data.write_all_at(block, offset)
    }

    /// Notes that all blocks of a run were written, once.
    ///
    /// # Errors
    /// What the file system says.
    pub fn done(&self, run: Run) -> io::Result<()> {
        let mut progress = self.lock();
        let new = mark(&mut progress.here, run);
        if new == 0 {
            return Ok(());
        }
        progress.missing = progress.missing.saturating_sub(new);
        progress.journal.write_all(&record(run))
    }

    /// Hands the whole file over to the cache and removes the spool. What lay on the disk for a
    /// while is checked once more as a whole; what came just now was checked block by block.
    ///
    /// # Errors
    /// [`CacheError`]; the spool is gone then, too, and the next fetch starts anew.
    pub fn finish(&self, cache: &Cache) -> Result<PathBuf, CacheError> {
        let checked = if self.resumed { self.check() } else { Ok(()) };
        let taken = checked.and_then(|()| cache.adopt(&self.part, self.hash));
        self.remove();
        taken
    }

    fn check(&self) -> Result<(), CacheError> {
        let (expected, found) = (self.hash, hash_of(&self.part)?);
        if expected == found { Ok(()) } else { Err(CacheError::Mismatch { expected, found }) }
    }

    /// Removes the spool. A file that stays behind is noticed and reused by the next fetch.
    fn remove(&self) {
        for path in [&self.runs, &self.part] {
            if let Err(error) = fs::remove_file(path)
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(path = %path.display(), %error, "cannot remove a spooled file");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The blocks of a run.
fn span(here: &[bool], run: Run) -> impl Iterator<Item = &bool> {
    let first = usize::try_from(run.first).unwrap_or(usize::MAX);
    here.iter().skip(first).take(usize::from(run.count))
}

/// Notes the blocks of a run, and counts those that were not there before.
fn mark(here: &mut [bool], run: Run) -> usize {
    let first = usize::try_from(run.first).unwrap_or(usize::MAX);
    let blocks = here.iter_mut().skip(first).take(usize::from(run.count));
    blocks.map(|block| !std::mem::replace(block, true)).filter(|new| *new).count()
}

fn record(run: Run) -> [u8; RECORD_BYTES] {
    let Run { first, count } = run;
    let mut bytes = [0; RECORD_BYTES];
    for (to, from) in
        bytes.iter_mut().zip(first.to_le_bytes().into_iter().chain(count.to_le_bytes()))
    {
        *to = from;
    }
    bytes
}

fn new_journal(path: &Path, size: u64) -> io::Result<File> {
    let mut journal = File::create(path)?;
    journal.write_all(&size.to_le_bytes())?;
    Ok(journal)
}

/// Which blocks an earlier fetch of the same size left; none if there is no usable journal.
///
/// A torn record at the end is cut off, so that what is appended next begins in its place.
fn read_journal(path: &Path, size: u64, blocks: usize) -> io::Result<Option<Vec<bool>>> {
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // A block is noted once, so that a longer journal was not written here.
    let limit = RECORD_BYTES.saturating_mul(blocks).saturating_add(8);
    let mut bytes = Vec::new();
    (&file).take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    let Some((header, records)) = bytes.split_first_chunk::<8>() else { return Ok(None) };
    if u64::from_le_bytes(*header) != size {
        return Ok(None);
    }
    let mut here = vec![false; blocks];
    let (whole, torn) = records.as_chunks::<RECORD_BYTES>();
    for record in whole {
        if let Some((first, [low, high])) = record.split_first_chunk::<8>() {
            let count = u16::from_le_bytes([*low, *high]);
            mark(&mut here, Run { first: u64::from_le_bytes(*first), count });
        }
    }
    file.set_len(u64::try_from(bytes.len().saturating_sub(torn.len())).unwrap_or_default())?;
    Ok(Some(here))
}

#[cfg(test)]
mod tests {
    use super::super::blocks::BLOCK_BYTES;
    use super::*;

    const BLOCK: u64 = 16 * 1024;

    struct Room {
        dir: tempfile::TempDir,
        bytes: Vec<u8>,
        hash: ContentHash,
    }

    impl Room {
        fn new(blocks: usize) -> Self {
            let bytes: Vec<u8> =
                (0..blocks * BLOCK_BYTES - 3).map(|n| (n % 253).try_into().unwrap()).collect();
            let hash = ContentHash::of_file(&bytes);
            Self { dir: tempfile::tempdir().unwrap(), bytes, hash }
        }

        fn size(&self) -> u64 {
            self.bytes.len().try_into().unwrap()
        }

        fn open(&self) -> Spool {
            Spool::open(&self.dir.path().join("spool"), self.hash, self.size()).unwrap()
        }

        fn fill(&self, spool: &Spool, run: Run) {
            for block in run.first..run.first + u64::from(run.count) {
                let start = usize::try_from(block).unwrap() * BLOCK_BYTES;
                let end = (start + BLOCK_BYTES).min(self.bytes.len());
                spool.write(block * BLOCK, &self.bytes[start..end]).unwrap();
            }
            spool.done(run).unwrap();
        }

        fn left(&self) -> usize {
            fs::read_dir(self.dir.path().join("spool")).unwrap().count()
        }
    }

    #[test]
    fn a_spool_opened_again_lacks_only_what_did_not_arrive() {
        let room = Room::new(40);
        let spool = room.open();
        assert_eq!(spool.missing(), [Run { first: 0, count: 32 }, Run { first: 32, count: 8 }]);
        room.fill(&spool, Run { first: 2, count: 30 });
        drop(spool);
        let spool = room.open();
        assert_eq!(spool.blocks_here(), 30);
        assert_eq!(spool.missing(), [Run { first: 0, count: 2 }, Run { first: 32, count: 8 }]);
        for run in spool.missing() {
            room.fill(&spool, run);
        }
        let cache = Cache::open(room.dir.path().join("cache")).unwrap();
        let path = spool.finish(&cache).unwrap();
        assert!(fs::read(path).unwrap() == room.bytes);
        assert_eq!(room.left(), 0);
    }

    #[test]
    fn a_torn_record_is_ignored_and_the_next_one_is_read() {
        let room = Room::new(4);
        room.fill(&room.open(), Run { first: 0, count: 1 });
        let runs = room.dir.path().join("spool").join(format!("{}.runs", room.hash));
        let mut journal = OpenOptions::new().append(true).open(runs).unwrap();
        journal.write_all(&record(Run { first: 1, count: 1 })[..7]).unwrap();
        let spool = room.open();
        assert_eq!(spool.missing(), [Run { first: 1, count: 3 }]);
        room.fill(&spool, Run { first: 2, count: 1 });
        let missing = room.open().missing();
        assert_eq!(missing, [Run { first: 1, count: 1 }, Run { first: 3, count: 1 }]);
    }

    #[test]
    fn a_spool_of_another_size_starts_anew() {
        let room = Room::new(4);
        room.fill(&room.open(), Run { first: 0, count: 4 });
        let other =
            Spool::open(&room.dir.path().join("spool"), room.hash, room.size() - 1).unwrap();
        assert_eq!(other.blocks_here(), 0);
    }

    #[test]
    fn a_run_that_comes_twice_counts_once() {
        let room = Room::new(4);
        let spool = room.open();
        for _ in 0..1000 {
            room.fill(&spool, Run { first: 0, count: 2 });
        }
        assert_eq!(spool.blocks_here(), 2);
        assert!(spool.has(Run { first: 0, count: 2 }) && !spool.has(Run { first: 1, count: 2 }));
        room.fill(&spool, Run { first: 2, count: 2 });
        assert!(spool.is_complete());
        assert!(room.open().is_complete());
    }

    #[test]
    fn a_spool_that_lies_is_refused_at_its_end_and_gone() {
        let room = Room::new(2);
        room.open().done(Run { first: 0, count: 2 }).unwrap();
        let spool = room.open();
        let cache = Cache::open(room.dir.path().join("cache")).unwrap();
        assert!(matches!(spool.finish(&cache), Err(CacheError::Mismatch { .. })));
        assert_eq!(room.left(), 0);
        assert_eq!(cache.get(&room.hash), None);
        assert_eq!(room.open().blocks_here(), 0);
    }
}
