//! Against loops that anyone can read, to the last bit.

use pulp::{Scalar, Simd};
use tract_onnx::prelude::{
    DatumExt, IntoArcTensor, IntoRunnable, IntoTValue, SpecialOps, Tensor, TypedModel, tvec,
};
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::nn::DataFormat;

use super::geometry::{Geometry, area};
use super::kernel::Convolve;
use super::{convolution, lower};

/// Numbers of many sizes and both signs, the same ones every time.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        f32::from(u16::try_from(state >> 48).unwrap()) / 32_768.0 - 1.0
    };
    (0..count).map(|_| next() * next()).collect()
}

/// One number of the result after the other, in the order that the module promises.
fn plainly(geometry: &Geometry, images: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
    let Geometry { channels, image, window, before, outputs, result } = *geometry;
    let mut results = Vec::new();
    for images in images.chunks(channels * area(image)) {
        for output in 0..outputs {
            for place in 0..area(result) {
                let (row, column) = (place / result[1], place % result[1]);
                let mut sum = 0f32;
                for tap in 0..channels * area(window) {
                    let (channel, tap_of) = (tap / area(window), tap % area(window));
                    let y = (row + tap_of / window[1]).wrapping_sub(before[0]);
                    let x = (column + tap_of % window[1]).wrapping_sub(before[1]);
                    let inside = y < image[0] && x < image[1];
                    let at = || channel * area(image) + y * image[1] + x;
                    let shown = if inside { images[at()] } else { 0.0 };
                    sum = shown.mul_add(weights[output * geometry.taps() + tap], sum);
                }
                results.push(sum + bias[output]);
            }
        }
    }
    results
}

/// Square images of `side` numbers, a square window and zeros on all sides.
fn square(channels: usize, outputs: usize, side: usize, window: usize, zeros: usize) -> Geometry {
    let result = side + 2 * zeros + 1 - window;
    Geometry {
        channels,
        image: [side, side],
        window: [window, window],
        before: [zeros, zeros],
        outputs,
        result: [result, result],
    }
}

fn shapes() -> Vec<Geometry> {
    vec![
        square(1, 16, 8, 3, 1),
        square(16, 32, 8, 3, 1),
        square(3, 5, 11, 5, 2),
        square(2, 8, 9, 3, 0),
        square(4, 9, 16, 2, 1),
        square(2, 3, 5, 3, 3),
        Geometry {
            image: [3, 17],
            result: [2, 19],
            before: [0, 2],
            window: [2, 3],
            ..square(3, 7, 4, 1, 0)
        },
    ]
}

/// A graph of one convolution, with what each image gives by the plain loops.
struct Case {
    model: TypedModel,
    images: Vec<f32>,
    expected: Vec<f32>,
}

fn case(geometry: &Geometry, batch: usize) -> Case {
    let Geometry { channels, image, window, before, outputs, result } = geometry.clone();
    let images = numbers(batch * channels * area(image), 1);
    let weights = numbers(outputs * geometry.taps(), 2);
    let bias = numbers(outputs, 3);
    let after = [0, 1].map(|axis| result[axis] + window[axis] - 1 - before[axis] - image[axis]);
    let padding = PaddingSpec::Explicit(before.as_slice().into(), after.as_slice().into());
    let spec = PoolSpec::new(
        DataFormat::NCHW,
        window.as_slice().into(),
        padding,
        None,
        None,
        channels,
        outputs,
    );
    let sides = [outputs, channels, window[0], window[1]];
    let taps = Tensor::from_shape(&sides, &weights).unwrap().into_arc_tensor();
    let constants = [taps, Tensor::from_shape(&[outputs], &bias).unwrap().into_arc_tensor()];
    let shape = [batch, channels, image[0], image[1]];
    let convolution = Conv::new(spec, KernelFormat::OIHW, 1, None);
    let mut model = TypedModel::default();
    let source = model.add_source("images", f32::fact(shape)).unwrap();
    let [weights_at, bias_at] = constants
        .map(|constant| model.add_const(format!("{}", constant.rank()), constant).unwrap());
    let output = model.wire_node("convolution", convolution, &[source, weights_at, bias_at]);
    model.select_output_outlets(&output.unwrap()).unwrap();
    let expected = plainly(geometry, &images, &weights, &bias);
    Case { model, images, expected }
}

/// The names of the operators, without constants and the source.
fn operators(model: &TypedModel) -> Vec<String> {
    let names = model.nodes().iter().map(|node| node.op.name().into_owned());
    names.filter(|name| !matches!(name.as_str(), "Const" | "Source")).collect()
}

fn run(model: TypedModel, images: &[f32]) -> Vec<f32> {
    let sides = model.input_fact(0).unwrap().shape.as_concrete().unwrap().to_vec();
    let images = Tensor::from_shape(&sides, images).unwrap();
    let plan = model.into_optimized().unwrap().into_runnable().unwrap();
    let outputs = plan.run(tvec!(images.into_tvalue())).unwrap();
    outputs[0].try_as_plain_ram().unwrap().as_slice::<f32>().unwrap().to_vec()
}

#[test]
fn small_convolutions_give_the_bits_of_the_plain_loops_at_every_batch_size() {
    for geometry in shapes() {
        for batch in [1, 3] {
            let Case { model, images, expected } = case(&geometry, batch);
            let lowered = lower(model).unwrap();
            assert_eq!(operators(&lowered), ["SmallConvolution"], "{geometry:?}");
            assert!(run(lowered, &images) == expected, "{geometry:?} {batch}");
        }
    }
}

#[test]
fn a_machine_without_vectors_would_give_the_same_bits() {
    for geometry in shapes() {
        let images = numbers(2 * geometry.channels * area(geometry.image), 4);
        let weights = numbers(geometry.taps() * 8, 5);
        let bias = numbers(8, 6);
        let geometry = Geometry { outputs: 8, ..geometry };
        let run = |scalar: bool| {
            let mut results = vec![0.0; 2 * 8 * area(geometry.result)];
            let convolve = Convolve {
                geometry: &geometry,
                images: &images,
                weights: weights.as_chunks().0,
                bias: bias.as_chunks().0,
                results: &mut results,
            };
            if scalar {
                Scalar.vectorize(convolve)
            } else {
                convolve.run()
            }
            results
        };
        assert!(run(true) == run(false), "{geometry:?}");
    }
}

/// Changes the only convolution of a small case, and says which operators stand there afterwards.
fn lowered(change: impl Fn(&mut Conv)) -> Vec<String> {
    let mut model = case(&square(4, 8, 8, 3, 1), 1).model;
    let nodes: Vec<usize> = (0..model.nodes().len()).collect();
    for id in nodes {
        let Some(convolution) = model.node(id).op_as::<Conv>() else { continue };
        let mut changed = convolution.clone();
        change(&mut changed);
        let inputs = model.node(id).inputs.clone();
        let output = model.wire_node("changed", changed, &inputs).unwrap();
        model.select_output_outlets(&output).unwrap();
    }
    operators(&lower(model).unwrap())
}

#[test]
fn steps_and_holes_are_left_to_the_engine() {
    assert_eq!(lowered(|_| ()), ["SmallConvolution"]);
    let strided = lowered(|conv| conv.pool_spec.strides = Some(tvec!(2, 2)));
    assert!(!strided.contains(&"SmallConvolution".to_owned()), "{strided:?}");
    let dilated = lowered(|conv| conv.pool_spec.dilations = Some(tvec!(2, 2)));
    assert!(!dilated.contains(&"SmallConvolution".to_owned()), "{dilated:?}");
}

#[test]
fn large_convolutions_are_left_to_the_engine() {
    let small = square(16, 16, 40, 3, 1);
    assert!(small.products() <= convolution::MAX_PRODUCTS);
    assert_eq!(operators(&lower(case(&small, 1).model).unwrap()), ["SmallConvolution"]);
    let large = square(16, 16, 44, 3, 1);
    assert!(large.products() > convolution::MAX_PRODUCTS);
    assert_eq!(operators(&lower(case(&large, 1).model).unwrap()), ["Conv"]);
}

#[test]
fn narrow_results_are_left_to_the_engine() {
    let narrow = Geometry { image: [64, 1], result: [64, 1], ..square(4, 8, 1, 1, 0) };
    let operators = operators(&lower(case(&narrow, 1).model).unwrap());
    assert!(!operators.contains(&"SmallConvolution".to_owned()), "{operators:?}");
}

fn pool(window: usize, step: usize, before: usize, side: usize) -> TypedModel {
    let padding = PaddingSpec::Explicit(tvec!(before, before), tvec!(0, 0));
    let (kernel, strides) = (tvec!(window, window), Some(tvec!(step, step)));
    let spec = PoolSpec::new(DataFormat::NCHW, kernel, padding, None, strides, 3, 3);
    let mut model = TypedModel::default();
    let source = model.add_source("planes", f32::fact([2, 3, side, side])).unwrap();
    let output = model.wire_node("pool", MaxPool::new(spec, None), &[source]).unwrap();
    model.select_output_outlets(&output).unwrap();
    model
}

#[test]
fn pools_of_two_by_two_give_what_the_engine_gives() {
    let lowered = lower(pool(2, 2, 0, 6)).unwrap();
    assert_eq!(operators(&lowered), ["Halve"]);
    let mut planes = numbers(2 * 3 * 36, 7);
    planes[..12].copy_from_slice(&[f32::NAN; 12]);
    planes[40..46].copy_from_slice(&[0.0, -0.0, -0.0, 0.0, f32::INFINITY, f32::NEG_INFINITY]);
    let bits = |numbers: Vec<f32>| numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>();
    assert_eq!(bits(run(lowered, &planes)), bits(run(pool(2, 2, 0, 6), &planes)));
}

#[test]
fn other_pools_are_left_to_the_engine() {
    for (window, step, before, side) in [(3, 3, 0, 6), (2, 1, 0, 6), (2, 2, 1, 5), (2, 2, 0, 5)] {
        let names = operators(&lower(pool(window, step, before, side)).unwrap());
        assert_eq!(names, ["MaxPool"], "{window} {step} {before} {side}");
    }
}
