//! `probity key sign` and `verify`: texts that are no transactions.
//!
//! A signature proves who wrote a text. It covers H(`OFF-CHAIN` | text), and every signature that
//! the chain takes has another tag, so no text can be crafted that signs a transaction or a vote.

use std::io::Read;
use std::path::Path;

use probity_primitives::{Domain, PublicKey, Signature};
use serde::Serialize;

use crate::cli::{Global, PassphraseFlags, SignedText};
use crate::exit::{Code, Failure, OrFail};
use crate::keyfile::{self, KeySource};
use crate::output::show;

/// The longest text, in bytes.
const MAX_TEXT: u64 = 1 << 20;

#[derive(Debug, Serialize)]
struct Signed {
    schema: &'static str,
    public_key: PublicKey,
    signature: Signature,
}

pub(super) fn sign(
    global: &Global,
    key: &str,
    text: &SignedText,
    passphrase: &PassphraseFlags,
) -> Result<(), Failure> {
    let both = [&text.message_file, &passphrase.passphrase_file];
    if both.iter().all(|path| path.as_deref() == Some(Path::new("-"))) {
        return Err(Failure::new(Code::Usage, "standard input can be read for one thing only"));
    }
    let bytes = bytes(text)?;
    let keypair = keyfile::open(global, &KeySource { key, passphrase })?;
    let signed = Signed {
        schema: "probity.key.signature/v1",
        public_key: keypair.public(),
        signature: keypair.sign(Domain::OffChain, &bytes),
    };
    show(global.output, &signed, |signed| signed.signature.to_string())
}

pub(super) fn verify(
    global: &Global,
    key: &PublicKey,
    signature: &Signature,
    text: &SignedText,
) -> Result<(), Failure> {
    key.verify(Domain::OffChain, &bytes(text)?, signature)
        .or_fail(Code::Verification, "the text was not signed so")?;
    let signed =
        Signed { schema: "probity.key.signature/v1", public_key: *key, signature: *signature };
    show(global.output, &signed, |signed| format!("signed by {}", signed.public_key))
}

fn bytes(text: &SignedText) -> Result<Vec<u8>, Failure> {
    let SignedText { message, message_file } = text;
    let Some(path) = message_file else {
        return Ok(message.clone().unwrap_or_default().into_bytes());
    };
    let what = format!("cannot read {}", path.display());
    if path == Path::new("-") {
        return limited(std::io::stdin().lock(), &what);
    }
    limited(std::fs::File::open(path).or_fail(Code::Other, &what)?, &what)
}

fn limited(source: impl Read, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    source.take(MAX_TEXT.saturating_add(1)).read_to_end(&mut bytes).or_fail(Code::Other, what)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len <= MAX_TEXT) {
        return Ok(bytes);
    }
    Err(Failure::new(Code::Usage, format_args!("{what}: more than {MAX_TEXT} bytes")))
}
