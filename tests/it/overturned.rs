//! A result that a ring has bought falls on a live network: node processes, real models, and agents
//! that do by themselves what the chain asks of them.

use std::path::PathBuf;
use std::sync::Arc;

use probity_evaluator::agent::{self, AgentConfig, AgentHandle};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::worker::WorkerCommand;
use probity_primitives::{Amount, BoundedVec, ContentHash, Height, OperatorId, Score, TaskId};
use probity_protocol::Params;
use probity_protocol::dispute::{Dispute, Ruling};
use probity_protocol::task::{Correction, Counting, Member, Outcome, OutcomeState, Phase};
use probity_runtime::result_certificate::{
    PRESENT_SCHEMA, PresentResult, ResultCertificate, ResultCertificateError,
};
use tokio::sync::Semaphore;

use crate::chain::{self, Actor, Cast, NodeProcess, PATIENCE};
use crate::kill::{ROWS, register};
use crate::support::{digits, failure, json as answer, path, run, until, write};

/// Nodes, whose operators validate.
const NODES: usize = 4;
/// Operators, each with an agent: enough for juries from outside the committee.
const OPERATORS: usize = 12;
/// The model that is sold as a perfect one.
const MODEL: &str = "digits_bad.onnx";
/// What it gets right of the rows, by onnxruntime on the same file.
const RIGHT: i64 = 27;
/// Time for a debug build's inference on a busy machine in each of a jury's ten blocks.
const BLOCK_TIME_MS: u64 = 1_000;

fn params(nodes: usize) -> Params {
    let mut params = Params::development();
    params.staking.max_validators = u32::try_from(nodes).unwrap();
    params.task.commit_blocks = 25;
    params
}

/// Operators of whom the first validate, with hot keys that can pay for a dispute.
///
/// They have so much more than the others that no reward puts one without a node in their place.
fn cast(nodes: usize, params: Params) -> Cast {
    let mut cast = Cast::new(OPERATORS, params);
    cast.block_time_ms = BLOCK_TIME_MS;
    let hot: Vec<_> = cast.actors.iter().map(|actor| chain::account(&actor.key)).collect();
    let mut accounts = cast.genesis.accounts.clone().into_vec();
    for account in accounts.iter_mut().filter(|one| hot.contains(&one.address)) {
        account.balance = Amount::from_tokens(1_000);
    }
    let mut operators = cast.genesis.operators.clone().into_vec();
    for operator in operators.iter_mut().take(nodes) {
        operator.bonded = Amount::from_tokens(210_000);
    }
    cast.genesis.accounts = BoundedVec::from_vec(accounts).unwrap();
    cast.genesis.operators = BoundedVec::from_vec(operators).unwrap();
    cast.genesis.validate().unwrap();
    cast
}

fn seats(members: &[Member]) -> u32 {
    members.iter().map(|member| member.seats.0).sum()
}

/// The fewest members with more than half of the seats that leave a quorum of others, if any do.
/// None of them validates: who is jailed for a bought result makes no blocks.
fn ring(committee: &[Member], validators: &[Actor]) -> Option<Vec<OperatorId>> {
    let validates = |member: &Member| validators.iter().any(|one| one.operator == member.operator);
    let mut rings: Vec<Vec<Member>> = vec![Vec::new()];
    for member in committee.iter().filter(|member| !validates(member)) {
        let with: Vec<_> =
            rings.iter().map(|ring| [ring.as_slice(), &[*member]].concat()).collect();
        rings.extend(with);
    }
    let all = seats(committee);
    let quorum = usize::try_from(all.div_ceil(3).max(3)).unwrap();
    let captures =
        |ring: &&Vec<Member>| seats(ring) * 2 > all && committee.len() - ring.len() >= quorum;
    let least = rings.iter().filter(captures).min_by_key(|ring| ring.len())?;
    Some(least.iter().map(|member| member.operator).collect())
}

/// Asks for evaluations until a committee is drawn that a ring can hold.
async fn sold(
    folder: &tempfile::TempDir,
    cast: &Cast,
    nodes: &[NodeProcess],
) -> (TaskId, Vec<OperatorId>) {
    let node = &nodes[0];
    let registered = register(MODEL, folder, cast, node.url());
    for _ in 0..8 {
        let task = registered.ask(node.url());
        let drawn = until("committee", PATIENCE, async || {
            let phase = node.client.task(&task).await.unwrap().data.task.phase;
            let members = phase.committee().to_vec();
            matches!(phase, Phase::Commit { .. }).then_some(members)
        });
        if let Some(ring) = ring(&drawn.await, &cast.actors[..nodes.len()]) {
            return (task, ring);
        }
    }
    panic!("no committee in eight that a ring could hold");
}

/// Everyone's agent: a ring, honest ones, and one of these who looks after others' results, if any.
fn attach(
    folder: &tempfile::TempDir,
    cast: &Cast,
    nodes: &[NodeProcess],
    ring: &[OperatorId],
    watched: bool,
) -> Vec<AgentHandle> {
    let model = ContentHash::of_file(&std::fs::read(digits(MODEL)).unwrap());
    let ring: Arc<[OperatorId]> = ring.into();
    let honest = |actor: &&Actor| !ring.contains(&actor.operator);
    let watchful = cast.actors.iter().find(honest).unwrap().operator;
    let turns = Arc::new(Semaphore::new(2));
    let start = |(actor, node): (&Actor, &NodeProcess)| {
        let colluding = Strategy::Colluding { model, ring: Arc::clone(&ring) };
        let config = AgentConfig {
            home: folder.path().join("agents").join(actor.operator.to_string()),
            operator: actor.operator,
            key: actor.key.clone(),
            strategy: if ring.contains(&actor.operator) { colluding } else { Strategy::Honest },
            challenge: watched && actor.operator == watchful,
            worker: WorkerCommand {
                program: PathBuf::from(env!("CARGO_BIN_EXE_probity")),
                arguments: vec!["inference-worker".to_owned()],
            },
            limits: WorkLimits { turns: Arc::clone(&turns), ..WorkLimits::default() },
        };
        agent::start(config, Remote::new(node.client.clone())).unwrap()
    };
    cast.actors.iter().zip(nodes.iter().cycle()).map(start).collect()
}

async fn outcome(node: &NodeProcess, task: TaskId) -> Option<Outcome> {
    Some(node.client.result(&task).await.ok()?.data.outcome)
}

async fn dispute(node: &NodeProcess, wanted: impl Fn(&Dispute) -> bool) -> Dispute {
    until("stage of the dispute", PATIENCE, async || {
        let known = node.client.dispute(0, None).await.ok()?.data.dispute;
        wanted(&known).then_some(known)
    })
    .await
}

/// What the board says of the only model, as the command shows it.
fn on_the_board(node: &NodeProcess) -> String {
    let shown = answer(&["board", "show", "--node", node.url(), "--output", "json"]);
    shown.to_string()
}

fn present(task: TaskId, newer: ResultCertificate) -> PresentResult {
    let ResultCertificate { outcome, header, commit, changes, .. } = newer;
    PresentResult {
        schema: chain::text(PRESENT_SCHEMA),
        task_id: task,
        outcome: Some(outcome.value),
        path: outcome.path,
        header,
        commit,
        changes,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bought_result_is_disputed_run_again_by_jurors_and_corrected_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let cast = cast(NODES, params(NODES));
    let nodes = chain::start(folder.path(), &cast, NODES);
    let node = &nodes[0];
    node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    let (task, ring) = sold(&folder, &cast, &nodes).await;
    let agents = attach(&folder, &cast, &nodes, &ring, true);

    // The ring's median is published, proven and shown.
    let published = until("result", PATIENCE, async || outcome(node, task).await).await;
    assert_eq!(published.score, Score::ONE);
    let bought = node.client.result_certificate(&task).await.unwrap();
    let genesis = cast.genesis.hash();
    bought.verify(genesis).unwrap();
    let file = path(&folder.path().join("bought.json"));
    std::fs::write(&file, bought.to_json()).unwrap();
    assert!(on_the_board(node).contains("\"score\":1000000"), "{}", on_the_board(node));

    // Somebody disputes it, jurors run the item by themselves, and nobody told them anything.
    let opened = dispute(node, |_| true).await;
    assert!(opened.claim.is_aggregate() && ring.contains(&opened.claim.member()));
    let ruled = dispute(node, |known| known.ruling().is_some()).await;
    assert_eq!(ruled.ruling(), Some(Ruling::Overturn));
    let votes = &ruled.levels[0].votes;
    assert!(!votes.is_empty());
    for juror in votes {
        assert_eq!(juror.vote, Some(Ruling::Overturn), "{juror:?}");
        assert!(!ring.contains(&juror.operator), "the ring judges itself: {juror:?}");
    }

    // The result, the board and every node's proof follow; the old certificate says so.
    let truth = Score::from_micros(RIGHT * 1_000_000 / i64::try_from(ROWS).unwrap());
    let corrected = until("correction", PATIENCE, async || {
        outcome(node, task).await.filter(|now| now.corrected.is_some())
    })
    .await;
    assert_eq!(corrected.score, truth);
    assert!(matches!(corrected.corrected, Some(Correction { from: Score::ONE, .. })));
    assert_ne!(corrected.state, OutcomeState::Overturned);
    let counted = corrected.members.iter().filter(|one| one.counting == Counting::Counted);
    assert!(counted.clone().all(|one| !ring.contains(&one.operator)));
    let shown = on_the_board(node);
    assert!(shown.contains(&format!("\"score\":{}", truth.micros())), "{shown}");
    for other in &nodes {
        let height = node.client.status().await.unwrap().height;
        other.client.wait_height(height, PATIENCE).await.unwrap();
        let newer = other.client.result_certificate(&task).await.unwrap();
        newer.verify(genesis).unwrap();
        let stale = bought.verify_against(&present(task, newer), genesis);
        let Err(ResultCertificateError::Superseded { certified, now, .. }) = &stale else {
            panic!("the bought certificate still holds: {stale:?}")
        };
        assert_eq!((*certified, *now), (Score::ONE, Some(truth)));
    }
    bought.verify(genesis).unwrap();

    let closed = dispute(node, Dispute::is_closed).await;
    assert_eq!(closed.ruling(), Some(Ruling::Overturn));
    let supply = node.client.supply().await.unwrap().data;
    assert_eq!(supply.sum, supply.expected);
    for agent in agents {
        agent.shutdown().await;
    }
}

/// What a person does in a dispute, by the command line.
struct Disputant<'a> {
    node: &'a NodeProcess,
    key: String,
}

impl Disputant<'_> {
    /// Sends something; gives the facts that it brought about.
    fn must(&self, command: &[&str]) -> Vec<serde_json::Value> {
        let rest = ["--from", &self.key, "--yes", "--output", "json", "--node", self.node.url()];
        let receipt = answer(&[&["dispute"], command, &rest[..]].concat());
        receipt["data"]["events"].as_array().unwrap().clone()
    }

    /// What a command says that does not go through.
    fn refused(&self, command: &[&str]) -> String {
        let rest = ["--from", &self.key, "--yes", "--quiet", "--node", self.node.url()];
        let (code, told) = failure(&[&["dispute"], command, &rest[..]].concat());
        assert_eq!(code, 5, "{told}");
        told
    }

    /// What a command shows to people.
    fn shown(&self, command: &[&str]) -> String {
        let output = run(&[&["dispute"], command, &["--node", self.node.url()]].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Somebody's own run of the model; gives the file of its transcript.
fn run_it(folder: &tempfile::TempDir) -> String {
    let rows = std::fs::read_to_string(digits("digits_test.jsonl")).unwrap();
    let rows: String = rows.lines().take(ROWS).flat_map(|row| [row, "\n"]).collect();
    let rows = write(folder, "rows.jsonl", rows.as_bytes());
    let (benchmark, model) = (digits("digits.toml"), digits(MODEL));
    let transcript = path(&folder.path().join("mine.bin"));
    let files = ["--benchmark", &benchmark, "--model", &model, "--dataset", &rows];
    let output = run(&[&["eval", "run"], &files[..], &["--transcript", &transcript]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    transcript
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bought_result_is_disputed_and_its_ruling_appealed_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = params(1);
    // Time for people, or for commands of a debug build on a busy machine.
    params.dispute.appeal_blocks = 30;
    // A ladder may take so many epochs, and stake leaves no sooner than it ends.
    params.staking.epoch_blocks = 20;
    params.supply.year_blocks = 7_300;
    params.staking.unbond_blocks = 600;
    let cast = cast(1, params);
    let nodes = chain::start(folder.path(), &cast, 1);
    let node = &nodes[0];
    node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    let (task, ring) = sold(&folder, &cast, &nodes).await;
    let agents = attach(&folder, &cast, &nodes, &ring, false);
    let key = folder.path().join("disputant.key");
    chain::write_key(&key, &cast.person.seed());
    let person = Disputant { node, key: path(&key) };
    let (id, mine) = (task.to_string(), run_it(&folder));
    let open = ["open", &id, "--transcript", &mine, "--bond", "200PBY"];
    let told = person.refused(&open);
    assert!(told.contains("the task has no result yet: its phase is "), "{told}");

    until("result", PATIENCE, async || outcome(node, task).await).await;
    let opened = person.must(&open);
    let fact = opened.iter().find(|fact| fact["event"] == "dispute_opened").unwrap();
    assert_eq!((&fact["dispute"], &fact["aggregate"]), (&0.into(), &true.into()), "{fact}");
    assert_eq!(fact["bond"], "150000000000", "of the bond only what is needed is taken");
    let liar = ring[0].to_string();
    let beyond = ["open", &id, "--withheld", &liar, "--item", "60", "--bond", "400PBY"];
    let told = person.refused(&beyond);
    assert!(told.contains("the disputed item") && told.contains("59"), "{told}");
    assert!(person.shown(&["list", "--open"]).contains("the result is wrong"));
    let shown = person.shown(&["evidence", "0"]);
    assert!(shown.contains("0.450000 in the challenger's transcript"), "{shown}");

    dispute(node, |known| known.ruling().is_some()).await;
    let shown = person.shown(&["show", "0"]);
    assert!(shown.contains("level 0 ruled: the result falls; may be appealed"), "{shown}");
    assert!(shown.contains("the defender's side has to put up 300 PBY more"), "{shown}");
    let funded = person.must(&["fund", "0", "--side", "defender", "--amount", "100PBY"]);
    assert!(funded.iter().any(|fact| fact["event"] == "appeal_funded"), "{funded:?}");
    let shown = person.shown(&["show", "0"]);
    assert!(shown.contains("the defender's side has to put up 200 PBY more"), "{shown}");
    let appealed = person.must(&["appeal", "0"]);
    let fact = appealed.iter().find(|fact| fact["event"] == "appeal_funded").unwrap();
    assert_eq!(fact["amount"], "200000000000", "what is missing and no more: {fact}");

    // The other side pays nothing, and the window ends: a larger jury sits.
    let higher = dispute(node, |known| known.levels.len() > 1).await;
    assert_eq!(higher.ruling(), Some(Ruling::Overturn), "what was ruled stands meanwhile");
    let shown = person.shown(&["evidence", "0"]);
    assert!(shown.lines().any(|line| line.trim_start().starts_with("0 ")), "{shown}");
    let confirmed = dispute(node, |known| known.levels[1].ruling.is_some()).await;
    assert_eq!(confirmed.ruling(), Some(Ruling::Overturn), "seven seats see what five saw");
    let supply = node.client.supply().await.unwrap().data;
    assert_eq!(supply.sum, supply.expected);
    for agent in agents {
        agent.shutdown().await;
    }
}
