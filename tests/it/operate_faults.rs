//! What goes wrong at night: each has a message that says what to change, and its own exit code.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use probity_primitives::Height;
use probity_protocol::Params;

use crate::chain::{self, Cast, NodeProcess, PATIENCE};
use crate::support::{failure, json, path, probity, run, until};

/// A chain of one validator, whose node does not run yet.
struct Stage {
    _folder: tempfile::TempDir,
    node: NodeProcess,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = chain::homes(folder.path(), &Cast::new(1, params()), 1).remove(0);
        Self { _folder: folder, node }
    }

    fn home(&self) -> String {
        path(&self.node.home)
    }

    /// Starts the node in a way that must fail; gives the exit code and what it says.
    fn refused(&self, more: &[&str]) -> (i32, String) {
        let home = self.home();
        failure(&[&["node", "start", "--home", &home], more].concat())
    }

    /// Runs the node until it has so many blocks, and ends it in order.
    async fn run_until(&self, height: u64) {
        let mut child = self.spawn();
        self.node.client.wait_height(Height(height), PATIENCE).await.unwrap();
        end(&mut child);
    }

    /// Runs the node, whose files may have so many KiB and no more, until it ends by itself.
    async fn run_with_files_of(&self, kibibytes: u32) -> (i32, String) {
        let (program, home) = (env!("CARGO_BIN_EXE_probity"), self.home());
        let script = format!(
            "trap '' XFSZ; ulimit -f {kibibytes}; exec {program} node start --home {home} --quiet \
             --set consensus.block_time_ms=20"
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null());
        let child = bash.stderr(Stdio::piped()).spawn().unwrap();
        let number = child.id().to_string();
        let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
        let Ok(ended) = tokio::time::timeout(crate::operate::SOON, ended).await else {
            Command::new("kill").args(["-KILL", &number]).status().unwrap();
            panic!("a node that cannot write {kibibytes} KiB does not end");
        };
        let ended = ended.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        (ended.status.code().unwrap(), said)
    }

    fn spawn(&self) -> Child {
        let home = self.home();
        let mut command = probity(&["node", "start", "--home", &home]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }
}

fn params() -> Params {
    let mut params = Params::development();
    params.staking.max_validators = 1;
    params
}

/// Tells a node to end, as a service manager does, and checks that it ended in order.
fn end(child: &mut Child) {
    let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(told.success());
    let status = child.wait().unwrap();
    assert_eq!((status.code(), status.signal()), (Some(0), None));
}

#[test]
fn a_port_in_use_is_named_with_its_setting() {
    let stage = Stage::new();
    let url = stage.node.url().trim_end_matches('/').to_owned();
    let address = url.strip_prefix("http://").unwrap();
    let _taken = TcpListener::bind(address).unwrap();
    let (code, said) = stage.refused(&[]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains(address) && said.contains("(api.listen)"), "{said}");
    assert!(said.contains("hint: `ss -ltnp"), "{said}");
    let (code, said) = stage.refused(&["--set", &format!("network.listen={address}")]);
    assert!(code == 1 || code == 3, "{code}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_on_one_home_is_refused_for_safety() {
    let stage = Stage::new();
    let mut first = stage.spawn();
    stage.node.client.wait_height(Height(1), PATIENCE).await.unwrap();
    let (code, said) = stage.refused(&[]);
    assert_eq!(code, 9, "{said}");
    assert!(said.contains(&format!("pid {}", first.id())), "{said}");
    let (code, said) = failure(&["node", "reset", "--yes", "--home", &stage.home()]);
    assert_eq!(code, 9, "a store in use is not emptied: {said}");
    end(&mut first);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_of_another_chain_is_refused_and_the_store_is_left_alone() {
    let stage = Stage::new();
    stage.run_until(2).await;
    let file = stage.node.home.join("config/genesis.json");
    let right = std::fs::read(&file).unwrap();
    let mut other = Cast::new(1, params()).genesis;
    other.time_ms += 1;
    std::fs::write(&file, other.to_json()).unwrap();
    let (code, said) = stage.refused(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(said.contains(&other.hash().to_string()) && said.contains("genesis.json"), "{said}");
    std::fs::write(&file, right).unwrap();
    stage.run_until(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_store_is_refused_and_reset_keeps_keys_and_marks() {
    let stage = Stage::new();
    stage.run_until(3).await;
    let data = stage.node.home.join("data");
    for file in files(&data.join("store")) {
        damage(&file);
    }
    let (code, said) = stage.refused(&[]);
    assert_eq!(code, 8, "{said}");
    assert!(said.contains("probity node reset"), "{said}");
    let before = files(&stage.node.home.join("keys"));
    let reset = json(&["node", "reset", "--yes", "--home", &stage.home(), "-o", "json"]);
    assert!(reset["removed"].to_string().contains("store"), "{reset}");
    assert_eq!(files(&stage.node.home.join("keys")), before);
    assert!(!data.join("store").exists() && data.join("network.key").exists());
}

#[test]
fn an_unknown_setting_is_refused_with_its_line_and_the_nearest_one() {
    let stage = Stage::new();
    let file = stage.node.home.join("config/node.toml");
    let mut text = std::fs::read_to_string(&file).unwrap();
    text += "\n[mempool]\nmax_tsx = 5\n";
    std::fs::write(&file, &text).unwrap();
    let line = text.lines().count();
    let (code, said) = stage.refused(&[]);
    assert_eq!(code, 3, "{said}");
    assert!(
        said.contains(&format!("node.toml:{line}: unknown setting `mempool.max_tsx`")),
        "{said}"
    );
    assert!(said.contains("did you mean `mempool.max_txs`?"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_is_nearly_full_stops_a_node_before_the_store_is_hurt() {
    let stage = Stage::new();
    let (code, said) = stage.refused(&["--set", "store.min_free_mib=999999999999"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("store.min_free_mib") && said.contains("make room"), "{said}");
    stage.run_until(2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_could_not_be_written_goes_on_when_there_is_room_again() {
    let stage = Stage::new();
    stage.run_until(3).await;
    let before = tip(&stage).await;
    // No file may grow beyond so many KiB: what a full disk does to a database that appends. The
    // first refuses the start, the others a write of a running node.
    for limit in [1, 600, 1_100] {
        let (code, said) = stage.run_with_files_of(limit).await;
        assert_eq!(code, 1, "{limit} KiB: {said}");
        assert!(said.contains("room"), "{limit} KiB: {said}");
    }
    let after = tip(&stage).await;
    assert!(after >= before, "{after} after {before}: an acknowledged block is lost");
    stage.run_until(after + 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_evaluator_started_before_its_node_waits_for_it() {
    let mut stage = Stage::new();
    let evaluator = stage.node.evaluate(&Cast::new(1, params()).actors[0]);
    let waits = async || evaluator.said("waiting for the node: cannot reach the node at");
    until("an evaluator that waits", PATIENCE, waits).await;
    stage.node.start();
    let evaluates = async || evaluator.said("evaluating for");
    until("an evaluator that found its node", PATIENCE, evaluates).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_money_of_a_stopped_node_makes_a_new_document() {
    let stage = Stage::new();
    stage.run_until(2).await;
    let out = path(&stage.node.home.join("new.json"));
    let export = ["node", "export", "--home", &stage.home(), "--out", &out, "--chain-id", "next"];
    let exported = json(&[&export[..], &["-o", "json"]].concat());
    assert_eq!(exported["operators"], 1, "{exported}");
    let valid = json(&["genesis", "validate", &out, "-o", "json"]);
    assert_eq!((&valid["chain_id"], &valid["operators"]), (&"next".into(), &1.into()), "{valid}");
    assert_eq!(valid["supply"], exported["exported"]);
}

/// The height of a home's store, as a node that runs on it says.
async fn tip(stage: &Stage) -> u64 {
    let mut child = stage.spawn();
    let height = stage.node.client.wait_height(Height(1), PATIENCE).await.unwrap();
    end(&mut child);
    height.0
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Overwrites the middle of a file.
fn damage(path: &Path) {
    use std::io::{Seek, SeekFrom};
    let len = std::fs::metadata(path).unwrap().len();
    let mut file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start(len / 4)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(len / 2).unwrap()]).unwrap();
}

#[test]
fn a_node_without_a_home_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = failure(&["node", "start", "--home", &path(folder.path())]);
    assert!(code == 3 && said.contains("probity init"), "{code}: {said}");
    assert!(run(&["--help"]).status.success());
}
