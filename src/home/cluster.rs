//! Several homes on one machine whose nodes know each other.

use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use probity_node::ports::reserve_loopback;
use probity_primitives::OperatorId;

use crate::exit::{Code, Failure, OrFail};

/// How far apart the ports of two nodes are.
const SPACING: u16 = 10;
/// The usual port of consensus; API and network follow it.
pub(crate) const FIRST_PORT: u16 = 27_656;

/// The usual port of metrics.
pub(crate) const METRICS_PORT: u16 = 27_660;

/// A setting with its value.
pub(crate) type Chosen = (&'static str, toml::Value);

/// Where a node listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ports {
    /// For engines.
    pub(crate) consensus: SocketAddr,
    /// For people and programs.
    pub(crate) api: SocketAddr,
    /// For transactions and files.
    pub(crate) network: SocketAddr,
    /// For monitors.
    pub(crate) metrics: SocketAddr,
}

impl Ports {
    /// Loopback ports for so many nodes, spaced from `first` on; free ones if that is 0.
    pub(crate) fn spaced(nodes: u16, first: u16) -> Result<Vec<Self>, Failure> {
        if first == 0 {
            return Self::free(nodes.into());
        }
        let end = nodes.checked_mul(SPACING).and_then(|wide| first.checked_add(wide));
        if end.is_none() {
            let message = format!("{nodes} nodes from port {first} on need ports above 65535");
            return Err(Failure::new(Code::Usage, message));
        }
        let port = |node: u16, offset: u16| {
            loopback(first.saturating_add(node.saturating_mul(SPACING)).saturating_add(offset))
        };
        Ok((0..nodes)
            .map(|node| Self {
                consensus: port(node, 0),
                api: port(node, 1),
                network: port(node, 2),
                metrics: port(node, 4),
            })
            .collect())
    }

    /// Loopback ports that nobody uses now.
    pub(crate) fn free(nodes: usize) -> Result<Vec<Self>, Failure> {
        let ports = reserve_loopback(nodes.saturating_mul(4));
        let ports = ports.or_fail(Code::Other, "no free ports")?;
        let of_node = |ports: &[u16]| match *ports {
            [consensus, api, network, metrics] => Some(Self {
                consensus: loopback(consensus),
                api: loopback(api),
                network: loopback(network),
                metrics: loopback(metrics),
            }),
            _ => None,
        };
        Ok(ports.chunks_exact(4).filter_map(of_node).collect())
    }

    /// Where the node of these ports listens, and whom it calls among all.
    pub(crate) fn settings(&self, all: &[Self]) -> Vec<Chosen> {
        let others = |address: fn(&Self) -> SocketAddr| {
            let others = all.iter().filter(|other| *other != self);
            toml::Value::Array(others.map(|other| text(&address(other))).collect())
        };
        vec![
            ("api.listen", text(&self.api)),
            ("consensus.listen", text(&self.consensus)),
            ("consensus.peers", others(|ports| ports.consensus)),
            ("metrics.listen", text(&self.metrics)),
            ("network.listen", text(&self.network)),
            ("network.peers", others(|ports| ports.network)),
        ]
    }
}

/// Who a node is.
pub(crate) fn identity(moniker: &str, operator: Option<OperatorId>) -> Vec<Chosen> {
    let operator = operator.map(|operator| ("node.operator", text(&operator)));
    [("node.moniker", text(&moniker))].into_iter().chain(operator).collect()
}

/// How long a block should take.
pub(crate) fn block_time(time: Duration) -> Chosen {
    ("consensus.block_time_ms", i64::try_from(time.as_millis()).unwrap_or(i64::MAX).into())
}

/// Metrics on their usual port, on loopback.
pub(crate) fn metrics() -> Chosen {
    ("metrics.listen", text(&loopback(METRICS_PORT)))
}

/// A text as a setting has it.
pub(crate) fn text(text: &dyn Display) -> toml::Value {
    toml::Value::String(text.to_string())
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaced_ports_differ_and_each_node_calls_all_others() {
        let all = Ports::spaced(4, FIRST_PORT).unwrap();
        assert_eq!(all[0].api.port(), 27_657);
        assert_eq!(all[0].metrics.port(), METRICS_PORT);
        assert_eq!(all[3].network.port(), 27_688);
        for ports in &all {
            let settings = ports.settings(&all);
            let (_, peers) = settings.iter().find(|(key, _)| *key == "network.peers").unwrap();
            assert_eq!(peers.as_array().unwrap().len(), 3);
            assert!(!peers.as_array().unwrap().contains(&text(&ports.network)));
        }
    }

    #[test]
    fn ports_that_there_are_not_are_refused() {
        assert!(Ports::spaced(100, 65_000).is_err());
    }
}
