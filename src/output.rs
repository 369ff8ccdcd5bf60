//! How answers are shown: text for people, JSON with a schema for programs.

use std::io::{IsTerminal, Write};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::settings::LogSection;

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON document a line.
    Json,
}

/// Prints an answer on standard output: `text` for people, or the document.
pub(crate) fn show<T: Serialize>(
    format: Format,
    document: &T,
    text: impl FnOnce(&T) -> String,
) -> Result<(), Failure> {
    let shown = match format {
        Format::Text => text(document),
        Format::Json => {
            serde_json::to_string_pretty(document).or_fail(Code::Other, "cannot write JSON")?
        }
    };
    print(&shown)
}

/// Prints text on standard output. A reader that went away is not an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::new(Code::Other, format_args!("cannot write the answer: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether progress may be drawn: on a terminal, unless it is to be quiet.
pub(crate) fn progress_wanted(global: &Global) -> bool {
    !global.quiet && std::io::stderr().is_terminal()
}

/// What is logged unless `--log` says otherwise: the errors of our own crates. The engine's parts
/// complain of each other whenever a node ends.
const DEFAULT_LOG: &str =
    "off,probity=error,probity_node=error,probity_evaluator=error,probity_web=error";

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal that has them.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Whether colours are used, by what was asked for and what the environment says.
    fn wanted(self, variable: impl Fn(&str) -> Option<String>, terminal: bool) -> bool {
        let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto if variable("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
            Self::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

/// Starts the logs on standard error, as the flags say or else the settings of the home.
pub(crate) fn start_logs(global: &Global, settings: Option<&LogSection>) {
    let chosen = global.log.as_deref().or_else(|| settings?.filter.as_deref());
    let filter = EnvFilter::try_new(chosen.unwrap_or(DEFAULT_LOG))
        .unwrap_or_else(|_| EnvFilter::new(DEFAULT_LOG));
    let terminal = std::io::stderr().is_terminal();
    let colour = global.color.wanted(|name| std::env::var(name).ok(), terminal);
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match global.log_format.or_else(|| settings.map(|settings| settings.format)) {
        Some(LogFormat::Json) => log.json().with_ansi(false).init(),
        Some(LogFormat::Text) | None => log.with_ansi(colour).init(),
    }
}

/// A table with a heading: columns as wide as their widest cell, numbers to the right.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    right: Vec<bool>,
}

impl Table {
    /// A table with these headings; those that start with `>` stand to the right.
    pub(crate) fn new(headings: &[&str]) -> Self {
        let right = headings.iter().map(|heading| heading.starts_with('>')).collect();
        let heading = headings.iter().map(|heading| heading.trim_start_matches('>').to_owned());
        Self { rows: vec![heading.collect()], right }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as text, indented by two spaces.
    pub(crate) fn text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let mut text = String::new();
        for row in &self.rows {
            let mut line = String::from(" ");
            for (column, cell) in row.iter().enumerate() {
                let width = width(column);
                if self.right.get(column) == Some(&true) {
                    line.push_str(&format!(" {cell:>width$} "));
                } else {
                    line.push_str(&format!(" {cell:<width$} "));
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

/// Tells a person something on standard error, unless it is to be quiet.
pub(crate) fn say(global: &Global, text: &str) {
    if !global.quiet {
        // A closed standard error is no reason to stop.
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(colour: Colour, set: &[(&str, &str)], terminal: bool) -> bool {
        let value = |name: &str| set.iter().find(|(known, _)| *known == name);
        colour.wanted(|name| value(name).map(|(_, value)| (*value).to_owned()), terminal)
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_terminal() {
        let (no, force) = (("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1"));
        assert!(wanted(Colour::Always, &[no], false));
        assert!(!wanted(Colour::Never, &[force], true));
        assert!(!wanted(Colour::Auto, &[no, force], true));
        assert!(wanted(Colour::Auto, &[force], false));
        assert!(wanted(Colour::Auto, &[("TERM", "xterm")], true));
        assert!(!wanted(Colour::Auto, &[("TERM", "dumb")], true));
        assert!(!wanted(Colour::Auto, &[], false));
    }
}
