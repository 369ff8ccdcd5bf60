//! Whether this node may sign: its watermarks, and the reasons to stop altogether.
//!
//! [`Safety`] stands between the engine and the operator's key. It asks the watermarks for every
//! vote and proposal, when it is signed and when it leaves, and it watches what the key signs
//! elsewhere: a certificate or a vote under this key that the watermarks do not know was made by
//! somebody else with the same key. Then nothing is signed any more, whatever the engine asks.
//!
//! # Invariants
//! - After [`Safety::halt`] nothing is signed until the process begins again.
//! - What the key signed before this process began is learned from the blocks themselves and only
//!   raises the watermarks; what it signs after that is another process's doing.
//!
//! # Not here
//! How a refusal looks to the engine: [`super::signing`]. When a node that listens begins to sign:
//! [`crate::vigil`].
//!
//! Spec: `docs/spec/27-signing.md`.

use probity_keys::guard::{GuardError, Mark, Owner, Step, VoteGuard};
use probity_primitives::{Domain, Hash, Height, OperatorId, PublicKey};
use probity_protocol::staking::Standing;
use probity_runtime::Chain;
use probity_runtime::certificate::{Certificate, VoteKind, VoteStatement};
use probity_runtime::genesis::ChainIdentity;
use std::path::Path;
use tokio::sync::watch;

/// Why nothing is signed any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// The key signs in another process.
    #[error(
        "the key {key} signed a {step} for height {height} round {round} that this node did not \
         sign: another process uses it, or this one lost its signing marks"
    )]
    Elsewhere {
        /// The key.
        key: PublicKey,
        /// What was signed.
        step: Step,
        /// For which height.
        height: Height,
        /// For which round.
        round: u32,
    },
    /// The operator was punished for signing twice.
    #[error(
        "the operator {operator} is barred since height {height} at the latest for signing twice"
    )]
    Punished {
        /// The operator.
        operator: OperatorId,
        /// The height at which this node saw it.
        height: Height,
    },
}

/// Why one thing is not signed.
#[derive(Debug, thiserror::Error)]
pub enum Withheld {
    /// Nothing is signed any more.
    #[error(transparent)]
    Halted(Halt),
    /// The watermarks refuse it, or cannot be kept.
    #[error(transparent)]
    Guard(#[from] GuardError),
}

/// What an operator may sign on this node.
#[derive(Debug)]
pub struct Safety {
    chain: ChainIdentity,
    operator: OperatorId,
    votes: VoteGuard,
    /// When this process began, in milliseconds since 1970.
    began_ms: u64,
    /// Whether the operator said that a punishment is no reason to stop.
    resumed: bool,
    halted: watch::Sender<Option<Halt>>,
    live: watch::Sender<u64>,
}

impl Safety {
    /// Opens the watermarks in `folder`.
    ///
    /// # Errors
    /// [`GuardError`]; then nothing may be signed.
    pub fn open(
        folder: &Path,
        chain: ChainIdentity,
        operator: OperatorId,
        key: PublicKey,
        began_ms: u64,
    ) -> Result<Self, GuardError> {
        let votes = VoteGuard::open(folder, Owner { genesis: chain.genesis_hash, key })?;
        let resumed = probity_keys::guard::is_resumed(folder);
        Ok(Self { resumed, ..Self::with_marks(votes, chain, operator, began_ms) })
    }

    /// Watches over an operator's key with marks that are open already.
    #[must_use]
    pub fn with_marks(
        votes: VoteGuard,
        chain: ChainIdentity,
        operator: OperatorId,
        began_ms: u64,
    ) -> Self {
        let (halted, live) = (watch::Sender::new(None), watch::Sender::new(0));
        Self { chain, operator, votes, began_ms, resumed: false, halted, live }
    }

    /// The chain that it signs for.
    #[must_use]
    pub const fn chain(&self) -> &ChainIdentity {
        &self.chain
    }

    /// The operator that it signs for.
    #[must_use]
    pub const fn operator(&self) -> OperatorId {
        self.operator
    }

    /// The key that is watched.
    #[must_use]
    pub const fn key(&self) -> PublicKey {
        self.votes.owner().key
    }

    /// Allows a message to be signed.
    ///
    /// # Errors
    /// [`Withheld`]; it must not be signed then.
    pub fn allow(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<(), Withheld> {
        self.check_halted()?;
        Ok(self.votes.allow(step, height, round, digest)?)
    }

    /// Lets a signed message go to others; its mark is durable then.
    ///
    /// # Errors
    /// [`Withheld`]; it must stay here then.
    pub fn leave(
        &self,
        step: Step,
        height: Height,
        round: u32,
        digest: Hash,
    ) -> Result<(), Withheld> {
        self.check_halted()?;
        Ok(self.votes.leave(step, height, round, digest)?)
    }

    /// Takes in a message under this key that the engine's log holds.
    pub fn recall(&self, step: Step, height: Height, round: u32, digest: Hash) {
        if let Err(error) = self.votes.recall(step, height, round, digest) {
            tracing::error!(%error, "what the log says was signed is not taken in");
        }
    }

    /// A new engine begins; what the one before signed and showed to nobody binds it to nothing. Its
    /// log says what else there was.
    pub fn begin_anew(&self) {
        if let Err(error) = self.votes.forget() {
            tracing::error!(%error, "what never left is not forgotten");
        }
    }

    fn check_halted(&self) -> Result<(), Withheld> {
        self.halted.borrow().clone().map_or(Ok(()), |halt| Err(Withheld::Halted(halt)))
    }

    /// Takes in a message under this key that came over the network now, its signature checked.
    pub fn heard(&self, step: Step, height: Height, round: u32, digest: Hash) {
        match self.votes.is_foreign(step, height, round, digest) {
            Ok(true) => self.halt(Halt::Elsewhere { key: self.key(), step, height, round }),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "cannot tell whether a message is our own"),
        }
    }

    /// Takes in a block that was committed, with the votes that decided it.
    pub fn decided(&self, certificate: &Certificate, chain: &Chain) {
        let made_ms = chain.tip().time_ms;
        let live = made_ms >= self.began_ms;
        let Certificate { height, round, block, signatures } = certificate;
        if signatures.iter().any(|(signer, _)| *signer == self.operator) {
            let statement = VoteStatement {
                chain_id: &self.chain.chain_id,
                genesis_hash: self.chain.genesis_hash,
                kind: VoteKind::Precommit,
                height: *height,
                round: *round,
                block: Some(*block),
                validator: self.operator,
            };
            let digest = Hash::of_bytes(Domain::Vote, &statement.sign_bytes());
            if live {
                self.heard(Step::Precommit, *height, *round, digest);
                // The block may be given to others before the vote has left by itself.
                if let Err(Withheld::Guard(error)) =
                    self.leave(Step::Precommit, *height, *round, digest)
                {
                    tracing::error!(%error, "the mark of a vote that decided is not kept");
                }
            } else {
                self.learn(*height, *round, digest);
            }
        }
        if live {
            self.live.send_modify(|heights| *heights = heights.saturating_add(1));
        }
        self.check_standing(chain);
    }

    /// Stops for good if the state says that the operator signed twice.
    pub fn check_standing(&self, chain: &Chain) {
        let (operator, height) = (self.operator, chain.height());
        let known = chain.ledger().operators.get(&operator);
        if !self.resumed && known.is_some_and(|known| known.standing == Standing::Tombstoned) {
            self.halt(Halt::Punished { operator, height });
        }
    }

    /// Raises the marks to what the key signed before this process began.
    fn learn(&self, height: Height, round: u32, digest: Hash) {
        let learned =
            self.votes.is_foreign(Step::Precommit, height, round, digest).and_then(|foreign| {
                if foreign {
                    // Whoever precommitted had prevoted, and may have proposed.
                    let place = Mark { height, round, digest: None };
                    self.votes.raise(Step::Proposal, place)?;
                    self.votes.raise(Step::Prevote, place)?;
                    self.votes.raise(Step::Precommit, Mark { digest: Some(digest), ..place })?;
                }
                Ok(foreign)
            });
        match learned {
            Ok(true) => tracing::warn!(%height, "the signing marks learned from a block"),
            Ok(false) => {}
            // The marks that could not be kept are refused later, or learned again.
            Err(error) => tracing::error!(%error, "the signing marks cannot be raised"),
        }
    }

    /// Signs nothing from now on.
    pub fn halt(&self, halt: Halt) {
        self.halted.send_if_modified(|halted| {
            if halted.is_some() {
                return false;
            }
            tracing::error!(reason = %halt, "this node signs nothing any more");
            *halted = Some(halt);
            true
        });
    }

    /// Why nothing is signed any more, now and whenever that changes.
    #[must_use]
    pub fn halted(&self) -> watch::Receiver<Option<Halt>> {
        self.halted.subscribe()
    }

    /// How many blocks were made since this process began, now and whenever there is another.
    #[must_use]
    pub fn live_heights(&self) -> watch::Receiver<u64> {
        self.live.subscribe()
    }

    /// How many messages the watermarks refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.votes.refusals()
    }

    /// How many of these contradicted the newest message of their kind, at its own place.
    #[must_use]
    pub fn contradictions(&self) -> u64 {
        self.votes.contradictions()
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::BlockHash;

    use super::*;
    use crate::replica::application::Application;
    use crate::replica::rotation::proposer;
    use crate::store::MemoryStore;
    use crate::testkit::{START_MS, certificate, genesis, keys, replica};

    /// When the block of height 1 is made.
    const MADE_MS: u64 = START_MS + 1_000;
    const OTHER: Hash = Hash::from_bytes([9; 32]);

    fn safety(folder: &Path, began_ms: u64) -> Safety {
        let (chain, keys) = (genesis(4).identity(), keys(1));
        Safety::open(folder, chain, keys.operator, keys.keypair.public(), began_ms).unwrap()
    }

    /// The chain after height 1, which operators 1 to 3 decided, and their votes.
    fn decided() -> (Certificate, std::sync::Arc<Chain>) {
        let (genesis, store) = (genesis(4), MemoryStore::default());
        let begun = replica(&store, &genesis, 1);
        let turn = proposer(begun.validators(), Height(1), 0).unwrap().operator;
        let seed = (1..=4).find(|seed| keys(*seed).operator == turn).unwrap();
        let mut replica = replica(&store, &genesis, seed);
        let proposal = replica.propose(Height(1), 0, MADE_MS).unwrap();
        let votes = certificate(&genesis, &proposal.header, 1..=3);
        replica.decide(votes.clone()).unwrap();
        (votes, std::sync::Arc::clone(replica.chain()))
    }

    fn halt(safety: &Safety) -> Option<Halt> {
        safety.halted().borrow().clone()
    }

    #[test]
    fn a_vote_under_this_key_that_another_process_made_stops_all_signing() {
        let folder = tempfile::tempdir().unwrap();
        let safety = safety(folder.path(), MADE_MS);
        let (votes, chain) = decided();
        safety.allow(Step::Prevote, Height(1), 0, OTHER).unwrap();
        safety.decided(&votes, &chain);
        assert!(matches!(halt(&safety), Some(Halt::Elsewhere { height: Height(1), .. })));
        let refused = safety.allow(Step::Prevote, Height(2), 0, OTHER);
        assert!(matches!(refused, Err(Withheld::Halted(_))));
    }

    #[test]
    fn a_vote_from_before_this_process_began_raises_the_marks_and_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let safety = safety(folder.path(), MADE_MS + 1);
        let (votes, chain) = decided();
        safety.decided(&votes, &chain);
        assert_eq!((halt(&safety), *safety.live_heights().borrow()), (None, 0));
        for step in [Step::Proposal, Step::Prevote, Step::Precommit] {
            assert!(safety.allow(step, Height(1), 0, OTHER).is_err(), "{step}");
            safety.allow(step, Height(1), 1, OTHER).unwrap();
        }
        assert_eq!(safety.refusals(), 3);
    }

    #[test]
    fn ones_own_vote_in_a_certificate_is_no_reason_to_stop_and_is_marked_by_then() {
        let folder = tempfile::tempdir().unwrap();
        let safety = safety(folder.path(), MADE_MS);
        let (votes, chain) = decided();
        let statement = VoteStatement {
            chain_id: &safety.chain.chain_id,
            genesis_hash: safety.chain.genesis_hash,
            kind: VoteKind::Precommit,
            height: Height(1),
            round: 0,
            block: Some(votes.block),
            validator: safety.operator,
        };
        let digest = Hash::of_bytes(Domain::Vote, &statement.sign_bytes());
        safety.allow(Step::Precommit, Height(1), 0, digest).unwrap();
        safety.decided(&votes, &chain);
        assert_eq!((halt(&safety), *safety.live_heights().borrow()), (None, 1));
        let owner = Owner { genesis: safety.chain.genesis_hash, key: safety.key() };
        let kept = VoteGuard::open(folder.path(), owner).unwrap().marks().unwrap();
        assert_eq!(kept.precommit.unwrap().digest, Some(digest));
        let other = Certificate { block: BlockHash(OTHER), ..votes };
        safety.decided(&other, &chain);
        assert!(matches!(halt(&safety), Some(Halt::Elsewhere { .. })));
    }
}
