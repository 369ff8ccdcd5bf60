//! Transactions: who asks for what, until when, and for which fee at most.
//!
//! A [`SignedTx`] comes from outside and means nothing until [`SignedTx::verify`] has made a
//! [`VerifiedTx`] of it; blocks are made of those alone, so that a signature cannot be forgotten.
//!
//! # Invariants
//! - The signed bytes are H("TX-SIGN" | genesis hash | body), and the body names the chain: a
//!   signature counts on one chain alone, and a transaction for another chain is told so.
//! - A nonce is used once, in order, so that no transaction runs twice.
//!
//! # Not here
//! What a message does: [`crate::dispatch`]. Whether the sender can pay: [`crate::chain`].
//!
//! Spec: `docs/spec/02-accounts.md`, `docs/spec/20-blocks.md`.

use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::codec::{self, CodecError};
use probity_primitives::key::SignatureError;
use probity_primitives::{
    Address, Amount, BoundedString, Domain, Hash, Height, Keypair, PublicKey, Signature, TxHash,
};
use serde::{Deserialize, Serialize};

use crate::genesis::{ChainId, ChainIdentity};
use crate::message::Message;

/// The longest signed transaction in bytes.
pub const MAX_TX_BYTES: usize = 256 * 1024;

/// The longest memo in bytes.
pub const MAX_MEMO_BYTES: usize = 256;

/// How far a nonce may lie ahead of the sender's next one for a transaction to wait in a mempool.
pub const MAX_NONCE_GAP: u64 = 64;

/// What a sender signs.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxBody {
    /// The chain it is for.
    pub chain: ChainId,
    /// Who asks and pays.
    pub sender: Address,
    /// How many transactions the sender has sent before.
    pub nonce: u64,
    /// The most that the sender pays; charged is the fixed fee of the message and its bytes.
    pub fee: Amount,
    /// The last height at which it may stand in a block.
    pub expiry: Height,
    /// A note that no rule reads.
    pub memo: BoundedString<MAX_MEMO_BYTES>,
    /// What is asked for.
    pub message: Message,
}

impl TxBody {
    /// The bytes that a signature covers under [`Domain::TxSign`].
    #[must_use]
    pub fn sign_bytes(&self, genesis_hash: Hash) -> Vec<u8> {
        codec::encode(&(genesis_hash, self))
    }

    /// Signs the transaction with the sender's key.
    #[must_use]
    pub fn sign(self, genesis_hash: Hash, key: &Keypair) -> SignedTx {
        let signature = key.sign(Domain::TxSign, &self.sign_bytes(genesis_hash));
        SignedTx { body: self, key: key.public(), signature }
    }
}

/// A transaction as it travels.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedTx {
    /// What was signed.
    pub body: TxBody,
    /// The sender's key: an address is only its hash.
    pub key: PublicKey,
    /// The key's signature.
    pub signature: Signature,
}

/// Why a transaction cannot stand in a block. None of these costs a fee.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TxError {
    /// The bytes do not spell a transaction.
    #[error("the transaction cannot be read: {0}")]
    Malformed(CodecError),
    /// The transaction is too long.
    #[error("the transaction has {len} bytes, the limit is {limit}")]
    Oversized {
        /// Its length in bytes.
        len: usize,
        /// The longest in bytes.
        limit: usize,
    },
    /// It is for another chain.
    #[error("the transaction is for the chain {given:?}, this is {expected:?}")]
    WrongChain {
        /// The chain it names.
        given: ChainId,
        /// This chain.
        expected: ChainId,
    },
    /// The sender's address is for the other kind of network.
    #[error("the sender {0} is an address of another kind of network")]
    WrongNetwork(Address),
    /// The key is not the sender's.
    #[error("the key {key} is not the sender's: its address is {derived}, not {sender}")]
    WrongKey {
        /// The key.
        key: PublicKey,
        /// The key's address.
        derived: Address,
        /// The sender's address.
        sender: Address,
    },
    /// The signature does not hold.
    #[error(transparent)]
    BadSignature(#[from] SignatureError),
    /// Its time is over.
    #[error("the transaction expired at height {expiry}, the next block is {next}")]
    Expired {
        /// The last height it could stand at.
        expiry: Height,
        /// The height of the next block.
        next: Height,
    },
    /// The nonce was used before.
    #[error("nonce {nonce} of {sender} is used, the next is {expected}")]
    StaleNonce {
        /// Who sent it.
        sender: Address,
        /// The nonce it carries.
        nonce: u64,
        /// The nonce it must carry.
        expected: u64,
    },
    /// Transactions before it are missing.
    #[error("nonce {nonce} of {sender} is ahead, the next is {expected}")]
    FutureNonce {
        /// Who sent it.
        sender: Address,
        /// The nonce it carries.
        nonce: u64,
        /// The nonce it must carry.
        expected: u64,
    },
    /// The sender offers less than the fixed fee.
    #[error("the fee of {offered} is below the {required} that {bytes} bytes of {kind} cost")]
    FeeTooLow {
        /// What the sender pays at most.
        offered: Amount,
        /// The fixed fee.
        required: Amount,
        /// The transaction's length.
        bytes: usize,
        /// The kind of message.
        kind: &'static str,
    },
    /// The sender cannot pay the fee.
    #[error("{sender} holds {available}, which does not pay the fee of {required}")]
    Underfunded {
        /// Who sent it.
        sender: Address,
        /// What the sender holds.
        available: Amount,
        /// The fixed fee.
        required: Amount,
    },
}

impl TxError {
    /// A stable name for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "tx.malformed",
            Self::Oversized { .. } => "tx.oversized",
            Self::WrongChain { .. } => "tx.wrong_chain",
            Self::WrongNetwork(_) => "tx.wrong_network",
            Self::WrongKey { .. } => "tx.wrong_key",
            Self::BadSignature(_) => "tx.bad_signature",
            Self::Expired { .. } => "tx.expired",
            Self::StaleNonce { .. } => "tx.stale_nonce",
            Self::FutureNonce { .. } => "tx.future_nonce",
            Self::FeeTooLow { .. } => "tx.fee_too_low",
            Self::Underfunded { .. } => "tx.underfunded",
        }
    }

    /// Whether the very same bytes may be accepted later.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        match self {
            Self::FutureNonce { .. } | Self::Underfunded { .. } => true,
            Self::Malformed(_)
            | Self::Oversized { .. }
            | Self::WrongChain { .. }
            | Self::WrongNetwork(_)
            | Self::WrongKey { .. }
            | Self::BadSignature(_)
            | Self::Expired { .. }
            | Self::StaleNonce { .. }
            | Self::FeeTooLow { .. } => false,
        }
    }
}

impl SignedTx {
    /// Reads a transaction.
    ///
    /// # Errors
    /// [`TxError::Oversized`] before anything is read, [`TxError::Malformed`] for bytes that are
    /// not one transaction and nothing else.
    pub fn decode(bytes: &[u8]) -> Result<Self, TxError> {
        let (len, limit) = (bytes.len(), MAX_TX_BYTES);
        if len > limit {
            return Err(TxError::Oversized { len, limit });
        }
        codec::decode(bytes, limit).map_err(TxError::Malformed)
    }

    /// The transaction's canonical bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// The transaction's name.
    #[must_use]
    pub fn hash(&self) -> TxHash {
        TxHash(Hash::of(Domain::Tx, self))
    }

    /// Checks everything that does not depend on the state: length, chain, sender, signature.
    ///
    /// # Errors
    /// [`TxError`], cheapest check first.
    pub fn verify(self, chain: &ChainIdentity) -> Result<VerifiedTx, TxError> {
        let bytes = self.encode();
        let (len, limit) = (bytes.len(), MAX_TX_BYTES);
        if len > limit {
            return Err(TxError::Oversized { len, limit });
        }
        let Self { body, key, signature } = &self;
        if body.chain != chain.chain_id {
            let (given, expected) = (body.chain.clone(), chain.chain_id.clone());
            return Err(TxError::WrongChain { given, expected });
        }
        let sender = body.sender;
        if sender.network() != chain.network {
            return Err(TxError::WrongNetwork(sender));
        }
        let derived = Address::of(key, chain.network);
        if derived != sender {
            return Err(TxError::WrongKey { key: *key, derived, sender });
        }
        key.verify(Domain::TxSign, &body.sign_bytes(chain.genesis_hash), signature)?;
        let hash = TxHash(Hash::of_bytes(Domain::Tx, &bytes));
        Ok(VerifiedTx(Arc::new(Verified { tx: self, hash, len })))
    }
}

/// A transaction whose signature holds on this chain. Only [`SignedTx::verify`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedTx(Arc<Verified>);

#[derive(Debug, PartialEq, Eq)]
struct Verified {
    tx: SignedTx,
    hash: TxHash,
    len: usize,
}

impl VerifiedTx {
    /// The transaction as it travels.
    #[must_use]
    pub fn signed(&self) -> &SignedTx {
        &self.0.tx
    }

    /// What was signed.
    #[must_use]
    pub fn body(&self) -> &TxBody {
        &self.0.tx.body
    }

    /// The transaction's name.
    #[must_use]
    pub fn hash(&self) -> TxHash {
        self.0.hash
    }

    /// The length of the transaction's canonical bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.0.len
    }
}
