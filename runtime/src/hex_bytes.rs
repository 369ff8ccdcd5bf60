//! Bytes that stand in JSON as hexadecimal digits.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::BoundedVec;
use probity_primitives::bounded::LimitError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// At most `MAX` bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, BorshSerialize, BorshDeserialize)]
pub struct HexBytes<const MAX: usize>(BoundedVec<u8, MAX>);

impl<const MAX: usize> HexBytes<MAX> {
    /// These bytes.
    ///
    /// # Errors
    /// [`LimitError`] if there are more than `MAX`.
    pub fn new(bytes: Vec<u8>) -> Result<Self, LimitError> {
        BoundedVec::from_vec(bytes).map(Self)
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> std::ops::Deref for HexBytes<MAX> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<const MAX: usize> Serialize for HexBytes<MAX> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.as_slice()))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for HexBytes<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(deserializer)?;
        let bytes = hex::decode(text.as_ref()).map_err(serde::de::Error::custom)?;
        Self::new(bytes).map_err(serde::de::Error::custom)
    }
}
