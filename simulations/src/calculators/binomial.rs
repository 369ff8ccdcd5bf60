//! The binomial distribution, exactly as far as floating point goes.

/// Known probabilities of capture: seats, the coalition's share of the stake, and P(more than half) to
/// two digits that count. The first [`STATED`] stand in `docs/spec/19-figures.md`.
pub const KNOWN: [(u32, f64, f64); 12] = [
    (7, 1.0 / 3.0, 0.173),
    (15, 1.0 / 3.0, 0.088),
    (31, 1.0 / 3.0, 0.027),
    (63, 1.0 / 3.0, 3.1e-3),
    (15, 0.25, 0.017),
    (31, 0.25, 1.3e-3),
    (7, 0.20, 3.3e-2),
    (31, 0.30, 9.5e-3),
    (63, 0.40, 5.4e-2),
    (127, 0.45, 0.129),
    (511, 0.45, 1.2e-2),
    (255, 1.0 / 3.0, 2e-8),
];

/// How many of [`KNOWN`] the specification states.
pub const STATED: usize = 6;

/// P(k of n) for every k, at probability `rho` each.
#[must_use]
pub fn probabilities(n: u32, rho: f64) -> Vec<f64> {
    if rho <= 0.0 || rho >= 1.0 {
        let certain = if rho <= 0.0 { 0 } else { n };
        return (0..=n).map(|k| if k == certain { 1.0 } else { 0.0 }).collect();
    }
    let (hit, miss) = (rho.ln(), (-rho).ln_1p());
    // In logarithms, since the first terms of a large n are below the smallest float.
    let mut choose = 0.0_f64;
    let mut terms = Vec::new();
    for k in 0..=n {
        if k > 0 {
            choose += f64::from(n - k + 1).ln() - f64::from(k).ln();
        }
        terms.push((choose + f64::from(k) * hit + f64::from(n - k) * miss).exp());
    }
    terms
}

/// P(more than half of n), and the expected number of hits where that is so and where it is not:
/// `(p, E(k; captured), E(k; not captured))`, the expectations not divided by their probability.
#[must_use]
pub fn majority(n: u32, rho: f64) -> (f64, f64, f64) {
    let (mut p, mut captured, mut short) = (0.0, 0.0, 0.0);
    // From the largest k, whose terms are the smallest, so that they are not lost in the sum.
    for (k, term) in (0..=n).rev().zip(probabilities(n, rho).into_iter().rev()) {
        if u64::from(k) * 2 > u64::from(n) {
            p += term;
            captured += f64::from(k) * term;
        } else {
            short += f64::from(k) * term;
        }
    }
    (p, captured, short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_probabilities_of_capture_come_out() {
        for (n, rho, expected) in KNOWN {
            let (p, _, _) = majority(n, rho);
            assert!((p / expected - 1.0).abs() < 0.05, "n {n} rho {rho}: {p}, not {expected}");
        }
    }

    #[test]
    fn three_seats_by_hand() {
        let (p, captured, short) = majority(3, 0.25);
        // 3 (1/4)^2 (3/4) + (1/4)^3 = 10/64
        assert!((p - 10.0 / 64.0).abs() < 1e-15);
        assert!((captured - (2.0 * 9.0 + 3.0) / 64.0).abs() < 1e-15);
        assert!((captured + short - 0.75).abs() < 1e-15);
        // Half is no majority.
        assert!((majority(2, 0.5).0 - 0.25).abs() < 1e-15);
    }

    #[test]
    fn certainty_and_impossibility_have_no_logarithm() {
        assert_eq!(majority(15, 0.0).0, 0.0);
        assert_eq!(majority(15, 1.0).0, 1.0);
        assert!((probabilities(10_000, 0.3).iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
