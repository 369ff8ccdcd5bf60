//! A replica whose evidence is kept for whoever reports it.
//!
//! In a running node the shell around the replica turns what the engine saw into a transaction of
//! its operator. Here it is put aside, and the people of the world send it.

use probity_node::replica::Replica;
use probity_node::replica::application::Around;
use probity_runtime::evidence::Evidence;

/// A replica, and the evidence that it was handed.
pub struct Member {
    /// The replica.
    pub replica: Replica,
    /// What validators signed twice, as the engine saw it and the driver made it into evidence.
    pub evidence: Vec<Evidence>,
}

impl Member {
    /// A replica that was handed nothing.
    #[must_use]
    pub const fn new(replica: Replica) -> Self {
        Self { replica, evidence: Vec::new() }
    }
}

impl Around for Member {
    type Inner = Replica;

    fn inner(&self) -> &Replica {
        &self.replica
    }

    fn inner_mut(&mut self) -> &mut Replica {
        &mut self.replica
    }

    fn misbehaved(&mut self, evidence: Evidence) {
        self.evidence.push(evidence);
    }
}
