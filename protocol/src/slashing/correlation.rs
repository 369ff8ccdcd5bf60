//! Offences of one window are counted together.
//!
//! With X the stake of a window's distinct offenders and B all stake, each offender's total becomes
//! at least `9 (X/B)^2` of its own: a hundredth of the stake loses almost nothing, a third loses
//! everything. Stake on its way out counts as far as it answers for the offence, so that nobody
//! makes its share small by leaving. Beyond one half a bug in the harness is likelier than a
//! cartel, and the window's slashes wait for a vote.
//!
//! Spec: `docs/spec/12-slashing.md`.

use probity_primitives::{Amount, ArithmeticError, Epoch, Height, Ppm};

use super::rules::{SlashError, Verdict, record, revert};
use super::state::{MAX_OFFENDERS, Offence, Offender, SlashState, Window};
use crate::event::Event;
use crate::ledger::{Context, Ledger};
use crate::staking;
use crate::task::Due;

const MILLION: u64 = 1_000_000;

/// `min(10^6, 9 * x^2 / 10^6)` for a share `x` of offending stake, all in parts per million.
#[must_use]
pub fn correlated_ppm(share: Ppm) -> Ppm {
    let share = u64::from(share.parts()).min(MILLION);
    let scaled = share.saturating_mul(share).saturating_mul(9).checked_div(MILLION);
    let capped = scaled.unwrap_or_default().min(MILLION);
    Ppm::new(u32::try_from(capped).unwrap_or(u32::MAX))
}

/// Counts an offender in its window: its stake once, its slashes all.
pub(super) fn note_offender(
    ledger: &mut Ledger,
    ctx: &Context,
    offender: Offender,
    since: Epoch,
) -> Result<(), SlashError> {
    let blocks = ledger.params.get().slashing.window_blocks;
    let number = ctx.height.epoch(blocks).0;
    if !ledger.windows.contains(&number) {
        let answering = all_answering(ledger, since)?.checked_add(offender.immediate)?;
        let window = Window { answering, offenders: Default::default() };
        ledger.windows.insert(number, window);
        let end = Height(number).checked_add(1)?.0.saturating_mul(blocks);
        ledger.schedule.insert((Height(end), Due::Window(number)), ());
    }
    let Some(window) = ledger.windows.get_mut(&number) else { return Ok(()) };
    let mut offenders = std::mem::take(&mut window.offenders).into_vec();
    match offenders.binary_search_by_key(&offender.operator, |known| known.operator) {
        Ok(known) => {
            if let Some(known) = offenders.get_mut(known) {
                known.immediate = known.immediate.checked_add(offender.immediate)?;
            }
        }
        Err(place) => offenders.insert(place, offender),
    }
    if offenders.len() > MAX_OFFENDERS {
        drop_smallest(&mut offenders);
    }
    window.offenders = offenders.try_into()?;
    Ok(())
}

/// Makes room: a crowd of offenders without stake must not keep one with stake out of the sum.
fn drop_smallest(offenders: &mut Vec<Offender>) {
    let stakes = offenders.iter().enumerate().map(|(place, known)| (known.answering, place));
    if let Some((_, place)) = stakes.min() {
        offenders.remove(place);
    }
}

/// Ends a window: tops every offender up to the correlated share, or suspends the window.
///
/// # Errors
/// [`SlashError`]; the caller drops its snapshot.
pub fn close_window(ledger: &mut Ledger, ctx: &mut Context, number: u64) -> Result<(), SlashError> {
    let Some(window) = ledger.windows.get(&number).cloned() else { return Ok(()) };
    let offending = Amount::sum(window.offenders.iter().map(|offender| offender.answering))?;
    let share = share_ppm(offending, window.answering)?;
    let correlated = correlated_ppm(share);
    let suspended = offending.checked_mul(2)? > window.answering;
    if suspended {
        suspend(ledger, &window, number);
    } else {
        top_up(ledger, ctx, &window, correlated)?;
        ledger.windows.remove(&number);
    }
    ctx.emit(Event::WindowClosed {
        window: number,
        share_ppm: share.parts(),
        correlated_ppm: correlated.parts(),
        suspended,
    });
    Ok(())
}

/// Lets the slashes of a suspended window go on, and tops every offender up as the window's end
/// would have.
///
/// # Errors
/// [`SlashError::UnknownWindow`] if it is not suspended; the caller drops its snapshot.
pub fn resume_window(
    ledger: &mut Ledger,
    ctx: &mut Context,
    number: u64,
) -> Result<(), SlashError> {
    let window = suspended_window(ledger, ctx, number)?;
    for id in suspended_slashes(ledger, &window, number) {
        let Some(slash) = ledger.slashes.get_mut(&id) else { continue };
        let (planned, due) = (slash.due, slash.due.max(ctx.height.checked_add(1)?));
        (slash.state, slash.due) = (SlashState::Waiting, due);
        ledger.schedule.remove(&(planned, Due::Slash(id)));
        ledger.schedule.insert((due, Due::Slash(id)), ());
    }
    let offending = Amount::sum(window.offenders.iter().map(|offender| offender.answering))?;
    let correlated = correlated_ppm(share_ppm(offending, window.answering)?);
    top_up(ledger, ctx, &window, correlated)?;
    ledger.windows.remove(&number);
    Ok(())
}

/// Gives the slashes of a suspended window back in full.
///
/// # Errors
/// As [`resume_window`].
pub fn revert_window(
    ledger: &mut Ledger,
    ctx: &mut Context,
    number: u64,
) -> Result<(), SlashError> {
    let window = suspended_window(ledger, ctx, number)?;
    for id in suspended_slashes(ledger, &window, number) {
        revert(ledger, ctx, id)?;
    }
    ledger.windows.remove(&number);
    Ok(())
}

/// A window that has ended and is still there was suspended.
fn suspended_window(ledger: &Ledger, ctx: &Context, number: u64) -> Result<Window, SlashError> {
    let blocks = ledger.params.get().slashing.window_blocks;
    let ended = ctx.height.epoch(blocks).0 > number;
    let planned = |at| ledger.schedule.contains(&(at, Due::Window(number)));
    let end = Height(number.saturating_add(1).saturating_mul(blocks));
    let window = ledger.windows.get(&number).filter(|_| ended && !planned(end));
    window.cloned().ok_or(SlashError::UnknownWindow(number))
}

fn suspended_slashes(ledger: &Ledger, window: &Window, number: u64) -> Vec<u64> {
    let suspended =
        |id: &u64| ledger.slashes.get(id).is_some_and(|slash| slash.state == SlashState::Suspended);
    of_window(ledger, window, number).into_iter().filter(suspended).collect()
}

/// Raises what each offender has lost in a window to the correlated share of its stake.
fn top_up(
    ledger: &mut Ledger,
    ctx: &mut Context,
    window: &Window,
    correlated: Ppm,
) -> Result<(), SlashError> {
    for offender in &window.offenders {
        let total = correlated.of_floor(offender.answering)?;
        let rest = total.checked_sub(offender.immediate).unwrap_or_default();
        let verdict = Verdict {
            operator: offender.operator,
            offence: Offence::Correlated,
            task: None,
            lock: Amount::ZERO,
            committed: offender.committed,
            reporter: None,
        };
        record(ledger, ctx, &verdict, rest)?;
    }
    Ok(())
}

/// Makes the slashes of a window wait for a vote; those of earlier windows go on.
fn suspend(ledger: &mut Ledger, window: &Window, number: u64) {
    for id in of_window(ledger, window, number) {
        if let Some(slash) = ledger.slashes.get_mut(&id) {
            slash.state = SlashState::Suspended;
        }
    }
}

/// The slashes that wait for offences that a window counts.
fn of_window(ledger: &Ledger, window: &Window, number: u64) -> Vec<u64> {
    let blocks = ledger.params.get().slashing.window_blocks;
    let offends = |operator| window.offenders.iter().any(|offender| offender.operator == operator);
    ledger
        .slashes
        .iter()
        .filter(|(_, slash)| slash.recorded.epoch(blocks).0 == number)
        .filter(|(_, slash)| slash.offence.is_correlated_class() && offends(slash.operator))
        .map(|(id, _)| *id)
        .collect()
}

fn share_ppm(offending: Amount, bonded: Amount) -> Result<Ppm, ArithmeticError> {
    if bonded.is_zero() {
        return Ok(Ppm::ZERO);
    }
    let parts = offending.mul_div_floor(u128::from(MILLION), bonded.units())?;
    Ok(Ppm::new(u32::try_from(parts.units()).unwrap_or(u32::MAX)))
}

/// All stake that answers for an offence of the epoch `since`.
fn all_answering(ledger: &Ledger, since: Epoch) -> Result<Amount, ArithmeticError> {
    let operators = ledger.operators.iter();
    let answering = operators.map(|(id, _)| staking::answering(ledger, id, since));
    Amount::sum(answering.collect::<Result<Vec<_>, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_curve_has_the_specified_values() {
        let vectors = [
            (10_000, 900),
            (50_000, 22_500),
            (100_000, 90_000),
            (200_000, 360_000),
            (333_333, 999_998),
            (500_000, 1_000_000),
        ];
        for (share, expected) in vectors {
            assert_eq!(correlated_ppm(Ppm::new(share)), Ppm::new(expected), "{share}");
        }
    }

    proptest! {
        #[test]
        fn more_offending_stake_never_costs_less(a in 0..2_000_000u32, b in 0..2_000_000u32) {
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(correlated_ppm(Ppm::new(low)) <= correlated_ppm(Ppm::new(high)));
        }
    }
}
