//! Transactions: published, received within the rates, and judged.

use std::time::Instant;

use libp2p::PeerId;
use libp2p::gossipsub::{self, MessageAcceptance, MessageId};

use super::super::NetworkEvent;
use super::super::gossip::{self, IncomingTx, Judged, Judgement, PublishError, Verdict};
use super::Driver;

impl Driver {
    pub(super) fn publish(&mut self, bytes: Vec<u8>) -> Result<(), PublishError> {
        let (len, limit) = (bytes.len(), self.settings.limits.max_tx_bytes);
        if len > limit {
            return Err(PublishError::TooLong { len, limit });
        }
        let topic = self.settings.topic.hash();
        let published = self.swarm.behaviour_mut().gossip.publish(topic, bytes);
        published.map_err(|error| gossip::publish_error(&error))?;
        self.ends.counters.published.one();
        Ok(())
    }

    pub(super) fn on_verdict(&mut self, judged: &Judged) {
        let Judged { id, peer, judgement } = judged;
        if let Some(entry) = self.peers.get_mut(peer) {
            entry.conduct.pending = entry.conduct.pending.saturating_sub(1);
        }
        self.judge(id, *peer, *judgement);
    }

    fn judge(&mut self, id: &MessageId, peer: PeerId, judgement: Judgement) {
        let counters = &self.ends.counters;
        match judgement {
            Judgement::Accept => counters.accepted.one(),
            Judgement::Reject => counters.rejected.one(),
            Judgement::Ignore => counters.ignored.one(),
        }
        let acceptance = MessageAcceptance::from(judgement);
        self.swarm.behaviour_mut().gossip.report_message_validation_result(id, &peer, acceptance);
        if judgement == Judgement::Reject {
            self.weigh(peer);
        }
    }

    pub(super) fn on_gossip(&mut self, event: gossipsub::Event) {
        let own = self.settings.topic.hash();
        match event {
            gossipsub::Event::Message { propagation_source, message_id, message } => {
                self.on_message(propagation_source, message_id, message);
            }
            gossipsub::Event::Subscribed { peer_id, topic } if topic == own => {
                self.ends.chain_peers.send_if_modified(|peers| peers.insert(peer_id));
            }
            gossipsub::Event::Unsubscribed { peer_id, topic } if topic == own => {
                self.ends.chain_peers.send_if_modified(|peers| peers.remove(&peer_id));
            }
            gossipsub::Event::SlowPeer { peer_id, .. } => {
                tracing::debug!(peer = %peer_id, "a peer takes transactions too slowly");
            }
            gossipsub::Event::Subscribed { .. }
            | gossipsub::Event::Unsubscribed { .. }
            | gossipsub::Event::GossipsubNotSupported { .. } => {}
        }
    }

    fn on_message(&mut self, peer: PeerId, id: MessageId, message: gossipsub::Message) {
        let limits = &self.settings.limits;
        let Some(entry) = self.peers.get_mut(&peer) else {
            return self.judge(&id, peer, Judgement::Ignore);
        };
        if message.data.len() > limits.max_tx_bytes || message.topic != self.settings.topic.hash() {
            return self.judge(&id, peer, Judgement::Reject);
        }
        if !entry.conduct.tx(Instant::now()) {
            self.ends.counters.throttled.one();
            return self.judge(&id, peer, Judgement::Ignore);
        }
        let room = entry.conduct.pending < limits.pending_txs_per_peer;
        match self.verdicts.0.clone().try_reserve_owned() {
            Ok(way) if room => {
                entry.conduct.pending = entry.conduct.pending.saturating_add(1);
                let verdict = Verdict::new(id, peer, way);
                // If the application has no room, the verdict is dropped with the event.
                self.tell(NetworkEvent::TxReceived(IncomingTx {
                    bytes: message.data,
                    peer,
                    verdict,
                }));
            }
            Ok(_) | Err(_) => self.judge(&id, peer, Judgement::Ignore),
        }
    }
}
