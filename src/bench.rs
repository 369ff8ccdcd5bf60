//! `probity bench`: this machine against the limits that the documentation states.
//!
//! Every figure is a ratio of two things measured in the same run, so that a slow or busy machine
//! slows both. Nothing here passes or fails; the README's table says what was measured where.

pub(crate) mod blocks;
pub(crate) mod certificate;
pub(crate) mod dispute;
pub(crate) mod engine;
pub(crate) mod growth;
pub(crate) mod inference;
pub(crate) mod io;
pub(crate) mod load;
mod network;
pub(crate) mod sync;
pub(crate) mod votes;
pub(crate) mod web;

use serde::Serialize;

use probity_node::store::StoreKind;

use crate::cli::{Bench, BenchPart, BenchStore};
use crate::exit::Failure;
use crate::output::Table;

/// The schema of the document.
const SCHEMA: &str = "probity.bench/v1";

/// One measurement beside what it is measured against.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// How much.
    pub(crate) value: f64,
    /// Of what.
    pub(crate) unit: &'static str,
    /// The peer or the limit.
    pub(crate) against: String,
    /// Its value, in the same unit.
    pub(crate) reference: f64,
    /// `value / reference`.
    pub(crate) ratio: f64,
    /// What the documentation asks of the ratio.
    pub(crate) wanted: &'static str,
}

impl Figure {
    /// A measurement against another of the same run.
    pub(crate) fn new(
        what: impl Into<String>,
        (value, unit): (f64, &'static str),
        (against, reference): (&str, f64),
        wanted: &'static str,
    ) -> Self {
        let against = against.to_owned();
        Self {
            what: what.into(),
            value,
            unit,
            against,
            reference,
            ratio: value / reference,
            wanted,
        }
    }
}

/// The document.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Report {
    schema: &'static str,
    /// The processors that this program may use.
    processors: usize,
    /// The measurements.
    figures: Vec<Figure>,
}

/// Measures one part, or all but the one that takes hours.
pub(crate) fn run(arguments: &Bench) -> Result<Report, Failure> {
    let part = arguments.part;
    let wanted = |candidate: BenchPart| part.is_none_or(|part| part == candidate);
    let mut figures = Vec::new();
    if wanted(BenchPart::Blocks) {
        figures.extend(blocks::measure()?);
    }
    if wanted(BenchPart::Engine) {
        figures.extend(engine::measure()?);
    }
    if wanted(BenchPart::Inference) {
        figures.extend(inference::measure()?);
    }
    if wanted(BenchPart::Certificate) {
        figures.extend(certificate::measure()?);
    }
    if wanted(BenchPart::Dispute) {
        figures.extend(dispute::measure()?);
    }
    if wanted(BenchPart::Io) {
        figures.extend(io::measure()?);
    }
    if wanted(BenchPart::Sync) {
        figures.extend(sync::measure()?);
    }
    if wanted(BenchPart::Votes) {
        figures.extend(votes::measure()?);
    }
    if wanted(BenchPart::Restore) {
        figures.extend(sync::restore()?);
    }
    if part == Some(BenchPart::Growth) {
        let kinds = match arguments.store {
            Some(BenchStore::Sled) => vec![StoreKind::Sled],
            Some(BenchStore::Redb) => vec![StoreKind::Redb],
            None => vec![StoreKind::Sled, StoreKind::Redb],
        };
        for kind in kinds {
            figures.extend(growth::measure(kind, arguments.blocks, arguments.keep_blocks)?);
        }
    }
    // Longer than all others together, so it is run only by name.
    if part == Some(BenchPart::Load) {
        figures.extend(load::measure()?);
    }
    if part == Some(BenchPart::Web) {
        figures.extend(web::measure(arguments.requests)?);
    }
    if part == Some(BenchPart::Hostile) {
        figures.extend(web::hostile()?);
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Ok(Report { schema: SCHEMA, processors, figures })
}

impl Report {
    /// The document for people.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new(&["what", ">measured", ">against", "", ">ratio", "wanted"]);
        for figure in &self.figures {
            table.row(vec![
                figure.what.clone(),
                format!("{:.1} {}", figure.value, figure.unit),
                format!("{:.1} {}", figure.reference, figure.unit),
                figure.against.clone(),
                format!("{:.2}", figure.ratio),
                figure.wanted.to_owned(),
            ]);
        }
        format!("On {} processors:\n\n{}", self.processors, table.text())
    }
}
