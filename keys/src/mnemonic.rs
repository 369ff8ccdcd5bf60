//! The words from which a person can make every key again: BIP-39.
//!
//! # Invariants
//! - 24 words, or 12 where a person has those already; the standard's other lengths are refused.
//! - The English list alone: it is the one that every other wallet reads.
//! - No message names a word: messages are logged, words are secrets.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fmt;

use bip39::{Language, Mnemonic};
use zeroize::Zeroizing;

use crate::secret::{NoEntropy, random};

/// The most bytes of a phrase: 24 words of at most 8 letters, with room for spaces.
const MAX_BYTES: usize = 512;

/// The seed that a phrase gives.
pub type Seed = Zeroizing<[u8; 64]>;

/// How many words a new phrase has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// 128 bits.
    Twelve,
    /// 256 bits.
    #[default]
    TwentyFour,
}

/// A phrase that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhraseError {
    /// It has another number of words.
    #[error("it has {0} words; 24 are expected, 12 are accepted")]
    Words(usize),
    /// A word is not in the list.
    #[error("its word {0} is not in the list of BIP-39")]
    Unknown(usize),
    /// The last word does not fit the others.
    #[error("its checksum is wrong: a word is mistyped, or two are exchanged")]
    Checksum,
    /// It is too long to be a phrase.
    #[error("it has {0} bytes, no phrase has more than {MAX_BYTES}")]
    TooLong(usize),
    /// There was nothing to make one of.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// A phrase. Wiped when dropped, and never shown by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Phrase(Mnemonic);

impl Phrase {
    /// A new phrase from the operating system's random bytes.
    ///
    /// # Errors
    /// [`PhraseError::NoEntropy`].
    pub fn random(length: Length) -> Result<Self, PhraseError> {
        let entropy = Zeroizing::new(random::<32>()?);
        let used = match length {
            Length::Twelve => 16,
            Length::TwentyFour => 32,
        };
        Self::from_entropy(entropy.get(..used).unwrap_or_default())
    }

    /// The phrase that a person typed: any case, any white space.
    ///
    /// # Errors
    /// [`PhraseError`].
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        if text.len() > MAX_BYTES {
            return Err(PhraseError::TooLong(text.len()));
        }
        let count = text.split_whitespace().count();
        if count != 12 && count != 24 {
            return Err(PhraseError::Words(count));
        }
        let mut lower = Zeroizing::new(String::with_capacity(text.len()));
        for word in text.split_whitespace() {
            if !lower.is_empty() {
                lower.push(' ');
            }
            lower.extend(word.chars().map(|c| c.to_ascii_lowercase()));
        }
        Mnemonic::parse_in_normalized(Language::English, &lower).map(Self).map_err(named)
    }

    /// The words, in order.
    pub fn words(&self) -> impl Iterator<Item = &'static str> + Clone + '_ {
        self.0.words()
    }

    /// The words in one line.
    #[must_use]
    pub fn text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(MAX_BYTES));
        for word in self.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The seed of the phrase and an extra word of its owner, which may be empty.
    #[must_use]
    pub fn seed(&self, extra: &str) -> Seed {
        Zeroizing::new(self.0.to_seed(extra))
    }

    fn from_entropy(entropy: &[u8]) -> Result<Self, PhraseError> {
        Mnemonic::from_entropy_in(Language::English, entropy).map(Self).map_err(named)
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phrase({} words)", self.0.word_count())
    }
}

fn named(error: bip39::Error) -> PhraseError {
    match error {
        bip39::Error::BadWordCount(count) => PhraseError::Words(count),
        bip39::Error::UnknownWord(index) => PhraseError::Unknown(index.saturating_add(1)),
        bip39::Error::BadEntropyBitCount(bits) => PhraseError::Words(bits.div_ceil(11)),
        bip39::Error::InvalidChecksum | bip39::Error::AmbiguousLanguages(_) => {
            PhraseError::Checksum
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEGAL: &str =
        "legal winner thank year wave sausage worth useful legal winner thank yellow";

    #[test]
    fn words_and_seeds_are_those_of_the_standard() {
        let vectors: Vec<[String; 3]> =
            serde_json::from_str(include_str!("../vectors/bip39.json")).unwrap();
        assert_eq!(vectors.len(), 16);
        for [entropy, words, seed] in vectors {
            let phrase = Phrase::from_entropy(&hex::decode(entropy).unwrap()).unwrap();
            assert_eq!(*phrase.text(), words);
            assert_eq!(Phrase::parse(&words).unwrap(), phrase);
            assert_eq!(hex::encode(*phrase.seed("TREZOR")), seed, "{words}");
        }
    }

    #[test]
    fn case_and_white_space_do_not_matter() {
        let loud = format!("\n {}\t\n", LEGAL.to_uppercase().replace(' ', "  "));
        assert_eq!(Phrase::parse(&loud), Phrase::parse(LEGAL));
    }

    #[test]
    fn what_is_no_phrase_is_refused_without_a_word_of_it() {
        let refused = |text: &str| Phrase::parse(text).unwrap_err();
        assert_eq!(refused(""), PhraseError::Words(0));
        assert_eq!(refused(&format!("{LEGAL} legal winner")), PhraseError::Words(14));
        // Eighteen words are a phrase of the standard, and not one of ours.
        let eighteen = "abandon ".repeat(17) + "agent";
        assert_eq!(refused(&eighteen), PhraseError::Words(18));
        assert_eq!(refused(&LEGAL.replace("wave", "wawe")), PhraseError::Unknown(5));
        assert_eq!(refused(&LEGAL.replace("yellow", "zoo")), PhraseError::Checksum);
        assert_eq!(refused(&"zoo ".repeat(200)), PhraseError::TooLong(800));
        assert!(!refused(&LEGAL.replace("wave", "wawe")).to_string().contains("wawe"));
    }

    #[test]
    fn a_new_phrase_has_the_words_that_were_asked_for_and_reads_back() {
        for (length, count) in [(Length::Twelve, 12), (Length::TwentyFour, 24)] {
            let phrase = Phrase::random(length).unwrap();
            assert_eq!(phrase.words().count(), count);
            assert_eq!(Phrase::parse(&phrase.text()).unwrap(), phrase);
            assert_ne!(Phrase::random(length).unwrap(), phrase);
        }
    }

    #[test]
    fn a_phrase_is_not_shown() {
        assert_eq!(format!("{:?}", Phrase::parse(LEGAL).unwrap()), "Phrase(12 words)");
    }
}
