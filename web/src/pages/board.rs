//! Boards as the page shows them: texts, and where marks stand on a line.

use probity_primitives::{ArtifactId, Height, Score, TaskId};
use probity_protocol::Ledger;
use probity_protocol::registry::{ArtifactKind, Benchmark, Direction};
use probity_protocol::task::{OutcomeState, Phase, Standing};
use probity_runtime::query::{self, ArtifactFilter, BoardRow};

/// The most benchmarks that are shown.
const MAX_BOARDS: usize = 20;

/// The most rows of one.
const MAX_ROWS: usize = 50;

/// Where the line of a chart begins and how long it is, in its own units.
const LINE: (i128, i128) = (4, 192);

/// A benchmark with its results.
pub(super) struct Board {
    pub(super) id: ArtifactId,
    pub(super) name: String,
    pub(super) metric: String,
    pub(super) better: &'static str,
    pub(super) items: u32,
    pub(super) lowest: String,
    pub(super) highest: String,
    pub(super) rows: Vec<Row>,
    /// Whether there are more rows than are shown.
    pub(super) more: bool,
}

/// A result.
pub(super) struct Row {
    pub(super) rank: u32,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) task: TaskId,
    pub(super) score: String,
    pub(super) interval: String,
    pub(super) spread: String,
    /// How many members are beyond the tolerance.
    pub(super) flagged: usize,
    pub(super) seats: String,
    pub(super) operators: u32,
    pub(super) state: &'static str,
    pub(super) state_class: &'static str,
    /// The last block at which the result may be disputed.
    pub(super) until: Option<Height>,
    /// The chart in words.
    pub(super) spoken: String,
    pub(super) dot: i128,
    pub(super) interval_bar: Option<Bar>,
    pub(super) spread_bar: Bar,
}

/// A part of a chart's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) from: i128,
    pub(super) width: i128,
}

impl Bar {
    pub(super) const fn to(&self) -> i128 {
        self.from.saturating_add(self.width)
    }
}

/// The boards of the first benchmarks that are registered.
pub(super) fn boards(ledger: &Ledger) -> Vec<Board> {
    let filter = ArtifactFilter { kind: Some(ArtifactKind::Benchmark), owner: None };
    let benchmarks = query::artifacts(ledger, filter, None, MAX_BOARDS).items.into_iter();
    benchmarks
        .filter_map(|view| {
            let promised = ledger.benchmarks.get(&view.id)?;
            let board = query::board(ledger, &view.id)?;
            let more = board.rows.len() > MAX_ROWS;
            let rows = board.rows.into_iter().take(MAX_ROWS);
            Some(Board {
                id: view.id,
                name: board.name,
                metric: board.metric,
                better: match board.direction {
                    Direction::HigherIsBetter => "higher is better",
                    Direction::LowerIsBetter => "lower is better",
                },
                items: promised.items,
                lowest: short(promised.lowest),
                highest: short(promised.highest),
                rows: rows.map(|entry| row(ledger, promised, entry)).collect(),
                more,
            })
        })
        .collect()
}

fn row(ledger: &Ledger, promised: &Benchmark, entry: BoardRow) -> Row {
    let BoardRow { rank, artifact: _, name, version, task, outcome } = entry;
    let (low, high) = outcome.spread;
    let place = |score| place(score, promised.lowest, promised.highest);
    let bar = |(from, to): (Score, Score)| Bar {
        from: place(from),
        width: place(to).saturating_sub(place(from)),
    };
    let interval = match outcome.interval {
        Some((from, to)) => format!("{from}–{to}"),
        None => "not stated".to_owned(),
    };
    let spread = if low == high { "none".to_owned() } else { format!("{low}–{high}") };
    let flagged =
        outcome.members.iter().filter(|member| member.standing == Some(Standing::Flagged)).count();
    let (state, state_class) = match outcome.state {
        OutcomeState::Final => ("Final", "final"),
        OutcomeState::Contested => ("Contested", "contested"),
        OutcomeState::Overturned => ("Proven false", "contested"),
        OutcomeState::Provisional => ("Provisional", "provisional"),
    };
    Row {
        rank,
        name,
        version,
        task,
        score: outcome.score.to_string(),
        flagged,
        seats: format!("{} of {}", outcome.revealed, outcome.seats),
        operators: outcome.operators,
        state,
        state_class,
        until: open_until(ledger, &task),
        spoken: format!("score {}, interval {interval}, spread {spread}", outcome.score),
        dot: place(outcome.score),
        interval_bar: outcome.interval.map(bar),
        spread_bar: bar((low, high)),
        interval,
        spread,
    }
}

/// The last block at which a result may be disputed, while it may be.
fn open_until(ledger: &Ledger, task: &TaskId) -> Option<Height> {
    match &ledger.tasks.get(task)?.phase {
        Phase::Provisional { until, .. } => Some(*until),
        Phase::Open { .. }
        | Phase::Commit { .. }
        | Phase::Reveal { .. }
        | Phase::Spot { .. }
        | Phase::Final { .. }
        | Phase::Void { .. } => None,
    }
}

/// Where a score stands on a chart's line; outside the range it stands at the end.
fn place(score: Score, lowest: Score, highest: Score) -> i128 {
    let (begin, length) = LINE;
    let range = i128::from(highest.micros()).saturating_sub(i128::from(lowest.micros())).max(1);
    let above = i128::from(score.micros()).saturating_sub(i128::from(lowest.micros()));
    begin.saturating_add(above.clamp(0, range).saturating_mul(length) / range)
}

/// A score without the zeros at its end.
fn short(score: Score) -> String {
    let text = score.to_string();
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_stand_within_the_line() {
        let place = |micros| place(Score::from_micros(micros), Score::ZERO, Score::ONE);
        assert_eq!((place(0), place(500_000), place(1_000_000)), (4, 100, 196));
        assert_eq!((place(-5), place(i64::MAX)), (4, 196));
        let extreme = super::place(
            Score::from_micros(i64::MAX),
            Score::from_micros(i64::MIN),
            Score::from_micros(i64::MAX),
        );
        assert_eq!(extreme, 196);
    }

    #[test]
    fn a_range_is_shown_without_needless_zeros() {
        assert_eq!(short(Score::ONE), "1");
        assert_eq!(short(Score::ZERO), "0");
        assert_eq!(short(Score::from_micros(2_500_000)), "2.5");
        assert_eq!(short(Score::from_micros(10_000_000)), "10");
    }
}
