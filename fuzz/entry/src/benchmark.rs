//! Benchmark definitions, which anyone may publish.

use probity_harness::benchmark::{Benchmark, MAX_FEATURES};

use crate::Verdict;

/// A benchmark definition.
///
/// # Panics
/// If it reads differently the second time, or asks for more than a definition may.
#[must_use]
pub fn benchmark(bytes: &[u8]) -> Verdict {
    Verdict::of(Benchmark::parse("fuzzed.toml", bytes), |benchmark| {
        let again = Benchmark::parse("renamed.toml", bytes);
        assert!(again.is_ok_and(|again| again == benchmark), "a name changes a definition");
        let sides = &benchmark.input.shape;
        let numbers = sides.iter().try_fold(1usize, |all, side| all.checked_mul(*side));
        assert!(numbers.is_some_and(|numbers| (1..=MAX_FEATURES).contains(&numbers)), "{sides:?}");
    })
}
