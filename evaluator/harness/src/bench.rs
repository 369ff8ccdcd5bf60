//! How fast a model is answered on this machine, by one thread.
//!
//! The clock runs inside the worker, around the engine alone, as one would time any other engine:
//! items one at a time, as every run does, and the whole set at once.
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
    /// All items of the run as one tensor.
    pub whole: Rate,
}

/// Measures a prepared run's model on its items, each rate for `milliseconds`.
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
    Ok(InferenceRate { single: measure(1)?, whole: measure(run.header().items)? })
}
