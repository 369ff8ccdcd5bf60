//! The way of a transaction: shown, signed here or elsewhere, sent, replaced, waited for.

use std::process::{Output, Stdio};

use probity_primitives::Address;
use serde_json::Value;

use crate::chain;
use crate::stage::{Stage, transfer};
use crate::support::{json as answer, path, probity, run, write};

/// Where no node listens.
const NOWHERE: &str = "http://127.0.0.1:1";

fn rich() -> Address {
    chain::account(&chain::key("person", 0))
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The failure of a command as programs read it: the last line of standard error.
#[track_caller]
fn refusal(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
    let line = said(output).lines().last().unwrap().to_owned();
    let document: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
    assert_eq!(document["schema"], "probity.error/v1");
    assert_eq!(document["exit_code"], code);
    document
}

/// What an account has waiting at the node.
fn pending(stage: &Stage) -> Value {
    answer(&stage.asking(&["tx", "pending", &rich().to_string()]))["data"].clone()
}

fn send(stage: &Stage, message: &str, more: &[&str]) -> Output {
    run(&stage.asking(&[&["tx", "send", message, "--from", &stage.rich], more].concat()))
}

fn document(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_signed_without_a_node_and_sent_from_elsewhere() {
    let stage = Stage::new().await;
    let (message, sender) = (transfer("1000"), rich().to_string());
    let generate = ["tx", "send", &message, "--from", &sender, "--generate-only"];
    let unsigned = run(&stage.asking(&generate));
    assert!(unsigned.status.success(), "{}", said(&unsigned));
    let file = write(&stage.folder, "unsigned.json", &unsigned.stdout);

    let sign = |file: &str, key: &str, more: &[&str]| {
        run(&[&["tx", "sign", file, "--from", key, "--output", "json"], more].concat())
    };
    let offline = ["--offline", "--node", NOWHERE];
    // Without --offline the node is asked, and there is none.
    refusal(&sign(&file, &stage.rich, &["--node", NOWHERE]), 4);
    refusal(&sign(&file, &stage.poor, &offline), 7);
    let lie = String::from_utf8(unsigned.stdout).unwrap().replace("0.000001 PBY", "0.000002 PBY");
    let lie = write(&stage.folder, "lie.json", lie.as_bytes());
    refusal(&sign(&lie, &stage.rich, &offline), 8);

    let signed = sign(&file, &stage.rich, &offline);
    assert!(signed.status.success(), "{}", said(&signed));
    assert!(said(&signed).contains("amount: 0.000001 PBY (1000 units)"), "{}", said(&signed));
    let signed = write(&stage.folder, "signed.json", &signed.stdout);
    let decoded = answer(&["tx", "decode", &signed, "--output", "json"]);
    assert_eq!(decoded["signature"], "holds");
    // The text that is shown before signing is the text of what is sent.
    let lines = decoded["text"].as_array().unwrap().clone();
    assert!(lines.iter().any(|line| line.as_str() == Some(&format!("sender: {sender}"))));

    let broadcast = stage.asking(&["tx", "broadcast", &signed]);
    let receipt = document(&run(&broadcast));
    assert_eq!(receipt["data"]["tx"], decoded["hash"]);
    assert_eq!(receipt["data"]["outcome"]["outcome"], "ok");
    // Whoever got no answer sends it again.
    assert_eq!(document(&run(&broadcast))["data"], receipt["data"]);
    // The nonce of the file is used now.
    let again = run(&stage.asking(&["tx", "sign", &file, "--from", &stage.rich]));
    assert_eq!(refusal(&again, 5)["code"], "tx_rejected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_would_be_refused_is_not_sent() {
    let stage = Stage::new().await;
    let too_much = transfer("9000000000000000");
    let before = pending(&stage)["nonce"].clone();
    let refused = refusal(&send(&stage, &too_much, &[]), 5);
    assert_eq!(refused["code"], "account.bank.insufficient");
    assert!(refused["hint"].as_str().unwrap().contains("--no-simulate"));
    assert_eq!(pending(&stage)["nonce"], before);
    // Sent all the same, it is in a block, the fee is paid, and the code is another one.
    let failed = refusal(&send(&stage, &too_much, &["--no-simulate"]), 6);
    assert_eq!(failed["code"], "account.bank.insufficient");
    assert_eq!(failed["tx"].as_str().unwrap().len(), 64);
    assert_eq!(pending(&stage)["nonce"].as_u64(), before.as_u64().map(|nonce| nonce + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_above_a_gap_waits_is_replaced_and_lands_when_the_gap_fills() {
    let stage = Stage::new().await;
    let first = pending(&stage)["next"].as_u64().unwrap();
    let (gap, above) = (first.to_string(), (first + 1).to_string());
    let early = send(&stage, &transfer("1"), &["--nonce", &above, "--no-wait"]);
    let early = document(&early)["hash"].as_str().unwrap().to_owned();
    let waiting = pending(&stage);
    assert_eq!(waiting["next"], first);
    assert_eq!(waiting["waiting"][0]["hash"], *early);

    // The same fee does not replace it, and the refusal says which nonce is free.
    let rival = refusal(&send(&stage, &transfer("2"), &["--nonce", &above]), 5);
    assert_eq!((&rival["code"], &rival["retryable"]), (&"nonce_taken".into(), &false.into()));
    assert_eq!(rival["nonces"]["pending"], first);
    let cancel = ["tx", "cancel", &above, "--from", &stage.rich, "--no-wait"];
    let cancelled = document(&run(&stage.asking(&cancel)))["hash"].as_str().unwrap().to_owned();
    assert_ne!(cancelled, early);
    assert_eq!(pending(&stage)["waiting"][0]["hash"], *cancelled);

    document(&send(&stage, &transfer("3"), &["--nonce", &gap]));
    let landed = answer(&stage.asking(&["tx", "wait", &cancelled, "--timeout", "60"]));
    assert_eq!(landed["data"]["outcome"]["outcome"], "ok");
    assert_eq!(run(&stage.asking(&["tx", "show", &early])).status.code(), Some(1));
    assert_eq!(pending(&stage)["waiting"].as_array().unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_what_is_known_of_the_transaction() {
    let stage = Stage::new().await;
    let first = pending(&stage)["next"].as_u64().unwrap();
    let nonce = |ahead: u64| (first + ahead).to_string();
    // It cannot land while the nonce before it is missing.
    let output = send(&stage, &transfer("1"), &["--nonce", &nonce(1), "--wait", "1"]);
    let unknown = refusal(&output, 11);
    let hash = unknown["tx"].as_str().unwrap();
    assert!(said(&output).contains(&format!("sent {hash}")), "{}", said(&output));
    assert!(unknown["message"].as_str().unwrap().contains("may still take it"), "{unknown}");
    assert!(unknown["hint"].as_str().unwrap().contains("--until "), "{unknown}");
    assert_eq!(unknown["retryable"], true);
    // One that is valid for three blocks is known not to land after the third.
    let soon = ["--nonce", &nonce(2), "--expiry", "3", "--wait", "200"];
    let expired = refusal(&send(&stage, &transfer("2"), &soon), 5);
    assert_eq!(expired["code"], "tx.expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_with_one_key_both_land() {
    let stage = Stage::new().await;
    let (one, other) = (transfer("1"), transfer("2"));
    let start = |message: &str| {
        let mut command = probity(&stage.asking(&["tx", "send", message, "--from", &stage.rich]));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let (one, other) = (start(&one), start(&other));
    for child in [one, other] {
        let output = child.wait_with_output().unwrap();
        assert_eq!(document(&output)["data"]["outcome"]["outcome"], "ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_names_tokens_or_units_and_shows_what_it_signs() {
    let stage = Stage::new().await;
    let to = chain::account(&chain::key("somebody", 0)).to_string();
    let pay = |amount: &str, more: &[&str]| {
        run(&stage.asking(&[&["transfer", &to, amount, "--from", &stage.rich], more].concat()))
    };
    let paid = pay("1.5PBY", &["--memo", "for \u{202e}tea"]);
    document(&paid);
    let shown = said(&paid);
    assert!(shown.contains("  amount: 1.5 PBY (1500000000 units)"), "{shown}");
    assert!(shown.contains(r#"memo: "for \u{202e}tea""#), "{shown}");
    assert!(shown.contains("signed_hash: "), "{shown}");
    document(&pay("7", &[]));
    assert_eq!(pay("1.5", &[]).status.code(), Some(2));
    let view = answer(&stage.asking(&["account", "show", &to]));
    assert_eq!(view["data"]["free"], "1500000007");
    let folder = path(stage.folder.path());
    assert_eq!(run(&["tx", "decode", &folder]).status.code(), Some(2));
}
