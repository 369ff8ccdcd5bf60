//! What a window's offenders lose together, by the protocol's own curve.

use probity_primitives::Ppm;
use probity_protocol::slashing::correlated_ppm;
use serde::Serialize;

use super::error::{self, CalculatorError};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Correlated {
    /// The schema of this document.
    pub schema: &'static str,
    /// The offenders' share of all stake, in millionths.
    pub x_ppm: u32,
    /// What each of them loses at least, in millionths of its stake.
    pub corr_ppm: u32,
    /// Whether the window waits for a vote instead: beyond one half a bug in the harness is
    /// likelier than a cartel.
    pub suspended: bool,
}

/// What a share of offending stake loses.
///
/// # Errors
/// [`CalculatorError::Count`] for more than all stake.
pub fn correlated(x_ppm: u32) -> Result<Correlated, CalculatorError> {
    error::count("--x", u64::from(x_ppm), (0, 1_000_000))?;
    Ok(Correlated {
        schema: "probity.sim-corr/v1",
        x_ppm,
        corr_ppm: correlated_ppm(Ppm::new(x_ppm)).parts(),
        suspended: x_ppm > 500_000,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_points_of_the_curve_come_out() {
        let known = [
            (0, 0),
            (10_000, 900),
            (50_000, 22_500),
            (100_000, 90_000),
            (200_000, 360_000),
            (333_333, 999_998),
            (333_334, 1_000_000),
        ];
        for (x, expected) in known {
            let found = correlated(x).unwrap();
            assert_eq!((found.corr_ppm, found.suspended), (expected, false), "{x}");
        }
    }

    #[test]
    fn beyond_one_half_the_window_waits_and_beyond_all_there_is_no_answer() {
        assert!(!correlated(500_000).unwrap().suspended);
        assert!(correlated(500_001).unwrap().suspended);
        let refused = correlated(1_000_001).unwrap_err().to_string();
        assert_eq!(refused, "--x must be 0 to 1000000, not 1000001");
    }
}
