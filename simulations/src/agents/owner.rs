//! Owners of models: one trained on the benchmark's items, one that keeps its model to itself, and one
//! that pays to evaluate itself so that money may be minted.
//!
//! They register a model of their own and request its evaluation, as anyone may.
//!
//! Source: benchmark leakage in machine learning; data availability in blockchains; `docs/spec/16-
//! supply.md` (what burns of a fee is at least twice what a compute unit earns to be minted).

use probity_primitives::{ArtifactId, BoundedVec};
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::task::Mode;
use probity_protocol::task::message::RequestTask;
use probity_runtime::Message;

use super::{Deed, Hand, Own, Scene, Strategy};
use crate::setup::synthetic;

/// Owners of a model of their own.
#[derive(Debug)]
pub(super) struct Owner {
    /// What their model is.
    pub(super) own: Own,
    /// How many evaluations they request an epoch.
    pub(super) per_epoch: u32,
    /// Whether scores may differ.
    pub(super) mode: Mode,
    pub(super) model: Option<ArtifactId>,
}

impl Strategy for Owner {
    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let Some(place) = scene.places.first().copied() else { return Vec::new() };
        let Some(model) = self.model else {
            let name = format!("own {place}");
            let Ok(mut manifest) = synthetic(&name, 0) else { return Vec::new() };
            manifest.contributors = BoundedVec::new();
            self.model = Some(manifest.id());
            let message = Message::RegisterArtifact(RegisterArtifact { manifest });
            return vec![Deed { by: Hand::Owner(place), message }];
        };
        if scene.epoch.is_none() {
            return Vec::new();
        }
        let (fee, value_at_risk) = scene.order;
        let request = RequestTask {
            benchmark: scene.shelf.benchmark,
            artifact: model,
            mode: self.mode,
            fee,
            value_at_risk,
            commit_blocks: None,
        };
        let deed = Deed { by: Hand::Owner(place), message: Message::RequestTask(request) };
        vec![deed; usize::try_from(self.per_epoch).unwrap_or_default()]
    }

    fn owns(&self) -> Option<Own> {
        Some(self.own)
    }
}
