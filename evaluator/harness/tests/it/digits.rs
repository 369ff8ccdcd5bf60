//! Six classifiers of clearly different quality score what other engines say they score.

use probity_harness::bench;
use probity_harness::engine::profile;
use probity_harness::report::Report;
use serde_json::Value;

use crate::support::{execute, fixture, options, prepare};

fn json(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

/// `expected.json` holds the counts of onnxruntime; `golden.json` the roots of this harness, which
/// debug and release builds share. The roots are those of one instruction set.
fn check(model: &str) {
    let run = prepare(&format!("{model}.onnx"));
    let finished = execute(&run, &options()).unwrap();
    let report = serde_json::to_value(Report::of(&run, &finished)).unwrap();
    let expected = &json("expected.json")[model];
    assert_eq!(report["correct"], expected["correct"], "{model}");
    assert_eq!(report["items"], expected["of"], "{model}");
    let (correct, items) =
        (expected["correct"].as_i64().unwrap(), expected["of"].as_i64().unwrap());
    assert_eq!(report["score"], correct * 1_000_000 / items, "{model}");
    let golden = &json("golden.json")[model];
    assert_eq!(report["model"]["hash"], golden["model"], "{model}");
    if profile().instructions.as_str() == "x86_64+fma" {
        assert_eq!(report["answers_root"], golden["answers_root"], "{model}");
        assert_eq!(report["attachments_root"], golden["attachments_root"], "{model}");
    }
}

#[test]
fn the_bad_model_scores_as_in_onnxruntime() {
    check("digits_bad");
}

#[test]
fn the_centroid_model_scores_as_in_onnxruntime() {
    check("digits_centroid");
}

#[test]
fn the_linear_model_scores_as_in_onnxruntime() {
    check("digits_logreg");
}

#[test]
fn the_small_network_scores_as_in_onnxruntime() {
    check("digits_mlp16");
}

#[test]
fn the_large_network_scores_as_in_onnxruntime() {
    check("digits_mlp256");
}

#[test]
fn the_convolution_scores_as_in_onnxruntime() {
    check("digits_cnn");
}

#[test]
fn a_measurement_counts_whole_passes_over_the_items() {
    let run = prepare("digits_logreg.onnx");
    let rate = bench::inference(&run, &options().worker, 20).unwrap();
    for rate in [rate.single, rate.whole] {
        assert!(rate.items > 0 && rate.items % 597 == 0, "{rate:?}");
        assert!(rate.per_second() > 0, "{rate:?}");
    }
    assert!(rate.whole.per_second() >= rate.single.per_second());
}
