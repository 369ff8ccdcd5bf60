//! Inference engines: what a model answers to one input.
//!
//! An engine runs in a worker process ([`crate::worker`]), because a model is a stranger's
//! program: it may panic, abort, loop or eat all memory, and then only its own run is lost. The
//! trait is small on purpose: an input is a list of features today, and a prompt with possible
//! continuations is another variant of [`Input`] with its own variant of [`Output`].
//!
//! # Invariants
//! - An output holds finite numbers only; anything else is [`EngineError::NonFinite`].
//! - Two runs under one [`probity_primitives::transcript::EngineProfile`] give the same bits.
//!
//! # Not here
//! What an output is worth: [`crate::answer`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod admission;
mod onnx;
mod profile;
mod small;

use borsh::{BorshDeserialize, BorshSerialize};

pub use onnx::OnnxEngine;
pub use profile::{HARNESS_VERSION, environment, profile};

use crate::benchmark::{Benchmark, Dtype};

/// What a model is shown for one item.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Input {
    /// Numbers in the order of the input tensor.
    Features(Vec<f32>),
}

/// What a model gives for one item.
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub enum Output {
    /// Numbers in the order of the output tensor.
    Scores(Vec<f32>),
}

/// Which input and output of a model are used, and with which dimensions.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct ModelSpec {
    /// The input's name; the only one if it is not named.
    pub input: Option<String>,
    /// The input's dimensions for one item.
    pub shape: Vec<u32>,
    /// What the input's numbers are.
    pub dtype: Dtype,
    /// The output's name; the only one if it is not named.
    pub output: Option<String>,
    /// How many items are shown at once; every run shows one, only a measurement shows more.
    pub batch: u32,
}

impl ModelSpec {
    /// What `benchmark` asks of a model, one item at a time.
    #[must_use]
    pub fn of(benchmark: &Benchmark) -> Self {
        let side = |side: &usize| u32::try_from(*side).unwrap_or(u32::MAX);
        Self {
            input: benchmark.input.name.clone(),
            shape: benchmark.input.shape.iter().map(side).collect(),
            dtype: benchmark.input.dtype,
            output: benchmark.output.name.clone(),
            batch: 1,
        }
    }
}

/// Why a model does not load or does not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, BorshSerialize, BorshDeserialize)]
pub enum EngineError {
    /// The process was not started with the settings of the engine profile.
    #[error("environment variable {name} is {found:?}, the engine profile needs {expected:?}")]
    Environment {
        /// The variable.
        name: String,
        /// Its value.
        found: Option<String>,
        /// The value of the profile.
        expected: Option<String>,
    },
    /// The file cannot be read, or its hash is another one.
    #[error("cannot read the model: {0}")]
    File(String),
    /// The file is not a model.
    #[error("not an onnx model: {0}")]
    Malformed(String),
    /// The model uses an operator that cannot be run or must not be.
    #[error("operator {operator} {reason}")]
    Operator {
        /// The operator.
        operator: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// The model's inputs do not fit the benchmark.
    #[error("model input: {0}")]
    Input(String),
    /// The model's outputs do not fit the benchmark.
    #[error("model output: {0}")]
    Output(String),
    /// The engine cannot prepare the model.
    #[error("cannot load the model: {0}")]
    Load(String),
    /// The engine failed on an input.
    #[error("cannot run the model: {0}")]
    Run(String),
    /// The model answered with an infinity or with no number at all.
    #[error("output {position} is {value}, which is not a finite number")]
    NonFinite {
        /// Where in the output.
        position: u32,
        /// `inf`, `-inf` or `NaN`.
        value: String,
    },
}

/// Something that answers inputs.
pub trait Engine {
    /// The outputs for these inputs, in their order.
    ///
    /// # Errors
    /// [`EngineError`] for an input that does not fit or an output that is not finite.
    fn run(&self, inputs: &[Input]) -> Result<Vec<Output>, EngineError>;
}

/// An engine's own message, cut to what an error may carry, on one line.
fn brief(error: impl std::fmt::Display) -> String {
    let text = error.to_string().replace(['\n', '\r'], " ");
    text.chars().take(400).collect()
}
