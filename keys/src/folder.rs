//! A folder of named keystores: `NAME.json`, one key each.
//!
//! # Invariants
//! - A name is chosen once: nothing here overwrites a key, whoever else works in the folder.
//! - A passphrase is changed by writing a new file beside the old one, opening it with the new
//!   passphrase, and only then putting it in the old one's place.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::file::{self, FileError};
use crate::keystore::{Kdf, Keystore, KeystoreError, Label, MAX_BYTES};
use crate::passphrase::Passphrase;

/// The longest name.
const MAX_NAME: usize = 64;
/// The most keys that are listed.
const MAX_KEYS: usize = 4096;
/// The end of a keystore's file name.
const SUFFIX: &str = ".json";

/// Why a key of a folder cannot be had or changed.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It is no name.
    #[error("{0:?} is no name: 1 to {MAX_NAME} of a-z, 0-9, - and _, with a letter or digit first")]
    Name(String),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The keystore cannot be used.
    #[error("{}: {error}", path.display())]
    Keystore {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: KeystoreError,
    },
    /// There are more keys than are listed.
    #[error("{} holds more than {MAX_KEYS} keys", .0.display())]
    TooMany(PathBuf),
}

impl FolderError {
    /// The command that mends it, if one does.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(error) => error.hint(),
            Self::Name(_) | Self::Keystore { .. } | Self::TooMany(_) => None,
        }
    }
}

/// The name of a key: also a safe name of a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl FromStr for Name {
    type Err = FolderError;

    fn from_str(text: &str) -> Result<Self, FolderError> {
        let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if begins && text.len() <= MAX_NAME && text.bytes().all(allowed) {
            return Ok(Self(text.to_owned()));
        }
        Err(FolderError::Name(text.chars().take(MAX_NAME).collect()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key as a list shows it.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: Name,
    /// The keystore, or why it cannot be read.
    pub keystore: Result<Keystore, FolderError>,
}

/// A folder of keystores.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder at a path, which need not be there yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where the folder is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The file of a key.
    #[must_use]
    pub fn file(&self, name: &Name) -> PathBuf {
        self.0.join(format!("{name}{SUFFIX}"))
    }

    /// Keeps a keystore under a new name.
    ///
    /// # Errors
    /// [`FolderError`], with [`FileError::Exists`] if the name is taken.
    pub fn create(&self, name: &Name, keystore: &Keystore) -> Result<PathBuf, FolderError> {
        file::make_folder(&self.0)?;
        let path = self.file(name);
        let text = keystore.to_json().map_err(|error| of(&path, error))?;
        file::create(&path, &text)?;
        Ok(path)
    }

    /// The keystore of a name.
    ///
    /// # Errors
    /// [`FolderError`], with [`FileError::Missing`] if there is none.
    pub fn get(&self, name: &Name) -> Result<Keystore, FolderError> {
        let path = self.file(name);
        if path.exists() {
            file::check_folder(&self.0)?;
        }
        read(&path)
    }

    /// Every key in order of its name, the ones that cannot be read with the reason.
    ///
    /// # Errors
    /// [`FolderError`], if the folder itself cannot be read. One that is not there is empty.
    pub fn list(&self) -> Result<Vec<Listed>, FolderError> {
        let listed = |name| Listed { keystore: self.get(&name), name };
        Ok(self.names()?.into_iter().map(listed).collect())
    }

    /// The names in the folder, in order.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn names(&self) -> Result<Vec<Name>, FolderError> {
        match file::check_folder(&self.0) {
            Err(FileError::Missing(_)) => return Ok(Vec::new()),
            checked => checked?,
        }
        let io = |source| FileError::Io { path: self.0.clone(), source };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.0).map_err(io)? {
            let file = entry.map_err(io)?.file_name();
            let name = file.to_str().and_then(|name| name.strip_suffix(SUFFIX));
            names.extend(name.and_then(|name| name.parse::<Name>().ok()));
            if names.len() > MAX_KEYS {
                return Err(FolderError::TooMany(self.0.clone()));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Gives a key another name, unless that is taken.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn rename(&self, from: &Name, to: &Name) -> Result<PathBuf, FolderError> {
        let path = self.file(to);
        file::rename(&self.file(from), &path)?;
        Ok(path)
    }

    /// Removes a key for good.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn delete(&self, name: &Name) -> Result<(), FolderError> {
        Ok(file::remove(&self.file(name))?)
    }

    /// Seals a key anew under another passphrase. The label stays.
    ///
    /// # Errors
    /// [`FolderError`], and then the old file and the old passphrase stand.
    pub fn change_passphrase(
        &self,
        name: &Name,
        old: &Passphrase,
        new: &Passphrase,
        kdf: Kdf,
    ) -> Result<(), FolderError> {
        let path = self.file(name);
        let keystore = self.get(name)?;
        let wrong = |error| of(&path, error);
        let secret = keystore.open(old).map_err(wrong)?;
        let stated = keystore.public();
        let label = Label {
            path: keystore.path(),
            beacon: stated != Some(*secret.keypair().public().as_bytes()),
            description: keystore.description().to_owned(),
        };
        let sealed = Keystore::seal(&secret, new, &label, kdf).map_err(wrong)?;
        sealed.open(new).map_err(wrong)?;
        Ok(file::replace(&path, &sealed.to_json().map_err(wrong)?)?)
    }
}

/// The keystore in a file of any name.
///
/// # Errors
/// [`FolderError`].
pub fn read(path: &Path) -> Result<Keystore, FolderError> {
    // One byte more than is taken, so that the keystore's own refusal is given.
    let limit = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let text = file::read(path, limit)?;
    Keystore::from_json(&text).map_err(|error| of(path, error))
}

fn of(path: &Path, error: KeystoreError) -> FolderError {
    FolderError::Keystore { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::{Path as KeyPath, Role};
    use crate::secret::Secret;

    fn words(text: &str) -> Passphrase {
        Passphrase::new(text).unwrap()
    }

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    fn sealed(byte: u8) -> Keystore {
        let label = Label {
            path: Some(KeyPath::of(0, Role::Beacon, 0).unwrap()),
            beacon: true,
            description: "test".to_owned(),
        };
        let secret = Secret::from_bytes([byte; 32]);
        Keystore::seal(&secret, &words("old words"), &label, Kdf::pbkdf2(1).unwrap()).unwrap()
    }

    fn folder() -> (tempfile::TempDir, Folder) {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path().join("keys"));
        (place, folder)
    }

    #[test]
    fn a_key_is_kept_listed_renamed_and_deleted() {
        let (_place, folder) = folder();
        assert!(folder.list().unwrap().is_empty());
        folder.create(&name("b"), &sealed(1)).unwrap();
        folder.create(&name("a"), &sealed(2)).unwrap();
        assert_eq!(folder.names().unwrap(), [name("a"), name("b")]);
        folder.rename(&name("b"), &name("c")).unwrap();
        assert_eq!(folder.get(&name("c")).unwrap().public(), sealed(1).public());
        folder.delete(&name("a")).unwrap();
        assert_eq!(folder.names().unwrap(), [name("c")]);
        let missing = folder.get(&name("a")).unwrap_err();
        assert!(matches!(missing, FolderError::File(FileError::Missing(_))));
    }

    #[test]
    fn no_key_takes_the_place_of_another() {
        let (_place, folder) = folder();
        folder.create(&name("a"), &sealed(1)).unwrap();
        folder.create(&name("b"), &sealed(2)).unwrap();
        let exists = |found: Result<PathBuf, FolderError>| {
            matches!(found, Err(FolderError::File(FileError::Exists(_))))
        };
        assert!(exists(folder.create(&name("a"), &sealed(3))));
        assert!(exists(folder.rename(&name("b"), &name("a"))));
        assert_eq!(folder.get(&name("a")).unwrap().public(), sealed(1).public());
        assert_eq!(folder.get(&name("b")).unwrap().public(), sealed(2).public());
    }

    #[test]
    fn a_changed_passphrase_opens_the_same_key_with_the_same_label() {
        let (_place, folder) = folder();
        let before = sealed(1);
        folder.create(&name("a"), &before).unwrap();
        let change = |old: &str| {
            let kdf = Kdf::pbkdf2(2).unwrap();
            folder.change_passphrase(&name("a"), &words(old), &words("new words"), kdf)
        };
        assert!(change("other words").is_err());
        assert_eq!(folder.get(&name("a")).unwrap(), before, "a refusal changes nothing");
        change("old words").unwrap();
        let after = folder.get(&name("a")).unwrap();
        assert_eq!(after.open(&words("new words")).unwrap().as_bytes(), &[1; 32]);
        assert!(after.open(&words("old words")).is_err());
        assert_eq!((after.public(), after.role()), (before.public(), Some(Role::Beacon)));
        assert_eq!(after.description(), "test");
    }

    #[test]
    fn a_damaged_file_is_listed_with_the_reason_and_hides_no_other() {
        let (_place, folder) = folder();
        folder.create(&name("a"), &sealed(1)).unwrap();
        file::create(&folder.file(&name("b")), "{}").unwrap();
        file::create(&folder.path().join("UPPER.json"), "{}").unwrap();
        let listed = folder.list().unwrap();
        let readable: Vec<bool> = listed.iter().map(|key| key.keystore.is_ok()).collect();
        assert_eq!(readable, [true, false]);
    }

    #[test]
    fn a_name_is_never_a_way_out_of_the_folder() {
        let long = "a".repeat(65);
        for text in ["", "..", "a/b", "../a", "A", "a.json", "-a", "_a", "a b", "ä", &long] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
        for text in ["a", "0", "a-b_c9", &"a".repeat(64)] {
            assert!(text.parse::<Name>().is_ok(), "{text}");
        }
    }
}
