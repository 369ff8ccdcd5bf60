//! Forfeits: stake that a slash takes, and stake that a reverted slash gives back.
//!
//! What stood behind an operator when it offended answers for the offence: what is bonded, and
//! what began to leave in the offence's epoch or later. Tranches of earlier epochs left before the
//! offence and are untouched. The grain is an epoch, against whoever left: the draw's snapshot
//! counted that money for the whole of it.
//!
//! # Invariants
//! - Never more is taken than there is.
//! - Giving back restores every bucket exactly, while those it was taken from are still there.
//!
//! # Not here
//! How much an offence costs, and what becomes of the money: `crate::slashing`.
//!
//! Spec: `docs/spec/04-staking.md`, `docs/spec/12-slashing.md`.

use probity_primitives::{Amount, ArithmeticError, Epoch, Funds, OperatorId};

use crate::bank::{BankError, Bucket};
use crate::ledger::Ledger;
use crate::slashing::Source;

/// The most places that one slash takes from: the bonded pool and its tranches.
pub const MAX_SOURCES: usize = 64;

/// What answers for an offence of the epoch `since`: the bonded pool, then the tranches from the
/// oldest on; at most [`MAX_SOURCES`]. Parameters keep the number of live tranches below that.
#[must_use]
pub fn slashable(ledger: &Ledger, operator: &OperatorId, since: Epoch) -> Vec<Source> {
    let bonded = Source { tranche: None, amount: ledger.bonded(operator) };
    let tranches = ledger.tranches.range((*operator, since)..=(*operator, Epoch(u64::MAX))).map(
        |((operator, epoch), _)| Source {
            tranche: Some(*epoch),
            amount: ledger.balance(Bucket::Unbonding(*operator, *epoch)),
        },
    );
    std::iter::once(bonded)
        .chain(tranches)
        .filter(|source| !source.amount.is_zero())
        .take(MAX_SOURCES)
        .collect()
}

/// How much answers for an offence of the epoch `since`.
///
/// # Errors
/// [`ArithmeticError`] if it cannot be counted.
pub fn answering(
    ledger: &Ledger,
    operator: &OperatorId,
    since: Epoch,
) -> Result<Amount, ArithmeticError> {
    Amount::sum(slashable(ledger, operator, since).into_iter().map(|source| source.amount))
}

/// Takes up to `amount` of what answers for an offence of the epoch `since`, and says from where.
///
/// # Errors
/// [`BankError`] if the books do not agree with themselves.
pub fn take_stake(
    ledger: &mut Ledger,
    operator: &OperatorId,
    amount: Amount,
    since: Epoch,
) -> Result<(Vec<Source>, Funds), BankError> {
    let mut taken = Funds::zero();
    let mut sources = Vec::new();
    for Source { tranche, amount: available } in slashable(ledger, operator, since) {
        let part = available.min(amount.checked_sub(taken.amount())?);
        if part.is_zero() {
            break;
        }
        taken.merge(ledger.take(bucket(operator, tranche), part)?)?;
        sources.push(Source { tranche, amount: part });
    }
    Ok((sources, taken))
}

/// Gives back what [`take_stake`] took.
///
/// What was taken from a tranche that has been withdrawn meanwhile goes to the bonded pool. What
/// belongs in the bonded pool goes to the owner if nobody is behind the operator any more: a pool
/// without shares would hand it to whoever bonds next.
///
/// # Errors
/// [`BankError::Arithmetic`] if `funds` is less than the sources add up to.
pub fn give_back(
    ledger: &mut Ledger,
    operator: &OperatorId,
    sources: &[Source],
    mut funds: Funds,
) -> Result<(), BankError> {
    for Source { tranche, amount } in sources {
        let Some(epoch) = tranche else { continue };
        if ledger.tranches.contains(&(*operator, *epoch)) {
            let part = funds.split(*amount)?;
            ledger.put(Bucket::Unbonding(*operator, *epoch), part)?;
        }
    }
    ledger.put(home(ledger, operator), funds)
}

/// Where money goes that belongs to those behind an operator.
fn home(ledger: &Ledger, operator: &OperatorId) -> Bucket {
    match ledger.operators.get(operator) {
        Some(known) if known.shares == 0 => Bucket::Free(known.owner),
        Some(_) => Bucket::Bonded(*operator),
        None => Bucket::Treasury,
    }
}

const fn bucket(operator: &OperatorId, tranche: Option<Epoch>) -> Bucket {
    match tranche {
        Some(epoch) => Bucket::Unbonding(*operator, epoch),
        None => Bucket::Bonded(*operator),
    }
}
