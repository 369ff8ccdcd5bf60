//! Everything that a transaction may ask for.
//!
//! # Invariants
//! - The order of the variants is part of the encoding: new ones are added at the end.
//!
//! # Not here
//! What each does is in the room of the rules that it belongs to; [`crate::dispatch`] leads there.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount};
use probity_protocol::params::Fees;
use probity_protocol::registry::message as registry;
use probity_protocol::staking::message as staking;
use probity_protocol::task::message as task;
use serde::{Deserialize, Serialize};

use crate::evidence::{SubmitProposalEvidence, SubmitVoteEvidence};
use crate::governance::message as governance;

mod describe;

/// Moves money from the sender to another account.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// Who receives it.
    pub to: Address,
    /// How much.
    pub amount: Amount,
}

/// What a transaction asks for.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Message {
    /// Moves money between accounts.
    Transfer(Transfer),
    /// Registers an operator.
    RegisterOperator(staking::RegisterOperator),
    /// Changes an operator's name, commission or classes.
    EditOperator(staking::EditOperator),
    /// Replaces an operator's hot key.
    RotateOperatorKey(staking::RotateOperatorKey),
    /// Puts money behind an operator.
    Bond(staking::Bond),
    /// Begins to take money from behind an operator.
    Unbond(staking::Unbond),
    /// Takes out what has finished unbonding.
    Withdraw(staking::Withdraw),
    /// Asks to work again after a jail term.
    Unjail(staking::Unjail),
    /// Registers an artifact.
    RegisterArtifact(registry::RegisterArtifact),
    /// Gives an artifact to another owner.
    TransferArtifact(registry::TransferArtifact),
    /// Offers an artifact at a price, or withdraws the offer.
    OfferSale(registry::OfferSale),
    /// Buys an artifact at the price it is offered at.
    BuyArtifact(registry::BuyArtifact),
    /// Takes an artifact out of use.
    WithdrawArtifact(registry::WithdrawArtifact),
    /// Advances an artifact's dynamic part.
    AdvanceState(registry::AdvanceState),
    /// Pays out an artifact's royalties.
    ClaimRoyalty(registry::ClaimRoyalty),
    /// Asks for an evaluation.
    RequestTask(task::RequestTask),
    /// Binds a member to its score.
    Commit(task::Commit),
    /// Shows a member's score.
    Reveal(task::Reveal),
    /// Says that a member cannot fetch what it is to evaluate.
    ReportUnavailable(task::ReportUnavailable),
    /// Opens leaves that were drawn.
    PostOpenings(task::PostOpenings),
    /// Binds a juror to its verdicts.
    JuryCommit(task::JuryCommit),
    /// Shows a juror's verdicts.
    JuryReveal(task::JuryReveal),
    /// Proves an equivocation.
    SubmitEvidence(task::SubmitEvidence),
    /// Proves that a validator voted for two blocks at once.
    SubmitVoteEvidence(SubmitVoteEvidence),
    /// Submits a referendum.
    SubmitReferendum(governance::SubmitReferendum),
    /// Votes on a referendum.
    CastVote(governance::CastVote),
    /// Takes a vote back.
    RemoveVote(governance::RemoveVote),
    /// Gives voting power to another account.
    Delegate(governance::Delegate),
    /// Takes voting power back.
    Undelegate(governance::Undelegate),
    /// Lowers a delegation to what its giver holds.
    TrimDelegation(governance::TrimDelegation),
    /// Proves that a validator proposed twice in one round.
    SubmitProposalEvidence(SubmitProposalEvidence),
}

impl Message {
    /// The kind's name, as JSON and errors carry it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Transfer(_) => "transfer",
            Self::RegisterOperator(_) => "register_operator",
            Self::EditOperator(_) => "edit_operator",
            Self::RotateOperatorKey(_) => "rotate_operator_key",
            Self::Bond(_) => "bond",
            Self::Unbond(_) => "unbond",
            Self::Withdraw(_) => "withdraw",
            Self::Unjail(_) => "unjail",
            Self::RegisterArtifact(_) => "register_artifact",
            Self::TransferArtifact(_) => "transfer_artifact",
            Self::OfferSale(_) => "offer_sale",
            Self::BuyArtifact(_) => "buy_artifact",
            Self::WithdrawArtifact(_) => "withdraw_artifact",
            Self::AdvanceState(_) => "advance_state",
            Self::ClaimRoyalty(_) => "claim_royalty",
            Self::RequestTask(_) => "request_task",
            Self::Commit(_) => "commit",
            Self::Reveal(_) => "reveal",
            Self::ReportUnavailable(_) => "report_unavailable",
            Self::PostOpenings(_) => "post_openings",
            Self::JuryCommit(_) => "jury_commit",
            Self::JuryReveal(_) => "jury_reveal",
            Self::SubmitEvidence(_) => "submit_evidence",
            Self::SubmitVoteEvidence(_) => "submit_vote_evidence",
            Self::SubmitReferendum(_) => "submit_referendum",
            Self::CastVote(_) => "cast_vote",
            Self::RemoveVote(_) => "remove_vote",
            Self::Delegate(_) => "delegate",
            Self::Undelegate(_) => "undelegate",
            Self::TrimDelegation(_) => "trim_delegation",
            Self::SubmitProposalEvidence(_) => "submit_proposal_evidence",
        }
    }

    /// The part of the fee that depends on the kind alone.
    #[must_use]
    pub const fn base_fee(&self, fees: &Fees) -> Amount {
        match self {
            Self::Transfer(_) => fees.transfer,
            Self::RegisterOperator(_)
            | Self::EditOperator(_)
            | Self::RotateOperatorKey(_)
            | Self::Bond(_)
            | Self::Unbond(_)
            | Self::Withdraw(_)
            | Self::Unjail(_) => fees.staking,
            Self::RegisterArtifact(_) => fees.register,
            Self::TransferArtifact(_)
            | Self::OfferSale(_)
            | Self::BuyArtifact(_)
            | Self::WithdrawArtifact(_)
            | Self::AdvanceState(_)
            | Self::ClaimRoyalty(_) => fees.registry,
            Self::RequestTask(_) => fees.request,
            Self::Commit(_)
            | Self::Reveal(_)
            | Self::ReportUnavailable(_)
            | Self::PostOpenings(_)
            | Self::JuryCommit(_)
            | Self::JuryReveal(_) => fees.work,
            Self::SubmitEvidence(_)
            | Self::SubmitVoteEvidence(_)
            | Self::SubmitProposalEvidence(_) => fees.evidence,
            Self::SubmitReferendum(_)
            | Self::CastVote(_)
            | Self::RemoveVote(_)
            | Self::Delegate(_)
            | Self::Undelegate(_)
            | Self::TrimDelegation(_) => fees.governance,
        }
    }
}
