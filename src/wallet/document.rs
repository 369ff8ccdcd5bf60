//! Transactions as files, to sign on a machine without a network and to send from another.
//!
//! An unsigned file has the bytes and their text. Only the bytes are believed: whoever reads the
//! file makes the text anew and refuses a file whose text says something else.

use std::path::Path;

use probity_primitives::{Hash, TxHash, codec};
use probity_runtime::hex_bytes::HexBytes;
use probity_runtime::tx::MAX_TX_BYTES;
use probity_runtime::{ChainId, SignedTx, TxBody, text};
use serde::{Deserialize, Serialize};

use crate::exit::{Code, Failure, OrFail};

/// The schema of an unsigned file.
pub(crate) const UNSIGNED: &str = "probity.unsigned-tx/v1";
/// The schema of a signed file.
pub(crate) const SIGNED: &str = "probity.signed-tx/v1";
/// The longest file: digits and text of the longest transaction.
const MAX_BYTES: u64 = 8 << 20;

/// A transaction that waits for its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Unsigned {
    schema: String,
    /// The chain.
    pub(crate) chain_id: ChainId,
    /// The hash of its genesis document, which the signature covers.
    pub(crate) genesis_hash: Hash,
    /// What a person reads, line by line.
    text: Vec<String>,
    /// The hash that is signed.
    signed_hash: Hash,
    /// The body's canonical bytes.
    body: HexBytes<MAX_TX_BYTES>,
}

/// A transaction that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signed {
    schema: String,
    /// The chain.
    pub(crate) chain_id: ChainId,
    /// The hash of the genesis document that it was signed for.
    pub(crate) genesis_hash: Hash,
    /// The transaction's name.
    pub(crate) hash: TxHash,
    /// The transaction's canonical bytes.
    tx: HexBytes<MAX_TX_BYTES>,
}

/// What a file or a text holds.
pub(crate) enum Found {
    /// A body and the genesis hash that it is for.
    Unsigned(Box<TxBody>, Hash),
    /// A transaction, and the genesis hash that it was signed for if that is known.
    Signed(Box<SignedTx>, Option<Hash>),
}

impl Unsigned {
    /// The file of a body.
    pub(crate) fn of(body: &TxBody, genesis_hash: Hash) -> Result<Self, Failure> {
        let shown = text::transaction(body, genesis_hash);
        Ok(Self {
            schema: UNSIGNED.to_owned(),
            chain_id: body.chain.clone(),
            genesis_hash,
            text: shown.lines().map(str::to_owned).collect(),
            signed_hash: text::signed_hash(body, genesis_hash),
            body: bytes(codec::encode(body))?,
        })
    }

    /// The body, if all that the file says is of its bytes.
    fn body(&self) -> Result<TxBody, Failure> {
        let body: TxBody = codec::decode(&self.body, MAX_TX_BYTES)
            .or_fail(Code::Verification, "the file's bytes are no transaction")?;
        if Self::of(&body, self.genesis_hash)? != *self {
            let message = "the file says something else than its bytes; do not sign it";
            return Err(Failure::new(Code::Verification, message));
        }
        Ok(body)
    }
}

impl Signed {
    /// The file of a transaction.
    pub(crate) fn of(tx: &SignedTx, genesis_hash: Hash) -> Result<Self, Failure> {
        Ok(Self {
            schema: SIGNED.to_owned(),
            chain_id: tx.body.chain.clone(),
            genesis_hash,
            hash: tx.hash(),
            tx: bytes(tx.encode())?,
        })
    }

    fn tx(&self) -> Result<SignedTx, Failure> {
        let tx = SignedTx::decode(&self.tx)
            .or_fail(Code::Verification, "the file's bytes are no transaction")?;
        if Self::of(&tx, self.genesis_hash)? != *self {
            let message = "the file says something else than its bytes";
            return Err(Failure::new(Code::Verification, message));
        }
        Ok(tx)
    }
}

fn bytes(bytes: Vec<u8>) -> Result<HexBytes<MAX_TX_BYTES>, Failure> {
    HexBytes::new(bytes).or_fail(Code::Usage, "the transaction is too long")
}

/// Reads a transaction from a file, from standard input (`-`), or from the digits themselves.
pub(crate) fn find(given: &str) -> Result<Found, Failure> {
    let text = if given == "-" || Path::new(given).exists() {
        crate::wallet::input(given, MAX_BYTES)?
    } else {
        given.to_owned()
    };
    read(text.trim())
}

fn read(text: &str) -> Result<Found, Failure> {
    if !text.starts_with('{') {
        let what = "neither a file nor the hexadecimal digits of a transaction";
        let bytes = hex::decode(text).or_fail(Code::Usage, what)?;
        let tx = SignedTx::decode(&bytes).or_fail(Code::Usage, what)?;
        return Ok(Found::Signed(Box::new(tx), None));
    }
    let schema = serde_json::from_str::<serde_json::Value>(text)
        .ok()
        .and_then(|value| value.get("schema").and_then(|name| name.as_str().map(str::to_owned)));
    match schema.as_deref() {
        Some(UNSIGNED) => {
            let file: Unsigned =
                serde_json::from_str(text).or_fail(Code::Usage, "cannot read the file")?;
            Ok(Found::Unsigned(Box::new(file.body()?), file.genesis_hash))
        }
        Some(SIGNED) => {
            let file: Signed =
                serde_json::from_str(text).or_fail(Code::Usage, "cannot read the file")?;
            Ok(Found::Signed(Box::new(file.tx()?), Some(file.genesis_hash)))
        }
        other => {
            let found = other.unwrap_or("none");
            let message = format!("the schema is {found}, expected {UNSIGNED} or {SIGNED}");
            Err(Failure::new(Code::Usage, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, Amount, BoundedString, Height, Keypair, Network};
    use probity_runtime::Message;
    use probity_runtime::message::Transfer;

    use super::*;

    const GENESIS: Hash = Hash::from_bytes([2; 32]);

    fn body() -> TxBody {
        let sender = Address::of(&Keypair::from_seed([1; 32]).public(), Network::Test);
        TxBody {
            chain: BoundedString::new("files").unwrap(),
            sender,
            nonce: 7,
            fee: Amount::from_units(9),
            expiry: Height(99),
            memo: BoundedString::default(),
            message: Message::Transfer(Transfer { to: sender, amount: Amount::from_tokens(1) }),
        }
    }

    fn code(text: &str) -> String {
        match read(text) {
            Ok(_) => "read".to_owned(),
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[test]
    fn files_read_back_to_what_they_were_made_of() {
        let file = serde_json::to_string(&Unsigned::of(&body(), GENESIS).unwrap()).unwrap();
        let Ok(Found::Unsigned(read_body, genesis)) = read(&file) else { panic!("{file}") };
        assert_eq!((*read_body, genesis), (body(), GENESIS));
        let tx = body().sign(GENESIS, &Keypair::from_seed([1; 32]));
        let file = serde_json::to_string(&Signed::of(&tx, GENESIS).unwrap()).unwrap();
        for text in [file.as_str(), &hex::encode(tx.encode())] {
            let Ok(Found::Signed(found, _)) = read(text) else { panic!("{text}") };
            assert_eq!(*found, tx);
        }
    }

    #[test]
    fn a_file_that_says_something_else_than_its_bytes_is_refused() {
        let file = serde_json::to_string(&Unsigned::of(&body(), GENESIS).unwrap()).unwrap();
        let other = Hash::from_bytes([3; 32]).to_string();
        for (found, lie) in [
            ("amount: 1 PBY", "amount: 2 PBY"),
            (&*GENESIS.to_string(), &*other),
            ("nonce: 7", "nonce: 8"),
            ("\"files\"", "\"filez\""),
        ] {
            let changed = file.replacen(found, lie, 1);
            assert_ne!(changed, file, "{found}");
            assert!(code(&changed).contains("Verification"), "{changed}");
        }
        assert_eq!(code(&file), "read");
    }

    #[test]
    fn what_is_no_transaction_is_a_usage_error() {
        for text in ["", "zz", "00", "{}", r#"{"schema":"probity.task/v1"}"#, "[]"] {
            assert!(code(text).contains("Usage"), "{text}");
        }
    }
}
