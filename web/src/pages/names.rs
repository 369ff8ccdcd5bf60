//! What people wrote, so that on a page it cannot pretend to be something else.
//!
//! A name may hold characters that turn the direction of a line or take no room, and letters of one
//! alphabet that look like those of another. The first are shown by their numbers, the second are
//! said to be there. Nothing is dropped: two names that differ are shown differently.
//!
//! # Invariants
//! - What is shown is text and never markup: the template escapes it.
//! - No character that is shown turns or hides others; whatever direction a name has stays in its
//!   own `bdi`.

use std::fmt::Write;

use askama::Template;
use askama::filters::HtmlSafe;
use probity_runtime::text::is_unseen;

/// Letters of other alphabets that are drawn like Latin ones.
const LOOKALIKES: &str = "аеорсухіјѕԁһӏԛԝАВЕЗКМНОРСТХЅІЈҮοανρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";

/// A text that people wrote.
#[derive(Debug, Clone, PartialEq, Eq, Template)]
#[template(
    source = "<bdi>{{ shown }}</bdi>\
              {% if let Some(odd) = odd %} <span class=\"odd\">{{ odd }}</span>{% endif %}",
    ext = "html"
)]
pub(super) struct Name {
    shown: String,
    odd: Option<&'static str>,
}

impl HtmlSafe for Name {}

impl Name {
    pub(super) fn of(text: &str) -> Self {
        let mut shown = String::new();
        for letter in text.chars() {
            if is_unseen(letter) {
                // Writing into a string does not fail.
                let _ = write!(shown, "\u{27e8}U+{:04X}\u{27e9}", u32::from(letter));
            } else {
                shown.push(letter);
            }
        }
        if shown.trim().is_empty() {
            shown = "(no name)".to_owned();
        }
        Self { shown, odd: odd(text) }
    }

    /// The text alone, for where no markup may stand.
    pub(super) fn plain(&self) -> &str {
        &self.shown
    }
}

/// What a reader should know of a text's letters.
fn odd(text: &str) -> Option<&'static str> {
    if text.chars().any(is_unseen) {
        return Some("hidden characters");
    }
    let mut alphabets: Vec<Alphabet> = text.chars().filter_map(alphabet).collect();
    if alphabets.contains(&Alphabet::Styled) {
        return Some("letters in disguise");
    }
    alphabets.sort_unstable();
    alphabets.dedup();
    let alone = alphabets.first().is_some_and(|one| *one != Alphabet::Latin);
    if alphabets.len() > 1 {
        return Some("mixed alphabets");
    }
    let alike = |letter: char| !letter.is_alphabetic() || LOOKALIKES.contains(letter);
    (alone && text.chars().all(alike)).then_some("looks like Latin letters")
}

/// Alphabets whose letters are easily taken for each other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Alphabet {
    Latin,
    Greek,
    Cyrillic,
    Armenian,
    Cherokee,
    /// Letters for formulas, full-width forms and enclosed ones.
    Styled,
}

fn alphabet(letter: char) -> Option<Alphabet> {
    if !letter.is_alphabetic() && !matches!(letter, '\u{2460}'..='\u{24ff}') {
        return None;
    }
    match letter {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{2af}' | '\u{1e00}'..='\u{1eff}' => {
            Some(Alphabet::Latin)
        }
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Some(Alphabet::Greek),
        '\u{400}'..='\u{52f}' | '\u{1c80}'..='\u{1c8f}' | '\u{a640}'..='\u{a69f}' => {
            Some(Alphabet::Cyrillic)
        }
        '\u{530}'..='\u{58f}' => Some(Alphabet::Armenian),
        '\u{13a0}'..='\u{13ff}' | '\u{ab70}'..='\u{abbf}' => Some(Alphabet::Cherokee),
        '\u{2100}'..='\u{214f}'
        | '\u{2460}'..='\u{24ff}'
        | '\u{ff21}'..='\u{ff5a}'
        | '\u{1d400}'..='\u{1d7ff}' => Some(Alphabet::Styled),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Name::of(text).to_string()
    }

    #[test]
    fn an_ordinary_name_in_any_script_is_shown_as_it_is() {
        for name in ["resnet-50 v1.5", "Модель", "Ωμέγα", "평가 모델 3B", "模型 (7B)", "naïve é ß"]
        {
            assert_eq!(shown(name), format!("<bdi>{name}</bdi>"));
        }
    }

    #[test]
    fn what_turns_or_hides_text_is_shown_by_its_number() {
        let name = shown("safe\u{202e}gpj.exe\u{200b}");
        assert!(name.contains("safe\u{27e8}U+202E\u{27e9}gpj.exe\u{27e8}U+200B\u{27e9}"), "{name}");
        assert!(name.contains("hidden characters"), "{name}");
        assert!(!name.contains('\u{202e}') && !name.contains('\u{200b}'), "{name}");
    }

    #[test]
    fn letters_of_two_alphabets_in_one_name_are_said_to_be_there() {
        for (name, said) in [
            ("g\u{440}t-4", "mixed alphabets"),
            ("\u{430}\u{440}\u{440}\u{4cf}\u{435}", "looks like Latin letters"),
            ("\u{1d420}pt", "letters in disguise"),
            ("\u{ff47}pt", "letters in disguise"),
        ] {
            assert!(shown(name).contains(said), "{name}: {}", shown(name));
        }
    }

    #[test]
    fn a_name_is_text_and_never_markup() {
        let name = shown("<b onclick=x>&");
        assert!(!name.contains("<b ") && name.contains("&#60;b"), "{name}");
    }

    #[test]
    fn a_name_of_nothing_says_so() {
        assert!(shown("").contains("(no name)"));
        assert!(shown("  ").contains("(no name)"));
    }
}
