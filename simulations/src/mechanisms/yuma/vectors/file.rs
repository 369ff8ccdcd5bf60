//! The files as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Cases under several versions.
#[derive(Debug, Deserialize)]
pub(super) struct Cases {
    pub(super) simulation: Map<String, Value>,
    pub(super) versions: BTreeMap<String, VersionEntry>,
    pub(super) cases: Vec<Case>,
}

#[derive(Debug, Deserialize)]
pub(super) struct VersionEntry {
    pub(super) params: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Case {
    pub(super) name: String,
    pub(super) validators: Vec<String>,
    pub(super) epochs: usize,
    #[serde(default)]
    pub(super) reset_bonds: bool,
    #[serde(default)]
    pub(super) reset_server_index: Option<usize>,
    #[serde(default)]
    pub(super) reset_epoch: Option<usize>,
    #[serde(default)]
    pub(super) config_overrides: Map<String, Value>,
    pub(super) weights: Vec<Span<Vec<Vec<f32>>>>,
    pub(super) stakes: Vec<Span<Vec<f32>>>,
    /// Epochs of which the file itself says that nothing can be compared.
    #[serde(default)]
    pub(super) undefined_consensus_epochs: Vec<usize>,
    #[serde(default)]
    pub(super) expected: BTreeMap<String, Expected>,
}

/// A value that holds for some epochs, both ends included.
#[derive(Debug, Deserialize)]
pub(super) struct Span<T> {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) value: T,
}

#[derive(Debug, Deserialize)]
pub(super) struct Expected {
    #[serde(default)]
    pub(super) dividends_per_1000_tao: Vec<Vec<f64>>,
    #[serde(default)]
    pub(super) dividends_normalized: Vec<Vec<f64>>,
}

/// The chain's own tests of version 3.
#[derive(Debug, Deserialize)]
pub(super) struct ChainTests {
    pub(super) params: ChainParams,
    pub(super) tests: BTreeMap<String, ChainTest>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChainParams {
    pub(super) bond_penalty: f64,
    pub(super) alpha_low: f64,
    pub(super) alpha_high: f64,
    pub(super) steepness: f64,
    pub(super) bonds_moving_average: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct ChainTest {
    pub(super) stakes: Vec<f32>,
    pub(super) votes: Vec<Vec<String>>,
    #[serde(default)]
    pub(super) bonds: Vec<Vec<Vec<f64>>>,
    #[serde(default)]
    pub(super) dividends_normalized: Vec<Vec<f64>>,
    #[serde(default)]
    pub(super) bonds_at_epoch: BTreeMap<usize, Vec<Vec<f64>>>,
    #[serde(default)]
    pub(super) dividends_normalized_at_epoch: BTreeMap<usize, Vec<f64>>,
}

/// Weighted medians.
#[derive(Debug, Deserialize)]
pub(super) struct Medians {
    pub(super) vectors: Vec<MedianVector>,
}

#[derive(Debug, Deserialize)]
pub(super) struct MedianVector {
    pub(super) stake: Vec<f32>,
    pub(super) score: Vec<f32>,
    pub(super) majority: f32,
    pub(super) median: f32,
}
