//! `probity protection`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum ProtectionVerb {
    /// Show what the keys of the home have signed last.
    Show(ProtectionFolders),
    /// Print what the keys of the home have signed, as a document for another machine.
    Export(ProtectionFolders),
    /// Raise the marks of the home to those of a document; none is ever lowered.
    Import {
        /// The document.
        file: PathBuf,
        #[command(flatten)]
        folders: ProtectionFolders,
    },
    /// Let the node sign although its operator was punished for signing twice.
    Resume,
}

/// Where marks are kept.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ProtectionFolders {
    /// The evaluator's folder, if it is not that of the home.
    #[arg(long, value_name = "DIR")]
    pub(crate) work: Option<PathBuf>,
}
