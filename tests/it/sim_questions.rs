//! `probity sim`: questions with one answer, as a designer asks them.

use serde_json::{Value, json};

use crate::support::{failure, json as answer, run, write};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/simulations/vectors/");

/// The names of a document's fields, and of what it holds where that is a document.
fn form(document: &Value) -> Value {
    match document {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.clone(), form(value))).collect()
        }
        Value::Array(elements) => json!([elements.first().map(form)]),
        Value::Null => json!("null"),
        Value::Bool(_) => json!("bool"),
        Value::Number(_) => json!("number"),
        Value::String(_) => json!("string"),
    }
}

#[test]
fn every_answer_of_the_simulator_has_the_form_of_its_snapshot() {
    let cases = format!("{VECTORS}yuma_b0.99.json");
    let asked: [&[&str]; 5] = [
        &["capture", "--n", "15", "--rho", "1/3", "--runs", "200"],
        &["penalties", "--noise", "t3", "--runs", "50"],
        &["corr", "--x", "100000"],
        &["yuma", "--cases", &cases],
        &["mechanisms", "--runs", "1", "--epochs", "1"],
    ];
    let mut forms = serde_json::Map::new();
    for question in asked {
        let document = answer(&[&["sim"], question, &["--output", "json"]].concat());
        forms.insert(question[0].to_owned(), form(&document));
        assert_eq!(document["schema"], format!("probity.sim-{}/v1", question[0]));
        let told = run(&[&["sim"], question].concat());
        assert!(told.status.success() && told.stdout.len() > 40, "{question:?}");
    }
    insta::assert_json_snapshot!(forms);
}

#[test]
fn captures_are_counted_and_computed_and_follow_from_the_seed() {
    let ask = |seed: &str| {
        let question = ["sim", "capture", "--n", "15", "--rho", "0.45", "--runs", "2000"];
        answer(&[&question[..], &["--seed", seed, "--output", "json"]].concat())
    };
    let (first, again, other) = (ask("1"), ask("1"), ask("2"));
    assert_eq!(first, again);
    assert_ne!(first["captured"], other["captured"]);
    let exact = first["exact"].as_f64().unwrap();
    assert!((exact - 0.346_496).abs() < 1e-6, "{first}");
    for found in [&first, &other] {
        let off = (found["simulated"].as_f64().unwrap() - exact).abs();
        // Four standard errors of 2 000 committees.
        assert!(off < 0.0426, "{found}");
    }
    assert_eq!(first["majority"], 8);
}

#[test]
fn what_makes_no_sense_is_refused_with_its_values() {
    let check = |question: &[&str], code: i32, words: &str| {
        let (found, said) = failure(&[&["sim"], question].concat());
        assert!(found == code && said.contains(words), "{question:?}: {found} {said}");
    };
    check(&["capture", "--n", "0", "--rho", "0.3"], 2, "--n must be 1 to 100000, not 0");
    check(&["capture", "--n", "7", "--rho", "1.5"], 2, "--rho must be 0 to 1, not 1.5");
    check(&["capture", "--n", "7", "--rho", "-0.1"], 2, "--rho must be 0 to 1, not -0.1");
    check(&["capture", "--n", "7", "--rho", "much"], 2, "is not a share: write 0.3333 or 1/3");
    check(&["penalties", "--noise", "cauchy"], 2, "there are gaussian, laplace, t3");
    check(&["corr", "--x", "1000001"], 2, "--x must be 0 to 1000000, not 1000001");
    check(&["mechanisms", "--evaluators", "1"], 2, "--evaluators must be 2 to 1000, not 1");
    check(&["figures", "--scale", "0"], 2, "--scale must be 1 to 10000, not 0");
    check(&["bench", "--runs", "0"], 2, "--runs must be 1 to 10000, not 0");
    check(&["bench", "--venv", "/nowhere"], 2, "there is no /nowhere/bin/python");
    check(&["yuma", "--cases", "/nowhere"], 2, "cannot read /nowhere");
}

#[test]
fn a_file_of_cases_is_run_and_held_to_a_tolerance() {
    let file = format!("{VECTORS}yuma_b0.99.json");
    let held = ["sim", "yuma", "--cases", &file, "--output", "json", "--tolerance", "1e-5"];
    let document = answer(&held);
    let case = &document["versions"]["YUMA3_LIQUID"]["cases"][1];
    assert_eq!(case["name"], "Case 2 - kappa moves second");
    let dividend = case["dividends_normalized"][1][1].as_f64().unwrap();
    assert!((dividend - 0.019_756_309_7).abs() < 1e-5, "{dividend}");

    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(&file).unwrap();
    let off = write(&folder, "off.json", text.replace("0.0197563097", "0.0297563097").as_bytes());
    let output = run(&["sim", "yuma", "--cases", &off, "--tolerance", "1e-5"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the tolerance 1e-5"), "{said}");
    assert_eq!(output.status.code(), Some(8), "{said}");
    let empty = write(&folder, "empty.json", b"{}");
    let (code, said) = failure(&["sim", "yuma", "--cases", &empty]);
    assert!(code == 3 && said.contains("no file of cases"), "{said}");
}
