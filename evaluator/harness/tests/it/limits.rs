//! A hostile model or worker is an error of its run, with the reason, in bounded time.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use probity_harness::benchmark::Benchmark;
use probity_harness::run::{Options, Run};
use probity_harness::worker::WorkerCommand;

use crate::onnx::Graph;
use crate::support::{fixture, options};

fn limited(memory_bytes: u64, load_seconds: u64, item_milliseconds: u64) -> Benchmark {
    let text = fs::read_to_string(fixture("digits.toml"))
        .unwrap()
        .replace("name = \"pixels\"\n", "")
        .replace("[output]\nname = \"logits\"\n", "")
        .replace("memory_bytes = 2147483648", &format!("memory_bytes = {memory_bytes}"))
        .replace("load_seconds = 60", &format!("load_seconds = {load_seconds}"))
        .replace("milliseconds = 10000", &format!("milliseconds = {item_milliseconds}"));
    Benchmark::parse("limited.toml", text.as_bytes()).unwrap()
}

fn failure(benchmark: Benchmark, model: &Path, options: &Options) -> String {
    let data = fixture("digits_test.jsonl");
    let run = Run::prepare(benchmark, model, &data, "4".parse().ok()).unwrap();
    let started = Instant::now();
    let error = crate::support::failure(&run, options);
    assert!(started.elapsed() < Duration::from_secs(30), "{error}");
    error
}

/// Multiplies a matrix of 8192 x 8192 numbers with itself: a million million operations.
fn endless() -> Graph {
    let mut graph =
        Graph::default().node("Transpose", &["x"], "xt").node("MatMul", &["xt", "x"], "m0");
    for turn in 0..7 {
        let (from, wide, to) = (format!("m{turn}"), format!("w{turn}"), format!("m{}", turn + 1));
        graph = graph.node("Concat", &[&from, &from], &wide).attribute("axis", 1);
        graph = graph.node("Concat", &[&wide, &wide], &to).attribute("axis", 0);
    }
    graph
        .node("MatMul", &["m7", "m7"], "product")
        .node("ReduceMax", &["product"], "top")
        .attribute("keepdims", 1)
        .node("Add", &["x", "top"], "y")
}

#[test]
fn a_model_that_takes_too_long_for_an_item_is_killed() {
    let (_folder, path) = endless().file();
    let error = failure(limited(4 << 30, 60, 300), &path, &options());
    assert_eq!(error, "item 5, line 1 of the dataset: an item took longer than 300 ms");
}

#[test]
fn a_model_that_asks_for_all_memory_is_that_runs_error() {
    let graph = Graph::default()
        .sizes("vast", &[1 << 24, 64])
        .node("Expand", &["x", "vast"], "a")
        .node("Transpose", &["a"], "at")
        .node("Sqrt", &["at"], "b")
        .node("ReduceMax", &["b"], "top")
        .attribute("keepdims", 1)
        .node("Add", &["x", "top"], "y");
    let (_folder, path) = graph.file();
    let error = failure(limited(1 << 30, 60, 20_000), &path, &options());
    let (item, refused) = ("item 5, line 1 of the dataset: the worker ended", "4294967296");
    assert!(error.starts_with(item) && error.contains(refused), "{error}");
}

fn shell(script: &str) -> Options {
    let (program, arguments) = ("/bin/sh".into(), vec!["-c".to_owned(), script.to_owned()]);
    Options { worker: WorkerCommand { program, arguments }, ..options() }
}

#[test]
fn a_worker_that_never_answers_is_killed() {
    let error =
        failure(limited(1 << 30, 1, 100), &fixture("digits_bad.onnx"), &shell("exec sleep 600"));
    assert_eq!(error, "loading the model took longer than 1000 ms");
}

#[test]
fn a_worker_that_dies_says_how() {
    let model = fixture("digits_bad.onnx");
    let limits = || limited(1 << 30, 20, 100);
    let error = failure(limits(), &model, &shell("echo oh no >&2; kill -SEGV $$"));
    assert_eq!(error, "the worker ended with signal: 11 (SIGSEGV) during loading the model: oh no");
    let error = failure(limits(), &model, &shell("exit 3"));
    assert_eq!(
        error,
        "the worker ended with exit status: 3 during loading the model: it said nothing"
    );
}

#[test]
fn a_worker_that_talks_nonsense_is_not_believed() {
    let model = fixture("digits_bad.onnx");
    for script in ["exec yes", "exec cat /dev/zero", "exec cat", "printf '\\1\\0\\0\\0\\7'; cat"] {
        let error = failure(limited(1 << 30, 20, 100), &model, &shell(script));
        let expected = "the worker is confused: it sent bytes that are no message";
        assert_eq!(error, expected, "{script}");
    }
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let worker = WorkerCommand { program: "/nowhere/worker".into(), arguments: Vec::new() };
    let options = Options { worker, ..options() };
    let error = failure(limited(1 << 30, 1, 100), &fixture("digits_bad.onnx"), &options);
    assert!(error.starts_with("cannot start the worker /nowhere/worker: No such file"), "{error}");
}
