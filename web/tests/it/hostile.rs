//! Clients that mean no good, over real sockets: slow ones, loud ones, and those who make up paths.

use std::net::SocketAddr;
use std::time::Duration;

use probity_web::{ApiLimits, Capacity, Pace, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::Stage;

/// How long anything may take before it is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

async fn server(limits: ApiLimits) -> (Stage, SocketAddr) {
    let stage = Stage::with_limits(limits);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, stage.router.clone(), limits, std::future::pending()));
    (stage, address)
}

/// Sends bytes and reads until the server hangs up.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // A server that has heard enough may hang up while it is still being talked to.
        let _ = stream.write_all(bytes).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    };
    tokio::time::timeout(PATIENCE, talk).await.expect("the server hangs up in time")
}

async fn is_served(address: SocketAddr) {
    let asked = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(address, asked).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn heads_that_never_end_are_hung_up_on_and_others_are_served() {
    let limits = ApiLimits {
        head_time: Duration::from_millis(300),
        connections: Capacity::new(64, 64),
        ..ApiLimits::default()
    };
    let (_stage, address) = server(limits).await;
    let mut slow = Vec::new();
    for _ in 0..60 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET /livez HTTP/1.1\r\nX-Slow: ").await.unwrap();
        slow.push(stream);
    }
    is_served(address).await;
    // One byte at a time keeps nobody's place.
    let mut dribbling = slow.pop().unwrap();
    let dribble = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(50));
        loop {
            ticks.tick().await;
            if dribbling.write_all(b"a").await.is_err() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, dribble).await.expect("it is hung up on");
    for mut stream in slow {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "it is hung up on");
    }
    is_served(address).await;
}

#[tokio::test]
async fn more_slow_clients_than_there_are_places_do_not_keep_others_out_for_long() {
    let limits = ApiLimits {
        head_time: Duration::from_millis(300),
        connections: Capacity::new(4, 4),
        ..ApiLimits::default()
    };
    let (_stage, address) = server(limits).await;
    let mut slow = Vec::new();
    for _ in 0..8 {
        slow.push(TcpStream::connect(address).await.unwrap());
    }
    // Whoever comes meanwhile is told to come again, and does.
    let asked = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let served = async {
        loop {
            let answer = exchange(address, asked).await;
            if answer.starts_with("HTTP/1.1 200") {
                break;
            }
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503"), "{answer}");
        }
    };
    tokio::time::timeout(PATIENCE, served).await.expect("a place is free again");
}

#[tokio::test]
async fn heads_that_are_too_long_are_refused() {
    let (_stage, address) = server(ApiLimits::default()).await;
    let long = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "a".repeat(200_000));
    let answer = exchange(address, long.as_bytes()).await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    let many = "X: y\r\n".repeat(500);
    let many = format!("GET /livez HTTP/1.1\r\nHost: x\r\n{many}\r\n");
    assert!(!exchange(address, many.as_bytes()).await.starts_with("HTTP/1.1 200"));
    is_served(address).await;
}

#[tokio::test]
async fn bodies_that_are_too_long_or_never_end_are_refused() {
    let limits = ApiLimits { request_time: Duration::from_millis(400), ..ApiLimits::default() };
    let (_stage, address) = server(limits).await;
    let head = "POST /api/v1/txs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/octet-stream\r\n";
    let long = [format!("{head}Content-Length: 2000000\r\n\r\n").into_bytes(), vec![0; 2_000_000]];
    let answer = exchange(address, &long.concat()).await;
    assert!(answer.is_empty() || answer.contains("body_too_large"), "{answer}");
    // It says that there is more, and sends no more.
    let answer =
        exchange(address, format!("{head}Content-Length: 100\r\n\r\nabc").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("timeout"), "{answer}");
    let unsaid = format!("{head}Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n");
    let answer = exchange(address, unsaid.as_bytes()).await;
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
    is_served(address).await;
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_given_up_and_one_that_comes_in_time_is_not() {
    let body = Pace { bytes: 1_000, within: Duration::from_millis(500) };
    let (_stage, address) = server(ApiLimits { body, ..ApiLimits::default() }).await;
    let head = "PUT /api/v1/blobs HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                Content-Type: application/octet-stream\r\nContent-Length: 4000\r\n\r\n";
    let send = async |bytes: usize| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let sending = async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(50));
            let mut left = 4_000_usize;
            while left > 0 {
                ticks.tick().await;
                let now = bytes.min(left);
                if to.write_all(&vec![0; now]).await.is_err() {
                    break;
                }
                left -= now;
            }
            to
        };
        let mut answer = Vec::new();
        let reading = from.read_to_end(&mut answer);
        let both = async { tokio::join!(tokio::spawn(sending), reading) };
        // It may be hung up on with an error while it is still sending.
        let _ = tokio::time::timeout(PATIENCE, both).await.expect("it is answered in time");
        String::from_utf8_lossy(&answer).into_owned()
    };
    let slow = send(1).await;
    assert!(slow.starts_with("HTTP/1.1 408") && slow.contains("slow_body"), "{slow}");
    let steady = send(400).await;
    assert!(steady.starts_with("HTTP/1.1 200"), "{steady}");
    is_served(address).await;
}

#[tokio::test]
async fn what_is_no_text_and_no_path_is_refused_and_reaches_no_file() {
    let (_stage, address) = server(ApiLimits::default()).await;
    let paths: [&[u8]; 12] = [
        b"/../../../../etc/passwd",
        b"/assets/js/../../Cargo.toml",
        b"/assets/js/%2e%2e/%2e%2e/Cargo.toml",
        b"/api/v1/blobs/..%2f..%2fetc%2fpasswd",
        b"/api/v1/blobs/%00",
        b"/api/v1/tasks/%ff%fe",
        b"/api/v1/tasks/\xff\xfe",
        b"//etc/passwd",
        b"/api/v1/accounts/%f0%9f%98%80",
        b"/feeds/referenda/..%2f..%2fx.atom",
        b"/api/v1/snapshots/..%2f1/manifest",
        b"/api/v1/results/%e2%80%ae/export/csv",
    ];
    for path in paths {
        let mut asked = b"GET ".to_vec();
        asked.extend_from_slice(path);
        asked.extend_from_slice(b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        let answer = exchange(address, &asked).await;
        let shown = String::from_utf8_lossy(path);
        assert!(answer.starts_with("HTTP/1.1 4"), "{shown}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("[package]"), "{shown}: {answer}");
    }
    let malformed: [&[u8]; 4] = [
        b"\xff\xff\xff\xff\r\n\r\n",
        b"GET\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ];
    for bytes in malformed {
        assert!(!exchange(address, bytes).await.starts_with("HTTP/1.1 2"));
    }
    is_served(address).await;
}

#[tokio::test]
async fn whoever_reads_nothing_is_hung_up_on() {
    let limits = ApiLimits { stall_time: Duration::from_millis(300), ..ApiLimits::default() };
    let (_stage, address) = server(limits).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let flood = async {
        // Answers pile up unread until nothing more can be written to this side.
        let asked = b"GET /api/v1/genesis HTTP/1.1\r\nHost: x\r\n\r\n".repeat(50);
        while stream.write_all(&asked).await.is_ok() {}
    };
    tokio::time::timeout(PATIENCE, flood).await.expect("it is hung up on");
    is_served(address).await;
}
