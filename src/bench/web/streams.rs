//! Very many event streams, all of which are to be told of every block.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use probity_node::NodeHandle;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::bench::Figure;
use crate::exit::Failure;

/// Of how many blocks each is told.
const BLOCKS: usize = 10;
/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// When a stream was told of a block.
type Told = Vec<(String, Instant)>;

/// Opens streams and waits until each was told of some blocks.
pub(super) async fn measure(
    node: &NodeHandle,
    api: SocketAddr,
    streams: u32,
) -> core::result::Result<Vec<Figure>, Failure> {
    let mut open = JoinSet::new();
    for _ in 0..streams {
        open.spawn(async move { tokio::time::timeout(PATIENCE, follow(api)).await });
    }
    let mut served = 0u32;
    let mut blocks: BTreeMap<String, Vec<Instant>> = BTreeMap::new();
    while let Some(ended) = open.join_next().await {
        let Ok(Ok(Ok(told))) = ended else { continue };
        served = served.saturating_add(1);
        for (block, at) in told {
            blocks.entry(block).or_default().push(at);
        }
    }
    let everyone = usize::try_from(streams).unwrap_or(usize::MAX);
    let spans = blocks
        .values()
        .filter(|times| times.len() == everyone)
        .filter_map(|times| Some(times.iter().max()?.duration_since(*times.iter().min()?)));
    let slowest = spans.max().map_or(f64::NAN, |span| span.as_secs_f64() * 1_000.0);
    let height = node.snapshot().height();
    let block = node.header(height).ok().flatten().map(|header| header.time_ms);
    let before = probity_primitives::Height(height.0.saturating_sub(10));
    let earlier = node.header(before).ok().flatten().map(|header| header.time_ms);
    let pace =
        block.zip(earlier).and_then(|(now, then)| u32::try_from(now.checked_sub(then)? / 10).ok());
    Ok(vec![
        Figure::new(
            format!("event streams open at once that were told of {BLOCKS} blocks each"),
            (f64::from(served), "streams"),
            ("opened", f64::from(streams)),
            "1",
        ),
        Figure::new(
            "from the first stream that is told of a block to the last, the slowest block",
            (slowest, "ms"),
            ("a block takes", pace.map_or(f64::NAN, f64::from)),
            "<= 1",
        ),
    ])
}

/// Follows blocks on a stream of its own.
async fn follow(api: SocketAddr) -> Result<Told> {
    let mut stream = BufReader::new(TcpStream::connect(api).await?);
    let asked = b"GET /api/v1/events?kind=block HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(asked).await?;
    let mut told = Vec::new();
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    if !line.starts_with("HTTP/1.1 200") {
        return Err(Error::other(line));
    }
    while told.len() < BLOCKS {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if let Some(id) = line.strip_prefix("id:") {
            told.push((id.trim().to_owned(), Instant::now()));
        }
    }
    Ok(told)
}
