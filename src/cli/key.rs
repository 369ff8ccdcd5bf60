//! `probity key`, and the flags with which a passphrase is given.

use std::path::PathBuf;

use clap::Args;

/// How a passphrase is given. Never as a flag's value or in the environment, where other processes
/// of the machine and the shell's history would have it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PassphraseFlags {
    /// A file that holds the passphrase of the key, mode 600; `-` reads standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read the passphrase from.
    #[arg(long, value_name = "N", conflicts_with = "passphrase_file")]
    pub(crate) passphrase_fd: Option<i32>,
}
