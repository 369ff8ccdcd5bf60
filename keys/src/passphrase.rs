//! A passphrase, normalised as EIP-2335 asks.
//!
//! The same words typed on two keyboards may be different bytes. Compatibility decomposition (NFKD)
//! makes them equal, and control characters, which a paste may carry unseen, are dropped: the C0
//! and C1 blocks and Delete. What is left is encoded as UTF-8.
//!
//! # Not here
//! Where a passphrase comes from: the command line asks for it, and never takes it as a flag.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The fewest characters of a passphrase that seals a new keystore.
pub const MIN_CHARS: usize = 8;
/// The most bytes of a passphrase before it is normalised.
pub const MAX_BYTES: usize = 1024;
/// How many bytes one byte may become in the normal form: U+FDFA has 3 bytes and becomes 33.
const GROWTH: usize = 11;

/// A passphrase that no keystore takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassphraseError {
    /// It is too easy to guess.
    #[error("it has {chars} characters, at least {MIN_CHARS} are needed")]
    TooShort {
        /// How many it has.
        chars: usize,
    },
    /// It is longer than anyone types.
    #[error("it has {bytes} bytes, at most {MAX_BYTES} are taken")]
    TooLong {
        /// How many it has.
        bytes: usize,
    },
}

/// A normalised passphrase. Wiped when dropped, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// The passphrase that a person typed, for opening what exists.
    ///
    /// # Errors
    /// [`PassphraseError::TooLong`].
    pub fn new(typed: &str) -> Result<Self, PassphraseError> {
        if typed.len() > MAX_BYTES {
            return Err(PassphraseError::TooLong { bytes: typed.len() });
        }
        // Reserved in full, so that growing leaves no copy behind.
        let mut text = String::with_capacity(typed.len().saturating_mul(GROWTH));
        text.extend(typed.nfkd().filter(|c| !c.is_control()));
        Ok(Self(Zeroizing::new(text)))
    }

    /// The passphrase that a person chose for something new.
    ///
    /// # Errors
    /// [`PassphraseError`].
    pub fn chosen(typed: &str) -> Result<Self, PassphraseError> {
        let passphrase = Self::new(typed)?;
        let chars = passphrase.0.chars().count();
        if chars < MIN_CHARS {
            return Err(PassphraseError::TooShort { chars });
        }
        Ok(passphrase)
    }

    /// The bytes that a key is derived from.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(typed: &str) -> String {
        hex::encode(Passphrase::new(typed).unwrap().as_bytes())
    }

    #[test]
    fn the_passphrase_of_the_standard_has_the_bytes_of_the_standard() {
        assert_eq!(bytes("𝔱𝔢𝔰𝔱𝔭𝔞𝔰𝔰𝔴𝔬𝔯𝔡🔑"), "7465737470617373776f7264f09f9491");
    }

    #[test]
    fn control_characters_are_dropped_and_spaces_stay() {
        let controls: String = ('\0'..='\u{1f}').chain('\u{7f}'..='\u{9f}').collect();
        assert_eq!(bytes(&format!("a{controls} b\r\n")), hex::encode("a b"));
        assert_eq!(bytes("\u{a0}"), "20", "a space that does not break is a space");
    }

    #[test]
    fn one_letter_written_in_two_ways_is_one_passphrase() {
        assert_eq!(bytes("\u{e9}"), bytes("e\u{301}"));
    }

    #[test]
    fn the_text_never_outgrows_what_was_reserved() {
        let longest = "\u{fdfa}".repeat(MAX_BYTES / 3);
        let passphrase = Passphrase::new(&longest).unwrap();
        assert_eq!(passphrase.0.capacity(), longest.len() * GROWTH);
    }

    #[test]
    fn too_short_and_too_long_are_refused_with_their_length() {
        // Control characters do not make a short one long.
        let short = Passphrase::chosen("1234567\u{7}\u{7}");
        assert_eq!(short, Err(PassphraseError::TooShort { chars: 7 }));
        let long = Passphrase::new(&"a".repeat(MAX_BYTES + 1));
        assert_eq!(long, Err(PassphraseError::TooLong { bytes: 1025 }));
        assert!(Passphrase::chosen("12345678").is_ok());
    }

    #[test]
    fn a_passphrase_is_not_shown() {
        assert_eq!(format!("{:?}", Passphrase::new("open sesame").unwrap()), "Passphrase(..)");
    }
}
