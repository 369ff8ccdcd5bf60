//! `probity gov`: what holders of tokens decide together.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use probity_dao::{Conviction, ReferendumId, StageName, Track};
use probity_primitives::{Address, Amount, Height};

use super::TxFlags;
use crate::wallet::amount;

#[derive(Debug, Subcommand)]
pub(crate) enum GovVerb {
    /// Write a proposal as a file that can be read, edited, tried and proposed.
    Draft(Box<GovDraft>),
    /// Try a draft on a copy of the node's state: what would change, or why it would be refused.
    Simulate {
        /// The draft, JSON or TOML; `-` reads standard input.
        #[arg(value_name = "FILE|-")]
        file: String,
        /// Who would propose it; somebody of the network if none.
        #[arg(long = "as", value_name = "ADDRESS")]
        account: Option<Address>,
    },
    /// Submit a draft as a referendum, for a deposit.
    Propose {
        /// The draft, JSON or TOML; `-` reads standard input.
        #[arg(value_name = "FILE|-")]
        file: String,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// List referenda, the newest first.
    List {
        /// On this track only.
        #[arg(long, value_parser = track)]
        track: Option<Track>,
        /// In this stage only.
        #[arg(long, value_parser = stage)]
        stage: Option<StageName>,
        /// Only those that something may still come of.
        #[arg(long)]
        open: bool,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        pin: Pin,
    },
    /// Show a referendum: what it does, how it stands, what comes next.
    Show {
        /// Which.
        id: ReferendumId,
        /// Whose position to show.
        #[arg(long = "as", value_name = "ADDRESS")]
        account: Option<Address>,
        #[command(flatten)]
        pin: Pin,
    },
    /// Show the bars of a referendum alone.
    Tally {
        /// Which.
        id: ReferendumId,
        #[command(flatten)]
        pin: Pin,
    },
    /// Vote, or vote anew in place of an earlier vote.
    Vote(Box<GovVote>),
    /// Take a vote back while the vote is open; its tokens are free at once.
    Unvote {
        /// On which referendum.
        id: ReferendumId,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// List the votes on a referendum.
    Votes {
        /// Which.
        id: ReferendumId,
        /// All of them as CSV, however many there are.
        #[arg(long)]
        csv: bool,
        /// How many, if not as CSV.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        pin: Pin,
    },
    /// Give voting power on a track to another account, which cannot pass it on.
    Delegate {
        /// On which track.
        #[arg(value_parser = track)]
        track: Track,
        /// To whom.
        to: Address,
        #[command(flatten)]
        tokens: Tokens,
        /// The weight, and for how long the tokens stay locked once the power was taken back.
        #[arg(long, value_name = "0.1x..6x", default_value = "1x", value_parser = conviction)]
        conviction: Conviction,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Take voting power on a track back.
    Undelegate {
        /// On which track.
        #[arg(value_parser = track)]
        track: Track,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// Lower somebody's delegation to what that account still holds.
    Trim {
        /// Who gave the power.
        account: Address,
        /// On which track.
        #[arg(value_parser = track)]
        track: Track,
        #[command(flatten)]
        flags: Box<TxFlags>,
    },
    /// List delegations.
    Delegations {
        /// On this track only.
        #[arg(long, value_parser = track)]
        track: Option<Track>,
        /// To this account only.
        #[arg(long)]
        to: Option<Address>,
        /// How many.
        #[arg(long, default_value_t = 50)]
        limit: usize,
        #[command(flatten)]
        pin: Pin,
    },
    /// Show what holds an account's tokens and until when; locks end by themselves.
    Unlock {
        /// The account.
        account: Address,
        #[command(flatten)]
        pin: Pin,
    },
    /// Show the tracks, or every parameter that a vote can change.
    Params {
        /// Every parameter with its value, as `--change` names them.
        #[arg(long)]
        all: bool,
    },
}

/// A height to read at.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Pin {
    /// Read at this height, if the node has it at hand; the newest one if none.
    #[arg(long, value_name = "HEIGHT", value_parser = height)]
    pub(crate) at: Option<Height>,
}

/// How many tokens.
#[derive(Debug, Clone, Copy, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Tokens {
    /// How many tokens, as in 1.5PBY or in base units.
    #[arg(long, value_parser = amount)]
    pub(crate) amount: Option<Amount>,
    /// All that may be used.
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("action").required(true).args([
    "change", "spend", "mint", "upgrade", "cancel_upgrade", "cancel", "cancel_slash",
    "resume_window", "revert_window", "pause", "rule", "text",
])))]
pub(crate) struct GovDraft {
    /// What people will call it, in at most 120 bytes.
    #[arg(long)]
    pub(crate) title: String,
    /// On which track; the one that is meant for the action if none.
    #[arg(long, value_parser = track)]
    pub(crate) track: Option<Track>,
    /// Change a parameter; may be repeated. `probity gov params --all` lists them.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) change: Vec<String>,
    /// Pay out of the treasury.
    #[arg(long, num_args = 2, value_names = ["ADDRESS", "AMOUNT"])]
    pub(crate) spend: Option<Vec<String>>,
    /// Mint into a stream that flows to the treasury and the pools.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub(crate) mint: Option<Amount>,
    /// Run by another version of the rules, from --at on.
    #[arg(long, value_name = "VERSION", requires = "at")]
    pub(crate) upgrade: Option<u32>,
    /// The first block that runs by the version.
    #[arg(long, value_name = "HEIGHT", requires = "upgrade", value_parser = height)]
    pub(crate) at: Option<Height>,
    /// Give up the version that is planned.
    #[arg(long, value_name = "VERSION")]
    pub(crate) cancel_upgrade: Option<u32>,
    /// Halt payouts.
    #[arg(long, value_name = "BLOCKS")]
    pub(crate) pause: Option<u64>,
    /// End a referendum before it takes effect.
    #[arg(long, value_name = "REFERENDUM")]
    pub(crate) cancel: Option<ReferendumId>,
    /// Give back a slash that waits.
    #[arg(long, value_name = "SLASH")]
    pub(crate) cancel_slash: Option<u64>,
    /// Let the suspended slashes of a correlation window go on.
    #[arg(long, value_name = "WINDOW")]
    pub(crate) resume_window: Option<u64>,
    /// Give back the suspended slashes of a correlation window.
    #[arg(long, value_name = "WINDOW")]
    pub(crate) revert_window: Option<u64>,
    /// Rule on a dispute that waits for the holders, as --ruling says.
    #[arg(long, value_name = "DISPUTE", requires = "ruling")]
    pub(crate) rule: Option<u64>,
    /// What becomes of the disputed result: it stands, it falls, or it stands and nobody pays.
    #[arg(long, value_enum, requires = "rule")]
    pub(crate) ruling: Option<RulingArg>,
    /// Agree to a text: the file is given to the node to share, and its hash is voted on.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: Option<PathBuf>,
    /// The file to write, TOML if it is called so and JSON otherwise; standard output if none.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// All that the holders may say of a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RulingArg {
    /// The result stands: the challenger was wrong.
    Uphold,
    /// The result falls: the challenger was right.
    Overturn,
    /// The result stands, and nobody was at fault.
    Void,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("says").required(true).args([
    "aye", "nay", "veto", "abstain", "split",
])))]
#[command(group(ArgGroup::new("tokens").args(["amount", "all"])))]
pub(crate) struct GovVote {
    /// On which referendum.
    pub(crate) id: ReferendumId,
    /// It should be done.
    #[arg(long)]
    pub(crate) aye: bool,
    /// It should not.
    #[arg(long)]
    pub(crate) nay: bool,
    /// It should not and should never have been asked: the deposit should burn.
    #[arg(long)]
    pub(crate) veto: bool,
    /// Take part without a side; the tokens count towards support.
    #[arg(long, conflicts_with = "conviction")]
    pub(crate) abstain: bool,
    /// Parts for and against and without a side, at 0.1x, as in `aye=2PBY,nay=1PBY,abstain=1PBY`.
    #[arg(long, value_name = "PARTS", conflicts_with_all = ["conviction", "amount", "all"])]
    pub(crate) split: Option<String>,
    /// How many tokens, as in 1.5PBY or in base units.
    #[arg(long, value_parser = amount)]
    pub(crate) amount: Option<Amount>,
    /// All that the account may vote with.
    #[arg(long)]
    pub(crate) all: bool,
    /// The weight, and for how long the tokens stay locked after the vote: 0.1x not at all, 1x one
    /// period, 2x two, 3x four, 4x eight, 5x sixteen, 6x thirty-two.
    #[arg(long, value_name = "0.1x..6x", default_value = "1x", value_parser = conviction)]
    pub(crate) conviction: Conviction,
    #[command(flatten)]
    pub(crate) flags: TxFlags,
}

/// The weights as people write them, in the order of [`Conviction::ALL`].
pub(crate) const WEIGHTS: [&str; 7] = ["0.1x", "1x", "2x", "3x", "4x", "5x", "6x"];

fn conviction(text: &str) -> Result<Conviction, String> {
    let known = WEIGHTS.into_iter().zip(Conviction::ALL);
    let mut found = known.filter(|(name, _)| *name == text || name.trim_end_matches('x') == text);
    let unknown = || format!("{text:?} is none of {}", WEIGHTS.join(", "));
    found.next().map(|(_, conviction)| conviction).ok_or_else(unknown)
}

fn track(text: &str) -> Result<Track, String> {
    let names: Vec<&str> = Track::ALL.into_iter().map(Track::name).collect();
    let given = text.replace('-', "_");
    let found = Track::ALL.into_iter().find(|track| track.name() == given);
    found.ok_or_else(|| format!("{text:?} is none of {}", names.join(", ")))
}

fn stage(text: &str) -> Result<StageName, String> {
    serde_json::from_value(text.replace('-', "_").into())
        .map_err(|error| format!("{text:?} is no stage: {error}"))
}

fn height(text: &str) -> Result<Height, String> {
    text.parse().map(Height).map_err(|error| format!("{text:?} is no height: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_with_and_without_their_mark() {
        for (text, expected) in WEIGHTS.into_iter().zip(Conviction::ALL) {
            assert_eq!(conviction(text), Ok(expected));
            assert_eq!(conviction(text.trim_end_matches('x')), Ok(expected));
        }
        assert!(conviction("7x").unwrap_err().contains("0.1x, 1x"));
    }

    #[test]
    fn tracks_and_stages_are_read_with_either_hyphen() {
        assert_eq!(track("small-spend"), Ok(Track::SmallSpend));
        assert_eq!(track("small_spend"), Ok(Track::SmallSpend));
        assert!(track("budget").unwrap_err().contains("large_spend"));
        assert_eq!(stage("timed-out"), Ok(StageName::TimedOut));
        assert!(stage("open").unwrap_err().contains("no stage"));
    }
}
