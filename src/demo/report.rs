//! What the demonstration found: one document, and the same for people.

mod text;

use probity_dao::{ReferendumId, StageName, Track};
use probity_primitives::{Amount, Hash, OperatorId, Score, TaskId};
use probity_protocol::dispute::Ruling;
use probity_protocol::task::OutcomeState;
use serde::Serialize;

/// The schema of the document.
pub(crate) const SCHEMA: &str = "probity.demo/v1";

/// The document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    /// [`SCHEMA`].
    pub(crate) schema: &'static str,
    /// Which chain it was.
    pub(crate) chain: ChainReport,
    /// Who decided blocks.
    pub(crate) validators: Vec<OperatorReport>,
    /// Who evaluated, validators included, with what stood behind them before and after.
    pub(crate) operators: Vec<OperatorReport>,
    /// The height that all nodes were compared at.
    pub(crate) height: u64,
    /// The state root of each node at that height.
    pub(crate) state_roots: Vec<Hash>,
    /// The scores, best first.
    pub(crate) results: Vec<ResultReport>,
    /// What was taken, and from whom.
    pub(crate) slashes: Vec<SlashReport>,
    /// Where the certificates are.
    pub(crate) certificates: Vec<CertificateReport>,
    /// Whether money was conserved.
    pub(crate) conservation: Conservation,
    /// Who took a bribe to capture a committee.
    pub(crate) ring: Vec<String>,
    /// The certificate of the result that was captured.
    pub(crate) superseded: Superseded,
    /// The disputes, in the order in which they were opened.
    pub(crate) disputes: Vec<DisputeReport>,
    /// The referenda, in the order in which they were submitted.
    pub(crate) referenda: Vec<ReferendumReport>,
    /// How long it took, in milliseconds.
    pub(crate) elapsed_ms: u64,
}

/// A chain's name.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChainReport {
    /// Its identifier.
    pub(crate) chain_id: String,
    /// The hash of its genesis document.
    pub(crate) genesis_hash: Hash,
}

/// An operator and its pool.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct OperatorReport {
    /// Its identifier.
    pub(crate) operator: OperatorId,
    /// What it calls itself.
    pub(crate) name: String,
    /// What was bonded behind it at first.
    pub(crate) before: Amount,
    /// What is bonded behind it at the end.
    pub(crate) after: Amount,
    /// What its owner has earned in commission.
    pub(crate) commission: Amount,
}

/// A score.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ResultReport {
    /// The task.
    pub(crate) task: TaskId,
    /// The model's name.
    pub(crate) model: String,
    /// The benchmark's name.
    pub(crate) benchmark: String,
    /// The score in micro-units.
    pub(crate) score: Score,
    /// The 95 % interval over items, in micro-units.
    pub(crate) interval: Option<(Score, Score)>,
    /// The lowest and the highest revealed score, in micro-units.
    pub(crate) spread: (Score, Score),
    /// Seats that revealed.
    pub(crate) seats: u32,
    /// Operators that revealed.
    pub(crate) operators: u32,
    /// The median distance from the score, in micro-units.
    pub(crate) dispersion: u64,
    /// The tolerance that was applied, in micro-units.
    pub(crate) tolerance: u64,
    /// How much it can be relied on.
    pub(crate) state: OutcomeState,
    /// The number of items.
    pub(crate) items: u32,
    /// What it was before a ruling changed it, in micro-units, if one did.
    pub(crate) corrected_from: Option<Score>,
}

/// A slash.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SlashReport {
    /// From whom.
    pub(crate) operator: OperatorId,
    /// What it calls itself.
    pub(crate) name: String,
    /// The code of the offence.
    pub(crate) offence: String,
    /// What happened, in words.
    pub(crate) why: String,
    /// How much.
    pub(crate) amount: Amount,
}

/// A certificate file.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CertificateReport {
    /// The model's name.
    pub(crate) model: String,
    /// The file.
    pub(crate) path: String,
    /// How many steps its verification took; it was done offline, as anyone can.
    pub(crate) steps: usize,
}

/// The sum of all buckets against what must be there.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Conservation {
    /// All buckets, counted one by one.
    pub(crate) sum: Amount,
    /// Genesis + minted - burned.
    pub(crate) expected: Amount,
}

/// A certificate whose score a ruling has changed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Superseded {
    /// The file.
    pub(crate) path: String,
    /// The score that it shows, in micro-units.
    pub(crate) score: Score,
    /// What it says when it is verified against a newer header.
    pub(crate) says: String,
}

/// A dispute.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct DisputeReport {
    /// Its number.
    pub(crate) id: u64,
    /// About which task.
    pub(crate) task: TaskId,
    /// Who opened it.
    pub(crate) challenger: String,
    /// Its levels, the first jury first.
    pub(crate) levels: Vec<LevelReport>,
    /// The final ruling.
    pub(crate) ruling: Option<Ruling>,
    /// What became of the money, if it has ended.
    pub(crate) settled: Option<SettledReport>,
}

/// A level of a dispute.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LevelReport {
    /// The seats of its jury.
    pub(crate) seats: u32,
    /// Who sat in it.
    pub(crate) jurors: Vec<String>,
    /// What was put up against the result.
    pub(crate) challenger: Amount,
    /// What was put up for it.
    pub(crate) defender: Amount,
    /// Its ruling.
    pub(crate) ruling: Option<Ruling>,
}

/// What became of all that was put up in a dispute.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct SettledReport {
    /// All of it.
    pub(crate) staked: Amount,
    /// What went to those who were right.
    pub(crate) returned: Amount,
    /// What went to jurors.
    pub(crate) jurors: Amount,
    /// What burned.
    pub(crate) burned: Amount,
}

/// A referendum.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ReferendumReport {
    /// Its number.
    pub(crate) id: ReferendumId,
    /// Its track.
    pub(crate) track: Track,
    /// What people call it.
    pub(crate) title: String,
    /// How it ended.
    pub(crate) outcome: StageName,
    /// Convicted ayes among all convicted votes, in parts per million.
    pub(crate) approval: u32,
    /// Tokens of ayes and abstentions among all tokens, in parts per million.
    pub(crate) support: u32,
    /// Convicted ayes.
    pub(crate) ayes: Amount,
    /// Convicted nays.
    pub(crate) nays: Amount,
    /// The block in which it took effect, if it did.
    pub(crate) enacted_at: Option<u64>,
}
