//! 1 and 5: where the money is.

use probity_primitives::Amount;
use probity_protocol::{Bucket, Ledger};

use super::{Violation, equal, exact, holds};

/// 1: the sum of all buckets is genesis + minted - burned, and no bucket is written down empty.
pub(super) fn sum(ledger: &Ledger) -> Result<(), Violation> {
    let found = exact(1, "the sum of all buckets", ledger.total())?;
    let expected = exact(1, "the supply", ledger.supply.get().expected())?;
    equal(1, || "the sum of all buckets".to_owned(), found, expected)?;
    for (bucket, amount) in ledger.buckets.iter() {
        let free = matches!(bucket, Bucket::Free(_));
        holds(
            1,
            !amount.is_zero() && !free,
            || format!("the entry of {bucket:?}"),
            || amount.to_string(),
            "no entry for an empty bucket or an account",
        )?;
    }
    Ok(())
}

/// 5: what waits to be shared out is exactly what was taken, from sources that add up to it.
pub(super) fn slashes(ledger: &Ledger) -> Result<(), Violation> {
    for (id, slash) in ledger.slashes.iter() {
        let what = || format!("what waits of slash {id}");
        equal(5, what, ledger.balance(Bucket::SlashPending(*id)), slash.amount)?;
        let sources = Amount::sum(slash.sources.iter().map(|source| source.amount));
        let sources = exact(5, "the sources of a slash", sources)?;
        equal(5, || format!("the sum of the sources of slash {id}"), sources, slash.amount)?;
        holds(
            5,
            ledger.operators.contains(&slash.operator),
            || format!("the operator of slash {id}"),
            || slash.operator.to_string(),
            "a registered operator",
        )?;
    }
    for (bucket, amount) in ledger.buckets.iter() {
        if let Bucket::SlashPending(id) = bucket {
            holds(
                5,
                ledger.slashes.contains(id),
                || format!("the bucket of slash {id}"),
                || amount.to_string(),
                "empty, since no such slash waits",
            )?;
        }
    }
    Ok(())
}
