//! The standard's vectors, damage, hostile files.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::passphrase::Passphrase;

const PBKDF2: &str = include_str!("../../vectors/eip2335-pbkdf2.json");
const SCRYPT: &str = include_str!("../../vectors/eip2335-scrypt.json");
/// The passphrase and the secret of both of the standard's test cases.
const WORDS: &str = "𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑";
const SECRET: &str = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f";

fn words(text: &str) -> Passphrase {
    Passphrase::new(text).unwrap()
}

/// A keystore that takes no time to open.
fn sealed(label: &Label) -> Keystore {
    let secret = Secret::from_bytes([7; 32]);
    Keystore::seal(&secret, &words("open sesame"), label, Kdf::pbkdf2(10).unwrap()).unwrap()
}

/// What a keystore says of a file in which something was changed.
fn changed(text: &str, pointer: &str, value: Value) -> Result<Keystore, KeystoreError> {
    let mut document: Value = serde_json::from_str(text).unwrap();
    *document.pointer_mut(pointer).unwrap() = value;
    Keystore::from_json(&document.to_string())
}

#[test]
fn both_test_cases_of_the_standard_open() {
    for text in [PBKDF2, SCRYPT] {
        let keystore = Keystore::from_json(text).unwrap();
        let secret = keystore.decrypt(&words(WORDS)).unwrap();
        assert_eq!(hex::encode(secret.as_bytes()), SECRET);
        // Their public key is of another curve, so the secret is none of ours.
        assert_eq!(keystore.public(), None);
        assert_eq!(keystore.open(&words(WORDS)).unwrap_err(), KeystoreError::ForeignKey);
    }
}

#[test]
fn what_was_sealed_opens_with_its_passphrase_alone() {
    let path = Path::of(0, Role::Owner, 0).unwrap();
    let label = Label { path: Some(path.clone()), beacon: false, description: "mine".to_owned() };
    let keystore = Keystore::from_json(&sealed(&label).to_json().unwrap()).unwrap();
    assert_eq!(keystore.open(&words("open sesame")).unwrap().as_bytes(), &[7; 32]);
    let refused = keystore.open(&words("open sesamf")).unwrap_err();
    assert_eq!(refused, KeystoreError::WrongPassphrase);
    assert_eq!(keystore.path(), Some(path));
    assert_eq!(keystore.role(), Some(Role::Owner));
    assert_eq!(keystore.description(), "mine");
    let public = Secret::from_bytes([7; 32]).keypair().public();
    assert_eq!(keystore.public(), Some(*public.as_bytes()));
}

#[test]
fn a_beacon_key_states_the_public_key_of_the_beacon() {
    let keystore = sealed(&Label { beacon: true, ..Label::default() });
    let public = Secret::from_bytes([7; 32]).beacon().unwrap().public();
    assert_eq!(keystore.public(), Some(*public.as_bytes()));
    assert!(keystore.open(&words("open sesame")).is_ok());
}

#[test]
fn the_same_secret_sealed_twice_shares_neither_salt_nor_stream() {
    let (first, second) = (sealed(&Label::default()), sealed(&Label::default()));
    assert_ne!(first.kdf(), second.kdf());
    assert_ne!(first.0.crypto.cipher, second.0.crypto.cipher);
    assert_ne!(first.uuid(), second.uuid());
}

#[test]
fn a_file_in_which_a_digit_changed_does_not_open() {
    let text = sealed(&Label::default()).to_json().unwrap();
    for (pointer, refusal) in [
        ("/crypto/cipher/message", KeystoreError::WrongPassphrase),
        ("/crypto/checksum/message", KeystoreError::WrongPassphrase),
        ("/crypto/kdf/params/salt", KeystoreError::WrongPassphrase),
        // The standard's checksum does not cover the vector; the public key does.
        ("/crypto/cipher/params/iv", KeystoreError::ForeignKey),
        ("/pubkey", KeystoreError::ForeignKey),
    ] {
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut digits = hex::decode(document.pointer(pointer).unwrap().as_str().unwrap()).unwrap();
        digits[3] ^= 0x10;
        let keystore = changed(&text, pointer, json!(hex::encode(digits))).unwrap();
        let refused = keystore.open(&words("open sesame"));
        assert_eq!(refused.unwrap_err(), refusal, "{pointer}");
    }
}

#[test]
fn a_file_that_asks_for_too_much_is_refused_before_anything_is_computed() {
    let rounds = |c: u64| changed(PBKDF2, "/crypto/kdf/params/c", json!(c));
    assert_eq!(rounds(0), Err(KeystoreError::Rounds(0)));
    assert_eq!(rounds(10_000_001), Err(KeystoreError::Rounds(10_000_001)));
    assert!(rounds(10_000_000).is_ok());
    assert!(matches!(rounds(1 << 40), Err(KeystoreError::Malformed(_))));
    let scrypt = |n: u64, r: u32, p: u32| {
        let salt = "00".repeat(32);
        changed(
            SCRYPT,
            "/crypto/kdf/params",
            json!({ "dklen": 32, "n": n, "p": p, "r": r, "salt": salt }),
        )
    };
    assert_eq!(scrypt(1 << 19, 8, 1), Err(KeystoreError::Memory(512 << 20)));
    assert_eq!(scrypt(1 << 63, u32::MAX, u32::MAX), Err(KeystoreError::Memory(u64::MAX)));
    assert_eq!(scrypt(1 << 18, 8, 2).unwrap_err(), KeystoreError::Memory((256 << 20) + 1024));
    assert_eq!(scrypt(2, 1, 1 << 21), Err(KeystoreError::Memory(((1 << 21) + 1) * 128)));
    assert_eq!(scrypt(1 << 14, 8, 65), Err(KeystoreError::Work((1 << 17) * 65)));
    for (n, r, p) in [(0, 8, 1), (1, 8, 1), (3, 8, 1), (1 << 10, 0, 1), (1 << 10, 8, 0)] {
        assert_eq!(scrypt(n, r, p), Err(KeystoreError::Scrypt { n, r, p }), "{n} {r} {p}");
    }
    assert!(scrypt(1 << 14, 8, 64).is_ok());
}

#[test]
fn what_is_no_keystore_is_refused() {
    let malformed =
        |found: Result<Keystore, KeystoreError>| matches!(found, Err(KeystoreError::Malformed(_)));
    assert!(malformed(Keystore::from_json("")));
    assert!(malformed(Keystore::from_json("[]")));
    assert!(malformed(changed(PBKDF2, "/uuid", json!("64625def"))));
    assert!(malformed(changed(PBKDF2, "/crypto/kdf/message", json!("00"))));
    assert!(malformed(changed(PBKDF2, "/crypto/kdf/function", json!("argon2"))));
    assert!(malformed(changed(PBKDF2, "/crypto/kdf/params/prf", json!("hmac-sha1"))));
    assert!(malformed(changed(PBKDF2, "/crypto/checksum/params", json!({ "x": 1 }))));
    assert!(malformed(changed(PBKDF2, "/crypto/cipher/message", json!("0g"))));
    assert!(malformed(Keystore::from_json(&PBKDF2.replacen('{', "{ \"name\": \"x\",", 1))));
    assert_eq!(changed(PBKDF2, "/version", json!(3)), Err(KeystoreError::Version(3)));
    let length = |field, found, expected| Err(KeystoreError::Length { field, found, expected });
    let short = |pointer| changed(PBKDF2, pointer, json!("0011"));
    assert_eq!(short("/crypto/cipher/message"), length("cipher.message", 2, "32"));
    assert_eq!(short("/crypto/cipher/params/iv"), length("cipher.params.iv", 2, "16"));
    assert_eq!(short("/crypto/checksum/message"), length("checksum.message", 2, "32"));
    assert_eq!(short("/crypto/kdf/params/salt"), length("kdf.params.salt", 2, "8 to 64"));
    let key = changed(PBKDF2, "/crypto/kdf/params/dklen", json!(64));
    assert_eq!(key, length("kdf.params.dklen", 64, "32"));
    let long = " ".repeat(MAX_BYTES + 1);
    assert_eq!(Keystore::from_json(&long), Err(KeystoreError::TooLarge { bytes: MAX_BYTES + 1 }));
}

#[test]
fn a_new_file_needs_nothing_that_a_browser_does_not_have() {
    // WebCrypto: PBKDF2 with HMAC and SHA-256, AES-CTR with a counter of 128 bits, SHA-256.
    let document: Value =
        serde_json::from_str(&sealed(&Label::default()).to_json().unwrap()).unwrap();
    let text = |pointer: &str| document.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    assert_eq!(text("/crypto/kdf/function"), "pbkdf2");
    assert_eq!(text("/crypto/kdf/params/prf"), "hmac-sha256");
    assert_eq!(text("/crypto/cipher/function"), "aes-128-ctr");
    assert_eq!(text("/crypto/checksum/function"), "sha256");
    assert_eq!(text("/pubkey").len(), 64);
}

#[test]
fn a_file_is_written_as_it_was_read() {
    for keystore in [sealed(&Label::default()), Keystore::from_json(SCRYPT).unwrap()] {
        let text = keystore.to_json().unwrap();
        assert_eq!(Keystore::from_json(&text).unwrap().to_json().unwrap(), text);
    }
}

#[test]
fn a_uuid_has_its_version_and_its_variant() {
    assert_eq!(uuid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    assert_eq!(uuid([0; 16]), "00000000-0000-4000-8000-000000000000");
    assert!(is_uuid(&uuid([9; 16])) && !is_uuid("00000000-0000-4000-8000-00000000000g"));
}

#[test]
fn a_description_has_a_limit() {
    let label = Label { description: "a".repeat(257), ..Label::default() };
    let secret = Secret::from_bytes([7; 32]);
    let kdf = Kdf::pbkdf2(1).unwrap();
    let refused = Keystore::seal(&secret, &words("open sesame"), &label, kdf);
    assert_eq!(refused, Err(KeystoreError::Description { bytes: 257 }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_makes_the_reader_fail_otherwise_than_with_an_error(text in ".{0,300}") {
        prop_assert!(Keystore::from_json(&text).is_err());
    }

    #[test]
    fn a_file_cut_anywhere_is_refused(at in 0_usize..600) {
        let text = sealed(&Label::default()).to_json().unwrap();
        let cut: String = text.trim_end().chars().take(at).collect();
        prop_assert!(cut.len() == text.trim_end().len() || Keystore::from_json(&cut).is_err());
    }
}
