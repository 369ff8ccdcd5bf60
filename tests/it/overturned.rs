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
use crate::kill::{ROWS, request_for};
use crate::support::{digits, json as answer, path, until};

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

fn params() -> Params {
    let mut params = Params::development();
    params.staking.max_validators = u32::try_from(NODES).unwrap();
    params.task.commit_blocks = 25;
    params
}

/// Operators of whom the first validate, with hot keys that can pay for a dispute.
fn cast() -> Cast {
    let mut cast = Cast::new(OPERATORS, params());
    cast.block_time_ms = BLOCK_TIME_MS;
    let hot: Vec<_> = cast.actors.iter().map(|actor| chain::account(&actor.key)).collect();
    let mut accounts = cast.genesis.accounts.clone().into_vec();
    for account in accounts.iter_mut().filter(|one| hot.contains(&one.address)) {
        account.balance = Amount::from_tokens(1_000);
    }
    let mut operators = cast.genesis.operators.clone().into_vec();
    for operator in operators.iter_mut().take(NODES) {
        operator.bonded = Amount::from_tokens(200_001);
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
fn ring(committee: &[Member]) -> Option<Vec<OperatorId>> {
    let mut rings: Vec<Vec<Member>> = vec![Vec::new()];
    for member in committee {
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
    node: &NodeProcess,
) -> (TaskId, Vec<OperatorId>) {
    for _ in 0..5 {
        let own = tempfile::tempdir_in(folder.path()).unwrap();
        let task = request_for(MODEL, &own, cast, node.url());
        let drawn = until("committee", PATIENCE, async || {
            let phase = node.client.task(&task).await.unwrap().data.task.phase;
            let members = phase.committee().to_vec();
            matches!(phase, Phase::Commit { .. }).then_some(members)
        });
        if let Some(ring) = ring(&drawn.await) {
            return (task, ring);
        }
    }
    panic!("no committee in five that a ring could hold");
}

/// Everyone's agent: a ring, one who looks after others' results, and honest ones.
fn attach(
    folder: &tempfile::TempDir,
    cast: &Cast,
    nodes: &[NodeProcess],
    ring: &[OperatorId],
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
            challenge: actor.operator == watchful,
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
    let cast = cast();
    let nodes = chain::start(folder.path(), &cast, NODES);
    let node = &nodes[0];
    node.client.wait_height(Height(2), PATIENCE).await.unwrap();
    let (task, ring) = sold(&folder, &cast, node).await;
    let agents = attach(&folder, &cast, &nodes, &ring);

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
