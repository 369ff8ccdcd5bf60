//! What a run may find.

use probity_node::consensus::core::{CoreError, Said};
use probity_node::replica::OpenError;
use probity_node::store::StoreError;
use probity_primitives::{BlockHash, Height, OperatorId, TxHash};
use probity_runtime::certificate::CertificateError;
use probity_runtime::invariants::Violation;

/// A promise that was broken.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// The run could not be set up: its own fault, not that of what it tests.
    #[error("the run cannot be set up: {0}")]
    Setup(String),
    /// Two blocks were decided at one height.
    #[error("agreement: node {node} decided {found} at height {height}, others {decided}")]
    Fork {
        /// Who decided otherwise.
        node: usize,
        /// Where.
        height: Height,
        /// What it decided.
        found: BlockHash,
        /// What was decided before.
        decided: BlockHash,
    },
    /// A decided block does not follow from those before it, or nobody could have proposed it.
    #[error("validity: the block that node {node} decided at height {height} {reason}")]
    Invalid {
        /// Who decided it.
        node: usize,
        /// Where.
        height: Height,
        /// What is wrong.
        reason: String,
    },
    /// What an honest node proposes is not what honest nodes take.
    #[error(
        "validity: the block that node {node} proposes at height {height}, round {round}, {reason}"
    )]
    Proposed {
        /// Who proposes it.
        node: usize,
        /// Where.
        height: Height,
        /// In which round.
        round: u32,
        /// What is wrong.
        reason: String,
    },
    /// An honest node built no block at its turn.
    #[error(
        "liveness: node {node} made no block at its turn, height {height}, round {round}: {reason}"
    )]
    Idle {
        /// Whose turn it was.
        node: usize,
        /// Where.
        height: Height,
        /// In which round.
        round: u32,
        /// What is wrong.
        reason: String,
    },
    /// A decision is not proven.
    #[error("validity: the certificate of height {height} at node {node} does not hold: {reason}")]
    Unproven {
        /// Who has it.
        node: usize,
        /// Of which height.
        height: Height,
        /// What is wrong.
        reason: CertificateError,
    },
    /// An invariant of the rules does not hold.
    #[error("rules: after height {height}: {violation}")]
    Rule {
        /// After which block.
        height: Height,
        /// Which, and how.
        violation: Violation,
    },
    /// What was called durable is not there.
    #[error("durability: node {node} had height {durable} and is at {found}: {what}")]
    Lost {
        /// Whose store.
        node: usize,
        /// What it had called durable.
        durable: Height,
        /// Where it is.
        found: Height,
        /// What is missing.
        what: &'static str,
    },
    /// A store could not be read.
    #[error("durability: the store of node {node} cannot be read: {error}")]
    Store {
        /// Whose store.
        node: usize,
        /// Why.
        error: StoreError,
    },
    /// A node does not start from its own store.
    #[error("durability: node {node} does not start: {error}")]
    Open {
        /// Which.
        node: usize,
        /// Why.
        error: OpenError,
    },
    /// An honest validator was seen to contradict itself.
    #[error("honesty: node {by} has evidence against {accused}, which runs once")]
    Accused {
        /// Who saw it.
        by: usize,
        /// Who would be punished.
        accused: OperatorId,
    },
    /// An honest validator was punished.
    #[error("honesty: {punished}, which runs once, is barred after height {height}")]
    Punished {
        /// Who.
        punished: OperatorId,
        /// After which block.
        height: Height,
    },
    /// Evidence that a driver made was refused by the rules.
    #[error("evidence: refused at height {height} as {code}")]
    Evidence {
        /// Where.
        height: Height,
        /// Why.
        code: String,
    },
    /// An honest validator signed two different things for one place.
    #[error(
        "honesty: node {node} signed {now:?} in round {round} of height {height}, and {before:?}"
    )]
    Contradiction {
        /// Who.
        node: usize,
        /// The height.
        height: Height,
        /// The round.
        round: u32,
        /// What it had signed.
        before: Said,
        /// What it signed now.
        now: Said,
    },
    /// The marks of an honest validator keep it from what it may sign.
    #[error(
        "honesty: the marks of node {node} refused a vote as another one than was made there; nobody \
         saw that one, or its log would have it"
    )]
    Withheld {
        /// Whose.
        node: usize,
    },
    /// An honest node refused what an honest node served.
    #[error("sync: node {node} refused the block that it was served at height {height}")]
    Refused {
        /// Who refused.
        node: usize,
        /// Where.
        height: Height,
    },
    /// A node stopped by itself.
    #[error("node {node} stopped: {error}")]
    Stopped {
        /// Which.
        node: usize,
        /// Why.
        error: CoreError,
    },
    /// The network is whole and does not go on.
    #[error("liveness: {seconds} s after healing, honest nodes are at {tips:?}, not at {goal}")]
    Stuck {
        /// How long it was waited.
        seconds: u64,
        /// Where the honest nodes are.
        tips: Vec<Height>,
        /// Where they should all be.
        goal: Height,
    },
    /// A transaction was acknowledged, did not expire, and is in no block.
    #[error("transactions: {tx} was acknowledged, is valid until {expiry}, and is not found")]
    Forgotten {
        /// Which.
        tx: TxHash,
        /// The last height at which it may stand.
        expiry: Height,
    },
    /// A transaction stands in two blocks, or after it expired.
    #[error("transactions: {tx} stands in the block at height {height} {what}")]
    Misplaced {
        /// Which.
        tx: TxHash,
        /// Where.
        height: Height,
        /// What is wrong with that.
        what: &'static str,
    },
}

impl Broken {
    /// The run could not be set up.
    #[must_use]
    pub fn setup(error: &dyn std::fmt::Display) -> Self {
        Self::Setup(error.to_string())
    }
}
