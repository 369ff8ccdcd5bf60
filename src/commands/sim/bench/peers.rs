//! The other frameworks: scripts and a program that print one line of JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::cli::SimBench;
use crate::exit::{Code, Failure, OrFail};

/// The implementations, each with how many runs it makes for a hundred of ours: what is slow is given
/// less to do, since a rate needs no more.
const SCRIPTS: [(&str, u32); 6] = [
    ("numpy_batched", 100),
    ("cadcad_numpy", 25),
    ("radcad_numpy", 25),
    ("mesa_agents", 5),
    ("agentpy_agents", 5),
    ("krabmaga", 100),
];

/// What one round of an implementation gave.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) versions: BTreeMap<String, String>,
    pub(super) agent_steps: u64,
    pub(super) cpu_seconds: f64,
    pub(super) check: f64,
}

impl Sample {
    /// Steps of agents for a second of CPU time.
    pub(super) fn rate(&self) -> f64 {
        let steps = u32::try_from(self.agent_steps).unwrap_or(u32::MAX);
        f64::from(steps) / self.cpu_seconds
    }
}

/// Another implementation.
#[derive(Debug)]
pub(super) struct Peer {
    name: &'static str,
    program: PathBuf,
    script: Option<PathBuf>,
    hundredths: u32,
}

/// The implementations that were asked for.
pub(super) fn of(arguments: &SimBench) -> Result<Vec<Peer>, Failure> {
    let SimBench { venv, krabmaga, peers, .. } = arguments;
    let mut found = Vec::new();
    for (name, hundredths) in SCRIPTS {
        let (program, script) = match (name, krabmaga, venv) {
            ("krabmaga", Some(program), _) => (program.clone(), None),
            ("krabmaga", None, _) | (_, _, None) => continue,
            (_, _, Some(venv)) => (venv.join("bin/python"), Some(peers.join(format!("{name}.py")))),
        };
        exists(&program)?;
        script.as_deref().map_or(Ok(()), exists)?;
        found.push(Peer { name, program, script, hundredths });
    }
    Ok(found)
}

fn exists(path: &Path) -> Result<(), Failure> {
    if path.is_file() {
        return Ok(());
    }
    let what = format!("there is no {}", path.display());
    Err(Failure::new(Code::Usage, what).hint("see simulations/README.md for how to set peers up"))
}

impl Peer {
    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// Runs it in a process of its own, which times itself: starting an interpreter is not counted.
    pub(super) fn run(&self, (runs, epochs, seed): (u32, u32, u64)) -> Result<Sample, Failure> {
        let runs = runs.saturating_mul(self.hundredths).div_ceil(100);
        let mut command = Command::new(&self.program);
        command.args(self.script.as_deref());
        command.args(["--runs", &runs.to_string(), "--epochs", &epochs.to_string()]);
        command.args(["--seed", &seed.to_string()]);
        let output = command.output().or_fail(Code::Other, &format!("cannot run {}", self.name))?;
        let failed = |why: &str| {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or_default();
            Failure::new(Code::Other, format!("{} {why}: {last}", self.name))
        };
        if !output.status.success() {
            return Err(failed("failed"));
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let line = said.lines().rev().find(|line| line.starts_with('{'));
        let sample: Option<Sample> = line.and_then(|line| serde_json::from_str(line).ok());
        sample.filter(|sample| sample.name == self.name).ok_or_else(|| failed("printed no result"))
    }
}
