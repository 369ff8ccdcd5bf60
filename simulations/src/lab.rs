//! The laboratory: experiments over anything that runs from a seed.
//!
//! A scenario answers one question once. An experiment asks it many times, in many settings, says
//! how sure the answer is, and can be repeated by anyone to the last byte: on one core or on a
//! thousand machines, killed and gone on with.
//!
//! # Reading order
//! [`model`] is what can be run. [`axis`] and [`design`] say in which settings, [`plan`] keeps that
//! in a folder. [`runner`] runs a part of it and appends to the logs of [`rows`]; [`gather`] puts
//! the parts together into tables ([`table`]) and a [`summary`], and [`report`] draws them.
//! [`stats`] says what a handful of runs says about all runs, [`power`] how many are needed,
//! [`sensitivity`] which setting matters, [`attack`] which attack pays, [`compare`] what differs
//! between two experiments. [`network`] makes a scenario of the network something that can be run.
//!
//! # Invariants
//! - One design, one seed, one program: the same bytes, whatever the threads and shards.
//! - Memory does not grow with the number of runs, nor with how long a run is.
//!
//! # Not here
//! Worlds, agents and rules: apart from [`network`], nothing here knows of them.

pub mod attack;
pub mod axis;
pub mod compare;
pub mod design;
pub mod gather;
pub mod model;
pub mod network;
pub mod plan;
pub mod power;
pub mod report;
pub mod rows;
pub mod runner;
pub mod sensitivity;
pub mod stats;
pub mod summary;
pub mod table;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

pub use self::model::{Key, Measured, Model, Watch};

/// Why an experiment cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// A file cannot be read or written.
    #[error("cannot {what} {path}: {error}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// A document that cannot be read.
    #[error("{path} is damaged: {error}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        error: serde_json::Error,
    },
    /// A document of another version.
    #[error("{0} has the schema `{1}`, which this program does not read")]
    Schema(PathBuf, String),
    /// A document that cannot be written as JSON.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A folder without an experiment.
    #[error("{0} has no plan.json: it is no experiment")]
    NoPlan(PathBuf),
    /// A folder with another experiment.
    #[error("{0} has another experiment: name another folder")]
    OtherPlan(PathBuf),
    /// A design that makes no sense.
    #[error(transparent)]
    Design(#[from] design::DesignError),
    /// A setting that cannot be made, or a world that breaks.
    #[error("{0}")]
    Model(Box<dyn Error + Send + Sync>),
    /// A log that is of no use.
    #[error(transparent)]
    Rows(#[from] rows::RowsError),
    /// Parts that do not make a whole.
    #[error(transparent)]
    Gather(#[from] gather::GatherError),
    /// A table that cannot be written.
    #[error("cannot write {path}: {error}")]
    Table {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: Box<dyn Error + Send + Sync>,
    },
    /// Somebody asked to stop.
    #[error("stopped before the end")]
    Stopped,
    /// No threads.
    #[error("cannot start threads: {0}")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl LabError {
    pub(crate) fn io(what: &'static str, path: &Path, error: io::Error) -> Self {
        Self::Io { what, path: path.to_owned(), error }
    }

    pub(crate) fn model(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Model(Box::new(error))
    }
}
