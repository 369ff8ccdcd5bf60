//! The blocks of one file, taken from several peers at a time.
//!
//! Each peer gets a few requests at a time and the next when one is done, so that a fast peer
//! serves more than a slow one. A run that takes several times as long as the others did is asked
//! of another peer as well, and whichever comes first is kept: neither a slow peer nor one that
//! stopped holds the file back. A peer's first wrong, oversized or missing answer, or none at all,
//! drops it for this file. Peers that the directory finds meanwhile join in.
//!
//! # Invariants
//! - A block is written after it was checked, and a run counts once, however often it came.
//! - At most `requests_per_provider` requests are in flight to one peer.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt};
use futures::stream::FuturesUnordered;
use libp2p::PeerId;
use probity_primitives::ContentHash;
use tokio::sync::mpsc;

use super::blocks::{BlockError, block_count, verify};
use super::error::{FetchError, Refusal, Refusals};
use super::fetch::{Fetcher, blocking, disk, take};
use super::message::Run;
use super::spool::Spool;

/// How often runs are looked at that take long.
const LOOK: Duration = Duration::from_millis(50);
/// The shortest time after which a run is asked of another peer as well.
const MIN_PATIENCE: Duration = Duration::from_millis(250);
/// How many times the usual time a run may take before that.
const PATIENCE: u32 = 4;

/// What came to an end.
enum Ended {
    /// A request for a run.
    Run { id: u64, result: Result<(), RunError> },
    /// The question whether a peer that was found has the file.
    Claim { peer: PeerId, size: Option<u64> },
}

/// Why a run did not come.
enum RunError {
    /// The peer is at fault.
    Peer(Refusal),
    /// This node is at fault.
    Own(FetchError),
}

impl From<BlockError> for RunError {
    fn from(error: BlockError) -> Self {
        Self::Peer(Refusal::Blocks(error))
    }
}

/// A request in flight.
struct Flight {
    peer: PeerId,
    run: Run,
    since: Instant,
    /// Another peer was asked for the run as well.
    hedged: bool,
}

/// A run to ask for, and whom not to ask because it has the request already.
type Wanted = (Run, Option<PeerId>);

/// The third step of a fetch.
pub(super) struct Download<'a> {
    fetcher: &'a Fetcher,
    hash: ContentHash,
    size: u64,
    spool: Arc<Spool>,
    queue: VecDeque<Wanted>,
    /// Who is asked, and how many requests are in flight to each.
    providers: BTreeMap<PeerId, usize>,
    flights: BTreeMap<u64, Flight>,
    next_id: u64,
    /// How long a run takes, smoothed; none before the first.
    pace: Option<Duration>,
    refusals: Refusals,
}

type InFlight = FuturesUnordered<BoxFuture<'static, Ended>>;

impl<'a> Download<'a> {
    /// Nothing was asked yet; `refusals` are the peers that were dropped before.
    pub(super) fn new(
        fetcher: &'a Fetcher,
        hash: ContentHash,
        size: u64,
        spool: Arc<Spool>,
        refusals: Refusals,
    ) -> Self {
        let queue = spool.missing().into_iter().map(|run| (run, None)).collect();
        Self {
            fetcher,
            hash,
            size,
            spool,
            queue,
            providers: BTreeMap::new(),
            flights: BTreeMap::new(),
            next_id: 0,
            pace: None,
            refusals,
        }
    }

    /// Takes what is missing from `providers`, and from those that are `found` meanwhile.
    ///
    /// # Errors
    /// [`FetchError`], if nobody is left or this node is at fault.
    pub(super) async fn run(
        &mut self,
        providers: Vec<PeerId>,
        mut found: mpsc::Receiver<PeerId>,
    ) -> Result<(), FetchError> {
        self.providers = providers.into_iter().map(|peer| (peer, 0)).collect();
        let mut in_flight = InFlight::new();
        let mut look = tokio::time::interval(LOOK);
        let mut searching = true;
        while !self.spool.is_complete() {
            while let Some((id, peer, run)) = self.next() {
                in_flight.push(self.ask(id, peer, run));
            }
            if in_flight.is_empty() && !searching {
                return Err(self.nobody_left());
            }
            tokio::select! {
                Some(ended) = in_flight.next() => self.on_ended(ended).await?,
                newcomer = found.recv(), if searching => match newcomer {
                    Some(peer) if self.is_new(&peer) => in_flight.push(self.greet(peer)),
                    Some(_) => {}
                    None => searching = false,
                },
                _ = look.tick() => self.hedge(),
            }
        }
        Ok(())
    }

    async fn on_ended(&mut self, ended: Ended) -> Result<(), FetchError> {
        match ended {
            Ended::Claim { peer, size } => {
                if size == Some(self.size) {
                    self.providers.insert(peer, 0);
                }
            }
            Ended::Run { id, result } => {
                let Some(Flight { peer, run, since, .. }) = self.flights.remove(&id) else {
                    return Ok(());
                };
                if let Some(count) = self.providers.get_mut(&peer) {
                    *count = count.saturating_sub(1);
                }
                match result {
                    Ok(()) => self.note_pace(since.elapsed()),
                    Err(RunError::Own(error)) => return Err(error),
                    Err(RunError::Peer(refusal)) => {
                        self.queue.push_front((run, None));
                        if self.providers.remove(&peer).is_some() {
                            let refusals = &mut self.refusals;
                            self.fetcher.drop_peer(refusals, self.hash, peer, refusal).await;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn note_pace(&mut self, time: Duration) {
        let weighted = |pace: Duration| (pace.saturating_mul(7).saturating_add(time)) / 8;
        self.pace = Some(self.pace.map_or(time, weighted));
    }

    /// Puts runs that take long into the queue again, for another peer.
    fn hedge(&mut self) {
        let Some(pace) = self.pace else { return };
        let patience = pace.saturating_mul(PATIENCE).max(MIN_PATIENCE);
        if self.providers.len() < 2 {
            return;
        }
        for flight in self.flights.values_mut() {
            if !flight.hedged && flight.since.elapsed() > patience {
                flight.hedged = true;
                self.queue.push_front((flight.run, Some(flight.peer)));
            }
        }
    }

    /// The next run and who is asked for it: the peer with the fewest requests in flight.
    fn next(&mut self) -> Option<(u64, PeerId, Run)> {
        while self.queue.front().is_some_and(|(run, _)| self.spool.has(*run)) {
            self.queue.pop_front();
        }
        let limit = self.fetcher.limits.requests_per_provider;
        // A run that nobody else can take now does not hold up those behind it.
        let at = (0..self.queue.len().min(limit.saturating_add(1)))
            .find(|at| self.freest(self.queue.get(*at), limit).is_some())?;
        let peer = self.freest(self.queue.get(at), limit)?;
        let (run, _) = self.queue.remove(at)?;
        if let Some(count) = self.providers.get_mut(&peer) {
            *count = count.saturating_add(1);
        }
        let id = self.next_id;
        self.next_id = self.next_id.saturating_add(1);
        let since = Instant::now();
        self.flights.insert(id, Flight { peer, run, since, hedged: false });
        Some((id, peer, run))
    }

    /// The peer with the fewest requests in flight that may be asked for a run.
    fn freest(&self, wanted: Option<&Wanted>, limit: usize) -> Option<PeerId> {
        let (_, avoid) = wanted?;
        let free = self
            .providers
            .iter()
            .filter(|(peer, count)| **count < limit && avoid.as_ref() != Some(*peer));
        free.min_by_key(|(_, count)| **count).map(|(peer, _)| *peer)
    }

    fn ask(&self, id: u64, peer: PeerId, run: Run) -> BoxFuture<'static, Ended> {
        let (asker, spool) = (self.fetcher.asker.clone(), Arc::clone(&self.spool));
        let (hash, size) = (self.hash, self.size);
        async move {
            let result = match take(&asker, peer, hash, run).await {
                Ok(response) => keep(spool, hash, size, run, response).await,
                Err(refusal) => Err(RunError::Peer(refusal)),
            };
            Ended::Run { id, result }
        }
        .boxed()
    }

    fn is_new(&self, peer: &PeerId) -> bool {
        let limit = self.fetcher.limits.providers;
        let refused = self.refusals.0.iter().any(|(refused, _)| refused == peer);
        !refused && !self.providers.contains_key(peer) && self.providers.len() < limit
    }

    fn greet(&self, peer: PeerId) -> BoxFuture<'static, Ended> {
        let (fetcher, hash) = (self.fetcher.clone(), self.hash);
        async move {
            let claim = fetcher.claim(peer, hash).await;
            Ended::Claim { peer, size: claim.map(|(_, size)| size) }
        }
        .boxed()
    }

    fn nobody_left(&mut self) -> FetchError {
        FetchError::NoPeerLeft {
            hash: self.hash,
            have: self.spool.blocks_here(),
            blocks: block_count(self.size),
            refusals: std::mem::take(&mut self.refusals),
        }
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
