//! What many voters cost: a vote, and the block that closes a referendum.

use std::time::Instant;

use probity_simulations::electorate::Electorate;

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

/// A few voters, and many.
const VOTERS: [u32; 2] = [1_000, 100_000];

/// How often a closing is run; the shortest counts.
const RUNS: usize = 20;

/// Measures voting and closing with a few voters and with many.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let [few, many] = VOTERS;
    let ((vote_few, close_few), (vote_many, close_many)) = (run(few)?, run(many)?);
    let (each, closing) = ("microseconds", "microseconds");
    Ok(vec![
        Figure::new(
            format!("a vote, {many} voters"),
            (vote_many, each),
            ("with 1 000 voters", vote_few),
            "<= 3",
        ),
        Figure::new(
            format!("the block that closes a vote of {many}"),
            (close_many, closing),
            ("with 1 000 voters", close_few),
            "<= 3",
        ),
    ])
}

/// Microseconds for a vote, and for the block that closes the referendum.
fn run(voters: u32) -> Result<(f64, f64), Failure> {
    let mut electorate = Electorate::new(voters).or_fail(Code::Other, "no referendum")?;
    let start = Instant::now();
    electorate.vote().or_fail(Code::Other, "a vote")?;
    let vote = start.elapsed().as_secs_f64() * 1e6 / f64::from(voters);
    let mut next = electorate.clone();
    while !next.end_block() {
        electorate = next.clone();
    }
    let closing = (0..RUNS).map(|_| {
        let mut last = electorate.clone();
        let start = Instant::now();
        last.end_block();
        start.elapsed().as_secs_f64() * 1e6
    });
    Ok((vote, closing.fold(f64::INFINITY, f64::min)))
}
