//! Files by the hash of their bytes.
//!
//! Everything that an evaluation reads comes through here: a file gets its name, the BLAKE3 of its
//! bytes, only after all of it was hashed, and appears under that name by one atomic rename. A
//! reader therefore sees the whole right file or none.
//!
//! Layout: `root/blake3/ab/abcd..` for files, `root/partial/` for files on their way in.
//!
//! # Invariants
//! - Nothing above the size limit is kept, and nothing above it is read to its end.
//! - A file whose hash differs from the expected one is deleted, never renamed.
//!
//! # Not here
//! Where bytes come from: [`crate::fetch`] for files and URLs, the node for peers. What stays and
//! what is evicted is the operator's matter.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use probity_primitives::{ContentHash, Hash};
use tempfile::NamedTempFile;

/// The largest file a cache keeps unless it is told otherwise: 4 GiB.
pub const DEFAULT_MAX_FILE: u64 = 4 << 30;

const CHUNK: usize = 64 * 1024;

/// Why a file did not enter the cache or did not come out of it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
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
    /// The file is larger than the cache accepts.
    #[error("file has at least {len} bytes, the limit is {limit}")]
    TooLarge {
        /// How many bytes were seen or announced.
        len: u64,
        /// The limit.
        limit: u64,
    },
    /// The bytes are not those that were asked for.
    #[error("expected content {expected}, got {found}")]
    Mismatch {
        /// The hash that was asked for.
        expected: ContentHash,
        /// The hash of the bytes that came.
        found: ContentHash,
    },
    /// A block lies outside the announced file.
    #[error("{len} bytes at offset {offset} reach beyond the file's {size} bytes")]
    BeyondEnd {
        /// Where the block starts.
        offset: u64,
        /// How long it is.
        len: usize,
        /// The announced size.
        size: u64,
    },
    /// No such file is here.
    #[error("content {0} is not in the cache")]
    Absent(ContentHash),
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> CacheError {
    move |source| CacheError::Io { action, path: path.to_owned(), source }
}

/// A folder of files by hash; cheap to clone, safe to share between threads and processes.
#[derive(Debug, Clone)]
pub struct Cache {
    root: PathBuf,
    limit: u64,
}

impl Cache {
    /// The cache under `root`, made if it is not there, with [`DEFAULT_MAX_FILE`] as its limit.
    ///
    /// # Errors
    /// [`CacheError::Io`] if the folders cannot be made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, CacheError> {
        Self::with_limit(root, DEFAULT_MAX_FILE)
    }

    /// The cache under `root`, which keeps no file above `limit` bytes.
    ///
    /// # Errors
    /// [`CacheError::Io`] if the folders cannot be made.
    pub fn with_limit(root: impl Into<PathBuf>, limit: u64) -> Result<Self, CacheError> {
        let cache = Self { root: root.into(), limit };
        for folder in [cache.root.join("blake3"), cache.partial_folder()] {
            fs::create_dir_all(&folder).map_err(io_error("create", &folder))?;
        }
        Ok(cache)
    }

    /// The largest file in bytes that this cache keeps.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// Where the file of this hash is or would be.
    #[must_use]
    pub fn path_of(&self, hash: &ContentHash) -> PathBuf {
        let name = hash.to_string();
        let shelf: String = name.chars().take(2).collect();
        self.root.join("blake3").join(shelf).join(name)
    }

    /// The path of the file, if it is here.
    #[must_use]
    pub fn get(&self, hash: &ContentHash) -> Option<PathBuf> {
        let path = self.path_of(hash);
        path.is_file().then_some(path)
    }

    /// The bytes of the file, hashed again: a disk that forgot a bit is an error, not a score.
    ///
    /// # Errors
    /// [`CacheError::Absent`], [`CacheError::TooLarge`] above `limit` bytes,
    /// [`CacheError::Mismatch`] for a file that changed on disk.
    pub fn read(&self, hash: &ContentHash, limit: u64) -> Result<Vec<u8>, CacheError> {
        let path = self.get(hash).ok_or(CacheError::Absent(*hash))?;
        let bytes = read_limited(&path, limit)?;
        check(Some(*hash), ContentHash::of_file(&bytes))?;
        Ok(bytes)
    }

    /// Keeps these bytes.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`] or [`CacheError::Io`].
    pub fn insert_bytes(&self, bytes: &[u8]) -> Result<ContentHash, CacheError> {
        let mut incoming = self.incoming(None)?;
        incoming.push(bytes)?;
        incoming.finish()
    }

    /// Keeps a copy of a file, which must have the hash `expected` if one is given.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`], [`CacheError::Mismatch`] or [`CacheError::Io`].
    pub fn insert_file(
        &self,
        path: &Path,
        expected: Option<ContentHash>,
    ) -> Result<ContentHash, CacheError> {
        let mut file = File::open(path).map_err(io_error("open", path))?;
        let mut incoming = self.incoming(expected)?;
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = file.read(&mut chunk).map_err(io_error("read", path))?;
            match chunk.get(..read) {
                Some([]) | None => return incoming.finish(),
                Some(bytes) => incoming.push(bytes)?,
            }
        }
    }

    /// Moves a file into the cache, without a copy if both are on one file system. The caller has
    /// checked that its hash is `hash`.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`] or [`CacheError::Io`].
    pub fn adopt(&self, path: &Path, hash: ContentHash) -> Result<PathBuf, CacheError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let len = file.metadata().map_err(io_error("inspect", path))?.len();
        if len > self.limit {
            return Err(CacheError::TooLarge { len, limit: self.limit });
        }
        file.sync_all().map_err(io_error("flush", path))?;
        let target = self.path_of(&hash);
        if let Some(shelf) = target.parent() {
            fs::create_dir_all(shelf).map_err(io_error("create", shelf))?;
        }
        match fs::rename(path, &target) {
            Ok(()) => Ok(target),
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                self.insert_file(path, Some(hash))?;
                fs::remove_file(path).map_err(io_error("remove", path))?;
                Ok(target)
            }
            Err(source) => Err(CacheError::Io { action: "name", path: target, source }),
        }
    }

    /// The names of the files in the cache, at most `limit` of them.
    ///
    /// # Errors
    /// [`CacheError::Io`].
    pub fn list(&self, limit: usize) -> Result<Vec<ContentHash>, CacheError> {
        let folder = self.root.join("blake3");
        let mut hashes = Vec::new();
        for shelf in fs::read_dir(&folder).map_err(io_error("list", &folder))? {
            let shelf = shelf.map_err(io_error("list", &folder))?.path();
            for entry in fs::read_dir(&shelf).map_err(io_error("list", &shelf))? {
                let name = entry.map_err(io_error("list", &shelf))?.file_name();
                // A file that somebody else put there has another kind of name.
                if let Some(hash) = name.to_str().and_then(|name| name.parse().ok())
                    && hashes.len() < limit
                {
                    hashes.push(hash);
                }
            }
        }
        Ok(hashes)
    }

    /// A file that arrives from its start to its end and whose size nobody knows yet.
    ///
    /// # Errors
    /// [`CacheError::Io`] if no file can be made.
    pub fn incoming(&self, expected: Option<ContentHash>) -> Result<Incoming, CacheError> {
        let file = self.temporary()?;
        Ok(Incoming { cache: self.clone(), expected, file, hasher: blake3::Hasher::new(), len: 0 })
    }

    /// A file of known hash and size that arrives in blocks, in any order.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`] if it is announced above the limit, [`CacheError::Io`].
    pub fn partial(&self, expected: ContentHash, size: u64) -> Result<PartialFile, CacheError> {
        if size > self.limit {
            return Err(CacheError::TooLarge { len: size, limit: self.limit });
        }
        let file = self.temporary()?;
        file.as_file().set_len(size).map_err(io_error("resize", file.path()))?;
        Ok(PartialFile { cache: self.clone(), expected, size, file })
    }

    fn partial_folder(&self) -> PathBuf {
        self.root.join("partial")
    }

    fn temporary(&self) -> Result<NamedTempFile, CacheError> {
        let folder = self.partial_folder();
        NamedTempFile::new_in(&folder).map_err(io_error("create a file in", &folder))
    }

    fn settle(&self, file: NamedTempFile, hash: ContentHash) -> Result<ContentHash, CacheError> {
        let path = self.path_of(&hash);
        if let Some(shelf) = path.parent() {
            fs::create_dir_all(shelf).map_err(io_error("create", shelf))?;
        }
        file.as_file().sync_all().map_err(io_error("flush", file.path()))?;
        file.persist(&path).map_err(|error| CacheError::Io {
            action: "name",
            path,
            source: error.error,
        })?;
        Ok(hash)
    }
}

/// A file on its way in, from its start to its end; dropped before [`Incoming::finish`], it is
/// gone.
#[derive(Debug)]
pub struct Incoming {
    cache: Cache,
    expected: Option<ContentHash>,
    file: NamedTempFile,
    hasher: blake3::Hasher,
    len: u64,
}

impl Incoming {
    /// Adds bytes at the end.
    ///
    /// # Errors
    /// [`CacheError::TooLarge`] as soon as the limit is passed, [`CacheError::Io`].
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), CacheError> {
        let added = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.len = self.len.saturating_add(added);
        if self.len > self.cache.limit {
            return Err(CacheError::TooLarge { len: self.len, limit: self.cache.limit });
        }
        self.hasher.update(bytes);
        let Self { file, .. } = self;
        file.write_all(bytes).map_err(io_error("write", file.path()))
    }

    /// How many bytes came so far.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.len
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// [`CacheError::Mismatch`] if its hash is not the expected one, [`CacheError::Io`].
    pub fn finish(self) -> Result<ContentHash, CacheError> {
        let Self { cache, expected, file, hasher, len: _ } = self;
        let found = content_hash(&hasher);
        check(expected, found)?;
        cache.settle(file, found)
    }
}

/// A file on its way in, in blocks; dropped before [`PartialFile::finish`], it is gone.
#[derive(Debug)]
pub struct PartialFile {
    cache: Cache,
    expected: ContentHash,
    size: u64,
    file: NamedTempFile,
}

impl PartialFile {
    /// The announced size in bytes.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Writes a block at its place.
    ///
    /// # Errors
    /// [`CacheError::BeyondEnd`] for a block outside the announced size, [`CacheError::Io`].
    pub fn write_at(&mut self, offset: u64, bytes: &[u8]) -> Result<(), CacheError> {
        let len = bytes.len();
        let end = u64::try_from(len).ok().and_then(|len| offset.checked_add(len));
        if end.is_none_or(|end| end > self.size) {
            return Err(CacheError::BeyondEnd { offset, len, size: self.size });
        }
        let file = self.file.as_file();
        file.write_all_at(bytes, offset).map_err(io_error("write", self.file.path()))
    }

    /// Checks the whole file against its hash and gives it its name.
    ///
    /// # Errors
    /// [`CacheError::Mismatch`], after which the bytes are gone; [`CacheError::Io`].
    pub fn finish(self) -> Result<ContentHash, CacheError> {
        let Self { cache, expected, size: _, file } = self;
        check(Some(expected), hash_of(file.path())?)?;
        cache.settle(file, expected)
    }
}

/// The hash of a file on disk, read in chunks.
///
/// # Errors
/// [`CacheError::Io`].
pub fn hash_of(path: &Path) -> Result<ContentHash, CacheError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(file).map_err(io_error("read", path))?;
    Ok(content_hash(&hasher))
}

/// All bytes of a file that has at most `limit`.
///
/// # Errors
/// [`CacheError::TooLarge`] or [`CacheError::Io`].
pub fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>, CacheError> {
    let file = File::open(path).map_err(io_error("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(io_error("read", path))?;
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    if len > limit { Err(CacheError::TooLarge { len, limit }) } else { Ok(bytes) }
}

fn check(expected: Option<ContentHash>, found: ContentHash) -> Result<(), CacheError> {
    match expected {
        Some(expected) if expected != found => Err(CacheError::Mismatch { expected, found }),
        Some(_) | None => Ok(()),
    }
}

fn content_hash(hasher: &blake3::Hasher) -> ContentHash {
    ContentHash(Hash::from_bytes(*hasher.finalize().as_bytes()))
}

#[cfg(test)]
mod tests;
