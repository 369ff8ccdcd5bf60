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

/// 1 and 2: a stream's bucket holds what it has not released; what was minted is within each cap,
/// and what work has earned to be minted is at most half of what was burned.
pub(super) fn minted(ledger: &Ledger) -> Result<(), Violation> {
    let (supply, issuance) = (ledger.supply.get(), ledger.issuance.get());
    for (bucket, amount) in ledger.buckets.iter() {
        if let Bucket::Stream(id) = bucket {
            let stream = issuance.streams.iter().find(|stream| stream.id == *id);
            let rest = stream.and_then(|known| known.amount.checked_sub(known.released).ok());
            equal(
                1,
                || format!("the bucket of the stream {id}"),
                *amount,
                rest.unwrap_or_default(),
            )?;
        }
    }
    for stream in &issuance.streams {
        let rest = exact(1, "a stream", stream.amount.checked_sub(stream.released))?;
        let held = ledger.balance(Bucket::Stream(stream.id));
        equal(1, || format!("what the stream {} still has", stream.id), held, rest)?;
    }
    let counted = issuance.minted_from_compute;
    equal(2, || "what was minted of what work earned".to_owned(), counted, supply.minted)?;
    let twice = |amount: Amount| exact(2, "twice an amount", amount.checked_mul(2));
    let twenty = exact(2, "a year's minting", issuance.year.minted.checked_mul(20))?;
    let caps = [
        ("all that was minted", supply.minted, supply.genesis, "at most what genesis gave out"),
        ("what was minted", counted, issuance.earned, "at most what verified work has earned"),
        ("twenty times a year's minting", twenty, issuance.year.supply, "at most its supply"),
        ("twice what work earned", twice(issuance.earned)?, supply.burned, "at most what burned"),
    ];
    for (what, found, most, expected) in caps {
        holds(2, found <= most, || what.to_owned(), || found.to_string(), expected)?;
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
