//! ONNX models through tract.
//!
//! Every dimension is fixed before the graph is prepared: a symbolic one would let the engine
//! choose kernels by the number of items. Files beside the model are never read, whatever the
//! model says about external data.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use std::path::Path;
use std::sync::Arc;

use probity_primitives::transcript::MAX_ATTACHED;
use tract_onnx::data_resolver::ModelDataResolver;
use tract_onnx::prelude::{
    Datum, DatumType, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable,
    IntoTValue, Tensor, TractResult, TypedModel, TypedRunnableModel, tvec,
};
use tract_onnx::{Onnx, pb};

use super::admission::{Admitted, admit};
use super::profile::check_environment;
use super::small;
use super::{Engine, EngineError, Input, ModelSpec, Output, brief};
use crate::benchmark::Dtype;

/// A prepared model.
#[derive(Debug)]
pub struct OnnxEngine {
    plan: Arc<TypedRunnableModel>,
    shape: Vec<usize>,
    dtype: DatumType,
    batch: usize,
}

impl OnnxEngine {
    /// Prepares the model in `bytes`.
    ///
    /// # Errors
    /// [`EngineError`]; in a process without the profile's environment always
    /// [`EngineError::Environment`].
    pub fn load(bytes: &[u8], spec: &ModelSpec) -> Result<Self, EngineError> {
        check_environment()?;
        let framework = framework();
        let mut reader = bytes;
        let model = framework
            .proto_model_for_read(&mut reader)
            .map_err(|error| EngineError::Malformed(brief(format!("{error:#}"))))?;
        let names = admit(&framework, &model, spec)?;
        let batch = usize::try_from(spec.batch).unwrap_or(usize::MAX).max(1);
        let shape = batched(&spec.shape, batch);
        let dtype = datum_type(spec.dtype);
        let plan = prepare(&framework, &model, &names, InferenceFact::dt_shape(dtype, &shape))
            .and_then(IntoRunnable::into_runnable)
            .map_err(|error| EngineError::Load(brief(format!("{error:#}"))))?;
        Ok(Self { plan, shape, dtype, batch })
    }

    /// How many items the engine is shown at once.
    #[must_use]
    pub const fn batch(&self) -> usize {
        self.batch
    }

    /// The inputs as tensors, so that a measurement times the engine alone.
    ///
    /// # Errors
    /// [`EngineError::Input`] for an input that does not fill the shape.
    pub fn tensors(&self, inputs: &[Input]) -> Result<Vec<Arc<Tensor>>, EngineError> {
        inputs.chunks(self.batch).map(|batch| Ok(Arc::new(self.tensor(batch)?))).collect()
    }

    /// Runs the model on tensors of [`OnnxEngine::tensors`] and drops what it says.
    ///
    /// # Errors
    /// [`EngineError::Run`].
    pub fn run_tensors(&self, tensors: &[Arc<Tensor>]) -> Result<(), EngineError> {
        for tensor in tensors {
            let outputs = self.plan.run(tvec!(Arc::clone(tensor).into_tvalue()));
            outputs.map_err(|error| EngineError::Run(brief(format!("{error:#}"))))?;
        }
        Ok(())
    }

    fn item_len(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// The tensor of at most one batch; a short batch is filled with its last item.
    fn tensor(&self, inputs: &[Input]) -> Result<Tensor, EngineError> {
        let mut numbers = Vec::with_capacity(self.batch.saturating_mul(self.item_len()));
        let filled = inputs.iter().chain(std::iter::repeat_n(inputs.last(), self.batch).flatten());
        for Input::Features(features) in filled.take(self.batch) {
            if features.len() != self.item_len() {
                let (found, shape) = (features.len(), &self.shape);
                let reason = format!("{found} numbers do not fill the shape {shape:?}");
                return Err(EngineError::Input(reason));
            }
            numbers.extend_from_slice(features);
        }
        Tensor::from_shape(&self.shape, &numbers)
            .and_then(|tensor| Ok(tensor.cast_to_dt(self.dtype)?.into_owned()))
            .map_err(|error| EngineError::Run(brief(error)))
    }

    fn run_batch(&self, inputs: &[Input]) -> Result<Vec<Output>, EngineError> {
        let run = |error| EngineError::Run(brief(format!("{error:#}")));
        let tensor = self.tensor(inputs)?;
        let outputs = self.plan.run(tvec!(tensor.into_tvalue())).map_err(run)?;
        let Some(output) = outputs.first() else {
            return Err(EngineError::Output("there is none".to_owned()));
        };
        if output.datum_type() != f32::datum_type() {
            let found = output.datum_type();
            return Err(EngineError::Output(format!(
                "it holds {found:?}, not F32; name an output of scores"
            )));
        }
        let view = output.try_as_plain_ram().map_err(run)?;
        split(view.as_slice::<f32>().map_err(run)?, self.batch, inputs.len())
    }
}

impl Engine for OnnxEngine {
    fn run(&self, inputs: &[Input]) -> Result<Vec<Output>, EngineError> {
        let mut outputs = Vec::with_capacity(inputs.len());
        for batch in inputs.chunks(self.batch) {
            outputs.extend(self.run_batch(batch)?);
        }
        Ok(outputs)
    }
}

/// The outputs of the first `wanted` of `batch` items.
fn split(numbers: &[f32], batch: usize, wanted: usize) -> Result<Vec<Output>, EngineError> {
    let each = numbers.len().checked_div(batch).unwrap_or(0);
    if each == 0 || each > MAX_ATTACHED || each.checked_mul(batch) != Some(numbers.len()) {
        let found = numbers.len();
        let reason =
            format!("{found} numbers for {batch} items, expected 1 to {MAX_ATTACHED} each");
        return Err(EngineError::Output(reason));
    }
    numbers.chunks(each).take(wanted).map(finite).collect()
}

fn finite(numbers: &[f32]) -> Result<Output, EngineError> {
    match (0u32..).zip(numbers).find(|(_, number)| !number.is_finite()) {
        Some((position, value)) => {
            Err(EngineError::NonFinite { position, value: value.to_string() })
        }
        None => Ok(Output::Scores(numbers.to_vec())),
    }
}

fn batched(shape: &[u32], batch: usize) -> Vec<usize> {
    let sides = shape.iter().map(|side| usize::try_from(*side).unwrap_or(usize::MAX));
    std::iter::once(batch).chain(sides.skip(1)).collect()
}

fn datum_type(dtype: Dtype) -> DatumType {
    match dtype {
        Dtype::F32 => f32::datum_type(),
        Dtype::I32 => i32::datum_type(),
        Dtype::I64 => i64::datum_type(),
    }
}

fn framework() -> Onnx {
    Onnx { provider: Arc::new(NoFiles), ..tract_onnx::onnx() }
}

/// The optimised graph with our operators, or the plain one where the optimiser gives up on it.
fn prepare(
    framework: &Onnx,
    model: &pb::ModelProto,
    names: &Admitted,
    input: InferenceFact,
) -> TractResult<TypedModel> {
    let graph = fixed(framework, model, names, input)?;
    let typed = graph.clone().into_typed().and_then(small::lower);
    match typed.and_then(TypedModel::into_optimized) {
        Ok(optimised) => Ok(optimised),
        Err(_) => graph.into_typed(),
    }
}

fn fixed(
    framework: &Onnx,
    model: &pb::ModelProto,
    names: &Admitted,
    input: InferenceFact,
) -> TractResult<InferenceModel> {
    let mut graph = framework.model_for_proto_model(model)?;
    graph.set_input_names([&names.input])?;
    graph.set_input_fact(0, input)?;
    graph.select_outputs_by_name([&names.output])?;
    Ok(graph)
}

/// External data would be a path of the model's choosing on the evaluator's disk.
struct NoFiles;

impl ModelDataResolver for NoFiles {
    fn read_bytes_from_path(
        &self,
        _: &mut Vec<u8>,
        path: &Path,
        _: usize,
        _: Option<usize>,
    ) -> TractResult<()> {
        let refusal = std::io::Error::other(format!("external data {path:?} is not allowed"));
        Err(refusal.into())
    }
}
