//! The one way a value that has a text form stands in JSON: as that text.

macro_rules! serde_as_text {
    ($name:ty) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text =
                    <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// `Display`, `Debug`, `FromStr` and JSON of fixed bytes as hexadecimal digits.
macro_rules! hex_text {
    ($name:ident, $len:literal) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&hex::encode(self.0))
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::text::ParseHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let mut bytes = [0; $len];
                crate::text::read_hex(text, &mut bytes)?;
                Ok(Self(bytes))
            }
        }

        crate::text::serde_as_text!($name);
    };
}

pub(crate) use {hex_text, serde_as_text};

/// Why a text is not a hash, a key or a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {digits} hexadecimal digits: {reason}")]
pub struct ParseHexError {
    text: String,
    digits: usize,
    reason: String,
}

pub(crate) fn read_hex(text: &str, bytes: &mut [u8]) -> Result<(), ParseHexError> {
    hex::decode_to_slice(text, bytes).map_err(|error| ParseHexError {
        text: text.chars().take(140).collect(),
        digits: bytes.len().saturating_mul(2),
        reason: error.to_string(),
    })
}
