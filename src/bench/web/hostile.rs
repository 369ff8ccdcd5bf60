//! Four nodes that decide blocks, without and with clients that mean no good.
//!
//! What such a client costs is its node's work and not its own, so that each is slow or loud at a
//! rate that leaves the machine its processors: at every node so many heads that never end, so many
//! who read no answer, and so many requests a second: pages from addresses that ask too often,
//! heads that are too long, bytes that are no text, bodies that do not come.

use std::net::SocketAddr;
use std::time::Duration;

use probity_node::NodeHandle;
use probity_primitives::Height;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::asker::{Asker, pace};
use crate::bench::load::{BLOCK_TIME, intervals, percentile};
use crate::bench::{Figure, network};
use crate::demo::cast::Cast;
use crate::exit::{Code, Failure, OrFail};

/// For how long blocks are watched, without hostile clients and with them.
const WATCH: Duration = Duration::from_secs(30);
/// Heads that come a byte a second, at each node.
const SLOW: u32 = 128;
/// Clients that ask and read nothing, at each node.
const DEAF: u32 = 16;
/// Pages that are asked for a second, at each node.
const LOUD: u32 = 250;
/// Addresses that they seem to come from.
const ADDRESSES: u32 = 4;
/// Malformed requests a second, at each node.
const MALFORMED: u32 = 20;
/// How many pages others ask for a second meanwhile.
const OTHERS: u32 = 20;

/// Measures blocks and answers, without and with hostile clients.
pub(super) async fn measure() -> Result<Vec<Figure>, Failure> {
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let cast = Cast::new(network::now_ms())?;
    network::among(folder.path(), &cast, BLOCK_TIME, async |nodes| among(nodes).await).await
}

async fn among(nodes: &[NodeHandle]) -> Result<Vec<Figure>, Failure> {
    let first = network::first(nodes)?;
    first.reach(Height(3)).await;
    let quiet = watch(first).await?;
    let apis: Vec<SocketAddr> = nodes.iter().filter_map(NodeHandle::api_address).collect();
    let mut hostile = JoinSet::new();
    apis.iter().for_each(|api| hang_on(&mut hostile, *api));
    let hostile_seen = watch(first).await?;
    hostile.shutdown().await;
    let pair = |of: fn(&Watched) -> f64| (of(&hostile_seen), of(&quiet));
    let figure = |what: &str, (value, reference), wanted| {
        Figure::new(what, (value, "ms"), ("without them", reference), wanted)
    };
    Ok(vec![
        figure("block interval among hostile clients, the median", pair(Watched::median), "<= 1.2"),
        figure("the same, 99 of 100", pair(Watched::most), "<= 1.2"),
        figure("a page for others meanwhile, 99 of 100", pair(|seen| seen.page), "-"),
    ])
}

/// What was seen of a node for some time.
struct Watched {
    /// The times between blocks, in ascending order.
    blocks: Vec<Duration>,
    /// What 99 of 100 pages stay within, in milliseconds.
    page: f64,
}

impl Watched {
    fn median(&self) -> f64 {
        let middle = self.blocks.get(self.blocks.len() / 2);
        middle.map_or(f64::NAN, |middle| middle.as_secs_f64() * 1_000.0)
    }

    fn most(&self) -> f64 {
        percentile(&self.blocks)
    }
}

async fn watch(node: &NodeHandle) -> Result<Watched, Failure> {
    let api = node.api_address().ok_or_else(|| Failure::new(Code::Other, "no API"))?;
    let paths = ["/".to_owned(), "/validators".to_owned(), "/gov".to_owned()];
    let requests = OTHERS * u32::try_from(WATCH.as_secs()).unwrap_or(1);
    let (mut blocks, pages) =
        tokio::join!(intervals(node, WATCH), pace(api, &paths, OTHERS, requests));
    let (mut pages, _) = pages.or_fail(Code::Other, "a page is not answered")?;
    blocks.sort_unstable();
    pages.sort_unstable();
    Ok(Watched { blocks, page: percentile(&pages) })
}

/// Sets every kind of hostile client on a node. Whatever becomes of one, it begins again.
fn hang_on(hostile: &mut JoinSet<()>, api: SocketAddr) {
    for _ in 0..SLOW {
        hostile.spawn(again(Duration::from_secs(1), move || slow(api)));
    }
    for _ in 0..DEAF {
        hostile.spawn(again(Duration::from_secs(1), move || deaf(api)));
    }
    hostile.spawn(again(Duration::from_secs(1), move || loud(api)));
    hostile.spawn(again(Duration::from_secs(1) / MALFORMED, move || malformed(api)));
}

async fn again<F: Future<Output = std::io::Result<()>>>(pause: Duration, attempt: impl Fn() -> F) {
    let mut ticks = interval(pause);
    loop {
        ticks.tick().await;
        // It is hung up on sooner or later: that is what it is there for.
        let _ = attempt().await;
    }
}

/// A head that comes a byte a second.
async fn slow(api: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(api).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nx-slow: ").await?;
    let mut ticks = interval(Duration::from_secs(1));
    loop {
        ticks.tick().await;
        stream.write_all(b"a").await?;
    }
}

/// Asks for more and more, and reads nothing of it.
async fn deaf(api: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(api).await?;
    let asked = b"GET /api/v1/genesis HTTP/1.1\r\nhost: x\r\n\r\n".repeat(20);
    loop {
        stream.write_all(&asked).await?;
    }
}

/// Asks for pages at a steady rate, from a few addresses in turn.
async fn loud(api: SocketAddr) -> std::io::Result<()> {
    let mut asker = Asker::new(api).await?;
    let mut ticks = interval(Duration::from_secs(1) / LOUD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    for number in (0..ADDRESSES).cycle() {
        ticks.tick().await;
        asker.ask("/", &format!("x-forwarded-for: 203.0.113.{number}\r\n")).await?;
    }
    Ok(())
}

/// One after the other: a head without end, bytes that are no text, a body that does not come.
async fn malformed(api: SocketAddr) -> std::io::Result<()> {
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(200_000));
    let body = "POST /api/v1/txs HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n";
    for bytes in [long.as_bytes(), b"GET /\xff\xfe/../%00 HTTP/1.1\r\n\r\n", body.as_bytes()] {
        let mut stream = TcpStream::connect(api).await?;
        let talk = async {
            stream.write_all(bytes).await?;
            let mut answer = [0; 512];
            stream.read(&mut answer).await
        };
        // Whoever is not answered at once is as good as refused.
        let _ = timeout(Duration::from_millis(50), talk).await;
    }
    Ok(())
}
