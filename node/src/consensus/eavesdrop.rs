//! Hearing one's own key: votes and proposals from the network that carry this node's address.
//!
//! The engine tells what it receives before it has looked at it. What names this operator is
//! checked against the operator's key here, and if the signature holds, [`Safety`] says whether it
//! was made on this node.
//!
//! # Not here
//! Votes that arrive inside certificates of a round; those that decide a block are looked at when
//! it is committed.
//!
//! Spec: `docs/spec/27-signing.md`.

use std::sync::Arc;

use arc_malachitebft_app_channel::Channels;
use arc_malachitebft_app_channel::app::engine::util::events::{Event, RxEvent};
use arc_malachitebft_core_consensus::SignedConsensusMsg;
use arc_malachitebft_core_types::SignedMessage;
use probity_primitives::{Domain, Hash, Signature};
use tokio::sync::broadcast::error::RecvError;

use super::context::ProbityContext;
use super::safety::Safety;
use super::signing::{proposal_bytes, step_of, vote_bytes};
use probity_keys::guard::Step;

/// Listens to an engine until it ends.
pub(crate) fn listen(channels: &Channels<ProbityContext>, safety: Arc<Safety>) {
    let events = channels.events.subscribe();
    tokio::spawn(run(events, safety));
}

async fn run(mut events: RxEvent<ProbityContext>, safety: Arc<Safety>) {
    loop {
        match events.recv().await {
            Ok(Event::Received(message)) => hear(&message, &safety),
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(missed, "messages passed by unheard");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn hear(message: &SignedConsensusMsg<ProbityContext>, safety: &Safety) {
    let own = safety.operator();
    match message {
        SignedConsensusMsg::Vote(SignedMessage { message: vote, signature })
            if vote.validator.0 == own =>
        {
            let Some(round) = vote.round.as_u32() else { return };
            let bytes = vote_bytes(safety.chain(), vote);
            if let Some(digest) = digest(safety, Domain::Vote, &bytes, signature) {
                safety.heard(step_of(vote.kind), vote.height.0, round, digest);
            }
        }
        SignedConsensusMsg::Proposal(SignedMessage { message: proposal, signature })
            if proposal.proposer.0 == own =>
        {
            let Some(round) = proposal.round.as_u32() else { return };
            let bytes = proposal_bytes(safety.chain(), proposal);
            if let Some(digest) = digest(safety, Domain::Proposal, &bytes, signature) {
                safety.heard(Step::Proposal, proposal.height.0, round, digest);
            }
        }
        SignedConsensusMsg::Vote(_) | SignedConsensusMsg::Proposal(_) => {}
    }
}

/// The hash of what was signed, if this operator's key signed it.
fn digest(safety: &Safety, domain: Domain, bytes: &[u8], signature: &Signature) -> Option<Hash> {
    let holds = safety.key().verify(domain, bytes, signature).is_ok();
    holds.then(|| Hash::of_bytes(domain, bytes))
}
