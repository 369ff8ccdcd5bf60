//! Sizes and words.
//!
//! A long file is a sign that two ideas share a room; a mark of unfinished work, a test that is
//! switched off or one that waits is a promise that nobody keeps.

use crate::Finding;
use crate::code::{bare, has_word, is_test_file, without_tests};
use crate::files::File;

/// The most lines that a source may have.
pub const MAX_LINES: usize = 450;

/// Marks of unfinished work. They are put together here, so that this file does not hold them.
const UNFINISHED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];

/// Code that is a promise: unfinished, switched off, or glad to fail.
const PROMISES: [&str; 4] = [
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
    concat!("#[ig", "nore"),
    concat!("should_", "panic"),
];

/// Waiting for time to pass.
const WAIT: &str = concat!("sle", "ep(");

/// Places that exist on one machine only.
const PLACES: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("../sha", "red")];

/// Package registries: what a project needs of them its tools know, and a mirror is one machine's.
const HOSTS: [&str; 4] = ["crates.", "pypi.", "npmjs.", "debian."];

/// Sources with more than [`MAX_LINES`] lines.
#[must_use]
pub fn check_sizes(files: &[File]) -> Vec<Finding> {
    let long = |file: &&File| file.has_extension("rs") && file.text.lines().count() > MAX_LINES;
    let finding = |file: &File| {
        let lines = file.text.lines().count();
        Finding::of_file(&file.path, format!("{lines} lines, the limit is {MAX_LINES}"))
    };
    files.iter().filter(long).map(finding).collect()
}

/// Marks of unfinished work, in any text, places that exist on one machine, and registries.
#[must_use]
pub fn check_words(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| !file.has_extension("lock")) {
        for (line, number) in file.text.lines().zip(1..) {
            let marks = UNFINISHED.iter().filter(|mark| has_word(line, mark));
            let places = PLACES.iter().filter(|place| line.contains(**place));
            let registries = HOSTS.iter().filter(|host| names_host(line, host));
            let found = marks.chain(places).chain(registries);
            findings.extend(found.map(|word| Finding::at(&file.path, number, *word)));
        }
    }
    findings
}

/// Whether a line holds an address on a host with such a name.
fn names_host(line: &str, host: &str) -> bool {
    let addresses = line.split("://").skip(1);
    let hosts = addresses.filter_map(|rest| rest.split(['/', ' ', '"', ')']).next());
    hosts.into_iter().any(|found| found.contains(host))
}

/// Promises in code, and waiting in tests.
#[must_use]
pub fn check_promises(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        let bare = bare(&file.text);
        let rules =
            if is_test_file(&file.path) { 0 } else { without_tests(&file.text).lines().count() };
        for (line, number) in bare.lines().zip(1..) {
            let promises = PROMISES.iter().filter(|promise| line.contains(**promise));
            findings.extend(promises.map(|found| Finding::at(&file.path, number, *found)));
            if number > rules && line.contains(WAIT) {
                findings.push(Finding::at(&file.path, number, "a test that waits"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> [File; 1] {
        [File::sample(path, text)]
    }

    #[test]
    fn one_line_above_the_limit_is_found() {
        let lines = |count: usize| check_sizes(&file("a.rs", &"x\n".repeat(count))).len();
        assert_eq!((lines(MAX_LINES), lines(MAX_LINES + 1)), (0, 1));
        assert_eq!(check_sizes(&file("a.md", &"x\n".repeat(MAX_LINES + 1))), []);
    }

    #[test]
    fn a_mark_of_unfinished_work_is_found_even_in_a_comment() {
        for mark in UNFINISHED {
            assert_eq!(check_words(&file("a.rs", &format!("\n// {mark}: later"))).len(), 1);
            assert_eq!(check_words(&file("a.md", &format!("{mark}S"))).len(), 0);
        }
        for place in PLACES {
            assert_eq!(check_words(&file("a.md", &format!("see {place}x"))).len(), 1);
        }
        for host in HOSTS {
            assert_eq!(check_words(&file("a.toml", &format!("\"http://a.{host}x/y\""))).len(), 1);
            assert_eq!(check_words(&file("a.md", &format!("https://example.org/{host}"))).len(), 0);
        }
    }

    #[test]
    fn a_promise_is_found_in_code_and_not_in_a_text() {
        for promise in PROMISES {
            assert_eq!(check_promises(&file("a.rs", &format!("fn a() {{ {promise}"))).len(), 1);
            assert_eq!(check_promises(&file("a.rs", &format!("\"{promise}\""))).len(), 0);
        }
    }

    #[test]
    fn waiting_is_found_in_tests_alone() {
        let wait = format!("std::thread::{WAIT}d);");
        let below = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{wait}\n}}");
        assert_eq!(check_promises(&file("node/tests/a.rs", &wait)).len(), 1);
        assert_eq!(check_promises(&file("node/src/a.rs", &below)).len(), 1);
        assert_eq!(check_promises(&file("node/src/a.rs", &wait)).len(), 0);
    }
}
