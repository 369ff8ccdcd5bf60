//! `probity node snapshot` and `probity node sync`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand};
use probity_node::snapshot::Trust;
use probity_primitives::{BlockHash, Height};

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotVerb {
    /// Make a snapshot of the home's state at its newest height; the node must not run.
    ///
    /// A node that runs makes them by itself: `--set snapshots.every=1000`.
    Create,
    /// List the snapshots of the home.
    List,
    /// Prove a snapshot: its entries by the state root, the root by the votes, the votes by the
    /// genesis document of the home.
    Verify {
        #[command(flatten)]
        which: Which,
    },
    /// Make an empty home's store of a snapshot; the node then goes on from its height.
    Restore {
        #[command(flatten)]
        which: Which,
    },
}

/// Which snapshot.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// A height of this home's snapshots, or a folder with a manifest; the newest one if none.
    #[arg(value_name = "HEIGHT|DIR")]
    pub(crate) snapshot: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustFlag,
}

/// What the reader knows from elsewhere.
#[derive(Debug, Args)]
pub(crate) struct TrustFlag {
    /// A block that you know to be the chain's: the snapshot's own, or one at which the validators
    /// changed on the way to it.
    #[arg(long, value_name = "HEIGHT:HASH")]
    pub(crate) trust: Option<TrustedBlock>,
}

/// `HEIGHT:HASH`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TrustedBlock(pub(crate) Trust);

impl FromStr for TrustedBlock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (height, block) =
            text.split_once(':').ok_or_else(|| format!("{text:?} is not HEIGHT:HASH"))?;
        let height = height.parse().map_err(|_| format!("{height:?} is not a height"))?;
        let block: BlockHash = block.parse().map_err(|error| format!("{block:?}: {error}"))?;
        Ok(Self(Trust { height: Height(height), block }))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Sync {
    /// The API of a node that hands out snapshots; two at least, or one with `--trust`.
    #[arg(long, required = true, value_name = "URL")]
    pub(crate) from: Vec<String>,
    #[command(flatten)]
    pub(crate) trust: TrustFlag,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trusted_block_is_a_height_and_a_hash() {
        let hash = "ab".repeat(32);
        let TrustedBlock(trust) = format!("12:{hash}").parse().unwrap();
        assert_eq!((trust.height, trust.block.to_string()), (Height(12), hash.clone()));
        for bad in ["12", "x:00", "12:zz", &format!(":{hash}"), &format!("12:{hash}00")] {
            assert!(bad.parse::<TrustedBlock>().is_err(), "{bad}");
        }
    }
}
