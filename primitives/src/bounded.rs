//! Collections whose limit is in their type.
//!
//! A list or a text that comes from outside has a largest length, checked when it is built, read
//! from bytes or read from JSON.

use std::fmt;
use std::io::{self, Read, Write};
use std::ops::Deref;

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Deserializer, Serialize};

/// A collection above its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{len} {unit} are more than the {limit} allowed")]
pub struct LimitError {
    /// How many there are.
    pub len: usize,
    /// How many there may be.
    pub limit: usize,
    /// What is counted.
    pub unit: &'static str,
}

impl From<LimitError> for io::Error {
    fn from(error: LimitError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error.to_string())
    }
}

/// At most `MAX` elements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct BoundedVec<T, const MAX: usize>(Vec<T>);

impl<T, const MAX: usize> BoundedVec<T, MAX> {
    /// No elements.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// These elements.
    ///
    /// # Errors
    /// [`LimitError`] if there are more than `MAX`.
    pub fn from_vec(elements: Vec<T>) -> Result<Self, LimitError> {
        check(elements.len(), MAX, "elements")?;
        Ok(Self(elements))
    }

    /// Adds an element at the end.
    ///
    /// # Errors
    /// [`LimitError`] if there are `MAX` already.
    pub fn push(&mut self, element: T) -> Result<(), LimitError> {
        check(self.0.len().saturating_add(1), MAX, "elements")?;
        self.0.push(element);
        Ok(())
    }

    /// The elements, without the limit.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }
}

impl<T, const MAX: usize> Default for BoundedVec<T, MAX> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const MAX: usize> Deref for BoundedVec<T, MAX> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MAX: usize> IntoIterator for BoundedVec<T, MAX> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T, const MAX: usize> IntoIterator for &'a BoundedVec<T, MAX> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T, const MAX: usize> TryFrom<Vec<T>> for BoundedVec<T, MAX> {
    type Error = LimitError;

    fn try_from(elements: Vec<T>) -> Result<Self, LimitError> {
        Self::from_vec(elements)
    }
}

impl<T: BorshSerialize, const MAX: usize> BorshSerialize for BoundedVec<T, MAX> {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        BorshSerialize::serialize(&self.0, writer)
    }
}

impl<T: BorshDeserialize, const MAX: usize> BorshDeserialize for BoundedVec<T, MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let len = read_len(reader, MAX, "elements")?;
        let mut elements = Vec::new();
        for _ in 0..len {
            elements.push(T::deserialize_reader(reader)?);
        }
        Ok(Self(elements))
    }
}

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for BoundedVec<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_vec(<Vec<T> as Deserialize>::deserialize(deserializer)?)
            .map_err(serde::de::Error::custom)
    }
}

/// UTF-8 text of at most `MAX` bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct BoundedString<const MAX: usize>(String);

impl<const MAX: usize> BoundedString<MAX> {
    /// This text.
    ///
    /// # Errors
    /// [`LimitError`] if it has more than `MAX` bytes.
    pub fn new(text: impl Into<String>) -> Result<Self, LimitError> {
        let text = text.into();
        check(text.len(), MAX, "bytes of text")?;
        Ok(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> Deref for BoundedString<MAX> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Display for BoundedString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<const MAX: usize> fmt::Debug for BoundedString<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<const MAX: usize> BorshSerialize for BoundedString<MAX> {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        BorshSerialize::serialize(&self.0, writer)
    }
}

impl<const MAX: usize> BorshDeserialize for BoundedString<MAX> {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        let len = read_len(reader, MAX, "bytes of text")?;
        let mut bytes = vec![0; len];
        reader.read_exact(&mut bytes)?;
        String::from_utf8(bytes)
            .map(Self)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for BoundedString<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(<String as Deserialize>::deserialize(deserializer)?)
            .map_err(serde::de::Error::custom)
    }
}

fn check(len: usize, limit: usize, unit: &'static str) -> Result<(), LimitError> {
    if len > limit { Err(LimitError { len, limit, unit }) } else { Ok(()) }
}

fn read_len<R: Read>(reader: &mut R, limit: usize, unit: &'static str) -> io::Result<usize> {
    let len = u32::deserialize_reader(reader)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    check(len, limit, unit)?;
    Ok(len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{decode, encode};

    #[test]
    fn a_list_at_its_limit_reads_back_and_one_above_does_not() {
        let bytes = encode(&vec![1u8, 2, 3]);
        assert!(decode::<BoundedVec<u8, 3>>(&bytes, 64).is_ok());
        assert!(decode::<BoundedVec<u8, 2>>(&bytes, 64).is_err());
    }

    #[test]
    fn a_text_that_is_not_utf8_is_refused() {
        assert!(decode::<BoundedString<8>>(&[2, 0, 0, 0, 0xff, 0xfe], 64).is_err());
    }

    #[test]
    fn a_push_past_the_limit_adds_nothing() {
        let mut list = BoundedVec::<u8, 1>::new();
        assert!(list.push(1).is_ok());
        assert_eq!(list.push(2), Err(LimitError { len: 2, limit: 1, unit: "elements" }));
        assert_eq!(list.len(), 1);
    }
}
