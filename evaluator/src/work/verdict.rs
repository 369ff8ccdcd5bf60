//! What a juror says of an item.
//!
//! Near a tie an honest machine may answer either way, so a juror that finds two classes closer
//! than the benchmark's delta accepts both. The zone is found here, when an item is run again, and
//! never committed by a member: a bit at its border would itself flip.
//!
//! Spec: `docs/spec/10-checks.md`.

use probity_harness::data::{Item, Label};
use probity_primitives::bounded::LimitError;
use probity_primitives::transcript::{Answer, Record};
use probity_primitives::{BoundedVec, Score};
use probity_protocol::task::VerdictOfItem;

/// The verdict on an item, from what the juror's own run gave.
///
/// # Errors
/// [`LimitError`] never, because there are at most two answers.
pub(super) fn verdict(
    record: Record,
    item: &Item,
    delta: u64,
) -> Result<VerdictOfItem, LimitError> {
    let tied = runner_up(&record, delta).map(|label| (Answer::Label(label), worth(label, item)));
    let Record { item: hash, prompt, answer, score, attached: _ } = record;
    let mut accepted: Vec<(Answer, i64)> = vec![(answer, score)];
    accepted.extend(tied);
    accepted.sort();
    Ok(VerdictOfItem { item: hash, prompt, accepted: BoundedVec::from_vec(accepted)? })
}

/// The second best class, if it is closer to the best than `delta`.
fn runner_up(record: &Record, delta: u64) -> Option<u32> {
    let Answer::Label(best) = record.answer else { return None };
    let classes = || (0u32..).zip(record.attached.iter().copied());
    let (_, top) = classes().find(|(class, _)| *class == best)?;
    let (second, next) =
        classes().filter(|(class, _)| *class != best).max_by_key(|(_, micros)| *micros)?;
    (top.abs_diff(next) < delta).then_some(second)
}

const fn worth(label: u32, item: &Item) -> i64 {
    match item.label {
        Label::Class(right) if right == label => Score::ONE.micros(),
        Label::Class(_) | Label::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use probity_harness::data::ItemId;
    use probity_primitives::Hash;

    use super::*;

    fn accepted(micros: &[i64], best: u32, right: u32, delta: u64) -> Vec<(Answer, i64)> {
        let record = Record {
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: Answer::Label(best),
            score: if best == right { 1_000_000 } else { 0 },
            attached: BoundedVec::from_vec(micros.to_vec()).unwrap(),
        };
        let item = Item {
            id: ItemId::Number(0),
            hash: Hash::ZERO,
            features: Vec::new(),
            label: Label::Class(right),
            line: 1,
        };
        verdict(record, &item, delta).unwrap().accepted.into_vec()
    }

    #[test]
    fn a_clear_answer_is_the_only_one() {
        assert_eq!(accepted(&[5_000, 9_000, 0], 1, 1, 1_000), [(Answer::Label(1), 1_000_000)]);
        assert_eq!(accepted(&[8_000, 9_000, 0], 1, 0, 1_000), [(Answer::Label(1), 0)]);
    }

    #[test]
    fn near_a_tie_both_answers_are_accepted_in_order_with_what_each_is_worth() {
        let both = [(Answer::Label(0), 1_000_000), (Answer::Label(1), 0)];
        assert_eq!(accepted(&[8_001, 9_000, 0], 1, 0, 1_000), both);
        assert_eq!(accepted(&[9_000, 9_000, 0], 0, 0, 1_000), both);
    }

    #[test]
    fn without_a_zone_even_a_tie_has_one_answer() {
        assert_eq!(accepted(&[9_000, 9_000], 0, 0, 0), [(Answer::Label(0), 1_000_000)]);
    }
}
