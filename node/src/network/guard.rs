//! Who is let in: bans, connections from one host, connections into one neighbourhood.
//!
//! A part of the swarm that opens no streams: it is asked before a connection is made and says no.
//! Connections of others never take the places of this node's own calls, which have a limit of
//! their own beside this one ([`super::behaviour`]).
//!
//! # Invariants
//! - At most `connections_per_ip` connections from one host, counted while they are being made too.
//! - At most `outbound_per_subnet` calls into one neighbourhood, those to kept peers not counted.
//! - A banned peer is refused however it connects, until its time is over.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, DialFailure, ListenFailure};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};

use super::counters::Counters;
use super::limits::Limits;
use super::subnet::{Subnet, host, ip_of, is_local, without_peer};

/// Most bans that are remembered; the one that ends first makes room.
const MAX_BANS: usize = 4096;

/// Why a connection was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TurnedAway {
    /// The peer is banned.
    #[error("peer {peer} is banned for another {seconds} seconds")]
    Banned {
        /// Who.
        peer: PeerId,
        /// For how long.
        seconds: u64,
    },
    /// Its host has too many connections already.
    #[error("{ip} has {limit} connections already, which is the limit")]
    Host {
        /// The host.
        ip: IpAddr,
        /// The limit.
        limit: u32,
    },
    /// This node called too many of its neighbourhood already.
    #[error("{limit} peers near {ip} were called already, which is the limit")]
    Neighbourhood {
        /// The host.
        ip: IpAddr,
        /// The limit.
        limit: u32,
    },
}

/// The guard.
#[derive(Debug)]
pub(super) struct Guard {
    per_host: u32,
    per_subnet: u32,
    local_counts: bool,
    counters: Arc<Counters>,
    bans: BTreeMap<PeerId, Instant>,
    kept: BTreeSet<PeerId>,
    /// Addresses of kept peers, without names.
    kept_at: BTreeSet<Multiaddr>,
    hosts: HashMap<ConnectionId, IpAddr>,
    subnets: HashMap<ConnectionId, Subnet>,
}

impl Guard {
    /// Nobody is banned or connected.
    pub(super) fn new(limits: &Limits, counters: Arc<Counters>) -> Self {
        Self {
            per_host: limits.connections_per_ip,
            per_subnet: limits.outbound_per_subnet,
            local_counts: limits.local_counts,
            counters,
            bans: BTreeMap::new(),
            kept: BTreeSet::new(),
            kept_at: BTreeSet::new(),
            hosts: HashMap::new(),
            subnets: HashMap::new(),
        }
    }

    /// Lets a peer neither in nor out for a while.
    pub(super) fn ban(&mut self, peer: PeerId, time: Duration) {
        let now = Instant::now();
        self.bans.retain(|_, until| *until > now);
        if self.bans.len() >= MAX_BANS
            && let Some(first) = self.bans.iter().min_by_key(|(_, until)| **until)
        {
            let first = *first.0;
            self.bans.remove(&first);
        }
        if let Some(until) = now.checked_add(time) {
            self.bans.insert(peer, until);
        }
    }

    /// How long a peer is still banned.
    pub(super) fn banned(&self, peer: &PeerId) -> Option<Duration> {
        let left = self.bans.get(peer)?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Calls to this address are not limited by its neighbourhood.
    pub(super) fn keep_at(&mut self, address: &Multiaddr) {
        self.kept_at.insert(without_peer(address));
    }

    /// Calls to this peer are not limited by its neighbourhood.
    pub(super) fn keep(&mut self, peer: PeerId) {
        self.kept.insert(peer);
    }

    /// How many calls into a neighbourhood are up.
    pub(super) fn calls_into(&self, subnet: Subnet) -> usize {
        self.subnets.values().filter(|known| **known == subnet).count()
    }

    fn check_ban(&self, peer: PeerId) -> Result<(), ConnectionDenied> {
        self.banned(&peer).map_or(Ok(()), |left| {
            Err(self.deny(TurnedAway::Banned { peer, seconds: left.as_secs() }))
        })
    }

    fn deny(&self, reason: TurnedAway) -> ConnectionDenied {
        self.counters.turned_away.one();
        ConnectionDenied::new(reason)
    }

    fn counted(&self, address: &Multiaddr) -> Option<IpAddr> {
        ip_of(address).filter(|ip| self.local_counts || !is_local(*ip))
    }

    fn forget(&mut self, connection: &ConnectionId) {
        self.hosts.remove(connection);
        self.subnets.remove(connection);
    }
}

fn reached(count: usize, limit: u32) -> bool {
    u32::try_from(count).unwrap_or(u32::MAX) >= limit
}

impl NetworkBehaviour for Guard {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        _local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        let Some(ip) = self.counted(remote).map(host) else { return Ok(()) };
        if reached(self.hosts.values().filter(|known| **known == ip).count(), self.per_host) {
            return Err(self.deny(TurnedAway::Host { ip, limit: self.per_host }));
        }
        self.hosts.insert(connection, ip);
        Ok(())
    }

    fn handle_established_inbound_connection(
        &mut self,
        _connection: ConnectionId,
        peer: PeerId,
        _local: &Multiaddr,
        _remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check_ban(peer)?;
        Ok(dummy::ConnectionHandler)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        _connection: ConnectionId,
        peer: Option<PeerId>,
        _addresses: &[Multiaddr],
        _role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        peer.map_or(Ok(()), |peer| self.check_ban(peer))?;
        Ok(Vec::new())
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        _role: Endpoint,
        _port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.check_ban(peer)?;
        if let Some(ip) = self.counted(address)
            && !self.kept.contains(&peer)
            && !self.kept_at.contains(&without_peer(address))
        {
            let (subnet, limit) = (Subnet::of(ip), self.per_subnet);
            if reached(self.calls_into(subnet), limit) {
                return Err(self.deny(TurnedAway::Neighbourhood { ip, limit }));
            }
            self.subnets.insert(connection, subnet);
        }
        Ok(dummy::ConnectionHandler)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the library adds events at will")]
    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. })
            | FromSwarm::ListenFailure(ListenFailure { connection_id, .. })
            | FromSwarm::DialFailure(DialFailure { connection_id, .. }) => {
                self.forget(&connection_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _peer: PeerId,
        _connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(
        &mut self,
        _cx: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(limits: Limits) -> Guard {
        Guard::new(&limits, Arc::default())
    }

    fn address(text: &str) -> Multiaddr {
        text.parse().unwrap()
    }

    fn call(guard: &mut Guard, number: usize, peer: PeerId, to: &str) -> bool {
        let connection = ConnectionId::new_unchecked(number);
        let (address, role, port) = (address(to), Endpoint::Dialer, PortUse::New);
        let called =
            guard.handle_established_outbound_connection(connection, peer, &address, role, port);
        called.is_ok()
    }

    #[test]
    fn outbound_calls_into_one_neighbourhood_are_limited_but_for_kept_peers() {
        let mut guard = guard(Limits { outbound_per_subnet: 2, ..Limits::default() });
        let near = ["/ip4/198.51.1.1/tcp/1", "/ip4/198.51.2.2/tcp/1", "/ip4/198.51.3.3/tcp/1"];
        let called: Vec<bool> = (0..)
            .zip(near)
            .map(|(number, to)| call(&mut guard, number, PeerId::random(), to))
            .collect();
        assert_eq!(called, [true, true, false]);
        let friend = PeerId::random();
        guard.keep(friend);
        assert!(call(&mut guard, 4, friend, "/ip4/198.51.4.4/tcp/1"));
        guard.keep_at(&address("/ip4/198.51.6.6/tcp/1"));
        assert!(call(&mut guard, 22, PeerId::random(), "/ip4/198.51.6.6/tcp/1"));
        assert!(call(&mut guard, 5, PeerId::random(), "/ip4/203.0.113.1/tcp/1"));
        for number in 6..20 {
            assert!(call(&mut guard, number, PeerId::random(), "/ip4/10.0.0.1/tcp/1"));
        }
        guard.forget(&ConnectionId::new_unchecked(0));
        assert!(call(&mut guard, 21, PeerId::random(), "/ip4/198.51.5.5/tcp/1"));
    }

    #[test]
    fn callers_from_one_host_are_limited_and_counted_as_turned_away() {
        let mut guard = guard(Limits { connections_per_ip: 3, ..Limits::default() });
        let mut caller = |number: usize, from: &str| {
            let connection = ConnectionId::new_unchecked(number);
            let (local, remote) = (address("/ip4/203.0.113.9/tcp/1"), address(from));
            guard.handle_pending_inbound_connection(connection, &local, &remote).is_ok()
        };
        let let_in: Vec<bool> =
            (0..5).map(|number| caller(number, "/ip4/198.51.1.1/tcp/7")).collect();
        assert_eq!(let_in, [true, true, true, false, false]);
        assert!(caller(6, "/ip4/198.51.1.2/tcp/7"));
        assert_eq!(guard.counters.turned_away.get(), 2);
    }

    #[test]
    fn a_ban_holds_for_its_time_and_the_list_has_a_limit() {
        let mut guard = guard(Limits::default());
        let peer = PeerId::random();
        guard.ban(peer, Duration::from_secs(3600));
        assert!(!call(&mut guard, 0, peer, "/ip4/203.0.113.1/tcp/1"));
        guard.ban(peer, Duration::ZERO);
        assert!(call(&mut guard, 0, peer, "/ip4/203.0.113.1/tcp/1"));
        for seconds in 0..5000 {
            guard.ban(PeerId::random(), Duration::from_secs(1000 + seconds));
        }
        assert!(guard.bans.len() <= MAX_BANS);
    }
}
