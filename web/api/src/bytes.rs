//! Bytes as hexadecimal digits in JSON.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

/// Bytes whose text form is hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct HexBytes(pub Vec<u8>);

/// Why a text is not bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not hexadecimal: {reason}")]
pub struct ParseHexError {
    text: String,
    reason: String,
}

impl Deref for HexBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0))
    }
}

impl fmt::Debug for HexBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HexBytes {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex::decode(text).map(Self).map_err(|error| ParseHexError {
            text: text.chars().take(80).collect(),
            reason: error.to_string(),
        })
    }
}

impl serde::Serialize for HexBytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for HexBytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back_from_their_digits() {
        let bytes = HexBytes(vec![0, 255, 16]);
        assert_eq!(bytes.to_string(), "00ff10");
        assert_eq!("00ff10".parse(), Ok(bytes));
        assert!("0".parse::<HexBytes>().is_err());
        assert!("zz".parse::<HexBytes>().is_err());
    }
}
