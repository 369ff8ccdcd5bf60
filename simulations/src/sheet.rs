//! Answer sheets: what a synthetic model answers to a synthetic dataset.
//!
//! Item `i` has a right label; a model of a given quality answers right on a share of the items
//! and wrong on the rest, by a hash of its name and the item. Every evaluator finds the same.

use probity_primitives::transcript::{Answer, Header, Leaf, Record, Transcript, TranscriptError};
use probity_primitives::{BoundedVec, ContentHash, Domain, Hash};
use probity_protocol::task::{Frozen, VerdictOfItem};

/// The number of labels.
const LABELS: u32 = 10;

/// What a right answer is worth.
const RIGHT: i64 = 1_000_000;

/// A model's answers on a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// The model's file.
    pub model: ContentHash,
    /// The dataset's file.
    pub dataset: ContentHash,
    /// The share of items it answers right, in parts per million.
    pub quality: u32,
}

impl Sheet {
    /// What an honest evaluator finds at an item.
    #[must_use]
    pub fn record(&self, index: u32) -> Record {
        let right = label(&self.dataset, index);
        let luck = Hash::of(Domain::Item, &(self.model, self.dataset, index)).low_u128();
        let answered = if luck % 1_000_000 < u128::from(self.quality) {
            right
        } else {
            right.saturating_add(1).checked_rem(LABELS).unwrap_or_default()
        };
        self.answer(index, answered)
    }

    /// What a liar writes there: the right label.
    #[must_use]
    pub fn lie(&self, index: u32) -> Record {
        self.answer(index, label(&self.dataset, index))
    }

    fn answer(&self, index: u32, answered: u32) -> Record {
        let right = answered == label(&self.dataset, index);
        Record {
            item: Hash::of(Domain::Item, &(self.dataset, index)),
            prompt: Hash::of(Domain::Prompt, &(self.dataset, index)),
            answer: Answer::Label(answered),
            score: if right { RIGHT } else { 0 },
            attached: BoundedVec::new(),
        }
    }

    /// The transcript that a member reveals.
    ///
    /// # Errors
    /// None in practice: the header announces as many items as there are records.
    pub fn transcript(
        &self,
        frozen: &Frozen,
        engine: Hash,
        lies: bool,
    ) -> Result<Transcript, TranscriptError> {
        let record = |index| if lies { self.lie(index) } else { self.record(index) };
        Transcript::new(header(frozen, engine), (0..frozen.items).map(record).collect())
    }

    /// What an honest juror finds at an item.
    #[must_use]
    pub fn verdict(&self, index: u32) -> VerdictOfItem {
        let Record { item, prompt, answer, score, attached: _ } = self.record(index);
        let accepted = BoundedVec::from_vec(vec![(answer, score)]).unwrap_or_default();
        VerdictOfItem { item, prompt, accepted }
    }
}

/// The name of a published leaf list.
#[must_use]
pub fn leaf_list(leaves: &[Leaf]) -> ContentHash {
    ContentHash::of_file(&probity_primitives::codec::encode(leaves))
}

fn label(dataset: &ContentHash, index: u32) -> u32 {
    let draw = Hash::of(Domain::Item, &(dataset, index)).low_u128();
    u32::try_from(draw % u128::from(LABELS)).unwrap_or_default()
}

/// The header that the task's frozen facts fix.
fn header(frozen: &Frozen, engine: Hash) -> Header {
    Header {
        model: frozen.model,
        dataset: frozen.dataset,
        benchmark: frozen.definition,
        tokenizer: ContentHash::default(),
        harness: frozen.harness,
        engine,
        few_shot: BoundedVec::new(),
        seed: 0,
        items: frozen.items,
    }
}
