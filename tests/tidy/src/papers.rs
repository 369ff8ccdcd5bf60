//! Documents against sources: what one names, the other has.
//!
//! A chapter that forgets a parameter, a tag or a refusal is worse than none, since readers trust
//! it; and a table that names a test which no longer exists promises what nobody checks.

use std::collections::BTreeSet;

use crate::Finding;
use crate::code::bare;
use crate::files::File;

/// Where the numbers of governance stand.
const PARAMS: (&str, &str) = ("protocol/src/params.rs", "docs/spec/15-parameters.md");
/// Where the domain tags stand.
const DOMAINS: (&str, &str) = ("primitives/src/hash.rs", "docs/spec/01-arithmetic.md");
/// Where the tables' tags stand.
const TABLES: (&str, &str) = ("protocol/src/ledger.rs", "docs/spec/20-blocks.md");

/// The numbers of governance itself.
const GOVERNANCE: (&str, &str) = ("dao/src/params.rs", "docs/spec/14-governance.md");
/// Where the tags of governance's tables stand.
const DAO_TABLES: (&str, &str) = ("dao/src/ledger.rs", "docs/spec/20-blocks.md");

/// Enums all of whose variants a chapter names: crate, enum, chapter.
const ENUMS: [(&str, &str, &str); 21] = [
    ("protocol/src/", "BankError", "docs/spec/03-buckets.md"),
    ("protocol/src/", "LineageError", "docs/spec/05-registry.md"),
    ("protocol/src/", "TaskError", "docs/spec/06-tasks.md"),
    ("protocol/src/", "VoidReason", "docs/spec/06-tasks.md"),
    ("primitives/src/", "OpeningError", "docs/spec/08-transcript.md"),
    ("primitives/src/", "Fold", "docs/spec/08-transcript.md"),
    ("protocol/src/", "OutcomeState", "docs/spec/10-checks.md"),
    ("protocol/src/", "SlashError", "docs/spec/12-slashing.md"),
    ("protocol/src/", "Offence", "docs/spec/12-slashing.md"),
    ("protocol/src/", "SlashState", "docs/spec/12-slashing.md"),
    ("dao/src/", "ActionError", "docs/spec/14-governance.md"),
    ("dao/src/", "SubmitError", "docs/spec/14-governance.md"),
    ("dao/src/", "VoteError", "docs/spec/14-governance.md"),
    ("dao/src/", "DelegationError", "docs/spec/14-governance.md"),
    ("dao/src/", "ParamError", "docs/spec/14-governance.md"),
    ("runtime/src/", "EnactError", "docs/spec/14-governance.md"),
    ("protocol/src/", "SupplyError", "docs/spec/16-supply.md"),
    ("protocol/src/", "PauseError", "docs/spec/16-supply.md"),
    ("protocol/src/", "DisputeError", "docs/spec/13-disputes.md"),
    ("protocol/src/", "Ruling", "docs/spec/13-disputes.md"),
    ("protocol/src/", "Counting", "docs/spec/13-disputes.md"),
];

/// Parameters, tags and refusals that their chapter does not name.
#[must_use]
pub fn check_names(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut compare = |(source, chapter): (&str, &str), names: fn(&str) -> Vec<String>| {
        let (Some(code), Some(paper)) = (text(files, source), text(files, chapter)) else {
            findings.push(Finding::of_file(chapter, format!("is missing, or {source} is")));
            return;
        };
        let names = names(code);
        if names.is_empty() {
            findings.push(Finding::of_file(source, "names nothing that could be read"));
        }
        let unnamed = names.iter().filter(|name| !names_it(paper, name));
        findings
            .extend(unnamed.map(|name| Finding::of_file(chapter, format!("does not name {name}"))));
    };
    compare(PARAMS, fields);
    compare(DOMAINS, tags);
    compare(TABLES, table_tags);
    compare(GOVERNANCE, fields);
    compare(DAO_TABLES, table_tags);
    for (source, name, chapter) in ENUMS {
        let sources = files.iter().filter(|file| file.path.starts_with(source));
        let found: Vec<String> = sources.flat_map(|file| variants(&file.text, name)).collect();
        let paper = text(files, chapter).unwrap_or_default();
        if found.is_empty() {
            findings.push(Finding::of_file(source, format!("has no enum {name}")));
        }
        let unnamed = found.iter().filter(|variant| !names_it(paper, variant));
        findings.extend(
            unnamed.map(|v| Finding::of_file(chapter, format!("does not name {name}::{v}"))),
        );
    }
    findings
}

/// Chapters that the index does not link.
#[must_use]
pub fn check_index(files: &[File]) -> Vec<Finding> {
    let index = text(files, "docs/spec/README.md").unwrap_or_default();
    let chapter = |file: &&File| {
        file.path.strip_prefix("docs/spec/").is_some_and(|name| name.starts_with(char::is_numeric))
    };
    let unlinked = files.iter().filter(chapter).filter(|file| {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        !index.contains(&format!("({name})"))
    });
    unlinked.map(|file| Finding::of_file(&file.path, "is not linked from the index")).collect()
}

/// Links between documents that lead nowhere.
#[must_use]
pub fn check_links(files: &[File], exists: &dyn Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.has_extension("md")) {
        for (line, number) in file.text.lines().zip(1..) {
            let targets = line.split("](").skip(1).filter_map(|part| part.split([')', '#']).next());
            let local = targets.filter(|target| !target.is_empty() && !target.contains(':'));
            let dead = local.filter(|target| !exists(&beside(&file.path, target)));
            findings.extend(
                dead.map(|target| Finding::at(&file.path, number, format!("no {target} there"))),
            );
        }
    }
    findings
}

/// Chapters and decisions that sources name and that are not there.
#[must_use]
pub fn check_citations(files: &[File]) -> Vec<Finding> {
    let papers: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
    let mut findings = Vec::new();
    let sources = |file: &&File| file.has_extension("rs") && !file.path.starts_with("tests/tidy/");
    for file in files.iter().filter(sources) {
        for (line, number) in file.text.lines().zip(1..) {
            for cited in cited(line).filter(|cited| !papers.contains(cited)) {
                findings.push(Finding::at(&file.path, number, format!("there is no {cited}")));
            }
        }
    }
    findings
}

/// Tests that a table of the documents names and no source has.
#[must_use]
pub fn check_tests(files: &[File]) -> Vec<Finding> {
    let sources = files.iter().filter(|file| file.has_extension("rs"));
    let functions: BTreeSet<String> =
        sources.flat_map(|file| functions(&bare(&file.text))).collect();
    let mut findings = Vec::new();
    let tables = |file: &&File| file.path == "README.md" || file.path.starts_with("docs/spec/");
    for file in files.iter().filter(tables).filter(|file| file.has_extension("md")) {
        for (line, number) in file.text.lines().zip(1..).filter(|(line, _)| line.starts_with('|')) {
            let gone = sentences(line).filter(|name| !functions.contains(*name));
            findings.extend(
                gone.map(|name| Finding::at(&file.path, number, format!("no test is {name}"))),
            );
        }
    }
    findings
}

fn text<'a>(files: &'a [File], path: &str) -> Option<&'a str> {
    files.iter().find(|file| file.path == path).map(|file| file.text.as_str())
}

/// Whether a line of a chapter names something in code font, alone or at the end of a path; of
/// several words, all on that line.
fn names_it(paper: &str, name: &str) -> bool {
    paper.lines().any(|line| {
        name.split_whitespace()
            .all(|word| line.contains(&format!("`{word}`")) || line.contains(&format!(".{word}`")))
    })
}

/// The public fields of a source's structs.
fn fields(code: &str) -> Vec<String> {
    let field = |line: &str| {
        let (name, _) = line.strip_prefix("    pub ")?.split_once(": ")?;
        (!name.contains(' ')).then(|| name.to_owned())
    };
    code.lines().filter_map(field).collect()
}

/// The byte texts of a source that are in capitals: domain tags.
fn tags(code: &str) -> Vec<String> {
    let parts = code.split("b\"").skip(1).filter_map(|part| part.split('"').next());
    let tag = |part: &&str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-')
    };
    parts.filter(tag).map(str::to_owned).collect()
}

/// The ledger's tables with their tags: `accounts 0x10`.
fn table_tags(code: &str) -> Vec<String> {
    let table = |line: &str| {
        let (name, rest) = line.strip_prefix("    ")?.split_once(": ")?;
        let (_, tag) = rest.strip_suffix(',')?.rsplit_once(" = ")?;
        tag.starts_with("0x").then(|| format!("{name} {tag}"))
    };
    code.lines().filter_map(table).collect()
}

/// The variants of an enum.
fn variants(code: &str, name: &str) -> Vec<String> {
    let after = code.split_once(&format!("pub enum {name} {{\n"));
    let body = after.and_then(|(_, rest)| rest.split("\n}").next()).unwrap_or_default();
    let variant = |line: &str| {
        let rest = line.strip_prefix("    ").filter(|rest| rest.starts_with(char::is_uppercase))?;
        rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned)
    };
    body.lines().filter_map(variant).collect()
}

/// The documents that a line names by their path.
fn cited(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("docs/").filter_map(|(start, _)| {
        let rest = line.get(start..)?;
        let end = rest.find(".md")?.checked_add(3)?;
        rest.get(..end).filter(|path| !path.contains([' ', '`', ',']))
    })
}

/// The names in code font that read like sentences, as tests are named.
fn sentences(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    let last = quoted.filter_map(|name| name.rsplit("::").next());
    last.filter(|name| {
        name.matches('_').count() >= 3
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    })
}

fn functions(bare: &str) -> Vec<String> {
    let ends = |c: char| !c.is_alphanumeric() && c != '_';
    let names = bare.split("fn ").skip(1).filter_map(|part| part.split(ends).next());
    names.map(str::to_owned).collect()
}

/// The path of a link's target, relative to the repository.
fn beside(path: &str, target: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            ".." => {
                parts.pop();
            }
            "." | "" => {}
            name => parts.push(name),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(chapter: &str, content: &str) -> Vec<File> {
        vec![
            File::sample(PARAMS.0, "    pub spot: u32,\n}\n    pub fn f(&self, id: u16)"),
            File::sample(PARAMS.1, "`checks.spot`"),
            File::sample(DOMAINS.0, "Self::Leaf => b\"LEAF\","),
            File::sample(DOMAINS.1, "`LEAF`"),
            File::sample(TABLES.0, "    tasks: Table<TaskId, Task> = 0x40,"),
            File::sample(TABLES.1, "`tasks` `0x40`\n`votes` `0x78`"),
            File::sample(GOVERNANCE.0, "    pub veto: Ppm,"),
            File::sample(GOVERNANCE.1, "`veto`"),
            File::sample(DAO_TABLES.0, "    votes: Table<K, Vote> = 0x78,"),
        ]
        .into_iter()
        .map(|file| if file.path == chapter { File::sample(chapter, content) } else { file })
        .collect()
    }

    fn unnamed(files: &[File]) -> Vec<String> {
        let ours = check_names(files).into_iter().filter(|found| !found.what.contains("no enum"));
        ours.map(|found| found.what).collect()
    }

    #[test]
    fn a_parameter_a_tag_and_a_table_that_their_chapter_forgets_are_found() {
        assert_eq!(unnamed(&house("", "")), [""; 0]);
        assert_eq!(unnamed(&house(PARAMS.1, "`checks.other`")), ["does not name spot"]);
        assert_eq!(unnamed(&house(DOMAINS.1, "`NODE`")), ["does not name LEAF"]);
        assert_eq!(
            unnamed(&house(TABLES.1, "`tasks`\n`0x40`\n`votes` `0x78`")),
            ["does not name tasks 0x40"]
        );
        assert_eq!(unnamed(&house(TABLES.0, "")).len(), 1);
    }

    #[test]
    fn a_refusal_that_its_chapter_forgets_is_found() {
        let (_, name, chapter) = ENUMS[7];
        let code = format!("pub enum {name} {{\n    /// x\n    A(u8),\n    Bc {{\n    }},\n}}\n");
        let files = [File::sample("protocol/src/a.rs", &code), File::sample(chapter, "`A`")];
        let found = check_names(&files);
        let forgotten = Finding::of_file(chapter, format!("does not name {name}::Bc"));
        assert!(found.contains(&forgotten), "{found:?}");
        assert!(!found.iter().any(|found| found.what.ends_with("::A")));
    }

    #[test]
    fn a_chapter_outside_the_index_is_found() {
        let index = File::sample("docs/spec/README.md", "[one](01-a.md)");
        let files =
            [index, File::sample("docs/spec/01-a.md", ""), File::sample("docs/spec/02-b.md", "")];
        let found = check_index(&files);
        assert_eq!(found, [Finding::of_file("docs/spec/02-b.md", "is not linked from the index")]);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "[a](../adr/1.md#x) [b](https://example.org) [c](gone.md)";
        let files = [File::sample("docs/spec/01-a.md", text)];
        let found = check_links(&files, &|path| path == "docs/adr/1.md");
        assert_eq!(found, [Finding::at("docs/spec/01-a.md", 1, "no gone.md there")]);
    }

    #[test]
    fn a_cited_chapter_that_is_not_there_is_found() {
        let text = "\n// docs/spec/09-x.md and docs/spec/10-y.md.";
        let files = [File::sample("dao/src/a.rs", text), File::sample("docs/spec/09-x.md", "")];
        let found = check_citations(&files);
        assert_eq!(found, [Finding::at("dao/src/a.rs", 2, "there is no docs/spec/10-y.md")]);
    }

    #[test]
    fn a_test_that_a_table_names_and_nobody_wrote_is_found() {
        let code = File::sample("dao/src/a.rs", "fn a_late_reveal_is_refused() {}");
        let table =
            "| 1 | `task::tests::a_late_reveal_is_refused` |\n| 2 | `nobody_wrote_this_test` |";
        let found = check_tests(&[code, File::sample("docs/spec/18-invariants.md", table)]);
        let what = "no test is nobody_wrote_this_test";
        assert_eq!(found, [Finding::at("docs/spec/18-invariants.md", 2, what)]);
    }
}
