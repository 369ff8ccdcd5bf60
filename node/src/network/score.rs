//! How the gossip layer scores peers.
//!
//! A peer earns a little for transactions that it brought first and for time in the mesh, and
//! loses much for transactions that can never be valid: with the square of their number, so that a
//! few are an accident and seven within seconds are not. What else it did wrong comes in as the
//! application score of [`super::conduct`].
//!
//! # Not here
//! Penalties for bringing too little (P3): transactions are rare on a quiet chain, and silence is
//! no offence.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::HashMap;
use std::time::Duration;

use libp2p::gossipsub::{IdentTopic, PeerScoreParams, PeerScoreThresholds, TopicScoreParams};

use super::limits::Limits;

/// Below this score a peer gets no gossip about what there is.
const GOSSIP: f64 = -50.0;
/// Below this score a peer is not sent this node's own transactions.
const PUBLISH: f64 = -200.0;
/// Below this score nothing of a peer is looked at, and it is banned.
pub(super) const GRAYLIST: f64 = -400.0;
/// What the square of the number of invalid transactions weighs.
const INVALID_WEIGHT: f64 = -10.0;
/// How much of the number of invalid transactions is left after a second.
const INVALID_DECAY: f64 = 0.98;

/// The parameters of the score for one topic.
pub(super) fn params(topic: &IdentTopic, limits: &Limits) -> PeerScoreParams {
    let of_topic = TopicScoreParams {
        topic_weight: 1.0,
        time_in_mesh_weight: 0.01,
        time_in_mesh_quantum: Duration::from_secs(1),
        time_in_mesh_cap: 600.0,
        first_message_deliveries_weight: 0.1,
        first_message_deliveries_decay: 0.9,
        first_message_deliveries_cap: 100.0,
        mesh_message_deliveries_weight: 0.0,
        mesh_failure_penalty_weight: 0.0,
        invalid_message_deliveries_weight: INVALID_WEIGHT,
        invalid_message_deliveries_decay: INVALID_DECAY,
        ..TopicScoreParams::default()
    };
    PeerScoreParams {
        topics: HashMap::from([(topic.hash(), of_topic)]),
        topic_score_cap: 20.0,
        app_specific_weight: 1.0,
        // Connections from one address are limited before they are made.
        ip_colocation_factor_weight: 0.0,
        behaviour_penalty_weight: -10.0,
        behaviour_penalty_threshold: 6.0,
        behaviour_penalty_decay: 0.9,
        decay_interval: Duration::from_secs(1),
        retain_score: limits.ban,
        ..PeerScoreParams::default()
    }
}

/// What the score means for a peer.
pub(super) fn thresholds() -> PeerScoreThresholds {
    PeerScoreThresholds {
        gossip_threshold: GOSSIP,
        publish_threshold: PUBLISH,
        graylist_threshold: GRAYLIST,
        accept_px_threshold: 10.0,
        opportunistic_graft_threshold: 1.0,
    }
}
