//! An operator from its registration to the withdrawal of its stake.

use probity_primitives::OperatorId;
use probity_primitives::vrf::VrfSecret;
use serde_json::Value;

use crate::chain;
use crate::stage::Stage;
use crate::support::{json as answer, path, run};

/// A key file of a new hot key.
fn key_file(stage: &Stage, role: &str) -> String {
    let file = stage.folder.path().join(role);
    chain::write_key(&file, &chain::key(role, 0).seed());
    path(&file)
}

/// A verb of the owner, confirmed; gives what it printed.
fn owner(stage: &Stage, command: &[&str]) -> Value {
    answer(&stage.asking(&[command, &["--from", &stage.rich, "--yes"]].concat()))
}

fn refused(stage: &Stage, command: &[&str], code: i32) -> Value {
    let output = run(&stage.asking(&[command, &["--from", &stage.rich]].concat()));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

fn event(receipt: &Value, name: &str) -> Value {
    let events = receipt["data"]["events"].as_array().unwrap();
    events
        .iter()
        .find(|event| event["event"] == name)
        .unwrap_or_else(|| panic!("{receipt}"))
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_is_registered_staked_edited_and_left_again() {
    let stage = Stage::new().await;
    let hot = key_file(&stage, "hot");
    let beacon = VrfSecret::from_seed([7; 32]).unwrap().public().to_string();
    let fixed = ["validator", "register", "--operator-key", &hot, "--beacon", &beacon];
    let register =
        [&fixed[..], &["--name", "fifth", "--commission", "300", "--class", "0"]].concat();
    // What moves keys or stake is confirmed, and nobody may be asked here.
    assert_eq!(refused(&stage, &register, 10)["code"], "needs_input");
    let receipt = owner(&stage, &register);
    let sender = chain::account(&chain::key("person", 0));
    let expected = OperatorId::of(&sender, &chain::key("hot", 0).public());
    let id = expected.to_string();
    assert_eq!(event(&receipt, "operator_registered")["operator"], *id);

    let least = refused(&stage, &["validator", "stake", &id, "1", "--yes"], 5);
    assert_eq!(least["code"], "staking.below_minimum");
    owner(&stage, &["validator", "stake", &id, "10000PBY"]);
    owner(&stage, &["validator", "edit", &id, "--name", "the fifth"]);
    let next = key_file(&stage, "next");
    owner(&stage, &["validator", "rotate-key", &id, "--operator-key", &next]);
    let shown = answer(&stage.asking(&["validator", "show", &id]))["data"].clone();
    assert_eq!(shown["bonded"], "10000000000000");
    assert_eq!(shown["operator"]["name"], "the fifth");
    assert_eq!(shown["operator"]["key"], chain::key("next", 0).public().to_string());
    assert_eq!(shown["operator"]["commission"], 300);

    owner(&stage, &["validator", "unstake", &id, "4000PBY"]);
    let early = refused(&stage, &["validator", "withdraw", &id], 5);
    let account = answer(&stage.asking(&["account", "show", &sender.to_string()]))["data"].clone();
    let leaving = account["leaving"][0].clone();
    assert_eq!(
        (&leaving["operator"], &leaving["value"]),
        (&id.clone().into(), &"4000000000000".into())
    );
    assert_eq!((&early["retryable"], &early["retry_at_height"]), (&true.into(), &leaving["until"]));
    assert_eq!(refused(&stage, &["validator", "unjail", &id], 5)["code"], "staking.not_jailed");
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_rewards_and_slashes_are_listed() {
    let stage = Stage::new().await;
    let list = answer(&stage.asking(&["validator", "list"]));
    assert_eq!(list["schema"], "probity.operator.list/v1");
    let id = list["data"][0]["id"].as_str().unwrap().to_owned();
    let duties = answer(&stage.asking(&["eval", "status", "--operator", &id]));
    // A home knows its node and its operator.
    let home = path(&stage.node.home);
    assert_eq!(answer(&["eval", "status", "--home", &home, "-o", "json"])["operator"], id);
    assert_eq!(
        (&duties["schema"], &duties["drawable"]),
        (&"probity.duties/v1".into(), &true.into())
    );
    assert!(duties["next_epoch"].as_u64() > duties["height"].as_u64(), "{duties}");
    for (verb, schema) in [("rewards", "reward"), ("slashes", "slash")] {
        let list = answer(&stage.asking(&["validator", verb, &id]));
        assert_eq!(list["schema"], format!("probity.{schema}.list/v1"));
        assert_eq!(list["data"].as_array().unwrap().len(), 0);
    }
    let nobody = OperatorId::of(
        &chain::account(&chain::key("nobody", 1)),
        &chain::key("nobody", 1).public(),
    );
    let output = run(&stage.asking(&["validator", "rewards", &nobody.to_string()]));
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains(r#""code":"operator_not_found""#), "{said}");
}
