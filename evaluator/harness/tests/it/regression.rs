//! A regression on a table, from a definition of ten lines.

use std::fs;

use probity_harness::benchmark::Benchmark;
use probity_harness::report::Report;
use probity_harness::run::Run;
use serde_json::Value;

use crate::onnx::Graph;
use crate::support::{execute, options};

/// `y = 2 * c0` over a table of 64 columns, of which only the first is not zero.
fn report(metric: &str) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let definition = format!(
        "schema = \"probity.benchmark/v1\"\nname = \"double\"\nversion = 1\n\
         task = \"regression\"\ninput = {{ columns = \"c0..c63\", shape = [1, 64] }}\n\
         label = {{ field = \"y\" }}\nmetric = {{ name = \"{metric}\", range = [0, 100] }}\n"
    );
    let mut weights = vec![0.0; 64];
    weights[0] = 2.0;
    let graph = Graph::default().numbers("w", &[64, 1], &weights).node("MatMul", &["x", "w"], "y");
    let columns: Vec<String> = (0..64).map(|column| format!("c{column}")).collect();
    let zeros = ",0".repeat(63);
    // The errors are 1, 2 and 3.
    let table = format!("y,{}\n3,1{zeros}\n6,2{zeros}\n3,3{zeros}\n", columns.join(","));
    fs::write(path("b.toml"), definition).unwrap();
    fs::write(path("m.onnx"), graph.bytes()).unwrap();
    fs::write(path("d.csv"), table).unwrap();
    let benchmark = Benchmark::load(&path("b.toml")).unwrap();
    let run = Run::prepare(benchmark, &path("m.onnx"), &path("d.csv"), None).unwrap();
    let finished = execute(&run, &options()).unwrap();
    serde_json::to_value(Report::of(&run, &finished)).unwrap()
}

#[test]
fn a_mean_absolute_error_is_exact() {
    let report = report("mean_absolute_error");
    assert_eq!(report["score"], 2_000_000);
    assert_eq!(report["benchmark"]["better"], "lower");
    assert_eq!(report["interval_method"], "normal");
    assert_eq!(report.get("correct"), None);
}

#[test]
fn a_root_mean_squared_error_is_the_exact_floor() {
    // floor(sqrt((1 + 4 + 9) / 3) * 10^6), as integers.
    assert_eq!(report("root_mean_squared_error")["score"], 2_160_246);
}
