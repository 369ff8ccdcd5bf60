//! `probity init`.

use std::path::PathBuf;

use clap::Args;
use probity_primitives::{Address, Hash};

use super::{Changes, PassphraseFlags};

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// What the node calls itself.
    #[arg(default_value = "node")]
    pub(crate) moniker: String,
    /// The chain's document: a file, or the URL of a node that follows the chain.
    #[arg(long, value_name = "FILE|URL")]
    pub(crate) genesis: Option<String>,
    /// The document's hash, from a source that you trust; needed with a URL.
    #[arg(long, value_name = "HASH")]
    pub(crate) genesis_hash: Option<Hash>,
    /// The chain's name: checked against the document, or that of a new one if none is given.
    #[arg(long, value_name = "NAME")]
    pub(crate) chain_id: Option<String>,
    /// Also make the keys of a node that votes.
    #[arg(long)]
    pub(crate) validator: bool,
    /// The account of the validator's cold key, which is made and kept elsewhere.
    #[arg(long, value_name = "ADDRESS", requires = "validator")]
    pub(crate) owner: Option<Address>,
    /// The file of the passphrase that the keys are sealed under; the node reads it at its start.
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

impl Init {
    /// The file of the passphrase, if one is named that the node can read again.
    pub(crate) fn passphrase_file(&self) -> Option<&PathBuf> {
        self.passphrase.passphrase_file.as_ref().filter(|file| file.as_os_str() != "-")
    }
}
