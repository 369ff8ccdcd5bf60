//! A client that asks for pages: at a steady rate, or as fast as they come.
//!
//! It speaks HTTP itself, as little of it as the job needs: on a machine that runs the server too,
//! what a client costs is taken from it.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// Connections over which requests are spread.
const CONNECTIONS: u32 = 32;
/// The longest answer that is read, in bytes.
const MAX_BODY: usize = 8 << 20;

/// One connection, kept alive.
pub(super) struct Asker {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Asker {
    pub(super) async fn new(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), body: Vec::new() })
    }

    /// Asks for a path, with further headers; gives the status and the length of the answer.
    pub(super) async fn ask(&mut self, path: &str, headers: &str) -> Result<(u16, usize)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        self.stream.write_all(request.as_bytes()).await?;
        let broken = || Error::from(ErrorKind::InvalidData);
        let mut line = String::new();
        if self.stream.read_line(&mut line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status = status.ok_or_else(broken)?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().map_err(|_| broken())?;
            }
        }
        if length > MAX_BODY {
            return Err(broken());
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok((status, length))
    }

    /// Asks for a page that must be there; gives its length.
    async fn page(&mut self, path: &str) -> Result<usize> {
        match self.ask(path, "").await? {
            (200, length) => Ok(length),
            (status, _) => Err(Error::other(format!("{path} is answered with {status}"))),
        }
    }
}

/// Asks for so many pages in turn, so many a second, each when it is due; gives how long after that
/// each was there, and the longest answer in bytes.
pub(super) async fn pace(
    address: SocketAddr,
    paths: &[String],
    rate: u32,
    requests: u32,
) -> Result<(Vec<Duration>, usize)> {
    let begin = Instant::now() + Duration::from_millis(100);
    let mut askers = JoinSet::new();
    for first in 0..CONNECTIONS {
        let mut asker = Asker::new(address).await?;
        let mine = (first..requests).step_by(usize::try_from(CONNECTIONS).unwrap_or(1));
        let mine: Vec<(u32, String)> = mine.zip(turn(paths, first)).collect();
        askers.spawn(async move {
            let mut times = Vec::new();
            let mut longest = 0;
            for (number, path) in mine {
                let due = begin + Duration::from_secs(1) * number / rate;
                sleep_until(due).await;
                longest = asker.page(&path).await?.max(longest);
                times.push(due.elapsed());
            }
            Ok::<_, Error>((times, longest))
        });
    }
    let (mut times, mut longest) = (Vec::new(), 0);
    while let Some(asked) = askers.join_next().await {
        let (more, length) = asked.map_err(Error::other)??;
        times.extend(more);
        longest = length.max(longest);
    }
    Ok((times, longest))
}

/// Asks for so many pages in turn as fast as they come; gives how long that took.
pub(super) async fn storm(
    address: SocketAddr,
    paths: &[String],
    requests: u32,
) -> Result<Duration> {
    let begin = Instant::now();
    let mut askers = JoinSet::new();
    for first in 0..CONNECTIONS {
        let mut asker = Asker::new(address).await?;
        let mine: Vec<String> =
            turn(paths, first).take(usize::try_from(requests / CONNECTIONS).unwrap_or(0)).collect();
        askers.spawn(async move {
            for path in mine {
                asker.page(&path).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(asked) = askers.join_next().await {
        asked.map_err(Error::other)??;
    }
    Ok(begin.elapsed())
}

/// The paths that one of the connections asks for, over and over.
fn turn(paths: &[String], first: u32) -> impl Iterator<Item = String> {
    let first = usize::try_from(first).unwrap_or(0);
    let step = usize::try_from(CONNECTIONS).unwrap_or(1);
    paths.iter().cycle().skip(first).step_by(step).cloned()
}
