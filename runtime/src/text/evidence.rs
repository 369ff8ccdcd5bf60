//! Evidence of votes and proposals.

use super::sheet::Sheet;
use crate::certificate::VoteKind;
use crate::evidence::{SignedStand, SignedVote, SubmitProposalEvidence, SubmitVoteEvidence};

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

pub(super) fn submit_proposal_evidence(sheet: &mut Sheet, message: &SubmitProposalEvidence) {
    let SubmitProposalEvidence { first, second } = message;
    sheet.part("first", |sheet| stand(sheet, first));
    sheet.part("second", |sheet| stand(sheet, second));
}

fn stand(sheet: &mut Sheet, stand: &SignedStand) {
    let SignedStand { height, round, pol_round, block, proposer, signature } = *stand;
    sheet.line("height", height);
    sheet.line("round", round);
    sheet.optional("pol_round", pol_round, "no earlier round is named", Sheet::line);
    sheet.line("block", block);
    sheet.line("proposer", proposer);
    sheet.line("signature", signature);
}
