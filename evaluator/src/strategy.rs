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

use std::sync::Arc;

use probity_harness::data::{Item, Label};
use probity_primitives::transcript::{Answer, Record, Transcript, TranscriptError};
use probity_primitives::{ContentHash, OperatorId, Score};
use probity_protocol::task::Member;

/// What an operator does with what it found. As a juror every operator is honest but one that
/// colludes, which stands by what its ring has stated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
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
    /// It belongs to a ring that lies about one model wherever its members hold more than half of a
    /// committee's seats, all of them with one fabricated transcript, and nowhere else.
    Colluding {
        /// The model's file.
        model: ContentHash,
        /// The ring.
        ring: Arc<[OperatorId]>,
    },
}

impl Strategy {
    /// What the operator does in a committee.
    #[must_use]
    pub fn among(&self, committee: &[Member]) -> Self {
        match self {
            Self::Bribed { model, operator } => {
                let least = committee.iter().min_by_key(|member| (member.seats, member.operator));
                if least.is_some_and(|least| least.operator == *operator) {
                    Self::Fabricate { model: *model }
                } else {
                    Self::Honest
                }
            }
            Self::Colluding { model, ring } => {
                let (mut all, mut own) = (0u64, 0u64);
                for Member { operator, seats } in committee {
                    let seats = u64::from(seats.0);
                    all = all.saturating_add(seats);
                    own = own.saturating_add(if ring.contains(operator) { seats } else { 0 });
                }
                if own.saturating_mul(2) > all {
                    Self::Fabricate { model: *model }
                } else {
                    Self::Honest
                }
            }
            Self::Honest | Self::Fabricate { .. } => self.clone(),
        }
    }

    /// What the operator does as a juror over the work of a committee.
    #[must_use]
    pub fn over(&self, committee: &[Member]) -> Self {
        match self {
            Self::Colluding { .. } => self.among(committee),
            Self::Honest | Self::Fabricate { .. } | Self::Bribed { .. } => Self::Honest,
        }
    }

    /// The transcript that the operator stands for, given what the harness found on these items.
    ///
    /// # Errors
    /// [`TranscriptError`] if there are more or fewer items than answers.
    pub fn state(&self, found: Transcript, items: &[Item]) -> Result<Transcript, TranscriptError> {
        if self.lies_about(found.header().model) { fabricate(&found, items) } else { Ok(found) }
    }

    /// The record of one item that the operator stands for as a juror.
    #[must_use]
    pub fn record(&self, model: ContentHash, found: Record, item: &Item) -> Record {
        if self.lies_about(model) { flatter(found, item) } else { found }
    }

    fn lies_about(&self, about: ContentHash) -> bool {
        match self {
            Self::Fabricate { model } => *model == about,
            Self::Honest | Self::Bribed { .. } | Self::Colluding { .. } => false,
        }
    }
}

fn fabricate(found: &Transcript, items: &[Item]) -> Result<Transcript, TranscriptError> {
    let answers = found.leaves().iter().zip(found.attachments());
    let records = answers.zip(items).map(|((leaf, numbers), item)| {
        let record = Record {
            item: leaf.item,
            prompt: leaf.prompt,
            answer: leaf.answer.clone(),
            score: leaf.score,
            attached: numbers.micros.clone(),
        };
        flatter(record, item)
    });
    Transcript::new(found.header().clone(), records.collect())
}

/// The record of an item as it would be if the model had been right.
fn flatter(mut record: Record, item: &Item) -> Record {
    match (&record.answer, item.label) {
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
    fn a_ring_lies_only_where_it_holds_more_than_half_of_the_seats_also_as_jurors() {
        let operator = |seed: u8| {
            let key = Keypair::from_seed([seed; 32]).public();
            OperatorId::of(&Address::of(&key, Network::Test), &key)
        };
        let model = ContentHash::of_file(b"model");
        let ring: Arc<[OperatorId]> = [operator(1), operator(2)].into();
        let colluding = Strategy::Colluding { model, ring };
        let lie = Strategy::Fabricate { model };
        for (seats, expected) in [
            ([2, 2, 3], lie.clone()),
            ([1, 2, 3], Strategy::Honest),
            ([3, 0, 3], Strategy::Honest),
            ([4, 0, 3], lie),
        ] {
            let committee = [1, 2, 3].map(operator).into_iter().zip(seats);
            let committee: Vec<Member> = committee
                .map(|(operator, seats)| Member { operator, seats: Seats(seats) })
                .collect();
            assert_eq!(colluding.among(&committee), expected, "{seats:?}");
            assert_eq!(colluding.over(&committee), expected, "{seats:?}");
            let bribed = Strategy::Bribed { model, operator: operator(1) };
            assert_eq!(bribed.over(&committee), Strategy::Honest);
        }
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
