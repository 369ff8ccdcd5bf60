//! What a program knows of versions: how far it can follow a chain, and what begins with each.
//!
//! The state says by which version a block runs ([`probity_protocol::upgrade`]). [`Rules`] says
//! which versions this program has, and what it changes in the state when one begins. A chain whose
//! next block needs a version that is missing makes and takes no block: whoever runs it stops and
//! says what to install.
//!
//! # Invariants
//! - The rules are a constructor's parameter: nothing in the environment changes them.
//! - Changed parameters pass through [`probity_protocol::Params::validate`].
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::Height;
use probity_protocol::params::ParamError;
use probity_protocol::upgrade::{Plan, Protocol};
use probity_protocol::{Context, Event, Ledger};

/// The newest version that this program knows.
///
/// Version 0 has the same rules as version 1. A network may begin with it and plan version 1, to
/// practise an upgrade before the first one that matters.
pub const NEWEST: u32 = 1;

/// What begins with a version, before the first transaction of its first block.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The version.
    pub version: u32,
    /// What it changes in the state.
    pub run: fn(&mut Ledger),
}

/// What each version changes, in ascending order: none does yet.
const MIGRATIONS: &[Migration] = &[];

/// The versions that a program has.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// The newest.
    pub newest: u32,
    /// What begins with each, in ascending order.
    pub migrations: &'static [Migration],
}

impl Rules {
    /// This program's.
    pub const CURRENT: Self = Self { newest: NEWEST, migrations: MIGRATIONS };

    /// The same with no version above `most`.
    #[must_use]
    pub fn up_to(self, most: u32) -> Self {
        Self { newest: self.newest.min(most), ..self }
    }
}

/// What a new chain begins with: the newest version, and none planned.
#[must_use]
pub const fn fresh() -> Protocol {
    Protocol { version: NEWEST, planned: None }
}

/// A version that a block needs and the program does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the block at height {height} runs by version {version} of the rules, this program has up to \
     {newest}: install one that has it"
)]
pub struct Missing {
    /// The version.
    pub version: u32,
    /// The first block that needs it, as far as is known.
    pub height: Height,
    /// The newest that the program has.
    pub newest: u32,
}

/// Why a chain does not begin with what its genesis document says of versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BeginError {
    /// The program does not have the version.
    #[error("the chain begins with version {found} of the rules, this program has up to {newest}")]
    Newer {
        /// The document's version.
        found: u32,
        /// The newest that the program has.
        newest: u32,
    },
    /// What is planned is no upgrade.
    #[error("the planned version {planned} at height {height} is no upgrade from {version} at 0")]
    Plan {
        /// The planned version.
        planned: u32,
        /// Its height.
        height: Height,
        /// The version that the chain begins with.
        version: u32,
    },
}

/// Why the next block cannot be made or taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpgradeError {
    /// The program is too old.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// What a version changes makes parameters that are refused: the program has a fault.
    #[error("version {version} begins with parameters that are refused: {reason}")]
    Migration {
        /// The version.
        version: u32,
        /// The inequality that they break.
        reason: ParamError,
    },
}

/// Whether a document's plan, if it has one, is of a later version at a later height.
pub(crate) fn check_plan(protocol: &Protocol) -> Result<(), BeginError> {
    let Protocol { version, planned } = *protocol;
    match planned {
        Some(Plan { version: planned, height }) if planned <= version || height == Height::ZERO => {
            Err(BeginError::Plan { planned, height, version })
        }
        Some(_) | None => Ok(()),
    }
}

/// Whether a chain may begin with a version.
pub(crate) fn may_begin(protocol: &Protocol, rules: &Rules) -> Result<(), BeginError> {
    let (found, newest) = (protocol.version, rules.newest);
    if found > newest { Err(BeginError::Newer { found, newest }) } else { Ok(()) }
}

/// The version that the block at `next` needs and `rules` do not have.
#[must_use]
pub fn missing(ledger: &Ledger, next: Height, rules: &Rules) -> Option<Missing> {
    let version = ledger.protocol.get().version_at(next);
    let newest = rules.newest;
    (version > newest).then_some(Missing { version, height: next, newest })
}

/// Begins the version of the block that `ctx` is of, if it is another than the block before ran by.
///
/// # Errors
/// [`UpgradeError`] if this program cannot run the block.
pub(crate) fn begin(
    ledger: &mut Ledger,
    ctx: &mut Context,
    rules: &Rules,
) -> Result<(), UpgradeError> {
    if let Some(missing) = missing(ledger, ctx.height, rules) {
        return Err(missing.into());
    }
    let before = ledger.protocol.get().version;
    let version = ledger.protocol.get().version_at(ctx.height);
    if version == before {
        return Ok(());
    }
    let due = |migration: &&Migration| migration.version > before && migration.version <= version;
    for migration in rules.migrations.iter().filter(due) {
        (migration.run)(ledger);
        let refused = |reason| UpgradeError::Migration { version: migration.version, reason };
        ledger.params.get().validate().map_err(refused)?;
    }
    let protocol = ledger.protocol.get_mut();
    (protocol.version, protocol.planned) = (version, None);
    ctx.emit(Event::Upgraded { version });
    Ok(())
}
