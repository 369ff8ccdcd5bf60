//! Fetching one file from the peers that have it.
//!
//! 1. All connected peers are asked for the size.
//! 2. A peer that claims a size proves it by the file's last block; claims that differ from the
//!    proven size are lies, and their peers are dropped.
//! 3. Runs of blocks are taken from all peers that are left, a few at a time from each, checked and
//!    written. A peer's first wrong, oversized, missing or late answer drops it for this file, and
//!    its runs go to the others.
//! 4. The cache checks the whole file and takes it.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, join_all};
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use probity_harness::cache::Cache;
use probity_primitives::ContentHash;

use super::super::command::Asker;
use super::super::limits::Limits;
use super::blocks::{BlockError, block_count, verify};
use super::error::{FetchError, Refusal, Refusals};
use super::message::{Request, Response, Run};
use super::spool::Spool;

/// How often a peer may be busy for one run.
const BUSY_TRIES: u32 = 20;
/// Wait after a peer was busy, times the number of times.
const BUSY_WAIT: Duration = Duration::from_millis(20);

/// What a fetch works with.
#[derive(Debug, Clone)]
pub(in super::super) struct Fetcher {
    pub(in super::super) asker: Asker,
    pub(in super::super) cache: Cache,
    pub(in super::super) spool: PathBuf,
    pub(in super::super) limits: Limits,
}

/// A peer's claim of a file's size.
type Claim = (PeerId, u64);

impl Fetcher {
    /// Fetches a file of at most `limit` bytes from `peers` into the cache.
    pub(in super::super) async fn fetch(
        &self,
        peers: Vec<PeerId>,
        hash: ContentHash,
        limit: u64,
    ) -> Result<PathBuf, FetchError> {
        let time = self.limits.fetch_timeout;
        let limit = limit.min(self.cache.limit());
        tokio::time::timeout(time, self.fetch_untimed(peers, hash, limit))
            .await
            .unwrap_or(Err(FetchError::TimedOut { hash, seconds: time.as_secs() }))
    }

    async fn fetch_untimed(
        &self,
        peers: Vec<PeerId>,
        hash: ContentHash,
        limit: u64,
    ) -> Result<PathBuf, FetchError> {
        // It may have come between the caller's look and this one.
        if let Some(path) = self.cache.get(&hash) {
            return Ok(path);
        }
        if peers.is_empty() {
            return Err(FetchError::NoPeers { hash });
        }
        let claims = self.claims(peers, hash, limit).await?;
        let (size, providers, refusals) = self.prove_size(claims, hash).await?;
        let dir = self.spool.clone();
        let spool = blocking(hash, move || Spool::open(&dir, hash, size)).await?;
        let spool = Arc::new(spool.map_err(|error| disk(hash, &error))?);
        let mut download = Download::new(self, hash, size, Arc::clone(&spool));
        download.refusals = refusals;
        download.run(providers).await?;
        let cache = self.cache.clone();
        blocking(hash, move || spool.finish(&cache))
            .await?
            .map_err(|source| FetchError::Cache { hash, source: Arc::new(source) })
    }

    /// Who has the file, and how long they say it is. Peers are asked a group at a time, until one
    /// has it.
    async fn claims(
        &self,
        peers: Vec<PeerId>,
        hash: ContentHash,
        limit: u64,
    ) -> Result<Vec<Claim>, FetchError> {
        let mut smallest: Option<u64> = None;
        for group in peers.chunks(self.limits.providers.max(1)) {
            let claims = join_all(group.iter().map(|peer| self.claim(*peer, hash))).await;
            let (fitting, larger): (Vec<Claim>, Vec<Claim>) =
                claims.into_iter().flatten().partition(|claim| claim.1 <= limit);
            if !fitting.is_empty() {
                return Ok(fitting);
            }
            smallest = larger.into_iter().map(|claim| claim.1).chain(smallest).min();
        }
        Err(match smallest {
            Some(size) => FetchError::TooLarge { hash, size, limit },
            None => FetchError::NotFound { hash, asked: peers.len() },
        })
    }

    async fn claim(&self, peer: PeerId, hash: ContentHash) -> Option<Claim> {
        match ask_patiently(&self.asker, peer, Request::Size(hash)).await {
            Ok(Response::Size(size)) => Some((peer, size)),
            Ok(Response::Blocks(_) | Response::NotFound | Response::Busy) | Err(_) => None,
        }
    }

    /// The size that a peer proved, and the peers that claim the same.
    async fn prove_size(
        &self,
        claims: Vec<Claim>,
        hash: ContentHash,
    ) -> Result<(u64, Vec<PeerId>, Refusals), FetchError> {
        let mut refusals = Refusals::default();
        for &(peer, size) in &claims {
            let run = Run { first: block_count(size).saturating_sub(1), count: 1 };
            let checked = match take(&self.asker, peer, hash, run).await {
                Ok(response) => {
                    verify(&hash, size, run, &response, |_, _| Ok(())).map_err(Refusal::Blocks)
                }
                Err(refusal) => Err(refusal),
            };
            match checked {
                Ok(()) => return Ok(agreeing(claims, size, refusals)),
                Err(refusal) => drop_peer(&mut refusals, hash, peer, refusal),
            }
        }
        Err(FetchError::NoPeerLeft { hash, have: 0, blocks: 0, refusals })
    }
}

/// The peers that claim the proven size and were not dropped before; the others are dropped.
fn agreeing(
    claims: Vec<Claim>,
    proven: u64,
    mut refusals: Refusals,
) -> (u64, Vec<PeerId>, Refusals) {
    let mut providers = Vec::new();
    for (peer, claimed) in claims {
        if refusals.0.iter().any(|(refused, _)| *refused == peer) {
            continue;
        }
        if claimed == proven {
            providers.push(peer);
        } else {
            refusals.0.push((peer, Refusal::WrongSize { claimed, proven }));
        }
    }
    (proven, providers, refusals)
}

/// How one run ended, and with whom.
type Ended = (PeerId, Run, Result<(), RunError>);

/// Why a run did not come.
enum RunError {
    /// The peer is at fault.
    Peer(Refusal),
    /// This node is at fault.
    Own(FetchError),
}

/// The third step of a fetch.
struct Download<'a> {
    fetcher: &'a Fetcher,
    hash: ContentHash,
    size: u64,
    spool: Arc<Spool>,
    queue: VecDeque<Run>,
    /// Who is asked, and how many requests are in flight to each.
    providers: BTreeMap<PeerId, usize>,
    refusals: Refusals,
}

impl<'a> Download<'a> {
    fn new(fetcher: &'a Fetcher, hash: ContentHash, size: u64, spool: Arc<Spool>) -> Self {
        let queue = spool.missing().into();
        let (providers, refusals) = (BTreeMap::new(), Refusals::default());
        Self { fetcher, hash, size, spool, queue, providers, refusals }
    }

    async fn run(&mut self, providers: Vec<PeerId>) -> Result<(), FetchError> {
        self.providers = providers.into_iter().map(|peer| (peer, 0)).collect();
        let mut in_flight: FuturesUnordered<BoxFuture<'static, Ended>> = FuturesUnordered::new();
        loop {
            while let Some((peer, run)) = self.next() {
                in_flight.push(self.start(peer, run));
            }
            let Some((peer, run, result)) = in_flight.next().await else { break };
            if let Some(count) = self.providers.get_mut(&peer) {
                *count = count.saturating_sub(1);
            }
            match result {
                Ok(()) => {}
                Err(RunError::Peer(refusal)) => {
                    if self.providers.remove(&peer).is_some() {
                        drop_peer(&mut self.refusals, self.hash, peer, refusal);
                    }
                    self.queue.push_front(run);
                }
                Err(RunError::Own(error)) => return Err(error),
            }
        }
        if self.queue.is_empty() {
            return Ok(());
        }
        Err(FetchError::NoPeerLeft {
            hash: self.hash,
            have: self.spool.blocks_here(),
            blocks: block_count(self.size),
            refusals: std::mem::take(&mut self.refusals),
        })
    }

    /// The next run and who is asked for it: the peer with the fewest requests in flight.
    fn next(&mut self) -> Option<(PeerId, Run)> {
        let (peer, count) = self.providers.iter_mut().min_by_key(|(_, count)| **count)?;
        if *count >= self.fetcher.limits.requests_per_provider {
            return None;
        }
        let run = self.queue.pop_front()?;
        *count = count.saturating_add(1);
        Some((*peer, run))
    }

    fn start(&self, peer: PeerId, run: Run) -> BoxFuture<'static, Ended> {
        let (asker, spool) = (self.fetcher.asker.clone(), Arc::clone(&self.spool));
        let (hash, size) = (self.hash, self.size);
        async move {
            let result = match take(&asker, peer, hash, run).await {
                Ok(response) => keep(spool, hash, size, run, response).await,
                Err(refusal) => Err(RunError::Peer(refusal)),
            };
            (peer, run, result)
        }
        .boxed()
    }
}

impl From<BlockError> for RunError {
    fn from(error: BlockError) -> Self {
        Self::Peer(Refusal::Blocks(error))
    }
}

/// Checks a response and writes its blocks, each as soon as it proved true.
async fn keep(
    spool: Arc<Spool>,
    hash: ContentHash,
    size: u64,
    run: Run,
    response: Vec<u8>,
) -> Result<(), RunError> {
    let own = move |error: std::io::Error| RunError::Own(disk(hash, &error));
    let work = move || {
        verify(&hash, size, run, &response, |offset, block| {
            spool.write(offset, block).map_err(own)
        })?;
        spool.done(run).map_err(own)
    };
    blocking(hash, work).await.unwrap_or_else(|error| Err(RunError::Own(error)))
}

/// The encoded blocks of a run from one peer, not yet checked.
async fn take(
    asker: &Asker,
    peer: PeerId,
    hash: ContentHash,
    run: Run,
) -> Result<Vec<u8>, Refusal> {
    match ask_patiently(asker, peer, Request::Blocks { hash, run }).await? {
        Response::Blocks(blocks) => Ok(blocks),
        Response::NotFound => Err(Refusal::NotFound),
        Response::Busy => Err(Refusal::Busy(BUSY_TRIES)),
        Response::Size(_) => Err(Refusal::WrongAnswer),
    }
}

/// Asks, and asks again when the peer is busy.
async fn ask_patiently(asker: &Asker, peer: PeerId, request: Request) -> Result<Response, Refusal> {
    for time in 1..BUSY_TRIES {
        match asker.ask(peer, request).await? {
            Response::Busy => tokio::time::sleep(BUSY_WAIT.saturating_mul(time)).await,
            answer @ (Response::Size(_) | Response::Blocks(_) | Response::NotFound) => {
                return Ok(answer);
            }
        }
    }
    Ok(asker.ask(peer, request).await?)
}

fn drop_peer(refusals: &mut Refusals, hash: ContentHash, peer: PeerId, refusal: Refusal) {
    tracing::info!(%hash, %peer, reason = %refusal, "a peer is dropped for a file");
    refusals.0.push((peer, refusal));
}

fn disk(hash: ContentHash, error: &std::io::Error) -> FetchError {
    FetchError::Disk { hash, reason: error.to_string() }
}

/// Runs `work` on a thread that may block; it is lost only when the runtime ends.
async fn blocking<T: Send + 'static>(
    hash: ContentHash,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FetchError::Ended { hash })
}
