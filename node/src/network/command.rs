//! What the handles ask of the driver.

use libp2p::{Multiaddr, PeerId};
use probity_primitives::ContentHash;
use tokio::sync::{mpsc, oneshot};

use super::conduct::Offence;
use super::gossip::PublishError;
use super::transfer::message::{Request, Response};

/// One thing to do for a handle.
#[derive(Debug)]
pub(super) enum Command {
    /// Gossip a transaction.
    Publish { bytes: Vec<u8>, reply: oneshot::Sender<Result<(), PublishError>> },
    /// Ask a connected peer about a file.
    Ask { peer: PeerId, request: Request, reply: oneshot::Sender<Result<Response, AskError>> },
    /// Look for peers that have a file, and call them.
    Find { hash: ContentHash, found: mpsc::Sender<PeerId> },
    /// A file of so many bytes came into the cache.
    Fetched { hash: ContentHash, bytes: u64 },
    /// A peer did something wrong.
    Report { peer: PeerId, offence: Offence },
    /// Keep calling a peer at this address.
    AddPeer(Multiaddr),
    /// End.
    Shutdown,
}

/// Why a peer gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// Its answer was not one; this says how.
    #[error("no answer: {0}")]
    Failed(String),
    /// The answer broke off; this says how.
    #[error("the answer broke off: {0}")]
    Cut(String),
    /// It does not serve files.
    #[error("it does not serve files")]
    NoFiles,
    /// It took the request and did not answer in time.
    #[error("no answer in time")]
    Late,
    /// It is gone, or was never there.
    #[error("it cannot be reached")]
    Gone,
    /// The network has ended.
    #[error("the network has ended")]
    Ended,
}

/// Most peers that a search hands on.
const MAX_FOUND: usize = 32;

/// Asks peers, one request at a time, and says what came of it.
#[derive(Debug, Clone)]
pub(super) struct Asker {
    commands: mpsc::Sender<Command>,
}

impl Asker {
    pub(super) const fn new(commands: mpsc::Sender<Command>) -> Self {
        Self { commands }
    }

    /// Waits for the peer's answer; the driver gives up after the request timeout.
    pub(super) async fn ask(&self, peer: PeerId, request: Request) -> Result<Response, AskError> {
        let (reply, answer) = oneshot::channel();
        let command = Command::Ask { peer, request, reply };
        self.commands.send(command).await.map_err(|_| AskError::Ended)?;
        answer.await.map_err(|_| AskError::Ended)?
    }

    /// Looks for peers that have a file; they come as they are found, and the channel closes when
    /// no more will.
    pub(super) async fn find(&self, hash: ContentHash) -> mpsc::Receiver<PeerId> {
        let (found, peers) = mpsc::channel(MAX_FOUND);
        // A network that has ended finds nobody.
        let _ = self.commands.send(Command::Find { hash, found }).await;
        peers
    }

    /// Holds something against a peer.
    pub(super) async fn report(&self, peer: PeerId, offence: Offence) {
        // A network that has ended holds nothing against anybody.
        let _ = self.commands.send(Command::Report { peer, offence }).await;
    }

    /// A file came into the cache and can be announced.
    pub(super) async fn fetched(&self, hash: ContentHash, bytes: u64) {
        // A network that has ended announces nothing.
        let _ = self.commands.send(Command::Fetched { hash, bytes }).await;
    }
}
