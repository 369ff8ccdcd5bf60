//! The JSON form of every schema, as it stands.
//!
//! Everything follows from one seed and from parameters of its own. Only what follows from a VRF
//! proof is left out, since proofs of one input differ: the names of blocks, and votes for them. A
//! change of a rule may change values here; a change of a key is a change of the API.

use axum::http::Method;
use insta::assert_json_snapshot;
use probity_api::OCTET_STREAM;
use probity_dao::Track;
use probity_primitives::table::state_key;
use probity_protocol::ledger::Tag;
use serde_json::Value;

use crate::governance::{aye, nothing};
use crate::stage::{Stage, address, get, json, post_tx, request, text};

/// Compares a document with its snapshot, but for what is at `random`.
fn same_but(name: &str, mut document: Value, random: &[&str]) {
    for pointer in random {
        let place = document.pointer_mut(pointer).unwrap_or_else(|| panic!("{name}{pointer}"));
        *place = Value::from("random");
    }
    assert_json_snapshot!(name, document);
}

fn same(name: &str, document: Value) {
    same_but(name, document, &[]);
}

#[tokio::test]
async fn node() {
    let stage = Stage::new();
    same_but("status", stage.get("/status").await, &["/data/head_hash"]);
    same("params", stage.get("/params").await);
    same("genesis", stage.get("/genesis").await);
    same("ready", json(stage.send(get("/readyz")).await).await);
}

#[tokio::test]
async fn money() {
    let stage = Stage::new();
    let owner = stage.memory.world().actors[0].owner_address();
    same("supply", stage.get("/supply").await);
    same("account", stage.get(&format!("/accounts/{owner}")).await);
    same("operator", stage.get(&format!("/operators/{}", stage.operator())).await);
    same("operator_list", stage.get("/operators?limit=1").await);
    same("slash_list", stage.get("/slashes").await);
}

#[tokio::test]
async fn evaluation() {
    let stage = Stage::new();
    let known = stage.known.clone();
    same("artifact_model", stage.get(&format!("/artifacts/{}", known.models[0])).await);
    same("artifact_benchmark", stage.get(&format!("/artifacts/{}", known.benchmark)).await);
    same("task", stage.get(&format!("/tasks/{}", known.open)).await);
    same("result", stage.get(&format!("/results/{}", known.done)).await);
    same("result_list", stage.get("/results?limit=1").await);
    same("board", stage.get(&format!("/board?benchmark={}", known.benchmark)).await);
    let member = {
        let world = stage.memory.world();
        world.ledger().tasks.get(&known.open).unwrap().phase.committee()[0].operator
    };
    same("assignments", stage.get(&format!("/assignments/{member}")).await);
}

#[tokio::test]
async fn disputes() {
    let stage = crate::disputes::disputed();
    same("dispute", stage.get("/disputes/0").await);
    same("dispute_list", stage.get("/disputes").await);
}

#[tokio::test]
async fn governance() {
    let stage = Stage::new();
    let id = stage.propose(Track::Root, "a title", nothing("a text")).await;
    let payer = stage.payer();
    stage.act(&payer, aye(id, 5)).await;
    same("governance", stage.get("/governance").await);
    same("referendum", stage.get(&format!("/referenda/{id}")).await);
    same("vote_list", stage.get(&format!("/referenda/{id}/votes")).await);
    let account = address(&payer);
    same("position", stage.get(&format!("/referenda/{id}/positions/{account}")).await);
    same("voter", stage.get(&format!("/voters/{account}")).await);
    same("delegation_list", stage.get("/delegations").await);
    let asked = r#"{"track":"cancel","action":{"cancel_referendum":{"referendum":0}}}"#;
    let asked = request(Method::POST, "/preview", "application/json", asked);
    same("preview", json(stage.send(asked).await).await);
    let feed = text(stage.send(get("/feeds/referenda.atom")).await).await;
    insta::assert_snapshot!("feed", feed);
}

#[tokio::test]
async fn chain() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    same("submitted", json(stage.send(post_tx(&tx)).await).await);
    let height = stage.memory.make_block();
    same("receipt", stage.get(&format!("/txs/{}", tx.hash())).await);
    let random = ["/data/hash", "/data/header/vrf", "/data/header/parent"];
    let votes = ["/data/certificate/block", "/data/certificate/signatures"];
    let block = stage.get(&format!("/blocks/{height}")).await;
    same_but("block", block, &[&random[..], &votes[..]].concat());
    let random = ["/data/0/hash", "/data/0/header/vrf", "/data/0/header/parent"];
    same_but("header_list", stage.get("/blocks?limit=1").await, &random);
    let key = hex::encode(state_key(Tag::accounts.byte(), &address(&stage.payer())));
    let random = ["/data/header/vrf", "/data/header/parent"];
    let proof = stage.get(&format!("/proofs/{key}")).await;
    same_but("proof", proof, &[&random[..], &votes[..]].concat());
    let put = request(Method::PUT, "/blobs", OCTET_STREAM, "bytes");
    same("blob", json(stage.send(put).await).await);
    let backend: &dyn probity_web::Backend = &*stage.memory;
    let records = serde_json::to_value(backend.records(height).await.unwrap()).unwrap();
    same_but("events", records, &["/0/happening/block/hash"]);
    let missing =
        get("/api/v1/tasks/0000000000000000000000000000000000000000000000000000000000000001");
    same("problem", json(stage.send(missing).await).await);
}
