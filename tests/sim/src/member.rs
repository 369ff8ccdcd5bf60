//! A replica whose evidence is kept for whoever reports it, and whose turns are watched.
//!
//! In a running node the shell around the replica turns what the engine saw into a transaction of
//! its operator. Here it is put aside, and the people of the world send it. A block that the replica
//! cannot build at its turn is one that a running node only writes into its log; here it ends the run.

use probity_node::replica::application::{Application as _, Around};
use probity_node::replica::proposal::SignedProposal;
use probity_node::replica::{Replica, ReplicaError};
use probity_primitives::Height;
use probity_runtime::evidence::Evidence;

/// A replica, and the evidence that it was handed.
pub struct Member {
    /// The replica.
    pub replica: Replica,
    /// What validators signed twice, as the engine saw it and the driver made it into evidence.
    pub evidence: Vec<Evidence>,
    /// Why it built no block at its turn, if it ever did not: where, and what was wrong.
    pub idle: Option<(Height, u32, String)>,
}

impl Member {
    /// A replica that was handed nothing.
    #[must_use]
    pub const fn new(replica: Replica) -> Self {
        Self { replica, evidence: Vec::new(), idle: None }
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

    fn propose(
        &mut self,
        height: Height,
        round: u32,
        now_ms: u64,
    ) -> Result<SignedProposal, ReplicaError> {
        let proposed = self.replica.propose(height, round, now_ms);
        if let Err(ReplicaError::Build(error)) = &proposed {
            self.idle = Some((height, round, error.to_string()));
        }
        proposed
    }

    fn misbehaved(&mut self, evidence: Evidence) {
        self.evidence.push(evidence);
    }
}
