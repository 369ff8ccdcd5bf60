//! What the client says when a node says no: for every route the code, and whether to try again.

use probity_api::EventId;
use probity_client::{Client, ListArgs};
use probity_dao::ReferendumId;
use probity_primitives::{
    Amount, ArtifactId, ContentHash, Hash, Height, Keypair, OperatorId, TaskId, TxHash,
};
use probity_runtime::TxBody;
use probity_runtime::query::{ArtifactFilter, DisputeFilter, ReferendumFilter, ResultFilter};
use probity_web::{ApiLimits, serve};
use tokio::net::TcpListener;

use crate::stage::{Stage, address};

/// Each call has to fail with a code.
macro_rules! refused {
    ($($call:expr => $code:literal),+ $(,)?) => { $(
        let error = $call.await.err().expect(stringify!($call));
        assert_eq!(error.code(), Some($code), "{}: {error}", stringify!($call));
    )+ };
}

async fn connect(stage: &Stage) -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let limits = ApiLimits::default();
    tokio::spawn(serve(listener, stage.router.clone(), limits, std::future::pending()));
    Client::new(&format!("http://{address}")).unwrap()
}

#[tokio::test]
async fn of_every_route_the_client_learns_that_there_is_no_such_thing() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let nothing = Hash::from_bytes([9; 32]);
    let (task, artifact) = (TaskId(nothing), ArtifactId::default());
    let key = Keypair::from_seed([9; 32]);
    let (account, args) = (address(&key), ListArgs::default());
    let (operator, referendum) = (OperatorId::of(&account, &key.public()), ReferendumId(99));
    let file = ContentHash::of_file(b"nowhere");
    refused! {
        client.operator(&operator) => "operator_not_found",
        client.rewards(&operator, &args) => "operator_not_found",
        client.assignments(&operator) => "operator_not_found",
        client.artifact(&artifact) => "artifact_not_found",
        client.board(&artifact) => "benchmark_not_found",
        client.task(&task) => "task_not_found",
        client.result(&task) => "result_not_found",
        client.result_certificate(&stage.known.open) => "certificate_not_found",
        client.result_export(&task, "csv") => "result_not_found",
        client.referendum(referendum, None) => "referendum_not_found",
        client.votes(referendum, None, &args) => "referendum_not_found",
        client.votes_csv(referendum, None) => "referendum_not_found",
        client.position(referendum, &account, None) => "referendum_not_found",
        client.dispute(99, None) => "dispute_not_found",
        client.block(Height(99_999)) => "block_not_found",
        client.proof(&[0], Some(Height(99_999))) => "block_not_found",
        client.blob(&file, 1_000) => "blob_not_found",
        client.snapshot_manifest(Height(1), 1_000) => "snapshot_not_found",
        client.snapshot_chunk(Height(1), 0, 1_000) => "snapshot_not_found",
    }
}

#[tokio::test]
async fn of_every_list_the_client_learns_that_a_cursor_or_a_height_is_none_of_it() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let args = ListArgs { cursor: Some("no/cursor".to_owned()), limit: None };
    let (referenda, disputes) = (ReferendumFilter::default(), DisputeFilter::default());
    let none = ListArgs { limit: Some(0), cursor: None };
    let far = Some(Height(1));
    let account = address(&stage.payer());
    refused! {
        client.operators(&args) => "bad_cursor",
        client.slashes(None, &args) => "bad_cursor",
        client.rewards(&stage.operator(), &args) => "bad_cursor",
        client.artifacts(&ArtifactFilter::default(), &args) => "bad_cursor",
        client.tasks(None, &args) => "bad_cursor",
        client.results(&ResultFilter::default(), &args) => "bad_cursor",
        client.blocks(&args) => "bad_cursor",
        client.referenda(&referenda, None, &args) => "bad_cursor",
        client.disputes(&disputes, None, &args) => "bad_cursor",
        client.delegations(None, None, None, &args) => "bad_cursor",
        client.operators(&none) => "bad_parameter",
        client.governance(far) => "height_pruned",
        client.voter(&account, far) => "height_pruned",
        client.referenda(&referenda, far, &ListArgs::default()) => "height_pruned",
        client.disputes(&disputes, far, &ListArgs::default()) => "height_pruned",
        client.delegations(None, None, far, &ListArgs::default()) => "height_pruned",
    }
    let mut events =
        client.events(Some(EventId { height: Height(99_999), index: 0 }), &[]).await.unwrap();
    assert_eq!(events.next().await.unwrap_err().code(), Some("bad_cursor"));
}

#[tokio::test]
async fn of_what_it_sends_the_client_learns_why_it_is_not_taken() {
    let stage = Stage::new();
    let client = connect(&stage).await;
    let expired = stage.signed(TxBody { expiry: Height(1), ..stage.transfer() });
    let poor = stage.signed(TxBody { fee: Amount::ZERO, ..stage.transfer() });
    refused! {
        client.submit(&expired) => "tx.expired",
        client.dry_run(&expired) => "tx.expired",
        client.submit(&poor) => "tx.fee_too_low",
    }
    assert!(!client.submit(&expired).await.unwrap_err().retryable());
    let nobody = TxHash(Hash::from_bytes([9; 32]));
    assert_eq!(client.receipt(&nobody).await.unwrap(), None);
}
