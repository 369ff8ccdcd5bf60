//! What is read, and that it is what the state says.

use axum::http::Method;
use probity_api::view::StatusView;
use probity_api::{Envelope, ListEnvelope};
use probity_primitives::table::state_key;
use probity_protocol::ledger::Tag;
use probity_runtime::query::{AccountView, ArtifactView, OperatorView, RewardView, View};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::stage::{Stage, address, get, json as body, request};

async fn read<T: DeserializeOwned>(stage: &Stage, path: &str) -> T {
    serde_json::from_value(stage.get(path).await).unwrap()
}

/// All pages of a list, two entries at a time.
async fn all<T: DeserializeOwned>(stage: &Stage, path: &str) -> Vec<T> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for _ in 0..100 {
        let page: ListEnvelope<T> = read(stage, &format!("{path}?limit=2{cursor}")).await;
        assert!(page.data.len() <= 2);
        found.extend(page.data);
        match page.next {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
    panic!("{path} does not end");
}

#[tokio::test]
async fn status_tells_the_tip() {
    let stage = Stage::new();
    let height = stage.memory.make_block();
    let status: Envelope<StatusView> = read(&stage, "/status").await;
    assert_eq!((status.height, status.data.height), (height, height));
    assert_eq!(status.schema, StatusView::SCHEMA);
    let world = stage.memory.world();
    assert_eq!(status.data.head_hash, world.chain.tip_hash());
    assert_eq!(status.data.state_root, world.chain.tip().state_root);
    assert_eq!((status.data.validators, status.data.peers), (4, 3));
}

#[tokio::test]
async fn an_account_that_nobody_used_is_empty_and_not_missing() {
    let stage = Stage::new();
    let known = address(&stage.payer());
    let account: Envelope<AccountView> = read(&stage, &format!("/accounts/{known}")).await;
    assert_eq!(account.data.free.units(), 10_000_000_000_000);
    let fresh = address(&probity_primitives::Keypair::from_seed([9; 32]));
    let account: Envelope<AccountView> = read(&stage, &format!("/accounts/{fresh}")).await;
    assert_eq!((account.data.free.units(), account.data.nonce), (0, 0));
}

#[tokio::test]
async fn a_list_read_in_pages_is_the_whole_list_in_order() {
    let stage = Stage::new();
    let operators: Vec<OperatorView> = all(&stage, "/operators").await;
    assert_eq!(operators.len(), 4);
    assert!(operators.is_sorted_by_key(|view| view.id));
    let artifacts: Vec<ArtifactView> = all(&stage, "/artifacts").await;
    assert_eq!(artifacts.len(), 4);
    let headers: Vec<probity_api::view::HeaderView> = all(&stage, "/blocks").await;
    let heights: Vec<u64> = headers.iter().map(|view| view.header.height.0).collect();
    let tip = stage.memory.world().chain.height().0;
    assert_eq!(heights, (0..=tip).rev().collect::<Vec<_>>());
    assert!(headers.iter().all(|view| view.hash == view.header.hash()));
}

#[tokio::test]
async fn lists_are_filtered() {
    let stage = Stage::new();
    let count = async |path: &str| stage.get(path).await["data"].as_array().unwrap().len();
    assert_eq!(count("/artifacts?kind=model").await, 2);
    assert_eq!(count("/artifacts?kind=workflow").await, 0);
    let owner = address(&stage.memory.world().people[0].clone());
    assert_eq!(count(&format!("/artifacts?owner={owner}")).await, 4);
    assert_eq!(count(&format!("/artifacts?owner={}", address(&stage.payer()))).await, 0);
    assert_eq!(count("/tasks").await, 2);
    assert_eq!(count("/tasks?phase=final").await, 1);
    let crate::stage::Known { benchmark, models, .. } = &stage.known;
    assert_eq!(count(&format!("/results?benchmark={benchmark}")).await, 1);
    assert_eq!(count(&format!("/results?artifact={}", models[1])).await, 0);
    assert_eq!(count("/slashes").await, 0);
    assert_eq!(count(&format!("/slashes?operator={}", stage.operator())).await, 0);
}

#[tokio::test]
async fn rewards_are_what_the_results_say_that_an_operator_was_paid() {
    let stage = Stage::new();
    let done = stage.known.done;
    let members = stage.memory.world().ledger().outcomes.get(&done).unwrap().members.clone();
    assert!(members.iter().any(|member| !member.paid.is_zero()));
    for member in &members {
        let path = format!("/operators/{}/rewards", member.operator);
        let rewards: Vec<RewardView> = all(&stage, &path).await;
        assert_eq!(rewards.len(), 1);
        assert_eq!((rewards[0].task, rewards[0].paid), (done, member.paid));
    }
}

#[tokio::test]
async fn things_are_found_by_their_identifiers() {
    let stage = Stage::new();
    let crate::stage::Known { benchmark, models, done, open } = stage.known.clone();
    assert_eq!(
        stage.get(&format!("/artifacts/{}", models[0])).await["data"]["id"],
        json!(models[0])
    );
    assert_eq!(stage.get(&format!("/tasks/{open}")).await["data"]["id"], json!(open));
    assert_eq!(stage.get(&format!("/results/{done}")).await["data"]["task"], json!(done));
    let operator = stage.operator();
    assert_eq!(stage.get(&format!("/operators/{operator}")).await["data"]["id"], json!(operator));
    let board = stage.get(&format!("/board?benchmark={benchmark}")).await;
    assert_eq!(board["data"]["rows"][0]["artifact"], json!(models[0]));
    assert_eq!(board["data"]["rows"][0]["rank"], json!(1));
}

#[tokio::test]
async fn assignments_tell_an_agent_what_to_do_and_from_which_nonce() {
    let stage = Stage::new();
    let (id, key, nonce) = {
        let world = stage.memory.world();
        let members = world.ledger().tasks.get(&stage.known.open).unwrap().phase.committee();
        let id = members[0].operator;
        let key = world.actor(&id).unwrap().key_address();
        (id, key, world.ledger().accounts.get(&key).unwrap().nonce)
    };
    let answer = stage.get(&format!("/assignments/{id}")).await;
    let data = &answer["data"];
    assert_eq!((&data["account"], &data["nonce"]), (&json!(key), &json!(nonce)));
    let assignment = &data["assignments"][0];
    assert_eq!(assignment["task_id"], json!(stage.known.open));
    assert_eq!(assignment["role"], "member");
    assert_eq!(assignment["submission"]["submission"], "committed");
    assert_eq!(assignment["files"]["model"]["path"], "main.bin");
}

#[tokio::test]
async fn the_supply_adds_up() {
    let stage = Stage::new();
    let supply = &stage.get("/supply").await["data"];
    assert_eq!(supply["sum"], supply["expected"]);
    assert!(supply["sum"].is_string(), "amounts are texts: {supply}");
}

#[tokio::test]
async fn the_genesis_document_has_the_hash_that_status_tells() {
    let stage = Stage::new();
    let genesis: Envelope<probity_runtime::Genesis> = read(&stage, "/genesis").await;
    let status: Envelope<StatusView> = read(&stage, "/status").await;
    assert_eq!(genesis.data.hash(), status.data.genesis_hash);
    let params = stage.get("/params").await;
    assert_eq!(params["data"], serde_json::to_value(&genesis.data.params).unwrap());
}

#[tokio::test]
async fn a_block_carries_its_transactions_and_its_votes() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    let hash = tx.hash();
    assert_eq!(stage.send(crate::stage::post_tx(&tx)).await.status(), 202);
    let height = stage.memory.make_block();
    let block: Envelope<probity_api::view::BlockView> =
        read(&stage, &format!("/blocks/{height}")).await;
    assert_eq!(block.data.txs.len(), 1);
    assert_eq!((block.data.txs[0].hash, &block.data.txs[0].tx), (hash, &tx));
    let world = stage.memory.world();
    let certificate = block.data.certificate.unwrap();
    let chain = &world.chain;
    let identity = chain.identity();
    certificate.verify(chain.validators(), &identity.chain_id, identity.genesis_hash).unwrap();
    assert_eq!(certificate.block, block.data.header.hash());
}

#[tokio::test]
async fn a_proof_leads_to_the_root_of_the_header_that_comes_with_it() {
    let stage = Stage::new();
    let account = address(&stage.payer());
    let key = state_key(Tag::accounts.byte(), &account);
    let tip = stage.memory.world().chain.height();
    for height in [None, Some(1)] {
        let query = height.map(|height| format!("?height={height}")).unwrap_or_default();
        let path = format!("/proofs/{}{query}", hex::encode(&key));
        let view: Envelope<probity_api::view::ProofView> = read(&stage, &path).await;
        let probity_api::view::ProofView { proof, header, certificate } = view.data;
        assert_eq!(proof.height.0, height.unwrap_or(tip.0));
        assert!(proof.value.is_some());
        proof.verify(header.state_root).unwrap();
        assert_eq!(certificate.unwrap().block, header.hash());
    }
    let absent = state_key(Tag::tasks.byte(), &stage.known.benchmark);
    let view: Envelope<probity_api::view::ProofView> =
        read(&stage, &format!("/proofs/{}", hex::encode(absent))).await;
    assert_eq!(view.data.proof.value, None);
    view.data.proof.verify(view.data.header.state_root).unwrap();
}

#[tokio::test]
async fn health_is_told_with_reasons() {
    let stage = Stage::new();
    assert_eq!(stage.send(get("/livez")).await.status(), 200);
    let ready = stage.send(get("/readyz")).await;
    assert_eq!(ready.status(), 200);
    stage.memory.syncing.store(true, std::sync::atomic::Ordering::SeqCst);
    let ready = stage.send(get("/readyz")).await;
    assert_eq!(ready.status(), 503);
    let reasons = body(ready).await["reasons"].clone();
    assert!(reasons[0].as_str().unwrap().contains("behind"), "{reasons}");
}

#[tokio::test]
async fn what_changes_is_not_cached() {
    let stage = Stage::new();
    let response = stage.send(get("/api/v1/status")).await;
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let put = request(Method::PUT, "/blobs", probity_api::OCTET_STREAM, "bytes");
    let hash = body(stage.send(put).await).await["data"]["hash"].clone();
    let file = stage.send(get(&format!("/api/v1/blobs/{}", hash.as_str().unwrap()))).await;
    assert!(file.headers()["cache-control"].to_str().unwrap().contains("immutable"));
}
