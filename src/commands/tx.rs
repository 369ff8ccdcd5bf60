//! `probity tx`: any message as JSON, files to sign elsewhere, and what became of a transaction.

use probity_api::view::{PendingView, WaitingView};
use probity_primitives::{Address, Amount, Hash, Height};
use probity_runtime::message::Transfer;
use probity_runtime::{ChainIdentity, Message, SignedTx, TxBody, text};
use serde_json::json;

use crate::cli::{self, Global, Tx, TxBroadcast, TxFlags, TxSign};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::keyfile::{self, KeySource};
use crate::output::{self, Table, show};
use crate::wallet::{self, Found, Patience, Signed, client, failed};

/// The longest message, in bytes of JSON.
const MAX_BYTES: u64 = 1 << 20;
/// How many times the fee of a transaction that waits is offered to replace it.
const REPLACEMENT: u128 = 2;

pub(crate) fn run(global: &Global, verb: Tx) -> Result<(), Failure> {
    match verb {
        Tx::Send(send) => {
            let message = read(&send.message)?;
            block_on(wallet::send(global, &send.flags, message))
        }
        Tx::Sign(arguments) => sign(global, &arguments),
        Tx::Broadcast(arguments) => block_on(broadcast(global, &arguments)),
        Tx::Decode { given, genesis_hash } => {
            let (body, tx, named) = match wallet::find(&given)? {
                Found::Unsigned(body, genesis) => (*body, None, Some(genesis)),
                Found::Signed(tx, genesis) => (tx.body.clone(), Some(*tx), genesis),
            };
            Decoded { body, tx }.show(global, named.or(genesis_hash))
        }
        Tx::Cancel { target, flags } => block_on(cancel(global, target, *flags)),
        Tx::Pending { address } => block_on(pending(global, address)),
        Tx::Show { hash } => {
            let found = block_on(async { client(global)?.receipt(&hash).await.map_err(failed) })?;
            let receipt = found.ok_or_else(|| {
                Failure::new(Code::Other, format_args!("no block has the transaction {hash}"))
                    .hint(format!("probity tx wait {hash}"))
                    .about(hash)
            })?;
            show(global.output, &receipt, |receipt| wallet::text(&receipt.data))
        }
        Tx::Wait { hash, timeout, until } => block_on(async {
            let until = until.map(Height);
            wallet::wait(global, &client(global)?, hash, until, timeout).await
        }),
    }
}

/// `probity transfer`.
pub(crate) fn transfer(global: &Global, given: &cli::Transfer) -> Result<(), Failure> {
    let cli::Transfer { to, amount, flags } = given;
    let message = Message::Transfer(Transfer { to: *to, amount: *amount });
    block_on(wallet::send(global, flags, message))
}

fn read(given: &str) -> Result<Message, Failure> {
    let text = if given == "-" { wallet::input(given, MAX_BYTES)? } else { given.to_owned() };
    serde_json::from_str(&text).or_fail(Code::Usage, "the message is not one").map_err(|failure| {
        failure.hint(r#"for example {"transfer":{"to":"pbyt1..","amount":"1000000000"}}"#)
    })
}

fn sign(global: &Global, given: &TxSign) -> Result<(), Failure> {
    let TxSign { file, from, passphrase, offline, out } = given;
    let Found::Unsigned(body, genesis_hash) = wallet::find(file)? else {
        return Err(Failure::new(Code::Usage, "the file is signed already"));
    };
    if !offline {
        block_on(check_chain(global, &body, genesis_hash))?;
    }
    let key = keyfile::open(global, &KeySource { key: from, passphrase })?;
    let signer = Address::of(&key.public(), body.sender.network());
    if signer != body.sender {
        let message = format!("the key is {signer}'s, the transaction is {}'s", body.sender);
        return Err(Failure::new(Code::Key, message));
    }
    wallet::confirm(global, &body, genesis_hash)?;
    let signed = Signed::of(&body.sign(genesis_hash, &key), genesis_hash)?;
    let text = serde_json::to_string_pretty(&signed).or_fail(Code::Other, "cannot write JSON")?;
    let Some(out) = out else { return output::print(&text) };
    let what = format!("cannot write {}", out.display());
    let mut file = std::fs::OpenOptions::new();
    let mut file = file.write(true).create_new(true).open(out).or_fail(Code::Other, &what)?;
    std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes())
        .and_then(|()| file.sync_all())
        .or_fail(Code::Other, &what)
}

/// Refuses to sign for another chain than the node's, and for a nonce that is used.
async fn check_chain(global: &Global, body: &TxBody, genesis_hash: Hash) -> Result<(), Failure> {
    let client = client(global)?;
    let ChainIdentity { chain_id, genesis_hash: found, .. } =
        client.identity().await.map_err(failed)?;
    if chain_id != body.chain || found != genesis_hash {
        let (theirs, ours) = (&body.chain, &chain_id);
        let message = format!(
            "the file is for the chain {theirs:?} with genesis {genesis_hash}, the node follows \
             {ours:?} with {found}"
        );
        return Err(Failure::new(Code::Verification, message)
            .hint("sign with --offline what is for another chain than the node's"));
    }
    let nonce = client.pending(&body.sender).await.map_err(failed)?.data.nonce;
    if body.nonce < nonce {
        let message = format!("the nonce {} is used, the next is {nonce}", body.nonce);
        return Err(Failure::new(Code::TxRejected, message));
    }
    Ok(())
}

async fn broadcast(global: &Global, given: &TxBroadcast) -> Result<(), Failure> {
    let TxBroadcast { given, delivery } = given;
    let Found::Signed(tx, _) = wallet::find(given)? else {
        let message = "the file is not signed";
        return Err(Failure::new(Code::Usage, message).hint("probity tx sign FILE --from KEY"));
    };
    let client = client(global)?;
    // Whoever got no answer sends again, perhaps after a block has taken it.
    if client.receipt(&tx.hash()).await.map_err(failed)?.is_some() {
        return wallet::wait(global, &client, tx.hash(), None, delivery.wait).await;
    }
    wallet::deliver(global, &client, &tx, Patience::from(*delivery)).await
}

/// Replaces a transaction that waits by a transfer of one unit to its own sender.
async fn cancel(global: &Global, nonce: u64, flags: TxFlags) -> Result<(), Failure> {
    let opened = wallet::Sender::open(global, &flags).await?;
    let sender = opened.address;
    let waiting = opened.client.pending(&sender).await.map_err(failed)?.data.waiting;
    let target = waiting.iter().find(|one| one.nonce == nonce).ok_or_else(|| {
        let message = format!("no transaction of {sender} with the nonce {nonce} waits");
        Failure::new(Code::TxRejected, message).hint(format!("probity tx pending {sender}"))
    })?;
    let fee = target.fee.checked_mul(REPLACEMENT).or_fail(Code::Other, "cannot offer more")?;
    let flags = TxFlags { nonce: Some(nonce), fee: flags.fee.or(Some(fee)), ..flags };
    let nothing = Transfer { to: sender, amount: Amount::from_units(1) };
    opened.send(global, &flags, Message::Transfer(nothing)).await
}

async fn pending(global: &Global, address: Address) -> Result<(), Failure> {
    let view = client(global)?.pending(&address).await.map_err(failed)?;
    show(global.output, &view, |view| {
        let PendingView { nonce, next, waiting, .. } = &view.data;
        let mut table = Table::new(&[">nonce", "kind", ">fee offered", ">expiry", "transaction"]);
        for WaitingView { hash, nonce, kind, fee, expiry } in waiting {
            table.row(vec![
                nonce.to_string(),
                kind.clone(),
                format!("{fee} PBY"),
                expiry.to_string(),
                hash.to_string(),
            ]);
        }
        format!("committed nonce {nonce}, next free {next}\n{}", table.text())
    })
}

/// A transaction that is shown and not sent.
struct Decoded {
    body: TxBody,
    tx: Option<SignedTx>,
}

impl Decoded {
    /// Whether the signature holds; none for an unsigned one, or for an unknown chain.
    fn holds(&self, genesis_hash: Hash) -> Option<Result<(), String>> {
        let identity = ChainIdentity {
            chain_id: self.body.chain.clone(),
            network: self.body.sender.network(),
            genesis_hash,
        };
        let checked = self.tx.clone()?.verify(&identity);
        Some(checked.map(|_| ()).map_err(|error| error.to_string()))
    }

    fn show(&self, global: &Global, genesis: Option<Hash>) -> Result<(), Failure> {
        let lines = match genesis {
            Some(genesis) => text::transaction(&self.body, genesis),
            None => text::message(&self.body.message),
        };
        let checked = genesis.and_then(|genesis| self.holds(genesis));
        let signature = match (&checked, &self.tx) {
            (Some(Ok(())), _) => "holds",
            (Some(Err(_)), _) => "does not hold",
            (None, Some(_)) => "not checked: the genesis hash is not known",
            (None, None) => "none",
        };
        let document = json!({
            "schema": "probity.decoded-tx/v1",
            "hash": self.tx.as_ref().map(SignedTx::hash),
            "body": self.body,
            "text": lines.lines().collect::<Vec<_>>(),
            "signature": signature,
        });
        show(global.output, &document, |_| format!("{lines}signature: {signature}"))?;
        match checked {
            Some(Err(reason)) => Err(Failure::new(Code::Verification, reason)),
            Some(Ok(())) | None => Ok(()),
        }
    }
}
