//! What happened: facts that a block's receipts carry to everyone who watches.
//!
//! Events are not state: nothing reads them back. Their JSON form is part of the API.

#![expect(missing_docs, reason = "fields of facts are named after what they are")]

use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, Height, OperatorId, Score, Seats, TaskId,
};
use serde::{Deserialize, Serialize};

use crate::dispute::{Ruling, Side};
use crate::slashing::Offence;
use crate::task::{Due, OutcomeState, VoidReason};

/// One fact.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// Money moved between accounts.
    Transferred { from: Address, to: Address, amount: Amount },
    /// An operator was registered.
    OperatorRegistered { operator: OperatorId, owner: Address },
    /// An operator changed its commission, name or classes.
    OperatorEdited { operator: OperatorId },
    /// An operator's hot key was replaced.
    OperatorKeyRotated { operator: OperatorId },
    /// Money was bonded behind an operator.
    Bonded { operator: OperatorId, by: Address, amount: Amount },
    /// Money began to leave an operator's pool.
    Unbonding { operator: OperatorId, by: Address, amount: Amount, until: Height },
    /// Money left an operator's pool.
    Withdrawn { operator: OperatorId, by: Address, amount: Amount },
    /// An operator may not work until a height.
    Jailed { operator: OperatorId, until: Height },
    /// An operator may work again.
    Unjailed { operator: OperatorId },
    /// An operator may never work again.
    Tombstoned { operator: OperatorId },
    /// An epoch began with so many validators and so many operators to draw from.
    EpochStarted { epoch: u64, validators: u32, eligible: u32 },
    /// An artifact was registered.
    ArtifactRegistered { artifact: ArtifactId, owner: Address },
    /// An artifact has another owner.
    ArtifactTransferred { artifact: ArtifactId, from: Address, to: Address },
    /// An artifact was offered for sale; no price withdraws the offer.
    ArtifactOffered { artifact: ArtifactId, price: Option<Amount> },
    /// An artifact was sold.
    ArtifactSold { artifact: ArtifactId, to: Address, price: Amount },
    /// An artifact was withdrawn by its owner.
    ArtifactWithdrawn { artifact: ArtifactId },
    /// An artifact's dynamic part advanced.
    ArtifactAdvanced { artifact: ArtifactId, seq: u64 },
    /// Royalties were claimed.
    RoyaltyClaimed { artifact: ArtifactId, to: Address, amount: Amount },
    /// A task was requested.
    TaskRequested { task: TaskId, benchmark: ArtifactId, artifact: ArtifactId },
    /// A committee was drawn.
    CommitteeDrawn { task: TaskId, round: u8, seats: Seats, operators: u32 },
    /// A task entered a phase.
    PhaseEntered { task: TaskId, round: u8, phase: TaskPhase, until: Height },
    /// A member bound itself to a score.
    Committed { task: TaskId, round: u8, operator: OperatorId },
    /// A member showed its score.
    Revealed { task: TaskId, round: u8, operator: OperatorId, score: Score },
    /// A member could not fetch what it was to evaluate.
    ReportedUnavailable { task: TaskId, round: u8, operator: OperatorId },
    /// A member's score was outside the tolerance.
    Flagged { task: TaskId, operator: OperatorId, score: Score, median: Score },
    /// A score was published.
    ResultPublished { task: TaskId, score: Score, seats: Seats, operators: u32 },
    /// A flagged member was right at every opened item: the result is in doubt.
    ResultContested { task: TaskId, operator: OperatorId },
    /// A jury was drawn for items on which members differ.
    JuryDrawn { task: TaskId, items: u32, seats: Seats, outside: bool },
    /// A jury ruled, or could not.
    JuryRuled { task: TaskId, quorum: bool, convicted: u32 },
    /// A result can no longer be disputed.
    ResultFinal { task: TaskId, score: Score },
    /// A task ended without a result.
    TaskVoid { task: TaskId, reason: VoidReason },
    /// A member was paid for its seats.
    SeatsPaid { task: TaskId, operator: OperatorId, amount: Amount },
    /// A fault was recorded and its price taken.
    Slashed {
        id: u64,
        operator: OperatorId,
        offence: Offence,
        task: Option<TaskId>,
        amount: Amount,
    },
    /// A slash was shared out.
    SlashSettled { id: u64, reporter: Amount, audit_pool: Amount, burned: Amount },
    /// A slash was given back in full.
    SlashReverted { id: u64, amount: Amount },
    /// A step that was due broke a limit and was dropped.
    Stalled { due: Due, reason: BoundedString<256> },
    /// A correlation window ended: what each offender's total becomes, as a share of its stake.
    WindowClosed { window: u64, share_ppm: u32, correlated_ppm: u32, suspended: bool },
    /// Money was minted into a stream.
    Minted { stream: u32, amount: Amount, until: Height },
    /// A stream released what had come due.
    StreamReleased {
        stream: u32,
        audit_pool: Amount,
        reward_pool: Amount,
        treasury: Amount,
        ended: bool,
    },
    /// Those who validated in an epoch were paid.
    ValidatorsPaid { validators: u32, amount: Amount },
    /// Payouts wait until a height.
    PayoutsPaused { until: Height },
    /// A payout that was due was put off.
    PutOff { due: Due, until: Height },
    /// A version of the rules is planned for a height.
    UpgradePlanned { version: u32, height: Height },
    /// What was planned was given up.
    UpgradeCancelled { version: u32, height: Height },
    /// From this block on the chain runs by a version.
    Upgraded { version: u32 },
    /// A result is audited; by nobody, if nobody outside the committee could be drawn.
    AuditDrawn { task: TaskId, seats: Seats, operators: u32 },
    /// An auditor found another score than the published one.
    AuditDiffers { task: TaskId, operator: OperatorId, score: Score, published: Score },
    /// An audit ended: so many seats found the published score, so many another one.
    AuditClosed { task: TaskId, agreed: Seats, differed: Seats },
    /// Someone put up a bond and says that a result, or a member's transcript, is wrong.
    DisputeOpened { dispute: u64, task: TaskId, member: OperatorId, aggregate: bool, bond: Amount },
    /// A leaf was opened that a dispute asked for.
    DisputeAnswered { dispute: u64, item: u32 },
    /// A dispute came down to these items, from the first to the last.
    DisputeLocated { dispute: u64, items: (u32, u32) },
    /// Another member's leaf was shown to hold what is in dispute.
    MemberImplicated { dispute: u64, member: OperatorId },
    /// A dispute's jury was drawn.
    DisputeJuryDrawn { dispute: u64, level: u8, draw: u8, seats: Seats, outside: bool },
    /// A dispute's juror showed its vote.
    DisputeVoted { dispute: u64, operator: OperatorId, vote: Ruling },
    /// Someone else knew a juror's vote before the reveals.
    BallotLeaked { dispute: u64, operator: OperatorId },
    /// A jury or the holders ruled.
    DisputeRuled { dispute: u64, task: TaskId, level: u8, ruling: Ruling },
    /// Someone put up money for a side of an appeal.
    AppealFunded { dispute: u64, side: Side, by: Address, amount: Amount },
    /// A ruling was appealed: the dispute is on this level now.
    DisputeAppealed { dispute: u64, level: u8 },
    /// A dispute ended, and what was put up was shared out.
    DisputeClosed {
        dispute: u64,
        task: TaskId,
        ruling: Ruling,
        staked: Amount,
        returned: Amount,
        jurors: Amount,
        burned: Amount,
    },
    /// A ruling changed a published result.
    ResultChanged { task: TaskId, from: Score, score: Score, state: OutcomeState },
    /// A result was proven false, and a larger committee is drawn.
    TaskReopened { task: TaskId, round: u8, seats: Seats },
}

/// The name of a task's phase.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum TaskPhase {
    /// Parameters are frozen, no committee yet.
    Open,
    /// Members commit.
    Commit,
    /// Members reveal.
    Reveal,
    /// Members open leaves.
    Spot,
    /// The score is published and open to dispute.
    Provisional,
    /// The score stands.
    Final,
    /// There is no score.
    Void,
}
