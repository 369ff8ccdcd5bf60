//! The ledger: every table of the rules, each with its tag in the state tree.
//!
//! The ledger is a value. Its tables are persistent maps, so a clone costs a few pointers and a
//! refused transition is undone by dropping the clone it ran on.
//!
//! # Invariants
//! - A table's tag is never reused for another table (`docs/spec/20-blocks.md` lists them).
//!
//! Spec: `docs/spec/03-buckets.md`, `docs/spec/20-blocks.md`.

use probity_primitives::key::SignatureError;
use probity_primitives::table::{Single, Table};
use probity_primitives::{
    Address, Amount, ArtifactId, Domain, Epoch, Hash, Height, OperatorId, PublicKey, Signature,
    TaskId, tables,
};

use crate::bank::{Account, Bucket, Supply};
use crate::beacon::VrfMix;
use crate::dispute::{Dispute, DisputeBallot, TaskDisputes};
use crate::event::Event;
use crate::params::Params;
use crate::pause::Pause;
use crate::registry::{Artifact, Benchmark};
use crate::slashing::{Conviction, Slash, Window};
use crate::staking::{Claim, Delegation, Operator, PastKeys, Snapshot, Tranche, ValidatorSet};
use crate::supply::Issuance;
use crate::task::{Audit, AuditEntry, Due, Jury, JuryBallot, Outcome, Submission, Task};
use crate::upgrade::Protocol;

/// How the signatures inside messages are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signatures {
    /// By the curve: wherever a block is made or judged.
    #[default]
    Verified,
    /// By the key's name in the signature's place: in a rehearsal, whose blocks nobody accepts.
    Named,
}

impl Signatures {
    /// Checks a signature, or the name in its place.
    ///
    /// # Errors
    /// [`SignatureError`], which names the key.
    pub fn check(
        self,
        key: &PublicKey,
        domain: Domain,
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), SignatureError> {
        match self {
            Self::Verified => key.verify(domain, message, signature),
            Self::Named if *signature == Signature::naming(key) => Ok(()),
            Self::Named => Err(SignatureError::Mismatch(*key)),
        }
    }
}

/// What a rule may know of the block it runs in, and where it says what happened.
#[derive(Debug, Clone)]
pub struct Context {
    /// The height of the block.
    pub height: Height,
    /// The network's identity: the hash of its genesis document.
    pub chain: Hash,
    /// How the signatures inside messages are checked.
    pub signatures: Signatures,
    /// What happened so far in this transition.
    pub events: Vec<Event>,
}

impl Context {
    /// The context of a block.
    #[must_use]
    pub const fn new(height: Height, chain: Hash) -> Self {
        Self { height, chain, signatures: Signatures::Verified, events: Vec::new() }
    }

    /// The same context in a rehearsal.
    #[must_use]
    pub fn checking(self, signatures: Signatures) -> Self {
        Self { signatures, ..self }
    }

    /// Says that something happened.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }
}

tables! {
    /// Everything that the rules know.
    ledger Ledger;
    /// The tables.
    tags Tag;
    /// The parameters in force.
    params: Single<Params> = 0x00,
    /// What came to be and ceased to be.
    supply: Single<Supply> = 0x01,
    /// The beacon.
    beacon: Single<VrfMix> = 0x02,
    /// Who decides blocks in this epoch.
    validators: Single<ValidatorSet> = 0x03,
    /// Who may be drawn in this epoch.
    snapshot: Single<Snapshot> = 0x04,
    /// Counters of things that are numbered.
    counters: Single<Counters> = 0x05,
    /// What was minted, what may be, and what flows.
    issuance: Single<Issuance> = 0x06,
    /// The newest pause of payouts.
    pause: Single<Pause> = 0x07,
    /// The version of the rules, and the one that is planned.
    protocol: Single<Protocol> = 0x08,
    /// Accounts.
    accounts: Table<Address, Account> = 0x10,
    /// All buckets but the accounts' own.
    buckets: Table<Bucket, Amount> = 0x11,
    /// Operators.
    operators: Table<OperatorId, Operator> = 0x20,
    /// Every key that is or was an operator's: a key serves one operator, ever.
    operator_keys: Table<PublicKey, OperatorId> = 0x21,
    /// Shares in operators' pools, all of one account's beside each other.
    delegations: Table<(Address, OperatorId), Delegation> = 0x22,
    /// Money on its way out, by operator and the epoch it began in.
    tranches: Table<(OperatorId, Epoch), Tranche> = 0x23,
    /// Shares in money on its way out.
    claims: Table<(Address, OperatorId, Epoch), Claim> = 0x24,
    /// Hot keys that were replaced and can still prove something.
    past_keys: Table<OperatorId, PastKeys> = 0x25,
    /// Artifacts.
    artifacts: Table<ArtifactId, Artifact> = 0x30,
    /// What a benchmark artifact promises besides.
    benchmarks: Table<ArtifactId, Benchmark> = 0x31,
    /// Tasks.
    tasks: Table<TaskId, Task> = 0x40,
    /// What a member has sent in the task's present round.
    submissions: Table<(TaskId, OperatorId), Submission> = 0x41,
    /// Item juries.
    juries: Table<TaskId, Jury> = 0x42,
    /// What a juror has sent.
    ballots: Table<(TaskId, OperatorId), JuryBallot> = 0x43,
    /// Published scores.
    outcomes: Table<TaskId, Outcome> = 0x44,
    /// The newest result of an artifact on a benchmark.
    board: Table<(ArtifactId, ArtifactId), TaskId> = 0x45,
    /// Disputes, open and closed.
    disputes: Table<u64, Dispute> = 0x46,
    /// What a dispute's juror has sent.
    dispute_ballots: Table<(u64, OperatorId), DisputeBallot> = 0x47,
    /// The disputes of a task's present round.
    task_disputes: Table<TaskId, TaskDisputes> = 0x48,
    /// How many disputes an account has open.
    account_disputes: Table<Address, u32> = 0x49,
    /// Audits.
    audits: Table<TaskId, Audit> = 0x4a,
    /// What an auditor has sent.
    audit_entries: Table<(TaskId, OperatorId), AuditEntry> = 0x4b,
    /// Slashes that wait.
    slashes: Table<u64, Slash> = 0x50,
    /// What an operator has lost in one task: the largest of its faults counts, not their sum.
    convictions: Table<(TaskId, OperatorId), Conviction> = 0x51,
    /// Correlation windows.
    windows: Table<u64, Window> = 0x52,
    /// What is due at which height.
    schedule: Table<(Height, Due), ()> = 0x60,
}

/// Counters of things that are numbered; they only grow.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    borsh::BorshSerialize,
    borsh::BorshDeserialize,
    serde::Serialize,
    serde::Deserialize,
)]
pub struct Counters {
    /// Tasks requested.
    pub tasks: u64,
    /// Slashes recorded.
    pub slashes: u64,
    /// Tasks that have not ended.
    pub open_tasks: u32,
    /// Disputes opened.
    pub disputes: u64,
    /// Seats of finished tasks that passed their checks, in compute units.
    pub compute_units: u128,
}
