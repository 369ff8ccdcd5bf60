//! Ports for nodes that share a machine: tests, benchmarks and the demonstration.
//!
//! Nodes that are to find each other must know each other's ports before they start. All ports of
//! a group are held at once, so that they differ, and let go just before the nodes take them.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// So many loopback ports that nobody listens on, neither by TCP nor by UDP.
///
/// # Errors
/// When the system has no free port left.
pub fn reserve_loopback(count: usize) -> io::Result<Vec<u16>> {
    let mut held = Vec::new();
    let mut ports = Vec::new();
    // A port may be free for one protocol and not for the other: try another one then.
    for _ in 0..count.saturating_mul(4) {
        if ports.len() == count {
            break;
        }
        let tcp = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let port = tcp.local_addr()?.port();
        if let Ok(udp) = UdpSocket::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))) {
            held.push((tcp, udp));
            ports.push(port);
        }
    }
    if ports.len() < count {
        let reason = format!("only {} of {count} loopback ports are free", ports.len());
        return Err(io::Error::new(io::ErrorKind::AddrInUse, reason));
    }
    Ok(ports)
}

/// The same address with a free port in the place of TCP port 0.
///
/// # Errors
/// When the system has no free port left.
pub fn resolve(address: &Multiaddr) -> io::Result<Multiaddr> {
    let wants_port = address.iter().any(|part| part == Protocol::Tcp(0));
    let port = if wants_port { reserve_loopback(1)?.first().copied() } else { None };
    let Some(port) = port else { return Ok(address.clone()) };
    let settle = |part| if part == Protocol::Tcp(0) { Protocol::Tcp(port) } else { part };
    Ok(address.iter().map(settle).collect())
}

/// The address of a TCP port on loopback.
#[must_use]
pub fn loopback_tcp(port: u16) -> Multiaddr {
    Multiaddr::empty().with(Protocol::Ip4(Ipv4Addr::LOCALHOST)).with(Protocol::Tcp(port))
}

/// The address of a TCP socket.
#[must_use]
pub fn tcp(address: SocketAddr) -> Multiaddr {
    Multiaddr::empty().with(address.ip().into()).with(Protocol::Tcp(address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn port_zero_becomes_a_free_one_and_any_other_stays() {
        let fixed = loopback_tcp(4_000);
        assert_eq!(resolve(&fixed).unwrap(), fixed);
        let free = resolve(&loopback_tcp(0)).unwrap();
        assert!(free.iter().all(|part| part != Protocol::Tcp(0)) && free.iter().count() == 2);
    }

    #[test]
    fn reserved_ports_differ_and_can_be_listened_on() {
        let ports = reserve_loopback(8).unwrap();
        let listeners: Vec<_> =
            ports.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port))).collect();
        assert!(listeners.iter().all(Result::is_ok));
    }
}
