//! Asking for an evaluation: who may, what it costs, and what is frozen.
//!
//! Everything that later steps read from parameters, registry and benchmark is copied into the
//! task here, before anyone knows the randomness that draws its committee.
//!
//! Spec: `docs/spec/06-tasks.md`.

use probity_primitives::{
    Address, Amount, ArithmeticError, ArtifactId, Domain, Hash, Ppm, Seats, TaskId,
};

use super::error::{Named, TaskError};
use super::message::RequestTask;
use super::state::{AuditTerms, Due, Frozen, Phase, Request, Task};
use crate::bank::Bucket;
use crate::event::{Event, TaskPhase};
use crate::ledger::{Context, Ledger};
use crate::params::{Class, Params};
use crate::registry::{Artifact, ArtifactKind, ArtifactStatus, Benchmark};

/// Opens a task and puts its fee into escrow.
///
/// # Errors
/// [`TaskError`] with the value that is refused; the caller drops its snapshot.
pub fn request_task(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &RequestTask,
) -> Result<TaskId, TaskError> {
    let params = ledger.params.get();
    let open = ledger.counters.get().open_tasks;
    in_range("the number of open tasks", u128::from(open), 0, below(params.task.max_open))?;
    let frozen = freeze(ledger, message)?;
    let commit_blocks = message.commit_blocks.unwrap_or(params.task.commit_blocks);
    let (shortest, longest) = (params.task.commit_min, params.task.commit_max);
    in_range(
        "the commit window in blocks",
        u128::from(commit_blocks),
        u128::from(shortest),
        u128::from(longest),
    )?;
    let floor = fee_floor(params, &frozen, message.value_at_risk)?;
    if message.fee < floor {
        let seats = frozen.seats.0;
        return Err(TaskError::FeeTooLow { fee: message.fee, floor, seats });
    }

    let counters = ledger.counters.get_mut();
    let id = TaskId(Hash::of(Domain::Task, &(ctx.chain, sender, counters.tasks)));
    counters.tasks = counters.tasks.checked_add(1).ok_or(count_overflow())?;
    counters.open_tasks = counters.open_tasks.checked_add(1).ok_or(count_overflow())?;
    ledger.transfer(Bucket::Free(sender), Bucket::TaskEscrow(id), message.fee)?;
    let until = ctx.height.checked_add(frozen.windows.open_blocks)?;
    let RequestTask { benchmark, artifact, mode, fee, value_at_risk, commit_blocks: _ } = *message;
    let request =
        Request { requester: sender, benchmark, artifact, mode, fee, value_at_risk, commit_blocks };
    let (requested, phase) = (ctx.height, Phase::Open { until });
    let task = Task { request, frozen, requested, round: 1, reopened: false, phase };
    ledger.tasks.insert(id, task);
    ledger.schedule.insert((until, Due::Task(id)), ());
    ctx.emit(Event::TaskRequested { task: id, benchmark, artifact });
    ctx.emit(Event::PhaseEntered { task: id, round: 1, phase: TaskPhase::Open, until });
    Ok(id)
}

/// The least fee of a task: its seats at their price, and the audits it may draw.
///
/// # Errors
/// [`ArithmeticError`] for a fee that cannot be counted.
pub fn fee_floor(
    params: &Params,
    frozen: &Frozen,
    value: Amount,
) -> Result<Amount, ArithmeticError> {
    let seats = frozen.seat_price.checked_mul(u128::from(frozen.seats.0))?;
    let committee = seats.mul_div_ceil(10_000, u128::from(frozen.split.evaluators.parts()))?;
    let audit = frozen.seat_price.checked_mul(u128::from(params.audit.seats.0))?;
    let probability = audit_ppm(params, frozen.seats, frozen.seat_price, value)?;
    committee.checked_add(audit.mul_div_ceil(probability, 1_000_000)?)
}

/// The probability that a task is audited, in parts per million:
/// `clamp(V * 10^6 / (V + 133 h), floor, ceiling)`, with V in seat prices and h majority seats.
///
/// # Errors
/// [`ArithmeticError`] for a value that cannot be counted.
pub fn audit_ppm(
    params: &Params,
    seats: Seats,
    seat_price: Amount,
    value: Amount,
) -> Result<u128, ArithmeticError> {
    let majority = u128::from(seats.0 >> 1).saturating_add(1);
    let half =
        seat_price.checked_mul(majority)?.checked_mul(u128::from(params.audit.half_value))?;
    let whole = value.checked_add(half)?;
    let (low, high) = (params.audit.floor.parts(), params.audit.ceiling.parts());
    let raw = value.mul_div_floor(1_000_000, whole.units())?.units();
    Ok(raw.max(u128::from(low)).min(u128::from(high)))
}

fn freeze(ledger: &Ledger, message: &RequestTask) -> Result<Frozen, TaskError> {
    let params = ledger.params.get();
    evaluable(ledger, message.benchmark, &[ArtifactKind::Benchmark], "benchmark")?;
    let benchmark = ledger
        .benchmarks
        .get(&message.benchmark)
        .ok_or(TaskError::Unknown(Named::Artifact(message.benchmark)))?;
    let models = [ArtifactKind::Model, ArtifactKind::Workflow, ArtifactKind::Service];
    let model = evaluable(ledger, message.artifact, &models, "model")?;
    let dataset = evaluable(ledger, benchmark.dataset, &[ArtifactKind::Dataset], "dataset")?;
    let class = params
        .class(benchmark.class)
        .ok_or(TaskError::Unknown(Named::Artifact(message.benchmark)))?;
    let seats = committee_size(params, class, message.value_at_risk)?;
    let seat_lock = class.seat_price.checked_mul(u128::from(params.task.seat_lock))?;
    let probability = audit_ppm(params, seats, class.seat_price, message.value_at_risk)?;
    let probability = Ppm::new(u32::try_from(probability).unwrap_or(u32::MAX));
    let audit = AuditTerms { probability, seats: params.audit.seats };
    Ok(frozen(params, class, benchmark, (model, dataset), (seats, seat_lock, audit)))
}

fn frozen(
    params: &Params,
    class: &Class,
    benchmark: &Benchmark,
    (model, dataset): (&Artifact, &Artifact),
    (seats, seat_lock, audit): (Seats, Amount, AuditTerms),
) -> Frozen {
    let file =
        |artifact: &Artifact| artifact.main_file().map(|file| file.blake3).unwrap_or_default();
    Frozen {
        seats,
        seat_price: class.seat_price,
        seat_lock,
        class: class.id,
        compute_units: class.compute_units,
        lambda: params.supply.lambda,
        items: benchmark.items,
        fold: benchmark.fold,
        range: (benchmark.lowest, benchmark.highest),
        sigma: benchmark.sigma,
        delta: benchmark.delta,
        model: file(model),
        dataset: file(dataset),
        definition: benchmark.definition,
        harness: benchmark.harness,
        engines: benchmark.engines.clone(),
        windows: params.task.clone(),
        checks: params.checks.clone(),
        jury: params.jury.clone(),
        dispute: params.dispute.clone(),
        split: params.split.clone(),
        audit,
    }
}

fn evaluable<'a>(
    ledger: &'a Ledger,
    id: ArtifactId,
    kinds: &[ArtifactKind],
    wanted: &'static str,
) -> Result<&'a Artifact, TaskError> {
    let artifact = ledger.artifacts.get(&id).ok_or(TaskError::Unknown(Named::Artifact(id)))?;
    let fit = artifact.status == ArtifactStatus::Active
        && kinds.contains(&artifact.manifest.kind)
        && artifact.main_file().is_some();
    if fit {
        Ok(artifact)
    } else {
        Err(TaskError::Unfit { artifact: id, status: artifact.status, wanted })
    }
}

fn committee_size(params: &Params, class: &Class, value: Amount) -> Result<Seats, TaskError> {
    for step in &params.task.sizes {
        if value <= class.seat_price.checked_mul(u128::from(step.up_to))? {
            return Ok(step.seats);
        }
    }
    let largest = params.task.sizes.last().map_or(0, |step| step.up_to);
    let highest = class.seat_price.checked_mul(u128::from(largest))?.units();
    in_range("the value at risk", value.units(), 0, highest)?;
    Err(count_overflow().into())
}

fn in_range(what: &'static str, value: u128, lowest: u128, highest: u128) -> Result<(), TaskError> {
    if value < lowest || value > highest {
        return Err(TaskError::OutOfRange { what, value, lowest, highest });
    }
    Ok(())
}

fn below(limit: u32) -> u128 {
    u128::from(limit.saturating_sub(1))
}

const fn count_overflow() -> ArithmeticError {
    ArithmeticError::Overflow { left: u128::MAX, operator: '+', right: 1 }
}
