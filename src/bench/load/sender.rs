//! One of those who offer transactions.

use std::sync::Arc;
use std::time::{Duration, Instant};

use probity_client::{Client, ClientError};
use probity_primitives::{Address, Amount, Height, Keypair, TxHash};
use probity_protocol::params::Fees;
use probity_runtime::chain::fixed_fee;
use probity_runtime::message::Transfer;
use probity_runtime::{Chain, ChainIdentity, Message, SignedTx, TxBody};
use tokio::sync::watch;

use crate::demo::cast::{self, Cast};
use crate::exit::{Code, Failure, OrFail};

/// For how many heights a transaction is valid.
const LIFETIME: u64 = 120;

/// What was offered.
#[derive(Debug, Default)]
pub(super) struct Offered {
    /// How many were sent.
    pub(super) offered: usize,
    /// Those that a node took, with the last height at which they are valid.
    pub(super) acknowledged: Vec<(TxHash, Height)>,
}

impl Offered {
    pub(super) fn add(&mut self, other: Self) {
        self.offered = self.offered.saturating_add(other.offered);
        self.acknowledged.extend(other.acknowledged);
    }
}

/// Sends transfers in turn from its accounts.
pub(super) struct Sender {
    client: Client,
    chain: ChainIdentity,
    fees: Fees,
    accounts: Vec<(Keypair, u64)>,
    to: Address,
}

impl Sender {
    pub(super) fn new(url: &str, cast: &Cast, keys: Vec<Keypair>) -> Result<Self, Failure> {
        Ok(Self {
            client: Client::new(url).or_fail(Code::Other, "cannot ask a node")?,
            chain: cast.genesis.identity(),
            fees: cast.genesis.params.fees.clone(),
            accounts: keys.into_iter().map(|key| (key, 0)).collect(),
            to: cast::account(&cast.publisher),
        })
    }

    /// Offers one transaction every `pause` until `until`. A nonce that was refused is offered
    /// again in its turn, so that no account leaves a gap.
    pub(super) async fn run(
        mut self,
        pause: Duration,
        until: Instant,
        tip: watch::Receiver<Arc<Chain>>,
    ) -> Offered {
        let mut total = Offered::default();
        let mut ticks = tokio::time::interval(pause);
        let mut turn = 0usize;
        while Instant::now() < until {
            ticks.tick().await;
            let height = tip.borrow().height();
            let expiry = Height(height.0.saturating_add(LIFETIME));
            let count = self.accounts.len();
            let Some((key, nonce)) = self.accounts.get_mut(turn.checked_rem(count).unwrap_or(0))
            else {
                return total;
            };
            turn = turn.wrapping_add(1);
            let tx = transfer(&self.chain, &self.fees, (key, *nonce), self.to, expiry);
            total.offered = total.offered.saturating_add(1);
            match self.client.submit(&tx).await {
                Ok(hash) => {
                    total.acknowledged.push((hash, expiry));
                    *nonce = nonce.saturating_add(1);
                }
                Err(error) => refused(&error),
            }
        }
        total
    }
}

/// A refusal is an answer; it is counted by what is missing among the acknowledged.
fn refused(error: &ClientError) {
    tracing::debug!(%error, "a transaction is refused");
}

fn transfer(
    chain: &ChainIdentity,
    fees: &Fees,
    (key, nonce): (&Keypair, u64),
    to: Address,
    expiry: Height,
) -> SignedTx {
    let body = TxBody {
        chain: chain.chain_id.clone(),
        sender: cast::account(key),
        nonce,
        fee: Amount::ZERO,
        expiry,
        memo: probity_primitives::BoundedString::default(),
        message: Message::Transfer(Transfer { to, amount: Amount::from_units(1) }),
    };
    // The fee's own bytes do not depend on its value: integers have a fixed width.
    let draft = body.clone().sign(chain.genesis_hash, key);
    let fee = fixed_fee(fees, &draft.body.message, draft.encode().len());
    TxBody { fee, ..body }.sign(chain.genesis_hash, key)
}
