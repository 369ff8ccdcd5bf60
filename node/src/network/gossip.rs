//! Transaction gossip.
//!
//! Every chain has a topic of its own, named by chain id and genesis hash. A transaction is named by
//! the hash of its bytes, so that it is handed to the application once however many peers send it,
//! and it is passed on only after the application has judged it.
//!
//! Messages are anonymous: a transaction carries its sender's signature already, and a second one
//! would only tell everybody which node a sender uses. A message that names its author all the same
//! is refused, so that nobody can be blamed for it: a peer answers for what it hands on.
//!
//! # Not here
//! What a refused transaction costs: [`super::score`].

use std::time::Duration;

use libp2p::PeerId;
use libp2p::gossipsub::{
    self, Behaviour, ConfigBuilder, IdentTopic, MessageAcceptance, MessageAuthenticity, MessageId,
    ValidationMode,
};
use probity_primitives::Hash;
use tokio::sync::mpsc;

use super::limits::Limits;
use super::score;

/// How long a transaction that was seen is not taken again.
const DUPLICATE_TIME: Duration = Duration::from_secs(60);
/// How often the mesh is looked after.
const HEARTBEAT: Duration = Duration::from_millis(700);
/// Heartbeats for which a transaction waits for its verdict and can be asked for: ten seconds.
const HISTORY: usize = 15;
/// Room for gossip's own fields around a transaction, in bytes.
const ENVELOPE_BYTES: usize = 4096;
/// Most messages that one packet of a peer may hold.
const MESSAGES_PER_PACKET: usize = 512;

/// Why a transaction was not gossiped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It is too long.
    #[error("the transaction has {len} bytes, the limit is {limit}")]
    TooLong {
        /// Length in bytes.
        len: usize,
        /// The limit.
        limit: usize,
    },
    /// Nobody is there to hear it.
    #[error("no peer of this chain is connected")]
    NoPeers,
    /// It went out, or came in, a moment ago.
    #[error("the transaction was already gossiped")]
    Duplicate,
    /// The gossip layer refused.
    #[error("cannot gossip: {0}")]
    Refused(String),
    /// The network has ended.
    #[error("the network has ended")]
    Ended,
}

/// What the application makes of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// It is valid: pass it on.
    Accept,
    /// It can never be valid: drop it, and hold it against the peer.
    Reject,
    /// It is of no use here now: drop it, and hold it against nobody.
    Ignore,
}

/// A transaction from a peer, which waits for its verdict.
#[derive(Debug)]
pub struct IncomingTx {
    /// The bytes as they came.
    pub bytes: Vec<u8>,
    /// Who sent them to this node; not who made them.
    pub peer: PeerId,
    /// Where the verdict goes.
    pub verdict: Verdict,
}

/// The right to judge a transaction, once. Dropped without a word, it means
/// [`Judgement::Ignore`]. A verdict after ten seconds comes too late for the transaction to be
/// passed on.
#[derive(Debug)]
pub struct Verdict {
    id: MessageId,
    peer: PeerId,
    way: Option<mpsc::OwnedPermit<Judged>>,
}

/// A verdict on its way to the driver.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) id: MessageId,
    pub(super) peer: PeerId,
    pub(super) judgement: Judgement,
}

impl Verdict {
    pub(super) const fn new(id: MessageId, peer: PeerId, way: mpsc::OwnedPermit<Judged>) -> Self {
        Self { id, peer, way: Some(way) }
    }

    /// Says what the transaction is.
    pub fn give(mut self, judgement: Judgement) {
        self.send(judgement);
    }

    fn send(&mut self, judgement: Judgement) {
        if let Some(way) = self.way.take() {
            way.send(Judged { id: self.id.clone(), peer: self.peer, judgement });
        }
    }
}

impl Drop for Verdict {
    fn drop(&mut self) {
        self.send(Judgement::Ignore);
    }
}

impl From<Judgement> for MessageAcceptance {
    fn from(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Accept => Self::Accept,
            Judgement::Reject => Self::Reject,
            Judgement::Ignore => Self::Ignore,
        }
    }
}

/// The topic of a chain's transactions.
pub(super) fn topic(chain_id: &str, genesis_hash: &Hash) -> IdentTopic {
    IdentTopic::new(format!("/probity/{chain_id}/{genesis_hash}/txs/1"))
}

/// The gossip layer, subscribed to `topic`.
pub(super) fn behaviour(topic: &IdentTopic, limits: &Limits) -> Result<Behaviour, String> {
    let config = ConfigBuilder::default()
        .validation_mode(ValidationMode::Anonymous)
        .validate_messages()
        .message_id_fn(|message| MessageId::new(blake3::hash(&message.data).as_bytes()))
        .max_transmit_size(limits.max_tx_bytes.saturating_add(ENVELOPE_BYTES))
        .max_messages_per_rpc(Some(MESSAGES_PER_PACKET))
        .duplicate_cache_time(DUPLICATE_TIME)
        .heartbeat_interval(HEARTBEAT)
        .heartbeat_initial_delay(HEARTBEAT)
        .history_length(HISTORY)
        .build()
        .map_err(|error| error.to_string())?;
    let mut behaviour =
        Behaviour::new(MessageAuthenticity::Anonymous, config).map_err(str::to_owned)?;
    behaviour.with_peer_score(score::params(topic, limits), score::thresholds())?;
    behaviour.subscribe(topic).map_err(|error| error.to_string())?;
    Ok(behaviour)
}

/// What the gossip layer's refusal means.
pub(super) fn publish_error(error: &gossipsub::PublishError) -> PublishError {
    match error {
        gossipsub::PublishError::Duplicate => PublishError::Duplicate,
        gossipsub::PublishError::NoPeersSubscribedToTopic => PublishError::NoPeers,
        gossipsub::PublishError::MessageTooLarge
        | gossipsub::PublishError::SigningError(_)
        | gossipsub::PublishError::TransformFailed(_)
        | gossipsub::PublishError::AllQueuesFull(_) => PublishError::Refused(error.to_string()),
    }
}
