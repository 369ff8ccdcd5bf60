//! Virtual time: what happens next, in one order that the seed decides.

use std::collections::BTreeMap;

use bytes::Bytes;
use probity_node::consensus::core::Pending;
use probity_primitives::Height;
use probity_runtime::SignedTx;

use crate::node::Life;

/// Something that happens.
#[derive(Debug)]
pub enum Event {
    /// A message of the engine arrives.
    Message {
        /// Where.
        to: usize,
        /// From whom.
        from: usize,
        /// The message.
        bytes: Bytes,
    },
    /// A transaction arrives by gossip.
    Tx {
        /// Where.
        to: usize,
        /// From whom.
        from: usize,
        /// The transaction.
        tx: Box<SignedTx>,
    },
    /// A node hears how far another is.
    Status {
        /// Who hears.
        to: usize,
        /// Of whom.
        from: usize,
        /// The other's newest height.
        height: Height,
    },
    /// A node is asked for a decided block.
    Ask {
        /// Who is asked.
        to: usize,
        /// By whom.
        from: usize,
        /// For which height.
        height: Height,
    },
    /// A decided block arrives.
    Answer {
        /// Where.
        to: usize,
        /// From whom.
        from: usize,
        /// For which height.
        height: Height,
        /// The block with its certificate.
        bytes: Bytes,
    },
    /// A timer of a core runs out.
    Timer {
        /// Whose.
        life: Life,
        /// Which.
        timer: u64,
    },
    /// What an application answered arrives at its core.
    Later {
        /// Whose.
        life: Life,
        /// What.
        pending: Pending,
    },
    /// A node tells the others how far it is.
    Beat {
        /// Who.
        life: Life,
    },
    /// A node starts, for the first time or again.
    Start {
        /// Which.
        node: usize,
    },
    /// It is looked for trouble.
    Trouble,
    /// Someone sends a transaction.
    Person,
}

/// What is to come.
#[derive(Debug, Default)]
pub struct Schedule {
    now_us: u64,
    drawn: u64,
    events: BTreeMap<(u64, u64), Event>,
}

impl Schedule {
    /// Microseconds since the beginning.
    #[must_use]
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Lets something happen later; of two at the same time, the first that was put happens first.
    pub fn put(&mut self, after_us: u64, event: Event) {
        self.drawn = self.drawn.saturating_add(1);
        self.events.insert((self.now_us.saturating_add(after_us), self.drawn), event);
    }

    /// What happens next; the clock goes there.
    pub fn take(&mut self) -> Option<Event> {
        let ((at, _), event) = self.events.pop_first()?;
        self.now_us = at;
        Some(event)
    }
}
