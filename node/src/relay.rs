//! Transactions from peers: verified, offered to the mempool, and judged for gossip.
//!
//! Signatures are checked on blocking threads, a bounded number at a time; when all are busy the
//! network's own queue fills and sheds, so that a flood of transactions cannot starve consensus.

use std::sync::Arc;

use probity_api::view::WaitingView;
use probity_primitives::Address;
use probity_runtime::genesis::ChainIdentity;
use probity_runtime::tx::TxError;
use probity_runtime::{SignedTx, VerifiedTx};
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::consensus::driver::{CommandError, Commands};
use crate::mempool::{Rejected, TxKey};
use crate::metrics::Pool;
use crate::network::{IncomingTx, Judgement, NetworkEvent};
use crate::replica::SubmitError;
use crate::shell::Shell;

/// Most signatures of transactions that are checked at a time.
const CHECKS: usize = 8;

/// Why a transaction was not taken by this node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// It means nothing, cannot stand in a block, or finds no room.
    #[error(transparent)]
    Refused(#[from] SubmitError),
    /// The node did not look at it.
    #[error(transparent)]
    Node(#[from] CommandError),
}

impl From<TxError> for OfferError {
    fn from(error: TxError) -> Self {
        Self::Refused(SubmitError::Invalid(error))
    }
}

/// Checks a transaction's signature away from the threads that serve connections.
async fn verify(tx: SignedTx, identity: Arc<ChainIdentity>) -> Result<VerifiedTx, OfferError> {
    let check = tokio::task::spawn_blocking(move || tx.verify(&identity));
    // A check that was cut short belongs to a runtime that is shutting down.
    Ok(check.await.map_err(|_| CommandError::Stopped)??)
}

/// Offers a transaction to the mempool, and counts it if it is not taken.
///
/// # Errors
/// [`OfferError`] with the reason.
pub(crate) async fn take(
    commands: &Commands<Shell>,
    identity: Arc<ChainIdentity>,
    pool: &Pool,
    tx: SignedTx,
) -> Result<VerifiedTx, OfferError> {
    let taken = async {
        let tx = verify(tx, identity).await?;
        let offered = tx.clone();
        ask(commands, |shell| shell.submit(offered)).await??;
        Ok(tx)
    };
    taken.await.inspect_err(|error| pool.refused(error))
}

/// What an account has waiting in the mempool.
///
/// # Errors
/// [`CommandError`] if the node is too busy to look, or stops.
pub(crate) async fn waiting(
    commands: &Commands<Shell>,
    account: Address,
) -> Result<Vec<WaitingView>, CommandError> {
    ask(commands, move |shell| {
        let waiting = shell.mempool().of(&account);
        let view = |(key, tx): (&TxKey, &VerifiedTx)| WaitingView {
            hash: key.hash,
            nonce: key.nonce,
            kind: tx.body().message.kind().to_owned(),
            fee: key.offer,
            expiry: key.expiry,
        };
        waiting.map(view).collect()
    })
    .await
}

/// The nonce that an account's next transaction should carry.
///
/// # Errors
/// As [`waiting`].
pub(crate) async fn pending(
    commands: &Commands<Shell>,
    account: Address,
) -> Result<u64, CommandError> {
    ask(commands, move |shell| shell.pending(&account)).await
}

/// Asks the thread that owns the replica.
async fn ask<R: Send + 'static>(
    commands: &Commands<Shell>,
    question: impl FnOnce(&mut Shell) -> R + Send + 'static,
) -> Result<R, CommandError> {
    let (reply, answer) = oneshot::channel();
    commands.send(Box::new(move |shell| {
        // Whoever asked may be gone.
        let _ = reply.send(question(shell));
    }))?;
    answer.await.map_err(|_| CommandError::Stopped)
}

/// Judges transactions from peers until the network ends.
pub(crate) async fn run(
    mut events: mpsc::Receiver<NetworkEvent>,
    commands: Commands<Shell>,
    identity: Arc<ChainIdentity>,
    pool: Pool,
) {
    let checks = Arc::new(Semaphore::new(CHECKS));
    while let Some(event) = events.recv().await {
        let incoming = match event {
            NetworkEvent::TxReceived(incoming) => incoming,
            NetworkEvent::PeerConnected(peer) => {
                tracing::debug!(%peer, "connected");
                continue;
            }
            NetworkEvent::PeerDisconnected(peer) => {
                tracing::debug!(%peer, "disconnected");
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&checks).acquire_owned().await else { return };
        let (commands, identity, pool) = (commands.clone(), Arc::clone(&identity), pool.clone());
        tokio::spawn(async move {
            judge(incoming, &commands, identity, &pool).await;
            drop(permit);
        });
    }
}

async fn judge(
    incoming: IncomingTx,
    commands: &Commands<Shell>,
    identity: Arc<ChainIdentity>,
    pool: &Pool,
) {
    let IncomingTx { bytes, peer, verdict } = incoming;
    let outcome = match SignedTx::decode(&bytes) {
        Ok(tx) => take(commands, identity, pool, tx).await.map(|_| ()),
        Err(error) => Err(OfferError::from(error)).inspect_err(|error| pool.refused(error)),
    };
    if let Err(error) = &outcome {
        tracing::debug!(%peer, %error, "a transaction from a peer is not taken");
    }
    verdict.give(judgement(&outcome));
}

/// What a transaction's fate here says about the peer that sent it.
///
/// Only what can never be valid is held against a peer: the state moves on, and what is late or
/// early here was in order where it came from.
fn judgement(outcome: &Result<(), OfferError>) -> Judgement {
    match outcome {
        Ok(()) => Judgement::Accept,
        Err(OfferError::Node(CommandError::Busy | CommandError::Stopped)) => Judgement::Ignore,
        Err(OfferError::Refused(SubmitError::Rejected(reason))) => match reason {
            Rejected::Known(_)
            | Rejected::NonceTaken { .. }
            | Rejected::OfferNotHeld { .. }
            | Rejected::NonceUsed { .. }
            | Rejected::NonceTooHigh { .. }
            | Rejected::Expired { .. }
            | Rejected::FeesNotHeld { .. }
            | Rejected::SenderFull { .. }
            | Rejected::Full { .. } => Judgement::Ignore,
        },
        Err(OfferError::Refused(SubmitError::Invalid(reason))) => match reason {
            TxError::Malformed(_)
            | TxError::Oversized { .. }
            | TxError::WrongChain { .. }
            | TxError::WrongNetwork(_)
            | TxError::WrongKey { .. }
            | TxError::BadSignature(_) => Judgement::Reject,
            TxError::Expired { .. }
            | TxError::StaleNonce { .. }
            | TxError::FutureNonce { .. }
            | TxError::FeeTooLow { .. }
            | TxError::Underfunded { .. } => Judgement::Ignore,
        },
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Domain, Hash, TxHash};

    use super::*;

    #[test]
    fn only_what_can_never_be_valid_is_held_against_the_peer() {
        let oversized = TxError::Oversized { len: 2, limit: 1 };
        assert_eq!(judgement(&Err(oversized.into())), Judgement::Reject);
        let known = Rejected::Known(TxHash(Hash::of_bytes(Domain::Tx, b"")));
        let refused = OfferError::Refused(SubmitError::Rejected(known));
        assert_eq!(judgement(&Err(refused)), Judgement::Ignore);
        assert_eq!(judgement(&Err(CommandError::Busy.into())), Judgement::Ignore);
        assert_eq!(judgement(&Ok(())), Judgement::Accept);
    }
}
