//! What an evaluation leaves behind: one leaf for each item, under two roots.
//!
//! The **answers** tree holds what is compared by equality: item, prompt, answer, item score and
//! the running sum. The **attachments** tree holds fixed-point numbers that are compared within a
//! tolerance, because floats of honest evaluators differ in their last bits. Both stand over the
//! same items in ascending order, under one [`Header`] that says exactly what was run.
//!
//! # Invariants
//! - Leaf `i` carries the sum of item scores `0..=i`, so that opening the last leaf proves the
//!   score and opening two neighbours proves one item's share in it.
//!
//! # Not here
//! Who must open what, and what a difference costs: `probity_protocol::task`.
//!
//! Spec: `docs/spec/08-transcript.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::{Deserialize, Serialize};

use crate::bounded::{BoundedString, BoundedVec};
use crate::hash::{ContentHash, Domain, Hash};
use crate::merkle::{OpeningError, Path, Tree};
use crate::score::Score;

/// The longest answer in tokens.
pub const MAX_TOKENS: usize = 4_096;
/// The most numbers attached to one item.
pub const MAX_ATTACHED: usize = 4_096;

/// The engine and its settings: two runs are comparable bit by bit only under one profile.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct EngineProfile {
    /// The engine and its version: `tract-onnx 0.23.9`.
    pub engine: BoundedString<64>,
    /// The number format of the arithmetic: `f32`.
    pub precision: BoundedString<16>,
    /// How many items are shown at once.
    pub batch: u32,
    /// The instruction-set path: `x86_64+fma`.
    pub instructions: BoundedString<64>,
}

impl EngineProfile {
    /// The profile's name in a header.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(Domain::EngineProfile, self)
    }
}

/// Everything that was fixed before the first item was run.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Header {
    /// The model file.
    pub model: ContentHash,
    /// The dataset file.
    pub dataset: ContentHash,
    /// The benchmark definition.
    pub benchmark: Hash,
    /// The tokenizer file; zero where there is none.
    pub tokenizer: ContentHash,
    /// The version of the harness, raised when it could give other answers.
    pub harness: u32,
    /// The hash of the [`EngineProfile`].
    pub engine: Hash,
    /// The items shown as examples, in order.
    pub few_shot: BoundedVec<u32, 64>,
    /// The seed of whatever is drawn during the run.
    pub seed: u64,
    /// The number of items.
    pub items: u32,
}

impl Header {
    /// The header's name in every leaf and root.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let Self { model, dataset, benchmark, tokenizer, harness, engine, few_shot, seed, items } =
            self;
        let fields = (model, dataset, benchmark, tokenizer, harness, engine, few_shot, seed, items);
        Hash::of(Domain::TranscriptHeader, &fields)
    }
}

/// What a model answered to one item.
#[derive(
    Debug,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case", tag = "kind", content = "value")]
pub enum Answer {
    /// A class of a classifier.
    Label(u32),
    /// The index of a multiple-choice answer.
    Choice(u16),
    /// Generated tokens.
    Tokens(BoundedVec<u32, MAX_TOKENS>),
    /// A number in micro-units, of a regression.
    Number(i64),
}

impl Answer {
    /// Whether two evaluators may both be honest: equal, or numbers within `delta` micro-units.
    #[must_use]
    pub fn agrees(&self, other: &Self, delta: u64) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.abs_diff(*b) <= delta,
            (Self::Label(_) | Self::Choice(_) | Self::Tokens(_) | Self::Number(_), _) => {
                self == other
            }
        }
    }
}

/// One item's leaf in the answers tree.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Leaf {
    /// The item's position in ascending order of id.
    pub index: u32,
    /// The hash of the item as the dataset holds it.
    pub item: Hash,
    /// The hash of what the model was shown.
    pub prompt: Hash,
    /// What it answered.
    pub answer: Answer,
    /// What the answer is worth, in the metric's units.
    pub score: i64,
    /// The sum of the scores up to and with this item.
    #[serde(with = "crate::decimal")]
    pub prefix_sum: i128,
}

impl Leaf {
    /// The leaf's hash in a tree under `header`.
    #[must_use]
    pub fn hash(&self, header: Hash) -> Hash {
        let Self { index, item, prompt, answer, score, prefix_sum } = self;
        Hash::of(Domain::Leaf, &(header, index, item, prompt, answer, score, prefix_sum))
    }
}

/// One item's leaf in the attachments tree: logits or log-probabilities in micro-units.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Attachment {
    /// The item's position.
    pub index: u32,
    /// The numbers, in the model's order of outputs, rounded half to even.
    pub micros: BoundedVec<i64, MAX_ATTACHED>,
}

impl Attachment {
    /// The leaf's hash in a tree under `header`.
    #[must_use]
    pub fn hash(&self, header: Hash) -> Hash {
        let Self { index, micros } = self;
        Hash::of(Domain::Attachment, &(header, index, micros))
    }
}

/// How item scores become the score: an exact integer fold.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Fold {
    /// `floor(sum / m)`.
    Mean,
    /// `floor(sqrt(sum / m))`, of squares.
    RootMean,
}

impl Fold {
    /// The score of `items` items whose scores add up to `sum`.
    ///
    /// `None` where there is no such score: no items, a negative sum of squares, or a value
    /// outside `i64`.
    #[must_use]
    pub fn score(self, sum: i128, items: u32) -> Option<Score> {
        let mean = sum.checked_div_euclid(i128::from(items))?;
        let folded = match self {
            Self::Mean => mean,
            Self::RootMean => mean.checked_isqrt()?,
        };
        i64::try_from(folded).ok().map(Score::from_micros)
    }
}

/// A leaf with its way to the root.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Opening {
    /// The leaf.
    pub leaf: Leaf,
    /// The siblings up to the top.
    pub path: Path,
}

impl Opening {
    /// Checks that the leaf stands under `root` in a transcript of `items` items.
    ///
    /// # Errors
    /// As [`Path::check`].
    pub fn check(&self, items: u32, header: Hash, root: Hash) -> Result<(), OpeningError> {
        self.path.check(self.leaf.hash(header), self.leaf.index, items, header, root)
    }
}

/// What one item gave, before it stands in a transcript.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Record {
    /// The hash of the item as the dataset holds it.
    pub item: Hash,
    /// The hash of what the model was shown.
    pub prompt: Hash,
    /// What it answered.
    pub answer: Answer,
    /// What the answer is worth, in the metric's units.
    pub score: i64,
    /// The numbers behind the answer, in micro-units.
    pub attached: BoundedVec<i64, MAX_ATTACHED>,
}

/// A whole evaluation, with both trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transcript {
    header: Header,
    leaves: Vec<Leaf>,
    attachments: Vec<Attachment>,
    answers: Tree,
    attached: Tree,
}

/// Why records are not a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// The header announces another number of items.
    #[error("the header announces {announced} items, and there are {found}")]
    Count {
        /// What the header says.
        announced: u32,
        /// How many records there are.
        found: usize,
    },
}

impl Transcript {
    /// The transcript of these records, in ascending order of item id.
    ///
    /// # Errors
    /// [`TranscriptError::Count`] if their number is not the header's.
    pub fn new(header: Header, records: Vec<Record>) -> Result<Self, TranscriptError> {
        let wrong = TranscriptError::Count { announced: header.items, found: records.len() };
        if u32::try_from(records.len()) != Ok(header.items) {
            return Err(wrong);
        }
        let name = header.hash();
        let mut sum = 0i128;
        let mut leaves = Vec::with_capacity(records.len());
        let mut attachments = Vec::with_capacity(records.len());
        for (index, record) in (0u32..).zip(records) {
            let Record { item, prompt, answer, score, attached } = record;
            // 2^32 items of 63 bits each stay below 2^95.
            sum = sum.saturating_add(i128::from(score));
            leaves.push(Leaf { index, item, prompt, answer, score, prefix_sum: sum });
            attachments.push(Attachment { index, micros: attached });
        }
        let answers =
            Tree::new(leaves.iter().map(|leaf| leaf.hash(name)).collect()).ok_or(wrong)?;
        let attached =
            Tree::new(attachments.iter().map(|leaf| leaf.hash(name)).collect()).ok_or(wrong)?;
        Ok(Self { header, leaves, attachments, answers, attached })
    }

    /// What was fixed before the run.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// The leaves of the answers tree.
    #[must_use]
    pub fn leaves(&self) -> &[Leaf] {
        &self.leaves
    }

    /// The leaves of the attachments tree.
    #[must_use]
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// The root that honest evaluators share.
    #[must_use]
    pub fn answers_root(&self) -> Hash {
        self.answers.root(self.header.hash())
    }

    /// The root over the numbers behind the answers.
    #[must_use]
    pub fn attachments_root(&self) -> Hash {
        self.attached.root(self.header.hash())
    }

    /// The sum of all item scores.
    #[must_use]
    pub fn sum(&self) -> i128 {
        self.leaves.last().map_or(0, |leaf| leaf.prefix_sum)
    }

    /// The score under `fold`; `None` for an empty transcript.
    #[must_use]
    pub fn score(&self, fold: Fold) -> Option<Score> {
        fold.score(self.sum(), self.header.items)
    }

    /// The opening of leaf `index`, if there is one.
    #[must_use]
    pub fn open(&self, index: u32) -> Option<Opening> {
        let leaf = self.leaves.get(usize::try_from(index).ok()?)?.clone();
        Some(Opening { leaf, path: self.answers.path(index)? })
    }

    /// The opening of the last leaf, which carries the whole sum.
    #[must_use]
    pub fn open_last(&self) -> Option<Opening> {
        self.open(self.header.items.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(items: u32) -> Header {
        Header {
            model: ContentHash::of_file(b"model"),
            dataset: ContentHash::of_file(b"data"),
            benchmark: Hash::ZERO,
            tokenizer: ContentHash::default(),
            harness: 1,
            engine: Hash::ZERO,
            few_shot: BoundedVec::new(),
            seed: 0,
            items,
        }
    }

    fn records(scores: &[i64]) -> Vec<Record> {
        (0u32..)
            .zip(scores)
            .map(|(label, score)| Record {
                item: Hash::of(Domain::Item, &label),
                prompt: Hash::of(Domain::Prompt, &label),
                answer: Answer::Label(label),
                score: *score,
                attached: BoundedVec::new(),
            })
            .collect()
    }

    #[test]
    fn the_last_leaf_proves_the_score() {
        let transcript = Transcript::new(header(3), records(&[1_000_000, 0, 1_000_000])).unwrap();
        let last = transcript.open_last().unwrap();
        let (name, root) = (transcript.header().hash(), transcript.answers_root());
        assert_eq!(last.check(3, name, root), Ok(()));
        assert_eq!(Fold::Mean.score(last.leaf.prefix_sum, 3), Some(Score::from_micros(666_666)));
    }

    #[test]
    fn a_changed_leaf_does_not_open() {
        let transcript = Transcript::new(header(2), records(&[0, 0])).unwrap();
        let mut opening = transcript.open(1).unwrap();
        opening.leaf.score = 1;
        assert!(opening.check(2, transcript.header().hash(), transcript.answers_root()).is_err());
    }

    #[test]
    fn a_transcript_with_another_number_of_items_is_refused() {
        assert_eq!(
            Transcript::new(header(3), records(&[0])),
            Err(TranscriptError::Count { announced: 3, found: 1 })
        );
    }

    #[test]
    fn folds_are_exact_and_refuse_what_has_no_score() {
        assert_eq!(Fold::Mean.score(-1, 2), Some(Score::from_micros(-1)));
        assert_eq!(Fold::RootMean.score(18, 2), Some(Score::from_micros(3)));
        assert_eq!(Fold::Mean.score(1, 0), None);
        assert_eq!(Fold::RootMean.score(-4, 1), None);
        assert_eq!(Fold::Mean.score(i128::MAX, 1), None);
    }
}
