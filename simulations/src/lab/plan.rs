//! A plan: an experiment before its first run, and the folder that it lives in.
//!
//! ```text
//! FOLDER/
//!   config.toml        the scenario with all its settings
//!   plan.json          design, seed and what to keep: with config.toml, all that runs follow from
//!   shards/            one log for each part of the runs, appended to as runs end
//!   runs.csv, runs.parquet, epochs.parquet, summary.json, manifest.json, report.html, REPRODUCE
//! ```
//!
//! # Invariants
//! - The design's hash covers config and plan, so rows of different experiments never mix.
//! - A file is written beside its name, made durable, and renamed: it is there whole or not at all.
//!
//! # Not here
//! Running, and reading rows.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LabError;
use super::design::{Design, Spec};

/// The schema of a plan.
const SCHEMA: &str = "probity.sim-plan/v1";

/// An experiment before its first run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    schema: String,
    /// What the scenario is called.
    pub scenario: String,
    /// What all chance follows from: any text.
    pub seed: String,
    /// The number that charts and comparisons are about; the first that runs measure if none.
    pub kpi: Option<String>,
    /// Whether every run's course is kept, thinned.
    pub epochs: bool,
    /// The points and how often each is run.
    pub design: Spec,
}

impl Plan {
    /// A plan for a scenario.
    #[must_use]
    pub fn new(scenario: String, seed: String, design: Spec) -> Self {
        Self { schema: SCHEMA.to_owned(), scenario, seed, kpi: None, epochs: false, design }
    }

    /// The key of all chance.
    #[must_use]
    pub fn key(&self) -> [u8; 32] {
        blake3::derive_key("probity 2026 simulations seed", self.seed.as_bytes())
    }

    /// The design that it describes.
    ///
    /// # Errors
    /// If there is no such design.
    pub fn design(&self) -> Result<Design, LabError> {
        Ok(Design::new(&self.design, &self.key())?)
    }

    /// The command that makes the experiment again from its `config.toml`.
    #[must_use]
    pub fn command(&self) -> String {
        let Spec { kind, axes, samples, replicates } = &self.design;
        let mut words = vec!["probity sim sweep config.toml".to_owned()];
        let kind = format!("{kind:?}").to_lowercase();
        words.push(format!(
            "--design {kind} --replicates {replicates} --seed {}",
            quoted(&self.seed)
        ));
        words.extend(samples.map(|samples| format!("--samples {samples}")));
        words.extend(axes.iter().map(|axis| format!("--param {}", quoted(axis))));
        words.extend(self.kpi.iter().map(|kpi| format!("--kpi {}", quoted(kpi))));
        words.extend(self.epochs.then(|| "--epochs".to_owned()));
        words.push("--out again\n".to_owned());
        words.join(" ")
    }

    /// The hash of all that the runs follow from, program apart.
    #[must_use]
    pub fn hash(&self, config: &str) -> String {
        let Self { schema, scenario, seed, kpi, epochs, design } = self;
        let mut hasher = blake3::Hasher::new_derive_key("probity 2026 simulations design");
        let mut part = |bytes: &[u8]| {
            hasher.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            hasher.update(bytes);
        };
        let Spec { kind, axes, samples, replicates } = design;
        part(schema.as_bytes());
        part(scenario.as_bytes());
        part(seed.as_bytes());
        part(kpi.as_deref().unwrap_or_default().as_bytes());
        part(&[u8::from(kpi.is_some()), u8::from(*epochs)]);
        part(format!("{kind:?} {samples:?} {replicates}").as_bytes());
        axes.iter().for_each(|axis| part(axis.as_bytes()));
        part(config.as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}

/// A text as a shell reads it back.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// The folder of one experiment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder with a plan in it.
    ///
    /// # Errors
    /// If there is none.
    pub fn open(path: &Path) -> Result<Self, LabError> {
        let folder = Self(path.to_owned());
        if folder.file("plan.json").is_file() {
            return Ok(folder);
        }
        Err(LabError::NoPlan(path.to_owned()))
    }

    /// Makes a folder for a plan. One that holds the very same plan is taken as it is.
    ///
    /// # Errors
    /// If it cannot be written, or holds something else.
    pub fn create(path: &Path, plan: &Plan, config: &str) -> Result<Self, LabError> {
        let folder = Self(path.to_owned());
        if folder.file("plan.json").exists() {
            let (there, text) = (folder.plan()?, folder.config()?);
            if there == *plan && text == config {
                return Ok(folder);
            }
            return Err(LabError::OtherPlan(path.to_owned()));
        }
        let shards = folder.file("shards");
        fs::create_dir_all(&shards).map_err(|error| LabError::io("make", &shards, error))?;
        let mut text = serde_json::to_string_pretty(plan)?;
        text.push('\n');
        folder.write("config.toml", config.as_bytes())?;
        folder.write("plan.json", text.as_bytes())?;
        Ok(folder)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The plan.
    ///
    /// # Errors
    /// If it cannot be read or is none.
    pub fn plan(&self) -> Result<Plan, LabError> {
        let path = self.file("plan.json");
        let text = self.text("plan.json")?;
        let damaged = |error| LabError::Damaged { path: path.clone(), error };
        let plan: Plan = serde_json::from_str(&text).map_err(damaged)?;
        if plan.schema == SCHEMA { Ok(plan) } else { Err(LabError::Schema(path, plan.schema)) }
    }

    /// The scenario.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn config(&self) -> Result<String, LabError> {
        self.text("config.toml")
    }

    /// A text in it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn text(&self, name: &str) -> Result<String, LabError> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(|error| LabError::io("read", &path, error))
    }

    /// The logs of its shards, in the order of their names.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn shards(&self) -> Result<Vec<PathBuf>, LabError> {
        let path = self.file("shards");
        let failed = |error| LabError::io("read", &path, error);
        let mut found = Vec::new();
        for entry in fs::read_dir(&path).map_err(failed)? {
            let file = entry.map_err(failed)?.path();
            if file.extension().is_some_and(|extension| extension == "rows") {
                found.push(file);
            }
        }
        found.sort();
        Ok(found)
    }

    /// Writes a file whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result<(), LabError> {
        let mut fresh = self.fresh(name)?;
        fresh.file.write_all(bytes).map_err(|error| LabError::io("write", &fresh.path, error))?;
        fresh.keep()
    }

    /// Begins a file that is there once it is kept.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn fresh(&self, name: &str) -> Result<Fresh, LabError> {
        let path = self.file(name);
        let beside = self.file(&format!("{name}.part"));
        let file = File::create(&beside).map_err(|error| LabError::io("write", &beside, error))?;
        Ok(Fresh { file, beside, path, kept: false })
    }
}

/// A file that is being written beside its name. One that is dropped before it is kept is removed.
#[derive(Debug)]
pub struct Fresh {
    /// What to write to.
    pub file: File,
    beside: PathBuf,
    path: PathBuf,
    kept: bool,
}

impl Fresh {
    /// Makes it durable and gives it its name.
    ///
    /// # Errors
    /// If that fails; then nothing has its name.
    pub fn keep(mut self) -> Result<(), LabError> {
        self.kept = true;
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let done = self
            .file
            .sync_all()
            .and_then(|()| fs::rename(&self.beside, &self.path))
            .and_then(|()| sync_folder(folder));
        done.map_err(|error| LabError::io("write", &self.path, error))
    }

    /// Another handle to the same file.
    ///
    /// # Errors
    /// If the system has none.
    pub fn handle(&self) -> Result<File, LabError> {
        self.file.try_clone().map_err(|error| LabError::io("write", &self.beside, error))
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed is overwritten by the next try.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// The hash of a file.
///
/// # Errors
/// If it cannot be read.
pub fn hash_of(path: &Path) -> Result<String, LabError> {
    let failed = |error| LabError::io("read", path, error);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(failed)?).map_err(failed)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Makes names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        Plan::new("x".to_owned(), "1".to_owned(), Spec::single(3))
    }

    #[test]
    fn a_plan_comes_back_as_it_was_and_another_is_not_laid_over_it() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a");
        let folder = Folder::create(&path, &plan(), "k = 1\n").unwrap();
        assert_eq!((folder.plan().unwrap(), folder.config().unwrap()), (plan(), "k = 1\n".into()));
        assert_eq!(Folder::create(&path, &plan(), "k = 1\n").unwrap(), folder);
        assert!(matches!(Folder::create(&path, &plan(), "k = 2\n"), Err(LabError::OtherPlan(_))));
        assert!(matches!(Folder::open(place.path()), Err(LabError::NoPlan(_))));
    }

    #[test]
    fn whatever_changes_the_runs_changes_the_hash() {
        let base = plan().hash("k = 1");
        let mut others = vec![plan().hash("k = 2")];
        let mut change = |change: fn(&mut Plan)| {
            let mut plan = plan();
            change(&mut plan);
            others.push(plan.hash("k = 1"));
        };
        change(|plan| plan.scenario.push('y'));
        change(|plan| plan.seed.push('0'));
        change(|plan| plan.kpi = Some(String::new()));
        change(|plan| plan.epochs = true);
        change(|plan| plan.design.replicates = 4);
        change(|plan| plan.design.samples = Some(1));
        change(|plan| plan.design.axes.push("a=1,2".to_owned()));
        change(|plan| plan.design.kind = super::super::design::Kind::Zip);
        others.push(base);
        let count = others.len();
        others.sort();
        others.dedup();
        assert_eq!(others.len(), count);
    }

    #[test]
    fn a_file_that_is_not_kept_leaves_nothing_behind() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder(place.path().to_owned());
        folder.write("a", b"old").unwrap();
        let mut fresh = folder.fresh("a").unwrap();
        fresh.file.write_all(b"ne").unwrap();
        drop(fresh);
        assert_eq!(folder.text("a").unwrap(), "old");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1);
    }
}
