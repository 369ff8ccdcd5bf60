//! What people wrote, so that it cannot pretend to be anything else.
//!
//! A name may hold what turns the direction of a line, what takes no room, or what ends the line
//! and begins a false one. All of that is written as an escape, in a form that reads back to one
//! text only. The table is ours and not the compiler's: the text of a message must not change with
//! the version of Unicode that a program was built with.

use std::fmt::Write;

/// Characters that are no mark on paper: they control, join, separate, turn or vary others, or are
/// blank without being the space. Ranges, ascending, of Unicode's categories Cc, Cf, Zs, Zl, Zp, Co
/// and of the letters and signs that are drawn as nothing.
const UNSEEN: [(u32, u32); 31] = [
    (0x0000, 0x001f),
    (0x007f, 0x00a0),
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x08e2, 0x08e2),
    (0x115f, 0x1160),
    (0x1680, 0x1680),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x2800, 0x2800),
    (0x3000, 0x3000),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffb),
    (0x1_10bd, 0x1_10bd),
    (0x1_10cd, 0x1_10cd),
    (0x1_3430, 0x1_345f),
    (0x1_bca0, 0x1_bca3),
    (0x1_d173, 0x1_d17a),
    (0xe_0000, 0x10_ffff),
];

/// A text in quotes: quotes and backslashes are escaped by a backslash, what cannot be seen by its
/// number, `\u{202e}`. The space stands as itself, except at either end of the text.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut shown = String::from("\"");
    let last = text.len().saturating_sub(1);
    for (place, letter) in text.char_indices() {
        let at_an_end = place == 0 || place == last;
        if letter == '"' || letter == '\\' {
            shown.push('\\');
            shown.push(letter);
        } else if is_unseen(letter) || (letter == ' ' && at_an_end) {
            // Writing into a string does not fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(letter));
        } else {
            shown.push(letter);
        }
    }
    shown.push('"');
    shown
}

/// Whether a character leaves no mark of its own: it controls, joins, separates or turns others.
#[must_use]
pub fn is_unseen(letter: char) -> bool {
    let number = u32::from(letter);
    let place = UNSEEN.partition_point(|(_, last)| *last < number);
    UNSEEN.get(place).is_some_and(|(first, _)| *first <= number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_written_as_its_number() {
        let check = |text, shown: &str| assert_eq!(quoted(text), shown, "{text:?}");
        check("plain name 1.0", r#""plain name 1.0""#);
        check("a\nfee: 0", r#""a\u{a}fee: 0""#);
        check("pay\u{202e}yap", r#""pay\u{202e}yap""#);
        check("zero\u{200b}width\u{feff}", r#""zero\u{200b}width\u{feff}""#);
        check("soft\u{ad}hyphen\u{a0}", r#""soft\u{ad}hyphen\u{a0}""#);
        check("tag\u{e0041}", r#""tag\u{e0041}""#);
        check("\u{1b}[2J", r#""\u{1b}[2J""#);
        check(" both ends ", r#""\u{20}both ends\u{20}""#);
        check(r#"a "quote" and \u{a}"#, r#""a \"quote\" and \\u{a}""#);
        check("평가 é ß 模型 ☃", r#""평가 é ß 模型 ☃""#);
    }

    #[test]
    fn the_table_is_ascending_and_covers_what_the_language_calls_unseen() {
        assert!(UNSEEN.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(UNSEEN.iter().all(|(first, last)| first <= last));
        for letter in ('\0'..=char::MAX)
            .filter(|letter| letter.is_control() || (letter.is_whitespace() && *letter != ' '))
        {
            assert!(is_unseen(letter), "{:x}", u32::from(letter));
        }
    }
}
