//! A node's home: the configuration, the genesis document, the keys and what the node writes.
//!
//! ```text
//! config/node.toml      every setting; each has a default
//! config/genesis.json   the chain
//! keys/                 the keys of a node that votes
//! data/                 everything that the node writes
//! cache/                models and datasets, which can be fetched again
//! ```
//!
//! # Reading order
//! [`place`] says where a home is, [`known`] which settings there are, [`settings`] what they mean,
//! and [`layers`] who may set them.
//!
//! # Invariants
//! - An existing configuration, document or key is never overwritten.
//! - A setting that nobody knows is refused with its place and the nearest one that is known: a
//!   setting that is silently ignored is worse than a node that does not start.
//!
//! Spec: `docs/spec/26-keys.md`.

pub(crate) mod cluster;
pub(crate) mod known;
pub(crate) mod layers;
pub(crate) mod place;
pub(crate) mod sealed;
pub(crate) mod settings;

use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use probity_node::OperatorKeys;
use probity_primitives::{Keypair, OperatorId};
use probity_runtime::Genesis;

pub(crate) use self::layers::Layers;
pub(crate) use self::place::Place;
pub(crate) use self::settings::{KeysSection, Settings};
use crate::cli::{Global, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::keyfile::{self, KeySource};

/// The longest genesis document that is read, in bytes.
const MAX_GENESIS: u64 = 16 << 20;

/// A home that was read.
pub(crate) struct Home {
    /// Where it is.
    pub(crate) place: Place,
    /// What was set.
    pub(crate) settings: Settings,
    /// The chain.
    pub(crate) genesis: Genesis,
}

impl Home {
    /// Reads the home that the flags name, with the settings that they change.
    pub(crate) fn open(global: &Global, changes: &[String]) -> Result<Self, Failure> {
        Self::at(Place::of(global)?, changes)
    }

    /// Reads the home at a place.
    pub(crate) fn at(place: Place, changes: &[String]) -> Result<Self, Failure> {
        let settings = Layers::read(&place, changes)?.settings()?;
        let genesis = genesis(&place.genesis())?;
        Ok(Self { place, settings, genesis })
    }

    /// The keys that the node votes with, if it votes.
    pub(crate) fn keys(&self, global: &Global) -> Result<Option<OperatorKeys>, Failure> {
        let Some(operator) = self.settings.node.operator else { return Ok(None) };
        let keys = &self.settings.keys;
        let keypair = operator_key(global, &self.place, keys)?;
        let beacon = open_with(global, &self.place, keys, &keys.beacon, keyfile::open_secret)?;
        let unusable = || Failure::new(Code::Key, "the beacon key's secret is no key");
        let vrf = beacon.beacon().ok_or_else(unusable)?;
        Ok(Some(OperatorKeys { operator, keypair, vrf }))
    }
}

/// Opens the hot key of a home.
pub(crate) fn operator_key(
    global: &Global,
    place: &Place,
    keys: &KeysSection,
) -> Result<Keypair, Failure> {
    open_with(global, place, keys, &keys.operator, keyfile::open)
}

/// Opens a key of a home with the passphrase that the settings name.
fn open_with<T>(
    global: &Global,
    place: &Place,
    keys: &KeysSection,
    file: &Path,
    open: fn(&Global, &KeySource<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let passphrase_file = keys.passphrase_file.as_ref().map(|file| place.key(file));
    let passphrase = PassphraseFlags { passphrase_file, passphrase_fd: None };
    let key = place.key(file).display().to_string();
    open(global, &KeySource { key: &key, passphrase: &passphrase })
}

/// The node to ask: `--node`, or `setting`, or the one whose home is named, or the usual one.
pub(crate) fn node_url(global: &Global, setting: Option<&str>) -> Result<String, Failure> {
    if let Some(url) = global.node.as_deref().or(setting) {
        return Ok(url.to_owned());
    }
    if global.home.is_some() {
        return Ok(Layers::read_if_there(&Place::of(global)?, &[])?.settings()?.api.url());
    }
    Ok("http://127.0.0.1:27657".to_owned())
}

/// The operator to act for or to show: the one that a flag names, or the home's own.
pub(crate) fn operator(
    named: Option<OperatorId>,
    settings: &Settings,
) -> Result<OperatorId, Failure> {
    named.or(settings.node.operator).ok_or_else(|| {
        Failure::new(Code::Usage, "no operator is named")
            .hint("--operator ID, or node.operator in the configuration")
    })
}

/// Makes the folders of a home and writes its configuration and its document.
pub(crate) fn create(
    place: &Place,
    chosen: &[cluster::Chosen],
    genesis: &Genesis,
) -> Result<(), Failure> {
    place.make()?;
    write_new(&place.file(), known::file(chosen).as_bytes())?;
    write_new(&place.genesis(), genesis.to_json().as_bytes())
}

/// Reads a genesis document from its file and checks it.
pub(crate) fn genesis(path: &Path) -> Result<Genesis, Failure> {
    let what = format!("cannot use {}", path.display());
    Genesis::from_json(&read(path, MAX_GENESIS)?).or_fail(Code::Config, &what)
}

/// Writes a file that must not be there yet, durably.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let what = format!("cannot write {}", path.display());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o644);
    let mut file = options.open(path).or_fail(Code::Other, &what)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).or_fail(Code::Other, &what)
}

/// Replaces a file as a whole: after a crash it holds the old bytes or the new ones.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let what = format!("cannot write {}", path.display());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder).or_fail(Code::Other, &what)?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).or_fail(Code::Other, &what)?;
    let mode = std::fs::Permissions::from_mode(0o644);
    file.as_file().set_permissions(mode).or_fail(Code::Other, &what)?;
    file.persist(path).or_fail(Code::Other, &what)?;
    std::fs::File::open(folder).and_then(|folder| folder.sync_all()).or_fail(Code::Other, &what)
}

/// Reads a text file of at most so many bytes.
pub(crate) fn read(path: &Path, limit: u64) -> Result<String, Failure> {
    let what = format!("cannot read {}", path.display());
    let len = std::fs::metadata(path).map_err(|error| missing(&what, &error))?.len();
    if len > limit {
        let message = format!("{what}: {len} bytes are more than the {limit} allowed");
        return Err(Failure::new(Code::Config, message));
    }
    std::fs::read_to_string(path).or_fail(Code::Config, &what)
}

fn missing(what: &str, error: &std::io::Error) -> Failure {
    let failure = Failure::new(Code::Config, format_args!("{what}: {error}"));
    if error.kind() == std::io::ErrorKind::NotFound {
        return failure.hint("name the home with --home, or make one with `probity init`");
    }
    failure
}
