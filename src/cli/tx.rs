//! `probity tx`, and the flags of everything that sends a transaction.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use probity_primitives::{Address, Amount, Hash, TxHash};

use super::PassphraseFlags;
use crate::wallet::{EXPIRY, amount};

/// How many seconds a transaction is waited for unless something else is said.
const WAIT: u64 = 30;

#[derive(Debug, Subcommand)]
pub(crate) enum Tx {
    /// Sign a message and send it.
    Send(Box<TxSend>),
    /// Sign a file that `--generate-only` wrote.
    Sign(TxSign),
    /// Send a signed file.
    Broadcast(TxBroadcast),
    /// Show what a file or the digits of a transaction say.
    Decode {
        /// A signed or unsigned file, `-` for standard input, or hexadecimal digits.
        #[arg(value_name = "FILE|HEX|-")]
        given: String,
        /// Check the signature for the chain with this genesis hash, if the file names none.
        #[arg(long, value_name = "HASH")]
        genesis_hash: Option<Hash>,
    },
    /// Replace a transaction that waits by one that does nothing.
    Cancel {
        /// The nonce of the transaction.
        #[arg(value_name = "NONCE")]
        target: u64,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Show what an account has waiting at the node.
    Pending {
        /// The account.
        address: Address,
    },
    /// Show what became of a transaction.
    Show {
        /// The transaction.
        hash: TxHash,
    },
    /// Wait until a transaction stands in a block.
    Wait {
        /// The transaction.
        hash: TxHash,
        /// How long, in seconds.
        #[arg(long, default_value_t = WAIT)]
        timeout: u64,
        /// The last height at which it may stand, if that is known.
        #[arg(long, value_name = "HEIGHT")]
        until: Option<u64>,
    },
}

/// Flags of everything that sends a transaction.
#[derive(Debug, Clone, Args)]
pub(crate) struct TxFlags {
    /// The sender's key: a name in the keys folder, or a file. With --generate-only an address is
    /// enough.
    #[arg(long, value_name = "KEY")]
    pub(crate) from: String,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
    /// The nonce; the first that is neither used nor waiting if none.
    #[arg(long)]
    pub(crate) nonce: Option<u64>,
    /// The fee that is offered at most, as in 0.01PBY or in base units; the fixed fee if none.
    /// Charged is the fixed fee; a higher offer replaces a transaction that waits.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) fee: Option<Amount>,
    /// A note of at most 256 bytes.
    #[arg(long, default_value = "")]
    pub(crate) memo: String,
    /// How many blocks the transaction stays valid.
    #[arg(long, value_name = "BLOCKS", default_value_t = EXPIRY)]
    pub(crate) expiry: u64,
    /// Sign, show what would happen, and send nothing.
    #[arg(long, conflicts_with = "generate_only")]
    pub(crate) dry_run: bool,
    /// Write the unsigned transaction to standard output, and sign and send nothing.
    #[arg(long)]
    pub(crate) generate_only: bool,
    #[command(flatten)]
    pub(crate) delivery: DeliveryFlags,
}

/// Flags of everything that hands a signed transaction to a node.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DeliveryFlags {
    /// Send without trying it on the node's state before.
    #[arg(long)]
    pub(crate) no_simulate: bool,
    /// Do not wait until it stands in a block.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = WAIT)]
    pub(crate) wait: u64,
}

#[derive(Debug, Args)]
pub(crate) struct TxSend {
    /// The message as JSON; `-` reads it from standard input.
    #[arg(value_name = "MESSAGE|-")]
    pub(crate) message: String,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[derive(Debug, Args)]
pub(crate) struct TxSign {
    /// The unsigned file; `-` reads standard input.
    #[arg(value_name = "FILE|-")]
    pub(crate) file: String,
    /// The sender's key: a name in the keys folder, or a file.
    #[arg(long, value_name = "KEY")]
    pub(crate) from: String,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
    /// Do not ask the node whether it follows the chain that the file is for.
    #[arg(long)]
    pub(crate) offline: bool,
    /// The file to write; standard output if none.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct TxBroadcast {
    /// The signed file, `-` for standard input, or hexadecimal digits.
    #[arg(value_name = "FILE|HEX|-")]
    pub(crate) given: String,
    #[command(flatten)]
    pub(crate) delivery: DeliveryFlags,
}

#[derive(Debug, Args)]
pub(crate) struct Transfer {
    /// Who receives it.
    pub(crate) to: Address,
    /// How much, as in 1.5PBY or in base units.
    #[arg(value_parser = amount)]
    pub(crate) amount: Amount,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn no_command_names_two_arguments_alike() {
        crate::cli::Cli::command().debug_assert();
    }
}
