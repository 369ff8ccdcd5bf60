//! Signing and sending: what every command does that changes something.

use std::time::Duration;

use probity_client::{Client, ClientError};
use probity_primitives::{Address, Amount, Keypair, TxHash};
use probity_runtime::chain::fixed_fee;
use probity_runtime::receipt::Outcome;
use probity_runtime::{ChainIdentity, Message, Receipt, SignedTx, TxBody};

use crate::cli::{Global, TxFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::{keyfile, output};

/// A key with the node that its transactions go through.
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

    /// Signs a message with the account's next nonce, at the fee that the chain asks for it.
    pub(crate) async fn sign(
        &self,
        message: Message,
        nonce: Option<u64>,
        memo: &str,
        expiry: u64,
    ) -> Result<SignedTx, Failure> {
        let account = self.client.account(&self.address()).await.map_err(failed)?;
        let fees = self.client.params().await.map_err(failed)?.data.fees;
        let body = TxBody {
            chain: self.chain.chain_id.clone(),
            sender: self.address(),
            nonce: nonce.unwrap_or(account.data.nonce),
            fee: Amount::ZERO,
            expiry: account.height.checked_add(expiry).or_fail(Code::Usage, "--expiry")?,
            memo: crate::demo::cast::text(memo)?,
            message,
        };
        // The fee's own bytes do not depend on its value: integers have a fixed width.
        let draft = body.clone().sign(self.chain.genesis_hash, &self.key);
        let fee = fixed_fee(&fees, &draft.body.message, draft.encode().len());
        Ok(TxBody { fee, ..body }.sign(self.chain.genesis_hash, &self.key))
    }

    /// Signs, sends and waits until a block has it.
    pub(crate) async fn must(&self, message: Message, wait: Duration) -> Result<Receipt, Failure> {
        let tx = self.sign(message, None, "", 600).await?;
        let hash = self.client.submit(&tx).await.map_err(failed)?;
        let receipt = self.client.wait_tx(&hash, wait).await.map_err(failed)?.data;
        accepted(receipt)
    }
}

/// Signs and sends a message as the flags say, and shows what became of it.
pub(crate) async fn send(
    global: &Global,
    flags: &TxFlags,
    message: Message,
) -> Result<(), Failure> {
    let wallet = Wallet::open(client(global)?, keyfile::read(&flags.from)?).await?;
    let tx = wallet.sign(message, flags.nonce, &flags.memo, flags.expiry).await?;
    if flags.dry_run {
        let receipt = wallet.client.dry_run(&tx).await.map_err(failed)?;
        output::show(global.output, &receipt, |receipt| text(&receipt.data))?;
        return accepted(receipt.data).map(|_| ());
    }
    let hash = wallet.client.submit(&tx).await.map_err(failed)?;
    // First of all the hash: whatever happens to the wait, the transaction can be looked up.
    crate::output::say(global, &format!("sent {hash}"));
    if flags.no_wait {
        return output::show(global.output, &serde_json::json!({ "hash": hash }), |_| {
            hash.to_string()
        });
    }
    wait(global, &wallet.client, hash, flags.wait).await
}

/// Waits for a transaction and shows its receipt.
pub(crate) async fn wait(
    global: &Global,
    client: &Client,
    hash: TxHash,
    seconds: u64,
) -> Result<(), Failure> {
    let waited = client.wait_tx(&hash, Duration::from_secs(seconds)).await;
    let receipt = waited.map_err(failed)?;
    output::show(global.output, &receipt, |receipt| text(&receipt.data))?;
    accepted(receipt.data).map(|_| ())
}

/// A receipt for people.
pub(crate) fn text(receipt: &Receipt) -> String {
    let Receipt { tx, height, index, fee, outcome, events } = receipt;
    let outcome = match outcome {
        Outcome::Ok => "carried out".to_owned(),
        Outcome::Refused { code, message } => format!("refused: {message} ({code})"),
    };
    let events: String = events.iter().map(|event| format!("\n  {event:?}")).collect();
    format!("{tx}\nblock {height}, place {index}, fee {fee} PBY\n{outcome}{events}")
}

/// A client of the node that the flags name.
pub(crate) fn client(global: &Global) -> Result<Client, Failure> {
    Client::new(&crate::home::node_url(global, None)?).or_fail(Code::Usage, "--node")
}

/// The exit code of what a node says.
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
    let unreachable = code == Code::Unreachable;
    let failure = Failure::new(code, error);
    if unreachable { failure.hint("name a running node with --node URL") } else { failure }
}

/// Whether a problem's code means that a transaction was not taken: by the rules, or by the mempool.
fn refusal(code: &str) -> bool {
    let mempool =
        ["nonce_taken", "nonce_used", "nonce_too_high", "expired", "sender_full", "mempool_full"];
    code.starts_with("tx.") || mempool.contains(&code)
}

fn accepted(receipt: Receipt) -> Result<Receipt, Failure> {
    match &receipt.outcome {
        Outcome::Ok => Ok(receipt),
        Outcome::Refused { code, message } => {
            Err(Failure::new(Code::TxFailed, format_args!("{message} ({code})")))
        }
    }
}
