//! What the handles ask of the driver.

use libp2p::{Multiaddr, PeerId};
use tokio::sync::{mpsc, oneshot};

use super::gossip::PublishError;
use super::transfer::message::{Request, Response};

/// One thing to do for a handle.
#[derive(Debug)]
pub(super) enum Command {
    /// Gossip a transaction.
    Publish { bytes: Vec<u8>, reply: oneshot::Sender<Result<(), PublishError>> },
    /// Ask a connected peer about a file.
    Ask { peer: PeerId, request: Request, reply: oneshot::Sender<Result<Response, AskError>> },
    /// Keep calling a peer at this address.
    AddPeer(Multiaddr),
    /// End.
    Shutdown,
}

/// Why a peer gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The request could not be sent, or its answer was not one; this says how.
    #[error("no answer: {0}")]
    Failed(String),
    /// The network has ended.
    #[error("the network has ended")]
    Ended,
}

/// Asks connected peers, one request at a time.
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
}
