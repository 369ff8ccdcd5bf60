//! Lineage dilution: puts invented ancestors between a work and what it was made from, so that the
//! royalties of the original thin out.
//!
//! The group derives a benchmark from the public one, through as many invented ones as it is told, and
//! has models evaluated on it.
//!
//! Source: the comment in Story's royalty policy on relative shares; `docs/spec/05-registry.md` gives
//! absolute ones.

use probity_primitives::{ArtifactId, BoundedVec, Bps};
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::registry::{ArtifactKind, Parent, Relation};
use probity_protocol::task::Mode;
use probity_protocol::task::message::RequestTask;
use probity_runtime::Message;

use super::{Deed, Hand, Scene, Strategy};
use crate::setup::derived;

/// The share of the original, in hundredths of a per cent.
const SHARE: u16 = 1_000;

/// Owners that dilute.
#[derive(Debug)]
pub(super) struct Lineage {
    /// How many ancestors they invent.
    pub(super) invented: u32,
    /// Whether scores may differ.
    pub(super) mode: Mode,
    pub(super) chain: Vec<ArtifactId>,
}

impl Strategy for Lineage {
    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let Some(place) = scene.places.first().copied() else { return Vec::new() };
        let made = u32::try_from(self.chain.len()).unwrap_or(u32::MAX);
        if made <= self.invented {
            let known = scene.world.ledger().benchmarks.get(&scene.shelf.benchmark).cloned();
            let name = format!("derived {place}");
            let Ok(mut manifest) = derived(ArtifactKind::Benchmark, &name, made) else {
                return Vec::new();
            };
            let (id, share) = match self.chain.last() {
                Some(last) => (*last, Bps::new(1)),
                None => (scene.shelf.benchmark, Bps::new(SHARE)),
            };
            let parent = Parent { id, relation: Relation::DerivedFrom, share };
            manifest.parents = BoundedVec::from_vec(vec![parent]).unwrap_or_default();
            manifest.benchmark = known;
            self.chain.push(manifest.id());
            let message = Message::RegisterArtifact(RegisterArtifact { manifest });
            return vec![Deed { by: Hand::Owner(place), message }];
        }
        let (Some(benchmark), Some(_), Some(model)) =
            (self.chain.last(), scene.epoch, scene.shelf.models.first())
        else {
            return Vec::new();
        };
        let (fee, value_at_risk) = scene.order;
        let request = RequestTask {
            benchmark: *benchmark,
            artifact: *model,
            mode: self.mode,
            fee,
            value_at_risk,
            commit_blocks: None,
        };
        vec![Deed { by: Hand::Owner(place), message: Message::RequestTask(request) }]
    }
}
