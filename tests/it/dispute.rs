//! Disputes and the supply on the command line, against a live node.

use serde_json::Map;

use crate::errors::plain;
use crate::stage::Stage;
use crate::support::{failure, json as answer, path, run, write};

#[tokio::test(flavor = "multi_thread")]
async fn disputes_and_the_supply_have_the_form_of_their_snapshots() {
    let stage = Stage::new().await;
    let mut documents = Map::new();
    for (name, command) in
        [("dispute list", ["dispute", "list"]), ("supply show", ["supply", "show"])]
    {
        let mut document = answer(&stage.asking(&command));
        let schema = document["schema"].as_str().unwrap();
        assert!(schema.starts_with("probity.") && schema.ends_with("/v1"), "{schema}");
        plain(&mut document);
        documents.insert(name.to_owned(), document);
    }
    let supply = &documents["supply show"]["data"];
    assert_eq!(supply["sum"], supply["expected"]);
    insta::assert_json_snapshot!(documents);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_disputed_or_ruled_on_is_refused_with_its_reason() {
    let stage = Stage::new().await;
    let (code, told) = failure(&stage.asking(&["dispute", "show", "0"]));
    assert!(code == 1 && told.contains("dispute_not_found"), "{code} {told}");
    let from = ["--from", &stage.rich, "--yes", "--quiet"];
    let (code, told) = failure(&stage.asking(&[&["dispute", "appeal", "0"], &from[..]].concat()));
    assert!(code == 1 && told.contains("dispute_not_found"), "{code} {told}");
    let fund = ["dispute", "fund", "0", "--side", "challenger", "--amount", "5PBY"];
    let (code, told) = failure(&stage.asking(&[&fund[..], &from[..]].concat()));
    assert!(code == 5 && told.contains("there is no dispute 0"), "{code} {told}");
    let task = "00".repeat(32);
    let open = |more: &[&str]| {
        let fixed = ["dispute", "open", &task, "--bond", "150PBY", "--from", &stage.rich];
        failure(&stage.asking(&[&fixed[..], more].concat()))
    };
    let (code, told) = open(&[]);
    assert!(code == 2 && told.contains("--transcript"), "{code} {told}");
    let file = write(&stage.folder, "run.bin", b"no transcript");
    let (code, told) = open(&["--transcript", &file]);
    assert!(code == 1 && told.contains("task_not_found"), "{code} {told}");
    let (code, told) = open(&["--transcript", &file, "--challenge", &file]);
    assert!(code == 2, "{code} {told}");

    let draft = path(&stage.folder.path().join("ruling.json"));
    let rule = ["gov", "draft", "--title", "a ruling", "--rule", "0"];
    let (code, told) = failure(&stage.asking(&rule));
    assert!(code == 2 && told.contains("--ruling"), "{code} {told}");
    let whole = [&rule[..], &["--ruling", "overturn", "--out", &draft]].concat();
    let output = run(&stage.asking(&whole));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = run(&stage.asking(&["gov", "simulate", &draft]));
    assert_eq!(output.status.code(), Some(6));
    let tried: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let why = tried["data"]["preview"]["refused"].as_str().unwrap();
    assert!(why.contains("dispute 0"), "{why}");
}
