//! Scores on a line: which part of the numbers is drawn, where marks stand, where ticks are.
//!
//! All arithmetic is in whole micro-units, so that a chart is the same at every node.

use probity_primitives::Score;

use super::words::short_score;

/// The part of the numbers that a chart shows, and how long its line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    low: i128,
    high: i128,
    /// Where the line begins and how long it is, in the chart's units.
    line: (i128, i128),
}

/// A part of a chart's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) from: i128,
    pub(super) to: i128,
}

impl Bar {
    pub(super) fn width(&self) -> i128 {
        self.to.saturating_sub(self.from).max(1)
    }
}

/// A tick: where it stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tick {
    pub(super) at: i128,
    pub(super) label: String,
}

impl Scale {
    /// A scale that shows all of `scores` with some room around them, within what is possible.
    pub(super) fn around(
        scores: impl IntoIterator<Item = Score>,
        (lowest, highest): (Score, Score),
        line: (i128, i128),
    ) -> Self {
        let (lowest, highest) = (i128::from(lowest.micros()), i128::from(highest.micros()));
        let mut ends: Option<(i128, i128)> = None;
        for micros in scores.into_iter().map(|score| i128::from(score.micros())) {
            let (low, high) = ends.unwrap_or((micros, micros));
            ends = Some((low.min(micros), high.max(micros)));
        }
        let (low, high) = ends.unwrap_or((lowest, highest));
        let room = (high.saturating_sub(low) / 12).max(highest.saturating_sub(lowest) / 100).max(1);
        let low = low.saturating_sub(room).max(lowest.min(low));
        let high = high.saturating_add(room).min(highest.max(high));
        Self { low, high: high.max(low.saturating_add(1)), line }
    }

    /// Where a score stands; outside the scale it stands at the end.
    pub(super) fn place(&self, score: Score) -> i128 {
        let Self { low, high, line: (begin, length) } = *self;
        let range = high.saturating_sub(low).max(1);
        let above = i128::from(score.micros()).saturating_sub(low).clamp(0, range);
        begin.saturating_add(above.saturating_mul(length) / range)
    }

    pub(super) fn bar(&self, (from, to): (Score, Score)) -> Bar {
        Bar { from: self.place(from), to: self.place(to) }
    }

    /// Ticks at round numbers, at most six.
    pub(super) fn ticks(&self) -> Vec<Tick> {
        let range = self.high.saturating_sub(self.low);
        let mut step: i128 = 1;
        let mut factors = [2, 5, 10].into_iter().cycle();
        let mut unit: i128 = 1;
        while range / step > 5 {
            let factor = factors.next().unwrap_or(10);
            step = unit.saturating_mul(factor);
            if factor == 10 {
                unit = step;
            }
        }
        let first = self.low.div_euclid(step).saturating_mul(step);
        let all = (0..8).map(|number| first.saturating_add(step.saturating_mul(number)));
        all.filter(|at| (self.low..=self.high).contains(at))
            .filter_map(|at| {
                let score = Score::from_micros(i64::try_from(at).ok()?);
                Some(Tick { at: self.place(score), label: short_score(score) })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(micros: i64) -> Score {
        Score::from_micros(micros)
    }

    #[test]
    fn every_mark_stands_within_the_line_even_at_the_extremes() {
        let whole = (Score::ZERO, Score::ONE);
        let scale = Scale::around([of(600_000), of(900_000)], whole, (10, 400));
        for micros in [i64::MIN, -1, 0, 600_000, 750_000, 900_000, i64::MAX] {
            assert!((10..=410).contains(&scale.place(of(micros))), "{micros}");
        }
        let extreme = (of(i64::MIN), of(i64::MAX));
        let scale = Scale::around([of(i64::MIN), of(i64::MAX)], extreme, (0, 100));
        assert_eq!((scale.place(of(i64::MIN)), scale.place(of(i64::MAX))), (0, 100));
    }

    #[test]
    fn a_scale_leaves_room_but_does_not_show_what_cannot_be() {
        let whole = (Score::ZERO, Score::ONE);
        let scale = Scale::around([of(950_000), of(1_000_000)], whole, (0, 1_000));
        assert_eq!(scale.place(Score::ONE), 1_000);
        assert!(scale.place(of(950_000)) > 0);
    }

    #[test]
    fn one_score_alone_has_a_scale_too() {
        let scale = Scale::around([of(500_000)], (Score::ZERO, Score::ONE), (0, 100));
        assert_eq!(scale.place(of(500_000)), 50);
        assert_eq!(Scale::around([], (Score::ZERO, Score::ZERO), (0, 100)).ticks().len(), 2);
    }

    #[test]
    fn ticks_stand_at_round_numbers() {
        let scale =
            Scale::around([of(612_000), of(894_000)], (Score::ZERO, Score::ONE), (0, 1_000));
        let labels: Vec<String> = scale.ticks().into_iter().map(|tick| tick.label).collect();
        assert_eq!(labels, ["0.6", "0.7", "0.8", "0.9"]);
    }

    proptest::proptest! {
        #[test]
        fn any_scale_has_few_ticks_in_order(a: i64, b: i64, low: i64, high: i64) {
            let bounds = (of(low.min(high)), of(low.max(high)));
            let ticks = Scale::around([of(a), of(b)], bounds, (0, 1_000)).ticks();
            proptest::prop_assert!(ticks.len() <= 7);
            proptest::prop_assert!(ticks.windows(2).all(|pair| pair[0].at <= pair[1].at));
        }
    }
}
