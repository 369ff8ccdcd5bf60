//! Where something stands in a scenario's text.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// The line, from 1, of a byte.
pub(super) fn line_of(text: &str, byte: usize) -> usize {
    let before = text.bytes().take(byte);
    before.filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// The line of a key's value, or of the innermost table on the way to it that is there.
pub(super) fn line_of_key(text: &str, path: &str) -> Option<usize> {
    let table = DeTable::parse(text).ok()?;
    let mut place: Option<Range<usize>> = None;
    let mut parts = path.split('.');
    let first = parts.next()?;
    let (key, mut value) = table.get_ref().get_key_value(first)?;
    place.replace(key.span());
    for part in parts {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.get_key_value(part).map(|(key, value)| {
                place = Some(key.span());
                value
            }),
            DeValue::Array(array) => {
                part.parse::<usize>().ok().and_then(|index| array.get(index)).inspect(|value| {
                    place = Some(value.span());
                })
            }
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_) => None,
        };
        let Some(next) = next else { break };
        value = next;
    }
    place.map(|span| line_of(text, span.start))
}
