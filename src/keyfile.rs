//! Opening and making key files: keystores under a passphrase, and raw seeds.
//!
//! A raw seed is 64 hexadecimal digits; it serves development networks and machines whose disk is
//! trusted. What a file with looser permissions than its owner's holds is refused, since whoever
//! could read it may have it already.
//!
//! # Invariants
//! - A beacon key signs nothing: its seed is never used as an ed25519 key.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::path::{Path, PathBuf};

use probity_keys::file;
use probity_keys::folder::{Folder, FolderError, Name};
use probity_keys::keystore::{self, Keystore, KeystoreError};
use probity_keys::passphrase::Passphrase;
use probity_keys::secret::Secret;
use probity_primitives::{Hash, Keypair};

use crate::cli::{Global, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::home::Place;
use crate::passphrase::{self, unusable};
use crate::prompt::Terminal;

/// How often a person may try a passphrase.
const TRIES: u32 = 3;

/// Where a signing key is, and how its passphrase is given.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeySource<'a> {
    /// The name of a key in the keys folder, or the path of a keystore or of a raw seed file.
    pub(crate) key: &'a str,
    /// How its passphrase is given, if it has one.
    pub(crate) passphrase: &'a PassphraseFlags,
}

/// Opens a signing key.
pub(crate) fn open(global: &Global, source: &KeySource<'_>) -> Result<Keypair, Failure> {
    let path = locate(global, source.key)?;
    let (secret, stated) = open_file(global, &path, source.passphrase)?;
    let keypair = secret.keypair();
    if stated.is_some_and(|stated| stated != *keypair.public().as_bytes()) {
        let message = format!("{} holds a beacon key, which signs nothing", path.display());
        return Err(Failure::new(Code::Key, message));
    }
    Ok(keypair)
}

/// Opens a secret that is no signing key, as the beacon's.
pub(crate) fn open_secret(global: &Global, source: &KeySource<'_>) -> Result<Secret, Failure> {
    let path = locate(global, source.key)?;
    open_file(global, &path, source.passphrase).map(|(secret, _)| secret)
}

/// The file of a key: a name in the keys folder goes before a path.
pub(crate) fn locate(global: &Global, key: &str) -> Result<PathBuf, Failure> {
    let path = PathBuf::from(key);
    let Ok(name) = key.parse::<Name>() else { return Ok(path) };
    let folder = folder(global)?;
    let file = folder.file(&name);
    if file.exists() {
        return Ok(file);
    }
    if path.exists() { Ok(path) } else { Err(missing(&folder, &name)) }
}

/// The folder of named keys.
pub(crate) fn folder(global: &Global) -> Result<Folder, Failure> {
    Ok(Folder::at(Place::of(global)?.keys))
}

/// A failure that says what the folder holds instead.
pub(crate) fn missing(folder: &Folder, name: &Name) -> Failure {
    let names = folder.names().unwrap_or_default();
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let near =
        probity_harness::suggest::did_you_mean(&name.to_string(), names.iter().map(String::as_str));
    let place = folder.path().display();
    Failure::new(Code::Key, format_args!("there is no key {name} in {place}{near}"))
        .hint("probity key list")
}

/// A failure about a key of a folder.
pub(crate) fn failed(error: &FolderError) -> Failure {
    match error {
        FolderError::File(error) => unusable(error),
        FolderError::Name(_) => Failure::new(Code::Usage, error),
        FolderError::Keystore { .. } | FolderError::TooMany(_) => Failure::new(Code::Key, error),
    }
}

/// Opens a keystore with the passphrase that the flags give, or one that is asked for.
pub(crate) fn unseal(
    global: &Global,
    keystore: &Keystore,
    path: &Path,
    flags: &PassphraseFlags,
) -> Result<(Secret, Passphrase), Failure> {
    let wrong = |error: KeystoreError| {
        Failure::new(Code::Key, format_args!("cannot open {}: {error}", path.display()))
    };
    if let Some(known) = passphrase::given(flags)? {
        return Ok((keystore.open(&known).map_err(wrong)?, known));
    }
    let what = format!("the passphrase of {}", path.display());
    let mut terminal = Terminal::of(global, &what, passphrase::FLAG)?;
    for _ in 1..TRIES {
        let known = passphrase::ask(&mut terminal, &what)?;
        match keystore.open(&known) {
            Err(KeystoreError::WrongPassphrase) => terminal.show("That is not it.\n")?,
            opened => return Ok((opened.map_err(wrong)?, known)),
        }
    }
    let known = passphrase::ask(&mut terminal, &what)?;
    Ok((keystore.open(&known).map_err(wrong)?, known))
}

/// The secret in a file, and the public key that the file states, if it does.
fn open_file(
    global: &Global,
    path: &Path,
    flags: &PassphraseFlags,
) -> Result<(Secret, Option<[u8; 32]>), Failure> {
    let most = u64::try_from(keystore::MAX_BYTES).unwrap_or(u64::MAX);
    let text = file::read(path, most).map_err(|error| unusable(&error))?;
    if !text.trim_start().starts_with('{') {
        return parse_seed(&text, path).map(|seed| (seed, None));
    }
    let what = format!("cannot use {}", path.display());
    let keystore = Keystore::from_json(&text).or_fail(Code::Key, &what)?;
    let (secret, _) = unseal(global, &keystore, path, flags)?;
    Ok((secret, keystore.public()))
}

/// The secret that 64 hexadecimal digits spell.
pub(crate) fn parse_seed(text: &str, path: &Path) -> Result<Secret, Failure> {
    let seed: Hash = text.trim().parse().map_err(|_| {
        let path = path.display();
        Failure::new(Code::Key, format_args!("{path} does not hold 64 hexadecimal digits"))
    })?;
    Ok(Secret::from_bytes(*seed.as_bytes()))
}

/// Writes a secret seed into a new file; an existing one is never overwritten.
pub(crate) fn write(path: &Path, seed: &[u8; 32]) -> Result<(), Failure> {
    let text = zeroize::Zeroizing::new(format!("{}\n", Hash::from_bytes(*seed)));
    file::create(path, &text).map_err(|error| unusable(&error))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use probity_keys::keystore::{Kdf, Label};

    use super::*;

    struct Bench {
        folder: tempfile::TempDir,
        global: Global,
        flags: PassphraseFlags,
    }

    /// A home with the passphrase "open sesame" in a file.
    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let words = folder.path().join("words");
        file::create(&words, "open sesame\n").unwrap();
        let home = Some(folder.path().to_owned());
        let global = Global { home, no_input: true, ..Global::default() };
        let flags = PassphraseFlags { passphrase_file: Some(words), passphrase_fd: None };
        Bench { folder, global, flags }
    }

    impl Bench {
        fn keep(&self, name: &str, byte: u8, beacon: bool) -> PathBuf {
            let label = Label { beacon, ..Label::default() };
            let words = Passphrase::new("open sesame").unwrap();
            let secret = Secret::from_bytes([byte; 32]);
            let sealed = Keystore::seal(&secret, &words, &label, Kdf::pbkdf2(1).unwrap()).unwrap();
            folder(&self.global).unwrap().create(&name.parse().unwrap(), &sealed).unwrap()
        }

        fn open(&self, key: &str) -> Result<Keypair, Failure> {
            open(&self.global, &KeySource { key, passphrase: &self.flags })
        }
    }

    fn public(byte: u8) -> probity_primitives::PublicKey {
        Keypair::from_seed([byte; 32]).public()
    }

    #[test]
    fn a_key_is_opened_by_its_name_its_path_and_as_a_raw_seed() {
        let bench = bench();
        let path = bench.keep("alice", 1, false);
        assert_eq!(bench.open("alice").unwrap().public(), public(1));
        assert_eq!(bench.open(path.to_str().unwrap()).unwrap().public(), public(1));
        let raw = bench.folder.path().join("raw.key");
        write(&raw, &[2; 32]).unwrap();
        assert_eq!(bench.open(raw.to_str().unwrap()).unwrap().public(), public(2));
        assert!(write(&raw, &[3; 32]).is_err(), "nothing is overwritten");
    }

    #[test]
    fn a_name_that_is_not_there_is_refused_with_the_nearest() {
        let bench = bench();
        bench.keep("alice", 1, false);
        let refused = format!("{:?}", bench.open("alise").unwrap_err());
        assert!(refused.contains("did you mean `alice`?"), "{refused}");
        assert!(refused.contains("Key"), "{refused}");
    }

    #[test]
    fn a_beacon_key_gives_its_secret_and_signs_nothing() {
        let bench = bench();
        bench.keep("beacon", 1, true);
        let refused = format!("{:?}", bench.open("beacon").unwrap_err());
        assert!(refused.contains("holds a beacon key"), "{refused}");
        let source = KeySource { key: "beacon", passphrase: &bench.flags };
        assert_eq!(open_secret(&bench.global, &source).unwrap().as_bytes(), &[1; 32]);
    }

    #[test]
    fn without_a_passphrase_and_a_person_the_failure_names_the_flag() {
        let bench = bench();
        bench.keep("alice", 1, false);
        let none = PassphraseFlags::default();
        let refused = open(&bench.global, &KeySource { key: "alice", passphrase: &none });
        let refused = format!("{:?}", refused.unwrap_err());
        assert!(refused.contains("NeedsInput") && refused.contains(passphrase::FLAG), "{refused}");
    }

    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        let bench = bench();
        let raw = bench.folder.path().join("raw.key");
        write(&raw, &[7; 32]).unwrap();
        for path in [raw, bench.keep("alice", 1, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
            let refused = format!("{:?}", bench.open(path.to_str().unwrap()).unwrap_err());
            assert!(refused.contains("640") && refused.contains("chmod 600"), "{refused}");
        }
    }

    #[test]
    fn what_is_no_seed_is_refused_without_being_shown() {
        let path = Path::new("raw.key");
        for text in ["", "00", &"0".repeat(65), &"g".repeat(64)] {
            let refused = format!("{:?}", parse_seed(text, path).unwrap_err());
            assert!(refused.contains("64 hexadecimal digits"), "{refused}");
            assert!(text.is_empty() || !refused.contains(&format!(" {text} ")), "{refused}");
        }
    }
}
