//! Reads: `probity result`, `probity board`, `probity query`.

use std::path::PathBuf;

use clap::Subcommand;
use probity_primitives::{ArtifactId, Hash, TaskId};

#[derive(Debug, Subcommand)]
pub(crate) enum ResultVerb {
    /// List published scores.
    List {
        /// Only of this benchmark.
        #[arg(long)]
        benchmark: Option<ArtifactId>,
        /// Only of this model.
        #[arg(long)]
        artifact: Option<ArtifactId>,
    },
    /// Show one score and who stands behind it.
    Show {
        /// The task.
        task: TaskId,
    },
    /// Check a certificate without any network.
    Verify {
        /// The certificate.
        file: PathBuf,
        /// The genesis hash of the network that is trusted.
        #[arg(long, value_name = "HASH")]
        genesis_hash: Hash,
    },
    /// Write a result's certificate to a file.
    Export {
        /// The task.
        task: TaskId,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Board {
    /// Show the models of a benchmark, best first.
    Show {
        /// The benchmark; every one if none is named.
        benchmark: Option<ArtifactId>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Query {
    /// Fetch a state entry with its proof, and check it.
    Proof {
        /// The state key in hexadecimal digits.
        key: String,
        /// At this height; the newest if none.
        #[arg(long)]
        height: Option<u64>,
    },
}
