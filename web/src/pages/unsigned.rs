//! Unsigned transactions: what a form asks for, as bytes, as text and as the file that the command
//! line signs.
//!
//! Nothing here signs or sends. The text is the one that the command line makes of the same bytes,
//! so that the two can be compared by eye before a key is used.
//!
//! # Invariants
//! - The nonce is the next one that is neither used nor waiting; the fee is the fixed one.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use probity_api::Code;
use probity_primitives::{Address, Amount, BoundedString, Hash, Height, codec};
use probity_runtime::chain::fixed_fee;
use probity_runtime::hex_bytes::HexBytes;
use probity_runtime::tx::MAX_TX_BYTES;
use probity_runtime::{ChainId, Message, TxBody, query, text};
use serde::Serialize;

use super::frame::{Frame, page};
use super::words::{When, tokens};
use crate::error::ApiError;
use crate::routes::App;

/// The schema of the file.
const SCHEMA: &str = "probity.unsigned-tx/v1";

/// For how many blocks the transaction stays valid.
const EXPIRY: u64 = 600;

/// What a key and a signature add to the body.
const SIGNATURE_BYTES: usize = 96;

/// The digits after the point of a token.
const DECIMALS: usize = 9;

/// The file, in the form that the command line reads.
#[derive(Serialize)]
struct File {
    schema: &'static str,
    chain_id: ChainId,
    genesis_hash: Hash,
    text: Vec<String>,
    signed_hash: Hash,
    body: HexBytes<MAX_TX_BYTES>,
}

/// The transaction that an account would send now.
pub(super) async fn body(
    app: &App,
    frame: &Frame,
    sender: Address,
    message: Message,
) -> Result<TxBody, ApiError> {
    let ledger = frame.chain.ledger();
    let stored = query::account(ledger, &sender).nonce;
    let waiting = app.backend.waiting(&sender).await?;
    let nonce = waiting
        .iter()
        .fold(stored, |next, one| if one.nonce == next { next.saturating_add(1) } else { next });
    let body = TxBody {
        chain: frame.chain.identity().chain_id.clone(),
        sender,
        nonce,
        fee: Amount::ZERO,
        expiry: Height(frame.chain.height().0.saturating_add(EXPIRY)),
        memo: BoundedString::default(),
        message,
    };
    // The fee's own bytes do not depend on its value: integers have a fixed width.
    let bytes = codec::encode(&body).len().saturating_add(SIGNATURE_BYTES);
    let fee = fixed_fee(&ledger.params.get().fees, &body.message, bytes);
    Ok(TxBody { fee, ..body })
}

#[derive(Template)]
#[template(path = "unsigned.html")]
struct Unsigned {
    frame: Frame,
    text: String,
    describes: super::names::Name,
    signed_hash: String,
    body: String,
    fee: String,
    free: String,
    short: bool,
    expires: When,
    file: String,
    back: String,
}

/// A page that shows a transaction before it is signed.
pub(super) fn show(
    frame: Frame,
    body: &TxBody,
    query: &str,
    path: &str,
) -> Result<Response, ApiError> {
    let genesis_hash = frame.chain.genesis_hash();
    let free = query::account(frame.chain.ledger(), &body.sender).free;
    let unsigned = Unsigned {
        text: text::transaction(body, genesis_hash),
        describes: super::names::Name::of(&body.message.describe()),
        signed_hash: text::signed_hash(body, genesis_hash).to_string(),
        body: hex::encode(codec::encode(body)),
        fee: tokens(body.fee),
        free: tokens(free),
        short: free < body.fee,
        expires: frame.clock.at(body.expiry),
        file: format!("{path}?{query}&file=true"),
        back: format!("{path}?{query}&edit=true"),
        frame: frame.named("Sign this elsewhere", "/status"),
    };
    page(&unsigned)
}

/// The file of a transaction.
pub(super) fn file(frame: &Frame, body: &TxBody) -> Result<Response, ApiError> {
    let genesis_hash = frame.chain.genesis_hash();
    let shown = text::transaction(body, genesis_hash);
    let bytes = HexBytes::new(codec::encode(body))
        .map_err(|error| ApiError::new(Code::BadParameter, error.to_string()))?;
    let file = File {
        schema: SCHEMA,
        chain_id: body.chain.clone(),
        genesis_hash,
        text: shown.lines().map(str::to_owned).collect(),
        signed_hash: text::signed_hash(body, genesis_hash),
        body: bytes,
    };
    let mut json = serde_json::to_string_pretty(&file)
        .map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
    json.push('\n');
    let mut response = json.into_response();
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, "application/json");
    set(header::CONTENT_DISPOSITION, "attachment; filename=\"unsigned.json\"");
    set(header::CACHE_CONTROL, "no-store");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    Ok(response)
}

/// A form that is shown again because of what was put into it.
pub(super) fn again(form: &impl Template) -> Result<Response, ApiError> {
    let mut response = page(form)?;
    *response.status_mut() = StatusCode::BAD_REQUEST;
    Ok(response)
}

/// Tokens as a person gives them in a form, with or without the symbol. Nothing is rounded.
pub(super) fn amount(given: &str) -> Result<Amount, String> {
    let plain = given.trim().trim_end_matches(text::SYMBOL).trim_end().replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return Err(format!("{given:?} is not a number of tokens with at most 9 decimals"));
    }
    let units = format!("{whole}{part:0<DECIMALS$}");
    units.parse().map_err(|_| format!("{given:?} is more than there can be"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_people_write_them_and_never_rounded() {
        let units = Amount::from_units;
        assert_eq!(amount("1.5"), Ok(units(1_500_000_000)));
        assert_eq!(amount(" 1,000 PBY "), Ok(Amount::from_tokens(1_000)));
        assert_eq!(amount("0.000000001"), Ok(units(1)));
        for wrong in ["", "-1", "1.", ".5", "1e3", "0.0000000001", "PBY", "one"] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
        assert!(amount(&"9".repeat(40)).unwrap_err().contains("more"));
    }
}
