//! Keys that two processes hold, and homes that two processes want.

use std::path::Path;
use std::process::Stdio;

use probity_primitives::Height;
use probity_protocol::Params;
use serde_json::Value;

use crate::chain::{self, Cast, NodeProcess, PATIENCE};
use crate::support::{failure, json, path, probity, run, until, write};

/// How many validators the networks of these tests have.
const NODES: usize = 4;

fn network(folder: &Path) -> Vec<NodeProcess> {
    let mut params = Params::development();
    params.staking.max_validators = 4;
    chain::start(folder, &Cast::new(NODES, params), NODES)
}

/// The flags of a node that disturbs nobody's ports.
fn elsewhere() -> Vec<String> {
    ["api.listen", "consensus.listen", "network.listen"]
        .iter()
        .flat_map(|key| ["--set".to_owned(), format!("{key}=127.0.0.1:0")])
        .collect()
}

/// Starts a node that has to end by itself; gives its exit code and what it said.
async fn ends(home: &Path, flags: &[String]) -> (Option<i32>, String) {
    let home = path(home);
    let mut arguments = vec!["node", "start", "--home", &home];
    arguments.extend(flags.iter().map(String::as_str));
    let mut command = probity(&arguments);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    until("end of the second node", PATIENCE, async || child.try_wait().unwrap().map(|_| ())).await;
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_on_one_home_ends_with_code_9_and_names_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = network(folder.path());
    nodes[0].client.wait_height(Height(1), PATIENCE).await.unwrap();
    let (code, said) = ends(&nodes[0].home, &elsewhere()).await;
    assert_eq!(code, Some(9), "{said}");
    let pid = std::fs::read_to_string(nodes[0].home.join("data/LOCK")).unwrap();
    assert!(said.contains(&format!("pid {}", pid.trim())), "{said}");
    assert!(said.contains(&path(&nodes[0].home.join("data/LOCK"))), "{said}");
    let next = Height(nodes[0].client.status().await.unwrap().height.0 + 2);
    nodes[0].client.wait_height(next, PATIENCE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_with_the_key_of_a_running_validator_ends_with_code_9_before_it_signs() {
    let folder = tempfile::tempdir().unwrap();
    let mut nodes = network(folder.path());
    nodes[0].client.wait_height(Height(2), PATIENCE).await.unwrap();
    let copy = folder.path().join("copy");
    nodes[0].copy(&copy);
    let mut flags = elsewhere();
    flags.extend(["--set".to_owned(), "consensus.listen_heights=1000".to_owned()]);
    let (code, said) = ends(&copy, &flags).await;
    assert_eq!(code, Some(9), "{said}");
    assert!(said.contains("stops signing") && said.contains("another process"), "{said}");
    // Everyone who was there before goes on, and nobody was punished.
    let next = Height(nodes[1].client.status().await.unwrap().height.0 + 5);
    for node in &nodes {
        node.client.wait_height(next, PATIENCE).await.unwrap();
    }
    // What it learned from blocks has no hash of a prevote; one of its own would.
    let learned = marks(&copy, "signed_prevotes");
    assert!(learned.iter().all(|mark| mark["signing_root"].is_null()), "{learned:?}");
    let own = marks_of_a_stopped(&mut nodes[0]);
    assert!(own.iter().any(|mark| mark["signing_root"].is_string()), "{own:?}");
}

/// The prevotes of a node that is ended for it.
fn marks_of_a_stopped(node: &mut NodeProcess) -> Vec<Value> {
    node.kill();
    marks(&node.home, "signed_prevotes")
}

/// The marks of a kind in a home.
fn marks(home: &Path, kind: &str) -> Vec<Value> {
    let home = path(home);
    let shown = json(&["protection", "show", "--home", &home, "--output", "json"]);
    assert_eq!(shown["schema"], "probity.protection/v1");
    let keys = shown["data"].as_array().unwrap();
    keys.iter().flat_map(|key| key[kind].as_array().unwrap().clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn marks_move_to_another_home_and_never_down() {
    let folder = tempfile::tempdir().unwrap();
    let mut nodes = network(folder.path());
    nodes[0].client.wait_height(Height(3), PATIENCE).await.unwrap();
    let home = path(&nodes[0].home);
    let (code, said) = failure(&["protection", "export", "--home", &home]);
    assert_eq!(code, 9, "{said}");
    nodes[0].kill();
    let document = json(&["protection", "export", "--home", &home]);
    assert_eq!(document["metadata"]["interchange_format_version"], "1");
    let height = |mark: &Value| mark["height"].as_str().unwrap().parse::<u64>().unwrap();
    assert!(height(&document["data"][0]["signed_precommits"][0]) >= 3);
    let file = write(&folder, "marks.json", document.to_string().as_bytes());

    let other = folder.path().join("other");
    nodes[0].copy(&other);
    let other = path(&other);
    let import = ["protection", "import", &file, "--home", &other, "--output", "json"];
    for raised in [1, 0] {
        let imported = json(&import);
        assert_eq!((&imported["keys"], &imported["raised"]), (&1.into(), &raised.into()));
    }
    assert_eq!(json(&["protection", "export", "--home", &other]), document);

    let mut foreign = document;
    foreign["metadata"]["genesis_hash"] = "00".repeat(32).into();
    let file = write(&folder, "foreign.json", foreign.to_string().as_bytes());
    let (code, said) = failure(&["protection", "import", &file, "--home", &other]);
    assert!(code == 8 && said.contains("of the chain with genesis 0000"), "{code}: {said}");
    assert!(run(&["protection", "resume", "--home", &other]).status.success());
}
