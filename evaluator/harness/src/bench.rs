//! How fast a model is answered on this machine, by one thread.
//!
//! The clock runs inside the worker, around the engine alone, as one would time any other engine:
//! items one at a time, as every run does, and the whole set in the batches that suit the engine
//! best. It counts processor time, so that a busy machine tells the same as an idle one.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use crate::engine::{Input, ModelSpec};
use crate::run::{Run, RunError};
use crate::worker::{Rate, Worker, WorkerCommand};

/// The two rates of one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InferenceRate {
    /// One item at a time.
    pub single: Rate,
    /// All items of the run in batches of [`InferenceRate::batch`].
    pub whole: Rate,
    /// The fastest of a few sizes.
    pub batch: u32,
}

/// Measures a prepared run's model on its items, each size of batch for `milliseconds`.
///
/// # Errors
/// [`RunError::Worker`] if the model does not load or fails on an item.
pub fn inference(
    run: &Run,
    command: &WorkerCommand,
    milliseconds: u64,
) -> Result<InferenceRate, RunError> {
    let inputs: Vec<Input> =
        run.items().iter().map(|item| Input::Features(item.features.clone())).collect();
    let measure = |batch: u32| -> Result<Rate, RunError> {
        let spec = ModelSpec { batch, ..ModelSpec::of(run.benchmark()) };
        let limits = &run.benchmark().limits;
        let mut worker = Worker::start(command, run.model_file(), &spec, limits)?;
        Ok(worker.measure(inputs.clone(), milliseconds)?)
    };
    let single = measure(1)?;
    let (mut whole, mut best) = (single, 1);
    for batch in [16, 64, 128, run.header().items] {
        let rate = measure(batch)?;
        if rate.per_second() > whole.per_second() {
            (whole, best) = (rate, batch);
        }
    }
    Ok(InferenceRate { single, whole, batch: best })
}
