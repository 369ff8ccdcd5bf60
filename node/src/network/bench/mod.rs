//! Transfer throughput, for `probity bench`.
//!
//! One file goes from one node to another over loopback: encrypted, checked block by block, spooled,
//! flushed and kept. Beside it, in the same run, the same bytes go through a plain TCP connection
//! into a plain file that is flushed as well; their ratio is the price of the checks and of
//! encryption. Then the file goes once more to a node that asks three peers, one of which lies.
//!
//! All peers run in this process and share its processors, so that three are not faster than one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use libp2p::identity::Keypair;
use probity_harness::cache::{Cache, CacheError};
use probity_primitives::{ContentHash, Hash};

use super::{
    FetchError, Limits, Multiaddr, Nat, Network, NetworkConfig, NetworkError, NetworkHandle,
};

/// Why a measurement failed.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The network did not start.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The cache refused.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The plain copy failed.
    #[error("cannot copy over plain TCP: {0}")]
    Plain(#[from] io::Error),
}

/// How long a file took both ways.
#[derive(Debug, Clone, Copy)]
pub struct Measured {
    /// Size of the file in bytes.
    pub bytes: u64,
    /// From peer to peer, in checked blocks.
    pub transfer: Duration,
    /// From three peers, of which one sends wrong bytes.
    pub three: Duration,
    /// Wrong answers of that one until it was asked no more.
    pub lies: u64,
    /// Over one plain TCP connection, flushed to the disk as well.
    pub plain: Duration,
}

mod liar;

/// Transfers a file of `mebibytes` between nodes of this process; `dir` holds all files.
///
/// # Errors
/// [`BenchError`].
pub async fn transfer_throughput(dir: &Path, mebibytes: u32) -> Result<Measured, BenchError> {
    let from = Cache::open(dir.join("from"))?;
    let bytes = sample(mebibytes);
    let hash = from.insert_bytes(&bytes)?;
    let source = from.path_of(&hash);
    let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let target = dir.join("plain");
    let copy = move || plain_copy(&source, &target);
    let plain = tokio::task::spawn_blocking(copy).await.map_err(io::Error::other)??;
    let servers =
        [start(dir, "one", from.clone(), &[]).await?, start(dir, "two", from.clone(), &[]).await?];
    let [one, two] = servers.each_ref().map(NetworkHandle::listen_addrs);
    let (transfer, _) = timed_fetch(dir, "client", &one, (hash, size)).await?;
    let (running, stop) = tokio::sync::oneshot::channel();
    let liar = liar::start(from, loopback()?, stop).await?;
    let all = [one, two, vec![liar]].concat();
    let (three, lies) = timed_fetch(dir, "client of three", &all, (hash, size)).await?;
    drop(running);
    for server in servers {
        server.shutdown().await;
    }
    Ok(Measured { bytes: size, transfer, three, lies, plain })
}

/// How long a new node takes to fetch a file from these peers, and how many wrong answers it got.
async fn timed_fetch(
    dir: &Path,
    name: &str,
    peers: &[Multiaddr],
    (hash, size): (ContentHash, u64),
) -> Result<(Duration, u64), BenchError> {
    let cache = Cache::open(dir.join(format!("cache of {name}")))?;
    let client = start(dir, name, cache, peers).await?;
    client.wait_for_peers(peers.len()).await;
    let begin = Instant::now();
    client.fetch(hash, size).await?;
    let elapsed = begin.elapsed();
    let lies = client.counts().lies;
    client.shutdown().await;
    Ok((elapsed, lies))
}

/// Bytes that do not compress and differ from block to block.
fn sample(mebibytes: u32) -> Vec<u8> {
    let len = usize::try_from(mebibytes).unwrap_or_default().saturating_mul(1024 * 1024);
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"sample").finalize_xof().fill(&mut bytes);
    bytes
}

async fn start(
    dir: &Path,
    name: &str,
    cache: Cache,
    peers: &[Multiaddr],
) -> Result<NetworkHandle, NetworkError> {
    let config = NetworkConfig {
        identity: Keypair::generate_ed25519(),
        listen: vec![loopback()?],
        peers: peers.to_vec(),
        chain_id: "bench".to_owned(),
        genesis_hash: Hash::ZERO,
        spool: dir.join(name),
        peers_file: None,
        statement: None,
        nat: Nat::default(),
        // Each node speaks to those it is told of, and to nobody else.
        limits: Limits { outbound_target: 0, ..Limits::default() },
    };
    // Nothing is gossiped, so that nobody needs to take the events.
    Network::start(config, cache).await.map(|(handle, _)| handle)
}

fn loopback() -> Result<Multiaddr, NetworkError> {
    let address = format!("/ip4/{}/tcp/0", Ipv4Addr::LOCALHOST);
    let parsed = address.parse::<Multiaddr>();
    parsed.map_err(|error| NetworkError::Listen { address, reason: error.to_string() })
}

/// Sends a file through a TCP connection on loopback into another file, and flushes it.
fn plain_copy(source: &Path, target: &Path) -> io::Result<Duration> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    let mut file = File::open(source)?;
    let begin = Instant::now();
    let sender = std::thread::spawn(move || -> io::Result<()> {
        let mut stream = TcpStream::connect(address)?;
        let mut chunk = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut chunk)?;
            match chunk.get(..read) {
                Some([]) | None => return Ok(()),
                Some(bytes) => stream.write_all(bytes)?,
            }
        }
    });
    let (mut stream, _) = listener.accept()?;
    let mut out = File::create(target)?;
    io::copy(&mut stream, &mut out)?;
    out.sync_all()?;
    sender.join().map_err(|_| io::Error::other("the sending thread ended early"))??;
    Ok(begin.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_measured_file_arrives_whole() {
        let dir = tempfile::tempdir().unwrap();
        let measured = transfer_throughput(dir.path(), 2).await.unwrap();
        let hash = ContentHash::of_file(&sample(2));
        assert_eq!(measured.bytes, 2 * 1024 * 1024);
        assert_eq!(measured.lies, 1);
        let plain = std::fs::read(dir.path().join("plain")).unwrap();
        for cache in ["cache of client", "cache of client of three"] {
            let arrived = Cache::open(dir.path().join(cache)).unwrap().read(&hash, 1 << 30);
            assert!(arrived.unwrap() == plain);
        }
    }
}
