//! Whether an address is free to be listened at.
//!
//! The transport shares its port with any other program that does the same, so that two nodes with
//! the same configuration would each get half of the callers. A plain bind beforehand fails instead.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;

/// Fails if another socket has the address.
pub(super) fn check_free(address: &Multiaddr) -> io::Result<()> {
    let mut ip: Option<IpAddr> = None;
    for part in address {
        match (part, ip) {
            (Protocol::Ip4(found), _) => ip = Some(found.into()),
            (Protocol::Ip6(found), _) => ip = Some(found.into()),
            (Protocol::Tcp(port), Some(ip)) if port != 0 => {
                return TcpListener::bind(SocketAddr::new(ip, port)).map(drop);
            }
            (Protocol::Udp(port), Some(ip)) if port != 0 => {
                return UdpSocket::bind(SocketAddr::new(ip, port)).map(drop);
            }
            _ => {}
        }
    }
    Ok(())
}
