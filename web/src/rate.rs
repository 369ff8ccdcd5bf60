//! How often a caller may ask: a bucket of requests for each, in a table of bounded size.
//!
//! # Invariants
//! - The table never has more than its most callers. When it is full of callers that are all being
//!   limited, newcomers share one bucket, so that a crowd limits itself and not those before it.
//!
//! # Not here
//! Who a caller is: [`crate::caller`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::caller::Caller;

/// So many requests at once, and so many more each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many each second.
    pub per_second: u32,
    /// How many at once.
    pub burst: u32,
}

/// What a caller has left, in thousandths of a request.
#[derive(Debug, Clone, Copy)]
struct Bucket {
    left: u64,
    at: Instant,
}

/// The buckets of one kind of request.
#[derive(Clone)]
pub(crate) struct Rates(Arc<Mutex<Table>>);

struct Table {
    rate: Rate,
    most: usize,
    buckets: HashMap<Caller, Bucket>,
    others: Option<Bucket>,
}

impl Rates {
    pub(crate) fn new(rate: Rate, most: usize) -> Self {
        Self(Arc::new(Mutex::new(Table { rate, most, buckets: HashMap::new(), others: None })))
    }

    /// Takes one request from a caller's bucket.
    ///
    /// # Errors
    /// After how long there is one again.
    pub(crate) fn take(&self, caller: Caller, now: Instant) -> Result<(), Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take(caller, now)
    }
}

impl Table {
    fn take(&mut self, caller: Caller, now: Instant) -> Result<(), Duration> {
        let rate = self.rate;
        if !self.buckets.contains_key(&caller) && self.buckets.len() >= self.most {
            // A full bucket is as good as none.
            self.buckets.retain(|_, bucket| bucket.refilled(rate, now) < rate.full());
        }
        if let Some(bucket) = self.buckets.get_mut(&caller) {
            return bucket.take(rate, now);
        }
        let fresh = Bucket { left: rate.full(), at: now };
        if self.buckets.len() < self.most {
            return self.buckets.entry(caller).or_insert(fresh).take(rate, now);
        }
        self.others.get_or_insert(fresh).take(rate, now)
    }
}

impl Rate {
    fn full(self) -> u64 {
        u64::from(self.burst).saturating_mul(1_000)
    }
}

impl Bucket {
    fn refilled(&self, rate: Rate, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.at).as_millis();
        let more = u64::try_from(passed).unwrap_or(u64::MAX).saturating_mul(rate.per_second.into());
        self.left.saturating_add(more).min(rate.full())
    }

    fn take(&mut self, rate: Rate, now: Instant) -> Result<(), Duration> {
        let left = self.refilled(rate, now);
        let (rest, missing) = (left.checked_sub(1_000), 1_000_u64.saturating_sub(left));
        *self = Self { left: rest.unwrap_or(left), at: now };
        match rest {
            Some(_) => Ok(()),
            None => Err(Duration::from_millis(missing.div_ceil(rate.per_second.max(1).into()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;

    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 3 };

    fn caller(last: u8) -> Caller {
        Caller::of([203, 0, 113, last].into(), &HeaderMap::new())
    }

    #[test]
    fn a_burst_is_let_through_and_then_so_many_a_second() {
        let (rates, begin) = (Rates::new(RATE, 10), Instant::now());
        let at = |ms| begin + Duration::from_millis(ms);
        for _ in 0..3 {
            assert_eq!(rates.take(caller(1), begin), Ok(()));
        }
        assert_eq!(rates.take(caller(1), begin), Err(Duration::from_millis(500)));
        assert_eq!(rates.take(caller(1), at(400)), Err(Duration::from_millis(100)));
        assert_eq!(rates.take(caller(1), at(500)), Ok(()));
        assert!(rates.take(caller(1), at(500)).is_err());
        assert_eq!(rates.take(caller(2), at(500)), Ok(()), "another caller is not concerned");
        // However long it waits, it has no more than a burst.
        let later = at(3_600_000);
        assert_eq!((0..9).filter(|_| rates.take(caller(1), later).is_ok()).count(), 3);
    }

    #[test]
    fn a_crowd_shares_one_bucket_once_the_table_is_full() {
        let (rates, begin) = (Rates::new(RATE, 2), Instant::now());
        for last in [1, 2] {
            assert_eq!(rates.take(caller(last), begin), Ok(()));
        }
        let crowd = (3..=200).filter(|last| rates.take(caller(*last), begin).is_ok()).count();
        assert_eq!(crowd, 3);
        assert_eq!(rates.take(caller(1), begin), Ok(()), "those before it are not concerned");
        // Whoever has been quiet makes room.
        let later = begin + Duration::from_secs(60);
        assert_eq!((0..9).filter(|_| rates.take(caller(201), later).is_ok()).count(), 3);
        assert!(rates.0.lock().unwrap().buckets.len() <= 2);
    }
}
