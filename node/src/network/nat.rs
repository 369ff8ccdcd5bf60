//! How a node is reached, and how it reaches nodes that nobody can call.
//!
//! A node at home sits behind a router that lets nobody in. It asks a relay, a node with an address
//! of its own, to pass calls on; once two nodes speak through a relay they try to call each other
//! at the same moment, which opens most routers (dcutr), and go on without the relay.
//!
//! A node learns whether it can be called by asking others to try (autonat). Only a node that can
//! be called answers questions about who has which file.
//!
//! # Invariants
//! - Addresses that others claim to see this node at are candidates, at most
//!   [`MAX_CANDIDATES`](candidates::MAX_CANDIDATES) of them, until a call back proved one.
//! - A relay passes on a limited number of bytes for a limited time.
//!
//! Spec: `docs/spec/21-network.md`.

use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use libp2p::relay;
use serde::{Deserialize, Serialize};

use super::subnet::ip_of;

pub(super) mod candidates;

/// Reservations that a relay takes.
const RESERVATIONS: usize = 128;
/// Circuits that a relay keeps at a time, and for one peer.
const CIRCUITS: (usize, usize) = (64, 4);
/// How long a relay keeps a circuit.
const CIRCUIT_TIME: Duration = Duration::from_secs(600);
/// Bytes that a relay passes on in one circuit.
const CIRCUIT_BYTES: u64 = 256 << 20;

/// Whether others can call this node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Others are asked to try. A node that listens on loopback only counts as reachable by all
    /// who could want to.
    #[default]
    Ask,
    /// They can.
    Public,
    /// They cannot.
    Private,
}

/// How this node is reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Nat {
    /// Whether others can call this node.
    pub reach: Reach,
    /// Whether this node passes calls on for others.
    pub relay: bool,
    /// Relays that pass calls on to this node, each with its name (`/p2p/..`).
    pub relays: Vec<Multiaddr>,
    /// Addresses that others are told to call this node at.
    pub announce: Vec<Multiaddr>,
}

impl Nat {
    /// The addresses to listen at through relays.
    pub(super) fn circuits(&self) -> Vec<Multiaddr> {
        self.relays.iter().map(|relay| relay.clone().with(Protocol::P2pCircuit)).collect()
    }

    /// Whether others can call a node that listens at these addresses; none if they must be asked.
    pub(super) fn is_reachable(&self, listen: &[Multiaddr]) -> Option<bool> {
        let loopback = |address| ip_of(address).is_some_and(|ip| ip.is_loopback());
        match self.reach {
            Reach::Public => Some(true),
            Reach::Private => Some(false),
            Reach::Ask if self.relays.is_empty() && listen.iter().all(loopback) => Some(true),
            Reach::Ask => None,
        }
    }
}

/// What a relay grants.
pub(super) fn relay_config() -> relay::Config {
    relay::Config {
        max_reservations: RESERVATIONS,
        max_circuits: CIRCUITS.0,
        max_circuits_per_peer: CIRCUITS.1,
        max_circuit_duration: CIRCUIT_TIME,
        max_circuit_bytes: CIRCUIT_BYTES,
        ..relay::Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_on_loopback_is_reachable_and_others_ask() {
        let (loopback, open) =
            ("/ip4/127.0.0.1/tcp/1".parse().unwrap(), "/ip4/0.0.0.0/tcp/1".parse().unwrap());
        let nat = Nat::default();
        assert_eq!(nat.is_reachable(std::slice::from_ref(&loopback)), Some(true));
        assert_eq!(nat.is_reachable(&[loopback.clone(), open]), None);
        let behind = Nat { relays: vec![loopback.clone()], ..nat.clone() };
        assert_eq!(behind.is_reachable(std::slice::from_ref(&loopback)), None);
        let private = Nat { reach: Reach::Private, ..nat };
        assert_eq!(private.is_reachable(&[loopback]), Some(false));
    }
}
