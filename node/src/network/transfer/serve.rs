//! Answers to peers: the files of the cache, with their proofs.
//!
//! The hash tree of a file is built when its blocks are first asked for and stays in memory while
//! there is room. Building it reads the whole file and compares it with its name, so that a file
//! that the disk damaged is not served.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use probity_harness::cache::Cache;
use probity_primitives::ContentHash;

use super::blocks::Served;
use super::message::{Request, Response};

/// A file's tree, built once however many requests wait for it; none if the file cannot be served.
type Slot = Arc<OnceLock<Option<Served>>>;

/// The files that this node serves.
#[derive(Debug)]
pub struct Library {
    cache: Cache,
    tree_bytes: usize,
    /// The most recently used is last.
    shelf: Mutex<VecDeque<(ContentHash, Slot)>>,
}

impl Library {
    /// The files of `cache`; their trees take at most `tree_bytes` of memory, and one more tree.
    #[must_use]
    pub const fn new(cache: Cache, tree_bytes: usize) -> Self {
        Self { cache, tree_bytes, shelf: Mutex::new(VecDeque::new()) }
    }

    /// Answers a request. This reads from the disk, and blocks.
    #[must_use]
    pub fn answer(&self, request: &Request) -> Response {
        match request {
            Request::Size(hash) => self.size(hash).map_or(Response::NotFound, Response::Size),
            Request::Blocks { hash, run } => {
                let slot = self.slot(hash);
                let served = slot.get_or_init(|| self.load(hash)).as_ref();
                let encoded = served.map_or(Ok(None), |served| served.encode(*run));
                self.tidy(hash, encoded.is_ok() && served.is_some());
                match encoded {
                    Ok(Some(encoded)) => Response::Blocks(encoded),
                    Ok(None) => Response::NotFound,
                    Err(error) => {
                        tracing::warn!(%hash, %error, "a file of the cache cannot be served");
                        Response::NotFound
                    }
                }
            }
        }
    }

    fn size(&self, hash: &ContentHash) -> Option<u64> {
        let path = self.cache.get(hash)?;
        fs::metadata(path).ok().map(|metadata| metadata.len())
    }

    fn load(&self, hash: &ContentHash) -> Option<Served> {
        let path = self.cache.get(hash)?;
        match File::open(&path).and_then(|file| Served::load(file, hash)) {
            Ok(served) => Some(served),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%hash, %error, "a file of the cache cannot be served");
                None
            }
        }
    }

    /// The file's place on the shelf, which thereby becomes the most recently used.
    fn slot(&self, hash: &ContentHash) -> Slot {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        let found = shelf.iter().position(|(name, _)| name == hash);
        let taken = found.and_then(|at| shelf.remove(at));
        let slot = taken.map_or_else(Slot::default, |(_, slot)| slot);
        shelf.push_back((*hash, Arc::clone(&slot)));
        slot
    }

    /// Forgets a file that could not be served, and the least recently used ones above the limit.
    fn tidy(&self, hash: &ContentHash, keep: bool) {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if !keep {
            shelf.retain(|(name, _)| name != hash);
        }
        let bytes = |slot: &Slot| slot.get().and_then(Option::as_ref).map_or(0, Served::tree_bytes);
        let mut total: usize = shelf.iter().map(|(_, slot)| bytes(slot)).sum();
        while total > self.tree_bytes && shelf.len() > 1 {
            if let Some((_, oldest)) = shelf.pop_front() {
                total = total.saturating_sub(bytes(&oldest));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::blocks::{BLOCK_BYTES, BlockError, verify};
    use super::super::message::Run;
    use super::*;

    const FIRST: Run = Run { first: 0, count: 1 };

    fn library(tree_bytes: usize) -> (tempfile::TempDir, Library) {
        let dir = tempfile::tempdir().unwrap();
        let cache = Cache::open(dir.path()).unwrap();
        (dir, Library::new(cache, tree_bytes))
    }

    fn held(library: &Library) -> usize {
        library.shelf.lock().unwrap().len()
    }

    #[test]
    fn a_file_of_the_cache_is_served_with_its_size_and_blocks() {
        let (_dir, library) = library(1 << 20);
        let bytes = vec![3; BLOCK_BYTES + 5];
        let hash = library.cache.insert_bytes(&bytes).unwrap();
        let size = u64::try_from(bytes.len()).unwrap();
        assert_eq!(library.answer(&Request::Size(hash)), Response::Size(size));
        let run = Run { first: 1, count: 1 };
        let Response::Blocks(encoded) = library.answer(&Request::Blocks { hash, run }) else {
            panic!("no blocks")
        };
        let checked = verify::<BlockError>(&hash, size, run, &encoded, |_, block| {
            assert_eq!(block, [3; 5]);
            Ok(())
        });
        checked.unwrap();
    }

    #[test]
    fn an_unknown_file_is_not_found_and_takes_no_room() {
        let (_dir, library) = library(1 << 20);
        let hash = ContentHash::of_file(b"unknown");
        assert_eq!(library.answer(&Request::Size(hash)), Response::NotFound);
        assert_eq!(library.answer(&Request::Blocks { hash, run: FIRST }), Response::NotFound);
        assert_eq!(held(&library), 0);
    }

    #[test]
    fn a_file_that_changed_on_disk_is_not_served() {
        let (_dir, library) = library(1 << 20);
        let hash = library.cache.insert_bytes(&[1; 3 * BLOCK_BYTES]).unwrap();
        let path = library.cache.get(&hash).unwrap();
        assert!(matches!(
            library.answer(&Request::Blocks { hash, run: FIRST }),
            Response::Blocks(_)
        ));
        fs::write(&path, vec![2; 3 * BLOCK_BYTES]).unwrap();
        assert_eq!(library.answer(&Request::Blocks { hash, run: FIRST }), Response::NotFound);
        assert_eq!(library.answer(&Request::Blocks { hash, run: FIRST }), Response::NotFound);
        assert_eq!(held(&library), 0);
    }

    #[test]
    fn the_least_recently_used_trees_make_room() {
        // A tree of four blocks takes three pairs of hashes: 192 bytes.
        let (_dir, library) = library(400);
        let hashes: Vec<ContentHash> = (0..3u8)
            .map(|n| library.cache.insert_bytes(&vec![n; 4 * BLOCK_BYTES]).unwrap())
            .collect();
        for hash in [hashes[0], hashes[1], hashes[0], hashes[2]] {
            let answer = library.answer(&Request::Blocks { hash, run: FIRST });
            assert!(matches!(answer, Response::Blocks(_)));
        }
        let shelf: Vec<_> = library.shelf.lock().unwrap().iter().map(|(hash, _)| *hash).collect();
        assert_eq!(shelf, [hashes[0], hashes[2]]);
    }
}
