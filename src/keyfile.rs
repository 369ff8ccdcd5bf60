//! Key files: one secret seed in hexadecimal digits, readable by its owner alone.
//!
//! They serve development networks. What a file with looser permissions holds is refused, since
//! whoever could read it may have it already.

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use probity_primitives::Keypair;

use crate::cli::{Global, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};

/// The longest key file, in bytes.
const MAX_BYTES: u64 = 128;

/// Where a signing key is, and how its passphrase is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeySource<'a> {
    /// The name of a key in the keys folder, or the path of a keystore or of a raw seed file.
    pub(crate) key: &'a str,
    /// How its passphrase is given, if it has one.
    pub(crate) passphrase: &'a PassphraseFlags,
}

/// Opens a signing key.
pub(crate) fn open(_global: &Global, source: &KeySource<'_>) -> Result<Keypair, Failure> {
    let KeySource { key, passphrase: _ } = source;
    read(Path::new(key))
}

/// The key in a file.
pub(crate) fn read(path: &Path) -> Result<Keypair, Failure> {
    seed(path).map(Keypair::from_seed)
}

/// The secret seed in a file.
pub(crate) fn seed(path: &Path) -> Result<[u8; 32], Failure> {
    let what = format!("cannot read the key file {}", path.display());
    let metadata = std::fs::metadata(path).or_fail(Code::Key, &what)?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("{what}: its mode is {mode:o}, so others can read it");
        return Err(Failure::new(Code::Key, message).hint(format!("chmod 600 {}", path.display())));
    }
    if metadata.len() > MAX_BYTES {
        let len = metadata.len();
        return Err(Failure::new(Code::Key, format_args!("{what}: it has {len} bytes")));
    }
    let text = std::fs::read_to_string(path).or_fail(Code::Key, &what)?;
    let seed: probity_primitives::Hash = text.trim().parse().map_err(|_| {
        Failure::new(Code::Key, format_args!("{what}: it does not hold 64 hexadecimal digits"))
    })?;
    Ok(*seed.as_bytes())
}

/// Writes a secret seed into a new file; an existing one is never overwritten.
pub(crate) fn write(path: &Path, seed: &[u8; 32]) -> Result<(), Failure> {
    let what = format!("cannot write the key file {}", path.display());
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .or_fail(Code::Key, &what)?;
    let text = format!("{}\n", probity_primitives::Hash::from_bytes(*seed));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).or_fail(Code::Key, &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_its_file_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, &[7; 32]).unwrap();
        assert_eq!(read(&path).unwrap().public(), Keypair::from_seed([7; 32]).public());
        assert!(write(&path, &[8; 32]).is_err());
        assert_eq!(seed(&path).unwrap(), [7; 32]);
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, &[7; 32]).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = format!("{:?}", read(&path).unwrap_err());
        assert!(refused.contains("644") && refused.contains("chmod 600"), "{refused}");
    }
}
