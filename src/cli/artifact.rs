//! `probity model`, `probity dataset`, `probity benchmark`.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use probity_primitives::ArtifactId;

use super::TxFlags;

#[derive(Debug, Subcommand)]
pub(crate) enum Artifact {
    /// Register a file under a name, and give it to the node to share.
    Register(Box<Register>),
    /// List what is registered.
    List,
    /// Show one.
    Show {
        /// Which.
        id: ArtifactId,
    },
    /// Fetch its files by hash.
    Fetch {
        /// Which.
        id: ArtifactId,
        /// Into this folder.
        #[arg(long, value_name = "DIR", default_value = ".")]
        out: PathBuf,
    },
    /// Check local files against what is registered.
    Verify {
        /// Which.
        id: ArtifactId,
        /// The folder that holds its files.
        #[arg(value_name = "DIR", default_value = ".")]
        folder: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Register {
    /// The file.
    pub(crate) file: PathBuf,
    /// Its name.
    #[arg(long)]
    pub(crate) name: String,
    /// Its version.
    #[arg(long, default_value = "1")]
    pub(crate) version_name: String,
    /// Its licence, an SPDX expression.
    #[arg(long, default_value = "NOASSERTION")]
    pub(crate) licence: String,
    /// A parent and its share in basis points: `ID:BPS`.
    #[arg(long, value_name = "ID:BPS")]
    pub(crate) parent: Vec<String>,
    /// The dataset that a benchmark measures on.
    #[arg(long, value_name = "ID")]
    pub(crate) dataset: Option<ArtifactId>,
    /// The number of core items of a benchmark.
    #[arg(long, value_name = "N")]
    pub(crate) items: Option<NonZeroU32>,
    /// The declared noise of a benchmark in millionths.
    #[arg(long, value_name = "MICROS", default_value_t = 1)]
    pub(crate) sigma: u64,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}
