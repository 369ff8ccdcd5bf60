//! Workers share the items of a run; the caller gets each record as it comes, in any order.

use std::ops::ControlFlow;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use probity_primitives::transcript::Record;

use super::{Options, Run, RunError};
use crate::answer::judge;
use crate::data::Item;
use crate::engine::{Input, ModelSpec, Output};
use crate::worker::{Worker, WorkerError};

/// How many records may wait for the caller.
const WAITING: usize = 1_024;
/// How many numbers a worker is sent at a time, so that its request stays small.
const MAX_NUMBERS: usize = 4 << 20;

type Answered = Result<(u32, Record), RunError>;

pub(super) fn answer(
    run: &Run,
    positions: &[u32],
    options: &Options,
    keep: &mut dyn FnMut(u32, Record) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let questions = questions(run, positions)?;
    let affordable = MAX_NUMBERS.checked_div(run.benchmark.input.len()).unwrap_or(1).max(1);
    let share = options.share.get().min(affordable);
    let workers = options.workers.get().min(questions.len().div_ceil(share));
    let shares = Mutex::new(questions.chunks(share));
    thread::scope(|scope| {
        let (sender, answers) = sync_channel::<Answered>(WAITING);
        for _ in 0..workers {
            let (sender, shares) = (sender.clone(), &shares);
            scope.spawn(move || work(run, options, shares, &sender));
        }
        drop(sender);
        // On an error the receiver is dropped, and every worker ends at its next item.
        answers.into_iter().try_for_each(|answered| {
            let (index, record) = answered?;
            keep(index, record)
        })
    })
}

type Question<'a> = (u32, &'a Item);

fn questions<'a>(run: &'a Run, positions: &[u32]) -> Result<Vec<Question<'a>>, RunError> {
    let question = |position: &u32| {
        let index = usize::try_from(*position).unwrap_or(usize::MAX);
        let none = RunError::NoItem { position: *position, items: run.header.items };
        run.items.get(index).map(|item| (*position, item)).ok_or(none)
    };
    positions.iter().map(question).collect()
}

fn work(
    run: &Run,
    options: &Options,
    shares: &Mutex<std::slice::Chunks<'_, Question<'_>>>,
    sender: &SyncSender<Answered>,
) {
    if let Err(error) = work_until_done(run, options, shares, sender) {
        // Without a listener the run has failed already, and for an earlier reason.
        let _ = sender.send(Err(error));
    }
}

fn work_until_done(
    run: &Run,
    options: &Options,
    shares: &Mutex<std::slice::Chunks<'_, Question<'_>>>,
    sender: &SyncSender<Answered>,
) -> Result<(), RunError> {
    let (spec, limits) = (ModelSpec::of(&run.benchmark), &run.benchmark.limits);
    let mut worker = Worker::start(&options.worker, &run.model, &spec, limits)?;
    loop {
        let next = shares.lock().unwrap_or_else(PoisonError::into_inner).next();
        let Some(share) = next else { return Ok(()) };
        let inputs = share.iter().map(|(_, item)| Input::Features(item.features.clone())).collect();
        let mut reached = 0usize;
        let flow = worker
            .run(inputs, |position, output| {
                reached = position.saturating_add(1);
                match share.get(position) {
                    Some(question) => deliver(run, question, &output, sender),
                    None => ControlFlow::Break(()),
                }
            })
            .map_err(|error| blame(error, share.get(reached)))?;
        if flow.is_break() {
            return Ok(());
        }
    }
}

fn deliver(
    run: &Run,
    (index, item): &Question<'_>,
    output: &Output,
    sender: &SyncSender<Answered>,
) -> ControlFlow<()> {
    let judged = judge(&run.benchmark, item, output)
        .map(|record| (*index, record))
        .map_err(|source| RunError::Answer { id: item.id.to_string(), source });
    let failed = judged.is_err();
    match sender.send(judged) {
        Ok(()) if !failed => ControlFlow::Continue(()),
        Ok(()) | Err(_) => ControlFlow::Break(()),
    }
}

/// Names the item that a worker was at when it failed.
fn blame(source: WorkerError, question: Option<&Question<'_>>) -> RunError {
    match question {
        Some((_, item)) => {
            let (id, source) = (item.id.to_string(), Box::new(source));
            RunError::Item { id, line: item.line, source }
        }
        None => RunError::Worker(source),
    }
}
