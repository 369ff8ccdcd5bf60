//! Token buckets: so much at once, so much a second after that.

use std::time::Instant;

/// One token, in the unit that buckets count in.
const TOKEN: u64 = 1_000_000;

/// How much of something a peer may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// In the long run, each second.
    pub per_second: u32,
    /// At once, after a pause.
    pub burst: u32,
}

/// A bucket of tokens; what does not find enough of them is too much.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bucket {
    rate: Rate,
    tokens: u64,
    filled: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, tokens: u64::from(rate.burst).saturating_mul(TOKEN), filled: now }
    }

    /// Takes `count` tokens; false, and none taken, if there are fewer.
    pub(super) fn take(&mut self, count: u64, now: Instant) -> bool {
        let Rate { per_second, burst } = self.rate;
        let passed = now.saturating_duration_since(self.filled).as_micros();
        let new = u64::try_from(passed).unwrap_or(u64::MAX).saturating_mul(per_second.into());
        self.tokens = self.tokens.saturating_add(new).min(u64::from(burst).saturating_mul(TOKEN));
        self.filled = now;
        let left = self.tokens.checked_sub(count.saturating_mul(TOKEN));
        self.tokens = left.unwrap_or(self.tokens);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { per_second: 10, burst: 3 }, start);
        let taken = (0..5).filter(|_| bucket.take(1, start)).count();
        assert_eq!(taken, 3);
        assert!(!bucket.take(1, start + Duration::from_millis(99)));
        assert!(bucket.take(1, start + Duration::from_millis(100)));
        let later = start + Duration::from_secs(3600);
        assert!(!bucket.take(4, later), "a pause gives no more than the burst");
        assert!(bucket.take(3, later));
    }

    #[test]
    fn a_refused_request_takes_nothing() {
        let start = Instant::now();
        let mut bucket = Bucket::new(Rate { per_second: 1, burst: 5 }, start);
        assert!(!bucket.take(6, start));
        assert!(!bucket.take(u64::MAX, start));
        assert!(bucket.take(5, start));
    }
}
