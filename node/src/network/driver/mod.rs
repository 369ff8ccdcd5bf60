//! The loop that owns the swarm.
//!
//! Everything that happens on the network happens here, one thing at a time: an event of the
//! swarm, a command of a handle, a verdict of the application, an answer that is ready, or a tick.
//! Work that takes time, reading files above all, is done elsewhere and comes back as an answer.
//!
//! # Reading order
//! [`connect`] is who is there, [`introduce`] what they say they are, [`gossip`] transactions,
//! [`serve`] answers to requests, [`lookup`] the directory of files, [`upkeep`] what time brings.
//!
//! # Invariants
//! - The loop never waits for the application: what it does not take in time is dropped.
//! - At most as many requests are being answered as the limits allow, in all and for each peer.
//! - A peer is told of to handles only after it said that it belongs to this chain.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use libp2p::core::transport::ListenerId;
use libp2p::gossipsub::IdentTopic;
use libp2p::kad::QueryId;
use libp2p::request_response::{OutboundRequestId, ResponseChannel};
use libp2p::swarm::{ConnectionId, SwarmEvent};
use libp2p::{Multiaddr, PeerId, Swarm};
use probity_harness::cache::Cache;
use probity_primitives::{ContentHash, Hash};
use tokio::sync::{mpsc, oneshot, watch};

use super::NetworkError;
use super::NetworkEvent;
use super::behaviour::{Protocols, ProtocolsEvent};
use super::command::{AskError, Command};
use super::conduct::Conduct;
use super::counters::Counters;
use super::dialer::Dialer;
use super::gossip::Judged;
use super::known::Known;
use super::limits::Limits;
use super::meter::{Meter, Meters};
use super::nat::Nat;
use super::peers::{Book, Direction};
use super::transfer::message::Response;
use super::transfer::serve::Library;

use self::lookup::{Directory, Lookup};

mod connect;
mod gossip;
mod introduce;
mod lookup;
mod serve;
mod upkeep;

/// How often static peers are looked after.
const TICK: Duration = Duration::from_millis(100);
/// Ticks in a second.
const TICKS: u32 = 10;

/// An answer to a peer that is ready to be sent.
type Answer = (PeerId, ResponseChannel<Response>, Response);

/// The ends of the channels that the driver holds.
pub(super) struct Ends {
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) events: mpsc::Sender<NetworkEvent>,
    pub(super) addresses: watch::Sender<Vec<Multiaddr>>,
    pub(super) peers: watch::Sender<BTreeSet<PeerId>>,
    pub(super) chain_peers: watch::Sender<BTreeSet<PeerId>>,
    pub(super) book: Book,
    pub(super) counters: Arc<Counters>,
    pub(super) meters: Meters,
}

/// What the driver is told at its start.
pub(super) struct Settings {
    pub(super) topic: IdentTopic,
    pub(super) genesis: Hash,
    pub(super) limits: Limits,
    pub(super) nat: Nat,
    pub(super) cache: Cache,
    pub(super) spool: PathBuf,
    pub(super) peers_file: Option<PathBuf>,
    /// Whether others can call this node; none while it has to ask.
    pub(super) reachable: Option<bool>,
}

/// A peer with a connection.
struct Peer {
    conduct: Conduct,
    meter: Arc<Meter>,
    /// Its connections, and which of them go through a relay.
    links: HashMap<ConnectionId, bool>,
    address: Multiaddr,
    direction: Direction,
    since: Instant,
    introduced: bool,
}

/// Owner of the swarm.
pub(super) struct Driver {
    swarm: Swarm<Protocols>,
    settings: Settings,
    library: Arc<Library>,
    dialer: Dialer,
    known: Known,
    ends: Ends,
    peers: BTreeMap<PeerId, Peer>,
    asked: HashMap<OutboundRequestId, oneshot::Sender<Result<Response, AskError>>>,
    lookups: HashMap<QueryId, Lookup>,
    directory: Directory,
    /// Requests that are being answered.
    serving: usize,
    verdicts: (mpsc::Sender<Judged>, mpsc::Receiver<Judged>),
    answers: (mpsc::Sender<Answer>, mpsc::Receiver<Answer>),
    files: (mpsc::Sender<Vec<ContentHash>>, mpsc::Receiver<Vec<ContentHash>>),
    /// Listeners without an address yet, and who waits until there are none.
    opening: HashSet<ListenerId>,
    opened: Option<oneshot::Sender<Result<(), NetworkError>>>,
    ticks: u32,
}

impl Driver {
    pub(super) fn new(swarm: Swarm<Protocols>, settings: Settings, ends: Ends) -> Self {
        let limits = settings.limits;
        let library = Library::new(settings.cache.clone(), limits.outboard_bytes);
        Self {
            swarm,
            library: Arc::new(library),
            dialer: Dialer::new(limits.redial),
            known: Known::read(settings.peers_file.as_deref(), limits.known_peers),
            settings,
            ends,
            peers: BTreeMap::new(),
            asked: HashMap::new(),
            lookups: HashMap::new(),
            directory: Directory::default(),
            serving: 0,
            verdicts: mpsc::channel(limits.pending_txs.max(1)),
            answers: mpsc::channel(limits.serving.max(1)),
            files: mpsc::channel(1),
            opening: HashSet::new(),
            opened: None,
            ticks: 0,
        }
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
                Some(files) = self.files.1.recv() => self.on_files(files),
                _ = tick.tick() => self.on_tick(),
            }
        }
        self.keep_known();
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
            Command::Find { hash, found } => self.find(hash, found),
            Command::Fetched { hash, bytes } => {
                self.ends.counters.bytes_fetched.add(bytes);
                self.directory.add(hash);
            }
            Command::Report { peer, offence } => self.offend(peer, offence),
            Command::AddPeer(address) => self.call(vec![address]),
            Command::Shutdown => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the library adds events at will")]
    fn on_swarm(&mut self, event: SwarmEvent<ProtocolsEvent>) {
        match event {
            SwarmEvent::Behaviour(event) => self.on_protocol(event),
            SwarmEvent::ConnectionEstablished { peer_id, connection_id, endpoint, .. } => {
                self.on_connected(peer_id, connection_id, &endpoint);
            }
            SwarmEvent::ConnectionClosed { peer_id, connection_id, num_established, .. } => {
                self.on_closed(peer_id, connection_id, num_established);
            }
            SwarmEvent::OutgoingConnectionError { peer_id, error, .. } => {
                tracing::debug!(?peer_id, %error, "a call failed");
            }
            SwarmEvent::IncomingConnectionError { send_back_addr, error, .. } => {
                tracing::debug!(address = %send_back_addr, %error, "a caller was not let in");
            }
            SwarmEvent::NewListenAddr { listener_id, address } => {
                self.on_listening(listener_id, address);
            }
            SwarmEvent::ExpiredListenAddr { address, .. } => {
                self.ends.addresses.send_modify(|all| all.retain(|known| *known != address));
            }
            SwarmEvent::ListenerClosed { listener_id, reason, addresses } => {
                self.on_listener_closed(listener_id, &addresses, reason);
            }
            SwarmEvent::ExternalAddrConfirmed { address } => {
                tracing::info!(%address, "others can call this node");
            }
            SwarmEvent::ExternalAddrExpired { address } => {
                tracing::info!(%address, "others can no longer call this node");
            }
            _ => {}
        }
    }

    fn on_protocol(&mut self, event: ProtocolsEvent) {
        match event {
            ProtocolsEvent::Gossip(event) => self.on_gossip(event),
            ProtocolsEvent::Transfer(event) => self.on_transfer(event),
            ProtocolsEvent::Identify(event) => self.on_identify(event),
            ProtocolsEvent::Ping(event) => self.on_ping(event),
            ProtocolsEvent::Kad(event) => self.on_kad(event),
            ProtocolsEvent::RelayClient(event) => tracing::debug!(?event, "relay"),
            ProtocolsEvent::Relay(event) => tracing::debug!(?event, "passing on"),
            ProtocolsEvent::Dcutr(event) => tracing::debug!(?event, "direct connection"),
            ProtocolsEvent::AutonatClient(event) => tracing::debug!(?event, "call back asked"),
            ProtocolsEvent::AutonatServer(event) => tracing::debug!(?event, "call back made"),
            ProtocolsEvent::Guard(never) | ProtocolsEvent::Limits(never) => match never {},
        }
    }

    /// Tells the application, if it has room.
    fn tell(&self, event: NetworkEvent) {
        if self.ends.events.try_send(event).is_err() {
            tracing::debug!("an event was dropped: the application does not take them");
        }
    }
}
