//! Why a transaction does not wait here.

use probity_primitives::{Address, Amount, Height, TxHash};

/// The nonces that a refusal is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Nonces {
    /// The one that the committed state expects of the sender.
    pub expected: u64,
    /// The one that the transaction carries.
    pub got: u64,
    /// The first that is neither used nor waiting: what a new transaction should carry.
    pub pending: u64,
}

/// Why a transaction does not wait here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// It waits already.
    #[error("transaction {0} is in the mempool already")]
    Known(TxHash),
    /// Another one of the same sender has that nonce, and this one does not offer enough more.
    #[error(
        "nonce {} of {sender} is taken by transaction {by}; a replacement must offer a fee of at \
         least {needed}; the next free nonce is {}",
        nonces.got,
        nonces.pending
    )]
    NonceTaken {
        /// The sender.
        sender: Address,
        /// The nonces.
        nonces: Nonces,
        /// Who came first.
        by: TxHash,
        /// The least fee that a replacement must offer.
        needed: Amount,
    },
    /// A replacement offers more than its sender holds, so that it could go on for ever.
    #[error("a replacement offers a fee of {offered}, and {sender} holds {available}")]
    OfferNotHeld {
        /// The sender.
        sender: Address,
        /// The fee that it offers.
        offered: Amount,
        /// What the sender holds.
        available: Amount,
    },
    /// The nonce is used up.
    #[error("nonce {} of {sender} is used, the next is {}", nonces.got, nonces.pending)]
    NonceUsed {
        /// The sender.
        sender: Address,
        /// The nonces.
        nonces: Nonces,
    },
    /// The nonce is too far ahead.
    #[error(
        "nonce {} of {sender} is more than {limit} above the next, {}",
        nonces.got,
        nonces.expected
    )]
    NonceTooHigh {
        /// The sender.
        sender: Address,
        /// The nonces.
        nonces: Nonces,
        /// How far above the committed one a nonce may lie.
        limit: u64,
    },
    /// It can no longer stand in a block.
    #[error("the transaction expired at height {expiry}, the next height is {next}")]
    Expired {
        /// Its last height.
        expiry: Height,
        /// The height of the next block.
        next: Height,
    },
    /// The sender cannot pay the fixed fees of all that it has waiting.
    #[error("{sender} holds {available}; what it has waiting would cost {needed} with this one")]
    FeesNotHeld {
        /// The sender.
        sender: Address,
        /// The fixed fees of all that waits and of this one.
        needed: Amount,
        /// What the sender holds.
        available: Amount,
    },
    /// The sender has enough waiting.
    #[error("{sender} has {limit} transactions waiting, which is the limit")]
    SenderFull {
        /// The sender.
        sender: Address,
        /// The limit.
        limit: usize,
    },
    /// The mempool is full and nobody has more waiting than the sender.
    #[error("the mempool is full with {count} transactions of {bytes} bytes; try again later")]
    Full {
        /// How many wait.
        count: usize,
        /// How many bytes they have.
        bytes: usize,
    },
}

impl Rejected {
    /// Whether the same transaction may be let in later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::NonceTooHigh { .. }
            | Self::OfferNotHeld { .. }
            | Self::FeesNotHeld { .. }
            | Self::SenderFull { .. }
            | Self::Full { .. } => true,
            Self::Known(_)
            | Self::NonceTaken { .. }
            | Self::NonceUsed { .. }
            | Self::Expired { .. } => false,
        }
    }

    /// A stable name for machines.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Known(_) => "known",
            Self::NonceTaken { .. } => "nonce_taken",
            Self::OfferNotHeld { .. } => "offer_not_held",
            Self::NonceUsed { .. } => "nonce_used",
            Self::NonceTooHigh { .. } => "nonce_too_high",
            Self::Expired { .. } => "expired",
            Self::FeesNotHeld { .. } => "fees_not_held",
            Self::SenderFull { .. } => "sender_full",
            Self::Full { .. } => "mempool_full",
        }
    }

    /// The nonces that it is about, if it is about nonces.
    #[must_use]
    pub const fn nonces(&self) -> Option<Nonces> {
        match self {
            Self::NonceTaken { nonces, .. }
            | Self::NonceUsed { nonces, .. }
            | Self::NonceTooHigh { nonces, .. } => Some(*nonces),
            Self::Known(_)
            | Self::OfferNotHeld { .. }
            | Self::Expired { .. }
            | Self::FeesNotHeld { .. }
            | Self::SenderFull { .. }
            | Self::Full { .. } => None,
        }
    }

    /// Whether a block makes room, so that the same transaction may be let in after the next.
    #[must_use]
    pub const fn ends_with_a_block(&self) -> bool {
        matches!(self, Self::SenderFull { .. } | Self::Full { .. })
    }
}
