//! Disputes, from outside.

use std::sync::Arc;

use probity_client::{Client, ListArgs};
use probity_primitives::Amount;
use probity_protocol::dispute::message::{Challenge, OpenDispute};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::Message;
use probity_runtime::query::DisputeFilter;
use probity_simulations::{World, WorldConfig};
use probity_web::{ApiLimits, router, serve};
use serde_json::json;

use crate::memory::Memory;
use crate::stage::{Known, Stage, get, text};

/// A stage with one dispute about one result: a member is said to withhold its transcript.
pub(crate) fn disputed() -> Stage {
    let config = WorldConfig { operators: 4, check: false, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = world.publish(&[600_000]).unwrap();
    let (asker, challenger) = (world.people[1].clone(), world.people[2].clone());
    world.must(&asker, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 500, |phase| phase == TaskPhase::Provisional).unwrap();
    let known = world.ledger().tasks.get(&task).unwrap();
    let (round, member) = (known.round, known.phase.committee()[0].operator);
    let challenge = Challenge::Withheld { member, item: 0 };
    let bond = Amount::from_tokens(9_000);
    let message = Message::OpenDispute(OpenDispute { task, round, challenge, bond });
    world.must(&challenger, message).unwrap();
    let known = Known { benchmark, models, done: task, open: task };
    let memory = Arc::new(Memory::new(world));
    Stage { router: router(memory.clone(), ApiLimits::default()), memory, known }
}

#[tokio::test]
async fn disputes_are_listed_by_task_and_shown() {
    let stage = disputed();
    let task = stage.known.done;
    let count = async |path: &str| stage.get(path).await["data"].as_array().unwrap().len();
    assert_eq!(count("/disputes").await, 1);
    assert_eq!(count("/disputes?open=true").await, 1);
    assert_eq!(count(&format!("/disputes?task={task}")).await, 1);
    assert_eq!(count(&format!("/disputes?task={}", stage.known.benchmark)).await, 0);
    let shown = stage.get("/disputes/0").await;
    assert_eq!(shown["schema"], "probity.dispute/v1");
    assert_eq!(shown["data"]["dispute"]["task"], json!(task));
    assert_eq!(shown["data"]["dispute"]["stage"]["stage"], "answer");
    stage.get_refused("/disputes/1", 404, "dispute_not_found").await;
    stage.get_refused("/disputes/x", 400, "malformed_id").await;
    let feed = text(stage.send(get("/feeds/disputes.atom")).await).await;
    assert!(feed.contains("<title>Dispute 0 was opened</title>"), "{feed}");
}

#[tokio::test]
async fn the_client_reads_disputes() {
    let stage = disputed();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let limits = ApiLimits::default();
    let server = serve(listener, stage.router.clone(), limits, std::future::pending());
    tokio::spawn(server);
    let client = Client::new(&url).unwrap();
    let stored = stage.memory.world().ledger().disputes.get(&0).unwrap().clone();
    assert_eq!(client.dispute(0, None).await.unwrap().data.dispute, stored);
    let filter = DisputeFilter { task: Some(stage.known.done), open: true };
    let list = client.disputes(&filter, None, &ListArgs::default()).await.unwrap();
    assert_eq!(list.data.len(), 1);
    let error = client.dispute(1, None).await.unwrap_err();
    assert_eq!(error.code(), Some("dispute_not_found"));
}
