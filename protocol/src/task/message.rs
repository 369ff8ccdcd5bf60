//! What may be asked of tasks, and the bytes that members bind themselves to.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::key::SignatureError;
use probity_primitives::transcript::Opening;
use probity_primitives::{
    Amount, ArtifactId, BoundedVec, ContentHash, Domain, Hash, Height, Keypair, OperatorId,
    PublicKey, Score, Signature, TaskId, codec,
};
use serde::{Deserialize, Serialize};

use super::state::{Mode, VerdictOfItem};
use crate::ledger::Context;

/// Asks for an evaluation and pays for it.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct RequestTask {
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// What is to be evaluated.
    pub artifact: ArtifactId,
    /// How scores may differ.
    pub mode: Mode,
    /// What is paid.
    pub fee: Amount,
    /// What depends on the score being right: it decides the committee's size.
    pub value_at_risk: Amount,
    /// The commit window in blocks; the default if none is named.
    pub commit_blocks: Option<u64>,
}

/// What a member is bound to by its commitment.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Committed {
    /// The score.
    pub score: Score,
    /// The root of the answers.
    pub answers_root: Hash,
    /// The root of the numbers behind them.
    pub attachments_root: Hash,
    /// The root of the private items; zero where there are none.
    pub private_root: Hash,
    /// What keeps the commitment from being guessed.
    pub salt: Hash,
}

impl Committed {
    /// The commitment: it binds the network, the task, the round and the member too, so that a
    /// copied one cannot be opened by the copier.
    #[must_use]
    pub fn commitment(&self, chain: Hash, task: TaskId, round: u8, operator: OperatorId) -> Hash {
        let Self { score, answers_root, attachments_root, private_root, salt } = self;
        Hash::of(
            Domain::Commit,
            &(
                chain,
                task,
                round,
                operator,
                score,
                answers_root,
                attachments_root,
                private_root,
                salt,
            ),
        )
    }
}

/// What an attestation says.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "statement", content = "hash")]
pub enum Statement {
    /// The member's commitment.
    Commit(Hash),
    /// The hash of the member's reveal.
    Reveal(Hash),
}

/// A member's signed statement: two different ones of a kind for one task and round are a fault
/// that anyone can prove.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Attestation {
    /// The task.
    pub task: TaskId,
    /// The round.
    pub round: u8,
    /// Who states it.
    pub operator: OperatorId,
    /// What is stated.
    pub statement: Statement,
    /// The operator key's signature.
    pub signature: Signature,
}

impl Attestation {
    /// States something under an operator's hot key.
    #[must_use]
    pub fn sign(
        chain: Hash,
        task: TaskId,
        round: u8,
        operator: OperatorId,
        statement: Statement,
        key: &Keypair,
    ) -> Self {
        let bytes = codec::encode(&(chain, task, round, operator, statement));
        let signature = key.sign(Domain::Attestation, &bytes);
        Self { task, round, operator, statement, signature }
    }

    /// States something in a rehearsal, where the key's name stands for its signature.
    #[must_use]
    pub fn name(
        task: TaskId,
        round: u8,
        operator: OperatorId,
        statement: Statement,
        key: &PublicKey,
    ) -> Self {
        Self { task, round, operator, statement, signature: Signature::naming(key) }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// [`SignatureError`], which names the key.
    pub fn verify(&self, chain: Hash, key: &PublicKey) -> Result<(), SignatureError> {
        self.check(&Context::new(Height::ZERO, chain), key)
    }

    /// Checks the signature as a block or a rehearsal does.
    ///
    /// # Errors
    /// [`SignatureError`], which names the key.
    pub fn check(&self, ctx: &Context, key: &PublicKey) -> Result<(), SignatureError> {
        let Self { task, round, operator, statement, signature } = self;
        let bytes = codec::encode(&(ctx.chain, task, round, operator, statement));
        ctx.signatures.check(key, Domain::Attestation, &bytes, signature)
    }
}

/// Binds a member to its score.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Commit {
    /// The signed commitment.
    pub attestation: Attestation,
}

/// Shows a member's score.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Reveal {
    /// What was committed to.
    pub committed: Committed,
    /// The engine profile that the transcript states.
    pub engine: Hash,
    /// The opening of the last leaf, which carries the sum.
    pub last: Opening,
    /// The published leaf list.
    pub transcript: ContentHash,
    /// The signed hash of all this.
    pub attestation: Attestation,
}

impl Reveal {
    /// What the attestation of a reveal states.
    #[must_use]
    pub fn hash(committed: &Committed, engine: Hash, last: &Opening, list: ContentHash) -> Hash {
        Hash::of(Domain::Commit, &(committed, engine, last, list))
    }
}

/// Says that a member cannot fetch what it is to evaluate.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct ReportUnavailable {
    /// Who reports.
    pub operator: OperatorId,
    /// The task.
    pub task: TaskId,
    /// The round.
    pub round: u8,
}

/// Opens leaves that were drawn.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct PostOpenings {
    /// Whose transcript is opened.
    pub operator: OperatorId,
    /// The task.
    pub task: TaskId,
    /// The round.
    pub round: u8,
    /// The openings.
    pub openings: BoundedVec<Opening, 64>,
}

/// Binds a juror to its verdicts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct JuryCommit {
    /// The juror.
    pub operator: OperatorId,
    /// The task.
    pub task: TaskId,
    /// The jury's draw.
    pub draw: u8,
    /// To what: [`JuryReveal::commitment`].
    pub commitment: Hash,
}

/// Shows a juror's verdicts.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct JuryReveal {
    /// The juror.
    pub operator: OperatorId,
    /// The task.
    pub task: TaskId,
    /// The jury's draw.
    pub draw: u8,
    /// One verdict for each of the jury's items, in order.
    pub verdicts: BoundedVec<VerdictOfItem, 128>,
    /// What keeps the commitment from being guessed.
    pub salt: Hash,
}

impl JuryReveal {
    /// The commitment that these verdicts open.
    #[must_use]
    pub fn commitment(&self, chain: Hash) -> Hash {
        let Self { operator, task, draw, verdicts, salt } = self;
        Hash::of(Domain::JuryCommit, &(chain, task, draw, operator, verdicts, salt))
    }
}

/// Two different statements of one member for one task and round.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct SubmitEvidence {
    /// One statement.
    pub first: Attestation,
    /// The other.
    pub second: Attestation,
    /// The key both verify under: the operator's, now or at the time.
    pub key: PublicKey,
}
