//! The lines of a text: names, values, parts.

use std::fmt::{Display, Write};

use probity_primitives::Amount;

use super::SYMBOL;
use super::escape::quoted;

/// What stands for an absent value; a present one that people wrote is in quotes.
const NONE: &str = "none";

/// A text in the making.
pub(super) struct Sheet {
    text: String,
    depth: usize,
}

impl Sheet {
    pub(super) const fn new() -> Self {
        Self { text: String::new(), depth: 0 }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// A value whose own text has no end of line: numbers, hashes, addresses, words of ours.
    pub(super) fn line(&mut self, name: &str, value: impl Display) {
        let indent = self.depth.saturating_mul(2);
        // Writing into a string does not fail.
        let _ = writeln!(self.text, "{:indent$}{name}: {value}", "");
    }

    /// What people wrote.
    pub(super) fn quoted(&mut self, name: &str, value: &str) {
        self.line(name, quoted(value));
    }

    /// Money, in tokens and in base units.
    pub(super) fn amount(&mut self, name: &str, amount: Amount) {
        self.line(name, format_args!("{amount} {SYMBOL} ({} units)", amount.units()));
    }

    /// A value that may be absent; `otherwise` says what its absence means.
    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        value: Option<T>,
        otherwise: &str,
        show: impl FnOnce(&mut Self, &str, T),
    ) {
        match value {
            Some(value) => show(self, name, value),
            None => self.line(name, format_args!("{NONE}, {otherwise}")),
        }
    }

    /// Short values on one line.
    pub(super) fn values<T: Display>(&mut self, name: &str, values: impl IntoIterator<Item = T>) {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        if values.is_empty() {
            self.line(name, NONE);
        } else {
            self.line(name, values.join(", "));
        }
    }

    /// A part with lines of its own.
    pub(super) fn part(&mut self, name: &str, show: impl FnOnce(&mut Self)) {
        let indent = self.depth.saturating_mul(2);
        let _ = writeln!(self.text, "{:indent$}{name}:", "");
        self.indented(show);
    }

    /// Parts of one kind, counted and numbered from 1.
    pub(super) fn parts<'a, T: 'a>(
        &mut self,
        name: &str,
        parts: &'a [T],
        mut show: impl FnMut(&mut Self, &'a T),
    ) {
        self.line(name, parts.len());
        self.indented(|sheet| {
            for (part, number) in parts.iter().zip(1u32..) {
                sheet.part(&number.to_string(), |sheet| show(sheet, part));
            }
        });
    }

    /// What belongs to the line above.
    pub(super) fn indented(&mut self, show: impl FnOnce(&mut Self)) {
        self.depth = self.depth.saturating_add(1);
        show(self);
        self.depth = self.depth.saturating_sub(1);
    }
}
