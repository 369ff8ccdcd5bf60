//! From what the engine saw to evidence that a transaction can carry.
//!
//! The engine keeps pairs of signed messages that contradict each other. A pair of votes becomes a
//! `SubmitVoteEvidence`; the rules verify it again, so nothing here has to be believed.
//!
//! # Not here
//! A pair of proposals: no rule punishes one, so it is only said aloud. A proposer of two blocks
//! gains nothing by it unless it also votes for both, which is the evidence that counts.
//!
//! Spec: `docs/spec/27-signing.md`.

use arc_malachitebft_app_channel::app::types::MisbehaviorEvidence;
use arc_malachitebft_core_types::{NilOrVal, SignedMessage, VoteType};
use probity_runtime::certificate::VoteKind;
use probity_runtime::evidence::{SignedVote, SubmitVoteEvidence};

use super::context::{ProbityContext, Vote};

/// The double votes that the engine saw, one for each validator: a second one changes nothing.
pub(super) fn double_votes(
    evidence: &MisbehaviorEvidence<ProbityContext>,
) -> Vec<SubmitVoteEvidence> {
    for (validator, pairs) in &evidence.proposals {
        tracing::warn!(%validator, pairs = pairs.len(), "a validator proposed two blocks at once");
    }
    let mut found = Vec::new();
    for (validator, pairs) in &evidence.votes {
        tracing::warn!(%validator, pairs = pairs.len(), "a validator voted for two blocks at once");
        let evidence = pairs.iter().find_map(|(first, second)| {
            Some(SubmitVoteEvidence { first: signed(first)?, second: signed(second)? })
        });
        found.extend(evidence);
    }
    found
}

fn signed(vote: &SignedMessage<ProbityContext, Vote>) -> Option<SignedVote> {
    let SignedMessage { message: Vote { height, round, value, kind, validator }, signature } = vote;
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
