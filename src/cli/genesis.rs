//! `probity genesis`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{Address, Amount, Network, PublicKey};

use crate::wallet::amount;

#[derive(Debug, Subcommand)]
pub(crate) enum GenesisVerb {
    /// Write a new document with parameters and nobody in it.
    New {
        /// The chain's name: 1 to 32 letters, digits or hyphens.
        #[arg(long, value_name = "NAME")]
        chain_id: String,
        #[command(flatten)]
        shape: Shape,
        #[command(flatten)]
        file: GenesisFile,
    },
    /// Give an account its first balance.
    AddAccount {
        /// The account.
        address: Address,
        /// What it may spend, as in 1000PBY.
        #[arg(value_parser = amount, value_name = "AMOUNT")]
        balance: Amount,
        #[command(flatten)]
        file: GenesisFile,
    },
    /// Put an operator in that decides blocks from the beginning, as far as its bond is enough.
    AddValidator {
        #[command(flatten)]
        validator: Box<NewValidator>,
        #[command(flatten)]
        file: GenesisFile,
    },
    /// Check a document as a node does at its start.
    Validate {
        /// The document; that of the home if none.
        file: Option<PathBuf>,
    },
    /// Print a document's hash, which is the chain's identity.
    Hash {
        /// The document; that of the home if none.
        file: Option<PathBuf>,
    },
}

/// What kind of chain it is.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Shape {
    /// Which addresses the chain has.
    #[arg(long, value_enum, default_value_t = NetworkKind::Test)]
    pub(crate) network: NetworkKind,
    /// The first parameters.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) params: ParamsKind,
    /// The time of height 0 in milliseconds since 1970; now if none.
    #[arg(long, value_name = "MILLISECONDS")]
    pub(crate) time: Option<u64>,
}

/// Which document is changed.
#[derive(Debug, Clone, Args)]
pub(crate) struct GenesisFile {
    /// The document; that of the home if none.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// The public side of an operator.
#[derive(Debug, Clone, Args)]
pub(crate) struct NewValidator {
    /// The cold key's account.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) owner: Address,
    /// The hot key.
    #[arg(long, value_name = "PUBLIC KEY")]
    pub(crate) key: PublicKey,
    /// The key of its contributions to the beacon.
    #[arg(long, value_name = "PUBLIC KEY")]
    pub(crate) beacon: VrfPublicKey,
    /// How it calls itself.
    #[arg(long)]
    pub(crate) name: String,
    /// What its owner bonds, as in 200000PBY.
    #[arg(long, value_parser = amount, value_name = "AMOUNT")]
    pub(crate) bond: Amount,
    /// The owner's share of rewards before delegators, in basis points.
    #[arg(long, value_name = "BPS", default_value_t = 500)]
    pub(crate) commission: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum NetworkKind {
    /// Money that is worth something.
    Main,
    /// Money that is worth nothing.
    Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ParamsKind {
    /// Windows of hours and days, large committees.
    #[default]
    Main,
    /// Windows of seconds and small committees, for a few nodes on one machine.
    Development,
}

impl From<NetworkKind> for Network {
    fn from(kind: NetworkKind) -> Self {
        match kind {
            NetworkKind::Main => Self::Main,
            NetworkKind::Test => Self::Test,
        }
    }
}
