//! `probity key`, and the flags with which a passphrase is given.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use probity_keys::derive::Role;
use probity_keys::folder::Name;
use probity_primitives::{PublicKey, Signature};

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

#[derive(Debug, Subcommand)]
pub(crate) enum KeyVerb {
    /// Make a key from a new phrase, which is shown once.
    New(KeyNew),
    /// Keep a key that exists: from a phrase, a seed or a keystore.
    Import(KeyImport),
    /// The keys of the folder.
    List,
    /// One key: what everyone may know of it.
    Show {
        /// Its name, or the file of a keystore.
        #[arg(value_name = "NAME|FILE")]
        key: String,
    },
    /// Write a key to another file: its secret, or the keystore as it is.
    Export(KeyExport),
    /// Give a key another name.
    Rename {
        /// Its name.
        from: Name,
        /// Its new name, which must be free.
        to: Name,
    },
    /// Remove a key for good.
    Delete {
        /// Its name.
        name: Name,
    },
    /// Seal a key under another passphrase.
    ChangePassphrase {
        /// Its name.
        name: Name,
        #[command(flatten)]
        passphrase: PassphraseFlags,
        /// A file that holds the new passphrase, mode 600; `-` reads standard input.
        #[arg(long, value_name = "FILE|-")]
        new_passphrase_file: Option<PathBuf>,
    },
    /// Sign a text that is no transaction, to show who one is.
    Sign {
        /// Its name, or the file of a key.
        #[arg(value_name = "NAME|FILE")]
        key: String,
        #[command(flatten)]
        text: SignedText,
        #[command(flatten)]
        passphrase: PassphraseFlags,
    },
    /// Check a signature of such a text.
    Verify {
        /// The public key that signed.
        #[arg(long, value_name = "HEX")]
        key: PublicKey,
        /// The signature.
        #[arg(long, value_name = "HEX")]
        signature: Signature,
        #[command(flatten)]
        text: SignedText,
    },
}

/// What a key is for, as a flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleFlag {
    /// Holds money and stake; kept cold.
    Owner,
    /// Signs votes, commitments and reveals; on the node.
    Operator,
    /// Contributes to the beacon; on the node.
    Beacon,
    /// The node's identity among its peers.
    Node,
}

impl From<RoleFlag> for Role {
    fn from(flag: RoleFlag) -> Self {
        match flag {
            RoleFlag::Owner => Self::Owner,
            RoleFlag::Operator => Self::Operator,
            RoleFlag::Beacon => Self::Beacon,
            RoleFlag::Node => Self::Node,
        }
    }
}

/// Which key of a phrase.
#[derive(Debug, Clone, Args)]
pub(crate) struct KeyPlace {
    /// What the key is for.
    #[arg(long, value_enum, default_value = "owner")]
    pub(crate) role: RoleFlag,
    /// The account of its path.
    #[arg(long, default_value_t = 0)]
    pub(crate) account: u32,
    /// The index of its path.
    #[arg(long, default_value_t = 0)]
    pub(crate) index: u32,
    /// A note, which everyone with the file can read.
    #[arg(long, default_value = "")]
    pub(crate) description: String,
}

#[derive(Debug, Args)]
pub(crate) struct KeyNew {
    /// Its name: a-z, 0-9, - and _.
    pub(crate) name: Name,
    #[command(flatten)]
    pub(crate) place: KeyPlace,
    /// How many words the phrase has: 24 or 12.
    #[arg(long, default_value = "24", value_parser = ["24", "12"])]
    pub(crate) words: String,
    /// Write the phrase to a new file, mode 600, and do not show it.
    #[arg(long, value_name = "FILE")]
    pub(crate) mnemonic_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
}

#[derive(Debug, Args)]
pub(crate) struct KeyImport {
    /// Its name: a-z, 0-9, - and _.
    pub(crate) name: Name,
    #[command(flatten)]
    pub(crate) place: KeyPlace,
    #[command(flatten)]
    pub(crate) source: ImportSource,
    /// A file that holds the extra word of the phrase, if it has one, mode 600.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed_file", "keystore"])]
    pub(crate) extra_word_file: Option<PathBuf>,
    /// A file that holds the passphrase of the keystore, mode 600; `-` reads standard input.
    #[arg(long, value_name = "FILE|-", requires = "keystore")]
    pub(crate) keystore_passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
}

/// Where a key is imported from; asked for as a phrase if nothing is named.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct ImportSource {
    /// A file that holds a phrase, mode 600; `-` reads standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) mnemonic_file: Option<PathBuf>,
    /// A file that holds a secret seed, 64 hexadecimal digits, mode 600; `-` reads standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) seed_file: Option<PathBuf>,
    /// A keystore (EIP-2335, PBKDF2 or scrypt), mode 600.
    #[arg(long, value_name = "FILE")]
    pub(crate) keystore: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct KeyExport {
    /// Its name.
    pub(crate) name: Name,
    /// The new file, mode 600.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Copy the keystore as it is, under its passphrase, and not the secret.
    #[arg(long)]
    pub(crate) encrypted: bool,
    #[command(flatten)]
    pub(crate) passphrase: PassphraseFlags,
}

/// A text to sign or to check.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct SignedText {
    /// The text.
    #[arg(long, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// A file with the text, byte for byte; `-` reads standard input.
    #[arg(long, value_name = "FILE|-")]
    pub(crate) message_file: Option<PathBuf>,
}
