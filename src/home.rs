//! A node's home: one configuration file, the genesis document and the keys.
//!
//! ```text
//! node.toml      what this module reads
//! genesis.json   the chain
//! operator.key   the hot key, for a node that votes
//! beacon.key     the key of its contributions to the beacon
//! data/          everything that the node writes
//! ```
//!
//! An unknown key in the file is refused with its line and the nearest valid one: a setting that
//! is silently ignored is worse than a node that does not start.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use probity_node::store::StoreKind;
use probity_primitives::OperatorId;
use probity_primitives::vrf::VrfSecret;
use probity_runtime::Genesis;
use serde::{Deserialize, Serialize};

use crate::exit::{Code, Failure, OrFail};
use crate::keyfile;

const FILE: &str = "node.toml";
const GENESIS: &str = "genesis.json";
const OPERATOR_KEY: &str = "operator.key";
const BEACON_KEY: &str = "beacon.key";
/// The longest configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The configuration file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NodeFile {
    /// What the node calls itself.
    pub(crate) moniker: String,
    /// The operator that the node votes for; none for one that only follows.
    pub(crate) operator: Option<OperatorId>,
    /// The store: `sled` or `redb`.
    #[serde(default = "sled")]
    pub(crate) store: String,
    /// How long a block should take, in milliseconds.
    pub(crate) block_time_ms: u64,
    /// Where people and agents ask.
    pub(crate) api: SocketAddr,
    /// Where other engines reach this one.
    pub(crate) consensus: SocketAddr,
    /// Where other nodes reach this one for transactions and artifacts.
    pub(crate) gossip: SocketAddr,
    /// The other nodes.
    #[serde(default)]
    pub(crate) peers: Vec<Peer>,
}

/// Another node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    /// Where its engine listens.
    pub(crate) consensus: SocketAddr,
    /// Where it listens for transactions and artifacts.
    pub(crate) gossip: SocketAddr,
}

/// A home that was read.
pub(crate) struct Home {
    /// The folder.
    pub(crate) folder: PathBuf,
    /// The configuration.
    pub(crate) file: NodeFile,
    /// The chain.
    pub(crate) genesis: Genesis,
}

/// The secret seeds of a node that votes.
pub(crate) struct Seeds {
    /// The hot key's.
    pub(crate) operator: [u8; 32],
    /// The beacon key's.
    pub(crate) beacon: [u8; 32],
}

impl Home {
    /// Makes a home in a new or empty folder.
    pub(crate) fn create(
        folder: &Path,
        file: &NodeFile,
        genesis: &Genesis,
        seeds: &Seeds,
    ) -> Result<(), Failure> {
        let what = format!("cannot make the home {}", folder.display());
        std::fs::create_dir_all(folder).or_fail(Code::Other, &what)?;
        let text = toml::to_string_pretty(file).or_fail(Code::Other, &what)?;
        std::fs::write(folder.join(FILE), text).or_fail(Code::Other, &what)?;
        std::fs::write(folder.join(GENESIS), genesis.to_json()).or_fail(Code::Other, &what)?;
        keyfile::write(&folder.join(OPERATOR_KEY), &seeds.operator)?;
        keyfile::write(&folder.join(BEACON_KEY), &seeds.beacon)
    }

    /// Reads a home.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failure> {
        let file = parse(&folder.join(FILE))?;
        let path = folder.join(GENESIS);
        let what = format!("cannot use {}", path.display());
        let genesis = Genesis::from_json(&read(&path)?).or_fail(Code::Config, &what)?;
        Ok(Self { folder: folder.to_owned(), file, genesis })
    }

    /// The store that the file names.
    pub(crate) fn store(&self) -> Result<StoreKind, Failure> {
        match self.file.store.as_str() {
            "sled" => Ok(StoreKind::Sled),
            "redb" => Ok(StoreKind::Redb),
            other => Err(Failure::new(
                Code::Config,
                format_args!("{FILE}: store is {other:?}, which is neither sled nor redb"),
            )),
        }
    }

    /// The keys that the node votes with, if it votes.
    pub(crate) fn keys(&self) -> Result<Option<probity_node::replica::OperatorKeys>, Failure> {
        let Some(operator) = self.file.operator else { return Ok(None) };
        let keypair = keyfile::read(&self.folder.join(OPERATOR_KEY))?;
        let seed = keyfile::seed(&self.folder.join(BEACON_KEY))?;
        let vrf = VrfSecret::from_seed(seed).or_fail(Code::Key, "cannot use the beacon key")?;
        Ok(Some(probity_node::replica::OperatorKeys { operator, keypair, vrf }))
    }
}

fn sled() -> String {
    "sled".to_owned()
}

fn parse(path: &Path) -> Result<NodeFile, Failure> {
    let text = read(path)?;
    toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let message = error.message();
        let nearest = probity_harness::suggest::nearest_key(message);
        let file = path.display();
        Failure::new(Code::Config, format_args!("{file}:{line}: {message}{nearest}"))
    })
}

fn read(path: &Path) -> Result<String, Failure> {
    let what = format!("cannot read {}", path.display());
    let len = std::fs::metadata(path).or_fail(Code::Config, &what)?.len();
    if len > MAX_BYTES && path.extension().is_some_and(|extension| extension == "toml") {
        let message = format!("{what}: {len} bytes are more than the {MAX_BYTES} allowed");
        return Err(Failure::new(Code::Config, message));
    }
    std::fs::read_to_string(path).or_fail(Code::Config, &what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
moniker = "a"
block_time_ms = 250
api = "127.0.0.1:1"
consensus = "127.0.0.1:2"
gossip = "127.0.0.1:3"
"#;

    fn parsed(text: &str) -> Result<NodeFile, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        std::fs::write(&path, text).unwrap();
        parse(&path)
    }

    #[test]
    fn a_file_of_known_keys_is_read() {
        let file = parsed(GOOD).unwrap();
        assert_eq!((file.store.as_str(), file.peers.len()), ("sled", 0));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_the_nearest_key() {
        let text = format!("{GOOD}goship = \"127.0.0.1:4\"\n");
        let refused = format!("{:?}", parsed(&text).unwrap_err());
        assert!(refused.contains("node.toml:7: unknown field `goship`"), "{refused}");
        assert!(refused.contains("did you mean `gossip`?"), "{refused}");
    }
}
