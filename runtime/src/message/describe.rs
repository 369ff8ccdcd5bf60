//! What a message asks for, in one line for a person who is about to sign it.

use std::fmt;

use probity_dao::Ballot;
use probity_protocol::dispute::message::{Challenge, OpenDispute, Rival};
use probity_protocol::dispute::{Ruling, Side};

use super::{Message, dispute, governance, registry, staking, task};
use crate::evidence::SignedStand;
use crate::text::{self, SYMBOL};

impl Message {
    /// One line for a person: what would happen, to whom and for how much.
    #[must_use]
    pub fn describe(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transfer(m) => write!(f, "transfer {} {SYMBOL} to {}", m.amount, m.to),
            Self::RegisterOperator(m) => register_operator(f, m),
            Self::EditOperator(m) => write!(f, "edit the operator {}", m.operator),
            Self::RotateOperatorKey(m) => {
                write!(f, "replace the key of the operator {} by {}", m.operator, m.key)
            }
            Self::Bond(m) => write!(f, "bond {} {SYMBOL} behind {}", m.amount, m.operator),
            Self::Unbond(m) => unbond(f, m),
            Self::Withdraw(m) => {
                write!(f, "withdraw what left {} in epoch {}", m.operator, m.epoch)
            }
            Self::Unjail(m) => write!(f, "unjail the operator {}", m.operator),
            Self::RegisterArtifact(m) => register(f, m),
            Self::TransferArtifact(m) => write!(f, "give the artifact {} to {}", m.artifact, m.to),
            Self::OfferSale(m) => offer(f, m),
            Self::BuyArtifact(m) => {
                write!(f, "buy the artifact {} for at most {}", m.artifact, m.max_price)
            }
            Self::WithdrawArtifact(m) => write!(f, "withdraw the artifact {}", m.artifact),
            Self::AdvanceState(m) => {
                write!(f, "advance the artifact {} to state {}", m.artifact, m.seq)
            }
            Self::ClaimRoyalty(m) => write!(f, "claim the royalties of {}", m.artifact),
            Self::RequestTask(m) => request(f, m),
            Self::Commit(m) => commit(f, m),
            Self::Reveal(m) => reveal(f, m),
            Self::ReportUnavailable(m) => write!(f, "report the task {} unavailable", m.task),
            Self::PostOpenings(m) => {
                write!(f, "open {} leaves of the task {}", m.openings.len(), m.task)
            }
            Self::JuryCommit(m) => write!(f, "commit to verdicts on the task {}", m.task),
            Self::JuryReveal(m) => {
                write!(f, "reveal {} verdicts on the task {}", m.verdicts.len(), m.task)
            }
            Self::SubmitEvidence(m) => {
                write!(f, "prove an equivocation of {} in {}", m.first.operator, m.first.task)
            }
            Self::SubmitVoteEvidence(m) => {
                write!(f, "prove two votes of {} at height {}", m.first.validator, m.first.height)
            }
            Self::SubmitReferendum(_)
            | Self::CastVote(_)
            | Self::RemoveVote(_)
            | Self::Delegate(_)
            | Self::Undelegate(_)
            | Self::TrimDelegation(_) => govern(f, self),
            Self::OpenDispute(m) => open_dispute(f, m),
            Self::AnswerDispute(m) => answer(f, m),
            Self::PlayDispute(m) => {
                write!(f, "open leaf {} in the dispute {}", m.opening.leaf.index, m.dispute)
            }
            Self::ImplicateMember(m) => {
                write!(f, "implicate {} in the dispute {}", m.member, m.dispute)
            }
            Self::DisputeCommit(m) => write!(f, "commit to a vote on the dispute {}", m.dispute),
            Self::DisputeReveal(m) => juror_says(f, &m.ballot),
            Self::ReportBallot(m) => report(f, &m.ballot),
            Self::FundAppeal(m) => fund(f, m),
            Self::SubmitProposalEvidence(m) => two_proposals(f, &m.first),
        }
    }
}

fn register(f: &mut fmt::Formatter<'_>, m: &registry::RegisterArtifact) -> fmt::Result {
    let manifest = &m.manifest;
    let (name, version) = (&manifest.name, &manifest.version);
    write!(f, "register the {:?} {name:?} {version} as {}", manifest.kind, manifest.id())
}

/// The messages of governance; nothing of all others.
fn govern(f: &mut fmt::Formatter<'_>, message: &Message) -> fmt::Result {
    if let Message::SubmitReferendum(m) = message {
        let governance::SubmitReferendum { track, title, action } = m;
        return write!(
            f,
            "submit the referendum {title:?} on the {track} track: {}",
            text::action(action)
        );
    }
    if let Message::CastVote(m) = message {
        return vote(f, m);
    }
    if let Message::RemoveVote(m) = message {
        return write!(f, "take back the vote on referendum {}", m.referendum);
    }
    if let Message::Delegate(m) = message {
        return write!(f, "delegate {} {SYMBOL} on the {} track to {}", m.amount, m.track, m.to);
    }
    if let Message::Undelegate(m) = message {
        return write!(f, "take back what is delegated on the {} track", m.track);
    }
    if let Message::TrimDelegation(m) = message {
        return write!(f, "lower the delegation of {} on the {} track", m.account, m.track);
    }
    Ok(())
}

fn vote(f: &mut fmt::Formatter<'_>, m: &governance::CastVote) -> fmt::Result {
    let referendum = m.referendum;
    match m.ballot {
        Ballot::Whole { side, amount, .. } => {
            write!(f, "vote {} with {amount} {SYMBOL} on referendum {referendum}", side.name())
        }
        Ballot::Split { aye, nay, abstain } => write!(
            f,
            "vote aye with {aye} {SYMBOL}, nay with {nay} {SYMBOL} and abstain with {abstain} \
             {SYMBOL} on referendum {referendum}"
        ),
    }
}

fn request(f: &mut fmt::Formatter<'_>, m: &task::RequestTask) -> fmt::Result {
    write!(f, "evaluate {} on {} for {} {SYMBOL}", m.artifact, m.benchmark, m.fee)
}

fn open_dispute(f: &mut fmt::Formatter<'_>, m: &OpenDispute) -> fmt::Result {
    let (task, bond) = (m.task, m.bond);
    match &m.challenge {
        Challenge::Transcript { member, item, .. } => write!(
            f,
            "dispute item {item} of the transcript of {member} in the task {task} for at most \
             {bond} {SYMBOL}"
        ),
        Challenge::Aggregate(rival) => {
            let Rival { score, .. } = &**rival;
            write!(
                f,
                "dispute the result of the task {task} by {score} for at most {bond} {SYMBOL}"
            )
        }
        Challenge::Withheld { member, item } => write!(
            f,
            "demand item {item} of the transcript of {member} in the task {task} for at most \
             {bond} {SYMBOL}"
        ),
    }
}

fn register_operator(f: &mut fmt::Formatter<'_>, m: &staking::RegisterOperator) -> fmt::Result {
    let staking::Registration { name, commission, .. } = &m.registration;
    write!(f, "register the operator {name:?} with a commission of {commission}")
}

fn unbond(f: &mut fmt::Formatter<'_>, m: &staking::Unbond) -> fmt::Result {
    match m.amount {
        Some(amount) => write!(f, "unbond {amount} {SYMBOL} from {}", m.operator),
        None => write!(f, "unbond everything from {}", m.operator),
    }
}

fn offer(f: &mut fmt::Formatter<'_>, m: &registry::OfferSale) -> fmt::Result {
    match m.price {
        Some(price) => write!(f, "offer the artifact {} for {price} {SYMBOL}", m.artifact),
        None => write!(f, "no longer offer the artifact {}", m.artifact),
    }
}

fn commit(f: &mut fmt::Formatter<'_>, m: &task::Commit) -> fmt::Result {
    let task::Attestation { task, round, .. } = &m.attestation;
    write!(f, "commit to a score for the task {task}, round {round}")
}

fn reveal(f: &mut fmt::Formatter<'_>, m: &task::Reveal) -> fmt::Result {
    let task = m.attestation.task;
    write!(f, "reveal the score {} for the task {task}", m.committed.score)
}

fn answer(f: &mut fmt::Formatter<'_>, m: &dispute::AnswerDispute) -> fmt::Result {
    write!(f, "answer the dispute {} with leaf {}", m.dispute, m.stated.last.leaf.index)
}

fn juror_says(f: &mut fmt::Formatter<'_>, ballot: &dispute::Ballot) -> fmt::Result {
    let dispute::Ballot { vote, dispute, .. } = ballot;
    write!(f, "vote to {} in the dispute {dispute}", word(*vote))
}

fn report(f: &mut fmt::Formatter<'_>, ballot: &dispute::Ballot) -> fmt::Result {
    let dispute::Ballot { operator, dispute, .. } = ballot;
    write!(f, "prove that {operator} let out its vote in the dispute {dispute}")
}

fn fund(f: &mut fmt::Formatter<'_>, m: &dispute::FundAppeal) -> fmt::Result {
    let side = match m.side {
        Side::Challenger => "challenger",
        Side::Defender => "defender",
    };
    write!(f, "put up {} {SYMBOL} for the {side} in the dispute {}", m.amount, m.dispute)
}

fn two_proposals(f: &mut fmt::Formatter<'_>, stand: &SignedStand) -> fmt::Result {
    write!(f, "prove two proposals of {} at height {}", stand.proposer, stand.height)
}

/// A vote as a verb.
const fn word(vote: Ruling) -> &'static str {
    match vote {
        Ruling::Uphold => "uphold",
        Ruling::Overturn => "overturn",
        Ruling::Void => "void",
    }
}
