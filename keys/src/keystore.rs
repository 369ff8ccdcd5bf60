//! A secret in a file, under a passphrase: the layout of EIP-2335, version 4.
//!
//! A key is derived from the passphrase; its first half encrypts the secret with AES-128 in counter
//! mode, its second half goes into a SHA-256 checksum of the ciphertext, which tells a wrong
//! passphrase from a right one. New files use PBKDF2, so that everything in them can be opened with
//! what a browser has built in; scrypt is read, within limits ([`kdf`]).
//!
//! # Invariants
//! - A secret leaves [`Keystore::open`] only if the file's public key is the secret's own: a file
//!   whose label was exchanged opens nothing.
//! - Numbers in a file are judged before anything is computed with them.
//!
//! # Not here
//! Files and folders: [`crate::folder`]. The passphrase's normal form: [`crate::passphrase`].
//!
//! Spec: `docs/spec/26-keys.md`.

mod document;
mod error;
pub mod kdf;

use aes::Aes128;
use ctr::Ctr128BE;
use ctr::cipher::{KeyIvInit, StreamCipher};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use self::document::{Checksum, Cipher, Crypto, Document, Hex, Iv, Nothing};
pub use self::error::KeystoreError;
pub use self::kdf::Kdf;
use crate::derive::{Path, Role};
use crate::passphrase::Passphrase;
use crate::secret::{Secret, random};

/// The largest keystore file, in bytes.
pub const MAX_BYTES: usize = 16 << 10;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 256;
/// The only version there is.
const VERSION: u32 = 4;

/// What stands beside the secret for everyone to read.
#[derive(Debug, Clone, Default)]
pub struct Label {
    /// Where the secret comes from, if from a phrase.
    pub path: Option<Path>,
    /// Whether the public key is a beacon key's and not an ed25519 key's.
    pub beacon: bool,
    /// What its owner says of it.
    pub description: String,
}

/// A sealed secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keystore(Document);

impl Keystore {
    /// Seals a secret.
    ///
    /// # Errors
    /// [`KeystoreError`]: numbers of the derivation outside their limits, a description that is too
    /// long, or no random bytes.
    pub fn seal(
        secret: &Secret,
        passphrase: &Passphrase,
        label: &Label,
        kdf: Kdf,
    ) -> Result<Self, KeystoreError> {
        let Label { path, beacon, description } = label;
        if description.len() > MAX_DESCRIPTION {
            return Err(KeystoreError::Description { bytes: description.len() });
        }
        let key = kdf.derive(passphrase)?;
        let iv = random::<16>()?;
        let mut text = secret.as_bytes().to_vec();
        apply(&key, &iv, &mut text);
        let checksum = checksum(&key, &text);
        let (cipher, checksum) = (Hex(text), Hex(checksum.to_vec()));
        let crypto = Crypto {
            kdf: kdf.into_document(),
            checksum: Checksum::Sha256 { params: Nothing {}, message: checksum },
            cipher: Cipher::Aes128Ctr { params: Iv { iv: Hex(iv.to_vec()) }, message: cipher },
        };
        Ok(Self(Document {
            crypto,
            description: Some(description.clone()),
            pubkey: Some(Hex(public(secret, *beacon).to_vec())),
            path: path.as_ref().map(ToString::to_string).unwrap_or_default(),
            uuid: uuid(random()?),
            version: VERSION,
        }))
    }

    /// Reads a file's text, and judges every number in it.
    ///
    /// # Errors
    /// [`KeystoreError`].
    pub fn from_json(text: &str) -> Result<Self, KeystoreError> {
        if text.len() > MAX_BYTES {
            return Err(KeystoreError::TooLarge { bytes: text.len() });
        }
        let document: Document = serde_json::from_str(text)
            .map_err(|error| KeystoreError::Malformed(error.to_string()))?;
        if document.version != VERSION {
            return Err(KeystoreError::Version(document.version));
        }
        if !is_uuid(&document.uuid) {
            return Err(KeystoreError::Malformed(format!("{:?} is no uuid", document.uuid)));
        }
        let Cipher::Aes128Ctr { params, message } = &document.crypto.cipher;
        params.iv.expect_len("cipher.params.iv", 16)?;
        message.expect_len("cipher.message", 32)?;
        let Checksum::Sha256 { params: _, message } = &document.crypto.checksum;
        message.expect_len("checksum.message", 32)?;
        Kdf::from_document(&document.crypto.kdf)?;
        Ok(Self(document))
    }

    /// The file's text: the same for the same keystore, whoever writes it.
    ///
    /// # Errors
    /// None in practice: the fields of a keystore can all be written.
    pub fn to_json(&self) -> Result<String, KeystoreError> {
        let text = serde_json::to_string_pretty(&self.0)
            .map_err(|error| KeystoreError::Malformed(error.to_string()))?;
        Ok(text + "\n")
    }

    /// Opens the keystore and checks that the public key in it is the secret's.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassphrase`], or [`KeystoreError::ForeignKey`] if the public key is
    /// another's or of another kind.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Secret, KeystoreError> {
        let secret = self.decrypt(passphrase)?;
        let stated = self.public().ok_or(KeystoreError::ForeignKey)?;
        let ours = [false, true].into_iter().any(|beacon| public(&secret, beacon) == stated);
        if ours { Ok(secret) } else { Err(KeystoreError::ForeignKey) }
    }

    /// Opens a keystore whatever its public key says: the standard's own vectors hold keys of
    /// another curve.
    ///
    /// # Errors
    /// [`KeystoreError::WrongPassphrase`].
    pub fn decrypt(&self, passphrase: &Passphrase) -> Result<Secret, KeystoreError> {
        let Document { crypto: Crypto { kdf, checksum: stated, cipher }, .. } = &self.0;
        let Cipher::Aes128Ctr { params: Iv { iv }, message } = cipher;
        let Checksum::Sha256 { params: _, message: stated } = stated;
        let key = Kdf::from_document(kdf)?.derive(passphrase)?;
        if checksum(&key, &message.0).as_slice() != stated.0.as_slice() {
            return Err(KeystoreError::WrongPassphrase);
        }
        let mut text = Zeroizing::new(message.array::<32>("cipher.message")?);
        apply(&key, &iv.array("cipher.params.iv")?, text.as_mut_slice());
        Ok(Secret::from_bytes(*text))
    }

    /// The public key that the file states, if it has the form of one of ours.
    #[must_use]
    pub fn public(&self) -> Option<[u8; 32]> {
        self.0.pubkey.as_ref().and_then(|bytes| bytes.array("pubkey").ok())
    }

    /// The path that the file states, if it is one of this curve.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        self.0.path.parse().ok()
    }

    /// What the key is for, as its path says.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        self.path().and_then(|path| path.role())
    }

    /// What its owner says of it.
    #[must_use]
    pub fn description(&self) -> &str {
        self.0.description.as_deref().unwrap_or_default()
    }

    /// The name of this file among all files.
    #[must_use]
    pub fn uuid(&self) -> &str {
        &self.0.uuid
    }

    /// How the key is derived from the passphrase.
    ///
    /// # Errors
    /// None for a keystore that was read or sealed here.
    pub fn kdf(&self) -> Result<Kdf, KeystoreError> {
        Kdf::from_document(&self.0.crypto.kdf)
    }
}

/// Encrypts and decrypts: in counter mode that is one thing.
fn apply(key: &[u8; 32], iv: &[u8; 16], text: &mut [u8]) {
    let mut half = Zeroizing::new([0; 16]);
    half.copy_from_slice(key.split_at(16).0);
    Ctr128BE::<Aes128>::new((&*half).into(), iv.into()).apply_keystream(text);
}

fn checksum(key: &[u8; 32], text: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(key.split_at(16).1).chain_update(text).finalize().into()
}

fn public(secret: &Secret, beacon: bool) -> [u8; 32] {
    match secret.beacon() {
        Some(vrf) if beacon => *vrf.public().as_bytes(),
        Some(_) | None => *secret.keypair().public().as_bytes(),
    }
}

/// A random UUID (RFC 4122, version 4).
fn uuid(random: [u8; 16]) -> String {
    let bits = u128::from_be_bytes(random);
    let bits = (bits & !(0xf << 76) | (4 << 76)) & !(0x3 << 62) | (0x2 << 62);
    let digits = format!("{bits:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| digits.get(part).unwrap_or("0"));
    parts.join("-")
}

fn is_uuid(text: &str) -> bool {
    let mut lengths = text.split('-').map(str::len);
    let digits = text.chars().all(|c| c == '-' || c.is_ascii_hexdigit());
    digits && lengths.by_ref().eq([8, 4, 4, 4, 12])
}

#[cfg(test)]
mod tests;
