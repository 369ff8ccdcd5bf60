//! The form of a feed: Atom as XML, written by hand because there is so little of it.
//!
//! # Invariants
//! - The document is well-formed whatever its texts hold.

use std::fmt;

use crate::date;

/// A feed.
pub(super) struct Feed {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) author: String,
    /// Where it is served.
    pub(super) path: String,
    /// When its newest entry happened.
    pub(super) time_ms: u64,
    pub(super) entries: Vec<Entry>,
}

/// One thing that happened.
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) time_ms: u64,
    /// Where it is told in full.
    pub(super) path: String,
    pub(super) title: String,
    pub(super) text: String,
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, title, author, path, time_ms, entries } = self;
        writeln!(f, "<?xml version=\"1.0\" encoding=\"utf-8\"?>")?;
        writeln!(f, "<feed xmlns=\"http://www.w3.org/2005/Atom\">")?;
        writeln!(f, "  <id>{}</id>", Text(id))?;
        writeln!(f, "  <title>{}</title>", Text(title))?;
        writeln!(f, "  <updated>{}</updated>", date::rfc3339(*time_ms))?;
        writeln!(f, "  <author><name>{}</name></author>", Text(author))?;
        writeln!(f, "  <link rel=\"self\" href=\"{}\"/>", Text(path))?;
        for entry in entries {
            write!(f, "{entry}")?;
        }
        writeln!(f, "</feed>")
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, time_ms, path, title, text } = self;
        writeln!(f, "  <entry>")?;
        writeln!(f, "    <id>{}</id>", Text(id))?;
        writeln!(f, "    <title>{}</title>", Text(title))?;
        writeln!(f, "    <updated>{}</updated>", date::rfc3339(*time_ms))?;
        writeln!(f, "    <link rel=\"alternate\" href=\"{}\"/>", Text(path))?;
        writeln!(f, "    <content type=\"text\">{}</content>", Text(text))?;
        writeln!(f, "  </entry>")
    }
}

/// A text in a document or in an attribute: marks of the language are escaped, and characters that
/// XML has no place for, not even escaped, are replaced.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\t' | '\n' => write!(f, "{letter}")?,
                '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => f.write_str("\u{fffd}")?,
                _ => write!(f, "{letter}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use xml::reader::{EventReader, XmlEvent};

    use super::*;

    /// Every text of a document, as a parser of XML reads it.
    fn texts(document: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for event in EventReader::new(document.as_bytes()) {
            if let XmlEvent::Characters(text) = event.unwrap() {
                texts.push(text);
            }
        }
        texts
    }

    fn feed(text: &str) -> Feed {
        let entry = Entry {
            id: "urn:x:1".to_owned(),
            time_ms: 0,
            path: "/api/v1/referenda/1".to_owned(),
            title: text.to_owned(),
            text: text.to_owned(),
        };
        Feed {
            id: "urn:x".to_owned(),
            title: text.to_owned(),
            author: text.to_owned(),
            path: "/feeds/x.atom?a=1&b=2".to_owned(),
            time_ms: 0,
            entries: vec![entry],
        }
    }

    #[test]
    fn whatever_its_texts_hold_a_feed_is_well_formed_and_says_them() {
        for text in ["plain", "<b>&amp;</b>", "]]>", "a \"q\" 'r'", "<!--", "평가 模型 ☃"] {
            let found = texts(&feed(text).to_string());
            assert_eq!(found.iter().filter(|found| *found == text).count(), 4, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_xml_has_no_place_for_is_replaced() {
        for bad in ['\0', '\u{8}', '\u{1b}', '\r', '\u{fffe}', '\u{ffff}'] {
            let found = texts(&feed(&format!("a{bad}b")).to_string());
            assert!(found.contains(&"a\u{fffd}b".to_owned()), "{bad:?}: {found:?}");
        }
    }
}
