//! What is refused before the engine sees a model, with advice that its maker can follow.
//!
//! The engine's own messages speak about its insides. The few things that exporters really do (a
//! map at the end, a scaler at the start, an input of another size) are found here, by name.

use tract_onnx::Onnx;
use tract_onnx::pb;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Side;
use tract_onnx::pb::type_proto::Value as Kind;

use super::{EngineError, ModelSpec};
use crate::benchmark::Dtype;

/// The most nodes of a graph, which bounds the time that preparing it can take.
const MAX_NODES: usize = 100_000;

const UNKNOWN: &str = "is not one that this engine runs";

/// Where the benchmark's input and output stand in the model.
#[derive(Debug)]
pub(super) struct Admitted {
    pub(super) input: String,
    pub(super) output: String,
}

pub(super) fn admit(
    framework: &Onnx,
    model: &pb::ModelProto,
    spec: &ModelSpec,
) -> Result<Admitted, EngineError> {
    let graph = model
        .graph
        .as_ref()
        .ok_or_else(|| EngineError::Malformed("there is no graph in it".to_owned()))?;
    if graph.node.len() > MAX_NODES {
        let reason = format!("{} nodes are more than {MAX_NODES}", graph.node.len());
        return Err(EngineError::Malformed(reason));
    }
    graph.node.iter().try_for_each(|node| check_operator(framework, &node.op_type))?;
    let input = choose_input(graph, spec)?;
    check_input(input, spec)?;
    let output = choose_output(graph, spec)?;
    Ok(Admitted { input: input.name.clone(), output })
}

fn check_operator(framework: &Onnx, operator: &str) -> Result<(), EngineError> {
    let reason = match operator {
        "ZipMap" => "wraps the scores into maps; export the model again with zipmap=False",
        "Scaler" => {
            "is not supported; fold the scaling into the first layer, or give it as the \
             benchmark's input.scale"
        }
        "ReduceLogSumExp" => {
            "overflows inside this engine without an error; let the model end before it, at the \
             joint log-likelihoods"
        }
        "RandomNormal" | "RandomNormalLike" | "RandomUniform" | "RandomUniformLike"
        | "Multinomial" | "Bernoulli" => {
            "draws random numbers, and a score must be the same for everyone"
        }
        // Registered by the engine, which then says that it has no such thing.
        "SVMClassifier" | "SVMRegressor" => UNKNOWN,
        _ if framework.op_register.0.contains_key(operator) => return Ok(()),
        _ => UNKNOWN,
    };
    Err(EngineError::Operator { operator: operator.to_owned(), reason: reason.to_owned() })
}

fn choose_input<'a>(
    graph: &'a pb::GraphProto,
    spec: &ModelSpec,
) -> Result<&'a pb::ValueInfoProto, EngineError> {
    let is_weight = |name: &str| graph.initializer.iter().any(|weight| weight.name == name);
    let inputs: Vec<_> = graph.input.iter().filter(|input| !is_weight(&input.name)).collect();
    let names = || inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>();
    match (inputs.as_slice(), &spec.input) {
        ([input], None) => Ok(input),
        ([input], Some(name)) if input.name == *name => Ok(input),
        ([_], Some(name)) => {
            Err(EngineError::Input(format!("there is no {name:?}, only {:?}", names())))
        }
        (_, _) => {
            let (count, names) = (inputs.len(), names());
            Err(EngineError::Input(format!("a model needs exactly 1, this has {count}: {names:?}")))
        }
    }
}

fn check_input(input: &pb::ValueInfoProto, spec: &ModelSpec) -> Result<(), EngineError> {
    let (name, shape) = (&input.name, &spec.shape);
    let Some(Kind::TensorType(tensor)) = input.r#type.as_ref().and_then(|kind| kind.value.as_ref())
    else {
        return Err(EngineError::Input(format!("{name:?} is not a tensor")));
    };
    let (found, shown) = (tensor.elem_type(), data_type(spec.dtype));
    if found != shown {
        let reason = format!("{name:?} takes {found:?}, the benchmark shows {shown:?}");
        return Err(EngineError::Input(reason));
    }
    let Some(declared) = &tensor.shape else { return Ok(()) };
    let sides: Vec<Option<i64>> = declared
        .dim
        .iter()
        .map(|side| match &side.value {
            Some(Side::DimValue(side)) if *side > 0 => Some(*side),
            Some(Side::DimValue(_) | Side::DimParam(_)) | None => None,
        })
        .collect();
    let fits = sides.len() == shape.len()
        && sides.iter().zip(shape).all(|(side, shown)| side.is_none_or(|s| s == i64::from(*shown)));
    if fits {
        return Ok(());
    }
    let sides: Vec<String> = sides
        .iter()
        .map(|side| side.map_or_else(|| "?".to_owned(), |side| side.to_string()))
        .collect();
    let sides = sides.join(", ");
    Err(EngineError::Input(format!("{name:?} takes [{sides}], the benchmark shows {shape:?}")))
}

const fn data_type(dtype: Dtype) -> DataType {
    match dtype {
        Dtype::F32 => DataType::Float,
        Dtype::I32 => DataType::Int32,
        Dtype::I64 => DataType::Int64,
    }
}

fn choose_output(graph: &pb::GraphProto, spec: &ModelSpec) -> Result<String, EngineError> {
    let names: Vec<&str> = graph.output.iter().map(|output| output.name.as_str()).collect();
    match (&spec.output, names.as_slice()) {
        (Some(name), _) if names.contains(&name.as_str()) => Ok(name.clone()),
        (Some(name), _) => {
            Err(EngineError::Output(format!("there is no {name:?}, only {names:?}")))
        }
        (None, [name]) => Ok((*name).to_owned()),
        (None, _) => {
            let reason = format!("choose one of {names:?} as the benchmark's output.name");
            Err(EngineError::Output(reason))
        }
    }
}
