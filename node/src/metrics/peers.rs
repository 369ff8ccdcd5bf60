//! Peers, what they send, and what the watermarks refused.

use std::fmt;

use super::writer::{Writer, number};
use crate::handle::NodeHandle;
use crate::network::NetworkCounts;

/// Writes what the node's own network and its watermarks have counted.
pub(super) fn write(out: &mut Writer<'_>, node: &NodeHandle) -> fmt::Result {
    let counts = node.network().counts();
    connections(out, &counts)?;
    traffic(out, &counts)?;
    let Some(safety) = node.safety() else { return Ok(()) };
    let help = "Messages that the operator's key was not let sign";
    out.counters("signing_refusals", help, [([("reason", "watermark")], safety.refusals())])
}

fn connections(out: &mut Writer<'_>, counts: &NetworkCounts) -> fmt::Result {
    let peers = [("in", counts.peers_in), ("out", counts.peers_out)];
    let peers = peers.map(|(direction, peers)| ([("direction", direction)], number(peers)));
    out.gauges("p2p_peers", "Peers by who called", peers)?;
    let refused = [
        ("other_chain", counts.other_chain),
        ("turned_away", counts.turned_away),
        ("banned", counts.banned),
        ("lied", counts.lies),
    ];
    let help = "Peers and answers that were refused";
    out.counters("p2p_refusals", help, refused.map(|(reason, count)| ([("reason", reason)], count)))
}

fn traffic(out: &mut Writer<'_>, counts: &NetworkCounts) -> fmt::Result {
    let by =
        |protocol, direction, bytes| ([("protocol", protocol), ("direction", direction)], bytes);
    let bytes = [
        by("all", "in", counts.bytes_in),
        by("all", "out", counts.bytes_out),
        by("files", "in", counts.bytes_fetched),
        by("files", "out", counts.bytes_served),
    ];
    out.counters("p2p_bytes", "Bytes of all streams, and of files among them", bytes)?;
    let results = [
        ("published", counts.published),
        ("accepted", counts.accepted),
        ("rejected", counts.rejected),
        ("ignored", counts.ignored),
        ("throttled", counts.throttled),
    ];
    let messages = results.map(|(result, count)| ([("topic", "txs"), ("result", result)], count));
    out.counters("gossip_messages", "Gossiped transactions by what became of them", messages)
}
