//! Actions: everything that a vote can do, as values.
//!
//! A referendum carries one typed action and nothing else acts: what governance can do is this
//! enum. Its title and text are for people and change nothing.
//!
//! # Invariants
//! - The order of the variants is part of the encoding: new ones are added at the end.
//! - Two calls are the same if and only if their actions are equal to the byte.
//!
//! # Not here
//! Whether an action can be carried out in the present state, and doing so: the runtime.
//!
//! Spec: `docs/spec/14-governance.md`.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, ContentHash, Domain, Hash, Height,
};
use serde::{Deserialize, Serialize};

use crate::referendum::ReferendumId;
use crate::tracks::Track;

/// The most parameters that one action changes.
pub const MAX_CHANGES: usize = 16;

/// A parameter by its place, as `task.open_blocks` or `governance.tracks.root.enact`.
pub type Path = BoundedString<64>;

/// A parameter's value in JSON, without spaces.
pub type Value = BoundedString<1024>;

/// One parameter before and after.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Which parameter.
    pub path: Path,
    /// What is in force when it changes; with anything else in force nothing changes.
    pub before: Value,
    /// What will be in force.
    pub after: Value,
}

/// What a referendum does if it passes.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing but that the holders said so.
    Text {
        /// The text that was agreed to.
        hash: ContentHash,
    },
    /// Changes parameters, all or none.
    ChangeParameters {
        /// Which, from what to what.
        changes: BoundedVec<Change, MAX_CHANGES>,
    },
    /// Pays out of the treasury.
    Spend {
        /// Who receives it.
        to: Address,
        /// How much.
        amount: Amount,
    },
    /// Ends another referendum before it takes effect.
    CancelReferendum {
        /// Which.
        referendum: ReferendumId,
    },
    /// Gives back a slash that waits.
    RevertSlash {
        /// Which.
        slash: u64,
    },
    /// Lets the suspended slashes of a correlation window go on.
    ResumeWindow {
        /// Which.
        window: u64,
    },
    /// Gives back the suspended slashes of a correlation window.
    RevertWindow {
        /// Which.
        window: u64,
    },
    /// Mints into a stream that flows to the treasury and the pools.
    Mint {
        /// How much.
        amount: Amount,
    },
    /// Plans the rules of another version.
    Upgrade {
        /// The version.
        version: u32,
        /// The first block that runs by it.
        height: Height,
    },
    /// Gives up the version that is planned.
    CancelUpgrade {
        /// Which one: no other is given up.
        version: u32,
    },
    /// Halts payouts.
    Pause {
        /// For how many blocks.
        blocks: u64,
    },
    /// Rules on a dispute that waits for the holders.
    RuleDispute {
        /// Which.
        dispute: u64,
        /// What becomes of the disputed result.
        ruling: Ruling,
    },
}

/// All that the holders may say of a dispute; what follows for money is formulas.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Ruling {
    /// The result stands.
    Uphold,
    /// It falls.
    Overturn,
    /// It stands, and nobody was at fault.
    Void,
}

impl Ruling {
    /// The ruling as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uphold => "uphold",
            Self::Overturn => "overturn",
            Self::Void => "void",
        }
    }
}

/// Why an action is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActionError {
    /// The track is for other things.
    #[error("the {track} track may not {action}")]
    NotOfTrack {
        /// The track.
        track: Track,
        /// The action's kind.
        action: &'static str,
    },
    /// It changes nothing.
    #[error("the action changes nothing")]
    Nothing,
    /// A parameter stands there twice, or out of order.
    #[error("the parameter {0:?} is out of order or there twice")]
    ChangeOrder(Path),
    /// A parameter that would stay what it is.
    #[error("the parameter {0:?} would stay what it is")]
    SameValue(Path),
}

impl Action {
    /// What it does, in words that follow "may".
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Text { .. } => "agree to a text",
            Self::ChangeParameters { .. } => "change parameters",
            Self::Spend { .. } => "spend",
            Self::CancelReferendum { .. } => "cancel a referendum",
            Self::RevertSlash { .. } => "revert a slash",
            Self::ResumeWindow { .. } => "resume a window of slashes",
            Self::RevertWindow { .. } => "revert a window of slashes",
            Self::Mint { .. } => "mint",
            Self::Upgrade { .. } => "plan an upgrade",
            Self::CancelUpgrade { .. } => "give up an upgrade",
            Self::Pause { .. } => "pause payouts",
            Self::RuleDispute { .. } => "rule on a dispute",
        }
    }

    /// The call's name: identical calls have one.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(Domain::Action, self)
    }

    /// Checks what needs no state.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn check(&self, track: Track) -> Result<(), ActionError> {
        if !self.is_of(track) {
            return Err(ActionError::NotOfTrack { track, action: self.kind() });
        }
        match self {
            Self::ChangeParameters { changes } => check_changes(changes),
            Self::Spend { amount, .. } | Self::Mint { amount } if amount.is_zero() => {
                Err(ActionError::Nothing)
            }
            Self::Text { .. }
            | Self::Spend { .. }
            | Self::CancelReferendum { .. }
            | Self::RevertSlash { .. }
            | Self::ResumeWindow { .. }
            | Self::RevertWindow { .. }
            | Self::Mint { .. }
            | Self::Upgrade { .. }
            | Self::CancelUpgrade { .. }
            | Self::Pause { .. }
            | Self::RuleDispute { .. } => Ok(()),
        }
    }

    /// Whether a track may do this.
    const fn is_of(&self, track: Track) -> bool {
        match self {
            Self::Text { .. } | Self::ChangeParameters { .. } => {
                matches!(track, Track::Root | Track::Parameters)
            }
            Self::Spend { .. } => matches!(track, Track::LargeSpend | Track::SmallSpend),
            Self::CancelReferendum { .. }
            | Self::RevertSlash { .. }
            | Self::ResumeWindow { .. }
            | Self::RevertWindow { .. }
            | Self::CancelUpgrade { .. } => matches!(track, Track::Root | Track::Cancel),
            Self::Mint { .. } => matches!(track, Track::Supply),
            Self::Upgrade { .. } => matches!(track, Track::Root),
            Self::Pause { .. } => matches!(track, Track::Pause),
            Self::RuleDispute { .. } => matches!(track, Track::Dispute),
        }
    }
}

fn check_changes(changes: &[Change]) -> Result<(), ActionError> {
    if changes.is_empty() {
        return Err(ActionError::Nothing);
    }
    let mut last: Option<&Path> = None;
    for Change { path, before, after } in changes {
        if last.is_some_and(|last| last >= path) {
            return Err(ActionError::ChangeOrder(path.clone()));
        }
        if before == after {
            return Err(ActionError::SameValue(path.clone()));
        }
        last = Some(path);
    }
    Ok(())
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text { hash } => write!(f, "agree to the text {hash}"),
            Self::ChangeParameters { changes } => {
                for (place, Change { path, before, after }) in changes.iter().enumerate() {
                    let lead = if place == 0 { "change" } else { "," };
                    write!(f, "{lead} {path:?} from {before:?} to {after:?}")?;
                }
                Ok(())
            }
            Self::Spend { to, amount } => write!(f, "pay {amount} out of the treasury to {to}"),
            Self::CancelReferendum { referendum } => write!(f, "cancel referendum {referendum}"),
            Self::RevertSlash { slash } => write!(f, "give back slash {slash}"),
            Self::ResumeWindow { window } => write!(f, "let the slashes of window {window} go on"),
            Self::RevertWindow { window } => write!(f, "give back the slashes of window {window}"),
            Self::Mint { amount } => write!(f, "mint {amount} into a stream"),
            Self::Upgrade { version, height } => {
                write!(f, "run by version {version} from height {height} on")
            }
            Self::CancelUpgrade { version } => write!(f, "give up the upgrade to {version}"),
            Self::Pause { blocks } => write!(f, "halt payouts for {blocks} blocks"),
            Self::RuleDispute { dispute, ruling } => {
                write!(f, "rule on dispute {dispute}: {}", ruling.name())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, before: &str, after: &str) -> Change {
        let value = |text: &str| BoundedString::new(text).unwrap();
        Change {
            path: BoundedString::new(path).unwrap(),
            before: value(before),
            after: value(after),
        }
    }

    fn changes(all: &[Change]) -> Action {
        Action::ChangeParameters { changes: BoundedVec::from_vec(all.to_vec()).unwrap() }
    }

    #[test]
    fn each_track_does_what_is_its_own_and_nothing_else() {
        let change = changes(&[change("a", "1", "2")]);
        let cancel = Action::CancelReferendum { referendum: ReferendumId(0) };
        let allowed = |action: &Action| {
            Track::ALL.into_iter().filter(|t| action.check(*t).is_ok()).collect::<Vec<_>>()
        };
        assert_eq!(allowed(&change), [Track::Root, Track::Parameters]);
        assert_eq!(allowed(&cancel), [Track::Root, Track::Cancel]);
        assert_eq!(allowed(&Action::CancelUpgrade { version: 2 }), [Track::Root, Track::Cancel]);
        assert_eq!(allowed(&Action::Upgrade { version: 2, height: Height(9) }), [Track::Root]);
        assert_eq!(allowed(&Action::Mint { amount: Amount::from_units(1) }), [Track::Supply]);
        assert_eq!(allowed(&Action::Pause { blocks: 1 }), [Track::Pause]);
        let ruling = Action::RuleDispute { dispute: 0, ruling: Ruling::Void };
        assert_eq!(allowed(&ruling), [Track::Dispute]);
        let refused = ActionError::NotOfTrack { track: Track::Pause, action: "change parameters" };
        assert_eq!(change.check(Track::Pause), Err(refused));
    }

    #[test]
    fn changes_are_in_order_and_change_something() {
        let check = |all: &[Change]| changes(all).check(Track::Root);
        assert_eq!(check(&[]), Err(ActionError::Nothing));
        let (a, b) = (change("a", "1", "2"), change("b", "1", "1"));
        assert_eq!(check(&[a.clone(), a.clone()]), Err(ActionError::ChangeOrder(a.path.clone())));
        assert_eq!(check(&[a.clone(), b.clone()]), Err(ActionError::SameValue(b.path)));
        assert_eq!(check(&[a]), Ok(()));
    }

    #[test]
    fn identical_calls_have_one_name_and_others_another() {
        let one = changes(&[change("a", "1", "2")]);
        assert_eq!(one.hash(), one.clone().hash());
        assert_ne!(one.hash(), changes(&[change("a", "1", "3")]).hash());
    }
}
