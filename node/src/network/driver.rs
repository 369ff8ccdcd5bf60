//! The loop that owns the swarm.
//!
//! Everything that happens on the network happens here, one thing at a time: an event of the
//! swarm, a command of a handle, a verdict of the application, an answer that is ready, or a tick.
//! Work that takes time, reading files above all, is done elsewhere and comes back as an answer.
//!
//! # Invariants
//! - The loop never waits for the application: what it does not take in time is dropped.
//! - At most as many requests are being answered as the limits allow, in all and for each peer.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use libp2p::core::ConnectedPoint;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::{self, IdentTopic, MessageAcceptance, MessageId};
use libp2p::request_response::{self, OutboundRequestId, ResponseChannel};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Swarm};
use tokio::sync::{mpsc, oneshot, watch};

use super::NetworkError;
use super::NetworkEvent;
use super::behaviour::{Protocols, ProtocolsEvent};
use super::command::{AskError, Command};
use super::dialer::Dialer;
use super::gossip::{self, IncomingTx, Judged, PublishError, Verdict};
use super::limits::Limits;
use super::listen::check_free;
use super::transfer::message::{Request, Response};
use super::transfer::serve::Library;

/// How often static peers are looked after.
const TICK: Duration = Duration::from_millis(100);

/// An answer to a peer that is ready to be sent.
type Answer = (PeerId, ResponseChannel<Response>, Response);

/// The ends of the channels that the driver holds.
pub(super) struct Ends {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<NetworkEvent>,
    pub(super) addresses: watch::Sender<Vec<Multiaddr>>,
    pub(super) peers: watch::Sender<BTreeSet<PeerId>>,
    pub(super) chain_peers: watch::Sender<BTreeSet<PeerId>>,
}

/// Owner of the swarm.
pub(super) struct Driver {
    swarm: Swarm<Protocols>,
    topic: IdentTopic,
    limits: Limits,
    library: Arc<Library>,
    dialer: Dialer,
    ends: Ends,
    asked: HashMap<OutboundRequestId, oneshot::Sender<Result<Response, AskError>>>,
    serving: BTreeMap<PeerId, usize>,
    verdicts: (mpsc::Sender<Judged>, mpsc::Receiver<Judged>),
    answers: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    /// Listeners without an address yet, and who waits until there are none.
    opening: HashSet<ListenerId>,
    opened: Option<oneshot::Sender<Result<(), NetworkError>>>,
}

impl Driver {
    pub(super) fn new(
        swarm: Swarm<Protocols>,
        topic: IdentTopic,
        limits: Limits,
        library: Library,
        ends: Ends,
    ) -> Self {
        Self {
            swarm,
            topic,
            limits,
            library: Arc::new(library),
            dialer: Dialer::new(limits.redial),
            ends,
            asked: HashMap::new(),
            serving: BTreeMap::new(),
            verdicts: mpsc::channel(limits.pending_txs.max(1)),
            answers: mpsc::channel(limits.serving.max(1)),
            opening: HashSet::new(),
            opened: None,
        }
    }

    /// Keeps calling these peers.
    pub(super) fn call(&mut self, peers: Vec<Multiaddr>) {
        for address in peers {
            self.dialer.add(address);
        }
    }

    /// Begins to listen; the receiver hears when every listener has its address.
    pub(super) fn listen(
        &mut self,
        addresses: Vec<Multiaddr>,
    ) -> Result<oneshot::Receiver<Result<(), NetworkError>>, NetworkError> {
        let (opened, wait) = oneshot::channel();
        for address in addresses {
            let refused =
                |reason: String| NetworkError::Listen { address: address.to_string(), reason };
            check_free(&address).map_err(|error| refused(error.to_string()))?;
            let listener = self.swarm.listen_on(address.clone());
            self.opening.insert(listener.map_err(|error| refused(error.to_string()))?);
        }
        self.opened = Some(opened);
        self.report_opened();
        Ok(wait)
    }

    /// Runs until a handle says so, or the last one is gone.
    pub(super) async fn run(mut self) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                event = self.swarm.select_next_some() => self.on_swarm(event),
                command = self.ends.commands.recv() => match command {
                    None | Some(Command::Shutdown) => break,
                    Some(command) => self.on_command(command),
                },
                Some(judged) = self.verdicts.1.recv() => self.on_verdict(&judged),
                Some(answer) = self.answers.1.recv() => self.on_answer(answer),
                _ = tick.tick() => self.call_static_peers(),
            }
        }
    }

    fn on_command(&mut self, command: Command) {
        match command {
            Command::Publish { bytes, reply } => {
                // A caller that went away does not want to know.
                let _ = reply.send(self.publish(bytes));
            }
            Command::Ask { peer, request, reply } => {
                let id = self.swarm.behaviour_mut().transfer.send_request(&peer, request);
                self.asked.insert(id, reply);
            }
            Command::AddPeer(address) => self.dialer.add(address),
            Command::Shutdown => {}
        }
    }

    fn publish(&mut self, bytes: Vec<u8>) -> Result<(), PublishError> {
        let (len, limit) = (bytes.len(), self.limits.max_tx_bytes);
        if len > limit {
            return Err(PublishError::TooLong { len, limit });
        }
        let published = self.swarm.behaviour_mut().gossip.publish(self.topic.hash(), bytes);
        published.map(drop).map_err(|error| gossip::publish_error(&error))
    }

    fn on_verdict(&mut self, judged: &Judged) {
        let Judged { id, peer, judgement } = judged;
        let acceptance = MessageAcceptance::from(*judgement);
        self.swarm.behaviour_mut().gossip.report_message_validation_result(id, peer, acceptance);
    }

    fn call_static_peers(&mut self) {
        let due = self.dialer.due(Instant::now(), &self.ends.peers.borrow());
        for address in due {
            if let Err(error) = self.swarm.dial(address.clone()) {
                tracing::debug!(%address, %error, "cannot call a peer");
            }
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the library adds events at will")]
    fn on_swarm(&mut self, event: SwarmEvent<ProtocolsEvent>) {
        match event {
            SwarmEvent::Behaviour(ProtocolsEvent::Gossip(event)) => self.on_gossip(event),
            SwarmEvent::Behaviour(ProtocolsEvent::Transfer(event)) => self.on_transfer(event),
            SwarmEvent::ConnectionEstablished { peer_id, endpoint, .. } => {
                self.on_connected(peer_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, num_established: 0, .. } => {
                self.ends.chain_peers.send_if_modified(|peers| peers.remove(&peer_id));
                self.ends.peers.send_if_modified(|peers| peers.remove(&peer_id));
                self.tell(NetworkEvent::PeerDisconnected(peer_id));
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "a call failed");
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(address = %send_back_addr, %error, "a caller was not let in");
            }
            SwarmEvent::NewListenAddr { listener_id, address } => {
                self.ends.addresses.send_modify(|addresses| addresses.push(address));
                self.opening.remove(&listener_id);
                self.report_opened();
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.ends.addresses.send_modify(|all| all.retain(|known| *known != address));
            }
            SwarmEvent::ListenerClosed { listener_id, reason, addresses } => {
                self.on_listener_closed(listener_id, &addresses, reason);
            }
            _ => {}
        }
    }

    fn on_connected(&mut self, peer: PeerId, endpoint: &ConnectedPoint) {
        if let ConnectedPoint::Dialer { address, .. } = endpoint {
            self.dialer.learn(address, peer);
        }
        if self.ends.peers.send_if_modified(|peers| peers.insert(peer)) {
            self.tell(NetworkEvent::PeerConnected(peer));
        }
    }

    fn on_listener_closed(
        &mut self,
        listener: ListenerId,
        addresses: &[Multiaddr],
        reason: std::io::Result<()>,
    ) {
        let reason = reason.err().map_or_else(|| "closed".to_owned(), |error| error.to_string());
        tracing::warn!(?addresses, reason, "the node no longer listens at an address");
        let was_opening = self.opening.remove(&listener);
        if let Some(opened) = was_opening.then(|| self.opened.take()).flatten() {
            let address = addresses.first().map_or_else(String::new, ToString::to_string);
            // Whoever started the network may have given up waiting.
            let _ = opened.send(Err(NetworkError::Listen { address, reason }));
        }
    }

    fn report_opened(&mut self) {
        if self.opening.is_empty()
            && let Some(opened) = self.opened.take()
        {
            // Whoever started the network may have given up waiting.
            let _ = opened.send(Ok(()));
        }
    }

    /// Tells the application, if it has room.
    fn tell(&self, event: NetworkEvent) {
        if self.ends.events.try_send(event).is_err() {
            tracing::debug!("an event was dropped: the application does not take them");
        }
    }

    fn on_gossip(&mut self, event: gossipsub::Event) {
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_message(propagation_source, message_id, message);
            }
            gossipsub::Event::Subscribed { peer_id, topic } if topic == self.topic.hash() => {
                self.ends.chain_peers.send_if_modified(|peers| peers.insert(peer_id));
            }
            gossipsub::Event::Unsubscribed { peer_id, topic } if topic == self.topic.hash() => {
                self.ends.chain_peers.send_if_modified(|peers| peers.remove(&peer_id));
            }
            gossipsub::Event::Subscribed { .. }
            | gossipsub::Event::Unsubscribed { .. }
            | gossipsub::Event::GossipsubNotSupported { .. }
            | gossipsub::Event::SlowPeer { .. } => {}
        }
    }

    fn on_message(&mut self, peer: PeerId, id: MessageId, message: gossipsub::Message) {
        let len = message.data.len();
        let judgement = if len > self.limits.max_tx_bytes || message.topic != self.topic.hash() {
            gossip::Judgement::Reject
        } else if let Ok(way) = self.verdicts.0.clone().try_reserve_owned() {
            let verdict = Verdict::new(id, peer, way);
            let tx = IncomingTx { bytes: message.data, peer, verdict };
            // If the application has no room, the verdict is dropped with the event.
            return self.tell(NetworkEvent::TxReceived(tx));
        } else {
            gossip::Judgement::Ignore
        };
        self.on_verdict(&Judged { id, peer, judgement });
    }

    fn on_transfer(&mut self, event: request_response::Event<Request, Response>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                request_response::Message::Request { request, channel, .. } => {
                    self.on_request(peer, request, channel);
                }
                request_response::Message::Response { request_id, response } => {
                    self.settle(request_id, Ok(response));
                }
            },
            request_response::Event::OutboundFailure { request_id, error, .. } => {
                self.settle(request_id, Err(AskError::Failed(error.to_string())));
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "an answer was not sent");
            }
            request_response::Event::ResponseSent { .. } => {}
        }
    }

    fn settle(&mut self, id: OutboundRequestId, result: Result<Response, AskError>) {
        if let Some(reply) = self.asked.remove(&id) {
            // A fetch that gave up does not want to know.
            let _ = reply.send(result);
        }
    }

    fn on_request(&mut self, peer: PeerId, request: Request, channel: ResponseChannel<Response>) {
        let total: usize = self.serving.values().sum();
        let own = self.serving.entry(peer).or_default();
        if total >= self.limits.serving || *own >= self.limits.serving_per_peer {
            return self.send_answer(channel, Response::Busy);
        }
        *own = own.saturating_add(1);
        let (library, answers) = (Arc::clone(&self.library), self.answers.0.clone());
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || library.answer(&request));
            let response = work.await.unwrap_or(Response::Busy);
            // The driver has ended, and the connection with it.
            let _ = answers.send((peer, channel, response)).await;
        });
    }

    fn on_answer(&mut self, (peer, channel, response): Answer) {
        if let Some(count) = self.serving.get_mut(&peer) {
            *count = count.saturating_sub(1);
        }
        self.serving.retain(|_, count| *count > 0);
        self.send_answer(channel, response);
    }

    fn send_answer(&mut self, channel: ResponseChannel<Response>, response: Response) {
        if self.swarm.behaviour_mut().transfer.send_response(channel, response).is_err() {
            tracing::debug!("a peer went away before its answer was ready");
        }
    }
}
