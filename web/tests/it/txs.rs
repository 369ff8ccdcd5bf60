//! Transactions: taken, tried, refused.

use std::sync::atomic::Ordering;

use axum::http::Method;
use probity_api::OCTET_STREAM;
use probity_primitives::{Amount, BoundedString, Height, Keypair, Signature};
use probity_runtime::message::Transfer;
use probity_runtime::tx::MAX_TX_BYTES;
use probity_runtime::{Message, SignedTx, TxBody};
use serde_json::json;

use crate::stage::{Stage, address, json as body, post_tx, request};

/// Checks that a transaction is refused alike when it is sent and when it is tried.
async fn refused(stage: &Stage, tx: &SignedTx, status: u16, code: &str) -> String {
    let tried = request(Method::POST, "/txs?dry_run=true", OCTET_STREAM, tx.encode());
    stage.refused(tried, status, code).await;
    stage.refused(post_tx(tx), status, code).await
}

#[tokio::test]
async fn a_transaction_is_taken_and_has_a_receipt_once_a_block_has_it() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    let hash = tx.hash();
    let taken = stage.send(post_tx(&tx)).await;
    assert_eq!(taken.status(), 202);
    assert_eq!(body(taken).await["data"]["hash"], json!(hash));
    stage.get_refused(&format!("/txs/{hash}"), 404, "tx_not_found").await;
    let height = stage.memory.make_block();
    let receipt = stage.get(&format!("/txs/{hash}")).await;
    assert_eq!(receipt["data"]["height"], json!(height));
    assert_eq!(receipt["data"]["outcome"]["outcome"], "ok");
    assert_eq!(receipt["data"]["events"][0]["event"], "transferred");
}

#[tokio::test]
async fn a_transaction_that_is_sent_twice_is_taken_once_and_answered_twice() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    for _ in 0..2 {
        assert_eq!(stage.send(post_tx(&tx)).await.status(), 202);
    }
    stage.memory.make_block();
    let path = format!("/blocks/{}", stage.memory.world().chain.height());
    assert_eq!(stage.get(&path).await["data"]["txs"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_transaction_may_be_digits_in_json() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    let document = json!({ "tx": hex::encode(tx.encode()) }).to_string();
    let post = request(Method::POST, "/txs", "application/json; charset=utf-8", document);
    assert_eq!(stage.send(post).await.status(), 202);
    for wrong in ["", "{}", "[]", r#"{"tx":"zz"}"#, r#"{"tx":"00","more":1}"#] {
        let post = request(Method::POST, "/txs", "application/json", wrong);
        stage.refused(post, 400, "malformed_body").await;
    }
}

#[tokio::test]
async fn a_trial_tells_the_outcome_and_leaves_no_trace() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    let post = request(Method::POST, "/txs?dry_run=true", OCTET_STREAM, tx.encode());
    let tried = stage.send(post).await;
    assert_eq!(tried.status(), 200);
    assert_eq!(body(tried).await["data"]["outcome"]["outcome"], "ok");
    stage.memory.make_block();
    stage.get_refused(&format!("/txs/{}", tx.hash()), 404, "tx_not_found").await;
}

#[tokio::test]
async fn a_message_that_would_be_refused_is_told_with_its_code() {
    let stage = Stage::new();
    let to = address(&stage.payer());
    let message = Message::Transfer(Transfer { to, amount: Amount::from_tokens(1_000_000) });
    let tx = stage.signed(TxBody { message, ..stage.transfer() });
    let post = request(Method::POST, "/txs?dry_run=true", OCTET_STREAM, tx.encode());
    let outcome = body(stage.send(post).await).await["data"]["outcome"].clone();
    assert_eq!(outcome["outcome"], "refused");
    assert_eq!(outcome["code"], "account.bank.insufficient");
}

#[tokio::test]
async fn what_can_never_stand_here_is_unprocessable() {
    let stage = Stage::new();
    let good = stage.transfer();
    let chain = BoundedString::new("another").unwrap();
    let tx = stage.signed(TxBody { chain, ..good.clone() });
    let detail = refused(&stage, &tx, 422, "tx.wrong_chain").await;
    assert!(detail.contains("another") && detail.contains("world-1"), "{detail}");
    let forged =
        SignedTx { signature: Signature::from_bytes([7; 64]), ..stage.signed(good.clone()) };
    refused(&stage, &forged, 422, "tx.bad_signature").await;
    let stranger = Keypair::from_seed([9; 32]);
    let genesis_hash = stage.memory.world().chain.genesis_hash();
    let theirs = good.clone().sign(genesis_hash, &stranger);
    refused(&stage, &theirs, 422, "tx.wrong_key").await;
    let fee = Amount::from_units(1);
    let cheap = stage.signed(TxBody { fee, ..good });
    refused(&stage, &cheap, 422, "tx.fee_too_low").await;
}

#[tokio::test]
async fn what_the_state_rules_out_is_a_conflict() {
    let stage = Stage::new();
    let good = stage.transfer();
    let expired = stage.signed(TxBody { expiry: Height(1), ..good.clone() });
    refused(&stage, &expired, 409, "tx.expired").await;
    let far = stage.signed(TxBody { nonce: good.nonce + 1_000, ..good.clone() });
    refused(&stage, &far, 409, "tx.future_nonce").await;
    let stranger = Keypair::from_seed([9; 32]);
    let genesis_hash = stage.memory.world().chain.genesis_hash();
    let poor = TxBody { sender: address(&stranger), nonce: 0, ..good.clone() };
    refused(&stage, &poor.sign(genesis_hash, &stranger), 409, "tx.underfunded").await;
    let tx = stage.signed(good);
    assert_eq!(stage.send(post_tx(&tx)).await.status(), 202);
    stage.memory.make_block();
    let detail = refused(&stage, &tx, 409, "tx.stale_nonce").await;
    assert!(detail.contains("nonce 0"), "{detail}");
}

#[tokio::test]
async fn a_refused_nonce_is_answered_with_the_right_one() {
    let stage = Stage::new();
    let good = stage.transfer();
    let tx = stage.signed(good.clone());
    assert_eq!(stage.send(post_tx(&tx)).await.status(), 202);
    stage.memory.make_block();
    let problem = body(stage.send(post_tx(&tx)).await).await;
    let nonces =
        json!({ "expected": good.nonce + 1, "got": good.nonce, "pending": good.nonce + 1 });
    assert_eq!((&problem["code"], &problem["nonces"]), (&json!("tx.stale_nonce"), &nonces));
    assert!(problem.get("retry_at_height").is_none(), "{problem}");
}

#[tokio::test]
async fn the_next_free_nonce_counts_what_waits() {
    let stage = Stage::new();
    let good = stage.transfer();
    let path = format!("/accounts/{}/pending", good.sender);
    let pending = async || stage.get(&path).await["data"].clone();
    let (nonce, sender) = (good.nonce, good.sender);
    let nothing = json!({ "address": sender, "nonce": nonce, "next": nonce, "waiting": [] });
    assert_eq!(pending().await, nothing);
    // The second one waits above a gap, until the first fills it.
    let later = stage.signed(TxBody { nonce: nonce + 1, ..good.clone() });
    assert_eq!(stage.send(post_tx(&later)).await.status(), 202);
    assert_eq!(pending().await["next"], nonce);
    let first = stage.signed(good.clone());
    assert_eq!(stage.send(post_tx(&first)).await.status(), 202);
    let waiting = pending().await;
    assert_eq!((&waiting["next"], &waiting["nonce"]), (&json!(nonce + 2), &json!(nonce)));
    let one = json!({
        "hash": first.hash(), "nonce": nonce, "kind": "transfer", "fee": good.fee,
        "expiry": good.expiry,
    });
    assert_eq!(waiting["waiting"][0], one);
    stage.memory.make_block();
    // This proposer takes what waits as it came: the later one came too early for the block.
    let empty = json!({ "address": sender, "nonce": nonce + 1, "next": nonce + 1, "waiting": [] });
    assert_eq!(pending().await, empty);
}

#[tokio::test]
async fn a_trial_of_a_later_nonce_is_run_as_if_it_were_the_next() {
    let stage = Stage::new();
    let good = stage.transfer();
    let later = stage.signed(TxBody { nonce: good.nonce + 3, ..good });
    let tried = request(Method::POST, "/txs?dry_run=true", OCTET_STREAM, later.encode());
    let receipt = body(stage.send(tried).await).await;
    assert_eq!(receipt["data"]["outcome"]["outcome"], "ok", "{receipt}");
}

#[tokio::test]
async fn a_full_mempool_asks_to_come_back() {
    let stage = Stage::new();
    stage.memory.full.store(true, Ordering::SeqCst);
    let tx = stage.signed(stage.transfer());
    let response = stage.send(post_tx(&tx)).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers()["retry-after"], "1");
    let problem = body(response).await;
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("mempool_full"), &json!(true)));
    let next = stage.memory.world().chain.height().next().unwrap();
    assert_eq!(problem["retry_at_height"], json!(next));
}

#[tokio::test]
async fn bytes_that_are_no_transaction_are_refused() {
    let stage = Stage::new();
    let mut trailing = stage.signed(stage.transfer()).encode();
    trailing.push(0);
    for wrong in [Vec::new(), vec![0xff; 100], trailing] {
        let post = request(Method::POST, "/txs", OCTET_STREAM, wrong);
        stage.refused(post, 400, "tx.malformed").await;
    }
    let long = request(Method::POST, "/txs", OCTET_STREAM, vec![0; MAX_TX_BYTES + 1]);
    stage.refused(long, 413, "tx.oversized").await;
    let longer = request(Method::POST, "/txs", OCTET_STREAM, vec![0; 2 * MAX_TX_BYTES + 1_025]);
    stage.refused(longer, 413, "body_too_large").await;
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer()).encode();
    for media in ["text/plain", "", "multipart/form-data"] {
        let post = request(Method::POST, "/txs", media, tx.clone());
        stage.refused(post, 415, "unsupported_media_type").await;
    }
    let post = axum::http::Request::post("/api/v1/txs").body(tx.into()).unwrap();
    stage.refused(post, 415, "unsupported_media_type").await;
}
