//! Showing what is to be signed, and asking.
//!
//! The text is always shown, on standard error. On a terminal it is always asked whether to sign
//! it. Where nobody can be asked, what moves stake, keys or ownership needs `--yes`; the rest is
//! signed, so that scripts are not harder to write than they are to understand.

use std::io::{IsTerminal, Write};

use probity_primitives::Hash;
use probity_runtime::{Message, TxBody, text};

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{self, Format};

/// Shows a transaction and asks whether to sign it, as far as it must be asked.
pub(crate) fn confirm(global: &Global, body: &TxBody, genesis_hash: Hash) -> Result<(), Failure> {
    let asks = std::io::stdin().is_terminal()
        && !global.yes
        && !global.no_input
        && global.output == Format::Text;
    let shown = text::transaction(body, genesis_hash);
    if asks {
        return ask(&shown);
    }
    output::say(global, shown.trim_end());
    if global.yes || !must_be_asked(&body.message) {
        return Ok(());
    }
    let message = format_args!("a message of the kind {} must be confirmed", body.message.kind());
    Err(Failure::new(Code::NeedsInput, message).hint("confirm it with --yes"))
}

fn ask(shown: &str) -> Result<(), Failure> {
    let mut stderr = std::io::stderr().lock();
    // Without the text there is nothing to agree to.
    write!(stderr, "{shown}sign this? [y/N] ").or_fail(Code::Other, "cannot ask")?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).or_fail(Code::Other, "cannot read the answer")?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Code::NeedsInput, "not confirmed; nothing was signed"))
}

/// Whether a message moves stake, keys, ownership or a vote, or locks tokens.
const fn must_be_asked(message: &Message) -> bool {
    match message {
        Message::RegisterOperator(_)
        | Message::RotateOperatorKey(_)
        | Message::Bond(_)
        | Message::Unbond(_)
        | Message::TransferArtifact(_)
        | Message::SubmitReferendum(_)
        | Message::CastVote(_)
        | Message::Delegate(_)
        | Message::OpenDispute(_)
        | Message::FundAppeal(_) => true,
        Message::Transfer(_)
        | Message::EditOperator(_)
        | Message::Withdraw(_)
        | Message::Unjail(_)
        | Message::RegisterArtifact(_)
        | Message::OfferSale(_)
        | Message::BuyArtifact(_)
        | Message::WithdrawArtifact(_)
        | Message::AdvanceState(_)
        | Message::ClaimRoyalty(_)
        | Message::RequestTask(_)
        | Message::Commit(_)
        | Message::Reveal(_)
        | Message::ReportUnavailable(_)
        | Message::PostOpenings(_)
        | Message::JuryCommit(_)
        | Message::JuryReveal(_)
        | Message::SubmitEvidence(_)
        | Message::SubmitVoteEvidence(_)
        | Message::RemoveVote(_)
        | Message::Undelegate(_)
        | Message::TrimDelegation(_)
        | Message::AnswerDispute(_)
        | Message::PlayDispute(_)
        | Message::ImplicateMember(_)
        | Message::DisputeCommit(_)
        | Message::DisputeReveal(_)
        | Message::ReportBallot(_) => false,
    }
}
