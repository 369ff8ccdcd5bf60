//! Reads: `probity result`, `probity board`, `probity query`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
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
    /// Write a result to a file: its certificate, or the form of another ecosystem.
    Export {
        /// The task.
        task: TaskId,
        /// Which form. Only the certificate is proof.
        #[arg(long, value_enum, default_value_t = ExportFormat::Certificate)]
        format: ExportFormat,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

/// The forms of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// What `result verify` checks.
    Certificate,
    /// Every Eval Ever.
    EveryEvalEver,
    /// An entry of `.eval_results/` on Hugging Face.
    EvalResults,
    /// The `model-index` of a model card.
    ModelIndex,
    /// An in-toto statement, unsigned.
    InToto,
    /// A bill of materials in the form of `CycloneDX`.
    Cyclonedx,
    /// Metadata of a token that stands for the model.
    Ainft,
    /// A row for each evaluator.
    Csv,
    /// A picture.
    Badge,
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
