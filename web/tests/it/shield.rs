//! What stands around every answer: headers, origins, rates, tags.

use std::net::IpAddr;

use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, header};
use probity_web::ApiLimits;
use probity_web::caller::Caller;
use probity_web::rate::Rate;
use serde_json::json;

use crate::stage::{Stage, get, json as body, post_tx, text};

const PATHS: [&str; 6] =
    ["/", "/style.css", "/livez", "/api/v1/status", "/api/v1/nothing", "/feeds/disputes.atom"];

#[tokio::test]
async fn a_browser_is_told_to_run_and_load_nothing_from_elsewhere() {
    let stage = Stage::new();
    for path in PATHS {
        let response = stage.send(get(path)).await;
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.split("; ").any(|one| one == part), "{path}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("data:"), "{policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cross-origin-opener-policy"), "same-origin", "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_send_anything() {
    let stage = Stage::new();
    let tx = stage.signed(stage.transfer());
    let with = |headers: &[(&str, &str)]| {
        let mut request = post_tx(&tx);
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        request
    };
    let host = ("host", "node.example");
    for refused in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![host, ("origin", "https://elsewhere.example")],
        vec![host, ("origin", "null")],
        // What the browser itself says goes before what could be alike by chance.
        vec![host, ("origin", "http://node.example"), ("sec-fetch-site", "cross-site")],
    ] {
        stage.refused(with(&refused), 403, "cross_origin").await;
    }
    for taken in [
        vec![],
        vec![("sec-fetch-site", "same-origin")],
        vec![("sec-fetch-site", "none")],
        vec![host, ("origin", "http://node.example")],
    ] {
        assert_eq!(stage.send(with(&taken)).await.status(), 202, "{taken:?}");
    }
    // Reading is open to everyone.
    let mut read = get("/api/v1/status");
    read.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(stage.send(read).await.status(), 200);
}

/// A request from an address.
fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    let address: IpAddr = address.parse().unwrap();
    request.extensions_mut().insert(Caller::of(address, &HeaderMap::new()));
    request
}

#[tokio::test]
async fn an_address_that_asks_too_often_is_told_when_to_come_back() {
    let slow = Rate { per_second: 1, burst: 3 };
    let sends = Rate { per_second: 1, burst: 1 };
    let stage =
        Stage::with_limits(ApiLimits { reads: slow, sends, callers: 2, ..ApiLimits::default() });
    let ask = async |address: &str| stage.send(from(address, get("/api/v1/status"))).await;
    for _ in 0..3 {
        assert_eq!(ask("203.0.113.1").await.status(), 200);
    }
    let refused = ask("203.0.113.1").await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "1");
    let problem = body(refused).await;
    assert_eq!((&problem["code"], &problem["retryable"]), (&json!("rate_limited"), &json!(true)));
    assert_eq!(ask("203.0.113.2").await.status(), 200, "another address is not concerned");
    // Programs on this machine are not limited: agents of operators ask all the time.
    for _ in 0..20 {
        assert_eq!(ask("127.0.0.1").await.status(), 200);
    }
    let tx = stage.signed(stage.transfer());
    assert_eq!(stage.send(from("203.0.113.1", post_tx(&tx))).await.status(), 202);
    stage.refused(from("203.0.113.1", post_tx(&tx)), 429, "rate_limited").await;
}

async fn with_tag(stage: &Stage, path: &str, tag: &str) -> Response<Body> {
    let request = Request::get(path).header(header::IF_NONE_MATCH, tag);
    stage.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn whoever_has_an_answer_is_not_sent_it_again() {
    let stage = Stage::new();
    for path in ["/api/v1/status", "/api/v1/results", "/", "/feeds/referenda.atom"] {
        let first = stage.send(get(path)).await;
        let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        let again = with_tag(&stage, path, &format!("\"other\", W/{tag}")).await;
        assert_eq!((again.status().as_u16(), &*text(again).await), (304, ""), "{path}");
        assert_eq!(with_tag(&stage, path, "\"other\"").await.status(), 200);
    }
    let tag = {
        let first = stage.send(get("/api/v1/status")).await;
        first.headers()[header::ETAG].to_str().unwrap().to_owned()
    };
    stage.memory.make_block();
    let later = with_tag(&stage, "/api/v1/status", &tag).await;
    assert_eq!(later.status(), 200, "another height is another answer");
    assert_ne!(later.headers()[header::ETAG], tag.as_str());
}

#[tokio::test]
async fn what_is_no_answer_has_no_tag() {
    let stage = Stage::new();
    let missing = stage.send(get("/api/v1/nothing")).await;
    assert!(missing.headers().get(header::ETAG).is_none());
    let sent = stage.send(post_tx(&stage.signed(stage.transfer()))).await;
    assert!(sent.headers().get(header::ETAG).is_none());
    let stream = stage.send(get("/api/v1/events")).await;
    assert!(stream.headers().get(header::ETAG).is_none());
}
