//! From what the engine saw to evidence that a transaction can carry.
//!
//! The engine keeps pairs of signed messages that contradict each other, votes and proposals. Each
//! pair becomes an [`Evidence`]; the rules verify it again, so nothing here has to be believed.
//!
//! # Not here
//! A pair of streams: the engine never sees them, and an honest proposer may make one
//! (`probity_runtime::proposal`).
//!
//! Spec: `docs/spec/27-signing.md`.

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::{NilOrVal, SignedMessage, VoteType};
use probity_runtime::certificate::VoteKind;
use probity_runtime::evidence::{
    Evidence, SignedStand, SignedVote, SubmitProposalEvidence, SubmitVoteEvidence,
};

use super::context::{ProbityContext, Proposal, Vote};

/// What validators signed twice, at most once for each of them and kind: more changes nothing.
pub(super) fn of(seen: &MisbehaviorEvidence<ProbityContext>) -> Vec<Evidence> {
    let MisbehaviorEvidence { proposals, votes } = seen;
    let mut found = Vec::new();
    for (validator, pairs) in votes {
        tracing::warn!(%validator, pairs = pairs.len(), "a validator voted for two blocks at once");
        let evidence = pairs.iter().find_map(|(first, second)| {
            Some(SubmitVoteEvidence { first: vote(first)?, second: vote(second)? })
        });
        found.extend(evidence.map(Evidence::Votes));
    }
    for (validator, pairs) in proposals {
        tracing::warn!(%validator, pairs = pairs.len(), "a validator proposed twice in a round");
        let evidence = pairs.iter().find_map(|(first, second)| {
            Some(SubmitProposalEvidence { first: stand(first)?, second: stand(second)? })
        });
        found.extend(evidence.map(Evidence::Proposals));
    }
    found
}

fn vote(signed: &SignedMessage<ProbityContext, Vote>) -> Option<SignedVote> {
    let SignedMessage { message: Vote { height, round, value, kind, validator }, signature } =
        signed;
    Some(SignedVote {
        kind: match kind {
            VoteType::Prevote => VoteKind::Prevote,
            VoteType::Precommit => VoteKind::Precommit,
        },
        height: height.0,
        round: round.as_u32()?,
        block: match value {
            NilOrVal::Nil => None,
            NilOrVal::Val(block) => Some(*block),
        },
        validator: validator.0,
        signature: *signature,
    })
}

fn stand(signed: &SignedMessage<ProbityContext, Proposal>) -> Option<SignedStand> {
    let SignedMessage {
        message: Proposal { height, round, value, pol_round, proposer },
        signature,
    } = signed;
    Some(SignedStand {
        height: height.0,
        round: round.as_u32()?,
        pol_round: pol_round.as_u32(),
        block: value.0,
        proposer: proposer.0,
        signature: *signature,
    })
}
