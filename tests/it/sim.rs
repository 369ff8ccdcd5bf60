//! Experiments from the command line: files, exit codes, shards, and being killed.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{failure, json, path, probity, run, until, write};

/// A small world: what is tested is not what it says.
const SMALL: &str = r#"
name = "small"
epochs = 1

[benchmark]
items = 16

[tasks]
value = 700

[[group]]
name = "honest"
strategy = "honest"
count = 8
stake = 20000

[[group]]
name = "guess"
strategy = "lazy"
count = 2
stake = 20000
"#;

fn small(folder: &tempfile::TempDir) -> String {
    write(folder, "small.toml", SMALL.as_bytes())
}

fn file(folder: &str, name: &str) -> Vec<u8> {
    fs::read(Path::new(folder).join(name)).unwrap()
}

#[test]
fn a_run_leaves_all_that_someone_needs_to_make_it_again() {
    let place = tempfile::tempdir().unwrap();
    let (scenario, out) = (small(&place), path(&place.path().join("out")));
    let told = json(&["sim", "run", &scenario, "--runs", "3", "--out", &out, "-o", "json"]);
    assert_eq!((&told["schema"], &told["runs"]), (&"probity.sim-run/v1".into(), &3.into()));
    assert_eq!(told["kpi"], "group.guess.payoff");
    let payoff = told["numbers"].as_array().unwrap();
    let payoff = payoff.iter().find(|number| number["name"] == "group.guess.payoff").unwrap();
    assert!(payoff["low"].as_f64() <= payoff["mean"].as_f64() && payoff["n"] == 3, "{payoff}");

    let manifest: Value = serde_json::from_slice(&file(&out, "manifest.json")).unwrap();
    assert_eq!(manifest["schema"], "probity.sim-manifest/v1");
    assert!(manifest["rustc"].as_str().unwrap().starts_with("rustc "), "{manifest}");
    assert_eq!(String::from_utf8(file(&out, "runs.csv")).unwrap().lines().count(), 4);
    assert!(file(&out, "runs.parquet").starts_with(b"PAR1"));
    assert!(
        String::from_utf8(file(&out, "report.html")).unwrap().contains("What each group earned")
    );

    let again = json(&["sim", "replay", &out, "--run", "2", "-o", "json"]);
    assert_eq!(again["same"], true);
    let status = json(&["sim", "status", &out, "-o", "json"]);
    assert_eq!((&status["done"], &status["merged"]), (&3.into(), &true.into()));
    let listed = json(&["sim", "list", &path(place.path()), "-o", "json"]);
    assert_eq!(listed["experiments"][0]["scenario"], "small");
    let same = json(&["sim", "compare", &out, &out, "-o", "json"]);
    assert_eq!(
        (&same["paired"], &same["numbers"][0]["difference"]["mean"]),
        (&true.into(), &0.0.into())
    );

    let (code, said) = failure(&["sim", "run", &scenario, "--runs", "3", "--out", &out]);
    assert!(code == 2 && said.contains("say --resume"), "{said}");
    let (code, said) = failure(&["sim", "run", &scenario, "--runs", "4", "--out", &out]);
    assert!(code == 2 && said.contains("another experiment"), "{said}");
    let config = Path::new(&out).join("config.toml");
    let reproduce = String::from_utf8(file(&out, "REPRODUCE")).unwrap();
    assert!(
        reproduce
            .starts_with("probity sim sweep config.toml --design grid --replicates 3 --seed '0'")
    );
    let twin = path(&place.path().join("again"));
    let command = ["sim", "sweep", &path(&config), "--design", "grid", "--replicates", "3"];
    let rest = ["--seed", "0", "--kpi", "group.guess.payoff", "--out", &twin];
    assert!(run(&[&command[..], &rest].concat()).status.success());
    for name in ["runs.csv", "runs.parquet", "summary.json", "manifest.json", "report.html"] {
        assert!(file(&twin, name) == file(&out, name), "{name}");
    }
}

#[test]
fn parts_that_run_apart_come_to_the_bytes_of_the_whole() {
    let place = tempfile::tempdir().unwrap();
    let scenario = small(&place);
    let out = |name: &str| path(&place.path().join(name));
    let param = ["--param", "group.guess.stake=20000,40000", "--replicates", "2"];
    let sweep = ["sim", "sweep", &scenario, "--out", &out("whole"), "--jobs", "1"];
    assert!(run(&[&sweep[..], &param].concat()).status.success());
    let plan = ["sim", "plan", &scenario, "--out", &out("parts"), "-o", "json"];
    assert_eq!(json(&[&plan[..], &param].concat())["runs"], 4);
    for index in ["2", "0", "1"] {
        let mut part = probity(&["sim", "run", &out("parts"), "--shards", "3", "--jobs", "2"]);
        assert!(part.env("JOB_COMPLETION_INDEX", index).output().unwrap().status.success());
    }
    assert!(run(&["sim", "merge", &out("parts")]).status.success());
    for name in ["runs.csv", "runs.parquet", "summary.json", "report.html", "manifest.json"] {
        assert!(file(&out("whole"), name) == file(&out("parts"), name), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_end_keeps_what_it_has_and_goes_on() {
    let place = tempfile::tempdir().unwrap();
    let (scenario, out) = (small(&place), path(&place.path().join("out")));
    let command = ["sim", "run", &scenario, "--runs", "4000", "--out", &out, "--jobs", "1"];
    let mut child = probity(&command).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let log = Path::new(&out).join("shards/shard-1-of-1.rows");
    let has_runs = || fs::read_to_string(&log).is_ok_and(|text| text.contains("\nrun\t1\t"));
    until("first runs", Duration::from_secs(60), async || has_runs().then_some(())).await;
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(75));
    let kept = json(&["sim", "status", &out, "-o", "json"]);
    let done = kept["done"].as_u64().unwrap();
    assert!((2..4_000).contains(&done), "{kept}");
    let (code, said) = failure(&["sim", "merge", &out]);
    assert!(code == 8 && said.contains("of 4000 runs are missing"), "{said}");
    assert_eq!(json(&["sim", "replay", &out, "--run", "1", "-o", "json"])["same"], true);
}

#[test]
fn what_is_no_experiment_is_refused_with_where_and_what_was_meant() {
    let place = tempfile::tempdir().unwrap();
    let scenario = small(&place);
    let changed =
        |from: &str, to: &str| write(&place, "bad.toml", SMALL.replace(from, to).as_bytes());
    let (code, said) =
        failure(&["sim", "run", &changed("strategy = \"lazy\"", "stratgy = \"lazy\"")]);
    assert!(code == 3 && said.contains("bad.toml:") && said.contains("`strategy`"), "{said}");
    let (code, said) = failure(&["sim", "run", &changed("count = 2", "count = 0")]);
    assert!(code == 3 && said.contains("bad.toml:"), "{said}");
    let out = path(&place.path().join("out"));
    let sweep =
        |param: &str| failure(&["sim", "sweep", &scenario, "--out", &out, "--param", param]);
    let (code, said) = sweep("group.gues.stake=1,2");
    assert!(code == 3 && said.contains("`guess`"), "{said}");
    let (code, said) = sweep("group.guess.stake=1..2");
    assert!(code == 2 && said.contains("needs a count"), "{said}");
    let (code, said) = failure(&["sim", "merge", &path(place.path())]);
    assert!(code == 2 && said.contains("plan.json"), "{said}");
    assert!(!Path::new(&out).exists(), "nothing was begun");
}

#[test]
fn a_new_scenario_can_be_run_and_is_not_laid_over_another() {
    let place = tempfile::tempdir().unwrap();
    let scenario = path(&place.path().join("mine.toml"));
    assert!(run(&["sim", "new", &scenario]).status.success());
    let out = path(&place.path().join("plan"));
    let plan = ["sim", "plan", &scenario, "--replicates", "2", "--out", &out, "-o", "json"];
    assert_eq!(json(&plan)["schema"], "probity.sim-planned/v1");
    let (code, said) = failure(&["sim", "new", &scenario]);
    assert!(code == 1 && said.contains("mine.toml"), "{said}");
}

#[test]
fn a_calculator_answers_with_its_question() {
    let asked = ["sim", "power", "--sd", "1", "--difference", "0.5", "--correlation", "0.5"];
    insta::assert_json_snapshot!(json(&[&asked[..], &["-o", "json"]].concat()));
    let (code, said) = failure(&["sim", "power", "--sd", "0", "--difference", "1"]);
    assert!(code == 2 && said.contains("the deviation is 0"), "{said}");
}
