//! A limit on the addresses that others claim to see this node at.
//!
//! The client of autonat keeps every address it hears of, and whoever connects may claim any. This
//! wrapper hands the first few on and drops the rest; everything else passes through untouched.

use std::collections::BTreeSet;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::NewExternalAddrCandidate;
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};

/// Most addresses that are tried.
pub(in super::super) const MAX_CANDIDATES: usize = 32;

/// A behaviour that hears of a limited number of candidates.
pub(in super::super) struct Candidates<B> {
    inner: B,
    heard: BTreeSet<Multiaddr>,
}

impl<B> Candidates<B> {
    /// Nothing was heard yet.
    pub(in super::super) const fn new(inner: B) -> Self {
        Self { inner, heard: BTreeSet::new() }
    }

    /// Whether a candidate is handed on.
    fn admits(&mut self, address: &Multiaddr) -> bool {
        if self.heard.len() < MAX_CANDIDATES {
            self.heard.insert(address.clone());
        }
        self.heard.contains(address)
    }
}

impl<B: NetworkBehaviour> NetworkBehaviour for Candidates<B> {
    type ConnectionHandler = B::ConnectionHandler;
    type ToSwarm = B::ToSwarm;

    fn handle_pending_inbound_connection(
        &mut self,
        connection: ConnectionId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<(), ConnectionDenied> {
        self.inner.handle_pending_inbound_connection(connection, local, remote)
    }

    fn handle_established_inbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        local: &Multiaddr,
        remote: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_inbound_connection(connection, peer, local, remote)
    }

    fn handle_pending_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: Option<PeerId>,
        addresses: &[Multiaddr],
        role: Endpoint,
    ) -> Result<Vec<Multiaddr>, ConnectionDenied> {
        self.inner.handle_pending_outbound_connection(connection, peer, addresses, role)
    }

    fn handle_established_outbound_connection(
        &mut self,
        connection: ConnectionId,
        peer: PeerId,
        address: &Multiaddr,
        role: Endpoint,
        port: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        self.inner.handle_established_outbound_connection(connection, peer, address, role, port)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        if let FromSwarm::NewExternalAddrCandidate(NewExternalAddrCandidate { addr }) = event
            && !self.admits(addr)
        {
            return;
        }
        self.inner.on_swarm_event(event);
    }

    fn on_connection_handler_event(
        &mut self,
        peer: PeerId,
        connection: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        self.inner.on_connection_handler_event(peer, connection, event);
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        self.inner.poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use libp2p::swarm::dummy;

    use super::*;

    #[test]
    fn so_many_candidates_are_heard_and_no_more() {
        let mut candidates = Candidates::new(dummy::Behaviour);
        let address = |port: usize| format!("/ip4/198.51.100.7/tcp/{port}").parse().unwrap();
        let admitted = (1..1000).filter(|port| candidates.admits(&address(*port))).count();
        assert_eq!(admitted, MAX_CANDIDATES);
        assert!(candidates.admits(&address(1)));
        assert_eq!(candidates.heard.len(), MAX_CANDIDATES);
    }
}
