//! A machine whose clock is an hour off: what it is told, and the exit code.
//!
//! A machine's clock cannot be set by a test, but a chain's can: its genesis document says when it
//! began, and a block is later than the one before it.

use std::time::Duration;

use probity_node::config::NodeConfig;
use probity_node::node::now_ms;
use probity_node::replica::OperatorKeys;
use probity_node::store::StoreKind;
use probity_node::{Node, NodeHandle};
use probity_primitives::Height;
use probity_primitives::vrf::VrfSecret;
use probity_protocol::Params;
use serde_json::Value;

use crate::chain::{self, Cast, PATIENCE};
use crate::support::{path, run, until};

const HOUR_MS: u64 = 3_600_000;

/// A chain of one validator.
fn cast(time_ms: u64) -> Cast {
    let mut params = Params::development();
    params.staking.max_validators = 1;
    let mut cast = Cast::new(1, params);
    cast.genesis.time_ms = time_ms;
    cast
}

/// What the doctor of a home finds about the clock when it asks a node, and how it ends.
fn examine(home: &str, url: &str) -> (Value, Option<i32>, String) {
    let output = run(&["node", "doctor", "--home", home, "--node", url, "-o", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let clock = findings.iter().find(|finding| finding["check"] == "clock").unwrap().clone();
    (clock, output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_an_hour_behind_its_chain_is_told_at_the_start_and_by_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let node = chain::start(folder.path(), &cast(now_ms() + HOUR_MS), 1).remove(0);
    node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    let talk = node.home.join("talk");
    let warned = async || {
        let said = std::fs::read_to_string(&talk).unwrap();
        said.lines().find(|line| line.contains("ahead of this machine's clock")).map(str::to_owned)
    };
    let warning = until("warning about the clock", PATIENCE, warned).await;
    assert!(warning.contains("set the clock"), "{warning}");
    let (clock, code, said) = examine(&path(&node.home), node.url());
    assert_eq!((&clock["level"], code), (&"fail".into(), Some(1)), "{clock} {said}");
    let message = clock["message"].as_str().unwrap();
    assert!(message.starts_with("this machine is 3") && message.contains("s behind"), "{message}");
    assert!(clock["hint"].as_str().unwrap().contains("timedatectl"), "{clock}");
    assert!(said.contains("clock"), "{said}");
}

/// A node whose clock is an hour late, which makes a chain that is.
async fn late(cast: &Cast, home: &std::path::Path) -> NodeHandle {
    let actor = &cast.actors[0];
    let operator = OperatorKeys {
        operator: actor.operator,
        keypair: actor.key.clone(),
        vrf: VrfSecret::from_seed(actor.beacon).unwrap(),
    };
    let config = NodeConfig {
        operator: Some(operator),
        store: StoreKind::Memory,
        api: Some(([127, 0, 0, 1], 0).into()),
        block_time: Duration::from_millis(300),
        clock: || now_ms() - HOUR_MS,
        ..NodeConfig::loopback("late", home.to_owned(), cast.genesis.clone())
    };
    Node::start(config).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_an_hour_ahead_of_its_chain_is_told_by_the_doctor() {
    let folder = tempfile::tempdir().unwrap();
    let cast = cast(now_ms() - HOUR_MS - 1_000);
    let home = chain::homes(folder.path(), &cast, 1).remove(0).home;
    let node = late(&cast, &folder.path().join("late")).await;
    let reached = tokio::time::timeout(PATIENCE, node.reach(Height(2))).await;
    assert_eq!(reached, Ok(true));
    let url = format!("http://{}", node.api_address().unwrap());
    let asked = tokio::task::spawn_blocking(move || examine(&path(&home), &url));
    let (clock, code, said) = asked.await.unwrap();
    assert_eq!((&clock["level"], code), (&"fail".into(), Some(1)), "{clock} {said}");
    let message = clock["message"].as_str().unwrap();
    assert!(message.starts_with("this machine is 36") && message.contains("s ahead"), "{message}");
    assert!(clock["hint"].as_str().unwrap().contains("timedatectl"), "{clock}");
    node.shutdown().await;
}
