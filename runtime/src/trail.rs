//! The trail: from one trusted genesis hash to the validators of any later header.
//!
//! Nobody has to read every block to know who decides at a height. The genesis document says who
//! began; each block after which others decide names them and is signed by those before; between
//! two such blocks nothing changed. A certificate of a result and a snapshot of a state both carry
//! the trail to their header.
//!
//! # Invariants
//! - A header is accepted only if more than two thirds of the power of the set that the trail has
//!   come to signed it, and it names that set.
//!
//! # Not here
//! How old a trail may be. Keys of validators that left long ago can sign another past; who must
//! not trust them trusts a newer header instead.
//!
//! Spec: `docs/spec/23-certificate.md`.

use probity_primitives::{Hash, Height};

use crate::block::Header;
use crate::certificate::{Certificate, CertificateError};
use crate::chain::Chain;
use crate::genesis::{ChainId, Genesis, GenesisError};
use crate::result_certificate::SetChange;
use crate::validators::ValidatorSet;

/// Why a trail does not lead to a header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrailError {
    /// The genesis document does not make a chain.
    #[error("the genesis document is refused: {0}")]
    Genesis(#[from] GenesisError),
    /// A header is out of place.
    #[error("the header at height {height} {reason}")]
    Header {
        /// Its height.
        height: Height,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A block was not decided by those who could.
    #[error("the block at height {height} was not decided: {reason}")]
    Undecided {
        /// Its height.
        height: Height,
        /// What its certificate lacks.
        reason: CertificateError,
    },
}

/// A reader on its way from genesis.
#[derive(Debug, Clone)]
pub struct Trail {
    chain_id: ChainId,
    genesis_hash: Hash,
    set: ValidatorSet,
    /// The height of the newest change; 0 before the first.
    changed: Height,
}

impl Trail {
    /// Begins at a genesis document, whose hash the reader trusts.
    ///
    /// # Errors
    /// [`TrailError::Genesis`].
    pub fn begin(genesis: &Genesis) -> Result<Self, TrailError> {
        let set = Chain::genesis(genesis)?.chain.validators().clone();
        let (chain_id, genesis_hash) = (genesis.chain_id.clone(), genesis.hash());
        Ok(Self { chain_id, genesis_hash, set, changed: Height::ZERO })
    }

    /// Who decides where the trail has come to.
    #[must_use]
    pub const fn validators(&self) -> &ValidatorSet {
        &self.set
    }

    /// Goes past a block after which others decide.
    ///
    /// # Errors
    /// [`TrailError`]; the trail is where it was then.
    pub fn pass(&mut self, change: &SetChange) -> Result<(), TrailError> {
        let SetChange { header, commit, next } = change;
        if header.height <= self.changed {
            return Err(misplaced(header, "is not later than the change before it"));
        }
        self.decided(header, commit)?;
        if header.next_validators != next.hash() {
            return Err(misplaced(header, "names other next validators"));
        }
        if header.next_validators == header.validators {
            return Err(misplaced(header, "changes no validators"));
        }
        self.changed = header.height;
        self.set = next.clone();
        Ok(())
    }

    /// Checks a header that the trail leads to.
    ///
    /// # Errors
    /// [`TrailError`].
    pub fn arrive(&self, header: &Header, commit: &Certificate) -> Result<(), TrailError> {
        if header.height <= self.changed && self.changed > Height::ZERO {
            return Err(misplaced(header, "is not later than the last change"));
        }
        self.decided(header, commit)
    }

    /// Checks that a header is this chain's and was decided by the present set.
    fn decided(&self, header: &Header, commit: &Certificate) -> Result<(), TrailError> {
        let height = header.height;
        if header.chain_id != self.chain_id {
            return Err(misplaced(header, "is of another chain"));
        }
        if header.validators != self.set.hash() {
            return Err(misplaced(header, "has other validators than the changes lead to"));
        }
        if commit.height != height || commit.block != header.hash() {
            return Err(misplaced(header, "is not the block that the signatures are for"));
        }
        commit
            .verify(&self.set, &header.chain_id, self.genesis_hash)
            .map_err(|reason| TrailError::Undecided { height, reason })
    }
}

fn misplaced(header: &Header, reason: &'static str) -> TrailError {
    TrailError::Header { height: header.height, reason }
}
