//! Transactions and blocks, as peers and clients send them.

use probity_primitives::{BoundedString, Hash, Network};
use probity_runtime::{Block, ChainIdentity, Message, SignedTx, text};

use crate::Verdict;

/// A signed transaction.
///
/// # Panics
/// If it has another encoding or another JSON form, or its text for people is not stable.
#[must_use]
pub fn transaction(bytes: &[u8]) -> Verdict {
    Verdict::of(SignedTx::decode(bytes), |tx| {
        assert_eq!(tx.encode(), bytes, "a transaction has two encodings");
        let hash = tx.hash();
        let genesis_hash = Hash::from_bytes([7; 32]);
        let shown = text::transaction(&tx.body, genesis_hash);
        assert_eq!(shown, text::transaction(&tx.body, genesis_hash));
        assert!(shown.lines().count() > 8, "{shown}");
        let json = serde_json::to_string(&tx.body.message).unwrap_or_default();
        let message = serde_json::from_str::<Message>(&json);
        assert_eq!(message.ok().as_ref(), Some(&tx.body.message), "{json}");
        let (chain_id, network) = (tx.body.chain.clone(), tx.body.sender.network());
        let chain = ChainIdentity { chain_id, network, genesis_hash };
        if let Ok(verified) = tx.clone().verify(&chain) {
            assert_eq!((verified.hash(), verified.encoded_len()), (hash, bytes.len()));
        }
        let elsewhere = BoundedString::new("elsewhere").unwrap_or_default();
        if tx.body.chain != elsewhere {
            let chain = ChainIdentity { chain_id: elsewhere, network: Network::Test, genesis_hash };
            assert!(tx.verify(&chain).is_err(), "a transaction is valid on two chains");
        }
    })
}

/// A block.
///
/// # Panics
/// If it has another encoding, or a transaction of it cannot travel by itself.
#[must_use]
pub fn block(bytes: &[u8]) -> Verdict {
    Verdict::of(Block::decode(bytes), |block| {
        assert_eq!(block.encode(), bytes, "a block has two encodings");
        assert_eq!(block.hash(), block.header.hash());
    })
}
