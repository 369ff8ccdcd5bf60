//! `probity eval status`: what is next for an operator, and until when.

use probity_primitives::{Height, OperatorId, TaskId};
use probity_protocol::staking::Standing;
use probity_protocol::task::{AuditPhase, JuryPhase, Phase};
use probity_runtime::query::{Assignment, BallotView, Role, SubmissionView};
use serde::Serialize;

use crate::cli::Global;
use crate::exit::Failure;
use crate::home::{self, Layers, Place};
use crate::output::{self, Table};
use crate::wallet::{client, failed};

/// What is next for an operator.
#[derive(Serialize)]
struct Duties {
    schema: &'static str,
    operator: OperatorId,
    height: Height,
    /// Whether it may work.
    standing: Standing,
    /// Whether it can be drawn in this epoch.
    drawable: bool,
    /// The first height of the next epoch, when who can be drawn is fixed anew.
    next_epoch: Height,
    duties: Vec<Duty>,
}

/// One task that it was drawn for.
#[derive(Serialize)]
struct Duty {
    task: TaskId,
    role: Role,
    next: &'static str,
    /// The last block that can carry it; none if it only waits.
    until: Option<Height>,
}

/// Shows what is next for an operator.
pub(super) async fn show(global: &Global, named: Option<OperatorId>) -> Result<(), Failure> {
    let settings = Layers::read_if_there(&Place::of(global)?, &[])?.settings()?;
    let operator = home::operator(named, &settings)?;
    let client = client(global)?;
    let known = client.operator(&operator).await.map_err(failed)?.data;
    let params = client.params().await.map_err(failed)?.data;
    let assigned = client.assignments(&operator).await.map_err(failed)?;
    let height = assigned.height;
    let epoch = params.staking.epoch_blocks.max(1);
    let passed = height.0.checked_rem(epoch).unwrap_or_default();
    let document = Duties {
        schema: "probity.duties/v1",
        operator,
        height,
        standing: known.operator.standing,
        drawable: known.drawable,
        next_epoch: Height(height.0.saturating_sub(passed).saturating_add(epoch)),
        duties: assigned.data.assignments.iter().map(duty).collect(),
    };
    output::show(global.output, &document, text)
}

fn duty(assignment: &Assignment) -> Duty {
    let (next, until) = match assignment.role {
        Role::Member => member(assignment),
        Role::Juror => juror(assignment),
        Role::Auditor => auditor(assignment),
    };
    Duty { task: assignment.task_id, role: assignment.role, next, until }
}

fn member(assignment: &Assignment) -> (&'static str, Option<Height>) {
    let sent = assignment.submission.as_ref();
    match &assignment.task.phase {
        Phase::Commit { until, .. } if sent.is_none() => ("evaluate and commit", Some(*until)),
        Phase::Reveal { until, .. } if matches!(sent, Some(SubmissionView::Committed { .. })) => {
            ("reveal", Some(*until))
        }
        Phase::Spot { until, .. } if matches!(sent, Some(SubmissionView::Revealed { .. })) => {
            ("open the leaves that were drawn", Some(*until))
        }
        Phase::Open { .. }
        | Phase::Commit { .. }
        | Phase::Reveal { .. }
        | Phase::Spot { .. }
        | Phase::Provisional { .. }
        | Phase::Final { .. }
        | Phase::Void { .. } => ("wait", None),
    }
}

fn juror(assignment: &Assignment) -> (&'static str, Option<Height>) {
    let sent = assignment.ballot.as_ref();
    match assignment.jury.as_ref().map(|jury| jury.phase) {
        Some(JuryPhase::Commit { until }) if sent.is_none() => {
            ("run the items and commit to verdicts", Some(until))
        }
        Some(JuryPhase::Reveal { until }) if matches!(sent, Some(BallotView::Committed { .. })) => {
            ("reveal the verdicts", Some(until))
        }
        Some(JuryPhase::Commit { .. } | JuryPhase::Reveal { .. } | JuryPhase::Done { .. })
        | None => ("wait", None),
    }
}

fn auditor(assignment: &Assignment) -> (&'static str, Option<Height>) {
    let sent = assignment.submission.as_ref();
    match assignment.audit.as_ref().map(|audit| audit.phase) {
        Some(AuditPhase::Commit { until }) if sent.is_none() => {
            ("evaluate once more and commit", Some(until))
        }
        Some(AuditPhase::Reveal { until })
            if matches!(sent, Some(SubmissionView::Committed { .. })) =>
        {
            ("reveal", Some(until))
        }
        Some(
            AuditPhase::Planned { .. }
            | AuditPhase::Commit { .. }
            | AuditPhase::Reveal { .. }
            | AuditPhase::Done { .. },
        )
        | None => ("wait", None),
    }
}

fn text(duties: &Duties) -> String {
    let Duties { operator, height, standing, drawable, next_epoch, duties, .. } = duties;
    let standing = match standing {
        Standing::Active if *drawable => "active, may be drawn in this epoch".to_owned(),
        Standing::Active => format!("active, not drawn before height {next_epoch}"),
        Standing::Jailed { until } => format!("jailed; the owner may ask from height {until} on"),
        Standing::Tombstoned => "barred".to_owned(),
    };
    let mut table = Table::new(&["task", "as", "next", ">until", ">blocks left"]);
    for Duty { task, role, next, until } in duties {
        table.row(vec![
            task.to_string(),
            format!("{role:?}").to_lowercase(),
            (*next).to_owned(),
            until.map_or_else(String::new, |until| until.to_string()),
            until.map_or_else(String::new, |until| until.since(*height).to_string()),
        ]);
    }
    let tasks = if duties.is_empty() { "no open task".to_owned() } else { table.text() };
    format!("operator {operator}\nheight {height}, next epoch at {next_epoch}\n{standing}\n{tasks}")
}
