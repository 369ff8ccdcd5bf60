//! Models that are refused, each with a message its maker can act on.

use std::fs;

use probity_harness::benchmark::Benchmark;
use probity_harness::run::Run;

use crate::onnx::Graph;
use crate::support::{changed, digits, execute, fixture, options, refusal};

/// The digits data for a model that names its input and output as it likes.
fn unnamed() -> Benchmark {
    let text = fs::read_to_string(fixture("digits.toml"))
        .unwrap()
        .replace("name = \"pixels\"\n", "")
        .replace("[output]\nname = \"logits\"\n", "");
    Benchmark::parse("unnamed.toml", text.as_bytes()).unwrap()
}

fn refused(graph: Graph) -> String {
    let (_folder, path) = graph.file();
    refusal(unnamed(), &path)
}

#[test]
fn a_map_at_the_end_is_refused_with_the_exporters_option() {
    let error = refusal(unnamed(), &fixture("refused/logreg_zipmap.onnx"));
    assert!(error.starts_with("operator ZipMap") && error.contains("zipmap=False"), "{error}");
}

#[test]
fn a_scaler_is_refused_with_what_to_do_instead() {
    let error = refusal(unnamed(), &fixture("refused/pipe_scaler_logreg.onnx"));
    assert!(error.starts_with("operator Scaler") && error.contains("input.scale"), "{error}");
}

#[test]
fn an_operator_that_overflows_silently_is_refused() {
    let error = refusal(unnamed(), &fixture("refused/nb.onnx"));
    assert!(error.starts_with("operator ReduceLogSumExp overflows"), "{error}");
}

#[test]
fn a_silent_infinity_is_an_error_with_its_item() {
    let graph = Graph::default()
        .numbers("large", &[1, 1], &[1_000.0])
        .node("Mul", &["x", "large"], "scaled")
        .node("Exp", &["scaled"], "y");
    let error = refused(graph);
    assert_eq!(
        error,
        "item 5, line 1 of the dataset: output 2 is inf, which is not a finite number"
    );
}

#[test]
fn a_number_that_is_none_is_an_error() {
    let error = refused(Graph::default().node("Sub", &["x", "x"], "zero").node(
        "Div",
        &["zero", "zero"],
        "y",
    ));
    assert!(error.contains("output 0 is NaN, which is not a finite number"), "{error}");
}

#[test]
fn other_names_and_shapes_are_refused_with_both_sides() {
    let model = fixture("digits_mlp16.onnx");
    for (from, to, reason) in [
        (
            "name = \"pixels\"",
            "name = \"image\"",
            "model input: there is no \"image\", only [\"pixels\"]",
        ),
        ("\"logits\"", "\"scores\"", "model output: there is no \"scores\", only [\"logits\"]"),
        (
            "[1, 64]",
            "[1, 8, 8]",
            "model input: \"pixels\" takes [?, 64], the benchmark shows [1, 8, 8]",
        ),
    ] {
        assert_eq!(refusal(changed(from, to), &model), reason);
    }
}

#[test]
fn a_classifier_of_one_class_is_refused() {
    let error = refused(Graph::default().node("ReduceSum", &["x"], "y").attribute("keepdims", 1));
    assert!(error.ends_with("this gave 1"), "{error}");
}

#[test]
fn an_endless_output_is_refused() {
    let error =
        refused(Graph::default().sizes("size", &[1_000, 64]).node("Expand", &["x", "size"], "y"));
    assert!(error.contains("64000 numbers for 1 items, expected 1 to 4096 each"), "{error}");
}

#[test]
fn random_numbers_are_refused() {
    let error = refused(Graph::default().node("RandomNormalLike", &["x"], "y"));
    assert!(error.starts_with("operator RandomNormalLike draws random numbers"), "{error}");
}

#[test]
fn weights_in_another_file_are_not_read() {
    let graph =
        Graph::default().elsewhere("w", &[1, 64], "/etc/hostname").node("Add", &["x", "w"], "y");
    let error = refused(graph);
    assert!(
        error.starts_with("cannot load the model") && error.contains("external data"),
        "{error}"
    );
}

#[test]
fn an_unknown_operator_is_refused_by_its_name() {
    let error = refused(Graph::default().node("Frobnicate", &["x"], "y"));
    assert_eq!(error, "operator Frobnicate is not one that this engine runs");
}

#[test]
fn a_corrupt_file_is_an_error_and_nothing_worse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("corrupt.onnx");
    let good = fs::read(fixture("digits_mlp16.onnx")).unwrap();
    for len in [0, 1, 10, 100, 1_000, 3_000, 5_000] {
        fs::write(&path, &good[..len]).unwrap();
        let error = refusal(digits(), &path);
        assert!(!error.is_empty(), "{len}");
    }
    for position in (0..good.len()).step_by(400) {
        let mut flipped = good.clone();
        flipped[position] ^= 0x55;
        fs::write(&path, &flipped).unwrap();
        let data = fixture("digits_test.jsonl");
        let run = Run::prepare(digits(), &path, &data, "2".parse().ok()).unwrap();
        // A flipped weight is another model; a flipped structure is an error: both end.
        let _ = execute(&run, &options());
    }
    fs::write(&path, b"not a model at all").unwrap();
    let error = refusal(digits(), &path);
    assert!(error.starts_with("not an onnx model"), "{error}");
}

#[test]
fn a_model_above_its_limit_is_not_read() {
    let data = fixture("digits_test.jsonl");
    let small = changed("model_bytes = 16777216", "model_bytes = 5000");
    let error = Run::prepare(small, &fixture("digits_mlp16.onnx"), &data, None).unwrap_err();
    assert_eq!(error.to_string(), "the model has 5077 bytes, the benchmark's limit is 5000");
}

#[test]
fn a_model_that_changed_after_it_was_named_is_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    fs::copy(fixture("digits_mlp16.onnx"), &path).unwrap();
    let run = Run::prepare(digits(), &path, &fixture("digits_test.jsonl"), None).unwrap();
    fs::copy(fixture("digits_bad.onnx"), &path).unwrap();
    let error = crate::support::failure(&run, &options());
    assert!(error.starts_with("cannot read the model: expected content"), "{error}");
}

#[test]
fn fewer_items_than_the_benchmark_runs_are_refused() {
    let core = changed("core = \"all\"", "core = 600");
    let data = fixture("digits_test.jsonl");
    let error = Run::prepare(core, &fixture("digits_mlp16.onnx"), &data, None).unwrap_err();
    assert_eq!(error.to_string(), "the benchmark runs 600 items, the dataset has 597");
}
