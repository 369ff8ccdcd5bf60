//! `probity sim status`, `list`, `compare` and `replay`: what there is, and whether it holds.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use probity_simulations::lab::compare::{self, Comparison, Difference};
use probity_simulations::lab::gather::{self, Progress};
use probity_simulations::lab::plan::Folder;
use probity_simulations::lab::rows::{Reader, Row};
use probity_simulations::lab::runner::Job;
use serde::Serialize;

use super::folder::{failed, parse, short};
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

/// A run that was made again.
#[derive(Serialize)]
struct Replayed {
    schema: &'static str,
    run: u64,
    point: u64,
    replicate: u64,
    height: u64,
    state_root: String,
    same: bool,
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

pub(crate) fn replay(global: &Global, path: &Path, run: u64) -> Result<(), Failure> {
    let folder = Folder::open(path).map_err(failed)?;
    let (plan, config) = (folder.plan().map_err(failed)?, folder.config().map_err(failed)?);
    let design = plan.design().map_err(failed)?;
    if run >= design.runs() {
        let said = format!("there is no run {run}: the last is {}", design.runs() - 1);
        return Err(Failure::new(Code::Usage, said));
    }
    let noted = noted(&folder, run)?;
    let model = parse(&config, &folder.file("config.toml"))?;
    let stop = AtomicBool::new(false);
    let job = Job {
        model: &model,
        design: &design,
        key: plan.key(),
        courses: plan.epochs,
        threads: 1,
        stop: &stop,
    };
    let (_, found) = job.run(run).map_err(failed)?;
    let bits = |row: &Row| -> Vec<u64> { row.values.iter().map(|value| value.to_bits()).collect() };
    let same = bits(&found) == bits(&noted) && found.root == noted.root;
    if !same {
        let said = format!(
            "run {run} came to root {} at height {}, and was noted with root {} at height {}",
            found.root, found.height, noted.root, noted.height
        );
        return Err(Failure::new(Code::Verification, said)
            .hint("another build of the program, or another scenario in config.toml"));
    }
    let (point, replicate) = design.place(run);
    let (height, state_root) = (found.height, found.root);
    let schema = "probity.sim-replay/v1";
    let replayed = Replayed { schema, run, point, replicate, height, state_root, same };
    show(global.output, &replayed, |replayed| {
        let Replayed { run, height, state_root, .. } = replayed;
        format!(
            "run {run} again: the same numbers, the same root\nheight {height}\nroot {state_root}"
        )
    })
}

/// What the logs say of a run.
fn noted(folder: &Folder, run: u64) -> Result<Row, Failure> {
    for path in folder.shards().map_err(failed)? {
        let mut reader = Reader::open(&path).map_err(failed)?;
        while let Some(row) = reader.next_row().map_err(failed)? {
            if row.run == run {
                return Ok(row);
            }
        }
    }
    Err(Failure::new(Code::Usage, format!("run {run} has not been made yet")))
}
