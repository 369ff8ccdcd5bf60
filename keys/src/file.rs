//! Files that hold a secret: read only if nobody else can, made whole or not at all.
//!
//! # Invariants
//! - A file that others may read, or a folder that others may enter, is refused: whoever could have
//!   read the secret may have it already, so going on quietly would hide that.
//! - What is checked is the open file and not its path, which may come to mean another file.
//! - A new file appears under its name in one step, complete and on disk, and never takes the place
//!   of another.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use zeroize::Zeroizing;

/// Why a file with a secret cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there.
    #[error("there is no {}", .0.display())]
    Missing(PathBuf),
    /// Something stands where a new file was to be.
    #[error("{} is there already, and nothing is overwritten", .0.display())]
    Exists(PathBuf),
    /// Others than its owner have rights on it.
    #[error("{} has the mode {mode:o}, so others can use it", path.display())]
    Loose {
        /// The file or folder.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is not a file", .0.display())]
    NotAFile(PathBuf),
    /// It is larger than what it should be.
    #[error("{} has {bytes} bytes, at most {limit} are read", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        bytes: u64,
        /// The most that are read.
        limit: u64,
    },
    /// The system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl FileError {
    /// The command that mends it, if one does.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Loose { path, mode: _, wanted } => {
                Some(format!("chmod {wanted:o} {}", path.display()))
            }
            Self::Missing(_)
            | Self::Exists(_)
            | Self::NotAFile(_)
            | Self::TooLarge { .. }
            | Self::Io { .. } => None,
        }
    }

    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        if source.kind() == io::ErrorKind::NotFound {
            Self::Missing(path)
        } else if source.kind() == io::ErrorKind::AlreadyExists {
            Self::Exists(path)
        } else {
            Self::Io { path, source }
        }
    }
}

/// The text of a file that its owner alone can use. Wiped when dropped.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, limit: u64) -> Result<Zeroizing<String>, FileError> {
    // A pipe in place of the file must not hold us up while it is opened.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking)
        .open(path)
        .map_err(|error| FileError::io(path, error))?;
    let metadata = file.metadata().map_err(|error| FileError::io(path, error))?;
    if !metadata.is_file() {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    check_mode(path, metadata.mode(), 0o600)?;
    let bytes = metadata.len();
    if bytes > limit {
        return Err(FileError::TooLarge { path: path.to_owned(), bytes, limit });
    }
    // Reserved in full, so that growing leaves no copy behind.
    let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1);
    let mut text = Zeroizing::new(String::with_capacity(room));
    file.take(limit).read_to_string(&mut text).map_err(|error| FileError::io(path, error))?;
    Ok(text)
}

/// Makes a file that its owner alone can use. The folder must be there.
///
/// # Errors
/// [`FileError::Exists`], and then nothing has changed.
pub fn create(path: &Path, text: &str) -> Result<(), FileError> {
    let folder = parent(path);
    let written = write_beside(folder, text).map_err(|error| FileError::io(path, error))?;
    written.persist_noclobber(path).map_err(|error| FileError::io(path, error.error))?;
    sync(folder)
}

/// Puts another text into a file in one step: a reader sees the old one or the new one.
///
/// # Errors
/// [`FileError`], and then the old text stands.
pub fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    let folder = parent(path);
    let written = write_beside(folder, text).map_err(|error| FileError::io(path, error))?;
    written.persist(path).map_err(|error| FileError::io(path, error.error))?;
    sync(folder)
}

/// Gives a file another name in its folder, unless that name is taken.
///
/// # Errors
/// [`FileError::Exists`], and then nothing has changed.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    // A link is refused if the name is taken, a rename is not. A crash between the two leaves the
    // key under both names.
    fs::hard_link(from, to).map_err(|error| {
        let path = if error.kind() == io::ErrorKind::NotFound { from } else { to };
        FileError::io(path, error)
    })?;
    remove(from)
}

/// Removes a file.
///
/// # Errors
/// [`FileError`].
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(|error| FileError::io(path, error))?;
    sync(parent(path))
}

/// Makes a folder that its owner alone can enter, with the folders above it, unless it is there.
///
/// # Errors
/// [`FileError`], also if it is there and others can enter it.
pub fn make_folder(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(path).map_err(|error| FileError::io(path, error))?;
    check_folder(path)
}

/// Refuses a folder that others can enter.
///
/// # Errors
/// [`FileError::Loose`], or [`FileError::Missing`].
pub fn check_folder(path: &Path) -> Result<(), FileError> {
    let metadata = fs::metadata(path).map_err(|error| FileError::io(path, error))?;
    check_mode(path, metadata.mode(), 0o700)
}

fn check_mode(path: &Path, mode: u32, wanted: u32) -> Result<(), FileError> {
    let mode = mode & 0o777;
    if mode & 0o077 != 0 {
        return Err(FileError::Loose { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

fn write_beside(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(0o600))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn sync(folder: &Path) -> Result<(), FileError> {
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| FileError::io(folder, error))
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        (folder, path)
    }

    #[test]
    fn a_file_is_made_for_its_owner_alone_and_reads_back() {
        let (folder, path) = place();
        create(&path, "secret").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(*read(&path, 6).unwrap(), "secret");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_file_that_others_can_use_is_refused_with_the_command_that_mends_it() {
        let (_folder, path) = place();
        create(&path, "secret").unwrap();
        for mode in [0o640, 0o604, 0o660, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refused = read(&path, 100).unwrap_err();
            assert!(matches!(&refused, FileError::Loose { mode: found, .. } if *found == mode));
            assert_eq!(refused.hint(), Some(format!("chmod 600 {}", path.display())));
        }
        fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
        assert!(read(&path, 100).is_ok());
    }

    #[test]
    fn nothing_is_overwritten() {
        let (folder, path) = place();
        create(&path, "old").unwrap();
        assert!(matches!(create(&path, "new"), Err(FileError::Exists(_))));
        let other = folder.path().join("other");
        create(&other, "other").unwrap();
        assert!(matches!(rename(&other, &path), Err(FileError::Exists(_))));
        // A link that leads nowhere is something, too.
        let dangling = folder.path().join("dangling");
        std::os::unix::fs::symlink(folder.path().join("gone"), &dangling).unwrap();
        assert!(matches!(create(&dangling, "new"), Err(FileError::Exists(_))));
        assert_eq!(*read(&path, 100).unwrap(), "old");
        assert_eq!(*read(&other, 100).unwrap(), "other");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing is left beside them");
    }

    #[test]
    fn of_many_that_make_one_file_at_once_one_succeeds_and_its_text_stands() {
        let (_folder, path) = place();
        let start = std::sync::Barrier::new(8);
        let won: Vec<usize> = std::thread::scope(|scope| {
            let make = |text: usize| {
                let (start, path) = (&start, &path);
                scope.spawn(move || {
                    start.wait();
                    create(path, &text.to_string().repeat(1000)).ok().map(|()| text)
                })
            };
            let threads: Vec<_> = (0..8).map(make).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(won.len(), 1);
        assert_eq!(*read(&path, 1000).unwrap(), won[0].to_string().repeat(1000));
    }

    #[test]
    fn a_replaced_file_keeps_its_mode_and_a_renamed_one_its_text() {
        let (folder, path) = place();
        create(&path, "old").unwrap();
        replace(&path, "new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let other = folder.path().join("other");
        rename(&path, &other).unwrap();
        assert_eq!(*read(&other, 100).unwrap(), "new");
        assert!(matches!(read(&path, 100), Err(FileError::Missing(_))));
        assert!(matches!(rename(&path, &other), Err(FileError::Missing(_))));
    }

    #[test]
    fn pipes_folders_and_large_files_are_refused() {
        let (folder, path) = place();
        assert!(matches!(read(folder.path(), 100), Err(FileError::NotAFile(_))));
        let mode = rustix::fs::Mode::RUSR;
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
        assert!(matches!(read(&path, 100), Err(FileError::NotAFile(_))));
        let large = folder.path().join("large");
        create(&large, "1234567").unwrap();
        let refused = read(&large, 6);
        assert!(matches!(refused, Err(FileError::TooLarge { bytes: 7, limit: 6, .. })));
    }

    #[test]
    fn a_folder_that_others_can_enter_is_refused() {
        let (folder, path) = place();
        make_folder(&path.join("deep")).unwrap();
        assert_eq!(fs::metadata(path.join("deep")).unwrap().mode() & 0o777, 0o700);
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let refused = make_folder(folder.path()).unwrap_err();
        assert_eq!(refused.hint(), Some(format!("chmod 700 {}", folder.path().display())));
    }
}
