//! Addresses as far as limits care: which host, and which neighbourhood.
//!
//! One party easily has many addresses in one neighbourhood and hardly in many. Addresses of the
//! machine itself and of private networks are local: whoever has one is there by the owner's leave.

use std::net::{IpAddr, Ipv6Addr};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// A neighbourhood: the first 16 bits of an IPv4 address, or 32 of an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Subnet {
    /// Of IPv4.
    V4([u8; 2]),
    /// Of IPv6.
    V6([u16; 2]),
}

impl Subnet {
    /// The neighbourhood of an address.
    pub(super) fn of(ip: IpAddr) -> Self {
        match host(ip) {
            IpAddr::V4(ip) => {
                let [a, b, _, _] = ip.octets();
                Self::V4([a, b])
            }
            IpAddr::V6(ip) => {
                let [a, b, ..] = ip.segments();
                Self::V6([a, b])
            }
        }
    }
}

/// The address that stands for its host: all of an IPv4 address, and the half of an IPv6 address
/// that a provider gives to one customer.
pub(super) fn host(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or_else(
            || {
                let [a, b, c, d, ..] = v6.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            },
            IpAddr::V4,
        ),
    }
}

/// Whether an address is of this machine or a private network.
pub(super) fn is_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_local(IpAddr::V4(v4)),
            None => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
        },
    }
}

/// The address of the host at the other end; none for one behind a relay.
#[expect(clippy::wildcard_enum_match_arm, reason = "there are dozens of protocols, two have an IP")]
pub(super) fn ip_of(address: &Multiaddr) -> Option<IpAddr> {
    if is_relayed(address) {
        return None;
    }
    address.iter().find_map(|part| match part {
        Protocol::Ip4(ip) => Some(IpAddr::V4(ip)),
        Protocol::Ip6(ip) => Some(IpAddr::V6(ip)),
        _ => None,
    })
}

/// The address without the names of peers in it.
pub(super) fn without_peer(address: &Multiaddr) -> Multiaddr {
    address.iter().filter(|part| !matches!(part, Protocol::P2p(_))).collect()
}

/// Whether an address leads through a relay.
pub(super) fn is_relayed(address: &Multiaddr) -> bool {
    address.iter().any(|part| matches!(part, Protocol::P2pCircuit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_neighbourhoods_are_told_apart() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        assert_eq!(Subnet::of(ip("198.51.100.7")), Subnet::of(ip("198.51.3.4")));
        assert_ne!(Subnet::of(ip("198.51.100.7")), Subnet::of(ip("198.52.100.7")));
        assert_eq!(Subnet::of(ip("::ffff:198.51.1.1")), Subnet::V4([198, 51]));
        assert_eq!(host(ip("2001:db8:1:2::1")), host(ip("2001:db8:1:2:ffff::9")));
        assert_ne!(host(ip("2001:db8:1:2::1")), host(ip("2001:db8:1:3::1")));
        for local in ["127.0.0.1", "10.1.2.3", "192.168.0.9", "::1", "fd00::1", "::ffff:10.0.0.1"] {
            assert!(is_local(ip(local)), "{local}");
        }
        assert!(!is_local(ip("198.51.100.7")) && !is_local(ip("2001:db8::1")));
    }

    #[test]
    fn a_peer_behind_a_relay_has_no_address_of_its_own() {
        let direct: Multiaddr = "/ip4/198.51.100.7/tcp/1".parse().unwrap();
        assert_eq!(ip_of(&direct), "198.51.100.7".parse().ok());
        assert_eq!(ip_of(&direct.with(Protocol::P2pCircuit)), None);
    }
}
