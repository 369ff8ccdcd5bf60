//! Operators: registered, edited, given a new hot key.
//!
//! An operator is named by its owner and its first key, and keeps that name when the key is
//! replaced. The owner is cold: it stakes, withdraws and edits; the hot key only works.
//!
//! # Invariants
//! - A key serves one operator, ever: a retired key cannot speak for another.
//! - A commission moves by at most a step and at most once in an epoch, so that delegators can
//!   see it move before it has moved far.
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Address, Amount, BoundedVec, Bps, Epoch, OperatorId, PublicKey};

use super::error::{ProfileError, StakingError};
use super::message::{EditOperator, KeyUse, RegisterOperator, Registration, RotateOperatorKey};
use super::past_keys;
use super::state::{MissRecord, Operator, Standing};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::params::Params;

/// Registers an operator that the sender owns.
///
/// # Errors
/// [`ProfileError`] in [`StakingError::Profile`] if the key does not agree or anything that the
/// operator says of itself does not hold.
pub fn register(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &RegisterOperator,
) -> Result<(), StakingError> {
    let RegisterOperator { registration, proof } = message;
    KeyUse::Register(sender)
        .verify(ctx.chain, &registration.key, proof)
        .map_err(ProfileError::Proof)?;
    enrol(ledger, ctx, sender, registration)?;
    Ok(())
}

/// Registers an operator without asking its key: for a genesis document, which all who run the
/// network have agreed to, and as the last step of [`register`].
///
/// # Errors
/// As [`register`].
pub fn enrol(
    ledger: &mut Ledger,
    ctx: &mut Context,
    owner: Address,
    registration: &Registration,
) -> Result<OperatorId, StakingError> {
    let Registration { key, vrf, name, commission, classes } = registration;
    let operator = OperatorId::of(&owner, key);
    if ledger.operators.contains(&operator) {
        return Err(ProfileError::Registered(operator).into());
    }
    check_key(ledger, key)?;
    vrf.check().map_err(ProfileError::Vrf)?;
    check_name(name)?;
    check_classes(ledger.params.get(), classes)?;
    if !commission.is_share() {
        return Err(ProfileError::CommissionAboveOne(*commission).into());
    }
    let entry = Operator {
        owner,
        key: *key,
        vrf: *vrf,
        name: name.clone(),
        commission: *commission,
        commission_since: ledger.epoch(ctx),
        classes: classes.clone(),
        shares: 0,
        seat_locks: Amount::ZERO,
        standing: Standing::Active,
        misses: MissRecord::default(),
        false_results: 0,
    };
    ledger.operators.insert(operator, entry);
    ledger.operator_keys.insert(*key, operator);
    ctx.emit(Event::OperatorRegistered { operator, owner });
    Ok(operator)
}

/// Changes what an operator says of itself. Classes count from the next epoch's snapshot on, a
/// commission from the next reward on.
///
/// # Errors
/// [`StakingError::NotOwner`], or [`ProfileError`] for what does not hold.
pub fn edit(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &EditOperator,
) -> Result<(), StakingError> {
    let EditOperator { operator, name, commission, classes } = message;
    let epoch = ledger.epoch(ctx);
    let known = ledger.owned(operator, sender)?;
    if name.is_none() && commission.is_none() && classes.is_none() {
        return Err(ProfileError::NothingToChange.into());
    }
    if let Some(name) = name {
        check_name(name)?;
    }
    if let Some(classes) = classes {
        check_classes(ledger.params.get(), classes)?;
    }
    if let Some(to) = commission {
        check_commission(known, *to, ledger.params.get().staking.commission_step, epoch)?;
    }
    let known = ledger.operator_mut(operator)?;
    if let Some(name) = name {
        known.name = name.clone();
    }
    if let Some(classes) = classes {
        known.classes = classes.clone();
    }
    if let Some(to) = commission {
        known.commission = *to;
        known.commission_since = epoch;
    }
    ctx.emit(Event::OperatorEdited { operator: *operator });
    Ok(())
}

/// Replaces an operator's hot key. The validator set keeps the old key until the next epoch.
///
/// # Errors
/// [`StakingError::NotOwner`], [`ProfileError::KeyInUse`], [`ProfileError::Proof`],
/// [`ProfileError::TooManyRotations`].
pub fn rotate_key(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &RotateOperatorKey,
) -> Result<(), StakingError> {
    let RotateOperatorKey { operator, key, proof } = message;
    ledger.owned(operator, sender)?;
    check_key(ledger, key)?;
    KeyUse::Rotate(*operator).verify(ctx.chain, key, proof).map_err(ProfileError::Proof)?;
    let past = past_keys::with(ledger, ctx, operator, ledger.operator(operator)?.key)?;
    ledger.operator_mut(operator)?.key = *key;
    ledger.operator_keys.insert(*key, *operator);
    ledger.past_keys.insert(*operator, past);
    ctx.emit(Event::OperatorKeyRotated { operator: *operator });
    Ok(())
}

impl Ledger {
    /// The operator with this name.
    ///
    /// # Errors
    /// [`StakingError::UnknownOperator`].
    pub fn operator(&self, operator: &OperatorId) -> Result<&Operator, StakingError> {
        self.operators.get(operator).ok_or(StakingError::UnknownOperator(*operator))
    }

    /// The epoch of a context.
    #[must_use]
    pub fn epoch(&self, ctx: &Context) -> Epoch {
        ctx.height.epoch(self.params.get().staking.epoch_blocks)
    }

    pub(super) fn operator_mut(
        &mut self,
        operator: &OperatorId,
    ) -> Result<&mut Operator, StakingError> {
        self.operators.get_mut(operator).ok_or(StakingError::UnknownOperator(*operator))
    }

    pub(super) fn owned(
        &self,
        operator: &OperatorId,
        sender: Address,
    ) -> Result<&Operator, StakingError> {
        let known = self.operator(operator)?;
        if known.owner != sender {
            return Err(StakingError::NotOwner { operator: *operator, owner: known.owner, sender });
        }
        Ok(known)
    }
}

fn check_key(ledger: &Ledger, key: &PublicKey) -> Result<(), ProfileError> {
    match ledger.operator_keys.get(key) {
        Some(operator) => Err(ProfileError::KeyInUse { key: *key, operator: *operator }),
        None => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), ProfileError> {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        return Err(ProfileError::Name(name.to_owned()));
    }
    Ok(())
}

fn check_classes(params: &Params, classes: &BoundedVec<u16, 16>) -> Result<(), ProfileError> {
    let mut least = Some(0);
    for class in classes {
        if params.class(*class).is_none() || least.is_none_or(|least| *class < least) {
            return Err(ProfileError::Class(*class));
        }
        least = class.checked_add(1);
    }
    Ok(())
}

fn check_commission(
    known: &Operator,
    to: Bps,
    step: Bps,
    epoch: Epoch,
) -> Result<(), ProfileError> {
    if !to.is_share() {
        return Err(ProfileError::CommissionAboveOne(to));
    }
    let (from, since) = (known.commission, known.commission_since);
    if since >= epoch || from.parts().abs_diff(to.parts()) > step.parts() {
        return Err(ProfileError::CommissionStep { from, to, step, since });
    }
    Ok(())
}
