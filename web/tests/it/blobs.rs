//! Files by their hash.

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Method, Request, header};
use futures::stream;
use probity_api::OCTET_STREAM;
use probity_primitives::ContentHash;
use probity_web::ApiLimits;
use serde_json::json;

use crate::stage::{Stage, get, json as body, request};

fn small() -> Stage {
    Stage::with_limits(ApiLimits { blob_bytes: 1_000, ..ApiLimits::default() })
}

#[tokio::test]
async fn a_file_comes_back_by_its_hash() {
    let stage = Stage::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let put = request(Method::PUT, "/blobs", OCTET_STREAM, bytes.clone());
    let answer = body(stage.send(put).await).await;
    let hash = ContentHash::of_file(&bytes);
    assert_eq!(answer["data"], json!({ "hash": hash, "size": 300_000 }));
    let response = stage.send(get(&format!("/api/v1/blobs/{hash}"))).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], OCTET_STREAM);
    assert_eq!(response.headers()[header::CONTENT_LENGTH], "300000");
    assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(to_bytes(response.into_body(), 1 << 20).await.unwrap(), bytes);
}

#[tokio::test]
async fn a_file_that_says_it_is_too_long_is_refused_before_it_is_read() {
    let stage = small();
    let mut put = request(Method::PUT, "/blobs", OCTET_STREAM, Body::empty());
    put.headers_mut().insert(header::CONTENT_LENGTH, "1001".parse().unwrap());
    let detail = stage.refused(put, 413, "blob_too_large").await;
    assert!(detail.contains("1000"), "{detail}");
}

#[tokio::test]
async fn a_file_that_turns_out_too_long_is_refused() {
    let stage = small();
    let chunks = (0..11).map(|_| Ok::<_, std::io::Error>(Bytes::from(vec![1; 100])));
    let put = request(Method::PUT, "/blobs", OCTET_STREAM, Body::from_stream(stream::iter(chunks)));
    stage.refused(put, 413, "blob_too_large").await;
    let exact = request(Method::PUT, "/blobs", OCTET_STREAM, vec![1; 1_000]);
    assert_eq!(stage.send(exact).await.status(), 200);
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let stage = Stage::new();
    let chunks = [Ok(Bytes::from_static(b"abc")), Err(std::io::Error::other("reset"))];
    let put = request(Method::PUT, "/blobs", OCTET_STREAM, Body::from_stream(stream::iter(chunks)));
    let detail = stage.refused(put, 400, "malformed_body").await;
    assert!(detail.contains("reset"), "{detail}");
}

#[tokio::test]
async fn a_file_is_sent_as_bytes() {
    let stage = Stage::new();
    let put = request(Method::PUT, "/blobs", "text/html", "<p>");
    stage.refused(put, 415, "unsupported_media_type").await;
    let without = Request::put("/api/v1/blobs").body(Body::from("x")).unwrap();
    stage.refused(without, 415, "unsupported_media_type").await;
}
