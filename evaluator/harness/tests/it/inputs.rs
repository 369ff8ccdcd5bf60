//! Models that take or give numbers in another form than the digits.

use std::fs;

use probity_harness::benchmark::Benchmark;
use probity_harness::run::{Run, RunError};
use probity_primitives::transcript::{Answer, Transcript};

use crate::onnx::Graph;
use crate::support::{execute, options};

/// Whether the first of 64 numbers is above 2, from one output beside a threshold.
fn answers(dtype: &str, graph: Graph, first: &[&str]) -> Result<Transcript, RunError> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let definition = format!(
        "schema = \"probity.benchmark/v1\"\nname = \"above\"\nversion = 1\n\
         task = \"classification\"\nlabel = {{ field = \"y\" }}\nmetric = {{ name = \"accuracy\" }}\n\
         input = {{ field = \"x\", shape = [1, 64], dtype = \"{dtype}\" }}\n\
         output = {{ threshold = \"2.5\" }}\n"
    );
    let zeros = ",0".repeat(63);
    let row = |number: &&str| format!("{{\"x\":[{number}{zeros}],\"y\":1}}\n");
    fs::write(path("b.toml"), definition).unwrap();
    fs::write(path("m.onnx"), graph.bytes()).unwrap();
    fs::write(path("d.jsonl"), first.iter().map(row).collect::<String>()).unwrap();
    let benchmark = Benchmark::load(&path("b.toml")).unwrap();
    let run = Run::prepare(benchmark, &path("m.onnx"), &path("d.jsonl"), None)?;
    Ok(execute(&run, &options())?.transcript)
}

fn first_of(input: &str) -> Graph {
    let mut weights = vec![0.0; 64];
    weights[0] = 1.0;
    Graph::default().numbers("w", &[64, 1], &weights).node("MatMul", &[input, "w"], "y")
}

/// Takes whole numbers and makes floats of them (1 is that type's number in the format).
fn first_of_whole_numbers() -> Graph {
    let cast = Graph::default().takes_whole_numbers().node("Cast", &["x"], "f").attribute("to", 1);
    cast.then(first_of("f"))
}

#[test]
fn one_output_beside_a_threshold_is_a_classifier() {
    let transcript = answers("f32", first_of("x"), &["1", "2.5", "2.75"]).unwrap();
    let labels: Vec<&Answer> = transcript.leaves().iter().map(|leaf| &leaf.answer).collect();
    assert_eq!(labels, [&Answer::Label(0), &Answer::Label(0), &Answer::Label(1)]);
    assert_eq!(&transcript.attachments()[2].micros[..], [2_500_000, 2_750_000]);
}

#[test]
fn a_model_of_whole_numbers_is_shown_whole_numbers() {
    let transcript = answers("i64", first_of_whole_numbers(), &["2", "3"]).unwrap();
    assert_eq!(transcript.sum(), 1_000_000);
    let error = answers("i64", first_of_whole_numbers(), &["2", "2.5"]).unwrap_err().to_string();
    assert!(
        error.ends_with("line 2 column x: 2.5e0 is not a whole number of at most 2^24"),
        "{error}"
    );
    let error = answers("f32", first_of_whole_numbers(), &["2"]).unwrap_err().to_string();
    assert_eq!(error, "model input: \"x\" takes Int64, the benchmark shows Float");
}
