//! A node process killed in the middle of the job goes on when it is started again.

use probity_client::Client;
use probity_primitives::{Height, TaskId};
use probity_protocol::Params;
use probity_protocol::task::Phase;
use serde_json::{Value, json};

use crate::chain::{self, Cast, NodeProcess, PATIENCE, Process};
use crate::support::{digits, json as answer, path, until, write};

/// How many operators there are, each with a node and an evaluator.
const NODES: usize = 4;
/// The node that is killed.
const VICTIM: usize = 3;
/// How many rows of the test set are evaluated.
pub(crate) const ROWS: usize = 60;
/// How many of them the model gets right, as `probity eval run --limit 60` and onnxruntime agree.
const RIGHT: u64 = 56;

#[tokio::test(flavor = "multi_thread")]
async fn a_node_killed_in_the_middle_of_the_job_goes_on_and_the_roots_stay_equal() {
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::new(NODES, params());
    let mut nodes = chain::start(folder.path(), &cast, NODES);
    for node in &nodes {
        node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    }
    let task = request(&folder, &cast, nodes[0].url());
    let watcher = nodes[0].client.clone();
    until("committee", PATIENCE, async || in_commit(&watcher, task).await).await;

    let before = nodes[VICTIM].client.status().await.unwrap().height;
    nodes[VICTIM].kill();
    // Evaluators begin only now: nothing can be committed before the node is gone.
    let attach = |number: usize| nodes[number].evaluate(&cast.actors[number]);
    let mut evaluators: Vec<Process> = (0..VICTIM).map(attach).collect();
    let three = Height(watcher.status().await.unwrap().height.0 + 3);
    watcher.wait_height(three, PATIENCE).await.unwrap();
    assert!(nodes[VICTIM].client.status().await.is_err(), "the killed node answers");
    assert!(in_commit(&watcher, task).await.is_some(), "the job was over before the restart");

    nodes[VICTIM].start();
    let back = nodes[VICTIM].client.wait_height(Height(1), PATIENCE).await.unwrap();
    assert!(back >= before, "it goes on from its store: {back}, had {before}");
    evaluators.push(nodes[VICTIM].evaluate(&cast.actors[VICTIM]));
    until("final score", PATIENCE, async || is_final(&watcher, task).await).await;

    let height = watcher.status().await.unwrap().height;
    let first = state(&nodes[0], height, task).await;
    assert_eq!(first["score"], RIGHT * 1_000_000 / u64::try_from(ROWS).unwrap());
    for node in &nodes {
        assert_eq!(state(node, height, task).await, first);
        conserved(&node.client).await;
    }
    let members = watcher.result(&task).await.unwrap().data.outcome.members;
    let honest = members.iter().filter(|member| member.clean == Some(true)).count();
    assert_eq!(honest, members.len(), "somebody was kept from its work: {members:?}");
}

/// Development windows, and a commit phase that outlasts a node's restart on a busy machine.
pub(crate) fn params() -> Params {
    let mut params = Params::development();
    params.staking.max_validators = 4;
    params.task.commit_blocks = 60;
    params.task.reveal_blocks = 12;
    params.task.spot_blocks = 12;
    params
}

/// Registers a model that gets most right, and asks for its evaluation.
pub(crate) fn request(folder: &tempfile::TempDir, cast: &Cast, node: &str) -> TaskId {
    request_for("digits_mlp16.onnx", folder, cast, node)
}

/// Registers a model, a small dataset and the benchmark on it, and asks for an evaluation, all by
/// the command line.
pub(crate) fn request_for(
    model: &str,
    folder: &tempfile::TempDir,
    cast: &Cast,
    node: &str,
) -> TaskId {
    register(model, folder, cast, node).ask(node)
}

/// What a person registered, and can have evaluated.
pub(crate) struct Registered {
    key: String,
    benchmark: String,
    model: String,
}

/// Registers a model, a small dataset and the benchmark on it by the command line.
pub(crate) fn register(
    model: &str,
    folder: &tempfile::TempDir,
    cast: &Cast,
    node: &str,
) -> Registered {
    let key = folder.path().join("person.key");
    chain::write_key(&key, &cast.person.seed());
    let key = path(&key);
    let rows = std::fs::read_to_string(digits("digits_test.jsonl")).unwrap();
    let rows: String = rows.lines().take(ROWS).flat_map(|row| [row, "\n"]).collect();
    let rows = write(folder, "rows.jsonl", rows.as_bytes());
    let register = |kind: &str, file: &str, more: &[&str]| {
        let fixed = [kind, "register", file, "--name", kind, "--from", &key, "--node", node];
        fact(&[&fixed, more].concat(), "artifact_registered", "artifact")
    };
    let dataset = register("dataset", &rows, &[]);
    let items = ROWS.to_string();
    let promise = ["--dataset", &dataset, "--items", &items];
    let benchmark = register("benchmark", &digits("digits.toml"), &promise);
    let model = register("model", &digits(model), &[]);
    Registered { key, benchmark, model }
}

impl Registered {
    /// Asks for an evaluation by the command line.
    pub(crate) fn ask(&self, node: &str) -> TaskId {
        let Self { key, benchmark, model } = self;
        let (fee, mode) = ("100000000000", "exact");
        let message = json!({ "request_task": {
            "benchmark": benchmark, "artifact": model, "mode": mode,
            "fee": fee, "value_at_risk": fee, "commit_blocks": null,
        }});
        let send = ["tx", "send", &message.to_string(), "--from", key, "--node", node];
        fact(&send, "task_requested", "task").parse().unwrap()
    }
}

/// Runs a command that sends a transaction; gives a field of the event in its receipt.
fn fact(arguments: &[&str], event: &str, field: &str) -> String {
    let receipt = answer(&[arguments, &["--output", "json"]].concat());
    let events = receipt["data"]["events"].as_array().unwrap();
    let found = events.iter().find(|one| one["event"] == event);
    found.unwrap_or_else(|| panic!("{receipt}"))[field].as_str().unwrap().to_owned()
}

pub(crate) async fn in_commit(client: &Client, task: TaskId) -> Option<()> {
    matches!(phase(client, task).await, Phase::Commit { .. }).then_some(())
}

pub(crate) async fn is_final(client: &Client, task: TaskId) -> Option<()> {
    let phase = phase(client, task).await;
    assert!(!matches!(phase, Phase::Void { .. }), "{phase:?}");
    matches!(phase, Phase::Final { .. }).then_some(())
}

async fn phase(client: &Client, task: TaskId) -> Phase {
    client.task(&task).await.unwrap().data.task.phase
}

/// What a node knows at a height: its block's state root, and the score.
async fn state(node: &NodeProcess, height: Height, task: TaskId) -> Value {
    node.client.wait_height(height, PATIENCE).await.unwrap();
    let block = node.client.block(height).await.unwrap().data;
    let score = node.client.result(&task).await.unwrap().data.outcome.score;
    json!({ "block": block.hash, "root": block.header.state_root, "score": score })
}

async fn conserved(client: &Client) {
    let supply = client.supply().await.unwrap().data;
    assert_eq!(supply.sum, supply.expected);
}
