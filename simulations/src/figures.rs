//! The figures that the specification quotes, made anew.
//!
//! Each figure stands with what the specification says, what came out, how far that may be off by
//! chance, and whether both agree. Tests hold the same figures with less work.
//!
//! Spec: `docs/spec/19-figures.md`.

use serde::Serialize;

use crate::calculators::binomial;
use crate::calculators::capture::{self, capture};
use crate::calculators::cartel::{Cartel, Kind};
use crate::calculators::interval::Interval;
use crate::calculators::noise::Noise;
use crate::calculators::payoff::{MIXED, POOLED, Row, Strategy, Terms, payoffs};
use crate::calculators::penalties::{self, penalties};
use crate::calculators::{CalculatorError, corr};
use crate::mechanisms::copier::Market;
use crate::mechanisms::retention::Network;

/// One figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// The table it belongs to.
    pub table: &'static str,
    /// Which of its figures.
    pub name: String,
    /// What the specification says.
    pub stated: f64,
    /// What came out.
    pub found: f64,
    /// The 95 % interval of `found`, where there is chance in it.
    pub interval: Option<Interval>,
    /// How far the statement may be off by its own rounding or chance.
    pub allowed: f64,
    /// Whether both agree: the statement is within twice the interval, widened by what is allowed.
    pub agrees: bool,
}

/// All figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figures {
    /// The schema of this document.
    pub schema: &'static str,
    /// What chance followed from.
    pub seed: u64,
    /// How many of them agree.
    pub agree: usize,
    /// The figures.
    pub figures: Vec<Figure>,
}

/// Table B: the drift of a market, and what a copier earns at lags of 0, 1, 2, 4, 8 and 16 epochs.
pub const COPIER: [(f64, [f64; 6]); 5] = [
    (0.0, [1.012, 1.012, 1.012, 1.013, 1.012, 1.012]),
    (0.02, [1.009, 1.007, 1.005, 1.001, 0.995, 0.987]),
    (0.05, [0.999, 0.991, 0.985, 0.975, 0.960, 0.937]),
    (0.10, [0.980, 0.964, 0.951, 0.931, 0.904, 0.858]),
    (0.20, [0.941, 0.909, 0.885, 0.849, 0.797, 0.729]),
];

/// The lags of [`COPIER`].
pub const LAGS: [usize; 6] = [0, 1, 2, 4, 8, 16];

/// Makes every figure; `scale` multiplies the work.
///
/// # Errors
/// [`CalculatorError::Count`] for a scale that is none.
pub fn all(scale: u32, seed: u64) -> Result<Figures, CalculatorError> {
    crate::calculators::error::count("--scale", u64::from(scale), (1, 10_000))?;
    let mut figures = Vec::new();
    let times = u64::from(scale);
    captures(&mut figures, 20_000 * times, seed)?;
    earnings(&mut figures, 10_000 * times, seed)?;
    false_penalties(&mut figures, 50_000 * times, seed)?;
    cartels(&mut figures, 40_000 * times, seed)?;
    curve(&mut figures)?;
    copiers(&mut figures, scale.saturating_mul(24), seed)?;
    retention(&mut figures, seed)?;
    let agree = figures.iter().filter(|figure| figure.agrees).count();
    Ok(Figures { schema: "probity.sim-figures/v1", seed, agree, figures })
}

impl Figure {
    fn of(
        table: &'static str,
        name: String,
        (stated, allowed): (f64, f64),
        found: f64,
        interval: Option<Interval>,
    ) -> Self {
        let Interval(low, high) = interval.unwrap_or(Interval(found, found));
        // One 95 % interval in twenty misses by chance, and there are dozens: twice as far, as the tests
        // of the same figures have it, one in ten thousand does.
        let (below, above) = (2.0 * (found - low), 2.0 * (high - found));
        let agrees = (found - below - allowed..=found + above + allowed).contains(&stated);
        Self { table, name, stated, found, interval, allowed, agrees }
    }
}

fn captures(figures: &mut Vec<Figure>, runs: u64, seed: u64) -> Result<(), CalculatorError> {
    for (n, rho, stated) in binomial::KNOWN.into_iter().take(binomial::STATED) {
        let found = capture(&capture::Question { n, rho, runs, seed })?;
        let name = |how| format!("n {n}, rho {rho:.4}, {how}");
        // Two digits are printed: half of the last one.
        let allowed = stated * 0.05;
        let exact = Figure::of("capture", name("exact"), (stated, allowed), found.exact, None);
        let drawn = (found.simulated, Some(found.interval));
        figures.push(exact);
        figures.push(Figure::of("capture", name("drawn"), (stated, allowed), drawn.0, drawn.1));
    }
    Ok(())
}

fn earnings(figures: &mut Vec<Figure>, runs: u64, seed: u64) -> Result<(), CalculatorError> {
    let usual = Terms::default();
    let alone = Terms { spot: false, ..usual };
    let rare = Terms { audit: 0.02, ..alone };
    let stated = |honest, guess, skip, withhold| {
        [
            (Strategy::Honest, honest),
            (Strategy::Guess, guess),
            (Strategy::Skip, skip),
            (Strategy::Withhold, withhold),
        ]
    };
    let tables = [
        ("payoff with spot checks", usual, stated(0.375, -50.0, -48.0, -0.78)),
        ("payoff, audits alone at 5 %", alone, stated(0.375, -1.17, -1.79, -0.72)),
        ("payoff, audits alone at 2 %", rare, stated(0.375, 0.38, -0.24, -0.77)),
    ];
    for (table, terms, stated) in tables {
        let rows = payoffs(&MIXED, &terms, runs, seed)?;
        push_rows(figures, table, &rows, &stated);
    }
    let rows = payoffs(&POOLED, &usual, runs, seed)?;
    push_rows(figures, "payoff with spot checks", &rows, &[(Strategy::Pool, 1.155)]);
    Ok(())
}

fn push_rows(
    figures: &mut Vec<Figure>,
    table: &'static str,
    rows: &[Row],
    stated: &[(Strategy, f64)],
) {
    for (strategy, stated) in stated {
        if let Some(row) = rows.iter().find(|row| row.strategy == *strategy) {
            // The statements come from a simulation of some ten thousand seats.
            let allowed = if *strategy == Strategy::Honest { 0.005 } else { 0.15 };
            let name = format!("{strategy:?}").to_lowercase();
            let stated = (*stated, allowed);
            figures.push(Figure::of(table, name, stated, row.payoff, Some(row.interval)));
        }
    }
}

fn false_penalties(figures: &mut Vec<Figure>, runs: u64, seed: u64) -> Result<(), CalculatorError> {
    let stated = [
        (Noise::Gaussian, 1.0, 6.3e-5, 0.0),
        (Noise::Gaussian, 2.0, 4.2e-3, 4e-6),
        (Noise::Laplace, 1.0, 2.9e-3, 1e-5),
        (Noise::StudentT3, 1.0, 5.8e-3, 8e-4),
    ];
    for (noise, ratio, withheld, flagged) in stated {
        let question = penalties::Question { n: 15, noise, true_over_declared: ratio, runs, seed };
        let found = penalties(&question)?;
        let mut push = |what: &str, stated: f64, found, interval| {
            let name = format!("{noise} at {ratio} declared, {what}");
            let allowed = stated * 0.06;
            let figure = Figure::of("penalties", name, (stated, allowed), found, Some(interval));
            figures.push(figure);
        };
        push("withheld", withheld, found.withheld, found.withheld_interval);
        push("flagged", flagged, found.flagged, found.flagged_interval);
    }
    Ok(())
}

fn cartels(figures: &mut Vec<Figure>, runs: u64, seed: u64) -> Result<(), CalculatorError> {
    for kind in Kind::ALL {
        let cartel = Cartel { lies: 1.0, ..Cartel::of(kind) };
        let found = cartel.break_even(runs, seed)?;
        let (stated, allowed) = match kind {
            Kind::Naive => (10_226.0, 30.0),
            Kind::NaiveByTheRules | Kind::Adaptive => (found.theory, 0.0),
        };
        let name = match kind {
            Kind::Naive => "naive",
            Kind::NaiveByTheRules => "naive, flagged lies at the rules' price",
            Kind::Adaptive => "adaptive",
        };
        let (even, interval) = (found.break_even, Some(found.interval));
        let table = "cartel's break-even gain";
        figures.push(Figure::of(table, name.to_owned(), (stated, allowed), even, interval));
    }
    Ok(())
}

fn curve(figures: &mut Vec<Figure>) -> Result<(), CalculatorError> {
    let stated = [
        (10_000, 900.0),
        (50_000, 22_500.0),
        (100_000, 90_000.0),
        (200_000, 360_000.0),
        (333_333, 999_998.0),
    ];
    for (x, stated) in stated {
        let found = f64::from(corr::correlated(x)?.corr_ppm);
        let name = format!("{x} ppm");
        figures.push(Figure::of("correlated slash", name, (stated, 0.0), found, None));
    }
    Ok(())
}

fn copiers(figures: &mut Vec<Figure>, runs: u32, seed: u64) -> Result<(), CalculatorError> {
    for (drift, stated) in COPIER {
        let found = Market { drift, ..Market::default() }.ratios(&LAGS, runs, seed)?;
        for ((lag, found), stated) in LAGS.iter().zip(found).zip(stated) {
            let name = format!("drift {drift}, lag {lag}");
            let stated = (stated, stated * 0.02);
            figures.push(Figure::of("stale copier", name, stated, found, None));
        }
    }
    Ok(())
}

fn retention(figures: &mut Vec<Figure>, seed: u64) -> Result<(), CalculatorError> {
    let usual = Network::default();
    let stated = [
        ("weights differ by 0 %", Network { deviation: 0.0, ..usual }, 0.60),
        ("by 20 %", Network { deviation: 0.2, ..usual }, 0.67),
        ("by 40 %", usual, 0.73),
        ("bond penalty 0", Network { bond_penalty: 0.0, ..usual }, 0.78),
        ("bond penalty 0.5", Network { bond_penalty: 0.5, ..usual }, 0.76),
        ("validators' share 0", Network { validator_share: 0.0, ..usual }, 0.82),
        ("validators' share 0.25", Network { validator_share: 0.25, ..usual }, 0.78),
    ];
    for (name, network, stated) in stated {
        let found = network.draw(seed)?.needed(10).unwrap_or(f64::INFINITY);
        // Hundredths are subtracted: a little more than two of them.
        let stated = (stated, 0.020_001);
        figures.push(Figure::of("yuma retention", name.to_owned(), stated, found, None));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_agrees_within_twice_its_interval_widened_by_what_is_allowed() {
        let agrees =
            |stated, interval| Figure::of("t", String::new(), (stated, 0.1), 1.0, interval).agrees;
        assert!(agrees(1.1, None) && !agrees(1.2, None));
        let wide = Some(Interval(0.9, 1.2));
        assert!(agrees(1.45, wide) && agrees(0.75, wide));
        assert!(!agrees(1.55, wide) && !agrees(0.65, wide));
    }

    #[test]
    fn a_scale_that_is_none_is_refused() {
        let refused = all(0, 1).unwrap_err().to_string();
        assert_eq!(refused, "--scale must be 1 to 10000, not 0");
    }

    #[test]
    fn the_curve_of_the_correlated_slash_agrees_to_the_unit() {
        let mut figures = Vec::new();
        curve(&mut figures).unwrap();
        assert_eq!(figures.len(), 5);
        assert!(figures.iter().all(|figure| figure.agrees), "{figures:?}");
    }
}
