//! The operator that stands for a small convolution, and the rule that puts it there.

use tract_onnx::prelude::{
    Datum, DatumExt, IntoArcTensor, IntoTValue, SpecialOps, TValue, TVec, Tensor, TractResult,
    TypedFact, TypedModel, TypedModelPatch, TypedNode, tvec,
};
use tract_onnx::tract_core::internal::{
    EvalContext, EvalOp, Op, StaticName, TypedOp, as_op, op_as_typed_op, op_out_of_plan,
};
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::geometry::{Geometry, area};
use super::kernel::{BLOCK, Convolve, lanes};
use super::two;

/// The most products of a convolution that is small: some tens of microseconds of arithmetic.
pub(super) const MAX_PRODUCTS: usize = 1 << 22;

/// Images, weights in blocks and biases in blocks in; results out.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SmallConvolution(Geometry);

/// Replaces a convolution that is small, of floats, with constant weights.
pub(super) fn rule(
    _: &(),
    model: &TypedModel,
    node: &TypedNode,
    name: &str,
    convolution: &Conv,
) -> TractResult<Option<TypedModelPatch>> {
    let &[input, weights, bias] = node.inputs.as_slice() else { return Ok(None) };
    let image = model.outlet_fact(input)?;
    let Some(geometry) = geometry(convolution, image) else { return Ok(None) };
    let konst = |outlet| model.outlet_fact(outlet).map(|fact| fact.konst.clone());
    let (Some(weights), Some(bias)) = (konst(weights)?, konst(bias)?) else { return Ok(None) };
    let weights = weights.try_as_plain_ram()?;
    let bias = bias.try_as_plain_ram()?;
    let (weights, bias) = (weights.as_slice::<f32>()?, bias.as_slice::<f32>()?);
    let Some((weights, bias)) = blocks(&geometry, weights, bias)? else { return Ok(None) };
    let mut patch = TypedModelPatch::new("small convolution");
    let image = patch.tap_model(model, input)?;
    let weights = patch.add_const(format!("{name}.blocks"), weights.into_arc_tensor())?;
    let bias = patch.add_const(format!("{name}.bias"), bias.into_arc_tensor())?;
    let output = patch.wire_node(name, SmallConvolution(geometry), &[image, weights, bias])?;
    let [output] = output.as_slice() else { return Ok(None) };
    patch.shunt_outside(model, node.id.into(), *output)?;
    Ok(Some(patch))
}

/// Where the numbers lie, if this is a convolution for us.
fn geometry(convolution: &Conv, image: &TypedFact) -> Option<Geometry> {
    let Conv { pool_spec, kernel_fmt, group, q_params } = convolution;
    let plain = *kernel_fmt == KernelFormat::OIHW
        && *group == 1
        && q_params.is_none()
        && pool_spec.data_format == DataFormat::NCHW
        && pool_spec.strides().iter().chain(pool_spec.dilations().iter()).all(|step| *step == 1)
        && image.datum_type == f32::datum_type();
    let &[_, channels, high, wide] = image.shape.as_concrete()? else { return None };
    let padding = pool_spec.computed_padding(&[high, wide]);
    let geometry = Geometry {
        channels,
        image: [high, wide],
        window: two(&pool_spec.kernel_shape)?,
        before: two(&padding.iter().map(|side| side.pad_before).collect::<Vec<_>>())?,
        outputs: pool_spec.output_channels,
        result: two(&padding.iter().map(|side| side.convoluted).collect::<Vec<_>>())?,
    };
    let [_, columns] = geometry.result;
    let half_full = columns.saturating_mul(2) >= columns.next_multiple_of(lanes());
    let small = (1..=MAX_PRODUCTS).contains(&geometry.products());
    (plain && small && half_full && high > 0 && wide > 0).then_some(geometry)
}

/// Weights and biases in blocks of planes; the last block is filled with zeros.
fn blocks(
    geometry: &Geometry,
    weights: &[f32],
    bias: &[f32],
) -> TractResult<Option<(Tensor, Tensor)>> {
    let (taps, planes) = (geometry.taps(), geometry.outputs);
    let bias = match bias {
        [one] => vec![*one; planes],
        each => each.to_vec(),
    };
    if weights.len() != taps * planes || bias.len() != planes {
        return Ok(None);
    }
    let count = planes.div_ceil(BLOCK);
    let mut packed = Vec::with_capacity(count * taps * BLOCK);
    for block in weights.chunks(taps * BLOCK) {
        for tap in 0..taps {
            let of_tap = block.iter().skip(tap).step_by(taps).copied();
            packed.extend(of_tap.chain(std::iter::repeat(0.0)).take(BLOCK));
        }
    }
    let filled = bias.into_iter().chain(std::iter::repeat(0.0)).take(count * BLOCK);
    let weights = Tensor::from_shape(&[count, taps, BLOCK], &packed)?;
    let bias = Tensor::from_shape(&[count, BLOCK], &filled.collect::<Vec<_>>())?;
    Ok(Some((weights, bias)))
}

impl Op for SmallConvolution {
    fn name(&self) -> StaticName {
        "SmallConvolution".into()
    }

    op_as_typed_op!();
}

impl EvalOp for SmallConvolution {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let Self(geometry) = self;
        let Some(([images, weights, bias], [])) = inputs.split_first_chunk() else {
            return Err(super::wrong("three inputs"));
        };
        let Geometry { channels, image, outputs, result: [rows, columns], .. } = *geometry;
        let images = images.try_as_plain_ram()?;
        let (weights, bias) = (weights.try_as_plain_ram()?, bias.try_as_plain_ram()?);
        let images = images.as_slice::<f32>()?;
        let count = images.len() / (channels * area(image));
        let mut output = Tensor::zero::<f32>(&[count, outputs, rows, columns])?;
        Convolve {
            geometry,
            images,
            weights: weights.as_slice()?.as_chunks().0,
            bias: bias.as_slice()?.as_chunks().0,
            results: output.try_as_plain_ram_mut()?.as_slice_mut()?,
        }
        .run();
        Ok(tvec!(output.into_tvalue()))
    }
}

impl TypedOp for SmallConvolution {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        let Self(Geometry { outputs, result: [rows, columns], .. }) = self;
        let Some(batch) = inputs.first().and_then(|images| images.shape.first()) else {
            return Err(super::wrong("images"));
        };
        let sides = [batch.clone(), (*outputs).into(), (*rows).into(), (*columns).into()];
        Ok(tvec!(f32::fact(sides)))
    }

    as_op!();
}
