//! Key files, which people carry from one machine to another.

use probity_keys::keystore::{Keystore, MAX_BYTES};
use probity_keys::passphrase::Passphrase;
use serde_json::Value;

use crate::{Verdict, text};

/// The most rounds, or steps, that a fuzzer has time for.
const CHEAP: u64 = 64;

/// A keystore. It is opened too, where that is cheap.
///
/// # Panics
/// If its text does not read as the same keystore, or a file that is too long is read.
#[must_use]
pub fn keystore(bytes: &[u8]) -> Verdict {
    let text = text(bytes);
    Verdict::of(Keystore::from_json(text), |keystore| {
        assert!(text.len() <= MAX_BYTES, "{} bytes were read", text.len());
        let written = keystore.to_json().unwrap_or_default();
        assert_eq!(Keystore::from_json(&written).ok().as_ref(), Some(&keystore), "{written}");
        if let (true, Ok(passphrase)) = (is_cheap(&written), Passphrase::new("testpassword")) {
            let opened = keystore.open(&passphrase).is_ok();
            assert!(!opened || keystore.decrypt(&passphrase).is_ok());
        }
    })
}

fn is_cheap(text: &str) -> bool {
    let document = serde_json::from_str::<Value>(text).unwrap_or_default();
    let number = |name: &str| {
        let at = document.pointer(&format!("/crypto/kdf/params/{name}"));
        at.and_then(Value::as_u64)
    };
    let steps = || number("n")?.checked_mul(number("r")?)?.checked_mul(number("p")?);
    number("c").or_else(steps).is_some_and(|work| work <= CHEAP)
}
