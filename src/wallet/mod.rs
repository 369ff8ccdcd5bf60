//! Signing and sending: what every command does that changes something.
//!
//! A transaction is drafted ([`draft`]), shown and confirmed ([`mod@confirm`]), signed, tried on the
//! node's state, sent and waited for ([`send`](fn@send)). Between drafting and sending it may leave
//! as a file and come back signed from a machine without a network ([`document`]).
//!
//! # Invariants
//! - What is signed was shown, unless the program itself is the user (the demonstration).
//! - The hash is said before anything is waited for, and the exit code tells what is known.
//!
//! Spec: `docs/spec/24-api.md`.

mod amount;
mod confirm;
mod document;
mod draft;
pub(crate) mod fact;
mod send;

use std::io::Read;
use std::time::Duration;

use probity_client::{Client, ClientError};
use probity_primitives::{Address, Keypair};
use probity_runtime::receipt::Outcome;
use probity_runtime::{ChainIdentity, Message, Receipt};

pub(crate) use self::amount::amount;
pub(crate) use self::confirm::confirm;
pub(crate) use self::document::{Found, Signed, find};
use self::draft::Wanted;
pub(crate) use self::send::{Patience, Sender, deliver, send, wait};
use crate::cli::Global;
use crate::exit::{Code, Details, Failure, OrFail};

/// For how many blocks a transaction stays valid unless something else is said.
pub(crate) const EXPIRY: u64 = 600;

/// A key with the node that its transactions go through, for a program that is its own user.
pub(crate) struct Wallet {
    client: Client,
    chain: ChainIdentity,
    key: Keypair,
}

impl Wallet {
    /// A wallet on the chain that the node follows.
    pub(crate) async fn open(client: Client, key: Keypair) -> Result<Self, Failure> {
        let chain = client.identity().await.map_err(failed)?;
        Ok(Self { client, chain, key })
    }

    /// The account that signs.
    pub(crate) fn address(&self) -> Address {
        Address::of(&self.key.public(), self.chain.network)
    }

    /// Signs, sends and waits until a block has it.
    pub(crate) async fn must(&self, message: Message, wait: Duration) -> Result<Receipt, Failure> {
        let wanted = Wanted { message, nonce: None, fee: None, memo: "", expiry: EXPIRY };
        let body = draft::draft(&self.client, &self.chain, self.address(), wanted).await?;
        let tx = body.sign(self.chain.genesis_hash, &self.key);
        let hash = self.client.submit(&tx).await.map_err(failed)?;
        let receipt = self.client.wait_tx(&hash, wait).await.map_err(failed)?.data;
        accepted(receipt)
    }
}

/// A receipt for people.
pub(crate) fn text(receipt: &Receipt) -> String {
    let Receipt { tx, height, index, fee, outcome, events } = receipt;
    let outcome = match outcome {
        Outcome::Ok => "carried out".to_owned(),
        Outcome::Refused { code, message } => format!("refused: {message} ({code})"),
    };
    let events: String = events.iter().map(|event| format!("\n  {}", fact::words(event))).collect();
    format!("{tx}\nblock {height}, place {index}, fee {fee} PBY\n{outcome}{events}")
}

/// A client of the node that the flags name.
pub(crate) fn client(global: &Global) -> Result<Client, Failure> {
    Client::new(&crate::home::node_url(global, None)?).or_fail(Code::Usage, "--node")
}

/// An account to ask about, if it is of the network that the node is on. Its like of another network
/// has the same key and never anything to show.
pub(crate) async fn of_network(client: &Client, account: Address) -> Result<Address, Failure> {
    let network = client.identity().await.map_err(failed)?.network;
    if account.network() == network {
        return Ok(account);
    }
    let message = format!("{account} is of another network than the node");
    let hint = format!("there the account of the same key is {}", account.on(network));
    Err(Failure::new(Code::Usage, message).hint(hint))
}

/// Reads a file or, for `-`, standard input, up to a limit.
pub(crate) fn input(given: &str, limit: u64) -> Result<String, Failure> {
    let what = format!("cannot read {given}");
    let mut text = String::new();
    // One byte more than the limit tells a longer file from one that just fits.
    let longest = limit.saturating_add(1);
    let read = if given == "-" {
        std::io::stdin().take(longest).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(given).or_fail(Code::Usage, &what)?;
        file.take(longest).read_to_string(&mut text)
    };
    let len = read.or_fail(Code::Usage, &what)?;
    if u64::try_from(len).unwrap_or(u64::MAX) > limit {
        return Err(Failure::new(Code::Usage, format_args!("{what}: it is above {limit} bytes")));
    }
    Ok(text)
}

/// The exit code of what a node says, and what programs are told of it.
pub(crate) fn failed(error: ClientError) -> Failure {
    let code = match &error {
        ClientError::BadUrl { .. } => Code::Usage,
        ClientError::Unreachable { .. } => Code::Unreachable,
        ClientError::TimedOut { .. } => Code::TimedOut,
        ClientError::WrongHash { .. } => Code::Verification,
        ClientError::Problem { code, .. } if refusal(code) => Code::TxRejected,
        ClientError::Problem { .. }
        | ClientError::Malformed { .. }
        | ClientError::TooLarge { .. }
        | ClientError::File { .. } => Code::Other,
    };
    let (named, retryable) = (error.code().map(str::to_owned), error.retryable());
    let retry_at_height = match &error {
        ClientError::Problem { retry_at_height, .. } => *retry_at_height,
        ClientError::BadUrl { .. }
        | ClientError::Unreachable { .. }
        | ClientError::TimedOut { .. }
        | ClientError::WrongHash { .. }
        | ClientError::Malformed { .. }
        | ClientError::TooLarge { .. }
        | ClientError::File { .. } => None,
    };
    let nonces = error.nonces();
    let details = Details { code: named, retryable, retry_at_height, nonces, tx: None };
    let failure = Failure::new(code, error).details(details);
    if code == Code::Unreachable {
        failure.hint("name a running node with --node URL")
    } else {
        failure
    }
}

/// Whether a problem's code means that a transaction was not taken: by the rules, or by the mempool.
fn refusal(code: &str) -> bool {
    let mempool = [
        "nonce_taken",
        "offer_not_held",
        "nonce_used",
        "nonce_too_high",
        "expired",
        "fees_not_held",
        "sender_full",
        "mempool_full",
    ];
    code.starts_with("tx.") || mempool.contains(&code)
}

/// A receipt of a message that was carried out; anything else is a failure of its own code.
pub(crate) fn accepted(receipt: Receipt) -> Result<Receipt, Failure> {
    match &receipt.outcome {
        Outcome::Ok => Ok(receipt),
        Outcome::Refused { code, message } => {
            let details =
                Details { code: Some(code.clone()), tx: Some(receipt.tx), ..Details::default() };
            let message = format_args!("{message} ({code})");
            Err(Failure::new(Code::TxFailed, message).details(details))
        }
    }
}
