//! Whether an operator tells what it found.
//!
//! The rules must hold against those who do not, so a network's demonstration and its tests need
//! one who does not. The liar is a careful one: its transcript adds up, its openings are under its
//! root, and only running an item shows that its answer there is not the model's.
//!
//! # Not here
//! Attacks on incentives, which need no model at all: `probity_simulations`.
//!
//! Spec: `docs/spec/22-evaluator.md`.

use probity_harness::data::{Item, Label};
use probity_primitives::transcript::{
    Answer, Attachment, Leaf, Record, Transcript, TranscriptError,
};
use probity_primitives::{ContentHash, OperatorId, Score};
use probity_protocol::task::Member;

/// What an operator does with what it found. As a juror every operator is honest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Strategy {
    /// It says it.
    #[default]
    Honest,
    /// It lies about one model: each wrong answer becomes the right one.
    Fabricate {
        /// The model's file.
        model: ContentHash,
    },
    /// It takes a bribe to lie about one model, if it has the least to lose of its committee: the
    /// fewest seats, or the lowest identifier among those. One member of a committee does.
    Bribed {
        /// The model's file.
        model: ContentHash,
        /// Who it is.
        operator: OperatorId,
    },
}

impl Strategy {
    /// What the operator does in a committee.
    #[must_use]
    pub fn among(self, committee: &[Member]) -> Self {
        match self {
            Self::Bribed { model, operator } => {
                let least = committee.iter().min_by_key(|member| (member.seats, member.operator));
                if least.is_some_and(|least| least.operator == operator) {
                    Self::Fabricate { model }
                } else {
                    Self::Honest
                }
            }
            Self::Honest | Self::Fabricate { .. } => self,
        }
    }

    /// The transcript that the operator stands for, given what the harness found on these items.
    ///
    /// # Errors
    /// [`TranscriptError`] if there are more or fewer items than answers.
    pub fn state(self, found: Transcript, items: &[Item]) -> Result<Transcript, TranscriptError> {
        match self {
            Self::Fabricate { model } if found.header().model == model => fabricate(&found, items),
            Self::Honest | Self::Fabricate { .. } | Self::Bribed { .. } => Ok(found),
        }
    }
}

fn fabricate(found: &Transcript, items: &[Item]) -> Result<Transcript, TranscriptError> {
    let answers = found.leaves().iter().zip(found.attachments());
    let records = answers.zip(items).map(|((leaf, numbers), item)| flatter(leaf, numbers, item));
    Transcript::new(found.header().clone(), records.collect())
}

/// The record of an item as it would be if the model had been right.
fn flatter(leaf: &Leaf, numbers: &Attachment, item: &Item) -> Record {
    let mut record = Record {
        item: leaf.item,
        prompt: leaf.prompt,
        answer: leaf.answer.clone(),
        score: leaf.score,
        attached: numbers.micros.clone(),
    };
    match (&leaf.answer, item.label) {
        (Answer::Label(_), Label::Class(right)) => {
            record.answer = Answer::Label(right);
            record.score = Score::ONE.micros();
        }
        (Answer::Number(_), Label::Number(right)) => {
            record.answer = Answer::Number(right);
            record.score = 0;
        }
        (Answer::Label(_) | Answer::Choice(_) | Answer::Tokens(_) | Answer::Number(_), _) => {}
    }
    record
}

#[cfg(test)]
mod tests {
    use probity_harness::data::ItemId;
    use probity_primitives::transcript::{Fold, Header};
    use probity_primitives::{Address, BoundedVec, Hash, Keypair, Network, Seats};

    use super::*;

    fn found(labels: &[(u32, u32)]) -> (Transcript, Vec<Item>) {
        let header = Header {
            model: ContentHash::of_file(b"model"),
            dataset: ContentHash::of_file(b"data"),
            benchmark: Hash::ZERO,
            tokenizer: ContentHash::default(),
            harness: 1,
            engine: Hash::ZERO,
            few_shot: BoundedVec::new(),
            seed: 0,
            items: u32::try_from(labels.len()).unwrap(),
        };
        let record = |(answered, right): &(u32, u32)| Record {
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: Answer::Label(*answered),
            score: if answered == right { 1_000_000 } else { 0 },
            attached: BoundedVec::new(),
        };
        let item = |(_, right): &(u32, u32)| Item {
            id: ItemId::Number(0),
            hash: Hash::ZERO,
            features: Vec::new(),
            label: Label::Class(*right),
            line: 1,
        };
        let transcript = Transcript::new(header, labels.iter().map(record).collect()).unwrap();
        (transcript, labels.iter().map(item).collect())
    }

    #[test]
    fn an_honest_operator_and_a_liar_about_another_model_say_what_they_found() {
        let (transcript, items) = found(&[(1, 1), (2, 3)]);
        let other = Strategy::Fabricate { model: ContentHash::of_file(b"other") };
        for strategy in [Strategy::Honest, other] {
            assert_eq!(strategy.state(transcript.clone(), &items), Ok(transcript.clone()));
        }
    }

    #[test]
    fn of_a_bribed_committee_only_the_member_with_the_fewest_seats_lies() {
        let member = |seed: u8, seats| {
            let key = Keypair::from_seed([seed; 32]).public();
            let operator = OperatorId::of(&Address::of(&key, Network::Test), &key);
            Member { operator, seats: Seats(seats) }
        };
        let committee = [member(1, 3), member(2, 1), member(3, 3)];
        let model = ContentHash::of_file(b"model");
        let lies = committee.map(|member| {
            let strategy = Strategy::Bribed { model, operator: member.operator };
            strategy.among(&committee) == Strategy::Fabricate { model }
        });
        assert_eq!(lies, [false, true, false]);
    }

    #[test]
    fn a_fabricated_transcript_adds_up_to_a_full_score_under_the_same_header() {
        let (transcript, items) = found(&[(1, 1), (2, 3), (0, 9)]);
        let liar = Strategy::Fabricate { model: ContentHash::of_file(b"model") };
        let stated = liar.state(transcript.clone(), &items).unwrap();
        assert_eq!(transcript.score(Fold::Mean), Some(Score::from_micros(333_333)));
        assert_eq!(stated.score(Fold::Mean), Some(Score::ONE));
        assert_eq!(stated.header(), transcript.header());
        let (name, root) = (stated.header().hash(), stated.answers_root());
        for index in 0..3 {
            assert_eq!(stated.open(index).unwrap().check(3, name, root), Ok(()));
        }
    }
}
