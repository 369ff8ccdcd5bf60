//! Tasks, results, the board, and what an operator has to do.

use std::cmp::Reverse;

use probity_primitives::{Amount, ArtifactId, Hash, OperatorId, Seats, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::registry::{Artifact, ArtifactFile, Direction};
use probity_protocol::task::{
    Audit, AuditEntry, Due, Jury, JuryBallot, Outcome, Revealed, Standing, Submission, Task,
};
use probity_protocol::{Bucket, Ledger};
use serde::{Deserialize, Serialize};

use super::{MAX_PAGE, Page, following, page};

/// A task and everything that hangs on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskView {
    /// Its identifier.
    pub id: TaskId,
    /// What is left of its fee.
    pub escrow: Amount,
    /// All that is stored of it.
    pub task: Task,
    /// What each member has sent in the present round.
    pub submissions: Vec<(OperatorId, SubmissionView)>,
    /// Its item jury, if there is one.
    pub jury: Option<Jury>,
    /// Its audit, if there is one.
    pub audit: Option<Audit>,
    /// Its result, if there is one.
    pub outcome: Option<Outcome>,
}

/// What a member has sent. Opened leaves are listed by index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "submission")]
pub enum SubmissionView {
    /// It could not fetch what was to be evaluated.
    Unavailable,
    /// It is bound to a score.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown its score.
    Revealed {
        /// The score and its roots.
        revealed: Revealed,
        /// How it stands, once the reveals are in.
        standing: Option<Standing>,
        /// The leaves it has opened.
        opened: Vec<u32>,
    },
}

impl SubmissionView {
    fn of_auditor(entry: &AuditEntry) -> Self {
        match entry {
            AuditEntry::Committed { commitment } => Self::Committed { commitment: *commitment },
            AuditEntry::Revealed { revealed } => {
                Self::Revealed { revealed: revealed.clone(), standing: None, opened: Vec::new() }
            }
        }
    }

    fn of(submission: &Submission) -> Self {
        match submission {
            Submission::Unavailable => Self::Unavailable,
            Submission::Committed { commitment } => Self::Committed { commitment: *commitment },
            Submission::Revealed { revealed, standing, opened } => Self::Revealed {
                revealed: revealed.clone(),
                standing: *standing,
                opened: opened.keys().copied().collect(),
            },
        }
    }
}

/// How far a juror has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "ballot")]
pub enum BallotView {
    /// It is bound to verdicts.
    Committed {
        /// To what.
        commitment: Hash,
    },
    /// It has shown them.
    Revealed,
}

/// As what an operator was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// To evaluate.
    Member,
    /// To decide on items that members differ on.
    Juror,
    /// To evaluate once more what a committee has.
    Auditor,
}

/// The files that a task is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskFiles {
    /// What is evaluated.
    pub model: Option<ArtifactFile>,
    /// What it is evaluated on.
    pub dataset: Option<ArtifactFile>,
    /// How.
    pub benchmark: Option<ArtifactFile>,
}

/// A task that an operator was drawn for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The task's identifier.
    pub task_id: TaskId,
    /// The task.
    pub task: Task,
    /// As what.
    pub role: Role,
    /// With how many seats.
    pub seats: Seats,
    /// The files that it needs.
    pub files: TaskFiles,
    /// What it has sent as a member or an auditor.
    pub submission: Option<SubmissionView>,
    /// The jury, for a juror.
    pub jury: Option<Jury>,
    /// What it has sent as a juror.
    pub ballot: Option<BallotView>,
    /// The audit, for an auditor.
    pub audit: Option<Audit>,
}

/// A result with its task's identifier and the names of what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultView {
    /// The task.
    pub task: TaskId,
    /// What was evaluated, by name.
    pub artifact_name: String,
    /// The benchmark, by name.
    pub benchmark_name: String,
    /// The result.
    pub outcome: Outcome,
}

/// Which results are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ResultFilter {
    /// Of this benchmark.
    pub benchmark: Option<ArtifactId>,
    /// Of this artifact.
    pub artifact: Option<ArtifactId>,
}

/// The newest results on a benchmark, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardView {
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// Its name.
    pub name: String,
    /// The metric.
    pub metric: String,
    /// Which scores are better.
    pub direction: Direction,
    /// The results.
    pub rows: Vec<BoardRow>,
}

/// A row of a board. Equal scores share a rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRow {
    /// The place, from 1.
    pub rank: u32,
    /// What was evaluated.
    pub artifact: ArtifactId,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The task that measured it.
    pub task: TaskId,
    /// The result.
    pub outcome: Outcome,
}

/// A task, if there is one.
#[must_use]
pub fn task(ledger: &Ledger, id: &TaskId) -> Option<TaskView> {
    Some(view(ledger, id, ledger.tasks.get(id)?))
}

/// Tasks in ascending order of identifier.
#[must_use]
pub fn tasks(
    ledger: &Ledger,
    phase: Option<TaskPhase>,
    after: Option<TaskId>,
    limit: usize,
) -> Page<TaskView, TaskId> {
    page(ledger.tasks.range(following(after)), limit, |id, task| {
        let wanted = phase.is_none_or(|phase| phase == task.phase.name());
        wanted.then(|| view(ledger, id, task))
    })
}

/// A result, if there is one.
#[must_use]
pub fn result(ledger: &Ledger, id: &TaskId) -> Option<ResultView> {
    Some(result_view(ledger, id, ledger.outcomes.get(id)?))
}

/// Results in ascending order of task.
#[must_use]
pub fn results(
    ledger: &Ledger,
    filter: ResultFilter,
    after: Option<TaskId>,
    limit: usize,
) -> Page<ResultView, TaskId> {
    page(ledger.outcomes.range(following(after)), limit, |id, outcome| {
        let ResultFilter { benchmark, artifact } = filter;
        let wanted = benchmark.is_none_or(|benchmark| benchmark == outcome.benchmark)
            && artifact.is_none_or(|artifact| artifact == outcome.artifact);
        wanted.then(|| result_view(ledger, id, outcome))
    })
}

/// The board of a benchmark, if there is such a benchmark: its best [`MAX_PAGE`] rows.
#[must_use]
pub fn board(ledger: &Ledger, benchmark: &ArtifactId) -> Option<BoardView> {
    let artifact = ledger.artifacts.get(benchmark)?;
    let promised = ledger.benchmarks.get(benchmark)?;
    let lowest = (*benchmark, ArtifactId::default());
    let mut found: Vec<(ArtifactId, TaskId, &Outcome)> = ledger
        .board
        .range(lowest..)
        .take_while(|((on, _), _)| on == benchmark)
        .filter_map(|((_, id), task)| Some((*id, *task, ledger.outcomes.get(task)?)))
        .collect();
    match promised.direction {
        Direction::HigherIsBetter => {
            found.sort_by_key(|(id, _, outcome)| (Reverse(outcome.score), *id));
        }
        Direction::LowerIsBetter => found.sort_by_key(|(id, _, outcome)| (outcome.score, *id)),
    }
    let mut rows: Vec<BoardRow> = Vec::new();
    for (place, (id, task, outcome)) in (1u32..).zip(found).take(MAX_PAGE) {
        let tied = rows.last().filter(|last| last.outcome.score == outcome.score);
        let rank = tied.map_or(place, |last| last.rank);
        let manifest = ledger.artifacts.get(&id).map(|known| &known.manifest);
        rows.push(BoardRow {
            rank,
            artifact: id,
            name: manifest.map(|m| m.name.to_string()).unwrap_or_default(),
            version: manifest.map(|m| m.version.to_string()).unwrap_or_default(),
            task,
            outcome: outcome.clone(),
        });
    }
    Some(BoardView {
        benchmark: *benchmark,
        name: artifact.manifest.name.to_string(),
        metric: promised.metric.to_string(),
        direction: promised.direction,
        rows,
    })
}

/// The open tasks that an operator was drawn for, as a member, a juror or an auditor.
#[must_use]
pub fn assignments(ledger: &Ledger, operator: &OperatorId) -> Vec<Assignment> {
    let mut found = Vec::new();
    // Every open task has exactly one planned end, so that ended ones need not be looked at.
    let open = ledger.schedule.iter().filter_map(|((_, due), ())| {
        if let Due::Task(id) = due { Some((id, ledger.tasks.get(id)?)) } else { None }
    });
    for (id, task) in open {
        let seats_in = |members: &[probity_protocol::task::Member]| {
            members.iter().find(|member| member.operator == *operator).map(|member| member.seats)
        };
        if let Some(seats) = seats_in(task.phase.committee()) {
            let submission = ledger.submissions.get(&(*id, *operator)).map(SubmissionView::of);
            found.push(assignment(ledger, *id, task, Role::Member, seats, submission));
        }
        let jury = ledger.juries.get(id);
        if let Some((jury, seats)) = jury.and_then(|jury| Some((jury, seats_in(&jury.jurors)?))) {
            let mut seat = assignment(ledger, *id, task, Role::Juror, seats, None);
            seat.jury = Some(jury.clone());
            seat.ballot = ledger.ballots.get(&(*id, *operator)).map(|ballot| match ballot {
                JuryBallot::Committed { commitment } => {
                    BallotView::Committed { commitment: *commitment }
                }
                JuryBallot::Revealed { .. } => BallotView::Revealed,
            });
            found.push(seat);
        }
        let audit = ledger.audits.get(id);
        if let Some((audit, seats)) = audit.and_then(|one| Some((one, seats_in(&one.auditors)?))) {
            let sent = ledger.audit_entries.get(&(*id, *operator)).map(SubmissionView::of_auditor);
            let mut seat = assignment(ledger, *id, task, Role::Auditor, seats, sent);
            seat.audit = Some(audit.clone());
            found.push(seat);
        }
    }
    found
}

fn assignment(
    ledger: &Ledger,
    task_id: TaskId,
    task: &Task,
    role: Role,
    seats: Seats,
    submission: Option<SubmissionView>,
) -> Assignment {
    let files = files(ledger, task);
    let task = task.clone();
    let (jury, ballot, audit) = (None, None, None);
    Assignment { task_id, task, role, seats, files, submission, jury, ballot, audit }
}

pub(super) fn files(ledger: &Ledger, task: &Task) -> TaskFiles {
    let main = |id: &ArtifactId| ledger.artifacts.get(id).and_then(Artifact::main_file).cloned();
    let promised = ledger.benchmarks.get(&task.request.benchmark);
    TaskFiles {
        model: main(&task.request.artifact),
        dataset: promised.and_then(|benchmark| main(&benchmark.dataset)),
        benchmark: main(&task.request.benchmark),
    }
}

fn view(ledger: &Ledger, id: &TaskId, task: &Task) -> TaskView {
    let committee = task.phase.committee().iter();
    let submissions = committee.filter_map(|member| {
        let sent = ledger.submissions.get(&(*id, member.operator))?;
        Some((member.operator, SubmissionView::of(sent)))
    });
    TaskView {
        id: *id,
        escrow: ledger.balance(Bucket::TaskEscrow(*id)),
        task: task.clone(),
        submissions: submissions.collect(),
        jury: ledger.juries.get(id).cloned(),
        audit: ledger.audits.get(id).cloned(),
        outcome: ledger.outcomes.get(id).cloned(),
    }
}

fn result_view(ledger: &Ledger, id: &TaskId, outcome: &Outcome) -> ResultView {
    let name = |id: &ArtifactId| {
        ledger.artifacts.get(id).map(|known| known.manifest.name.to_string()).unwrap_or_default()
    };
    ResultView {
        task: *id,
        artifact_name: name(&outcome.artifact),
        benchmark_name: name(&outcome.benchmark),
        outcome: outcome.clone(),
    }
}
