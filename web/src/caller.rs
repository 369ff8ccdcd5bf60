//! Who sends a request, as far as limits are concerned.
//!
//! The caller is the other end of the connection. A proxy on this machine speaks for others: if a
//! request comes over loopback and names whom it was forwarded for, that is the caller. Nobody else
//! is believed, or whoever names another address each time would have no limit.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};

/// The header in which a proxy says whom it speaks for; the last address is the proxy's own word.
const FORWARDED: &str = "x-forwarded-for";

/// The address that limits count for: an IPv4 address, or the network of an IPv6 address, of which
/// one household has very many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Caller(IpAddr);

impl Caller {
    /// The caller of a request that came from `peer`.
    #[must_use]
    pub fn of(peer: IpAddr, headers: &HeaderMap) -> Self {
        let forwarded = headers.get_all(FORWARDED).iter().next_back();
        let named = forwarded
            .filter(|_| peer.to_canonical().is_loopback())
            .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
        Self(network(named.unwrap_or(peer)))
    }

    /// The caller of a request, as the server has noted it.
    pub(crate) fn named(extensions: &Extensions) -> Self {
        extensions.get::<Self>().copied().unwrap_or(Self(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    }

    /// Whether it is a program on this machine, which is not limited.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.0.is_loopback()
    }
}

/// Whoever the server says it is; a router that no server feeds is asked by its own program.
impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::named(&parts.extensions))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        other @ (IpAddr::V4(_) | IpAddr::V6(_)) => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, forwarded: &[&'static str]) -> Caller {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, axum::http::HeaderValue::from_static(value));
        }
        Caller::of(peer.parse().unwrap(), &headers)
    }

    #[test]
    fn a_proxy_on_this_machine_speaks_for_others_and_nobody_else_does() {
        assert_eq!(caller("127.0.0.1", &["203.0.113.9"]), caller("203.0.113.9", &[]));
        assert_eq!(caller("203.0.113.9", &["198.51.100.1"]), caller("203.0.113.9", &[]));
        // What the client itself put before the proxy's word does not count.
        let forged = caller("::1", &["198.51.100.1", "198.51.100.2, 203.0.113.9"]);
        assert_eq!(forged, caller("203.0.113.9", &[]));
        assert!(caller("127.0.0.1", &["nonsense"]).is_local());
        assert!(!caller("127.0.0.1", &["203.0.113.9"]).is_local());
    }

    #[test]
    fn one_network_of_the_sixth_version_is_one_caller() {
        assert_eq!(caller("2001:db8:1:2::1", &[]), caller("2001:db8:1:2:ffff::9", &[]));
        assert_ne!(caller("2001:db8:1:2::1", &[]), caller("2001:db8:1:3::1", &[]));
        assert_eq!(caller("::ffff:203.0.113.9", &[]), caller("203.0.113.9", &[]));
        assert!(caller("::1", &[]).is_local());
    }
}
