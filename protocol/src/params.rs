//! The numbers that governance may change, and the inequalities that they must keep.
//!
//! [`Params`] is one value in the state; a genesis document states it whole and a vote changes it
//! through [`Params::validate`], which refuses a set under which cheating would pay.
//!
//! Spec: `docs/spec/15-parameters.md` (each field with its default and its reason).

mod defaults;
mod validate;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, BoundedVec, Bps, Ppm, Seats};
use serde::{Deserialize, Serialize};

pub use validate::{IncentiveError, MAX_SEATS, ParamError, StructureError, WindowError};

/// All parameters.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    /// Fees of transactions.
    pub fees: Fees,
    /// Staking and the validator set.
    pub staking: Staking,
    /// Tasks: windows and quorums.
    pub task: Tasks,
    /// Checks of transcripts.
    pub checks: Checks,
    /// Item juries.
    pub jury: Juries,
    /// The split of a task's fee.
    pub split: FeeSplit,
    /// Slashes.
    pub slashing: Slashing,
    /// Audits, as far as fees and committee sizes depend on them.
    pub audit: Audits,
    /// Minting, and what pays validators.
    pub supply: Minting,
    /// The pause of payouts.
    pub pause: Pauses,
    /// Disputes.
    pub dispute: Disputes,
    /// The evaluator classes, in ascending order of id.
    pub classes: BoundedVec<Class, 16>,
}

/// What a transaction costs: a base for its kind of message and so much a byte.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fees {
    /// A transfer of money.
    pub transfer: Amount,
    /// Bonding, unbonding, withdrawing, and all that concerns an operator.
    pub staking: Amount,
    /// Registering an artifact or a benchmark.
    pub register: Amount,
    /// Transfer, sale and royalties of an artifact.
    pub registry: Amount,
    /// Requesting a task.
    pub request: Amount,
    /// What a committee or jury member sends while it works: kept low, since it must be sent.
    pub work: Amount,
    /// Evidence of a fault.
    pub evidence: Amount,
    /// Referenda, votes and delegations.
    pub governance: Amount,
    /// Each byte of the signed transaction.
    pub per_byte: Amount,
}

/// Staking and the validator set.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Staking {
    /// The length of an epoch in blocks; the draw's snapshot and the validator set live for one.
    pub epoch_blocks: u64,
    /// How many operators decide blocks.
    pub max_validators: u32,
    /// How long money takes to leave an operator's pool, in blocks.
    pub unbond_blocks: u64,
    /// The least that may be bonded or unbonded at once.
    pub min_bond: Amount,
    /// The most that an operator's commission may move in one epoch.
    pub commission_step: Bps,
}

/// Tasks: windows in blocks, and quorums.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tasks {
    /// From the request to the draw.
    pub open_blocks: u64,
    /// The commit window of a request that names none.
    pub commit_blocks: u64,
    /// The shortest commit window a request may name.
    pub commit_min: u64,
    /// The longest.
    pub commit_max: u64,
    /// The reveal window.
    pub reveal_blocks: u64,
    /// The window for openings.
    pub spot_blocks: u64,
    /// How long a result stays open to dispute.
    pub provisional_blocks: u64,
    /// How many rounds are drawn before a task is void.
    pub max_rounds: u8,
    /// The fewest operators a quorum needs, whatever the size.
    pub min_operators: u32,
    /// Committee sizes by value at risk, in ascending order.
    pub sizes: BoundedVec<SizeStep, 8>,
    /// How many seat prices one seat locks.
    pub seat_lock: u32,
    /// Tasks that may be open at once.
    pub max_open: u32,
}

/// One step of the committee size: up to this value at risk, this many seats.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct SizeStep {
    /// The largest value at risk of this step, in seat prices.
    pub up_to: u64,
    /// The committee's seats.
    pub seats: Seats,
}

/// Checks of transcripts: how many items are opened, and how many may be wrong.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checks {
    /// Spot items of a task in exact mode.
    pub spot_exact: u32,
    /// Spot items of a task in tolerant mode.
    pub spot_tolerant: u32,
    /// Mismatches that are a fault in exact mode.
    pub fault_exact: u32,
    /// Mismatches that are a fault in tolerant mode.
    pub fault_tolerant: u32,
    /// Leaves that a flagged or grey member must open besides.
    pub defence: u32,
    /// The rate at which an honest item may differ, for the grey check's allowance.
    pub flip_rate: Ppm,
    /// The tolerance in MADs (times 1.4826) and in declared sigmas.
    pub tolerance_low: u32,
    /// The cap of the tolerance in declared sigmas.
    pub tolerance_cap: u32,
}

/// Item juries.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Juries {
    /// A jury's seats.
    pub seats: Seats,
    /// The commit window in blocks.
    pub commit_blocks: u64,
    /// The reveal window in blocks.
    pub reveal_blocks: u64,
    /// Below this many eligible operators outside the committee, members may sit too.
    pub min_operators: u32,
    /// A juror's fee for a seat, as a share of the seat price, from the audit pool.
    pub fee: Ppm,
}

/// The split of a task's fee; the remainder of all roundings goes to the treasury.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeeSplit {
    /// To the committee, by seats.
    pub evaluators: Bps,
    /// To the benchmark and its ancestors.
    pub royalties: Bps,
    /// To the audit pool.
    pub audit_pool: Bps,
    /// To the treasury.
    pub treasury: Bps,
    /// Burned.
    pub burn: Bps,
}

/// Slashes: shares are of the seat lock unless said.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slashing {
    /// O2: committed and did not validly reveal.
    pub no_reveal: Ppm,
    /// O3: flagged, and did not defend.
    pub undefended: Ppm,
    /// O4: a transcript that is false.
    pub transcript: Ppm,
    /// O5: equivocation.
    pub equivocation: Ppm,
    /// O5: besides, of all that is bonded.
    pub equivocation_bonded: Ppm,
    /// O6: a result proven false, or a colluding juror.
    pub false_result: Ppm,
    /// O8: a juror against the final ruling; twice that for no vote.
    pub incoherent: Ppm,
    /// The reporter's share of a slash.
    pub reporter: Ppm,
    /// The audit pool's share; the rest burns.
    pub audit_pool: Ppm,
    /// How long a slash waits before it is shared out, in blocks.
    pub delay_blocks: u64,
    /// The correlation window in blocks.
    pub window_blocks: u64,
    /// Misses out of the last 32 assignments above which an operator is jailed.
    pub miss_limit: u32,
    /// The first jail term for misses in blocks; it doubles each time.
    pub jail_blocks: u64,
    /// How often it doubles.
    pub jail_doublings: u32,
    /// The jail term for O4.
    pub fault_jail_blocks: u64,
    /// The jail term for O6.
    pub false_jail_blocks: u64,
}

/// Audits.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audits {
    /// The least probability that a task is audited.
    pub floor: Ppm,
    /// The largest.
    pub ceiling: Ppm,
    /// V at which the probability is one half, in seat prices a majority seat.
    pub half_value: u64,
    /// The seats of an audit.
    pub seats: Seats,
    /// Private items of each evaluator, as a share of the core items.
    pub private_share: Ppm,
}

/// Minting, and what pays validators.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minting {
    /// The year that the yearly cap counts by, in blocks.
    pub year_blocks: u64,
    /// How long minted money takes to reach the pools, in blocks.
    pub stream_blocks: u64,
    /// What a verified compute unit earns to be minted.
    pub lambda: Amount,
    /// The audit pool's share of what is minted.
    pub audit_pool: Bps,
    /// The reward pool's share; the rest goes to the treasury.
    pub reward_pool: Bps,
    /// What an epoch pays its validators, of what the reward pool holds.
    pub reward_share: Ppm,
}

/// The pause of payouts, in blocks.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pauses {
    /// The longest.
    pub max_blocks: u64,
    /// From the beginning of one to the next, at least.
    pub every_blocks: u64,
}

/// Disputes: the ladder's juries, windows and bonds.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disputes {
    /// The seats of each level's jury, ascending; the holders' vote stands above the last one.
    pub levels: BoundedVec<Seats, 3>,
    /// A jury's commit window in blocks.
    pub commit_blocks: u64,
    /// A jury's reveal window in blocks.
    pub reveal_blocks: u64,
    /// How long a ruling may be appealed, in blocks; the side it is against has half of that.
    pub appeal_blocks: u64,
    /// What each side has for all its answers and moves together, in blocks.
    pub clock_blocks: u64,
    /// How long the last ruling waits for the holders' vote, in blocks.
    pub vote_blocks: u64,
    /// A challenger's bond in seat prices; each level doubles it.
    pub bond: u32,
    /// A juror's fee for a seat, as a share of the seat price.
    pub fee: Ppm,
    /// By how much the bond grows with every challenge of one result that failed.
    pub repeat: u32,
    /// The winners' share of what the losers put up.
    pub winner: Ppm,
    /// Of a failed challenger's bond, the share of a member that had to answer.
    pub defender: Ppm,
    /// Disputes that may be open on one task.
    pub max_per_task: u32,
    /// Disputes that one account may have open; each doubles the bond of its next one.
    pub max_per_account: u32,
}

/// A class of work, with the governed price of one seat.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// The class's number.
    pub id: u16,
    /// The price of one seat.
    pub seat_price: Amount,
    /// What one honest evaluation is taken to cost.
    pub seat_cost: Amount,
    /// Compute units that one verified seat counts for.
    pub compute_units: u64,
}

impl Params {
    /// The class with this number.
    #[must_use]
    pub fn class(&self, id: u16) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == id)
    }
}
