//! What is worth a challenge, and where transcripts differ.

use probity_primitives::transcript::{Answer, Header, Record};
use probity_primitives::{
    Address, ArtifactId, BoundedVec, ContentHash, Height, Keypair, Network, Seats, TaskId,
};
use probity_protocol::task::{Counting, Frozen, Member, MemberOutcome, Outcome, Phase, Request};
use probity_runtime::query::TaskFiles;

use super::*;
use crate::agenda::tests::frozen;

const OWN: Hash = Hash::from_bytes([1; 32]);
const RICH: Amount = Amount::from_tokens(10_000);

fn operator(seed: u8) -> OperatorId {
    let key = Keypair::from_seed([seed; 32]).public();
    OperatorId::of(&Address::of(&key, Network::Test), &key)
}

/// An accepted member with seats and a root.
pub(crate) fn member(seed: u8, seats: u32, root: u8) -> MemberOutcome {
    MemberOutcome {
        operator: operator(seed),
        seats: Seats(seats),
        score: Some(Score::ONE),
        answers_root: Hash::from_bytes([root; 32]),
        standing: Some(Standing::Accepted),
        clean: Some(true),
        paid: Amount::ZERO,
        counting: Counting::Counted,
    }
}

fn task(mode: Mode, frozen: Frozen) -> Task {
    let request = Request {
        requester: Address::of(&Keypair::from_seed([9; 32]).public(), Network::Test),
        benchmark: ArtifactId::default(),
        artifact: ArtifactId::default(),
        mode,
        fee: Amount::ZERO,
        value_at_risk: Amount::ZERO,
        commit_blocks: 20,
    };
    let committee: BoundedVec<Member, 128> = BoundedVec::new();
    let phase = Phase::Provisional { committee, drawn: BoundedVec::new(), until: Height(200) };
    Task { request, frozen, requested: Height(1), round: 1, reopened: false, phase }
}

/// A result of 1.0 by these members, with a bond of 150 tokens and a bounty of 200 a seat.
pub(crate) fn disputable(members: &[MemberOutcome]) -> Disputable {
    let outcome = Outcome {
        benchmark: ArtifactId::default(),
        artifact: ArtifactId::default(),
        mode: Mode::Exact,
        score: Score::ONE,
        dispersion: 0,
        tolerance: 0,
        interval: None,
        spread: (Score::ONE, Score::ONE),
        seats: Seats(7),
        revealed: Seats(7),
        operators: 2,
        items: 100,
        members: BoundedVec::from_vec(members.to_vec()).unwrap(),
        jury_outside: None,
        published: Height(40),
        state: OutcomeState::Provisional,
        corrected: None,
    };
    let frozen = Frozen { seat_price: Amount::from_tokens(3), ..frozen() };
    Disputable {
        task_id: TaskId(Hash::ZERO),
        task: task(Mode::Exact, frozen),
        files: TaskFiles { model: None, dataset: None, benchmark: None },
        outcome,
        bond: Amount::from_tokens(150),
        bounty: Amount::from_tokens(200),
        failed: 0,
        until: Height(200),
        revealed: Vec::new(),
    }
}

fn doubted(result: &Disputable) -> Option<OperatorId> {
    against(result, Score::ZERO, OWN, RICH)
}

#[test]
fn the_transcript_with_the_most_seats_behind_it_is_challenged() {
    let result = disputable(&[member(1, 3, 8), member(2, 2, 9), member(3, 2, 9)]);
    assert_eq!(doubted(&result), Some(operator(2).min(operator(3))));
    let result = disputable(&[member(1, 5, 8), member(2, 2, 9), member(3, 2, 9)]);
    assert_eq!(doubted(&result), Some(operator(1)));
}

#[test]
fn only_a_contradiction_that_can_be_paid_and_pays_is_a_challenge() {
    type Change = fn(&mut Disputable);
    let changes: [(&str, Change); 7] = [
        ("within the tolerance", |result| result.outcome.tolerance = 1_000_000),
        ("challenged in vain before", |result| result.failed = 1),
        ("overturned already", |result| result.outcome.state = OutcomeState::Overturned),
        ("a bond above the balance", |result| result.bond = Amount::from_tokens(9_999)),
        ("a bond that no bounty outweighs", |result| {
            result.bounty = Amount::from_units(result.bond.units() / (4 * 9));
        }),
        ("nobody stands for it", |result| {
            result.outcome.members =
                BoundedVec::from_vec(vec![MemberOutcome { standing: None, ..member(1, 4, 9) }])
                    .unwrap();
        }),
        ("only one's own transcript stands", |result| {
            result.outcome.members = BoundedVec::from_vec(vec![member(1, 4, 1)]).unwrap();
        }),
    ];
    let result = disputable(&[member(1, 4, 9)]);
    assert_eq!(doubted(&result), Some(operator(1)));
    assert_eq!(against(&result, Score::ONE, OWN, RICH), None);
    for (why, change) in changes {
        let mut result = disputable(&[member(1, 4, 9)]);
        change(&mut result);
        assert_eq!(doubted(&result), None, "{why}");
    }
}

fn transcript(labels: &[u32]) -> Transcript {
    let header = Header {
        model: ContentHash::default(),
        dataset: ContentHash::default(),
        benchmark: Hash::ZERO,
        tokenizer: ContentHash::default(),
        harness: 1,
        engine: Hash::ZERO,
        few_shot: BoundedVec::new(),
        seed: 0,
        items: u32::try_from(labels.len()).unwrap(),
    };
    let record = |label: &u32| Record {
        item: Hash::ZERO,
        prompt: Hash::ZERO,
        answer: Answer::Label(*label),
        score: i64::from(*label) * 1_000_000,
        attached: BoundedVec::new(),
    };
    Transcript::new(header, labels.iter().map(record).collect()).unwrap()
}

/// The first and the last item of the difference, and both sums over it.
fn found(mode: Mode, stated: &[u32], claimed: &[u32]) -> Option<(u32, u32, i128, i128)> {
    let task = task(mode, frozen());
    let (stated, claimed) = (transcript(stated), transcript(claimed));
    let Difference { stated: left, claimed: right } = difference(&task, &stated, &claimed)?;
    for (transcript, stretch) in [(&stated, &left), (&claimed, &right)] {
        let (items, name) = (transcript.header().items, transcript.header().hash());
        for opening in stretch.before.iter().chain([&stretch.last]) {
            assert_eq!(opening.check(items, name, transcript.answers_root()), Ok(()));
        }
    }
    let first = left.before.as_ref().map_or(0, |before| before.leaf.index + 1);
    let sum = |stretch: &Stretch| {
        let before = stretch.before.as_ref().map_or(0, |before| before.leaf.prefix_sum);
        (stretch.last.leaf.prefix_sum - before) / 1_000_000
    };
    Some((first, left.last.leaf.index, sum(&left), sum(&right)))
}

#[test]
fn in_exact_mode_the_first_item_that_differs_is_shown() {
    assert_eq!(found(Mode::Exact, &[1, 0, 1], &[1, 0, 1]), None);
    assert_eq!(found(Mode::Exact, &[1, 0, 1], &[0, 0, 1]), Some((0, 0, 1, 0)));
    assert_eq!(found(Mode::Exact, &[1, 1, 1], &[1, 0, 0]), Some((1, 1, 1, 0)));
}

#[test]
fn in_tolerant_mode_the_segment_with_the_largest_difference_an_item_is_shown() {
    let honest = vec![0; 70];
    let lie = |places: &[usize]| {
        let mut labels = honest.clone();
        for place in places {
            labels[*place] = 1;
        }
        labels
    };
    assert_eq!(found(Mode::Tolerant, &honest, &honest), None);
    assert_eq!(found(Mode::Tolerant, &lie(&[3, 40, 41]), &honest), Some((32, 63, 2, 0)));
    // Two of the last six items are more an item than three of thirty-two.
    assert_eq!(found(Mode::Tolerant, &lie(&[1, 2, 3, 66, 69]), &honest), Some((64, 69, 2, 0)));
}
