//! The text of a keystore, field by field, in the order in which it is written.
//!
//! A field that nobody knows is refused: a file with a second meaning is not to be trusted with a
//! secret.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::KeystoreError;

/// The whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) crypto: Crypto,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pubkey: Option<Hex>,
    pub(super) path: String,
    pub(super) uuid: String,
    pub(super) version: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Crypto {
    pub(super) kdf: KdfModule,
    pub(super) checksum: Checksum,
    pub(super) cipher: Cipher,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum KdfModule {
    Pbkdf2 { params: Pbkdf2Params, message: Empty },
    Scrypt { params: ScryptParams, message: Empty },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pbkdf2Params {
    pub(super) dklen: u32,
    pub(super) c: u32,
    pub(super) prf: Prf,
    pub(super) salt: Hex,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Prf {
    #[serde(rename = "hmac-sha256")]
    HmacSha256,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ScryptParams {
    pub(super) dklen: u32,
    pub(super) n: u64,
    pub(super) p: u32,
    pub(super) r: u32,
    pub(super) salt: Hex,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Checksum {
    Sha256 { params: Nothing, message: Hex },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "function", deny_unknown_fields)]
pub(super) enum Cipher {
    #[serde(rename = "aes-128-ctr")]
    Aes128Ctr { params: Iv, message: Hex },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Iv {
    pub(super) iv: Hex,
}

/// `{}`, where the standard asks for parameters and there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// `""`, where the standard asks for a message and there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Empty {
    #[serde(rename = "")]
    Empty,
}

/// Bytes as hexadecimal digits; written in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl Hex {
    pub(super) fn expect_len(&self, field: &'static str, len: usize) -> Result<(), KeystoreError> {
        if self.0.len() == len {
            return Ok(());
        }
        let expected = if len == 16 { "16" } else { "32" };
        Err(KeystoreError::Length { field, found: self.0.len(), expected })
    }

    pub(super) fn array<const N: usize>(
        &self,
        field: &'static str,
    ) -> Result<[u8; N], KeystoreError> {
        self.expect_len(field, N)?;
        let mut bytes = [0; N];
        bytes.copy_from_slice(&self.0);
        Ok(bytes)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}
