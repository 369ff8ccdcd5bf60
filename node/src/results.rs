//! The certificate of a result, made from what a node keeps.
//!
//! The state at the tip holds the result, the store the votes, the reveals and every change of
//! validators since genesis; together they are a file that verifies without any of them.
//!
//! # Not here
//! What the certificate proves, and how it is verified: `probity_runtime::result_certificate`.
//!
//! Spec: `docs/spec/23-certificate.md`.

use probity_primitives::TaskId;
use probity_runtime::result_certificate::{BuildError, ResultCertificate, Sources, reveals_in};
use probity_runtime::{Chain, Genesis};

use crate::replica::history::History;
use crate::store::tree::StoreTree;
use crate::store::{Store, StoreError};

/// Why a result has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// It cannot be made of what there is.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The certificate of a task's result at the height of `chain`, which `store` holds.
///
/// # Errors
/// [`ResultError`]; [`BuildError::NoResult`] in it if there is no result at that height.
pub(crate) fn certificate(
    genesis: &Genesis,
    chain: &Chain,
    store: &dyn Store,
    history: &History,
    id: TaskId,
) -> Result<ResultCertificate, ResultError> {
    let missing = || ResultError::Build(BuildError::NoResult(id));
    let outcome = chain.ledger().outcomes.get(&id).ok_or_else(missing)?;
    let round = chain.ledger().tasks.get(&id).ok_or_else(missing)?.round;
    let blocks = history.blocks_with_reveals(&id)?;
    let height = chain.height();
    let sources = Sources {
        genesis,
        chain,
        store: &StoreTree(store),
        commit: history.certificate(height)?.ok_or_else(missing)?,
        changes: history.set_changes(height)?,
        reveals: reveals_in(id, round, outcome, &blocks),
    };
    Ok(ResultCertificate::build(sources, id)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use probity_protocol::task::Mode;
    use probity_simulations::{World, WorldConfig};

    use super::*;
    use crate::mempool::Limits;
    use crate::replica::Replica;
    use crate::replica::application::{Application, Synced, Verdict};
    use crate::store::MemoryStore;

    /// A world in which one task has come to its result.
    fn judged() -> (World, TaskId) {
        let mut world = World::new(&WorldConfig::default()).unwrap();
        let (benchmark, models) = world.publish(&[800_000]).unwrap();
        let person = world.people[0].clone();
        world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
        let task = world.newest_task().unwrap();
        world.finish(task, 300).unwrap();
        (world, task)
    }

    #[test]
    fn a_node_certifies_a_result_at_every_height_after_it() {
        let (world, task) = judged();
        let store = Arc::new(MemoryStore::new());
        let shared: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let mut replica = Replica::open(shared, &world.genesis, None, Limits::default()).unwrap();
        let mut certified = 0;
        for (block, _) in world.log.iter().skip(1) {
            let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
            let synced = replica.synced(block.header.height, 0, Bytes::from(block.encode()));
            assert!(matches!(synced, Synced::Judged(Verdict { valid: true, .. })), "{synced:?}");
            replica.decide(commit).unwrap();
            let history = replica.history();
            let made = certificate(&world.genesis, replica.chain(), store.as_ref(), &history, task);
            match made {
                Ok(made) => {
                    made.verify(world.chain.genesis_hash()).unwrap();
                    certified += 1;
                }
                Err(ResultError::Build(BuildError::NoResult(_))) => {
                    assert_eq!(certified, 0, "the result is gone at {}", block.header.height);
                }
                Err(error) => panic!("at {}: {error}", block.header.height),
            }
        }
        assert!(certified > 10, "{certified} heights have a certificate");
    }
}
