//! `probity node doctor`: everything that is worth knowing before something goes wrong, in one list.
//!
//! Each check says what it found and what to do about it. The exit code is that of the worst
//! finding, so that a script can watch a node with it.
//!
//! # Reading order
//! [`local`] looks at this machine, [`remote`] asks the running node, [`clock`] compares clocks.

mod clock;
mod local;
mod remote;

use serde::Serialize;

use crate::cli::Global;
use crate::exit::{Code, Failure};
use crate::home::Home;
use crate::output::{self, Table};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// It works, and may not for long.
    Warn,
    /// It does not work.
    Fail,
}

/// What one check found.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Finding {
    check: &'static str,
    level: Level,
    message: String,
    /// What to do about it.
    hint: Option<String>,
    /// The exit code that it ends with if nothing is worse.
    #[serde(skip)]
    code: Option<Code>,
}

impl Finding {
    fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, message: message.into(), hint: None, code: None }
    }

    fn warn(check: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        let hint = Some(hint.into());
        Self { check, level: Level::Warn, message: message.into(), hint, code: None }
    }

    fn fail(
        check: &'static str,
        code: Code,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let hint = Some(hint.into());
        Self { check, level: Level::Fail, message: message.into(), hint, code: Some(code) }
    }

    /// A finding out of a failure of another command's check.
    fn of(check: &'static str, failure: &Failure) -> Self {
        let hint = failure.hint_text().unwrap_or_default().to_owned();
        Self::fail(check, failure.code(), failure.message(), hint)
    }
}

/// All findings.
#[derive(Debug, Serialize)]
struct Report {
    schema: &'static str,
    findings: Vec<Finding>,
}

/// Makes all checks and shows what they found.
pub(super) async fn doctor(global: &Global) -> Result<(), Failure> {
    let home = Home::open(global, &[])?;
    let running = local::is_running(&home);
    let mut findings = local::look(&home, running);
    findings.extend(remote::ask(global, &home, running).await?);
    let report = Report { schema: "probity.doctor/v1", findings };
    output::show(global.output, &report, Report::text)?;
    match worst(&report.findings) {
        None => Ok(()),
        Some(finding) => {
            let code = finding.code.unwrap_or(Code::Other);
            Err(Failure::new(code, format_args!("{}: {}", finding.check, finding.message)))
        }
    }
}

/// The failed check that matters most: one about safety before one about damage, and so on.
fn worst(findings: &[Finding]) -> Option<&Finding> {
    let order = [Code::Unsafe, Code::Verification, Code::Key, Code::Config, Code::Unreachable];
    let rank = |finding: &Finding| {
        order.iter().position(|code| Some(*code) == finding.code).unwrap_or(order.len())
    };
    let failed = findings.iter().filter(|finding| finding.level == Level::Fail);
    failed.min_by_key(|finding| rank(finding))
}

impl Report {
    fn text(&self) -> String {
        let mut table = Table::new(&["", "check", "found"]);
        for finding in &self.findings {
            let level = match finding.level {
                Level::Ok => "ok",
                Level::Warn => "warn",
                Level::Fail => "FAIL",
            };
            table.row(vec![level.to_owned(), finding.check.to_owned(), finding.message.clone()]);
            if let Some(hint) = &finding.hint {
                table.row(vec![String::new(), String::new(), format!("-> {hint}")]);
            }
        }
        table.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_is_the_one_about_safety_and_warnings_are_none() {
        let key = Finding::fail("keys", Code::Key, "loose", "chmod");
        let unsafe_one = Finding::fail("lock", Code::Unsafe, "held", "end it");
        let other = Finding::fail("disk", Code::Other, "full", "make room");
        let warning = Finding::warn("peers", "none", "wait");
        let all = [other.clone(), key.clone(), unsafe_one, warning.clone()];
        assert_eq!(worst(&all).unwrap().check, "lock");
        assert_eq!(worst(&[other, key]).unwrap().check, "keys");
        assert!(worst(&[warning, Finding::ok("disk", "fine")]).is_none());
    }
}
