//! What an agent measures of its work.
//!
//! # Invariants
//! - The number of series is bounded by the code: tasks are counted by state, not named.
//!
//! # Not here
//! The port: `probity-metrics`. The names are explained in `docs/operate/metrics.md`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use probity_metrics::Registry;
use probity_metrics::metrics::counter::Counter;
use probity_metrics::metrics::family::Family;
use probity_metrics::metrics::gauge::Gauge;
use probity_metrics::metrics::histogram::Histogram;
use probity_protocol::task::Standing;
use probity_runtime::query::{Assignment, BallotView, SubmissionView};

use crate::agenda::{Job, Progress};
use crate::agent::Status;

/// From a tenth of a second to an hour.
const BUCKETS: [f64; 11] =
    [0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 180.0, 600.0, 1_200.0, 1_800.0, 3_600.0];

type Label = [(&'static str, &'static str); 1];

/// The states of a piece of work, in their order.
const STATES: [&str; 7] =
    ["queued", "running", "delayed", "ready", "committed", "revealed", "failed"];
/// Standings that an operator wants to know of before anything is slashed.
const DOUBTED: [&str; 2] = ["grey", "flagged"];

/// An agent's numbers. Clones are the same numbers.
#[derive(Debug, Clone)]
pub struct Meter(Arc<Numbers>);

#[derive(Debug)]
struct Numbers {
    tasks: Family<Label, Gauge>,
    doubted: Family<Label, Gauge>,
    height: Gauge,
    in_flight: Gauge,
    sent: Counter,
    duration: Histogram,
    failures: Family<Label, Counter>,
}

impl Default for Meter {
    fn default() -> Self {
        Self(Arc::new(Numbers {
            tasks: Family::default(),
            doubted: Family::default(),
            height: Gauge::default(),
            in_flight: Gauge::default(),
            sent: Counter::default(),
            duration: Histogram::new(BUCKETS),
            failures: Family::default(),
        }))
    }
}

impl Meter {
    /// Adds the numbers to a registry, whose prefix is `probity`.
    pub fn register(&self, registry: &mut Registry) {
        let Numbers { tasks, doubted, height, in_flight, sent, duration, failures } = &*self.0;
        registry.register("eval_tasks", "Pieces of work by state", tasks.clone());
        let help = "Revealed scores that lie outside the tolerance, by standing";
        registry.register("eval_doubted", help, doubted.clone());
        registry.register("eval_height", "The height that was acted on", height.clone());
        let help = "Transactions that stand in no block yet";
        registry.register("eval_transactions_in_flight", help, in_flight.clone());
        registry.register("eval_transactions_sent", "Transactions a node took", sent.clone());
        registry.register("eval_duration_seconds", "How long work took", duration.clone());
        registry.register("eval_failures", "What failed, by kind", failures.clone());
    }

    /// One turn ended.
    pub(crate) fn turned(&self, status: &Status) {
        self.0.height.set(i64::try_from(status.height.0).unwrap_or(i64::MAX));
        self.0.in_flight.set(i64::try_from(status.in_flight).unwrap_or(i64::MAX));
    }

    /// What the chain asks, and how far it is.
    pub(crate) fn assigned(&self, assignments: &[Assignment], work: &BTreeMap<Job, Progress>) {
        let count = |wanted: &str| {
            assignments.iter().filter(|assignment| state(assignment, work) == wanted).count()
        };
        let set = |family: &Family<Label, Gauge>, label: Label, count: usize| {
            family.get_or_create(&label).set(i64::try_from(count).unwrap_or(i64::MAX));
        };
        for name in STATES {
            set(&self.0.tasks, [("state", name)], count(name));
        }
        for name in DOUBTED {
            let count = assignments.iter().filter(|one| doubt(one) == Some(name)).count();
            set(&self.0.doubted, [("standing", name)], count);
        }
    }

    /// A node took a transaction.
    pub(crate) fn sent(&self) {
        self.0.sent.inc();
    }

    /// A piece of work ended well after some time.
    pub(crate) fn worked(&self, time: Duration) {
        self.0.duration.observe(time.as_secs_f64());
    }

    /// Something failed.
    pub(crate) fn failed(&self, reason: &'static str) {
        self.0.failures.get_or_create(&[("reason", reason)]).inc();
    }
}

fn state(assignment: &Assignment, work: &BTreeMap<Job, Progress>) -> &'static str {
    match (&assignment.submission, &assignment.ballot) {
        (Some(SubmissionView::Revealed { .. }), _) | (_, Some(BallotView::Revealed)) => "revealed",
        (Some(SubmissionView::Committed { .. }), _) | (_, Some(BallotView::Committed { .. })) => {
            "committed"
        }
        (Some(SubmissionView::Unavailable), _) => "failed",
        (None, None) => match Job::of(assignment).and_then(|job| work.get(&job)) {
            None => "queued",
            Some(Progress::Running) => "running",
            Some(Progress::Ready { .. } | Progress::Checked { .. }) => "ready",
            Some(Progress::Delayed { .. }) => "delayed",
            Some(Progress::Impossible) => "failed",
        },
    }
}

fn doubt(assignment: &Assignment) -> Option<&'static str> {
    let Some(SubmissionView::Revealed { standing, .. }) = &assignment.submission else {
        return None;
    };
    match standing {
        Some(Standing::Grey) => Some("grey"),
        Some(Standing::Flagged) => Some("flagged"),
        Some(Standing::Accepted) | None => None,
    }
}
