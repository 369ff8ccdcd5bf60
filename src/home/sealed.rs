//! New keys of a home: random secrets, sealed under a passphrase in a file of their own.

use std::path::Path;

use probity_keys::file;
use probity_keys::keystore::kdf::ROUNDS;
use probity_keys::keystore::{Kdf, Keystore, Label};
use probity_keys::mnemonic::{Length, Phrase};
use probity_keys::passphrase::Passphrase;
use probity_keys::secret::Secret;
use zeroize::Zeroizing;

use crate::exit::{Code, Failure, OrFail};
use crate::passphrase::unusable;

/// The file of the passphrase in a folder of keys.
pub(crate) const PASSPHRASE_FILE: &str = "passphrase";

/// A folder of keys that are sealed under one passphrase.
pub(crate) struct Sealer<'a> {
    folder: &'a Path,
    passphrase: Passphrase,
}

impl<'a> Sealer<'a> {
    /// Seals under a passphrase that a person chose.
    pub(crate) const fn new(folder: &'a Path, passphrase: Passphrase) -> Self {
        Self { folder, passphrase }
    }

    /// Seals under twelve random words, which are written beside the keys for the node to read.
    pub(crate) fn with_random_words(folder: &'a Path) -> Result<Self, Failure> {
        let words = Phrase::random(Length::Twelve).or_fail(Code::Other, "no passphrase")?.text();
        let passphrase = Passphrase::new(&words).or_fail(Code::Other, "no passphrase")?;
        let line = Zeroizing::new(format!("{}\n", *words));
        write(&folder.join(PASSPHRASE_FILE), &line)?;
        Ok(Self { folder, passphrase })
    }

    /// Makes a secret and seals it in a new file.
    pub(crate) fn make(&self, file: &str, description: &str) -> Result<Secret, Failure> {
        let secret = Secret::random().or_fail(Code::Other, "cannot make a key")?;
        self.seal(&secret, file, description, false)?;
        Ok(secret)
    }

    /// Makes a beacon secret and seals it in a new file.
    pub(crate) fn make_beacon(&self, file: &str, description: &str) -> Result<Secret, Failure> {
        let secret = Secret::random().or_fail(Code::Other, "cannot make a key")?;
        self.seal(&secret, file, description, true)?;
        Ok(secret)
    }

    fn seal(
        &self,
        secret: &Secret,
        file: &str,
        description: &str,
        beacon: bool,
    ) -> Result<(), Failure> {
        let what = format!("cannot seal {file}");
        let label = Label { path: None, beacon, description: description.to_owned() };
        let kdf = Kdf::pbkdf2(ROUNDS).or_fail(Code::Other, &what)?;
        let sealed = Keystore::seal(secret, &self.passphrase, &label, kdf);
        let text = sealed.and_then(|keystore| keystore.to_json()).or_fail(Code::Other, &what)?;
        write(&self.folder.join(file), &text)
    }
}

/// Writes a new file that only its owner can read.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    file::create(path, text).map_err(|error| unusable(&error))
}
