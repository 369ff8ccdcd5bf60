//! Carrying out what passed.
//!
//! An action runs on a snapshot of the state, which a refusal drops: when it is submitted, to see
//! that it is possible at all; in a preview, to see what it would change; and at its time.
//!
//! # Invariants
//! - Either all of an action is carried out or nothing of it.
//! - What a track spends within a window adds up to no more than its share of what the treasury
//!   held at the beginning of it.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_dao::{
    Action, Referendum, ReferendumId, Ruling, Stage, SubmitError, Track, clock, submit,
};
use probity_primitives::{Address, Amount, ArithmeticError, Hash, Height, Ppm};
use probity_protocol::bank::BankError;
use probity_protocol::dispute::{self, DisputeError};
use probity_protocol::pause::{self, PauseError};
use probity_protocol::slashing::{self, SlashError};
use probity_protocol::supply::{self, SupplyError};
use probity_protocol::upgrade::{self, UpgradeError};
use probity_protocol::{Bucket, Context, Ledger};

use super::parameters::{self, ParameterError};
use crate::event::Event;
use crate::state::State;

/// Why an action cannot be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnactError {
    /// Parameters are not changed.
    #[error(transparent)]
    Parameter(#[from] ParameterError),
    /// The track has spent its share.
    #[error(
        "{amount} is more than the {left} that the {track} track may still spend: {share} of \
         {treasury} in {window} blocks, {spent} of it spent"
    )]
    SpendLimit {
        /// Which track.
        track: Track,
        /// What was to be spent.
        amount: Amount,
        /// What may still be spent.
        left: Amount,
        /// The track's share.
        share: Ppm,
        /// What the share is of.
        treasury: Amount,
        /// Over how many blocks it adds up.
        window: u64,
        /// What was spent within them.
        spent: Amount,
    },
    /// The receiver's address is for the other kind of network.
    #[error("the receiver {0} is an address of another kind of network")]
    WrongNetwork(Address),
    /// Money does not move.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// A referendum cannot be ended.
    #[error(transparent)]
    Referendum(#[from] SubmitError),
    /// Slashes do not change.
    #[error(transparent)]
    Slash(#[from] SlashError),
    /// Nothing is minted.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// No version is planned or given up.
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    /// Another version is planned.
    #[error("version {planned} is planned and not {named}")]
    OtherUpgrade {
        /// What is planned.
        planned: u32,
        /// What was named.
        named: u32,
    },
    /// Payouts go on.
    #[error(transparent)]
    Pause(#[from] PauseError),
    /// The dispute does not wait for the holders.
    #[error(transparent)]
    Dispute(#[from] DisputeError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// What an action is carried out for, and where.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// The height of the block.
    pub height: Height,
    /// The network's identity.
    pub chain: Hash,
    /// The referendum that asks for it.
    pub referendum: ReferendumId,
    /// Its track.
    pub track: Track,
    /// Who submitted it: receivers are on its network.
    pub proposer: Address,
}

/// Carries out an action; gives what happened.
///
/// # Errors
/// [`EnactError`]; the caller drops its snapshot.
pub fn carry_out(
    state: &mut State,
    cause: &Cause,
    action: &Action,
) -> Result<Vec<Event>, EnactError> {
    let Cause { height, chain, track, .. } = *cause;
    let mut rules = Context::new(height, chain);
    let mut dao = probity_dao::Context::new(height);
    match action {
        Action::Text { .. } => {}
        Action::ChangeParameters { changes } => {
            parameters::change(state, height, track, changes)?;
            for change in changes {
                dao.emit(probity_dao::Event::ParameterChanged {
                    path: change.path.clone(),
                    before: change.before.clone(),
                    after: change.after.clone(),
                });
            }
        }
        Action::Spend { to, amount } => spend(state, &mut dao, cause, *to, *amount)?,
        Action::CancelReferendum { referendum } => {
            let effect = submit::cancel(&mut state.dao, &mut dao, *referendum)?;
            settle(state, &mut dao, effect)?;
        }
        Action::RevertSlash { slash } => slashing::revert(&mut state.ledger, &mut rules, *slash)?,
        Action::ResumeWindow { window } => {
            slashing::resume_window(&mut state.ledger, &mut rules, *window)?;
        }
        Action::RevertWindow { window } => {
            slashing::revert_window(&mut state.ledger, &mut rules, *window)?;
        }
        Action::Mint { amount } => {
            supply::mint(&mut state.ledger, &mut rules, *amount)?;
        }
        Action::Upgrade { version, height } => {
            upgrade::schedule(&mut state.ledger, &mut rules, *version, *height)?;
        }
        Action::CancelUpgrade { version } => {
            let planned = upgrade::cancel(&mut state.ledger, &mut rules)?.version;
            if planned != *version {
                return Err(EnactError::OtherUpgrade { planned, named: *version });
            }
        }
        Action::Pause { blocks } => {
            pause::set(&mut state.ledger, &mut rules, *blocks)?;
        }
        Action::RuleDispute { dispute, ruling } => {
            dispute::rule_by_vote(&mut state.ledger, &mut rules, *dispute, known(*ruling))?;
        }
    }
    let facts = dao.events.into_iter().map(Event::from);
    Ok(facts.chain(rules.events.into_iter().map(Event::from)).collect())
}

/// Until when a payout that passed has to wait, while payouts are paused; the rest of what votes do
/// goes on.
pub(super) fn waits_until(ledger: &Ledger, known: &Referendum, height: Height) -> Option<Height> {
    let (Action::Spend { .. }, Stage::Approved { enact_at, .. }) = (&known.action, &known.stage)
    else {
        return None;
    };
    let until = pause::until(ledger, height)?;
    Some(pause::put_off(ledger, *enact_at).unwrap_or(until))
}

/// Moves a deposit that is no longer held.
///
/// # Errors
/// [`BankError`] if the books do not agree with themselves.
pub(super) fn settle(
    state: &mut State,
    dao: &mut probity_dao::Context,
    effect: clock::Effect,
) -> Result<(), BankError> {
    match effect {
        clock::Effect::Return { referendum, to, amount } => {
            state.ledger.transfer(Bucket::GovDeposit(referendum.0), Bucket::Free(to), amount)?;
            dao.emit(probity_dao::Event::DepositReturned { referendum, to, amount });
        }
        clock::Effect::Burn { referendum, amount } => {
            state.ledger.burn(Bucket::GovDeposit(referendum.0), amount)?;
            dao.emit(probity_dao::Event::DepositBurned { referendum, amount });
        }
        clock::Effect::Enact { .. } => {}
    }
    Ok(())
}

/// A ruling as the rules of evaluation have it.
const fn known(ruling: Ruling) -> dispute::Ruling {
    match ruling {
        Ruling::Uphold => dispute::Ruling::Uphold,
        Ruling::Overturn => dispute::Ruling::Overturn,
        Ruling::Void => dispute::Ruling::Void,
    }
}

/// The bond of the dispute that an action rules on, which is its referendum's deposit.
///
/// # Errors
/// [`ArithmeticError`] if it cannot be counted.
pub(super) fn bond(state: &State, action: &Action) -> Result<Option<Amount>, ArithmeticError> {
    let Action::RuleDispute { dispute, .. } = action else { return Ok(None) };
    let first = state.ledger.disputes.get(dispute).and_then(|known| known.levels.first());
    first.map(|level| level.challenger.sum()).transpose()
}

fn spend(
    state: &mut State,
    dao: &mut probity_dao::Context,
    cause: &Cause,
    to: Address,
    amount: Amount,
) -> Result<(), EnactError> {
    let Cause { height, referendum, track, proposer, .. } = *cause;
    if to.network() != proposer.network() {
        return Err(EnactError::WrongNetwork(to));
    }
    let params = state.dao.params.get();
    let share = if track == Track::SmallSpend { params.small_spend } else { params.large_spend };
    let window = params.spend_window;
    let since = Height(height.0.saturating_sub(window));
    let of_track = (track, Height::ZERO)..=(track, Height(u64::MAX));
    let entries: Vec<_> =
        state.dao.spent.range(of_track).map(|(key, amount)| (*key, *amount)).collect();
    let (past, recent): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|((_, at), _)| *at <= since);
    let spent = Amount::sum(recent.into_iter().map(|(_, amount)| amount))?;
    let treasury = state.ledger.balance(Bucket::Treasury).checked_add(spent)?;
    let left = share.of_floor(treasury)?.checked_sub(spent).unwrap_or_default();
    if amount > left {
        let limit = EnactError::SpendLimit { track, amount, left, share, treasury, window, spent };
        return Err(limit);
    }
    state.ledger.transfer(Bucket::Treasury, Bucket::Free(to), amount)?;
    for (key, _) in past {
        state.dao.spent.remove(&key);
    }
    let key = (track, height);
    let today = state.dao.spent.get(&key).copied().unwrap_or_default().checked_add(amount)?;
    state.dao.spent.insert(key, today);
    dao.emit(probity_dao::Event::TreasurySpent { referendum, to, amount });
    Ok(())
}
