//! The client against a real server on loopback.

use std::net::SocketAddr;
use std::time::Duration;

use probity_client::{Client, ClientError, ClientLimits, ListArgs};
use probity_primitives::table::state_key;
use probity_primitives::{ContentHash, Hash, Height, TxHash};
use probity_protocol::event::TaskPhase;
use probity_protocol::ledger::Tag;
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{ArtifactFilter, ResultFilter};
use probity_web::{ApiLimits, serve};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::stage::{Stage, address};

const SOON: Duration = Duration::from_secs(10);

async fn start(stage: &Stage, at: &str) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind(at).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = stage.router.clone();
    let server = serve(listener, router, ApiLimits::default(), std::future::pending());
    (address, tokio::spawn(server))
}

async fn connect(stage: &Stage) -> Client {
    let (address, _) = start(stage, "127.0.0.1:0").await;
    Client::new(&format!("http://{address}")).unwrap()
}

#[tokio::test]
async fn every_read_gives_what_the_state_holds() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let known = stage.known.clone();
    let args = ListArgs::default();
    let world = stage.memory.world().clone();
    assert_eq!(client.status().await.unwrap().data.height, world.chain.height());
    assert_eq!(client.identity().await.unwrap(), *world.chain.identity());
    assert_eq!(client.genesis().await.unwrap().data, world.genesis);
    assert_eq!(client.params().await.unwrap().data, *world.ledger().params.get());
    let supply = client.supply().await.unwrap().data;
    assert_eq!(supply.sum, supply.expected);
    let payer = address(&stage.payer());
    assert_eq!(client.account(&payer).await.unwrap().data.address, payer);
    let operator = stage.operator();
    assert_eq!(client.operator(&operator).await.unwrap().data.id, operator);
    assert_eq!(client.operators(&args).await.unwrap().data.len(), 4);
    assert!(client.slashes(None, &args).await.unwrap().data.is_empty());
    let artifact = client.artifact(&known.models[0]).await.unwrap().data;
    assert_eq!(artifact.artifact, *world.ledger().artifacts.get(&known.models[0]).unwrap());
    let models = ArtifactFilter { kind: Some(ArtifactKind::Model), owner: None };
    assert_eq!(client.artifacts(&models, &args).await.unwrap().data.len(), 2);
    let task = client.task(&known.open).await.unwrap().data;
    assert_eq!(task.task, *world.ledger().tasks.get(&known.open).unwrap());
    assert_eq!(client.tasks(Some(TaskPhase::Commit), &args).await.unwrap().data, [task]);
    assert_eq!(client.assignments(&operator).await.unwrap().data.operator, operator);
    let result = client.result(&known.done).await.unwrap().data;
    assert_eq!(result.outcome, *world.ledger().outcomes.get(&known.done).unwrap());
    let filter = ResultFilter { benchmark: Some(known.benchmark), artifact: None };
    assert_eq!(client.results(&filter, &args).await.unwrap().data, [result]);
    assert_eq!(client.board(&known.benchmark).await.unwrap().data.rows.len(), 1);
    let block = client.block(Height(1)).await.unwrap().data;
    assert_eq!(block.header, world.log[1].0.header);
}

#[tokio::test]
async fn pages_are_followed_by_their_cursors() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let mut args = ListArgs { limit: Some(3), cursor: None };
    let mut heights = Vec::new();
    loop {
        let page = client.blocks(&args).await.unwrap();
        heights.extend(page.data.iter().map(|view| view.header.height.0));
        match page.next {
            Some(next) => args.cursor = Some(next),
            None => break,
        }
    }
    assert!(heights.is_sorted_by(|left, right| left > right) && heights.last() == Some(&0));
}

#[tokio::test]
async fn a_transaction_is_sent_and_waited_for() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let tx = stage.signed(stage.transfer());
    assert!(client.dry_run(&tx).await.unwrap().data.outcome.is_ok());
    let hash = client.submit(&tx).await.unwrap();
    assert_eq!(client.receipt(&hash).await.unwrap(), None);
    let (receipt, height) = tokio::join!(client.wait_tx(&hash, SOON), async {
        tokio::task::yield_now().await;
        stage.memory.make_block()
    });
    assert_eq!(receipt.unwrap().data.height, height);
    assert_eq!(client.wait_height(height, SOON).await.unwrap(), height);
}

#[tokio::test]
async fn a_refusal_keeps_its_code_and_its_values() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let mut body = stage.transfer();
    body.expiry = Height(1);
    let error = client.submit(&stage.signed(body)).await.unwrap_err();
    assert_eq!(error.code(), Some("tx.expired"));
    assert!(!error.retryable());
    assert!(error.to_string().contains("409 tx.expired: the transaction expired at height 1"));
    let nobody = probity_primitives::TaskId(Hash::from_bytes([9; 32]));
    assert_eq!(client.task(&nobody).await.unwrap_err().code(), Some("task_not_found"));
}

#[tokio::test]
async fn waiting_ends() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let wait = Duration::from_millis(120);
    let nobody = TxHash(Hash::from_bytes([9; 32]));
    let error = client.wait_tx(&nobody, wait).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { waited, .. } if waited == wait), "{error}");
    let error = client.wait_height(Height(1_000_000), wait).await.unwrap_err();
    assert!(matches!(error, ClientError::TimedOut { .. }), "{error}");
}

#[tokio::test]
async fn files_go_and_come_whole() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let bytes: Vec<u8> = (0..=250).cycle().take(1_000_000).collect();
    let view = client.put_blob(bytes.clone()).await.unwrap();
    assert_eq!((view.hash, view.size), (ContentHash::of_file(&bytes), 1_000_000));
    assert_eq!(client.blob(&view.hash, 1_000_000).await.unwrap(), bytes);
    let error = client.blob(&view.hash, 999_999).await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { limit: 999_999, .. }), "{error}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), b"from disk").unwrap();
    let view = client.put_file(file.path()).await.unwrap();
    assert_eq!(view.hash, ContentHash::of_file(b"from disk"));
    let error = client.put_file(std::path::Path::new("/nowhere")).await.unwrap_err();
    assert!(matches!(error, ClientError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_file_with_another_hash_is_not_given_out() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let view = client.put_blob(b"right".to_vec()).await.unwrap();
    stage.memory.corrupt(&view.hash, b"wrong");
    let error = client.blob(&view.hash, 100).await.unwrap_err();
    let found = ContentHash::of_file(b"wrong");
    assert_eq!(error, ClientError::WrongHash { expected: view.hash, found });
}

#[tokio::test]
async fn a_proof_is_checked_by_the_client() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let key = state_key(Tag::accounts.byte(), &address(&stage.payer()));
    let view = client.proof(&key, Some(Height(2))).await.unwrap().data;
    assert_eq!(view.header.height, Height(2));
    assert!(view.proof.value.is_some());
    stage.memory.lie_in_proofs();
    let error = client.proof(&key, None).await.unwrap_err();
    assert!(matches!(error, ClientError::Malformed { .. }), "{error}");
}

#[tokio::test]
async fn a_certificate_verifies_from_the_genesis_hash() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let certificate = client.result_certificate(&stage.known.done).await.unwrap();
    assert_eq!(certificate.task_id, stage.known.done);
    certificate.verify(stage.memory.world().chain.genesis_hash()).unwrap();
    let error = client.result_certificate(&stage.known.open).await.unwrap_err();
    assert_eq!(error.code(), Some("certificate_not_found"));
}

#[tokio::test]
async fn events_survive_a_server_that_restarts() {
    let stage = Stage::new();
    let (address, server) = start(&stage, "127.0.0.1:0").await;
    let client = Client::new(&format!("http://{address}")).unwrap();
    let mut events = client.events(None, &["block"]).await.unwrap();
    let first = stage.memory.make_block();
    assert_eq!(events.next().await.unwrap().id.height, first);
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    stage.memory.cut_streams();
    let missed = stage.memory.make_block();
    let (_, _server) = start(&stage, &address.to_string()).await;
    let record = tokio::time::timeout(SOON, events.next()).await.unwrap().unwrap();
    assert_eq!(record.id.height, missed);
    assert_eq!(events.position(), record.id);
}

#[tokio::test]
async fn a_node_that_is_not_there_is_unreachable() {
    let limits = ClientLimits { connect: Duration::from_millis(500), ..ClientLimits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let client = Client::with_limits(&format!("http://{address}"), limits).unwrap();
    let error = client.status().await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }) && error.retryable(), "{error}");
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn answers_that_are_not_ours_are_malformed() {
    use axum::routing::get;
    let router = axum::Router::new()
        .route("/api/v1/status", get(async || "hello"))
        .route("/api/v1/params", get(async || axum::http::StatusCode::IM_A_TEAPOT))
        .route(
            "/api/v1/supply",
            get(async || {
                let old = r#"{"schema":"probity.supply/v0","chain_id":"x","height":1,"data":{}}"#;
                old.replace("{}", r#"{"genesis":"0","minted":"0","burned":"0","expected":"0","sum":"0","audit_pool":"0","reward_pool":"0","treasury":"0","streaming":"0","caps":{"year":"0","compute":"0","ever":"0"},"streams":[]}"#)
            }),
        )
        .route("/api/v1/genesis", get(async || "x".repeat(2_000)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, router, ApiLimits::default(), std::future::pending()));
    let limits = ClientLimits { document: 1_000, ..ClientLimits::default() };
    let client = Client::with_limits(&format!("http://{address}"), limits).unwrap();
    let malformed = |error: ClientError, what: &str| {
        let text = error.to_string();
        assert!(matches!(error, ClientError::Malformed { .. }) && text.contains(what), "{text}");
    };
    malformed(client.status().await.unwrap_err(), "expected value");
    malformed(client.params().await.unwrap_err(), "418");
    malformed(client.supply().await.unwrap_err(), "probity.supply/v0");
    let error = client.genesis().await.unwrap_err();
    assert!(matches!(error, ClientError::TooLarge { limit: 1_000, .. }), "{error}");
}
