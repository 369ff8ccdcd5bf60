//! Time, requests at once, panics, and the server's end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::routing::get as route;
use probity_web::{ApiLimits, serve};
use tokio::net::TcpListener;

use crate::stage::{Stage, get};

const NOBODY: &str = "00000000000000000000000000000000000000000000000000000000000000aa";

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let limits = ApiLimits { request_time: Duration::from_millis(20), ..ApiLimits::default() };
    let stage = Stage::with_limits(limits);
    stage.memory.stuck.store(true, Ordering::SeqCst);
    let detail = stage.get_refused(&format!("/txs/{NOBODY}"), 504, "timeout").await;
    assert!(detail.contains("20 ms"), "{detail}");
}

#[tokio::test]
async fn more_requests_than_allowed_at_once_are_refused() {
    let limits =
        ApiLimits { request_time: Duration::from_secs(5), requests: 1, ..ApiLimits::default() };
    let stage = Stage::with_limits(limits);
    stage.memory.stuck.store(true, Ordering::SeqCst);
    let path = format!("/api/v1/txs/{NOBODY}");
    let stuck = stage.send(get(&path));
    let refused = async {
        tokio::task::yield_now().await;
        stage.get_refused("/status", 503, "overloaded").await
    };
    tokio::select! {
        biased;
        _ = stuck => panic!("the stuck request was answered"),
        detail = refused => assert!(detail.contains("1 requests"), "{detail}"),
    }
    stage.get("/status").await;
}

#[tokio::test]
async fn a_handler_that_panics_answers_and_the_next_request_is_served() {
    let stage = Stage::new();
    stage.memory.panicking.store(true, Ordering::SeqCst);
    let detail = stage.get_refused(&format!("/txs/{NOBODY}"), 500, "internal").await;
    assert!(!detail.contains("bug"), "{detail}");
    stage.get("/status").await;
}

#[tokio::test]
async fn the_server_stops_when_told_even_with_an_open_stream() {
    let limits = ApiLimits { grace: Duration::from_millis(50), ..ApiLimits::default() };
    let stage = Stage::with_limits(limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let shutdown = async {
        let _ = stopped.await;
    };
    let server = tokio::spawn(serve(listener, stage.router.clone(), limits, shutdown));
    let client = probity_client::Client::new(&format!("http://{address}")).unwrap();
    let mut events = client.events(None, &[]).await.unwrap();
    stage.memory.make_block();
    events.next().await.unwrap();
    stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(10), server).await;
    ended.expect("the server ends in time").unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served() {
    let limits = ApiLimits { connections: 1, ..ApiLimits::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", route(async || "ok"));
    tokio::spawn(serve(listener, router, limits, std::future::pending()));
    let first = ask(address).await;
    let second = tokio::time::timeout(Duration::from_millis(200), ask(address)).await;
    assert!(second.is_err(), "the second connection waits");
    drop(first);
    let third = tokio::time::timeout(Duration::from_secs(10), ask(address)).await;
    assert!(third.is_ok(), "a place is free again");
}

/// Opens a connection and waits until it is answered; it stays open.
async fn ask(address: std::net::SocketAddr) -> tokio::net::TcpStream {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream
}
