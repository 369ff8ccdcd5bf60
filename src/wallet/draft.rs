//! From a message to a body that can be signed: nonce, fee and expiry.

use probity_client::Client;
use probity_primitives::{Address, Amount, BoundedString, codec};
use probity_runtime::chain::fixed_fee;
use probity_runtime::{ChainIdentity, Message, TxBody};

use crate::exit::{Code, Failure, OrFail};
use crate::wallet::failed;

/// What a signature and its key add to a body's bytes.
const SIGNATURE_BYTES: usize = 64 + 32;

/// What is wanted of a transaction; what is not named is found out.
pub(super) struct Wanted<'a> {
    pub(super) message: Message,
    /// The first that is neither used nor waiting, if none is named.
    pub(super) nonce: Option<u64>,
    /// The fixed fee, if none is named.
    pub(super) fee: Option<Amount>,
    pub(super) memo: &'a str,
    /// For how many blocks.
    pub(super) expiry: u64,
}

/// The body of a transaction that could stand in one of the next blocks.
pub(super) async fn draft(
    client: &Client,
    chain: &ChainIdentity,
    sender: Address,
    wanted: Wanted<'_>,
) -> Result<TxBody, Failure> {
    let Wanted { message, nonce, fee, memo, expiry } = wanted;
    if sender.network() != chain.network {
        let message = format_args!("{sender} is an address of another kind of network");
        return Err(Failure::new(Code::Usage, message));
    }
    let pending = client.pending(&sender).await.map_err(failed)?;
    let body = TxBody {
        chain: chain.chain_id.clone(),
        sender,
        nonce: nonce.unwrap_or(pending.data.next),
        fee: fee.unwrap_or_default(),
        expiry: pending.height.checked_add(expiry).or_fail(Code::Usage, "--expiry")?,
        memo: BoundedString::new(memo).or_fail(Code::Usage, "--memo")?,
        message,
    };
    if fee.is_some() {
        return Ok(body);
    }
    let fees = client.params().await.map_err(failed)?.data.fees;
    // The fee's own bytes do not depend on its value: integers have a fixed width.
    let bytes = codec::encode(&body).len().saturating_add(SIGNATURE_BYTES);
    let fee = fixed_fee(&fees, &body.message, bytes);
    Ok(TxBody { fee, ..body })
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Hash, Height, Keypair, Network};
    use probity_runtime::message::Transfer;

    use super::*;

    #[test]
    fn a_signature_adds_as_many_bytes_as_the_fee_counts() {
        let key = Keypair::from_seed([1; 32]);
        let sender = Address::of(&key.public(), Network::Test);
        let body = TxBody {
            chain: BoundedString::new("a").unwrap(),
            sender,
            nonce: 0,
            fee: Amount::ZERO,
            expiry: Height(1),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer { to: sender, amount: Amount::ZERO }),
        };
        let bytes = codec::encode(&body).len();
        assert_eq!(body.sign(Hash::ZERO, &key).encode().len(), bytes + SIGNATURE_BYTES);
    }
}
