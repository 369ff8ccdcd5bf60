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

/// How far the true numbers of items lie around a model's quality, in micro-units either way.
const SPREAD: u128 = 300_000;

/// A model's answers on a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sheet {
    /// The model's file.
    pub model: ContentHash,
    /// The dataset's file.
    pub dataset: ContentHash,
    /// The share of items it answers right, or the mean of its numbers, in parts per million.
    pub quality: u32,
    /// Whether items are answered with numbers instead of labels.
    pub numbers: bool,
}

/// Some of the items, drawn by a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Items {
    /// The share of the items, in parts per million.
    pub share: u32,
    /// Which of them.
    pub seed: u64,
}

impl Items {
    fn has(self, index: u32) -> bool {
        self.share > 0 && part(&("some", self.seed, index)) < u128::from(self.share)
    }
}

/// What an evaluator writes down, where that is not what the sheet says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Reading {
    /// By how much the score is moved, in micro-units: numbers all alike, labels on as many items as
    /// it takes.
    pub shift: i64,
    /// Items whose answer flips to a wrong one, or is off by half.
    pub flips: Items,
    /// Items that a faulty harness spoils, for all its users alike.
    pub bug: Items,
    /// Items that were not run.
    pub skipped: Items,
    /// The score that is written for items that were not run, in micro-units.
    pub guess: i64,
}

impl Sheet {
    /// What an honest evaluator finds at an item.
    #[must_use]
    pub fn record(&self, index: u32) -> Record {
        if self.numbers {
            return self.number(index, self.true_number(index));
        }
        self.answer(index, self.true_label(index))
    }

    /// What a liar writes there: the right label, or the best number.
    #[must_use]
    pub fn lie(&self, index: u32) -> Record {
        if self.numbers {
            return self.number(index, RIGHT);
        }
        self.answer(index, label(&self.dataset, index))
    }

    /// What a reading has at an item.
    #[must_use]
    pub fn read(&self, index: u32, reading: &Reading) -> Record {
        let Reading { shift, flips, bug, skipped, guess } = reading;
        if self.numbers {
            let mut value = if skipped.has(index) { *guess } else { self.true_number(index) };
            if flips.has(index) || bug.has(index) {
                value = value.checked_div(2).unwrap_or_default();
            }
            return self.number(index, value.saturating_add(*shift));
        }
        let right = label(&self.dataset, index);
        let wrong = |by: u32| right.saturating_add(by).checked_rem(LABELS).unwrap_or_default();
        let mut answered = self.true_label(index);
        if skipped.has(index) {
            let lucky = part(&("guess", skipped.seed, index));
            let ok = lucky < u128::try_from(*guess).unwrap_or_default();
            let other = u32::try_from(lucky % 9).unwrap_or_default().saturating_add(1);
            answered = if ok { right } else { wrong(other) };
        }
        if flips.has(index) || bug.has(index) {
            answered = answered.saturating_add(2).checked_rem(LABELS).unwrap_or_default();
        }
        self.answer(index, self.shifted(index, answered, *shift))
    }

    /// A label after the score was moved: up by calling wrong ones right, down the other way.
    fn shifted(&self, index: u32, answered: u32, shift: i64) -> u32 {
        let right = label(&self.dataset, index);
        let (from, pool) = if shift > 0 {
            (answered != right, 1_000_000u32.saturating_sub(self.quality))
        } else {
            (answered == right, self.quality)
        };
        let wanted = u128::from(shift.unsigned_abs()).saturating_mul(1_000_000);
        let share = wanted.checked_div(u128::from(pool)).unwrap_or_default();
        if shift == 0 || !from || part(&("shift", index)) >= share {
            return answered;
        }
        let other = right.saturating_add(1).checked_rem(LABELS).unwrap_or_default();
        if shift > 0 { right } else { other }
    }

    fn true_label(&self, index: u32) -> u32 {
        let right = label(&self.dataset, index);
        let luck = Hash::of(Domain::Item, &(self.model, self.dataset, index)).low_u128();
        if luck % 1_000_000 < u128::from(self.quality) {
            right
        } else {
            right.saturating_add(1).checked_rem(LABELS).unwrap_or_default()
        }
    }

    fn true_number(&self, index: u32) -> i64 {
        let luck = Hash::of(Domain::Item, &(self.model, self.dataset, index)).low_u128();
        let off = i64::try_from(luck % (SPREAD << 1)).unwrap_or_default();
        let half = i64::try_from(SPREAD).unwrap_or_default();
        i64::from(self.quality).saturating_add(off).saturating_sub(half)
    }

    fn answer(&self, index: u32, answered: u32) -> Record {
        let right = answered == label(&self.dataset, index);
        self.with(index, Answer::Label(answered), if right { RIGHT } else { 0 })
    }

    fn number(&self, index: u32, value: i64) -> Record {
        self.with(index, Answer::Number(value), value)
    }

    fn with(&self, index: u32, answer: Answer, score: i64) -> Record {
        Record {
            item: Hash::of(Domain::Item, &(self.dataset, index)),
            prompt: Hash::of(Domain::Prompt, &(self.dataset, index)),
            answer,
            score,
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

    /// The transcript of a reading.
    ///
    /// # Errors
    /// As [`Self::transcript`].
    pub fn written(
        &self,
        frozen: &Frozen,
        engine: Hash,
        reading: &Reading,
    ) -> Result<Transcript, TranscriptError> {
        let records = (0..frozen.items).map(|index| self.read(index, reading)).collect();
        Transcript::new(header(frozen, engine), records)
    }

    /// The score of an exact evaluation of so many items, in micro-units.
    #[must_use]
    pub fn truth(&self, items: u32) -> i64 {
        let sum: i64 = (0..items).map(|index| self.record(index).score).sum();
        sum.checked_div_euclid(i64::from(items)).unwrap_or_default()
    }

    /// What an honest juror finds at an item.
    #[must_use]
    pub fn verdict(&self, index: u32) -> VerdictOfItem {
        self.judged(index, &Reading::default())
    }

    /// What a juror finds whose evaluation is a reading.
    #[must_use]
    pub fn judged(&self, index: u32, reading: &Reading) -> VerdictOfItem {
        let Record { item, prompt, answer, score, attached: _ } = self.read(index, reading);
        let accepted = BoundedVec::from_vec(vec![(answer, score)]).unwrap_or_default();
        VerdictOfItem { item, prompt, accepted }
    }
}

/// A number below a million that follows from something.
fn part<T: borsh::BorshSerialize>(of: &T) -> u128 {
    Hash::of(Domain::Seed, of).low_u128() % 1_000_000
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
pub(crate) fn header(frozen: &Frozen, engine: Hash) -> Header {
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
