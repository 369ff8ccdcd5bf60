//! What a peer did, and what it may still do.
//!
//! Each peer has buckets for transactions, requests and bytes nobody asked for, and points for
//! what it did wrong. Points are its application score in the gossip layer, where invalid
//! transactions weigh as well; one point is forgiven each second. Whoever falls below
//! [`GRAYLIST`](super::score::GRAYLIST) is cut off and banned.
//!
//! # Invariants
//! - One excess a second counts, however many there were: a burst is forgiven, a flood is not.
//!
//! Spec: `docs/spec/21-network.md`.

use std::time::Instant;

use super::limits::Limits;
use super::rate::Bucket;

/// Something that a peer did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offence {
    /// It sent what is not the file it was asked for.
    Lie,
    /// It took a request for a file and did not answer in time.
    Stall,
    /// It did more than its rates allow.
    Excess,
}

impl Offence {
    /// Points for it; see [`GRAYLIST`](super::score::GRAYLIST) for how many are too many.
    const fn points(self) -> u32 {
        match self {
            Self::Lie => 250,
            Self::Stall => 10,
            Self::Excess => 25,
        }
    }
}

/// The conduct of one peer.
#[derive(Debug)]
pub(super) struct Conduct {
    txs: Bucket,
    requests: Bucket,
    bytes: Bucket,
    /// Transactions of the peer that wait for their verdict.
    pub(super) pending: usize,
    /// Requests of the peer that are being answered.
    pub(super) serving: usize,
    points: u32,
    exceeded: bool,
    /// Bytes received from it in all, and how many of them this node asked for.
    received: u64,
    asked_for: u64,
}

impl Conduct {
    /// A peer that did nothing yet; `received` bytes were counted before.
    pub(super) fn new(limits: &Limits, received: u64, now: Instant) -> Self {
        Self {
            txs: Bucket::new(limits.tx_rate, now),
            requests: Bucket::new(limits.request_rate, now),
            bytes: Bucket::new(limits.byte_rate, now),
            pending: 0,
            serving: 0,
            points: 0,
            exceeded: false,
            received,
            asked_for: 0,
        }
    }

    /// Whether one more transaction is within the peer's rate.
    pub(super) fn tx(&mut self, now: Instant) -> bool {
        let within = self.txs.take(1, now);
        self.exceeded |= !within;
        within
    }

    /// Whether one more request is within the peer's rate.
    pub(super) fn request(&mut self, now: Instant) -> bool {
        let within = self.requests.take(1, now);
        self.exceeded |= !within;
        within
    }

    /// So many bytes came that this node asked for.
    pub(super) const fn asked_for(&mut self, bytes: u64) {
        self.asked_for = self.asked_for.saturating_add(bytes);
    }

    /// Holds something against the peer.
    pub(super) const fn offend(&mut self, offence: Offence) {
        self.points = self.points.saturating_add(offence.points());
    }

    /// A second has passed, and `received` bytes have come from the peer since it was first met.
    /// `exempt` peers may send as much as they like.
    pub(super) fn second(&mut self, received: u64, exempt: bool, now: Instant) {
        let new = received.saturating_sub(self.received);
        let unasked = new.saturating_sub(std::mem::take(&mut self.asked_for));
        self.received = received;
        // What is too much for the bucket is not taken from it, so the next second begins afresh.
        self.exceeded |= !exempt && !self.bytes.take(unasked, now);
        if std::mem::take(&mut self.exceeded) {
            self.offend(Offence::Excess);
        }
        self.points = self.points.saturating_sub(1);
    }

    /// The application score: zero or less.
    pub(super) fn score(&self) -> f64 {
        -f64::from(self.points)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::rate::Rate;
    use super::super::score::GRAYLIST;
    use super::*;

    fn conduct(now: Instant) -> Conduct {
        let limits = Limits {
            tx_rate: Rate { per_second: 10, burst: 20 },
            byte_rate: Rate { per_second: 100, burst: 1000 },
            ..Limits::default()
        };
        Conduct::new(&limits, 0, now)
    }

    /// After how many seconds of `each` a peer is below the graylist, if ever.
    fn seconds_until_banned(mut each: impl FnMut(&mut Conduct, u64, Instant)) -> Option<u64> {
        let start = Instant::now();
        let mut conduct = conduct(start);
        (0..120).find(|second| {
            each(&mut conduct, *second, start + Duration::from_secs(*second));
            conduct.score() < GRAYLIST
        })
    }

    #[test]
    fn a_flood_of_transactions_is_banned_within_half_a_minute_and_a_burst_is_forgiven() {
        let flood = |per_second: u64, until: u64| {
            seconds_until_banned(move |conduct, second, now| {
                for _ in 0..if second < until { per_second } else { 0 } {
                    conduct.tx(now);
                }
                conduct.second(0, false, now);
            })
        };
        assert!(flood(100, 120).is_some_and(|seconds| seconds < 30));
        assert_eq!(flood(100, 5), None);
        assert_eq!(flood(10, 120), None);
    }

    #[test]
    fn bytes_that_nobody_asked_for_count_and_others_do_not() {
        let flood = |asked: u64, exempt: bool| {
            let mut total = 0;
            seconds_until_banned(move |conduct, _, now| {
                total += 5000;
                conduct.asked_for(asked);
                conduct.second(total, exempt, now);
            })
        };
        assert!(flood(0, false).is_some_and(|seconds| seconds < 30));
        assert_eq!(flood(4990, false), None);
        assert_eq!(flood(0, true), None);
    }

    #[test]
    fn two_lies_are_too_many() {
        let mut conduct = conduct(Instant::now());
        conduct.offend(Offence::Lie);
        assert!(conduct.score() > GRAYLIST);
        conduct.offend(Offence::Lie);
        assert!(conduct.score() < GRAYLIST);
    }
}
