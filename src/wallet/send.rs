//! From a message to what became of it.
//!
//! The order is fixed: draft, show, confirm, sign, try on the node's state, send, say the hash,
//! wait. A transaction that would be refused is not sent, because its fee would be paid for
//! nothing. A nonce that someone else's transaction took meanwhile is replaced once, unless it was
//! named by the user.

use std::time::Duration;

use probity_client::{Client, ClientError, Envelope, Landing};
use probity_primitives::{Address, Amount, Height, Keypair, TxHash};
use probity_runtime::receipt::Outcome;
use probity_runtime::{ChainIdentity, Message, Receipt, SignedTx, TxBody};
use serde_json::json;

use super::document::Unsigned;
use super::draft::{Wanted, draft};
use super::{accepted, client, confirm, failed, text};
use crate::cli::{DeliveryFlags, Global, TxFlags};
use crate::exit::{Code, Details, Failure, OrFail};
use crate::keyfile::{self, KeySource};
use crate::output;

/// What of a transaction's way is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// Whether it is tried before it is sent.
    pub(crate) simulate: bool,
    /// How many seconds it is waited for; not at all if none.
    pub(crate) wait: Option<u64>,
}

impl From<DeliveryFlags> for Patience {
    fn from(flags: DeliveryFlags) -> Self {
        let DeliveryFlags { no_simulate, no_wait, wait } = flags;
        Self { simulate: !no_simulate, wait: (!no_wait).then_some(wait) }
    }
}

/// Who sends on which chain, through which node.
pub(crate) struct Sender {
    pub(crate) client: Client,
    pub(crate) chain: ChainIdentity,
    pub(crate) address: Address,
    /// What it signs with; none if only its address is known.
    key: Option<Keypair>,
}

impl Sender {
    /// Asks the node which chain it follows, and opens the sender's key; where nothing is signed,
    /// an address is enough.
    pub(crate) async fn open(global: &Global, flags: &TxFlags) -> Result<Self, Failure> {
        let client = client(global)?;
        let chain = client.identity().await.map_err(failed)?;
        if flags.generate_only
            && let Ok(address) = flags.from.parse::<Address>()
        {
            return Ok(Self { client, chain, address, key: None });
        }
        let source = KeySource { key: &flags.from, passphrase: &flags.passphrase };
        let key = keyfile::open(global, &source)?;
        let address = Address::of(&key.public(), chain.network);
        Ok(Self { client, chain, address, key: Some(key) })
    }

    /// What sending a message as the flags say costs. Numbers have a fixed width, so that it does not
    /// depend on the amounts in it.
    pub(crate) async fn fee(&self, flags: &TxFlags, message: Message) -> Result<Amount, Failure> {
        Ok(draft(&self.client, &self.chain, self.address, wanted(flags, message)).await?.fee)
    }

    /// Signs and sends a message as the flags say, and shows what became of it.
    pub(crate) async fn send(
        self,
        global: &Global,
        flags: &TxFlags,
        message: Message,
    ) -> Result<(), Failure> {
        let Self { client, chain, address, key } = self;
        let mut body = draft(&client, &chain, address, wanted(flags, message)).await?;
        let Some(key) = key.filter(|_| !flags.generate_only) else {
            return generate(&body, &chain);
        };
        confirm(global, &body, chain.genesis_hash)?;
        let tx = body.clone().sign(chain.genesis_hash, &key);
        if flags.dry_run {
            let receipt = client.dry_run(&tx).await.map_err(failed)?;
            return show(global, receipt);
        }
        let patience = Patience::from(flags.delivery);
        match offer(&client, &tx, patience.simulate).await {
            Err(Refused::Node(error)) if flags.nonce.is_none() && is_race(&error) => {
                let next = client.pending(&address).await.map_err(failed)?.data.next;
                let taken = std::mem::replace(&mut body.nonce, next);
                let told = format!("nonce {taken} was taken meanwhile; signing with {next}");
                output::say(global, &told);
                let tx = body.sign(chain.genesis_hash, &key);
                deliver(global, &client, &tx, patience).await
            }
            offered => finish(global, &client, &tx, patience, offered).await,
        }
    }
}

/// Signs and sends a message as the flags say, and shows what became of it.
pub(crate) async fn send(
    global: &Global,
    flags: &TxFlags,
    message: Message,
) -> Result<(), Failure> {
    Sender::open(global, flags).await?.send(global, flags, message).await
}

/// Writes what would be signed, for another machine to sign.
fn generate(body: &TxBody, chain: &ChainIdentity) -> Result<(), Failure> {
    let file = Unsigned::of(body, chain.genesis_hash)?;
    let file = serde_json::to_string_pretty(&file).or_fail(Code::Other, "cannot write JSON")?;
    output::print(&file)
}

fn wanted(flags: &TxFlags, message: Message) -> Wanted<'_> {
    let TxFlags { nonce, fee, memo, expiry, .. } = flags;
    Wanted { message, nonce: *nonce, fee: *fee, memo, expiry: *expiry }
}

/// Sends a signed transaction as it is, and shows what became of it.
pub(crate) async fn deliver(
    global: &Global,
    client: &Client,
    tx: &SignedTx,
    patience: Patience,
) -> Result<(), Failure> {
    let offered = offer(client, tx, patience.simulate).await;
    finish(global, client, tx, patience, offered).await
}

/// Why a transaction was not sent.
enum Refused {
    /// The node said no.
    Node(ClientError),
    /// It would be refused in a block, with this code for this reason.
    Doomed { code: String, message: String },
}

async fn offer(client: &Client, tx: &SignedTx, simulate: bool) -> Result<(), Refused> {
    if simulate {
        let tried = client.dry_run(tx).await.map_err(Refused::Node)?.data;
        if let Outcome::Refused { code, message } = tried.outcome {
            return Err(Refused::Doomed { code, message });
        }
    }
    client.submit(tx).await.map(|_| ()).map_err(Refused::Node)
}

/// Whether a transaction lost its nonce to another one of the same sender.
fn is_race(error: &ClientError) -> bool {
    matches!(error.code(), Some("tx.stale_nonce" | "nonce_used" | "nonce_taken"))
}

async fn finish(
    global: &Global,
    client: &Client,
    tx: &SignedTx,
    patience: Patience,
    offered: Result<(), Refused>,
) -> Result<(), Failure> {
    let hash = tx.hash();
    match offered {
        Ok(()) => {}
        Err(Refused::Node(error)) => return Err(failed(error)),
        Err(Refused::Doomed { code, message }) => {
            let told = format!("not sent, because it would be refused: {message} ({code})");
            let details = Details { code: Some(code), ..Details::default() };
            let hint = "--no-simulate sends it anyway, and the fee is paid";
            return Err(Failure::new(Code::TxRejected, told).details(details).hint(hint));
        }
    }
    // First of all the hash: whatever happens to the wait, the transaction can be looked up.
    output::say(global, &format!("sent {hash}"));
    let Some(seconds) = patience.wait else {
        let sent = json!({ "schema": "probity.sent/v1", "hash": hash, "expiry": tx.body.expiry });
        return output::show(global.output, &sent, |_| hash.to_string());
    };
    wait(global, client, hash, Some(tx.body.expiry), seconds).await
}

/// Waits for a transaction and shows its receipt.
pub(crate) async fn wait(
    global: &Global,
    client: &Client,
    hash: TxHash,
    expiry: Option<Height>,
    seconds: u64,
) -> Result<(), Failure> {
    let landed = client.landing(&hash, expiry, Duration::from_secs(seconds)).await;
    let receipt = match landed.map_err(|error| failed(error).about(hash))? {
        Landing::Included(receipt) => receipt,
        Landing::Expired { height } => return Err(expired(hash, expiry, height)),
        Landing::Unknown { height } => return Err(unknown(hash, expiry, height, seconds)),
    };
    show(global, receipt)
}

fn show(global: &Global, receipt: Envelope<Receipt>) -> Result<(), Failure> {
    output::show(global.output, &receipt, |receipt| text(&receipt.data))?;
    accepted(receipt.data).map(|_| ())
}

fn expired(hash: TxHash, expiry: Option<Height>, height: Height) -> Failure {
    let last = expiry.unwrap_or(height);
    let told =
        format!("the transaction {hash} expired at height {last}; no block has it, nor will");
    let details =
        Details { code: Some("tx.expired".to_owned()), tx: Some(hash), ..Details::default() };
    Failure::new(Code::TxRejected, told).details(details)
}

fn unknown(hash: TxHash, expiry: Option<Height>, height: Option<Height>, seconds: u64) -> Failure {
    let now = height.map_or_else(String::new, |height| format!(", the chain is at {height}"));
    let (until, flag) = match expiry {
        Some(expiry) => (
            format!("; a block up to height {expiry} may still take it"),
            format!(" --until {expiry}"),
        ),
        None => (String::new(), String::new()),
    };
    let told = format!("waited {seconds} s for the transaction {hash}{until}{now}");
    let details = Details { retryable: true, tx: Some(hash), ..Details::default() };
    Failure::new(Code::TimedOut, told)
        .details(details)
        .hint(format!("probity tx wait {hash}{flag}"))
}
