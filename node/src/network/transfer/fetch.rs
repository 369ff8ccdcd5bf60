//! Fetching one file from the peers that have it.
//!
//! 1. The directory is searched for peers that have the file; meanwhile those that are connected
//!    are asked for its size, and if none has it, those that are found.
//! 2. A peer that claims a size proves it by the file's last block; claims that differ from the
//!    proven size are lies, and their peers are dropped.
//! 3. Runs of blocks are taken from all peers that are left ([`super::download`]).
//! 4. The cache takes the file.
//!
//! A lie is held against its peer beyond the file, and a request left unanswered a little.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use libp2p::PeerId;
use probity_harness::cache::Cache;
use probity_primitives::ContentHash;
use tokio::sync::mpsc;

use super::super::command::{AskError, Asker};
use super::super::conduct::Offence;
use super::super::limits::Limits;
use super::blocks::{block_count, verify};
use super::download::Download;
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
        let mut found = self.asker.find(hash).await;
        let claims = self.claims(&peers, &mut found, hash, limit).await?;
        let (size, providers, refusals) = self.prove_size(claims, hash).await?;
        let dir = self.spool.clone();
        let spool = blocking(hash, move || Spool::open(&dir, hash, size)).await?;
        let spool = Arc::new(spool.map_err(|error| disk(hash, &error))?);
        let mut download = Download::new(self, hash, size, Arc::clone(&spool), refusals);
        download.run(providers, found).await?;
        let cache = self.cache.clone();
        let path = blocking(hash, move || spool.finish(&cache))
            .await?
            .map_err(|source| FetchError::Cache { hash, source: Arc::new(source) })?;
        self.asker.fetched(hash, size).await;
        Ok(path)
    }

    /// Who has the file, and how long they say it is. The connected peers are asked a group at a
    /// time, until one has it; if none has, those that the directory knows.
    async fn claims(
        &self,
        peers: &[PeerId],
        found: &mut mpsc::Receiver<PeerId>,
        hash: ContentHash,
        limit: u64,
    ) -> Result<Vec<Claim>, FetchError> {
        let mut smallest: Option<u64> = None;
        let mut asked = peers.len();
        for group in peers.chunks(self.limits.providers.max(1)) {
            let claims = join_all(group.iter().map(|peer| self.claim(*peer, hash))).await;
            let (fitting, larger): (Vec<Claim>, Vec<Claim>) =
                claims.into_iter().flatten().partition(|claim| claim.1 <= limit);
            if !fitting.is_empty() {
                return Ok(fitting);
            }
            smallest = larger.into_iter().map(|claim| claim.1).chain(smallest).min();
        }
        while let Some(peer) = found.recv().await {
            if peers.contains(&peer) {
                continue;
            }
            asked = asked.saturating_add(1);
            match self.claim(peer, hash).await {
                Some(claim) if claim.1 <= limit => return Ok(vec![claim]),
                Some((_, size)) => smallest = smallest.into_iter().chain([size]).min(),
                None => {}
            }
        }
        Err(match smallest {
            Some(size) => FetchError::TooLarge { hash, size, limit },
            None if asked == 0 => FetchError::NoPeers { hash },
            None => FetchError::NotFound { hash, asked },
        })
    }

    /// Whether a peer says that it has the file, and how long it is then.
    pub(super) async fn claim(&self, peer: PeerId, hash: ContentHash) -> Option<Claim> {
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
                Ok(()) => return Ok(self.agreeing(claims, hash, size, refusals).await),
                Err(refusal) => self.drop_peer(&mut refusals, hash, peer, refusal).await,
            }
        }
        Err(FetchError::NoPeerLeft { hash, have: 0, blocks: 0, refusals })
    }

    /// The peers that claim the proven size and were not dropped before; the others are dropped.
    async fn agreeing(
        &self,
        claims: Vec<Claim>,
        hash: ContentHash,
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
                let refusal = Refusal::WrongSize { claimed, proven };
                self.drop_peer(&mut refusals, hash, peer, refusal).await;
            }
        }
        (proven, providers, refusals)
    }

    /// Asks a peer no more for this file, and holds it against it if it is at fault.
    pub(super) async fn drop_peer(
        &self,
        refusals: &mut Refusals,
        hash: ContentHash,
        peer: PeerId,
        refusal: Refusal,
    ) {
        tracing::info!(%hash, %peer, reason = %refusal, "a peer is dropped for a file");
        if let Some(offence) = offence(&refusal) {
            self.asker.report(peer, offence).await;
        }
        refusals.0.push((peer, refusal));
    }
}

/// What a refusal says about the peer beyond the file, if anything: it may have lost the file, its
/// connection or its patience without any fault.
const fn offence(refusal: &Refusal) -> Option<Offence> {
    match refusal {
        Refusal::Blocks(_)
        | Refusal::WrongAnswer
        | Refusal::WrongSize { .. }
        | Refusal::Asked(AskError::Failed(_)) => Some(Offence::Lie),
        Refusal::Asked(AskError::Late | AskError::Cut(_)) => Some(Offence::Stall),
        Refusal::Asked(AskError::Gone | AskError::NoFiles | AskError::Ended)
        | Refusal::NotFound
        | Refusal::Busy(_) => None,
    }
}

/// The encoded blocks of a run from one peer, not yet checked.
pub(super) async fn take(
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

pub(super) fn disk(hash: ContentHash, error: &std::io::Error) -> FetchError {
    FetchError::Disk { hash, reason: error.to_string() }
}

/// Runs `work` on a thread that may block; it is lost only when the runtime ends.
pub(super) async fn blocking<T: Send + 'static>(
    hash: ContentHash,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, FetchError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| FetchError::Ended { hash })
}
