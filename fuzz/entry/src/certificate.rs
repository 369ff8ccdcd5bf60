//! Result certificates, which strangers hand around as files.

use probity_primitives::Hash;
use probity_runtime::result_certificate::ResultCertificate;

use crate::{Verdict, text};

/// A result certificate.
///
/// # Panics
/// If another text reads as the same certificate, or one convinces whoever trusts another chain.
#[must_use]
pub fn certificate(bytes: &[u8]) -> Verdict {
    let text = text(bytes);
    Verdict::of(ResultCertificate::from_json(text), |certificate| {
        assert_eq!(certificate.to_json(), text, "a certificate has two texts");
        let genesis_hash = certificate.genesis.hash();
        let elsewhere = Hash::from_bytes([0; 32]);
        assert!(certificate.verify(elsewhere).is_err(), "any genesis hash will do");
        let first = certificate.verify(genesis_hash);
        assert_eq!(certificate.verify(genesis_hash), first, "verifying has a memory");
    })
}
