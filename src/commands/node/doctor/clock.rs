//! Whether this machine's clock agrees with the chain's.
//!
//! A block carries its proposer's time, which more than two thirds of the power found acceptable.
//! While a node follows the chain live, the newest block is about as old as a block takes. While it
//! catches up, blocks are old for a good reason; then their times run faster than the clock, and
//! nothing can be said.

/// What one look sees, in milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    /// This machine's clock.
    pub(super) now: u64,
    /// The time of the newest block.
    pub(super) block: u64,
}

/// How the clocks compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Skew {
    /// Within what the rules allow.
    Fine,
    /// The machine is ahead, in milliseconds.
    Ahead(u64),
    /// The machine is behind, in milliseconds.
    Behind(u64),
    /// No block came, or the node catches up.
    Unknown,
}

/// How far apart clocks may be; a block from further in the future is refused.
const ALLOWED: u64 = 10_000;
/// How much faster than the clock the times of blocks may run before the node is catching up.
const CATCHING_UP: u64 = 3;

/// Compares the clocks by two looks, between which at least one block should have come.
pub(super) fn skew(first: Sample, second: Sample) -> Skew {
    if second.block > second.now.saturating_add(ALLOWED) {
        return Skew::Behind(second.block.saturating_sub(second.now));
    }
    let elapsed = second.now.saturating_sub(first.now).max(1_000);
    let grown = second.block.saturating_sub(first.block);
    if grown == 0 || grown > elapsed.saturating_mul(CATCHING_UP) {
        return Skew::Unknown;
    }
    let age = second.now.saturating_sub(second.block);
    // The newest block may be nearly as old as the one before was at the first look.
    if age > ALLOWED.saturating_add(elapsed) { Skew::Ahead(age) } else { Skew::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const NOW: u64 = 1_700_000_000_000;

    /// Two looks, five seconds apart, at a chain with a block a second, by a clock that is off.
    fn live(ahead: u64, behind: u64) -> Skew {
        let look =
            |after: u64| Sample { now: NOW + after + ahead - behind, block: NOW + after - 500 };
        skew(look(0), look(5_000))
    }

    #[test]
    fn a_clock_an_hour_off_is_seen_either_way() {
        assert_eq!(live(HOUR, 0), Skew::Ahead(HOUR + 500));
        assert_eq!(live(0, HOUR), Skew::Behind(HOUR - 500));
        assert_eq!(live(0, 0), Skew::Fine);
        assert_eq!(live(5_000, 0), Skew::Fine);
    }

    #[test]
    fn a_node_that_catches_up_or_stands_still_says_nothing_about_the_clock() {
        let first = Sample { now: NOW, block: NOW - HOUR };
        let fast = Sample { now: NOW + 5_000, block: NOW - HOUR + 300_000 };
        assert_eq!(skew(first, fast), Skew::Unknown);
        assert_eq!(skew(first, Sample { now: NOW + 5_000, ..first }), Skew::Unknown);
    }
}
