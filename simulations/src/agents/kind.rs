//! The strategies by name, and what each may be told.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::bribed::Bribed;
use super::buggy::Buggy;
use super::cartel::{Cartel, When};
use super::commit_copier::CommitCopier;
use super::copy_pool::CopyPool;
use super::dispute_spam::DisputeSpam;
use super::framing::Framing;
use super::honest::Honest;
use super::lazy::Lazy;
use super::lazy_juror::LazyJuror;
use super::lineage::Lineage;
use super::non_reveal::NonReveal;
use super::owner::Owner;
use super::partial_skip::PartialSkip;
use super::self_report::{ACCOMPLICE, SelfReport};
use super::shading::Shading;
use super::stale_copier::StaleCopier;
use super::voters::{Grab, Voters};
use super::{Own, Strategy, ppm};
use crate::actor::person;
use crate::random::RunKey;
use crate::scenario::{Group, Scenario};

/// A strategy's name in a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Does the work.
    Honest,
    /// Reports the public claim.
    Lazy,
    /// Leaves out a share of the items.
    PartialSkip,
    /// Reports the last result.
    StaleCopier,
    /// Replays another's commitment.
    CommitCopier,
    /// Shares one evaluation.
    CopyPool,
    /// Hides where it would lose.
    NonReveal,
    /// Lies about one model, its own.
    SelfWeight,
    /// Moves scores by less than the tolerance.
    Shading,
    /// Scatters scores to widen the tolerance and frame others.
    Framing,
    /// Bends the draw, and lies where it holds a majority.
    Grinding,
    /// Splits its stake over many operators, and is honest.
    SybilSplit,
    /// Lies for a bribe that is paid if the lie stands.
    PlainBribe,
    /// Lies for a bribe that is paid if the lie falls.
    PEpsilon,
    /// Says that transcripts are withheld.
    DisputeSpam,
    /// Says that leaves are false, and appeals.
    BondExhaustion,
    /// Agrees with whatever it is to check.
    LazyJuror,
    /// Equivocates and reports itself.
    SelfReport,
    /// Lies and unbonds.
    EarlyExit,
    /// Owns a model that was trained on the items.
    Leakage,
    /// Owns a model that nobody can fetch.
    Withholding,
    /// Pays to evaluate itself, so that money may be minted.
    WashTasks,
    /// Invents ancestors.
    LineageDilution,
    /// Votes with a loan.
    FlashLoan,
    /// Votes at the last moment.
    LateVote,
    /// Votes while nobody looks.
    LowQuorum,
    /// Tries to mint.
    MintCapture,
    /// Has as little stake as locks one seat, and is honest.
    OverCommitted,
    /// Runs a broken harness.
    CorrelatedBug,
    /// Lies on a share of tasks.
    NaiveCartel,
    /// Lies where it holds a majority.
    AdaptiveCartel,
}

impl Kind {
    /// Every strategy.
    pub const ALL: [Self; 31] = [
        Self::Honest,
        Self::Lazy,
        Self::PartialSkip,
        Self::StaleCopier,
        Self::CommitCopier,
        Self::CopyPool,
        Self::NonReveal,
        Self::SelfWeight,
        Self::Shading,
        Self::Framing,
        Self::Grinding,
        Self::SybilSplit,
        Self::PlainBribe,
        Self::PEpsilon,
        Self::DisputeSpam,
        Self::BondExhaustion,
        Self::LazyJuror,
        Self::SelfReport,
        Self::EarlyExit,
        Self::Leakage,
        Self::Withholding,
        Self::WashTasks,
        Self::LineageDilution,
        Self::FlashLoan,
        Self::LateVote,
        Self::LowQuorum,
        Self::MintCapture,
        Self::OverCommitted,
        Self::CorrelatedBug,
        Self::NaiveCartel,
        Self::AdaptiveCartel,
    ];

    /// Its name as scenarios write it.
    #[must_use]
    pub fn name(self) -> String {
        let written = toml::Value::try_from(self).ok();
        let name = written.as_ref().and_then(toml::Value::as_str).map(str::to_owned);
        name.unwrap_or_else(|| format!("{self:?}"))
    }

    /// The parameters that the strategy knows.
    #[must_use]
    pub const fn takes(self) -> &'static [&'static str] {
        match self {
            Self::Honest
            | Self::Lazy
            | Self::StaleCopier
            | Self::CommitCopier
            | Self::CopyPool
            | Self::LazyJuror
            | Self::SelfReport
            | Self::LateVote
            | Self::LowQuorum
            | Self::OverCommitted => &[],
            Self::PartialSkip => &["skip"],
            Self::NonReveal => &["share"],
            Self::SelfWeight | Self::NaiveCartel | Self::AdaptiveCartel | Self::EarlyExit => {
                &["shift", "share", "gain"]
            }
            Self::Grinding => &["shift", "gain"],
            Self::Shading | Self::Framing => &["shift", "gain"],
            Self::SybilSplit => &["split"],
            Self::PlainBribe | Self::PEpsilon => &["shift", "share", "offer"],
            Self::DisputeSpam
            | Self::BondExhaustion
            | Self::Leakage
            | Self::Withholding
            | Self::WashTasks => &["per_epoch"],
            Self::LineageDilution => &["per_epoch"],
            Self::FlashLoan | Self::MintCapture => &["tokens"],
            Self::CorrelatedBug => &["share", "skip"],
        }
    }

    /// Whether it means well, so that a slash of it is a false one.
    #[must_use]
    pub const fn is_honest(self) -> bool {
        match self {
            Self::Honest | Self::SybilSplit | Self::OverCommitted | Self::CorrelatedBug => true,
            Self::Lazy
            | Self::PartialSkip
            | Self::StaleCopier
            | Self::CommitCopier
            | Self::CopyPool
            | Self::NonReveal
            | Self::SelfWeight
            | Self::Shading
            | Self::Framing
            | Self::Grinding
            | Self::PlainBribe
            | Self::PEpsilon
            | Self::DisputeSpam
            | Self::BondExhaustion
            | Self::LazyJuror
            | Self::SelfReport
            | Self::EarlyExit
            | Self::Leakage
            | Self::Withholding
            | Self::WashTasks
            | Self::LineageDilution
            | Self::FlashLoan
            | Self::LateVote
            | Self::LowQuorum
            | Self::MintCapture
            | Self::NaiveCartel
            | Self::AdaptiveCartel => false,
        }
    }

    /// The strategy of a group.
    #[must_use]
    pub fn build(self, group: &Group, scenario: &Scenario, key: RunKey) -> Box<dyn Strategy> {
        let disputes = scenario.tasks.challenged;
        let shift = group.shift.unwrap_or(0.05);
        let per_epoch = group.per_epoch.unwrap_or(1);
        let tokens = group.tokens.unwrap_or(1_000_000);
        let cartel = |when| Cartel::new(shift, group.share, when, key);
        let bribed = |if_lost| {
            let (offer, lied) = (group.offer.unwrap_or(1.0), BTreeMap::new());
            Bribed { shift, share: group.share, offer, if_lost, key, lied }
        };
        let quality = ppm(scenario.tasks.quality);
        let owner = |own| {
            let (mode, model) = (scenario.tasks.mode, None);
            Owner { own, per_epoch, mode, model }
        };
        match self {
            Self::Honest | Self::SybilSplit | Self::OverCommitted => Box::new(Honest { disputes }),
            Self::Lazy => Box::new(Lazy),
            Self::PartialSkip => Box::new(PartialSkip { skip: group.skip.unwrap_or(0.3) }),
            Self::StaleCopier => Box::new(StaleCopier),
            Self::CommitCopier => Box::new(CommitCopier::default()),
            Self::CopyPool => Box::new(CopyPool::default()),
            Self::NonReveal => Box::new(NonReveal { share: group.share.unwrap_or(0.1) }),
            Self::SelfWeight => Box::new(cartel(When::Own)),
            Self::NaiveCartel => Box::new(cartel(When::Ever)),
            Self::AdaptiveCartel | Self::Grinding => Box::new(cartel(When::Majority)),
            Self::EarlyExit => Box::new(Cartel { leaves: true, ..cartel(When::Ever) }),
            Self::Shading => Box::new(Shading { shift }),
            Self::Framing => Box::new(Framing { shift }),
            Self::PlainBribe => Box::new(bribed(false)),
            Self::PEpsilon => Box::new(bribed(true)),
            Self::DisputeSpam => Box::new(DisputeSpam::new(per_epoch, false)),
            Self::BondExhaustion => Box::new(DisputeSpam::new(per_epoch, true)),
            Self::LazyJuror => Box::new(LazyJuror),
            Self::SelfReport => {
                let number = u32::try_from(ACCOMPLICE).unwrap_or_default();
                Box::new(SelfReport::with(&person(key.world(), "person", number)))
            }
            Self::Leakage => {
                Box::new(owner(Own { quality: 950_000, truth: quality, hidden: false }))
            }
            Self::Withholding => Box::new(owner(Own { quality, truth: quality, hidden: true })),
            Self::WashTasks => Box::new(owner(Own { quality, truth: quality, hidden: false })),
            Self::LineageDilution => {
                let (mode, chain) = (scenario.tasks.mode, Vec::new());
                Box::new(Lineage { invented: per_epoch, mode, chain })
            }
            Self::FlashLoan => Box::new(Voters::new(Grab::Loan, tokens)),
            Self::LateVote => Box::new(Voters::new(Grab::Late, tokens)),
            Self::LowQuorum => Box::new(Voters::new(Grab::Quiet, tokens)),
            Self::MintCapture => Box::new(Voters::new(Grab::Mint, tokens)),
            Self::CorrelatedBug => {
                let items = group.skip.unwrap_or(0.1);
                Box::new(Buggy { share: group.share, items, disputes, key })
            }
        }
    }
}
