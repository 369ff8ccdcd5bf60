//! Evidence of votes.

use super::sheet::Sheet;
use crate::certificate::VoteKind;
use crate::evidence::{SignedVote, SubmitVoteEvidence};

pub(super) fn submit_vote_evidence(sheet: &mut Sheet, message: &SubmitVoteEvidence) {
    let SubmitVoteEvidence { first, second } = message;
    sheet.part("first", |sheet| vote(sheet, first));
    sheet.part("second", |sheet| vote(sheet, second));
}

fn vote(sheet: &mut Sheet, vote: &SignedVote) {
    let SignedVote { kind, height, round, block, validator, signature } = *vote;
    sheet.line(
        "kind",
        match kind {
            VoteKind::Prevote => "prevote",
            VoteKind::Precommit => "precommit",
        },
    );
    sheet.line("height", height);
    sheet.line("round", round);
    sheet.optional("block", block, "against every block of the round", Sheet::line);
    sheet.line("validator", validator);
    sheet.line("signature", signature);
}
