//! Upgrades: which rules the chain runs by, and from which height on by others.
//!
//! A vote plans a version for a height. Until that height nothing changes; a plan can be given up.
//! The block at the height is the first that runs by the new rules.
//!
//! # Invariants
//! - The version only grows, and at most one plan waits.
//! - The first four bytes of [`Protocol`]'s encoding are the version, in every version: a program
//!   that is too old must be able to read that it is.
//!
//! # Not here
//! Which versions a program knows, and what it changes when one begins: `probity_runtime`.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::Height;
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// The version of the rules, and the next one if it is planned.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// The version that the newest block ran by.
    pub version: u32,
    /// What is planned.
    pub planned: Option<Plan>,
}

/// A planned version.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version.
    pub version: u32,
    /// The first block that runs by it.
    pub height: Height,
}

impl Protocol {
    /// The version that the block at a height runs by, as far as it is planned.
    #[must_use]
    pub fn version_at(&self, height: Height) -> u32 {
        self.planned.filter(|plan| height >= plan.height).map_or(self.version, |plan| plan.version)
    }
}

/// Why an upgrade is not planned or given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The chain runs by this version or a later one.
    #[error("version {version} is not above {present}, which the chain runs by")]
    NotNewer {
        /// The version that was asked for.
        version: u32,
        /// The present one.
        present: u32,
    },
    /// The block was made already.
    #[error("an upgrade at height {height} comes too late: {now} is being made")]
    Past {
        /// The height that was asked for.
        height: Height,
        /// The present one.
        now: Height,
    },
    /// Another one waits.
    #[error("version {} is planned for height {} already", .0.version, .0.height)]
    Planned(Plan),
    /// Nothing waits.
    #[error("no upgrade is planned")]
    NothingPlanned,
}

/// Plans an upgrade. Whoever calls it has a vote behind it.
///
/// # Errors
/// [`UpgradeError`] with what was asked for and what is so.
pub fn schedule(
    ledger: &mut Ledger,
    ctx: &mut Context,
    version: u32,
    height: Height,
) -> Result<(), UpgradeError> {
    let Protocol { version: present, planned } = *ledger.protocol.get();
    if version <= present {
        return Err(UpgradeError::NotNewer { version, present });
    }
    if height <= ctx.height {
        return Err(UpgradeError::Past { height, now: ctx.height });
    }
    if let Some(plan) = planned {
        return Err(UpgradeError::Planned(plan));
    }
    ledger.protocol.get_mut().planned = Some(Plan { version, height });
    ctx.emit(Event::UpgradePlanned { version, height });
    Ok(())
}

/// Gives up what is planned, until the block before its height.
///
/// # Errors
/// [`UpgradeError::NothingPlanned`].
pub fn cancel(ledger: &mut Ledger, ctx: &mut Context) -> Result<Plan, UpgradeError> {
    let plan = ledger.protocol.get().planned.ok_or(UpgradeError::NothingPlanned)?;
    ledger.protocol.get_mut().planned = None;
    ctx.emit(Event::UpgradeCancelled { version: plan.version, height: plan.height });
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use probity_primitives::Hash;

    use super::*;

    fn at(height: u64) -> (Ledger, Context) {
        let mut ledger = Ledger::default();
        ledger.protocol.get_mut().version = 3;
        (ledger, Context::new(Height(height), Hash::ZERO))
    }

    #[test]
    fn an_upgrade_is_planned_for_a_later_height_and_a_newer_version_once() {
        let (mut ledger, mut ctx) = at(10);
        let refused = |ledger: &mut Ledger, version, height| {
            let mut ctx = Context::new(Height(10), Hash::ZERO);
            schedule(ledger, &mut ctx, version, Height(height)).unwrap_err().to_string()
        };
        let old = "version 3 is not above 3, which the chain runs by";
        assert_eq!(refused(&mut ledger, 3, 20), old);
        let late = "an upgrade at height 10 comes too late: 10 is being made";
        assert_eq!(refused(&mut ledger, 4, 10), late);
        schedule(&mut ledger, &mut ctx, 4, Height(20)).unwrap();
        let twice = "version 4 is planned for height 20 already";
        assert_eq!(refused(&mut ledger, 5, 30), twice);
        let protocol = ledger.protocol.get();
        assert_eq!([19, 20, 21].map(|at| protocol.version_at(Height(at))), [3, 4, 4]);
    }

    #[test]
    fn what_is_planned_can_be_given_up_once() {
        let (mut ledger, mut ctx) = at(10);
        schedule(&mut ledger, &mut ctx, 4, Height(20)).unwrap();
        cancel(&mut ledger, &mut ctx).unwrap();
        assert_eq!(ledger.protocol.get().version_at(Height(20)), 3);
        assert_eq!(cancel(&mut ledger, &mut ctx), Err(UpgradeError::NothingPlanned));
        assert!(schedule(&mut ledger, &mut ctx, 5, Height(21)).is_ok());
    }

    #[test]
    fn the_version_is_the_first_four_bytes() {
        let protocol = Protocol { version: 0x0102_0304, planned: None };
        let bytes = probity_primitives::codec::encode(&protocol);
        assert_eq!(bytes[..4], [4, 3, 2, 1]);
    }
}
