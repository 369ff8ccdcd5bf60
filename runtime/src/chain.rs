//! The chain: the committed state, and the one way to the next.
//!
//! [`Chain`] is a value: its tables are persistent maps, so a clone is cheap and a proposal that
//! is not decided is dropped. A block runs in this order: the beacon takes in the proposer's
//! contribution; the transactions run, each as a whole or not at all; what is due is done; where an
//! epoch begins, its validators and its draw are fixed; the state tree takes in what changed.
//!
//! # Invariants
//! - [`Chain::apply`] accepts exactly the blocks that [`Chain::propose`] could have made.
//! - Fees go to the treasury: a proposer that earned them would gain by filling its own blocks.
//!
//! # Not here
//! Whether a proposer's clock is right, and what to do with two blocks of one height: the node's.
//!
//! Spec: `docs/spec/20-blocks.md`.

mod error;
mod execution;
mod load;
pub mod rehearsal;

use std::sync::Arc;

use probity_primitives::table::Change;
use probity_primitives::vrf::VrfProofBytes;
use probity_primitives::{Address, Amount, BlockHash, BoundedVec, Hash, Height, OperatorId};
use probity_protocol::beacon::{Beacon, VrfMix};
use probity_protocol::staking::message::{Bond, Registration};
use probity_protocol::{Bucket, Context, Ledger, staking, supply};

pub use error::{BlockError, LoadError};
use execution::Execution;
pub use execution::fixed_fee;
pub use load::Loader;

use crate::block::{Block, HEADER_ROOM, Header, MAX_BLOCK_BYTES, MAX_BLOCK_TXS, tx_list_hash};
use crate::event::Event;
use crate::genesis::{ChainIdentity, Genesis, GenesisError, GenesisOperator};
use crate::receipt::{Outcome, Receipt};
use crate::state::State;
use crate::tree::{NodeStore, TreeUpdate, bulk};
use crate::tx::{MAX_NONCE_GAP, TxBody, TxError, VerifiedTx};
use crate::upgrade::{self, Missing, Rules};
use crate::validators::{Validator, ValidatorSet, ValidatorSetError};

/// The committed state at a height.
#[derive(Debug, Clone)]
pub struct Chain {
    identity: Arc<ChainIdentity>,
    rules: Rules,
    tip: Arc<Header>,
    tip_hash: BlockHash,
    state: State,
    validators: Arc<ValidatorSet>,
}

/// A block that has run, and everything that a store has to write for it.
#[derive(Debug, Clone)]
pub struct Executed {
    /// The block.
    pub block: Block,
    /// The state after it.
    pub chain: Chain,
    /// What became of its transactions, in order.
    pub receipts: Vec<Receipt>,
    /// What happened besides, at the block's end.
    pub events: Vec<Event>,
    /// Entries of the state that were written or removed.
    pub entries: Vec<Change>,
    /// What the block adds to the state tree.
    pub tree: TreeUpdate,
}

impl Executed {
    /// Who decides after this block, if that changed with it: what a result certificate needs of
    /// every such block ([`crate::result_certificate::SetChange`]).
    #[must_use]
    pub fn changed_validators(&self) -> Option<&ValidatorSet> {
        let header = &self.block.header;
        (header.validators != header.next_validators).then(|| self.chain.validators())
    }
}

impl Chain {
    /// The chain at height 0, from its genesis document, by this program's rules.
    ///
    /// # Errors
    /// [`GenesisError`] for a document that does not hold or gives nobody enough to validate.
    pub fn genesis(genesis: &Genesis) -> Result<Executed, GenesisError> {
        Self::genesis_by(genesis, Rules::CURRENT)
    }

    /// The chain at height 0, by other rules.
    ///
    /// # Errors
    /// As [`Self::genesis`], and for a version that the rules do not have.
    pub fn genesis_by(genesis: &Genesis, rules: Rules) -> Result<Executed, GenesisError> {
        genesis.validate()?;
        upgrade::may_begin(&genesis.protocol, &rules)?;
        let mut state = State::default();
        *state.dao.params.get_mut() = genesis.governance.clone();
        let ledger = &mut state.ledger;
        let mut ctx = Context::new(Height::ZERO, genesis.hash());
        *ledger.params.get_mut() = genesis.params.clone();
        *ledger.protocol.get_mut() = genesis.protocol;
        *ledger.beacon.get_mut() = VrfMix::genesis(genesis.beacon_seed);
        for account in &genesis.accounts {
            endow(ledger, account.address, account.balance)?;
        }
        for operator in &genesis.operators {
            enrol(ledger, &mut ctx, operator)?;
        }
        supply::open_books(ledger);
        staking::start_epoch(ledger, &mut ctx);
        let validators =
            decided_set(ledger).map_err(|_| GenesisError::NoValidators).map(Arc::new)?;
        let proposer =
            validators.iter().next().map(|one| one.operator).ok_or(GenesisError::NoValidators)?;
        let entries = state.drain_changes();
        let first: Vec<_> =
            entries.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))).collect();
        let tree = bulk::first(Height::ZERO, &first);
        let header = Header {
            chain_id: genesis.chain_id.clone(),
            height: Height::ZERO,
            time_ms: genesis.time_ms,
            parent: BlockHash(genesis.hash()),
            proposer,
            vrf: VrfProofBytes::from_bytes([0; 96]),
            txs: tx_list_hash([]),
            state_root: tree.root,
            validators: validators.hash(),
            next_validators: validators.hash(),
        };
        let identity = Arc::new(genesis.identity());
        let chain = Self::at(identity, rules, header.clone(), state, validators);
        let block = Block { header, txs: BoundedVec::new() };
        let events = ctx.events.into_iter().map(Event::from).collect();
        let receipts = Vec::new();
        Ok(Executed { block, chain, receipts, events, entries, tree })
    }

    fn at(
        identity: Arc<ChainIdentity>,
        rules: Rules,
        tip: Header,
        state: State,
        validators: Arc<ValidatorSet>,
    ) -> Self {
        let tip_hash = tip.hash();
        Self { identity, rules, tip: Arc::new(tip), tip_hash, state, validators }
    }

    /// What tells this chain from every other.
    #[must_use]
    pub fn identity(&self) -> &ChainIdentity {
        &self.identity
    }

    /// The hash of the genesis document.
    #[must_use]
    pub fn genesis_hash(&self) -> Hash {
        self.identity.genesis_hash
    }

    /// The height of the newest block.
    #[must_use]
    pub fn height(&self) -> Height {
        self.tip.height
    }

    /// The newest block's header.
    #[must_use]
    pub fn tip(&self) -> &Header {
        &self.tip
    }

    /// The newest block's name.
    #[must_use]
    pub const fn tip_hash(&self) -> BlockHash {
        self.tip_hash
    }

    /// Everything that the chain knows.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Everything that the rules of evaluation know.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.state.ledger
    }

    /// Everything that governance knows.
    #[must_use]
    pub const fn dao(&self) -> &probity_dao::Ledger {
        &self.state.dao
    }

    /// The version that the next block needs, if this program does not have it.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        upgrade::missing(&self.state.ledger, self.next_height(), &self.rules)
    }

    /// Who decides the next block.
    #[must_use]
    pub fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    /// What the proposer of the next block puts its VRF to.
    #[must_use]
    pub fn beacon_input(&self) -> Vec<u8> {
        self.state.ledger.beacon.get().input(self.next_height()).as_bytes().to_vec()
    }

    /// Whether a transaction may wait in a mempool: it could stand in the next block, or could
    /// once those of its sender before it have run.
    ///
    /// # Errors
    /// [`TxError`] as in a block, but for nonces that are at most [`MAX_NONCE_GAP`] ahead.
    pub fn check(&self, tx: &VerifiedTx) -> Result<(), TxError> {
        self.check_body(tx.body(), tx.encoded_len())
    }

    fn check_body(&self, body: &TxBody, bytes: usize) -> Result<(), TxError> {
        match execution::admit(&self.state.ledger, body, bytes, self.next_height()) {
            Ok(_) => Ok(()),
            Err(TxError::FutureNonce { nonce, expected, .. })
                if nonce.saturating_sub(expected) <= MAX_NONCE_GAP =>
            {
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// What would become of a transaction in the next block if it were the first. One whose nonce
    /// is at most [`MAX_NONCE_GAP`] ahead is tried as if it were the sender's next: those before it
    /// may wait somewhere, and their effects are not known here.
    #[must_use]
    pub fn dry_run(&self, tx: &VerifiedTx) -> Receipt {
        let refused = |code: &str, message: String| Receipt {
            tx: tx.hash(),
            height: self.next_height(),
            index: 0,
            fee: Amount::ZERO,
            outcome: Outcome::Refused { code: code.to_owned(), message },
            events: Vec::new(),
        };
        let mut run = match Execution::begin(self, None) {
            Ok(run) => run,
            Err(error) => return refused("upgrade", error.to_string()),
        };
        if self.check(tx).is_ok() {
            run.reach_nonce(tx);
        }
        run.run(tx).unwrap_or_else(|error| refused(error.code(), error.to_string()))
    }

    /// Makes the next block of those candidates that can stand in it, in the order given.
    ///
    /// # Errors
    /// [`BlockError`] if the proposer has no vote, its VRF proof does not hold, its time is not
    /// later than the tip's, the state tree cannot be read, or this program lacks the version.
    pub fn propose<S: NodeStore + ?Sized>(
        &self,
        store: &S,
        proposer: OperatorId,
        vrf: VrfProofBytes,
        time_ms: u64,
        candidates: impl IntoIterator<Item = VerifiedTx>,
    ) -> Result<Executed, BlockError> {
        self.check_time(time_ms)?;
        let output = self.beacon_output(proposer, &vrf)?;
        let mut run = Execution::begin(self, Some(output))?;
        let mut room = MAX_BLOCK_BYTES.saturating_sub(HEADER_ROOM);
        let mut txs = Vec::new();
        let mut receipts = Vec::new();
        for tx in candidates {
            if txs.len() >= MAX_BLOCK_TXS {
                break;
            }
            let Some(left) = room.checked_sub(tx.encoded_len()) else { continue };
            if let Ok(receipt) = run.run(&tx) {
                room = left;
                txs.push(tx);
                receipts.push(receipt);
            }
        }
        let sealed = run.seal(store)?;
        let header = Header {
            txs: tx_list_hash(txs.iter().map(VerifiedTx::hash)),
            state_root: sealed.tree.root,
            validators: self.validators.hash(),
            next_validators: sealed.validators.hash(),
            ..self.header(proposer, vrf, time_ms)
        };
        let signed = txs.iter().map(|tx| tx.signed().clone()).collect();
        let txs = BoundedVec::from_vec(signed).map_err(BlockError::TooMany)?;
        Ok(self.executed(Block { header, txs }, sealed, receipts))
    }

    /// Runs a block that someone else proposed, and checks everything that it says.
    ///
    /// `txs` are the block's transactions, verified; whoever verified them may have done so on
    /// many threads or long before.
    ///
    /// # Errors
    /// [`BlockError`] with what the block says and what is so.
    pub fn apply<S: NodeStore + ?Sized>(
        &self,
        store: &S,
        block: Block,
        txs: &[VerifiedTx],
    ) -> Result<Executed, BlockError> {
        let header = &block.header;
        self.check_header(header)?;
        if !block.txs.iter().eq(txs.iter().map(VerifiedTx::signed)) {
            return Err(BlockError::OtherTxs);
        }
        let list = tx_list_hash(txs.iter().map(VerifiedTx::hash));
        check_hash("transaction list", header.txs, list)?;
        let sizes = txs.iter().fold(HEADER_ROOM, |sum, tx| sum.saturating_add(tx.encoded_len()));
        if sizes > MAX_BLOCK_BYTES {
            return Err(BlockError::Oversized { len: sizes, limit: MAX_BLOCK_BYTES });
        }
        let output = self.beacon_output(header.proposer, &header.vrf)?;
        let mut run = Execution::begin(self, Some(output))?;
        let mut receipts = Vec::new();
        for (index, tx) in txs.iter().enumerate() {
            receipts.push(run.run(tx).map_err(|reason| BlockError::Tx { index, reason })?);
        }
        let sealed = run.seal(store)?;
        check_hash("next validators", header.next_validators, sealed.validators.hash())?;
        check_hash("state root", header.state_root, sealed.tree.root)?;
        Ok(self.executed(block, sealed, receipts))
    }

    /// The next header before anything has run: of no transactions, root or validators.
    fn header(&self, proposer: OperatorId, vrf: VrfProofBytes, time_ms: u64) -> Header {
        Header {
            chain_id: self.identity.chain_id.clone(),
            height: self.next_height(),
            time_ms,
            parent: self.tip_hash,
            proposer,
            vrf,
            txs: Hash::ZERO,
            state_root: Hash::ZERO,
            validators: Hash::ZERO,
            next_validators: Hash::ZERO,
        }
    }

    fn executed(
        &self,
        block: Block,
        sealed: execution::Sealed,
        receipts: Vec<Receipt>,
    ) -> Executed {
        let execution::Sealed { state, validators, events, entries, tree } = sealed;
        let identity = Arc::clone(&self.identity);
        let (header, validators) = (block.header.clone(), Arc::new(validators));
        let chain = Self::at(identity, self.rules, header, state, validators);
        Executed { block, chain, receipts, events, entries, tree }
    }

    fn check_header(&self, header: &Header) -> Result<(), BlockError> {
        if header.chain_id != self.identity.chain_id {
            let (found, expected) = (header.chain_id.clone(), self.identity.chain_id.clone());
            return Err(BlockError::Chain { found, expected });
        }
        let expected = self.next_height();
        if header.height != expected {
            return Err(BlockError::Height { found: header.height, expected });
        }
        check_hash("parent", header.parent.0, self.tip_hash.0)?;
        self.check_time(header.time_ms)?;
        check_hash("validators", header.validators, self.validators.hash())
    }

    fn check_time(&self, time_ms: u64) -> Result<(), BlockError> {
        if time_ms <= self.tip.time_ms {
            return Err(BlockError::Time { found: time_ms, parent: self.tip.time_ms });
        }
        Ok(())
    }

    fn beacon_output(&self, proposer: OperatorId, vrf: &VrfProofBytes) -> Result<Hash, BlockError> {
        let validator = self.validators.get(&proposer).ok_or(BlockError::NotValidator(proposer))?;
        Ok(validator.vrf.verify(&self.beacon_input(), vrf)?)
    }

    fn next_height(&self) -> Height {
        // The last of 2^64 heights is not reached by counting.
        self.tip.height.next().unwrap_or(self.tip.height)
    }
}

fn check_hash(what: &'static str, found: Hash, expected: Hash) -> Result<(), BlockError> {
    if found == expected { Ok(()) } else { Err(BlockError::Hash { what, found, expected }) }
}

/// The set of validators that the ledger holds, as headers name it.
fn decided_set(ledger: &Ledger) -> Result<ValidatorSet, ValidatorSetError> {
    let members = ledger.validators.get().members.iter();
    ValidatorSet::new(
        members
            .map(|member| Validator {
                operator: member.operator,
                key: member.key,
                vrf: member.vrf,
                power: member.power,
            })
            .collect(),
    )
}

fn endow(ledger: &mut Ledger, account: Address, amount: Amount) -> Result<(), GenesisError> {
    ledger.endow(Bucket::Free(account), amount).map_err(|error| GenesisError::Operator {
        name: account.to_string(),
        reason: error.to_string(),
    })
}

/// Enrols and bonds an operator by the rules that everyone else's follow.
fn enrol(
    ledger: &mut Ledger,
    ctx: &mut Context,
    operator: &GenesisOperator,
) -> Result<(), GenesisError> {
    let GenesisOperator { owner, key, vrf, name, commission, classes, bonded } = operator;
    let registration = Registration {
        key: *key,
        vrf: *vrf,
        name: name.clone(),
        commission: *commission,
        classes: classes.clone(),
    };
    let refuse = |reason: String| GenesisError::Operator { name: name.to_string(), reason };
    endow(ledger, *owner, *bonded)?;
    let id = staking::enrol(ledger, ctx, *owner, &registration)
        .map_err(|error| refuse(error.to_string()))?;
    staking::bond(ledger, ctx, *owner, &Bond { operator: id, amount: *bonded })
        .map_err(|error| refuse(error.to_string()))
}
