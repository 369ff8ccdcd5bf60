//! What a proposer may put into a block.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use probity_primitives::Address;

use super::Mempool;

impl<T> Mempool<T> {
    /// What a proposer may put into a block: every sender's transactions in the order of their
    /// nonces, without a gap from the next one on; among senders, who came first. It costs as much
    /// as is taken from it, however many wait.
    pub fn candidates(&self) -> impl Iterator<Item = &T> {
        let mut heads = self.ready.iter().peekable();
        let mut following: BinaryHeap<Reverse<(u64, Address, u64)>> = BinaryHeap::new();
        std::iter::from_fn(move || {
            let head = heads.peek().map(|(arrival, sender)| (*arrival, *sender));
            let next = following.peek().map(|Reverse((arrival, sender, _))| (*arrival, *sender));
            let takes_head = match (head, next) {
                (Some(head), Some(next)) => head < next,
                (head, _) => head.is_some(),
            };
            let (sender, nonce) = if takes_head {
                let (_, sender) = heads.next()?;
                (*sender, self.queues.get(sender)?.standing.nonce)
            } else {
                let Reverse((_, sender, nonce)) = following.pop()?;
                (sender, nonce)
            };
            let queue = self.queues.get(&sender)?;
            let after = nonce.checked_add(1).and_then(|nonce| queue.txs.get(&nonce));
            if let Some(after) = after {
                following.push(Reverse((after.arrival, sender, after.key.nonce)));
            }
            queue.txs.get(&nonce).map(|waiting| &waiting.tx)
        })
    }
}
