//! The network identity: a key of its own, kept in a file.
//!
//! Peers know a node by this key, so it outlives restarts. It signs nothing but handshakes; the
//! operator's keys are elsewhere.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use libp2p::identity::Keypair;
use tempfile::NamedTempFile;

/// Longest identity file in bytes; an ed25519 key takes 68.
const MAX_FILE_BYTES: u64 = 256;
/// Permission bits that nobody but the owner may have.
const OTHERS: u32 = 0o077;

/// Why there is no network identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file system refused.
    #[error("cannot {action} the identity file {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others may read the key.
    #[error("identity file {path} has mode {mode:03o}; it must be 600, readable by its owner only")]
    Exposed {
        /// Which file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file does not hold a key.
    #[error("identity file {path} does not hold a key: {reason}")]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// The identity in the file at `path`; a new one is made and kept there if there is no such file.
///
/// # Errors
/// [`IdentityError`]. A file that is there is never replaced.
pub fn load_or_create(path: &Path) -> Result<Keypair, IdentityError> {
    match File::open(path) {
        Ok(file) => read(path, file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        Err(source) => Err(IdentityError::Io { action: "open", path: path.to_owned(), source }),
    }
}

fn read(path: &Path, file: File) -> Result<Keypair, IdentityError> {
    let io_error =
        |action| move |source| IdentityError::Io { action, path: path.to_owned(), source };
    let mode = file.metadata().map_err(io_error("inspect"))?.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        return Err(IdentityError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).map_err(io_error("read"))?;
    Keypair::from_protobuf_encoding(&bytes).map_err(|error| IdentityError::Malformed {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// Writes a new key beside its place, then gives it its name, so that a crash leaves no half key.
fn create(path: &Path) -> Result<Keypair, IdentityError> {
    let io_error =
        |action| move |source| IdentityError::Io { action, path: path.to_owned(), source };
    let keypair = Keypair::generate_ed25519();
    let bytes = keypair.to_protobuf_encoding().map_err(|error| IdentityError::Malformed {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(io_error("make a folder for"))?;
    // A temporary file has mode 600 from its creation on.
    let mut file = NamedTempFile::new_in(folder).map_err(io_error("create"))?;
    file.write_all(&bytes).map_err(io_error("write"))?;
    file.as_file().sync_all().map_err(io_error("flush"))?;
    file.persist_noclobber(path).map_err(|error| io_error("name")(error.error))?;
    Ok(keypair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_outlives_a_restart_and_is_its_owner_s_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("new/identity");
        let made = load_or_create(&path).unwrap();
        let read = load_or_create(&path).unwrap();
        assert_eq!(made.public().to_peer_id(), read.public().to_peer_id());
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn an_identity_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity");
        load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = load_or_create(&path).unwrap_err();
        assert!(matches!(error, IdentityError::Exposed { mode: 0o644, .. }), "{error}");
    }

    #[test]
    fn a_damaged_identity_is_refused_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("identity");
        load_or_create(&path).unwrap();
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(40);
        fs::write(&path, &bytes).unwrap();
        assert!(matches!(load_or_create(&path), Err(IdentityError::Malformed { .. })));
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
