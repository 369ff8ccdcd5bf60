//! `probity eval run`: any ONNX model on any table, with no network.

use crate::support::{digits, failure, json, path, run, write};

fn eval(benchmark: &str, model: &str, dataset: &str, more: &[&str]) -> Vec<String> {
    let fixed = ["eval", "run", "--benchmark", benchmark, "--model", model, "--dataset", dataset];
    fixed.iter().chain(more).map(ToString::to_string).collect()
}

fn arguments(owned: &[String]) -> Vec<&str> {
    owned.iter().map(String::as_str).collect()
}

fn on_digits(model: &str, more: &[&str]) -> Vec<String> {
    let (toml, jsonl) = (digits("digits.toml"), digits("digits_test.jsonl"));
    eval(&toml, &digits(model), &jsonl, more)
}

#[test]
fn the_document_holds_the_score_that_other_engines_give() {
    let expected: serde_json::Value =
        serde_json::from_slice(&std::fs::read(digits("expected.json")).unwrap()).unwrap();
    let owned = on_digits("digits_mlp16.onnx", &["--output", "json"]);
    let mut document = json(&arguments(&owned));
    assert_eq!(document["schema"], "probity.eval/v1");
    assert_eq!(document["correct"], expected["digits_mlp16"]["correct"]);
    assert_eq!(document["items"], 597);
    assert_eq!(document["score"], 578 * 1_000_000 / 597);
    // What depends on the machine's arithmetic: golden vectors of the harness pin it.
    document["engine"]["instructions"].take();
    for root in ["attachments_root", "header"] {
        assert_eq!(document[root].take().as_str().map(str::len), Some(64), "{root}");
    }
    insta::assert_json_snapshot!(document);
}

#[test]
fn the_root_is_the_same_for_any_number_of_workers_and_only_differs_for_other_items() {
    let root = |more: &[&str]| {
        let mut all = vec!["--output", "json"];
        all.extend(more);
        json(&arguments(&on_digits("digits_logreg.onnx", &all)))["answers_root"].clone()
    };
    assert_eq!(root(&[]), root(&["--workers", "3"]));
    assert_ne!(root(&[]), root(&["--limit", "100"]));
}

#[test]
fn a_ten_line_file_scores_a_csv_table() {
    let folder = tempfile::tempdir().unwrap();
    let definition = r#"schema = "probity.benchmark/v1"
name = "digits-table"
version = 1
task = "classification"
input = { columns = "p0..p63", shape = [1, 64], scale = "1/16" }
label = { field = "label" }
metric = { name = "accuracy" }
items = { id = "id" }
"#;
    let toml = write(&folder, "table.toml", definition.as_bytes());
    let owned = eval(
        &toml,
        &digits("digits_logreg.onnx"),
        &digits("digits_train.csv"),
        &["--output", "json", "--limit", "50"],
    );
    let document = json(&arguments(&owned));
    assert_eq!(document["items"], 50);
    assert!(document["correct"].as_u64().unwrap() > 40, "{document}");
}

#[test]
fn the_transcript_is_written_where_it_is_wanted() {
    let folder = tempfile::tempdir().unwrap();
    let out = path(&folder.path().join("transcript"));
    let owned = on_digits("digits_bad.onnx", &["--limit", "20", "--transcript", &out]);
    assert!(run(&arguments(&owned)).status.success());
    assert!(std::fs::metadata(out).unwrap().len() > 1_000);
}

#[test]
fn an_unknown_key_of_a_benchmark_is_refused_with_its_line_and_the_nearest_key() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(digits("digits.toml")).unwrap();
    let toml = write(&folder, "b.toml", text.replace("scale =", "scael =").as_bytes());
    let owned = eval(&toml, &digits("digits_bad.onnx"), &digits("digits_test.jsonl"), &[]);
    let (code, said) = failure(&arguments(&owned));
    assert_eq!(code, 3);
    assert!(said.contains("b.toml line 10") && said.contains("did you mean `scale`?"), "{said}");
}

#[test]
fn models_that_cannot_be_trusted_are_refused_with_the_reason() {
    for (model, reason) in [
        ("refused/logreg_zipmap.onnx", "zipmap"),
        ("refused/pipe_scaler_logreg.onnx", "scaler"),
        ("refused/nb.onnx", "reducelogsumexp"),
    ] {
        let (code, said) = failure(&arguments(&on_digits(model, &["--limit", "5"])));
        assert_eq!(code, 1, "{said}");
        assert!(said.to_lowercase().contains(reason), "{model}: {said}");
    }
}

#[test]
fn a_corrupt_model_is_an_error_and_not_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = std::fs::read(digits("digits_mlp16.onnx")).unwrap();
    bytes.truncate(bytes.len() / 2);
    let model = write(&folder, "half.onnx", &bytes);
    let owned = eval(&digits("digits.toml"), &model, &digits("digits_test.jsonl"), &[]);
    let (code, said) = failure(&arguments(&owned));
    assert_eq!(code, 1);
    assert!(said.contains("error: "), "{said}");
}

#[test]
fn a_bad_row_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let rows = "{\"id\":1,\"pixels\":[1,2],\"label\":3}\n";
    let data = write(&folder, "bad.jsonl", rows.as_bytes());
    let owned = eval(&digits("digits.toml"), &digits("digits_bad.onnx"), &data, &[]);
    let (code, said) = failure(&arguments(&owned));
    assert_eq!(code, 1);
    assert!(said.contains("bad.jsonl line 1"), "{said}");
}

#[test]
fn an_address_of_an_unknown_kind_is_a_usage_error() {
    let owned = eval(
        &digits("digits.toml"),
        "ftp://127.0.0.1/model.onnx",
        &digits("digits_test.jsonl"),
        &[],
    );
    assert_eq!(failure(&arguments(&owned)).0, 2);
}
