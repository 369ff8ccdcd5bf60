//! The operator that stands for a pool of two by two, and the rule that puts it there.

use tract_onnx::prelude::{
    Datum, DatumExt, IntoTValue, TValue, TVec, Tensor, TractResult, TypedFact, TypedModel,
    TypedModelPatch, TypedNode, tvec,
};
use tract_onnx::tract_core::internal::{
    EvalContext, EvalOp, Op, StaticName, TypedOp, as_op, op_as_typed_op, op_out_of_plan,
};
use tract_onnx::tract_core::ops::cnn::MaxPool;
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::two;

/// The largest of each two by two numbers; planes have these sides, which are even.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Halve([usize; 2]);

/// Replaces a pool of two by two in steps of two over whole planes of floats.
pub(super) fn rule(
    _: &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    pool: &MaxPool,
) -> TractResult<Option<TypedModelPatch>> {
    let &[input] = node.inputs.as_slice() else { return Ok(None) };
    let Some(halve) = halve(pool, model.outlet_fact(input)?) else { return Ok(None) };
    let mut patch = TypedModelPatch::new("pool of two by two");
    let planes = patch.tap_model(model, input)?;
    let output = patch.wire_node(name, halve, &[planes])?;
    let [output] = output.as_slice() else { return Ok(None) };
    patch.shunt_outside(model, node.id.into(), *output)?;
    Ok(Some(patch))
}

fn halve(pool: &MaxPool, input: &TypedFact) -> Option<Halve> {
    let MaxPool { pool_spec, with_index_outputs } = pool;
    let &[_, _, high, wide] = input.shape.as_concrete()? else { return None };
    let padding = pool_spec.computed_padding(&[high, wide]);
    let halved = padding.iter().map(|side| side.convoluted).collect::<Vec<_>>();
    let fits = with_index_outputs.is_none()
        && pool_spec.data_format == DataFormat::NCHW
        && input.datum_type == f32::datum_type()
        && two(&pool_spec.kernel_shape)? == [2, 2]
        && two(&pool_spec.strides())? == [2, 2]
        && two(&pool_spec.dilations())? == [1, 1]
        && padding.iter().all(|side| side.pad_before == 0 && side.pad_after == 0)
        && two(&halved)? == [high / 2, wide / 2]
        && [high, wide].iter().all(|side| *side > 0 && side.is_multiple_of(2));
    fits.then_some(Halve([high, wide]))
}

impl Halve {
    fn run(&self, planes: &[f32], halves: &mut [f32]) {
        let Self([_, wide]) = *self;
        let pairs = planes.chunks_exact(2 * wide).map(|pair| pair.split_at(wide));
        for ((upper, lower), row) in pairs.zip(halves.chunks_exact_mut(wide / 2)) {
            let (upper, lower) = (upper.as_chunks().0, lower.as_chunks().0);
            for (([a, b], [c, d]), largest) in upper.iter().zip(lower).zip(row) {
                *largest = larger(larger(larger(larger(f32::MIN, *a), *b), *c), *d);
            }
        }
    }
}

/// The first of equals, and never what is no number, as in the engine.
fn larger(one: f32, other: f32) -> f32 {
    if one < other { other } else { one }
}

impl Op for Halve {
    fn name(&self) -> StaticName {
        "Halve".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Halve {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let Some(input) = inputs.first() else { return Err(super::wrong("one input")) };
        let Some(([images, channels, high, wide], [])) = input.shape().split_first_chunk() else {
            return Err(super::wrong("four sides"));
        };
        let mut output = Tensor::zero::<f32>(&[*images, *channels, high / 2, wide / 2])?;
        let planes = input.try_as_plain_ram()?;
        self.run(planes.as_slice()?, output.try_as_plain_ram_mut()?.as_slice_mut()?);
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for Halve {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let Self([high, wide]) = *self;
        let Some([images, channels]) = inputs.first().and_then(|input| input.shape.first_chunk())
        else {
            return Err(super::wrong("planes"));
        };
        let sides = [images.clone(), channels.clone(), (high / 2).into(), (wide / 2).into()];
        Ok(tvec!(f32::fact(sides)))
    }

    as_op!();
}
