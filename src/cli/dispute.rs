//! `probity dispute`: saying that a result is wrong, and what becomes of it.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use probity_primitives::{Amount, OperatorId, TaskId};

use super::TxFlags;
use super::gov::Pin;
use crate::wallet::amount;

#[derive(Debug, Subcommand)]
pub(crate) enum DisputeVerb {
    /// Dispute a provisional result, for a bond.
    Open(Box<DisputeOpen>),
    /// Show what a dispute rests on: the claim, the question that is left, every juror's vote.
    Evidence {
        /// Which.
        id: u64,
        #[command(flatten)]
        pin: Pin,
    },
    /// List disputes.
    List {
        /// About this task only.
        #[arg(long)]
        task: Option<TaskId>,
        /// Only those that are open.
        #[arg(long)]
        open: bool,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        pin: Pin,
    },
    /// Show a dispute: where it stands, what comes next, who put up what.
    Show {
        /// Which.
        id: u64,
        #[command(flatten)]
        pin: Pin,
    },
    /// Appeal a ruling: put up all that is missing for the side that it is against.
    Appeal {
        /// Which dispute.
        id: u64,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Put up money for a side of an appeal, with others if need be.
    Fund {
        /// Which dispute.
        id: u64,
        /// For which side.
        #[arg(long, value_enum)]
        side: SideArg,
        /// How much, as in 1.5PBY or in base units.
        #[arg(long, value_parser = amount)]
        amount: Amount,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Open the leaf that a member is asked for; anyone may, since its root vouches for it.
    Answer {
        /// Which dispute.
        id: u64,
        /// The leaf with the one before it, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE|-", required_unless_present = "transcript")]
        stated: Option<String>,
        /// The whole transcript, out of which the leaf is opened.
        #[arg(long, value_name = "FILE", conflicts_with = "stated")]
        transcript: Option<PathBuf>,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Open the leaf in the middle for the side whose move it is; anyone may.
    Play {
        /// Which dispute.
        id: u64,
        /// The leaf with its path, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE|-", required_unless_present = "transcript")]
        opening: Option<String>,
        /// The whole transcript, out of which the leaf is opened.
        #[arg(long, value_name = "FILE", conflicts_with = "opening")]
        transcript: Option<PathBuf>,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Show that another member's leaf holds what is in dispute.
    Implicate {
        /// Which dispute.
        id: u64,
        /// The other member.
        member: OperatorId,
        /// Its leaf with its path, as JSON; `-` reads standard input.
        #[arg(long, value_name = "FILE|-")]
        opening: String,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args([
    "withheld", "transcript", "challenge",
])))]
pub(crate) struct DisputeOpen {
    /// The task whose result is disputed.
    pub(crate) task: TaskId,
    /// This member does not publish its transcript.
    #[arg(long, value_name = "OPERATOR", requires = "item")]
    pub(crate) withheld: Option<OperatorId>,
    /// My own run of the task, as `probity eval run --transcript` wrote it, says something else: of
    /// the result, or with --item of one member at one item.
    #[arg(long, value_name = "FILE")]
    pub(crate) transcript: Option<PathBuf>,
    /// The member whose transcript it is compared with; for the result, one that stands for it.
    #[arg(long, value_name = "OPERATOR", requires = "transcript")]
    pub(crate) against: Option<OperatorId>,
    /// The item that a member is asked for, or at which its transcript is false.
    #[arg(long, value_name = "N")]
    pub(crate) item: Option<u32>,
    /// A challenge with its proof, as JSON; `-` reads standard input.
    #[arg(long, value_name = "FILE|-", conflicts_with = "item")]
    pub(crate) challenge: Option<String>,
    /// The largest bond to put up, as in 1.5PBY or in base units; what is needed is taken.
    #[arg(long, value_parser = amount)]
    pub(crate) bond: Amount,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

/// A side of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SideArg {
    /// Who says that the result is wrong.
    Challenger,
    /// Who says that it is right.
    Defender,
}
