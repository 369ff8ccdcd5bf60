//! `probity validator`, `probity account`: operators, their stake, and accounts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{Address, Amount, Epoch, OperatorId, PublicKey};

use super::{PassphraseFlags, TxFlags};
use crate::wallet::amount;

#[derive(Debug, Subcommand)]
pub(crate) enum ValidatorVerb {
    /// Register an operator that the sender owns.
    Register(Box<RegisterOperator>),
    /// Change an operator's name, commission or classes.
    Edit(Box<EditOperator>),
    /// Replace an operator's hot key.
    RotateKey(Box<RotateKey>),
    /// Put money behind an operator: the sender's own, or as a delegator.
    Stake {
        /// The operator.
        operator: OperatorId,
        /// How much, as in 1.5PBY or in base units.
        #[arg(value_parser = amount)]
        amount: Amount,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Begin to take money from behind an operator.
    Unstake {
        /// The operator.
        operator: OperatorId,
        /// How much, as in 1.5PBY or in base units.
        #[arg(value_parser = amount, required_unless_present = "all", conflicts_with = "all")]
        amount: Option<Amount>,
        /// All that the sender has there.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Take out what has waited long enough.
    Withdraw {
        /// The operator.
        operator: OperatorId,
        /// What began to leave in this epoch; the oldest that can be taken out if none.
        #[arg(long, value_parser = epoch)]
        epoch: Option<Epoch>,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// End a jail term that was served.
    Unjail {
        /// The operator.
        operator: OperatorId,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// List operators, those with the most behind them first.
    List,
    /// Show an operator.
    Show {
        /// The operator.
        operator: OperatorId,
    },
    /// Show what an operator's seats were paid, task by task.
    Rewards {
        /// The operator.
        operator: OperatorId,
    },
    /// Show the slashes that wait, of one operator or of all.
    Slashes {
        /// The operator.
        operator: Option<OperatorId>,
    },
}

/// The hot key of an operator, which must agree to its use.
#[derive(Debug, Clone, Args)]
pub(crate) struct HotKey {
    /// The hot key: a name in the keys folder, or a file.
    #[arg(long, value_name = "KEY")]
    pub(crate) operator_key: String,
    /// A file with its passphrase; that of `--passphrase-file` if none.
    #[arg(long, value_name = "FILE")]
    pub(crate) operator_passphrase_file: Option<PathBuf>,
}

impl HotKey {
    /// How the hot key's passphrase is given, if the sender's is given like this.
    pub(crate) fn passphrase(&self, sender: &PassphraseFlags) -> PassphraseFlags {
        match &self.operator_passphrase_file {
            Some(file) => PassphraseFlags {
                passphrase_file: Some(file.clone()),
                ..PassphraseFlags::default()
            },
            None => sender.clone(),
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct RegisterOperator {
    #[command(flatten)]
    pub(crate) key: HotKey,
    /// The public key of its contributions to the beacon.
    #[arg(long, value_name = "PUBLIC KEY")]
    pub(crate) beacon: VrfPublicKey,
    /// How it calls itself.
    #[arg(long)]
    pub(crate) name: String,
    /// The owner's share of rewards before delegators, in basis points.
    #[arg(long, value_name = "BPS", default_value_t = 500)]
    pub(crate) commission: u16,
    /// A class of work that it takes; none for one that only validates. May be repeated.
    #[arg(long = "class", value_name = "N")]
    pub(crate) classes: Vec<u16>,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Args)]
pub(crate) struct EditOperator {
    /// The operator.
    pub(crate) operator: OperatorId,
    /// Its new name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Its new commission in basis points.
    #[arg(long, value_name = "BPS")]
    pub(crate) commission: Option<u16>,
    /// A class of work that it takes from the next epoch on. May be repeated.
    #[arg(long = "class", value_name = "N", conflicts_with = "no_classes")]
    pub(crate) classes: Vec<u16>,
    /// It takes no work from the next epoch on.
    #[arg(long)]
    pub(crate) no_classes: bool,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Args)]
pub(crate) struct RotateKey {
    /// The operator.
    pub(crate) operator: OperatorId,
    #[command(flatten)]
    pub(crate) key: HotKey,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountVerb {
    /// Show an account: what it may spend, what it has bonded, and what is on its way out.
    Show {
        /// The account, or the public key whose account it is.
        #[arg(value_name = "ADDRESS|PUBLIC KEY")]
        account: String,
    },
}

/// Reads an account, or a public key, whose account depends on the chain.
pub(crate) enum Account {
    /// An account.
    Address(Address),
    /// A key.
    Key(PublicKey),
}

impl Account {
    /// Reads either.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        text.parse()
            .map(Self::Key)
            .map_err(|_| format!("{text:?} is neither an address nor a public key"))
    }
}

fn epoch(text: &str) -> Result<Epoch, String> {
    text.parse().map(Epoch).map_err(|_| format!("{text:?} is not the number of an epoch"))
}
