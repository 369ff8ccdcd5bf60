//! What is refused, with which status and code.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Request};

use crate::stage::{Stage, get, request};

const NOBODY: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

#[tokio::test]
async fn an_identifier_that_is_none_is_told_with_its_text() {
    let stage = Stage::new();
    let account = crate::stage::address(&stage.payer()).to_string();
    for (path, shown) in [
        ("/accounts/pbyt1nonsense", "pbyt1nonsense"),
        ("/operators/x", "\"x\""),
        ("/artifacts/abcd", "abcd"),
        ("/tasks/zz", "zz"),
        ("/results/zz", "zz"),
        ("/assignments/zz", "zz"),
        ("/txs/12", "12"),
        ("/blobs/12", "12"),
        ("/blocks/-1", "invalid digit"),
        ("/blocks/twelve", "invalid digit"),
        ("/proofs/zz", "hexadecimal"),
        ("/proofs/abc", "hexadecimal"),
    ] {
        let detail = stage.get_refused(path, 400, "malformed_id").await;
        assert!(detail.contains(shown), "{path}: {detail}");
    }
    // An account is not an operator.
    let detail = stage.get_refused(&format!("/operators/{account}"), 400, "malformed_id").await;
    assert!(detail.contains("pbytval"), "{detail}");
    let long = "ab".repeat(1_025);
    let detail = stage.get_refused(&format!("/proofs/{long}"), 400, "malformed_id").await;
    assert!(detail.contains("1 to 1024 bytes, not 1025"), "{detail}");
}

#[tokio::test]
async fn what_is_not_there_has_a_code_of_its_own() {
    let stage = Stage::new();
    let open = stage.known.open;
    let nobody = {
        let key = probity_primitives::Keypair::from_seed([9; 32]);
        probity_primitives::OperatorId::of(&crate::stage::address(&key), &key.public())
    };
    for (path, code) in [
        (format!("/operators/{nobody}"), "operator_not_found"),
        (format!("/operators/{nobody}/rewards"), "operator_not_found"),
        (format!("/assignments/{nobody}"), "operator_not_found"),
        (format!("/artifacts/{NOBODY}"), "artifact_not_found"),
        (format!("/tasks/{NOBODY}"), "task_not_found"),
        (format!("/results/{NOBODY}"), "result_not_found"),
        (format!("/results/{open}"), "result_not_found"),
        (format!("/results/{open}/certificate"), "certificate_not_found"),
        (format!("/board?benchmark={NOBODY}"), "benchmark_not_found"),
        (format!("/board?benchmark={}", stage.known.models[0]), "benchmark_not_found"),
        ("/blocks/99999".to_owned(), "block_not_found"),
        ("/proofs/00?height=99999".to_owned(), "block_not_found"),
        (format!("/txs/{NOBODY}"), "tx_not_found"),
        (format!("/blobs/{NOBODY}"), "blob_not_found"),
    ] {
        stage.get_refused(&path, 404, code).await;
    }
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let stage = Stage::new();
    for (path, shown) in [
        ("/operators?limit=0", "limit of 0"),
        ("/operators?limit=201", "limit of 201"),
        ("/operators?limit=many", "limit"),
        ("/operators?limits=3", "limits"),
        ("/artifacts?kind=poem", "poem"),
        ("/artifacts?owner=me", "me"),
        ("/tasks?phase=over", "over"),
        ("/results?benchmark=12", "12"),
        ("/board", "benchmark"),
        ("/proofs/00?height=low", "height"),
        ("/events?kind=", "list of at most"),
        ("/events?kind=BLOCK", "BLOCK"),
        ("/txs?dry_run=perhaps", "dry_run"),
    ] {
        let detail = if path.starts_with("/txs") {
            let post = request(Method::POST, path, probity_api::OCTET_STREAM, "");
            stage.refused(post, 400, "bad_parameter").await
        } else {
            stage.get_refused(path, 400, "bad_parameter").await
        };
        assert!(detail.contains(shown), "{path}: {detail}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_list_is_refused() {
    let stage = Stage::new();
    for path in [
        "/operators?cursor=12",
        "/artifacts?cursor=12",
        "/tasks?cursor=pbyt1",
        "/results?cursor=x",
        "/slashes?cursor=x",
        "/blocks?cursor=x",
        "/events?after=12",
        "/events?after=99999-0",
    ] {
        stage.get_refused(path, 400, "bad_cursor").await;
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let stage = Stage::new();
    for path in ["/index.html", "/api/v1", "/api/v1/nothing", "/api/v2/status", "/admin"] {
        let detail = stage.refused(get(path), 404, "route_not_found").await;
        assert!(detail.contains(path), "{detail}");
    }
    for (method, path) in [
        (Method::POST, "/api/v1/status"),
        (Method::DELETE, "/api/v1/txs"),
        (Method::GET, "/api/v1/txs"),
        (Method::PUT, "/livez"),
    ] {
        let wrong = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
        let detail = stage.refused(wrong, 405, "method_not_allowed").await;
        assert!(detail.contains(method.as_str()) && detail.contains(path), "{detail}");
    }
}

#[tokio::test]
async fn a_broken_store_is_told_without_its_secrets() {
    let stage = Stage::new();
    stage.memory.broken.store(true, Ordering::SeqCst);
    let detail = stage.get_refused("/blocks/1", 500, "internal").await;
    assert!(!detail.contains("17"), "{detail}");
}

#[tokio::test]
async fn what_was_pruned_is_gone_and_not_unknown() {
    let stage = Stage::new();
    stage.memory.kept_from.store(5, Ordering::SeqCst);
    let detail = stage.get_refused("/proofs/00?height=4", 410, "height_pruned").await;
    assert!(detail.contains("height 4"), "{detail}");
    stage.get("/proofs/00?height=5").await;
    let detail = stage.get_refused("/blocks/4", 410, "height_pruned").await;
    assert!(detail.contains("block 4"), "{detail}");
    stage.get("/blocks/5").await;
    stage.get_refused("/events?after=3-7", 410, "events_pruned").await;
    let headers = stage.get("/blocks?limit=200").await;
    assert_eq!(headers["data"].as_array().unwrap().last().unwrap()["header"]["height"], 5);
}
