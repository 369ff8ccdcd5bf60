//! Purity: the crates of rules have no floats, no clock, no hash order and no outside.
//!
//! Clippy holds most of it through each pure crate's own `clippy.toml`; here it is made sure that
//! the file is there, is the same everywhere and says what it must, and that nothing slips by that
//! clippy cannot name.

use crate::Finding;
use crate::code::{bare, has_word, is_test_file, without_tests};
use crate::files::File;

/// The pure crates.
pub const PURE: [&str; 4] = ["primitives", "protocol", "dao", "runtime"];

/// The attribute that every pure crate's first file carries.
const DENIED: &str = "#![deny(clippy::arithmetic_side_effects, clippy::float_arithmetic)]";

/// What every pure crate's `clippy.toml` bans.
const BANS: [&str; 8] = [
    "std::collections::HashMap",
    "std::collections::HashSet",
    "std::time::SystemTime",
    "std::time::Instant",
    "std::fs::File",
    "std::net::TcpStream",
    "std::env::var",
    "std::thread::spawn",
];

/// Words that a rule does not use.
const WORDS: [&str; 9] =
    ["f32", "f64", "HashMap", "HashSet", "SystemTime", "Instant", "async", "tokio", "unsafe"];

/// Roads to the outside.
const ROADS: [&str; 5] = ["std::fs", "std::net", "std::env::", "std::thread", "std::process"];

/// Pure crates whose lint file or first file lacks something.
#[must_use]
pub fn check_lints(files: &[File]) -> Vec<Finding> {
    let text_of = |path: &str| files.iter().find(|file| file.path == path).map(|file| &file.text);
    let mut findings = Vec::new();
    let first = text_of(&format!("{}/clippy.toml", PURE[0]));
    for name in PURE {
        let (lints, lib) = (format!("{name}/clippy.toml"), format!("{name}/src/lib.rs"));
        let Some(text) = text_of(&lints) else {
            findings.push(Finding::of_file(&lints, "a pure crate has no lint file"));
            continue;
        };
        let missing = BANS.iter().filter(|ban| !text.contains(&format!("\"{ban}\"")));
        findings
            .extend(missing.map(|ban| Finding::of_file(&lints, format!("{ban} is not banned"))));
        if Some(text) != first {
            findings.push(Finding::of_file(&lints, "differs from the other pure crates'"));
        }
        if !text_of(&lib).is_some_and(|text| text.contains(DENIED)) {
            findings.push(Finding::of_file(&lib, "unchecked arithmetic is not denied"));
        }
    }
    findings
}

/// Words and roads in the rules' sources, tests apart.
#[must_use]
pub fn check_words(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let pure = |file: &&File| {
        PURE.iter().any(|name| file.path.starts_with(&format!("{name}/src/")))
            && file.has_extension("rs")
            && !is_test_file(&file.path)
    };
    for file in files.iter().filter(pure) {
        let bare = bare(without_tests(&file.text));
        for (line, number) in bare.lines().zip(1..) {
            let words = WORDS.iter().filter(|word| has_word(line, word));
            let roads = ROADS.iter().filter(|road| line.contains(**road));
            for word in words.chain(roads) {
                let what = format!("{word} in a pure crate");
                findings.push(Finding::at(&file.path, number, what));
            }
        }
    }
    findings
}

/// Money that is issued anywhere but in the bank.
#[must_use]
pub fn check_issue(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("rs")) {
        if file.path == "protocol/src/bank.rs" || is_test_file(&file.path) {
            continue;
        }
        let bare = bare(without_tests(&file.text));
        let issued = bare.lines().zip(1..).filter(|(line, _)| line.contains("Funds::issue"));
        findings.extend(
            issued.map(|(_, number)| Finding::at(&file.path, number, "only the bank issues money")),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure_house() -> Vec<File> {
        let lints: String = BANS.iter().map(|ban| format!("\"{ban}\"\n")).collect();
        let folder = |name: &&str| {
            let lib = File::sample(&format!("{name}/src/lib.rs"), DENIED);
            [File::sample(&format!("{name}/clippy.toml"), &lints), lib]
        };
        PURE.iter().flat_map(folder).collect()
    }

    #[test]
    fn a_house_with_every_ban_passes_and_one_without_does_not() {
        assert_eq!(check_lints(&pure_house()), []);
        for at in 0..pure_house().len() {
            let mut house = pure_house();
            house[at].text = house[at].text.replace("std::env::var", "").replace("deny", "allow");
            assert_ne!(check_lints(&house), [], "{}", house[at].path);
            house.remove(at);
            assert_ne!(check_lints(&house), []);
        }
    }

    #[test]
    fn a_float_a_clock_and_a_road_outside_are_found_in_rules_alone() {
        let words = |path, text| check_words(&[File::sample(path, text)]).len();
        assert_eq!(words("dao/src/a.rs", "fn a(x: f64) {}\nuse std::time::Instant;"), 2);
        assert_eq!(words("runtime/src/a.rs", "let x = std::fs::read(p);"), 1);
        assert_eq!(words("dao/src/a.rs", "// an f64 would do\n#[cfg(test)]\nmod t { f64 }"), 0);
        assert_eq!(words("evaluator/src/a.rs", "fn a(x: f64) {}"), 0);
    }

    #[test]
    fn money_issued_outside_the_bank_is_found() {
        let issued = |path| check_issue(&[File::sample(path, "Funds::issue(a);")]).len();
        assert_eq!(issued("protocol/src/task/settlement.rs"), 1);
        assert_eq!(issued("protocol/src/bank.rs"), 0);
    }
}
