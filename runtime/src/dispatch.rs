//! From a message to the rule that carries it out.
//!
//! # Invariants
//! - A rule runs on a snapshot of the state; a refusal drops the snapshot, and with it everything
//!   that the rule may have done before it refused.
//! - What a rule did is refused if it took locked tokens from the sender.
//!
//! Spec: `docs/spec/20-blocks.md`.

use probity_primitives::{Address, Amount, Hash, Height};
use probity_protocol::bank::BankError;
use probity_protocol::task::{jury, member, request};
use probity_protocol::{Bucket, Context, Ledger, Signatures, dispute, registry, staking};

use crate::event::Event;
use crate::evidence;
use crate::genesis::ChainId;
use crate::governance::{self, locks};
use crate::message::{Message, Transfer};
use crate::receipt::Outcome;
use crate::state::State;

/// Why a transfer is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransferError {
    /// Nothing would move.
    #[error("a transfer of nothing")]
    Nothing,
    /// The receiver's address is for the other kind of network.
    #[error("the receiver {0} is an address of another kind of network")]
    WrongNetwork(Address),
    /// The sender has too little.
    #[error(transparent)]
    Bank(#[from] BankError),
}

/// Where a message runs.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    /// The height of the block.
    pub height: Height,
    /// The network's identity.
    pub chain: Hash,
    /// The network's name.
    pub chain_id: &'a ChainId,
    /// How the signatures inside messages are checked.
    pub signatures: Signatures,
    /// The state at the end of the block before.
    pub before: &'a State,
}

/// Carries out a message, or refuses it and leaves `state` as it was; gives what happened.
pub fn run(
    state: &mut State,
    scene: &Scene<'_>,
    sender: Address,
    message: &Message,
) -> (Outcome, Vec<Event>) {
    let mut snapshot = state.clone();
    let mut ctx = Context::new(scene.height, scene.chain).checking(scene.signatures);
    let mut dao = probity_dao::Context::new(scene.height);
    let carried = carry_out(&mut snapshot, &mut ctx, &mut dao, scene, sender, message);
    let kept = carried
        .and_then(|()| refuse("governance", locks::check(state, &snapshot, sender, scene.height)));
    match kept {
        Ok(()) => {
            *state = snapshot;
            let facts = ctx.events.into_iter().map(Event::from);
            (Outcome::Ok, facts.chain(dao.events.into_iter().map(Event::from)).collect())
        }
        Err(refusal) => (refusal, Vec::new()),
    }
}

/// One arm for each kind of message: the rule that it leads to, and the room that a refusal names.
fn carry_out(
    state: &mut State,
    ctx: &mut Context,
    dao: &mut probity_dao::Context,
    scene: &Scene<'_>,
    sender: Address,
    message: &Message,
) -> Result<(), Outcome> {
    use Message as Kind;

    let ledger = &mut state.ledger;
    match message {
        Kind::Transfer(m) => refuse("account", transfer(ledger, ctx, sender, m)),
        Kind::RegisterOperator(m) => refuse("staking", staking::register(ledger, ctx, sender, m)),
        Kind::EditOperator(m) => refuse("staking", staking::edit(ledger, ctx, sender, m)),
        Kind::RotateOperatorKey(m) => {
            refuse("staking", staking::rotate_key(ledger, ctx, sender, m))
        }
        Kind::Bond(m) => refuse("staking", staking::bond(ledger, ctx, sender, m)),
        Kind::Unbond(m) => refuse("staking", staking::unbond(ledger, ctx, sender, m)),
        Kind::Withdraw(m) => refuse("staking", staking::withdraw(ledger, ctx, sender, m)),
        Kind::Unjail(m) => refuse("staking", staking::unjail(ledger, ctx, sender, m)),
        Kind::RegisterArtifact(m) => refuse("registry", registry::register(ledger, ctx, sender, m)),
        Kind::TransferArtifact(m) => refuse("registry", registry::transfer(ledger, ctx, sender, m)),
        Kind::OfferSale(m) => refuse("registry", registry::offer(ledger, ctx, sender, m)),
        Kind::BuyArtifact(m) => refuse("registry", registry::buy(ledger, ctx, sender, m)),
        Kind::WithdrawArtifact(m) => refuse("registry", registry::withdraw(ledger, ctx, sender, m)),
        Kind::AdvanceState(m) => {
            refuse("registry", registry::advance_state(ledger, ctx, sender, m))
        }
        Kind::ClaimRoyalty(m) => refuse("registry", registry::claim(ledger, ctx, sender, m)),
        Kind::RequestTask(m) => refuse("task", request::request_task(ledger, ctx, sender, m)),
        Kind::Commit(m) => refuse("task", member::commit(ledger, ctx, sender, m)),
        Kind::Reveal(m) => refuse("task", member::reveal(ledger, ctx, sender, m)),
        Kind::ReportUnavailable(m) => {
            refuse("task", member::report_unavailable(ledger, ctx, sender, m))
        }
        Kind::PostOpenings(m) => refuse("task", member::post_openings(ledger, ctx, sender, m)),
        Kind::JuryCommit(m) => refuse("task", jury::jury_commit(ledger, ctx, sender, m)),
        Kind::JuryReveal(m) => refuse("task", jury::jury_reveal(ledger, ctx, sender, m)),
        Kind::SubmitEvidence(m) => refuse("task", member::submit_evidence(ledger, ctx, sender, m)),
        Kind::SubmitVoteEvidence(m) => {
            refuse("evidence", evidence::submit_votes(ledger, ctx, scene.chain_id, sender, m))
        }
        Kind::SubmitProposalEvidence(m) => {
            refuse("evidence", evidence::submit_proposals(ledger, ctx, scene.chain_id, sender, m))
        }
        Kind::SubmitReferendum(m) => {
            refuse("governance", governance::submit(state, dao, scene, sender, m))
        }
        Kind::CastVote(m) => refuse("governance", governance::cast(state, dao, scene, sender, m)),
        Kind::RemoveVote(m) => {
            refuse("governance", governance::remove(state, dao, scene, sender, m))
        }
        Kind::Delegate(m) => refuse("governance", governance::delegate(state, dao, sender, m)),
        Kind::Undelegate(m) => refuse("governance", governance::undelegate(state, dao, sender, m)),
        Kind::TrimDelegation(m) => refuse("governance", governance::trim(state, dao, m)),
        Kind::OpenDispute(m) => refuse("dispute", dispute::open(ledger, ctx, sender, m)),
        Kind::AnswerDispute(m) => refuse("dispute", dispute::answer(ledger, ctx, sender, m)),
        Kind::PlayDispute(m) => refuse("dispute", dispute::play(ledger, ctx, sender, m)),
        Kind::ImplicateMember(m) => refuse("dispute", dispute::implicate(ledger, ctx, sender, m)),
        Kind::DisputeCommit(m) => refuse("dispute", dispute::commit(ledger, ctx, sender, m)),
        Kind::DisputeReveal(m) => refuse("dispute", dispute::reveal(ledger, ctx, sender, m)),
        Kind::ReportBallot(m) => refuse("dispute", dispute::report_ballot(ledger, ctx, sender, m)),
        Kind::FundAppeal(m) => refuse("dispute", dispute::fund_appeal(ledger, ctx, sender, m)),
    }
}

fn transfer(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &Transfer,
) -> Result<(), TransferError> {
    let Transfer { to, amount } = *message;
    if amount == Amount::ZERO {
        return Err(TransferError::Nothing);
    }
    if to.network() != sender.network() {
        return Err(TransferError::WrongNetwork(to));
    }
    ledger.transfer(Bucket::Free(sender), Bucket::Free(to), amount)?;
    ctx.emit(probity_protocol::Event::Transferred { from: sender, to, amount });
    Ok(())
}

/// Turns a refusal of a room of the rules into what a receipt carries.
fn refuse<T, E: std::error::Error>(room: &str, result: Result<T, E>) -> Result<(), Outcome> {
    result.map(|_| ()).map_err(|error| Outcome::Refused {
        code: format!("{room}.{}", variant_name(&format!("{error:?}"))),
        message: error.to_string(),
    })
}

/// The names of an error's variants in snake case, read from its debug form: `NotBonded { .. }` is
/// `not_bonded`, `Bank(Insufficient { .. })` is `bank.insufficient`. A variant is renamed as seldom
/// as a code.
fn variant_name(debug: &str) -> String {
    let mut names: Vec<String> = Vec::new();
    for part in debug.split('(') {
        let word: String = part.chars().take_while(char::is_ascii_alphanumeric).collect();
        if !word.starts_with(|first: char| first.is_ascii_uppercase()) {
            break;
        }
        let is_whole = word.len() == part.trim_end_matches(')').len();
        names.push(snake_case(&word));
        if !is_whole {
            break;
        }
    }
    names.join(".")
}

fn snake_case(word: &str) -> String {
    let mut name = String::new();
    for letter in word.chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusals_code_is_its_variants_in_snake_case() {
        let check = |debug, code: &str| assert_eq!(variant_name(debug), code);
        check("BelowMinimum { least: 3 }", "below_minimum");
        check("Nothing", "nothing");
        check("Bank(Insufficient { bucket: Free(pbyt1) })", "bank.insufficient");
        check("Unknown(Task(00ff))", "unknown.task");
        check("Tombstoned(pbytval1q)", "tombstoned");
        check("Name(\"Eve (the other)\")", "name");
    }
}
