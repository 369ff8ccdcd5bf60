//! What is signed, as text for a person: every field of every message, the same text everywhere.
//!
//! Whoever signs must see what the bytes say, and not what somebody says of them. [`transaction`]
//! is a pure function of the signed body, so that a command line, a page and a device that run it
//! show the same lines and the same hash, which can be compared by eye.
//!
//! # Invariants
//! - Each line is `name: value`, with the names that the message has in JSON; nested parts are
//!   indented by two spaces, and a list says how many parts it has before it names them.
//! - Two bodies that differ have texts that differ, above the hash at the end.
//! - A value never ends its line: what people wrote stands in quotes, with everything that cannot
//!   be seen written as an escape ([`quoted`]).
//! - Amounts stand in tokens and in base units. The symbol is fixed: the one that a chain gives its
//!   token is not under the signature.
//!
//! # Not here
//! What a message would do to the state: a dry run says that.
//!
//! Spec: `docs/spec/02-accounts.md`.

mod dispute;
mod escape;
mod evidence;
mod governance;
mod registry;
mod sheet;
mod staking;
mod task;

use probity_dao::Action;
use probity_primitives::{Domain, Hash, Ppm};

pub use escape::{is_unseen, quoted};
use sheet::Sheet;

use crate::message::{Message, Transfer};
use crate::tx::TxBody;

/// The symbol that stands after amounts of tokens.
pub const SYMBOL: &str = "PBY";

/// A share in percent, exactly: `33.4 %`.
#[must_use]
pub fn percent(share: Ppm) -> String {
    let parts = share.parts();
    let whole = parts.checked_div(10_000).unwrap_or_default();
    let rest = format!("{:04}", parts.checked_rem(10_000).unwrap_or_default());
    match rest.trim_end_matches('0') {
        "" => format!("{whole} %"),
        rest => format!("{whole}.{rest} %"),
    }
}

/// What an action would do, in one line.
#[must_use]
pub fn action(action: &Action) -> String {
    if let Action::Spend { to, amount } = action {
        return format!("pay {amount} {SYMBOL} out of the treasury to {to}");
    }
    if let Action::Mint { amount } = action {
        return format!("mint {amount} {SYMBOL} into a stream");
    }
    action.to_string()
}

/// The hash that a signature of this body covers, as the last line of [`transaction`] shows it.
#[must_use]
pub fn signed_hash(body: &TxBody, genesis_hash: Hash) -> Hash {
    Hash::of_bytes(Domain::TxSign, &body.sign_bytes(genesis_hash))
}

/// A transaction before it is signed: all that the signature will cover, and its hash.
#[must_use]
pub fn transaction(body: &TxBody, genesis_hash: Hash) -> String {
    let TxBody { chain, sender, nonce, fee, expiry, memo, message: asked } = body;
    let mut sheet = Sheet::new();
    sheet.quoted("chain", chain);
    sheet.line("genesis_hash", genesis_hash);
    sheet.line("sender", sender);
    sheet.line("nonce", nonce);
    sheet.amount("fee", *fee);
    sheet.line("expiry", expiry);
    sheet.quoted("memo", memo);
    sheet.line("message", asked.kind());
    sheet.indented(|sheet| show(sheet, asked));
    sheet.line("signed_hash", signed_hash(body, genesis_hash));
    sheet.finish()
}

/// A message alone.
#[must_use]
pub fn message(asked: &Message) -> String {
    let mut sheet = Sheet::new();
    sheet.line("message", asked.kind());
    sheet.indented(|sheet| show(sheet, asked));
    sheet.finish()
}

fn show(sheet: &mut Sheet, message: &Message) {
    match message {
        Message::Transfer(Transfer { to, amount }) => {
            sheet.line("to", to);
            sheet.amount("amount", *amount);
        }
        Message::RegisterOperator(m) => staking::register_operator(sheet, m),
        Message::EditOperator(m) => staking::edit_operator(sheet, m),
        Message::RotateOperatorKey(m) => staking::rotate_operator_key(sheet, m),
        Message::Bond(m) => staking::bond(sheet, m),
        Message::Unbond(m) => staking::unbond(sheet, m),
        Message::Withdraw(m) => staking::withdraw(sheet, m),
        Message::Unjail(m) => staking::unjail(sheet, m),
        Message::RegisterArtifact(m) => registry::register_artifact(sheet, m),
        Message::TransferArtifact(m) => registry::transfer_artifact(sheet, m),
        Message::OfferSale(m) => registry::offer_sale(sheet, m),
        Message::BuyArtifact(m) => registry::buy_artifact(sheet, m),
        Message::WithdrawArtifact(m) => registry::withdraw_artifact(sheet, m),
        Message::AdvanceState(m) => registry::advance_state(sheet, m),
        Message::ClaimRoyalty(m) => registry::claim_royalty(sheet, m),
        Message::RequestTask(m) => task::request_task(sheet, m),
        Message::Commit(m) => task::commit(sheet, m),
        Message::Reveal(m) => task::reveal(sheet, m),
        Message::ReportUnavailable(m) => task::report_unavailable(sheet, m),
        Message::PostOpenings(m) => task::post_openings(sheet, m),
        Message::JuryCommit(m) => task::jury_commit(sheet, m),
        Message::JuryReveal(m) => task::jury_reveal(sheet, m),
        Message::SubmitEvidence(m) => task::submit_evidence(sheet, m),
        Message::SubmitVoteEvidence(m) => evidence::submit_vote_evidence(sheet, m),
        Message::SubmitReferendum(m) => governance::submit_referendum(sheet, m),
        Message::CastVote(m) => governance::cast_vote(sheet, m),
        Message::RemoveVote(m) => governance::remove_vote(sheet, m),
        Message::Delegate(m) => governance::delegate(sheet, m),
        Message::Undelegate(m) => governance::undelegate(sheet, m),
        Message::TrimDelegation(m) => governance::trim_delegation(sheet, m),
        Message::OpenDispute(m) => dispute::open_dispute(sheet, m),
        Message::AnswerDispute(m) => dispute::answer_dispute(sheet, m),
        Message::PlayDispute(m) => dispute::play_dispute(sheet, m),
        Message::ImplicateMember(m) => dispute::implicate_member(sheet, m),
        Message::DisputeCommit(m) => dispute::dispute_commit(sheet, m),
        Message::DisputeReveal(m) => dispute::dispute_reveal(sheet, m),
        Message::ReportBallot(m) => dispute::report_ballot(sheet, m),
        Message::FundAppeal(m) => dispute::fund_appeal(sheet, m),
        Message::SubmitProposalEvidence(m) => evidence::submit_proposal_evidence(sheet, m),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_in_percent_has_the_digits_that_it_needs() {
        let shown =
            [0, 1, 30_000, 334_000, 500_001, 1_000_000].map(|parts| percent(Ppm::new(parts)));
        assert_eq!(shown, ["0 %", "0.0001 %", "3 %", "33.4 %", "50.0001 %", "100 %"]);
    }
}
