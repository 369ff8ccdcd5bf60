//! A run that is killed goes on where it was.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use probity_harness::benchmark::Benchmark;
use probity_harness::run::{Options, Run};

use crate::support::{execute, fixture, options};

/// The training table has no label that a model must not know; here it is just a longer dataset.
fn table() -> String {
    fs::read_to_string(fixture("digits.toml"))
        .unwrap()
        .replace("field = \"pixels\"", "columns = \"p0..p63\"")
        .replace("core = \"all\"", "core = 1000")
}

/// Runs in a process of its own and kills it, by the signal that cannot be caught, after `items`.
fn kill_after(items: u32, benchmark: &Path, journals: &Path) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_probity-harness"))
        .arg("run")
        .args([benchmark, &fixture("digits_mlp16.onnx"), &fixture("digits_train.csv")])
        .arg("--journals")
        .arg(journals)
        .arg("--step")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for done in 1..=items {
        assert_eq!(lines.next().unwrap().unwrap(), format!("{done} of 1000"));
        if done < items {
            stdin.write_all(b"\n").unwrap();
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_run_killed_at_item_900_of_1000_goes_on_at_900() {
    let folder = tempfile::tempdir().unwrap();
    let (file, journals) = (folder.path().join("table.toml"), folder.path().join("journals"));
    fs::write(&file, table()).unwrap();
    kill_after(900, &file, &journals);

    let benchmark = Benchmark::load(&file).unwrap();
    let data = fixture("digits_train.csv");
    let run = Run::prepare(benchmark, &fixture("digits_mlp16.onnx"), &data, None).unwrap();
    let with_journal = Options { journals: Some(journals.clone()), ..options() };
    let resumed = execute(&run, &with_journal).unwrap();
    assert_eq!(resumed.resumed_at, 900);
    let anew = execute(&run, &options()).unwrap();
    assert_eq!(anew.resumed_at, 0);
    assert_eq!(resumed.transcript, anew.transcript);

    assert_eq!(execute(&run, &with_journal).unwrap().resumed_at, 1000);
    run.discard_journal(&journals).unwrap();
    assert_eq!(fs::read_dir(&journals).unwrap().count(), 0);
}

#[test]
fn a_run_that_fails_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data.jsonl");
    let pixels = vec!["1"; 64].join(",");
    let mut rows = String::new();
    for id in 0..5 {
        writeln!(rows, "{{\"id\":{id},\"pixels\":[{pixels}],\"label\":0}}").unwrap();
    }
    fs::write(&data, rows).unwrap();
    let run =
        Run::prepare(crate::support::digits(), &fixture("digits_bad.onnx"), &data, None).unwrap();
    let options = Options { journals: Some(folder.path().join("journals")), ..options() };
    let mut told = 0;
    let stopped = run.execute(&options, |progress| {
        told = progress.done;
        if told == 3 {
            std::ops::ControlFlow::Break(())
        } else {
            std::ops::ControlFlow::Continue(())
        }
    });
    assert_eq!(stopped.unwrap_err().to_string(), "stopped at item 3 of 5");
    assert_eq!(execute(&run, &options).unwrap().resumed_at, 3);
}
