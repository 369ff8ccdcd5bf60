//! Time, requests at once, panics, and the server's end.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::routing::get as route;
use probity_web::caller::Caller;
use probity_web::{ApiLimits, Capacity, Full, Observer, Server, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, watch};

use crate::stage::{Stage, get};

/// How long anything may take before it is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

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
    let limits = ApiLimits {
        request_time: Duration::from_secs(5),
        requests: Capacity::new(1, 1),
        ..ApiLimits::default()
    };
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
        detail = refused => assert!(detail.contains("requests are worked on"), "{detail}"),
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
    ended.expect("the server ends in time").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

/// Serves a hello with some limits; gives its address, and what its observer is told.
async fn hello(limits: ApiLimits) -> (SocketAddr, Arc<Told>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", route(async || "ok"));
    let told = Arc::new(Told::default());
    let server = Server::new(router, limits).observed(told.clone());
    tokio::spawn(server.serve(listener, std::future::pending()));
    (address, told)
}

#[tokio::test]
async fn no_more_connections_than_allowed_are_served_and_the_others_are_told_so() {
    let connections = Capacity::new(2, 2);
    let (address, told) = hello(ApiLimits { connections, ..ApiLimits::default() }).await;
    let (first, _second) = (ask(address).await, ask(address).await);
    let refused = refusal(Ipv4Addr::LOCALHOST, address).await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("\"overloaded\"") && refused.contains("retry-after"), "{refused}");
    assert_eq!(told.turned_away.lock().unwrap().as_slice(), [Full::All]);
    assert_eq!(told.open(), 2);
    drop(first);
    told.until(1).await;
    ask(address).await;
}

#[tokio::test]
async fn an_address_has_its_part_of_the_connections_and_others_have_theirs() {
    let connections = Capacity { local: 2, ..Capacity::new(64, 64) };
    let (address, told) = hello(ApiLimits { connections, ..ApiLimits::default() }).await;
    let _held = (ask(address).await, ask(address).await);
    let refused = refusal(Ipv4Addr::LOCALHOST, address).await;
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    assert!(refused.contains("\"too_many_open\""), "{refused}");
    assert_eq!(told.turned_away.lock().unwrap().as_slice(), [Full::Caller]);
    // Another address of this machine.
    let served = refusal(Ipv4Addr::new(127, 0, 0, 2), address).await;
    assert!(served.starts_with("HTTP/1.1 200"), "{served}");
}

#[tokio::test]
async fn a_crowd_that_is_turned_away_costs_little_and_keeps_nobody_out_afterwards() {
    let connections = Capacity::new(1, 1);
    let (address, told) = hello(ApiLimits { connections, ..ApiLimits::default() }).await;
    let first = ask(address).await;
    // They come and ask nothing.
    let mut crowd = Vec::new();
    for _ in 0..300 {
        crowd.push(TcpStream::connect(address).await.unwrap());
    }
    told.turned_away(300).await;
    assert_eq!(told.open(), 1);
    drop(first);
    told.until(0).await;
    ask(address).await;
}

#[tokio::test]
async fn one_address_does_not_take_all_the_places_of_requests() {
    let requests = Capacity::new(8, 1);
    let limits =
        ApiLimits { request_time: Duration::from_secs(5), requests, ..ApiLimits::default() };
    let stage = Stage::with_limits(limits);
    stage.memory.stuck.store(true, Ordering::SeqCst);
    let from = |address: &str, path: &str| {
        let address: IpAddr = address.parse().unwrap();
        let mut request = get(path);
        let caller = Caller::of(address, &axum::http::HeaderMap::new());
        request.extensions_mut().insert(caller);
        request
    };
    let stuck = stage.send(from("203.0.113.1", &format!("/api/v1/txs/{NOBODY}")));
    let others = async {
        tokio::task::yield_now().await;
        stage.refused(from("203.0.113.1", "/api/v1/status"), 429, "too_many_open").await;
        stage.send(from("203.0.113.2", "/api/v1/status")).await.status()
    };
    tokio::select! {
        biased;
        _ = stuck => panic!("the stuck request was answered"),
        status = others => assert_eq!(status, 200),
    }
}

/// What an observer is told.
#[derive(Default)]
struct Told {
    open: watch::Sender<usize>,
    turned_away: Mutex<Vec<Full>>,
    changed: Notify,
}

impl Told {
    fn open(&self) -> usize {
        *self.open.borrow()
    }

    /// Waits until so many connections are open.
    async fn until(&self, open: usize) {
        let mut seen = self.open.subscribe();
        let reached = seen.wait_for(|now| *now == open);
        tokio::time::timeout(PATIENCE, reached).await.expect("in time").unwrap();
    }

    /// Waits until so many were turned away.
    async fn turned_away(&self, many: usize) {
        let enough = async {
            while self.turned_away.lock().unwrap().len() < many {
                self.changed.notified().await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("in time");
    }
}

impl Observer for Told {
    fn entered(&self) {
        self.open.send_modify(|open| *open += 1);
    }

    fn left(&self) {
        self.open.send_modify(|open| *open -= 1);
    }

    fn turned_away(&self, why: Full) {
        self.turned_away.lock().unwrap().push(why);
        self.changed.notify_one();
    }

    fn answered(&self, _: &str, _: &str, _: u16, _: Duration) {}
}

/// What a request from an address of this machine is answered with before it is hung up on.
async fn refusal(from: Ipv4Addr, address: SocketAddr) -> String {
    let talk = async {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        let asked = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(asked).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("the server hangs up in time")
}

/// Opens a connection and waits until it is answered; it stays open.
async fn ask(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200 OK");
    stream
}
