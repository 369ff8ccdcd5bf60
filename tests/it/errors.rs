//! The command line against a live node: answers with a schema, and failures with their codes.

use serde_json::{Map, Value};

use crate::stage::{Stage, transfer};
use crate::support::{digits, failure, json as answer, path, run, write};

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_ends_with_the_code_of_what_became_of_it() {
    let stage = Stage::new().await;
    let (some, too_much) = (transfer("1000"), transfer("9000000000000000"));
    let send = |message: &str, key: &str, more: &[&str]| {
        let fixed = ["tx", "send", message, "--from", key];
        run(&stage.asking(&[&fixed, more].concat()))
    };
    let check = |output: std::process::Output, code: i32, words: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{said}");
    };
    check(send(&some, &stage.poor, &[]), 5, "tx.underfunded");
    check(send(&too_much, &stage.rich, &["--dry-run"]), 6, "insufficient");
    check(send(&too_much, &stage.rich, &[]), 5, "not sent, because it would be refused");
    check(send(&too_much, &stage.rich, &["--no-simulate"]), 6, "insufficient");
    check(send(&some, &stage.rich, &["--dry-run"]), 0, "");
    check(send(&some, &stage.rich, &[]), 0, "sent ");
    check(send(&some, &stage.rich, &["--nonce", "0"]), 5, "nonce");
    check(send(&some, &stage.rich, &["--nonce", "999999"]), 5, "nonce");

    let nothing = "00".repeat(32);
    let (code, said) = failure(&stage.asking(&["tx", "wait", &nothing, "--timeout", "1"]));
    assert_eq!(code, 11, "{said}");
    assert!(said.contains(&nothing), "{said}");
    let (code, said) = failure(&stage.asking(&["tx", "show", &nothing]));
    assert!(
        code == 1 && said.contains(&format!(r#""hint":"probity tx wait {nothing}""#)),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_schema_and_the_form_of_its_snapshot() {
    let stage = Stage::new().await;
    let message = transfer("1000");
    let mut documents = Map::new();
    let mut take = |name: &str, command: &[&str]| {
        let mut document = answer(&stage.asking(command));
        let schema = document["schema"].as_str().unwrap();
        assert!(schema.starts_with("probity.") && schema.ends_with("/v1"), "{schema}");
        plain(&mut document);
        documents.insert(name.to_owned(), document);
    };
    take("model list", &["model", "list"]);
    take("result list", &["result", "list"]);
    take("query proof", &["query", "proof", "00"]);
    take("tx send", &["tx", "send", &message, "--from", &stage.rich]);
    take("tx send --dry-run", &["tx", "send", &message, "--from", &stage.rich, "--dry-run"]);
    insta::assert_json_snapshot!(documents);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_file_comes_back_and_a_changed_one_is_refused() {
    let stage = Stage::new().await;
    let file = digits("digits_bad.onnx");
    let register = ["model", "register", &file, "--name", "bad", "--from", &stage.rich];
    let receipt = answer(&stage.asking(&register));
    let events = receipt["data"]["events"].as_array().unwrap();
    let event = events.iter().find(|event| event["event"] == "artifact_registered").unwrap();
    let id = event["artifact"].as_str().unwrap();

    let out = tempfile::tempdir_in(stage.folder.path()).unwrap();
    let folder = path(out.path());
    assert!(run(&stage.asking(&["model", "fetch", id, "--out", &folder])).status.success());
    assert!(run(&stage.asking(&["model", "verify", id, &folder])).status.success());
    let mut bytes = std::fs::read(&file).unwrap();
    assert_eq!(std::fs::read(out.path().join("digits_bad.onnx")).unwrap(), bytes);

    bytes[100] ^= 1;
    write(&out, "digits_bad.onnx", &bytes);
    let (code, said) = failure(&stage.asking(&["model", "verify", id, &folder]));
    assert_eq!(code, 8, "{said}");
    assert!(said.contains("registered is"), "{said}");
}

/// Numbers that differ from run to run.
const NUMBERS: [&str; 9] =
    ["height", "time_ms", "round", "at", "until", "submitted", "snapshot", "since", "confirming"];

/// Leaves of a document what is the same in every run: replaces hashes, heights and signatures.
pub(crate) fn plain(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if field.is_number() && NUMBERS.contains(&name.as_str()) {
                    *field = Value::from("[number]");
                } else if ["path", "siblings", "signatures"].contains(&name.as_str()) {
                    *field = Value::from("[list]");
                } else {
                    plain(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain),
        Value::String(text) if text.len() >= 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) => {
            *text = "[hex]".to_owned();
        }
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}
