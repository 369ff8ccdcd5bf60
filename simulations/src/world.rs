//! The world: a chain in memory, and people who send transactions to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use probity_primitives::bounded::LimitError;
use probity_primitives::transcript::{Transcript, TranscriptError};
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, Height, Keypair, OperatorId, TaskId,
};
use probity_protocol::upgrade::Protocol;
use probity_protocol::{Ledger, Params};
use probity_runtime::chain::BlockError;
use probity_runtime::genesis::{Genesis, GenesisError};
use probity_runtime::invariants::{self, Violation};
use probity_runtime::receipt::{Outcome, Receipt};
use probity_runtime::rehearsal::Line;
use probity_runtime::result_certificate::{
    BuildError, PresentResult, ResultCertificate, SetChange, Sources, reveals_in,
};
use probity_runtime::tree::{MemoryTree, TreeError};
use probity_runtime::tx::{TxBody, TxError};
use probity_runtime::upgrade::{Rules, fresh};
use probity_runtime::{Block, Chain, Event, Header, Message, SignedTx, State, VerifiedTx};

use crate::actor::{Actor, NETWORK, person};
use crate::setup;
use crate::sheet::Sheet;
use crate::shelf::Shelf;

/// Whether a world computes signatures. Both ways go through the same transitions to the same roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rigour {
    /// Every signature and beacon proof is made and checked, every block proposed and applied, and
    /// every block's state has its root.
    #[default]
    Verified,
    /// Blocks are rehearsed ([`probity_runtime::rehearsal`]): who signs is taken at its word, and the
    /// root is made where it is asked for.
    Elided,
}

/// What a world keeps of blocks that have been made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Keep {
    /// The newest state alone.
    Newest,
    /// Blocks and events too, from which the chain can be played again.
    Blocks,
    /// The state tree's old versions too: certificates of early results need them.
    #[default]
    All,
}

/// What a world begins with.
#[derive(Debug, Clone)]
pub struct WorldConfig {
    /// What everything follows from.
    pub seed: u64,
    /// How many operators there are.
    pub operators: u32,
    /// What each of them has bonded.
    pub bonded: Amount,
    /// How many other people there are.
    pub people: u32,
    /// What each account begins with.
    pub balance: Amount,
    /// The parameters.
    pub params: Params,
    /// The numbers of governance.
    pub governance: probity_dao::Params,
    /// How many items the synthetic benchmark has.
    pub items: u32,
    /// Whether they are answered with numbers instead of labels.
    pub numbers: bool,
    /// The declared noise, and how far apart two honest numbers may lie, in micro-units.
    pub noise: (u64, u64),
    /// The version that the chain begins with, and one that is planned if any is.
    pub protocol: Protocol,
    /// The versions that the world's program has.
    pub rules: Rules,
    /// Whether every block's state is checked against every invariant.
    pub check: bool,
    /// Every how many blocks against all of them; between two, only that money adds up.
    pub thorough: u64,
    /// Whether signatures are computed.
    pub rigour: Rigour,
    /// What is kept of blocks that have been made.
    pub keep: Keep,
}

impl Default for WorldConfig {
    fn default() -> Self {
        Self {
            seed: 1,
            operators: 8,
            bonded: Amount::from_tokens(20_000),
            people: 3,
            balance: Amount::from_tokens(10_000),
            params: Params::development(),
            governance: probity_dao::Params::development(),
            items: 200,
            numbers: false,
            noise: (2_000, 0),
            protocol: fresh(),
            rules: Rules::CURRENT,
            check: true,
            thorough: 1,
            rigour: Rigour::Verified,
            keep: Keep::All,
        }
    }
}

/// Why a world cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorldError {
    /// The genesis document was refused.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// A block was refused.
    #[error(transparent)]
    Block(#[from] BlockError),
    /// A transaction could not stand in a block.
    #[error(transparent)]
    Tx(#[from] TxError),
    /// A message was refused.
    #[error("{code}: {message}")]
    Refused {
        /// The refusal's code.
        code: String,
        /// Why.
        message: String,
    },
    /// A rule broke an invariant.
    #[error("at height {height}: {violation}")]
    Violation {
        /// The height.
        height: Height,
        /// What does not hold.
        violation: Violation,
    },
    /// Two runs of one block differ.
    #[error("the block at height {0} runs differently when it is applied")]
    Nondeterministic(Height),
    /// Nobody in the world is this operator.
    #[error("nobody is the operator {0}")]
    Nobody(OperatorId),
    /// Something did not come to its end.
    #[error("{what} was not reached within {blocks} blocks")]
    Stuck {
        /// What was waited for.
        what: String,
        /// For how long.
        blocks: u64,
    },
    /// The state tree cannot be read.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There is no certificate of a result.
    #[error(transparent)]
    Certificate(#[from] BuildError),
    /// A synthetic list is too long.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// A synthetic transcript is not one.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
}

/// A whole network in memory.
#[derive(Debug, Clone)]
pub struct World {
    /// The genesis document.
    pub genesis: Genesis,
    /// The committed state.
    pub chain: Chain,
    /// The state tree, every version of it.
    pub tree: MemoryTree,
    /// The operators, in no particular order.
    pub actors: Vec<Actor>,
    /// Everyone else.
    pub people: Vec<Keypair>,
    /// What the known models answer.
    pub sheets: Vec<(ArtifactId, Sheet)>,
    /// The blocks from height 0, with their receipts.
    pub log: Vec<(Block, Vec<Receipt>)>,
    /// What happened at the ends of blocks.
    pub events: Vec<(Height, Event)>,
    /// Every change of validators so far, as certificates need it.
    pub changes: Vec<SetChange>,
    /// What happened in the newest block: in its transactions, then at its end.
    pub newest: Vec<Event>,
    /// What became of what waited for it, in the order in which it was queued; nothing of what could
    /// not stand in the block.
    pub fates: Vec<Option<Outcome>>,
    /// How often each kind of message was carried out.
    pub carried_out: BTreeMap<&'static str, u64>,
    pub(crate) seed: u64,
    pub(crate) items: u32,
    thorough: u64,
    pub(crate) numbers: bool,
    pub(crate) noise: (u64, u64),
    /// The transcripts that members have written, where they are kept.
    pub(crate) held: BTreeMap<(TaskId, OperatorId), Arc<Transcript>>,
    pub(crate) shelf: Shelf,
    pub(crate) rigour: Rigour,
    pub(crate) check: bool,
    pub(crate) keep: Keep,
    pub(crate) pending: Vec<VerifiedTx>,
    pub(crate) lines: Vec<Line>,
    /// The nonces of those whose transactions wait.
    pub(crate) nonces: BTreeMap<Address, u64>,
    /// Changes that an elided world has not put into its tree, and the tree's newest version.
    pub(crate) unrooted: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
    pub(crate) version: u64,
    /// Where each operator stands among the actors.
    pub(crate) places: BTreeMap<OperatorId, usize>,
}

impl World {
    /// A new world.
    ///
    /// # Errors
    /// [`WorldError::Genesis`] for numbers that no genesis document may have.
    pub fn new(config: &WorldConfig) -> Result<Self, WorldError> {
        let actors: Vec<Actor> =
            (0..config.operators).filter_map(|n| Actor::new(config.seed, n)).collect();
        let people: Vec<Keypair> =
            (0..config.people).map(|n| person(config.seed, "person", n)).collect();
        let genesis = setup::document(config, &actors, &people)?;
        Self::of_document(config, genesis, actors, people)
    }

    /// A new world out of a genesis document of these actors and people.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn of_document(
        config: &WorldConfig,
        genesis: Genesis,
        actors: Vec<Actor>,
        people: Vec<Keypair>,
    ) -> Result<Self, WorldError> {
        let first = Chain::genesis_by(&genesis, config.rules)?;
        let mut tree = MemoryTree::new();
        tree.commit(&first.tree, false);
        let places = (0..).zip(&actors).map(|(place, actor)| (actor.id(), place)).collect();
        let world = Self {
            genesis,
            chain: first.chain,
            tree,
            actors,
            people,
            sheets: Vec::new(),
            log: vec![(first.block, first.receipts)],
            events: Vec::new(),
            changes: Vec::new(),
            newest: Vec::new(),
            fates: Vec::new(),
            carried_out: BTreeMap::new(),
            seed: config.seed,
            items: config.items,
            numbers: config.numbers,
            noise: config.noise,
            held: BTreeMap::new(),
            shelf: Shelf::default(),
            rigour: config.rigour,
            check: config.check,
            thorough: config.thorough,
            keep: config.keep,
            pending: Vec::new(),
            lines: Vec::new(),
            nonces: BTreeMap::new(),
            unrooted: BTreeMap::new(),
            version: 0,
            places,
        };
        world.checked(None)?;
        Ok(world)
    }

    /// Everything that the rules know now.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.chain.ledger()
    }

    /// The header at a height.
    #[must_use]
    pub fn header(&self, height: Height) -> Option<&Header> {
        self.log.get(usize::try_from(height.0).ok()?).map(|(block, _)| &block.header)
    }

    /// A transaction that would stand next, after those that wait already.
    #[must_use]
    pub fn sign(&self, key: &Keypair, message: Message) -> SignedTx {
        let sender = Address::of(&key.public(), NETWORK);
        self.body(sender, message).sign(self.chain.genesis_hash(), key)
    }

    pub(crate) fn body(&self, sender: Address, message: Message) -> TxBody {
        let stored =
            || self.ledger().accounts.get(&sender).map(|known| known.nonce).unwrap_or_default();
        TxBody {
            chain: self.genesis.chain_id.clone(),
            sender,
            nonce: self.nonces.get(&sender).copied().unwrap_or_else(stored),
            fee: Amount::from_tokens(100),
            expiry: Height(self.chain.height().0.saturating_add(100)),
            memo: BoundedString::default(),
            message,
        }
    }

    /// Makes a block of what waits, applies it, and gives its receipts.
    ///
    /// # Errors
    /// [`WorldError`] if the block does not apply as it was proposed, or breaks an invariant.
    pub fn step(&mut self) -> Result<Vec<Receipt>, WorldError> {
        self.step_by(0)
    }

    /// Makes empty blocks.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub fn pass(&mut self, blocks: u64) -> Result<(), WorldError> {
        (0..blocks).try_for_each(|_| self.step().map(|_| ()))
    }

    /// Sends one transaction in a block of its own.
    ///
    /// # Errors
    /// [`WorldError`] if it cannot stand in the block; a refused message is in the receipt.
    pub fn send(&mut self, key: &Keypair, message: Message) -> Result<Receipt, WorldError> {
        self.queue(key, message)?;
        let receipts = self.step()?;
        receipts
            .into_iter()
            .last()
            .ok_or(WorldError::Stuck { what: "the transaction's block".to_owned(), blocks: 1 })
    }

    /// Sends one transaction whose message must be carried out.
    ///
    /// # Errors
    /// [`WorldError::Refused`] if it is not.
    pub fn must(&mut self, key: &Keypair, message: Message) -> Result<Receipt, WorldError> {
        let receipt = self.send(key, message)?;
        match receipt.outcome.clone() {
            Outcome::Ok => Ok(receipt),
            Outcome::Refused { code, message } => Err(WorldError::Refused { code, message }),
        }
    }

    /// The certificate of a task's result, at the newest height.
    ///
    /// # Errors
    /// [`WorldError::Certificate`] if there is no result.
    pub fn certificate(&self, task: TaskId) -> Result<ResultCertificate, WorldError> {
        let missing = || WorldError::Certificate(BuildError::NoResult(task));
        let outcome = self.ledger().outcomes.get(&task).ok_or_else(missing)?;
        let round = self.ledger().tasks.get(&task).map(|task| task.round).unwrap_or_default();
        let blocks = self.log.iter().map(|(block, _)| block);
        let sources = Sources {
            genesis: &self.genesis,
            chain: &self.chain,
            store: &self.tree,
            commit: self.certify(self.chain.tip(), self.chain.validators())?,
            changes: self.changes.clone(),
            reveals: reveals_in(task, round, outcome, blocks),
        };
        Ok(ResultCertificate::build(sources, task)?)
    }

    /// What the newest state has of a task's result, proven.
    ///
    /// # Errors
    /// [`WorldError::Certificate`] never: the tree keeps every height.
    pub fn present(&self, task: TaskId) -> Result<PresentResult, WorldError> {
        let sources = Sources {
            genesis: &self.genesis,
            chain: &self.chain,
            store: &self.tree,
            commit: self.certify(self.chain.tip(), self.chain.validators())?,
            changes: self.changes.clone(),
            reveals: Vec::new(),
        };
        Ok(PresentResult::build(sources, task)?)
    }

    /// The operator with an identifier.
    ///
    /// # Errors
    /// [`WorldError::Nobody`].
    pub fn actor(&self, id: &OperatorId) -> Result<&Actor, WorldError> {
        let place = self.places.get(id).and_then(|place| self.actors.get(*place));
        // Whoever pushes an actor by hand is found by looking.
        let known = place.filter(|actor| actor.id() == *id);
        known
            .or_else(|| self.actors.iter().find(|actor| actor.id() == *id))
            .ok_or(WorldError::Nobody(*id))
    }

    pub(crate) fn checked(&self, before: Option<&State>) -> Result<(), WorldError> {
        if !self.check {
            return Ok(());
        }
        let (state, height) = (self.chain.state(), self.chain.height());
        let found = if before.is_none() || height.0.is_multiple_of(self.thorough) {
            invariants::check_state(state, before)
        } else {
            invariants::check_money(&state.ledger, before.map(|state| &state.ledger))
        };
        found.map_err(|violation| WorldError::Violation { height, violation })
    }

    /// The newest task, if there is one.
    #[must_use]
    pub fn newest_task(&self) -> Option<TaskId> {
        let tasks = self.ledger().tasks.iter();
        tasks.max_by_key(|(_, task)| task.requested).map(|(id, _)| *id)
    }
}
