//! The settings of the network in a node's configuration file: plain numbers and texts.
//!
//! Everything has a default, so an absent table is a valid one. What is not among these settings
//! has a default in [`Limits`] that nobody had a reason to change yet.
//!
//! Spec: `docs/spec/21-network.md`.

use std::time::Duration;

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::nat::{Nat, Reach};
use super::rate::Rate;

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A number that cannot be zero is.
    #[error("network.{key} is 0; it must be at least 1")]
    Zero {
        /// Which setting.
        key: &'static str,
    },
    /// A text is not an address.
    #[error("network.{key}: {text:?} is not a multiaddress: {reason}")]
    Address {
        /// Which setting.
        key: &'static str,
        /// What stands there.
        text: String,
        /// Why it is not one.
        reason: String,
    },
    /// A relay has no name.
    #[error("network.relays: {text:?} does not end with /p2p/ and the relay's peer id")]
    NamelessRelay {
        /// What stands there.
        text: String,
    },
}

/// The table `[network]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Most connections from others.
    pub max_incoming: u32,
    /// Most connections to others; those of others never take their places.
    pub max_outgoing: u32,
    /// Most connections from one host outside private networks.
    pub max_per_ip: u32,
    /// Most connections to one neighbourhood (an IPv4 /16, an IPv6 /32) outside private networks.
    pub max_per_subnet: u32,
    /// Connections to others that the node makes by itself; 0 for the configured peers alone.
    pub outbound_target: u32,
    /// Transactions a second of one peer that are looked at.
    pub txs_per_second: u32,
    /// Bytes a second of one peer that nobody asked for.
    pub bytes_per_second: u32,
    /// How long a peer that misbehaved is not let in, in seconds.
    pub ban_seconds: u32,
    /// Whether others can call this node: `ask`, `public` or `private`.
    pub reach: Reach,
    /// Whether this node passes calls on to nodes that nobody can call.
    pub relay: bool,
    /// Relays that pass calls on to this node.
    pub relays: Vec<String>,
    /// Addresses that others are told to call this node at.
    pub announce: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let limits = Limits::default();
        Self {
            max_incoming: limits.incoming_connections,
            max_outgoing: limits.outgoing_connections,
            max_per_ip: limits.connections_per_ip,
            max_per_subnet: limits.outbound_per_subnet,
            outbound_target: 8,
            txs_per_second: limits.tx_rate.per_second,
            bytes_per_second: limits.byte_rate.per_second,
            ban_seconds: 600,
            reach: Reach::Ask,
            relay: false,
            relays: Vec::new(),
            announce: Vec::new(),
        }
    }
}

impl Settings {
    /// The limits and the ways to be reached that the settings mean.
    ///
    /// # Errors
    /// [`SettingsError`] with the first setting that cannot be used.
    pub fn resolve(&self) -> Result<(Limits, Nat), SettingsError> {
        let at_least_one =
            |key, value| if value == 0 { Err(SettingsError::Zero { key }) } else { Ok(value) };
        let defaults = Limits::default();
        let outgoing = at_least_one("max_outgoing", self.max_outgoing)?;
        let rate = |per_second: u32, times: u32| Rate {
            per_second,
            burst: per_second.saturating_mul(times),
        };
        let limits = Limits {
            incoming_connections: self.max_incoming,
            outgoing_connections: outgoing,
            connections_per_ip: at_least_one("max_per_ip", self.max_per_ip)?,
            outbound_per_subnet: at_least_one("max_per_subnet", self.max_per_subnet)?,
            outbound_target: usize::try_from(self.outbound_target).unwrap_or(usize::MAX),
            tx_rate: rate(at_least_one("txs_per_second", self.txs_per_second)?, 2),
            byte_rate: rate(at_least_one("bytes_per_second", self.bytes_per_second)?, 4),
            ban: Duration::from_secs(at_least_one("ban_seconds", self.ban_seconds)?.into()),
            ..defaults
        };
        let nat = Nat {
            reach: self.reach,
            relay: self.relay,
            relays: addresses("relays", &self.relays)?,
            announce: addresses("announce", &self.announce)?,
        };
        for (relay, text) in nat.relays.iter().zip(&self.relays) {
            if !matches!(relay.iter().last(), Some(Protocol::P2p(_))) {
                return Err(SettingsError::NamelessRelay { text: text.clone() });
            }
        }
        Ok((limits, nat))
    }
}

fn addresses(key: &'static str, texts: &[String]) -> Result<Vec<Multiaddr>, SettingsError> {
    let parse = |text: &String| {
        text.parse().map_err(|error: libp2p::multiaddr::Error| SettingsError::Address {
            key,
            text: text.clone(),
            reason: error.to_string(),
        })
    };
    texts.iter().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_settings_are_the_default_limits() {
        let (limits, nat) = Settings::default().resolve().unwrap();
        assert_eq!((limits, nat), (Limits::default(), Nat::default()));
    }

    #[test]
    fn settings_that_cannot_be_used_are_refused_by_name() {
        let check = |settings: Settings, expected: &str| {
            let error = settings.resolve().unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        let settings = Settings::default;
        check(Settings { max_per_ip: 0, ..settings() }, "network.max_per_ip is 0");
        let relays = vec!["/ip4/198.51.100.1/tcp/1".to_owned()];
        check(
            Settings { relays, ..settings() },
            "network.relays: \"/ip4/198.51.100.1/tcp/1\" does",
        );
        let announce = vec!["198.51.100.1:1".to_owned()];
        check(Settings { announce, ..settings() }, "network.announce: \"198.51.100.1:1\" is not");
    }
}
