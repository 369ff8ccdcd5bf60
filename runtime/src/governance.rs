//! Governance joined to the rules of evaluation: the one place that knows both.
//!
//! `probity_dao` decides what passes; what an account may vote with, where deposits lie and what
//! an action changes is known here.
//!
//! # Reading order
//! [`message`] is what may be asked; [`power`] says who may vote with how much; [`locks`] keep
//! voted tokens where they are; [`mod@enact`] and [`parameters`] carry out what passed; [`mod@preview`]
//! shows what would happen.
//!
//! # Invariants
//! - A referendum's deposit is in its bucket until it ends.
//! - What cannot be carried out at its time is dropped whole, said so, and its deposit goes back.
//!
//! Spec: `docs/spec/14-governance.md`.

pub mod enact;
pub mod locks;
pub mod message;
pub mod parameters;
pub mod power;
pub mod preview;

use probity_dao::clock::{self, Effect};
use probity_dao::submit::{self, Opening};
use probity_dao::{DelegationError, ReferendumId, SubmitError, VoteError, delegation, vote};
use probity_primitives::{Address, ArithmeticError, Hash, Height};
use probity_protocol::Bucket;
use probity_protocol::bank::BankError;

use crate::dispatch::Scene;
use crate::event::Event;
use crate::state::State;
use enact::{Cause, EnactError};
use message::{CastVote, Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate};

/// Why a message to governance is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GovernanceError {
    /// The referendum is not submitted.
    #[error(transparent)]
    Submit(#[from] SubmitError),
    /// Its action is impossible as things are.
    #[error("the action cannot be carried out as things are: {0}")]
    Impossible(#[from] EnactError),
    /// The vote is not taken.
    #[error(transparent)]
    Vote(#[from] VoteError),
    /// Power does not change hands.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
    /// The deposit is not there.
    #[error("the deposit: {0}")]
    Deposit(#[from] BankError),
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// Submits a referendum, if its action is possible as things are.
///
/// # Errors
/// [`GovernanceError`]; the caller drops its snapshot.
pub fn submit(
    state: &mut State,
    dao: &mut probity_dao::Context,
    scene: &Scene<'_>,
    sender: Address,
    message: &SubmitReferendum,
) -> Result<(), GovernanceError> {
    let SubmitReferendum { track, title, action } = message;
    let opening = Opening {
        proposer: sender,
        track: *track,
        title: title.clone(),
        action: action.clone(),
        bond: enact::bond(state, action)?,
        supply: scene.before.ledger.supply.get().expected()?,
        snapshot: Height(scene.height.0.saturating_sub(1)),
    };
    let mut trial = state.clone();
    let (referendum, deposit) = submit::submit(&mut state.dao, dao, opening)?;
    let (height, chain) = (scene.height, scene.chain);
    let cause = Cause { height, chain, referendum, track: *track, proposer: sender };
    enact::carry_out(&mut trial, &cause, action)?;
    state.ledger.transfer(Bucket::Free(sender), Bucket::GovDeposit(referendum.0), deposit)?;
    Ok(())
}

/// Casts a vote.
///
/// # Errors
/// [`GovernanceError::Vote`].
pub fn cast(
    state: &mut State,
    dao: &mut probity_dao::Context,
    scene: &Scene<'_>,
    sender: Address,
    message: &CastVote,
) -> Result<(), GovernanceError> {
    let CastVote { referendum, ballot } = *message;
    let known = state.dao.referenda.get(&referendum).ok_or(VoteError::Unknown { referendum })?;
    let held = power::held(&state.ledger, scene.before, sender, known.snapshot)?;
    let before = &scene.before.dao;
    let casting = vote::Casting { account: sender, referendum, ballot, held };
    Ok(vote::cast(&mut state.dao, before, dao, casting)?)
}

/// Takes a vote back.
///
/// # Errors
/// [`GovernanceError::Vote`].
pub fn remove(
    state: &mut State,
    dao: &mut probity_dao::Context,
    scene: &Scene<'_>,
    sender: Address,
    message: &RemoveVote,
) -> Result<(), GovernanceError> {
    let RemoveVote { referendum } = *message;
    Ok(vote::remove(&mut state.dao, &scene.before.dao, dao, sender, referendum)?)
}

/// Gives power to another account.
///
/// # Errors
/// [`GovernanceError::Delegation`].
pub fn delegate(
    state: &mut State,
    dao: &mut probity_dao::Context,
    sender: Address,
    message: &Delegate,
) -> Result<(), GovernanceError> {
    let Delegate { track, to, amount, conviction } = *message;
    let held = state.ledger.holdings(sender)?;
    let giving = delegation::Giving { track, to, amount, conviction };
    Ok(delegation::delegate(&mut state.dao, dao, sender, giving, held)?)
}

/// Takes power back.
///
/// # Errors
/// [`GovernanceError::Delegation`].
pub fn undelegate(
    state: &mut State,
    dao: &mut probity_dao::Context,
    sender: Address,
    message: &Undelegate,
) -> Result<(), GovernanceError> {
    Ok(delegation::undelegate(&mut state.dao, dao, sender, message.track)?)
}

/// Lowers a delegation to what its giver holds.
///
/// # Errors
/// [`GovernanceError::Delegation`].
pub fn trim(
    state: &mut State,
    dao: &mut probity_dao::Context,
    message: &TrimDelegation,
) -> Result<(), GovernanceError> {
    let TrimDelegation { account, track } = *message;
    let held = state.ledger.holdings(account)?;
    Ok(delegation::trim(&mut state.dao, dao, account, track, held)?)
}

/// Does what governance has to do at the end of a block; gives what happened.
pub fn end_block(state: &mut State, height: Height, chain: Hash) -> Vec<Event> {
    let mut dao = probity_dao::Context::new(height);
    let effects = clock::end_block(&mut state.dao, &mut dao);
    let mut events: Vec<Event> = dao.events.into_iter().map(Event::from).collect();
    for effect in effects {
        match effect {
            Effect::Enact { referendum } => enact(state, &mut events, height, chain, referendum),
            Effect::Return { .. } | Effect::Burn { .. } => {
                settle(state, &mut events, height, effect);
            }
        }
    }
    events
}

fn enact(
    state: &mut State,
    events: &mut Vec<Event>,
    height: Height,
    chain: Hash,
    referendum: ReferendumId,
) {
    let Some(known) = state.dao.referenda.get(&referendum) else { return };
    if let Some(later) = enact::waits_until(&state.ledger, known, height) {
        clock::put_off(&mut state.dao, referendum, later);
        return;
    }
    let (track, proposer, action) = (known.track, known.proposer, known.action.clone());
    let cause = Cause { height, chain, referendum, track, proposer };
    let mut trial = state.clone();
    let outcome = match enact::carry_out(&mut trial, &cause, &action) {
        Ok(facts) => {
            *state = trial;
            events.extend(facts);
            Ok(())
        }
        Err(error) => Err(error.to_string()),
    };
    let mut dao = probity_dao::Context::new(height);
    let effect = clock::enacted(&mut state.dao, &mut dao, referendum, outcome);
    events.extend(dao.events.into_iter().map(Event::from));
    if let Some(effect) = effect {
        settle(state, events, height, effect);
    }
}

/// Moves a deposit. Its bucket holds exactly what is moved, so that this is not refused; if it were,
/// the deposit would stay where it is, and the block would say so.
fn settle(state: &mut State, events: &mut Vec<Event>, height: Height, effect: Effect) {
    let mut dao = probity_dao::Context::new(height);
    if let Err(error) = enact::settle(state, &mut dao, effect) {
        let reason = clock::clipped(&error.to_string());
        dao.emit(probity_dao::Event::DepositStuck { reason });
    }
    events.extend(dao.events.into_iter().map(Event::from));
}
