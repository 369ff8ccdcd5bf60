//! The consensus codec: borsh with a limit and no trailing bytes.
//!
//! Integers are little-endian and of fixed width, lists carry a `u32` length, maps are in key
//! order, an option is one byte and its value. A value has exactly one encoding, pinned by golden
//! vectors in `primitives/tests/golden.rs`.
//!
//! # Errors
//! [`CodecError`] says what was refused; decoding never allocates more than the input's length.
//!
//! Spec: `docs/spec/01-arithmetic.md`.

use borsh::{BorshDeserialize, BorshSerialize};

/// Why bytes are not a value, or a value cannot become bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The input is longer than the caller allows.
    #[error("input has {len} bytes, the limit is {limit}")]
    TooLong {
        /// Length of the input in bytes.
        len: usize,
        /// Longest accepted input in bytes.
        limit: usize,
    },
    /// The bytes do not spell a value of the type.
    #[error("malformed {what}: {reason}")]
    Malformed {
        /// The Rust type that was expected.
        what: &'static str,
        /// What the decoder met.
        reason: String,
    },
}

/// The canonical bytes of `value`.
///
/// Encoding into memory fails only for a value whose own limits are broken, which the types of
/// this crate do not allow; such a value encodes to nothing rather than to part of itself.
#[must_use]
pub fn encode<T: BorshSerialize + ?Sized>(value: &T) -> Vec<u8> {
    borsh::to_vec(value).unwrap_or_default()
}

/// The value that `bytes` spell, all of them, if they are at most `limit` long.
///
/// # Errors
/// [`CodecError::TooLong`] above the limit, [`CodecError::Malformed`] for anything that is not the
/// one encoding of a value.
pub fn decode<T: BorshDeserialize>(bytes: &[u8], limit: usize) -> Result<T, CodecError> {
    if bytes.len() > limit {
        return Err(CodecError::TooLong { len: bytes.len(), limit });
    }
    borsh::from_slice(bytes).map_err(|error| CodecError::Malformed {
        what: std::any::type_name::<T>(),
        reason: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_bytes_are_refused() {
        let mut bytes = encode(&7u32);
        bytes.push(0);
        assert!(matches!(decode::<u32>(&bytes, 16), Err(CodecError::Malformed { .. })));
    }

    #[test]
    fn an_input_above_the_limit_is_refused_before_it_is_read() {
        assert_eq!(decode::<u32>(&[0; 9], 8), Err(CodecError::TooLong { len: 9, limit: 8 }));
    }

    #[test]
    fn a_length_prefix_that_promises_more_than_there_is_is_refused() {
        let bytes = [0xff, 0xff, 0xff, 0x7f, 1, 2, 3];
        assert!(decode::<Vec<u64>>(&bytes, 64).is_err());
    }
}
