//! `probity sim status`, `list` and `compare`: what there is.

use std::path::{Path, PathBuf};

use probity_simulations::lab::compare::{self, Comparison, Difference};
use probity_simulations::lab::gather::{self, Progress};
use probity_simulations::lab::plan::Folder;
use serde::Serialize;

use super::folder::{failed, short};
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};

/// How far an experiment is.
#[derive(Serialize)]
struct Status<'a> {
    schema: &'static str,
    folder: &'a Path,
    #[serde(flatten)]
    progress: Progress,
}

/// The experiments in a folder.
#[derive(Serialize)]
struct Listed {
    schema: &'static str,
    experiments: Vec<Entry>,
}

/// One experiment.
#[derive(Serialize)]
struct Entry {
    folder: PathBuf,
    scenario: String,
    seed: String,
    axes: Vec<String>,
    runs: u64,
    done: u64,
    merged: bool,
}

pub(crate) fn status(global: &Global, path: &Path) -> Result<(), Failure> {
    let folder = Folder::open(path).map_err(failed)?;
    let progress = gather::progress(&folder).map_err(failed)?;
    let status = Status { schema: "probity.sim-status/v1", folder: path, progress };
    show(global.output, &status, |status| {
        let Progress { done, total, shards, merged } = &status.progress;
        let mut table = Table::new(&["part", ">done", ">of"]);
        for (shard, done, of) in shards {
            table.row(vec![shard.clone(), done.to_string(), of.to_string()]);
        }
        let end = if *merged { "put together" } else { "not yet put together" };
        format!("{done} of {total} runs, {end}\n{}", table.text())
    })
}

pub(crate) fn list(global: &Global, path: &Path) -> Result<(), Failure> {
    let what = format!("cannot read {}", path.display());
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(path).or_fail(Code::Usage, &what)? {
        let entry = entry.or_fail(Code::Other, &what)?.path();
        if let Ok(folder) = Folder::open(&entry) {
            folders.push(folder);
        }
    }
    folders.sort_by(|one, other| one.path().cmp(other.path()));
    let entry = |folder: &Folder| {
        let plan = folder.plan().map_err(failed)?;
        let progress = gather::progress(folder).map_err(failed)?;
        Ok(Entry {
            folder: folder.path().to_owned(),
            scenario: plan.scenario,
            seed: plan.seed,
            axes: plan.design.axes,
            runs: progress.total,
            done: progress.done,
            merged: progress.merged,
        })
    };
    let experiments = folders.iter().map(entry).collect::<Result<Vec<_>, Failure>>()?;
    let listed = Listed { schema: "probity.sim-list/v1", experiments };
    show(global.output, &listed, |listed| {
        let mut table = Table::new(&["folder", "scenario", "seed", ">runs", ">done", "varied"]);
        for Entry { folder, scenario, seed, axes, runs, done, .. } in &listed.experiments {
            table.row(vec![
                folder.display().to_string(),
                scenario.clone(),
                seed.clone(),
                runs.to_string(),
                done.to_string(),
                axes.join(" "),
            ]);
        }
        table.text()
    })
}

pub(crate) fn compare(global: &Global, first: &Path, second: &Path) -> Result<(), Failure> {
    let (one, other) =
        (Folder::open(first).map_err(failed)?, Folder::open(second).map_err(failed)?);
    let found = compare::compare(&one, &other).map_err(failed)?;
    show(global.output, &found, |found| {
        let Comparison { paired, numbers, .. } = found;
        let mut table =
            Table::new(&["number", ">first", ">second", ">difference", ">95 % interval", ">n"]);
        for Difference { name, first, second, difference } in numbers {
            let interval = format!("{} .. {}", short(difference.low), short(difference.high));
            table.row(vec![
                name.clone(),
                short(first.mean),
                short(second.mean),
                short(difference.mean),
                interval,
                difference.n.to_string(),
            ]);
        }
        let how = if *paired { "pairs that share their chance" } else { "means (Welch)" };
        format!("by {how}\n{}", table.text())
    })
}
