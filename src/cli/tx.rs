//! `probity tx`, and the flags of everything that sends a transaction.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use probity_primitives::TxHash;

#[derive(Debug, Subcommand)]
pub(crate) enum Tx {
    /// Sign a message and send it.
    Send(Box<TxSend>),
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
        #[arg(long, default_value_t = 30)]
        timeout: u64,
    },
}

/// Flags of everything that sends a transaction.
#[derive(Debug, Clone, Args)]
pub(crate) struct TxFlags {
    /// The file with the sender's key.
    #[arg(long, value_name = "FILE")]
    pub(crate) from: PathBuf,
    /// The nonce; the account's next if none.
    #[arg(long)]
    pub(crate) nonce: Option<u64>,
    /// A note of at most 256 bytes.
    #[arg(long, default_value = "")]
    pub(crate) memo: String,
    /// How many blocks the transaction stays valid.
    #[arg(long, default_value_t = 600)]
    pub(crate) expiry: u64,
    /// Show what would happen, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Do not wait until it stands in a block.
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// How long to wait, in seconds.
    #[arg(long, default_value_t = 30)]
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
