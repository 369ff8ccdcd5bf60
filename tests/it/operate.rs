//! A network as an operator runs it: homes, processes, a late full node, and an orderly end.

use std::path::Path;
use std::time::Duration;

use probity_client::Client;
use probity_primitives::Height;
use serde_json::Value;

use crate::chain::{PATIENCE, Process};
use crate::support::{failure, json, path, run};

/// How many validators the network has.
const NODES: usize = 4;

/// Writes the homes of a network on free ports.
fn init(folder: &Path) -> Value {
    let nodes = NODES.to_string();
    let fixed = ["testnet", "init", "-n", &nodes, "--first-port", "0", "--block-time", "300"];
    json(&[&fixed[..], &["--dir", &path(folder), "-o", "json"]].concat())
}

/// A setting of a home.
fn setting(home: &Path, key: &str) -> String {
    let shown = json(&["config", "show", "--home", &path(home), "-o", "json"]);
    let settings = shown["settings"].as_array().unwrap();
    let found = settings.iter().find(|setting| setting["key"] == key).unwrap();
    found["value"].as_str().unwrap().to_owned()
}

fn client(home: &Path) -> Client {
    Client::new(&format!("http://{}", setting(home, "api.listen"))).unwrap()
}

/// Makes a home that follows the network of `folder`, on free ports.
fn join(folder: &Path, home: &Path) {
    let first = folder.join("node-0");
    let peers = |key: &str| {
        let of = |number| setting(&folder.join(format!("node-{number}")), key);
        (0..NODES).map(of).collect::<Vec<_>>().join(",")
    };
    let ports = probity_node::ports::reserve_loopback(3).unwrap();
    let mut arguments = vec!["init".to_owned(), "late".to_owned()];
    arguments.extend(["--home".to_owned(), path(home)]);
    arguments.extend(["--genesis".to_owned(), path(&first.join("config/genesis.json"))]);
    for change in [
        format!("api.listen=127.0.0.1:{}", ports[0]),
        format!("consensus.listen=127.0.0.1:{}", ports[1]),
        format!("network.listen=127.0.0.1:{}", ports[2]),
        format!("consensus.peers={}", peers("consensus.listen")),
        format!("network.peers={}", peers("network.listen")),
        "consensus.block_time_ms=300".to_owned(),
    ] {
        arguments.extend(["--set".to_owned(), change]);
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = run(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_of_processes_takes_a_late_node_without_keys_and_ends_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let net = folder.path().join("net");
    let dir = path(&net);
    let written = init(&net);
    assert_eq!(written["nodes"].as_array().unwrap().len(), NODES);
    let _ends = Ends(&dir);
    let started = json(&["testnet", "start", "--dir", &dir, "--wait", "200", "-o", "json"]);
    assert_eq!(started["nodes"].as_array().unwrap().len(), NODES, "{started}");
    let first = client(&net.join("node-0"));
    let height = first.wait_height(Height(5), PATIENCE).await.unwrap();

    let late = folder.path().join("late");
    join(&net, &late);
    assert!(!late.join("keys/operator.json").exists(), "a follower has no keys");
    let _late = Process::start(&["node", "start", "--home", &path(&late)], late.join("talk"));
    let answer = client(&late).wait_height(height, PATIENCE).await;
    assert!(answer.unwrap() >= height, "it has what was there before it came");
    let mine = client(&late).block(height).await.unwrap().data.hash;
    assert_eq!(mine, first.block(height).await.unwrap().data.hash);

    let doctor = json(&["node", "doctor", "--home", &path(&net.join("node-1")), "-o", "json"]);
    let findings = doctor["findings"].as_array().unwrap();
    let level = |check: &str| {
        findings.iter().find(|finding| finding["check"] == check).unwrap()["level"].clone()
    };
    for check in ["genesis", "keys", "lock", "chain", "peers", "votes", "cache"] {
        assert_eq!(level(check), "ok", "{doctor}");
    }
    let status = json(&["node", "status", "--home", &path(&net.join("node-2")), "-o", "json"]);
    assert_eq!(status["genesis_hash"], written["genesis_hash"], "{status}");

    let peers = json(&["node", "peers", "--home", &path(&net.join("node-2")), "-o", "json"]);
    assert!(peers["data"]["peers"].as_array().unwrap().len() >= NODES - 1, "{peers}");

    let stopped = run(&["testnet", "stop", "--dir", &dir]);
    assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    let output = run(&["testnet", "status", "--dir", &dir, "-o", "json"]);
    assert_eq!(output.status.code(), Some(4), "nobody answers any more");
    let statuses: Value = serde_json::from_slice(&output.stdout).unwrap();
    for node in statuses["nodes"].as_array().unwrap() {
        assert_eq!(node["pid"], Value::Null, "{statuses}");
    }
    assert!(run(&["testnet", "stop", "--dir", &dir]).status.success(), "it may be asked again");
}

/// Ends the network however the test ends.
struct Ends<'a>(&'a str);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        // What counts is that nothing stays behind; a test that fails has said why already.
        run(&["testnet", "stop", "--dir", self.0]);
    }
}

#[test]
fn a_network_is_never_written_over_another_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("something"), "x").unwrap();
    let (code, said) = failure(&["testnet", "init", "--dir", &path(folder.path())]);
    assert!(code == 2 && said.contains("is not empty"), "{code}: {said}");
    let (code, said) = failure(&["testnet", "start", "--dir", &path(folder.path())]);
    assert!(code == 3 && said.contains("probity testnet init"), "{code}: {said}");
}

/// A command that works on this document.
fn genesis<'a>(arguments: &[&'a str], file: &'a str) -> Vec<&'a str> {
    [&["genesis"], arguments, &["--file", file]].concat()
}

#[test]
fn a_document_grows_step_by_step_and_is_checked_at_each() {
    let folder = tempfile::tempdir().unwrap();
    let file = path(&folder.path().join("genesis.json"));
    let new = genesis(&["new", "--chain-id", "mine"], &file);
    let new = json(&[&new[..], &["-o", "json"]].concat());
    assert_eq!(new["operators"], 0);
    let account = crate::chain::account(&crate::chain::key("person", 0)).to_string();
    let add = genesis(&["add-account", &account, "12.5PBY"], &file);
    let grown = json(&[&add[..], &["-o", "json"]].concat());
    assert_eq!(grown["supply"], "12500000000");
    assert_ne!(grown["genesis_hash"], new["genesis_hash"]);
    let (code, said) = failure(&add);
    assert!(code == 3 && said.contains("already"), "{code}: {said}");
    let (code, said) = failure(&["genesis", "validate", &file]);
    assert!(code == 3 && said.contains("no operator has enough bonded"), "{code}: {said}");
    let (code, said) = failure(&genesis(&["new", "--chain-id", "mine"], &file));
    assert!(code == 1 && said.contains("exists"), "{code}: {said}");
}

#[test]
fn a_home_is_made_once_and_explains_its_settings() {
    let folder = tempfile::tempdir().unwrap();
    let home = path(&folder.path().join("home"));
    let made = run(&["init", "mine", "--home", &home, "--chain-id", "mine"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let (code, said) = failure(&["init", "--home", &home, "--chain-id", "mine"]);
    assert!(code == 2 && said.contains("nothing is overwritten"), "{code}: {said}");
    let shown = run(&["config", "show", "--origin", "--home", &home, "--set", "store.kind=redb"]);
    let text = String::from_utf8(shown.stdout).unwrap();
    let line = |key: &str| text.lines().find(|line| line.contains(key)).unwrap().to_owned();
    assert!(line("store.kind").ends_with("--set"), "{text}");
    assert!(line("node.moniker").contains("node.toml:"), "{text}");
    assert!(line("api.listen").ends_with("default"), "{text}");
    let (code, said) =
        failure(&["config", "validate", "--home", &home, "--set", "api.listen=27657"]);
    assert!(code == 3 && said.contains("--set: api.listen cannot be"), "{code}: {said}");
}

/// How long a node that must not start may take to say so.
pub(crate) const SOON: Duration = Duration::from_secs(60);
