//! The command line without a network: grammar, certificates, homes and keys.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use probity_primitives::{Hash, TaskId};
use probity_protocol::Params;
use probity_protocol::task::Mode;
use probity_simulations::{World, WorldConfig};
use serde_json::Value;

use crate::chain::{self, Cast};
use crate::support::{failure, json, path, run, write};

/// A certificate of a world in memory, with the genesis hash that it leads back to.
fn certificate() -> (String, Hash) {
    let mut world = World::new(&WorldConfig { seed: 3, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task: TaskId = world.newest_task().unwrap();
    world.finish(task, 300).unwrap();
    while world.chain.tip().validators != world.chain.tip().next_validators {
        world.step().unwrap();
    }
    (world.certificate(task).unwrap().to_json(), world.chain.genesis_hash())
}

/// Writes a certificate and has it verified; the exit code and what was said.
fn refused(folder: &tempfile::TempDir, bytes: &[u8], genesis: Hash) -> (i32, String) {
    let file = write(folder, "certificate.json", bytes);
    failure(&["result", "verify", &file, "--genesis-hash", &genesis.to_string()])
}

#[test]
fn a_good_certificate_is_verified_step_by_step() {
    let folder = tempfile::tempdir().unwrap();
    let (text, genesis) = certificate();
    let file = write(&folder, "certificate.json", text.as_bytes());
    let verify = ["result", "verify", &file, "--genesis-hash", &genesis.to_string()];
    let mut document = json(&[&verify[..], &["--output", "json"]].concat());
    assert_eq!(document["file"].take(), file);
    assert_eq!(document["genesis_hash"].take(), genesis.to_string());
    for step in document["steps"].as_array_mut().unwrap() {
        assert!(!step["found"].take().as_str().unwrap().is_empty(), "{step}");
    }
    insta::assert_json_snapshot!(document);
    let told = String::from_utf8(run(&verify).stdout).unwrap();
    assert_eq!(told.lines().filter(|line| line.starts_with("  ok  ")).count(), 9, "{told}");
    assert!(told.ends_with("The certificate holds.\n"), "{told}");
}

#[test]
fn a_certificate_of_another_network_is_refused_with_both_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let (text, genesis) = certificate();
    let (code, said) = refused(&folder, text.as_bytes(), Hash::ZERO);
    assert_eq!(code, 8);
    let both = [genesis.to_string(), Hash::ZERO.to_string()];
    assert!(both.iter().all(|hash| said.contains(hash)), "{said}");
}

#[test]
fn a_certificate_with_a_changed_field_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (text, genesis) = certificate();
    let original: Value = serde_json::from_str(&text).unwrap();
    let fields: Vec<&String> = original.as_object().unwrap().keys().collect();
    assert!(fields.len() > 5, "{fields:?}");
    for field in fields {
        let mut changed = original.clone();
        change(&mut changed[field]);
        let (code, said) = refused(&folder, changed.to_string().as_bytes(), genesis);
        assert_eq!(code, 8, "{field}: {said}");
        assert!(said.starts_with("error: the certificate "), "{field}: {said}");
    }
}

#[test]
fn a_certificate_with_a_flipped_bit_is_refused_wherever_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (text, genesis) = certificate();
    let mut codes = Vec::new();
    for place in (0..text.len()).step_by(text.len() / 40) {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 1;
        codes.push((place, refused(&folder, &bytes, genesis).0));
    }
    assert!(codes.len() >= 40 && codes.iter().all(|(_, code)| *code == 8), "{codes:?}");
}

#[test]
fn a_genesis_document_that_does_not_hold_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(&folder);
    let file = home.join("config/genesis.json");
    let mut genesis: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    genesis["surplus"] = Value::from(1);
    std::fs::write(file, genesis.to_string()).unwrap();
    let (code, said) = failure(&["node", "start", "--home", &path(&home)]);
    assert_eq!(code, 3);
    assert!(said.contains("genesis.json") && said.contains("surplus"), "{said}");
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let home = home(&folder);
    let key = home.join("keys/operator.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).unwrap();
    let (code, said) = failure(&["node", "start", "--home", &path(&home)]);
    assert_eq!(code, 7, "{said}");
    assert!(said.contains("640") && said.contains("hint: chmod 600"), "{said}");
}

#[test]
fn every_verb_explains_itself() {
    let mut open = vec![Vec::new()];
    let mut leaves = 0;
    while let Some(command) = open.pop() {
        let output = run(&[&command[..], &["--help"]].concat());
        assert!(output.status.success(), "{command:?}");
        let help = String::from_utf8(output.stdout).unwrap();
        assert!(help.contains("Usage: probity"), "{command:?}: {help}");
        let verbs = verbs(&help);
        leaves += usize::from(verbs.is_empty());
        assert!(command.len() < 4 && leaves < 200, "{command:?}");
        for verb in verbs {
            let name: &'static str = String::leak(verb);
            open.push([&command[..], &[name]].concat());
        }
    }
    assert!(leaves > 60, "only {leaves} verbs");
}

#[test]
fn completions_are_a_script_of_the_shell() {
    let output = run(&["completions", "bash"]);
    let script = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success());
    assert!(script.contains("_probity()") && script.contains("complete -F _probity"));
}

#[test]
fn a_command_that_makes_no_sense_is_a_usage_error() {
    let no_message = ["tx", "send", "{}", "--from", "/dev/null"];
    let bad_hash = ["result", "verify", "x", "--genesis-hash", "12"];
    for command in [&["evaluate"][..], &["eval", "run"], &bad_hash, &no_message] {
        let (code, said) = failure(command);
        assert_eq!(code, 2, "{command:?}: {said}");
        assert!(said.starts_with("error: "), "{command:?}: {said}");
    }
    assert!(failure(&no_message).1.contains(r#"hint: for example {"transfer""#));
}

#[test]
fn a_node_that_is_not_there_is_named_with_a_hint() {
    let port = probity_node::ports::reserve_loopback(1).unwrap()[0];
    let node = format!("http://127.0.0.1:{port}");
    for command in [&["board", "show"][..], &["model", "list"], &["result", "list"]] {
        let (code, said) = failure(&[command, &["--node", &node]].concat());
        assert_eq!(code, 4, "{said}");
        assert!(said.contains(&node) && said.contains("hint: name a running node"), "{said}");
    }
}

/// Changes the first part of a value that holds no other.
fn change(value: &mut Value) {
    match value {
        Value::Object(fields) => change(fields.values_mut().next().unwrap()),
        Value::Array(items) if items.is_empty() => items.push(Value::from(1)),
        Value::Array(items) => change(&mut items[0]),
        Value::Number(number) => *value = Value::from(number.as_u64().unwrap() + 1),
        Value::Bool(so) => *so = !*so,
        Value::Null => *value = Value::from(1),
        Value::String(text) => {
            let last = if text.pop() == Some('0') { '1' } else { '0' };
            text.push(last);
        }
    }
}

/// The verbs that a help text lists.
fn verbs(help: &str) -> Vec<String> {
    let list = help.split("\nCommands:\n").nth(1).unwrap_or_default();
    let list = list.split("\n\n").next().unwrap_or_default();
    let rows = list.lines().filter(|row| row.starts_with("  ") && !row.starts_with("   "));
    rows.filter_map(|row| row.split_whitespace().next()).map(str::to_owned).collect()
}

/// The home of a node that could be started.
fn home(folder: &tempfile::TempDir) -> PathBuf {
    let cast = Cast::new(1, Params::development());
    chain::homes(folder.path(), &cast, 1)[0].home.clone()
}
