//! Disputes as tables: a part, a stage, how far the work is, and what follows.

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::transcript::{Answer, Leaf};
use probity_primitives::{
    Address, Amount, BoundedVec, Hash, Keypair, Network, OperatorId, Score, Seats, TaskId,
};
use probity_protocol::dispute::{Claim, Dispute, Funder, Game, Level, Low, Ruling, Side, Turn};
use probity_protocol::task::Opened;

use probity_runtime::query::{Role, Suspect};

use super::*;
use crate::agenda::next_steps;
use crate::agenda::tests::{assignment, provisional};
use crate::challenge::tests::{disputable, member};

const UNTIL: Height = Height(100);
const NOW: Height = Height(50);
const TASK: TaskId = TaskId(Hash::ZERO);
const MINE: Hash = Hash::from_bytes([1; 32]);
const OTHER: Hash = Hash::from_bytes([2; 32]);
const READY: Progress = Progress::Ready { commitment: MINE };
const VOTE: Job = Job::Vote { task: TASK, dispute: 7, level: 0, draw: 1 };
const EVALUATION: Job = Job::Evaluation { task: TASK, round: 1 };
const CHECK: Job = Job::Check { task: TASK, round: 1 };

fn someone() -> Address {
    Address::of(&Keypair::from_seed([1; 32]).public(), Network::Test)
}

fn operator() -> OperatorId {
    OperatorId::of(&someone(), &Keypair::from_seed([2; 32]).public())
}

fn opened() -> Opened {
    Opened { item: Hash::ZERO, prompt: Hash::ZERO, answer: Answer::Label(1), score: 0 }
}

fn seat(stage: Stage, part: DisputePart) -> DisputeSeat {
    let drawn = assignment(Role::Member, provisional());
    let dispute = Dispute {
        task: TASK,
        round: 1,
        challenger: Funder::Account(someone()),
        claim: Claim::Withheld { member: operator(), item: 3 },
        opened: Height(40),
        due: UNTIL,
        answered: false,
        implicated: BoundedVec::new(),
        levels: BoundedVec::from_vec(vec![Level::default()]).unwrap(),
        stage,
    };
    DisputeSeat { id: 7, dispute, task: drawn.task, files: drawn.files, part, suspects: Vec::new() }
}

fn juror(phase: JuryPhase, ballot: Option<DisputeBallot>) -> DisputeSeat {
    let bench = Bench { draw: 1, jurors: BoundedVec::new(), outside: true, phase };
    let question = Question::Segment { first: 4, last: 6, stated: 1, claimed: 2 };
    let stage = Stage::Ladder { question, rung: Rung::Jury { bench } };
    seat(stage, DisputePart::Juror { seats: Seats(1), ballot })
}

fn committed() -> Option<DisputeBallot> {
    Some(DisputeBallot::Committed { commitment: MINE })
}

fn side(stage: Stage, side: Side, revealed: bool) -> DisputeSeat {
    seat(stage, DisputePart::Side { side, revealed })
}

fn leaf(index: u32) -> Leaf {
    let Opened { item, prompt, answer, score } = opened();
    Leaf { index, item, prompt, answer, score, prefix_sum: 0 }
}

/// A game over items 4 to 7 whose mover's clock runs out at [`UNTIL`].
fn game(turn: Turn) -> Stage {
    let low = Some(Low { index: 3, stated: 0, claimed: 0 });
    let (stated, claimed) = (leaf(7), leaf(7));
    let since = Height(60);
    Stage::Game { game: Game { low, stated, claimed, turn, since, defender: 40, challenger: 40 } }
}

fn next(
    seat: &DisputeSeat,
    job: Job,
    work: Option<Progress>,
    sent: &[Act],
    now: Height,
) -> Option<Step> {
    let work: BTreeMap<Job, Progress> = work.map(|progress| (job, progress)).into_iter().collect();
    let sent: BTreeSet<Errand> = sent.iter().map(|act| Errand { act: *act, job }).collect();
    let disputes = std::slice::from_ref(seat);
    let view = View { assignments: &[], disputes, disputable: None, work: &work, sent: &sent };
    let mut steps = next_steps(&view, now);
    assert!(steps.len() <= 1, "{steps:?}");
    steps.pop()
}

fn work(job: Job, items: &[u32]) -> Option<Step> {
    Some(Step::Work { job, items: items.to_vec() })
}

fn send(act: Act, job: Job) -> Option<Step> {
    Some(Step::Send { errand: Errand { act, job }, until: UNTIL })
}

#[test]
fn a_juror_of_a_dispute_runs_its_items_binds_itself_and_shows_its_vote() {
    let voting = juror(JuryPhase::Commit { until: UNTIL }, None);
    let showing = juror(JuryPhase::Reveal { until: UNTIL }, committed());
    for (seat, progress, sent, expected) in [
        (&voting, None, None, work(VOTE, &[4, 5, 6])),
        (&voting, Some(Progress::Running), None, None),
        (&voting, Some(READY), None, send(Act::VoteCommit, VOTE)),
        (&voting, Some(READY), Some(Act::VoteCommit), None),
        (&showing, None, None, work(VOTE, &[4, 5, 6])),
        (&showing, Some(READY), None, send(Act::VoteReveal, VOTE)),
        (&showing, Some(READY), Some(Act::VoteReveal), None),
        (&showing, Some(Progress::Ready { commitment: OTHER }), None, None),
    ] {
        let sent: Vec<Act> = sent.into_iter().collect();
        assert_eq!(next(seat, VOTE, progress, &sent, NOW), expected, "{progress:?} {sent:?}");
        assert_eq!(next(seat, VOTE, progress, &sent, UNTIL), None, "{progress:?} late");
    }
}

#[test]
fn a_juror_of_a_dispute_that_missed_its_turn_or_is_done_rests() {
    let until = UNTIL;
    let shown = Some(DisputeBallot::Revealed { vote: Ruling::Uphold });
    for idle in [
        juror(JuryPhase::Commit { until }, committed()),
        juror(JuryPhase::Reveal { until }, None),
        juror(JuryPhase::Reveal { until }, shown),
        juror(JuryPhase::Reveal { until }, Some(DisputeBallot::Leaked)),
        juror(JuryPhase::Done { quorum: true }, committed()),
    ] {
        for progress in [None, Some(READY), Some(Progress::Impossible)] {
            assert_eq!(next(&idle, VOTE, progress, &[], NOW), None, "{:?}", idle.part);
        }
    }
}

#[test]
fn a_juror_that_cannot_run_its_items_says_so_at_once_or_when_time_is_short() {
    let voting = juror(JuryPhase::Commit { until: UNTIL }, None);
    let abstain = Some(Step::Abstain { job: VOTE });
    let delayed = |retry| Some(Progress::Delayed { retry: Height(retry) });
    assert_eq!(next(&voting, VOTE, Some(Progress::Impossible), &[], NOW), abstain);
    assert_eq!(next(&voting, VOTE, delayed(51), &[], NOW), None);
    assert_eq!(next(&voting, VOTE, delayed(50), &[], NOW), work(VOTE, &[4, 5, 6]));
    for retry in [97, 98] {
        assert_eq!(next(&voting, VOTE, delayed(retry), &[], Height(97)), abstain);
    }
    assert_eq!(next(&voting, VOTE, Some(Progress::Impossible), &[], UNTIL), None);
    let showing = juror(JuryPhase::Reveal { until: UNTIL }, committed());
    assert_eq!(next(&showing, VOTE, Some(Progress::Impossible), &[], NOW), abstain);
}

#[test]
fn a_member_whose_leaf_is_asked_for_opens_it_once_within_its_clock() {
    let called = side(Stage::Answer { item: 3, until: UNTIL }, Side::Defender, true);
    let answer = Act::Answer { dispute: 7, item: 3 };
    assert_eq!(next(&called, EVALUATION, Some(READY), &[], NOW), send(answer, EVALUATION));
    assert_eq!(next(&called, EVALUATION, Some(READY), &[answer], NOW), None);
    assert_eq!(next(&called, EVALUATION, Some(READY), &[], UNTIL), None);
    assert_eq!(next(&called, EVALUATION, None, &[], NOW), work(EVALUATION, &[]));
    assert_eq!(next(&called, EVALUATION, Some(Progress::Running), &[], NOW), None);
}

#[test]
fn each_side_of_a_game_opens_the_middle_leaf_of_the_transcript_that_it_stands_for() {
    let defends = side(game(Turn::Defender), Side::Defender, true);
    let moved = Act::Move { dispute: 7, item: 5 };
    assert_eq!(next(&defends, EVALUATION, Some(READY), &[], NOW), send(moved, EVALUATION));
    assert_eq!(next(&defends, EVALUATION, Some(READY), &[moved], NOW), None);
    let other = Act::Move { dispute: 7, item: 6 };
    assert_eq!(next(&defends, EVALUATION, Some(READY), &[other], NOW), send(moved, EVALUATION));
    let turn = || Turn::Challenger { stated: leaf(5) };
    let checked = Progress::Checked { score: Score::ZERO, root: MINE };
    for (revealed, job, done) in [(true, EVALUATION, READY), (false, CHECK, checked)] {
        let attacks = side(game(turn()), Side::Challenger, revealed);
        assert_eq!(next(&attacks, job, Some(done), &[], NOW), send(moved, job));
        assert_eq!(next(&attacks, job, None, &[], NOW), work(job, &[]));
        assert_eq!(next(&attacks, job, Some(done), &[], UNTIL), None);
    }
}

#[test]
fn an_accuser_looks_at_every_other_members_leaf_while_the_question_is_open() {
    let question = Question::Item { item: 3, stated: opened(), claimed: opened() };
    let rung = Rung::Vote { ruling: Ruling::Overturn, until: UNTIL };
    let stage = Stage::Ladder { question, rung };
    let suspect = |seed| Suspect {
        member: member(seed, 1, seed).operator,
        transcript: probity_primitives::ContentHash::default(),
        root: OTHER,
    };
    let act = |seed| Act::Implicate { dispute: 7, member: member(seed, 1, seed).operator };
    for (revealed, job) in [(true, EVALUATION), (false, CHECK)] {
        let mut accuser = seat(stage.clone(), DisputePart::Accuser { revealed });
        accuser.suspects = vec![suspect(1), suspect(2)];
        assert_eq!(next(&accuser, job, None, &[], NOW), send(act(1), job));
        assert_eq!(next(&accuser, job, None, &[act(1)], NOW), send(act(2), job));
        assert_eq!(next(&accuser, job, None, &[act(1), act(2)], NOW), None);
        assert_eq!(next(&accuser, job, None, &[], UNTIL), None);
    }
}

#[test]
fn a_result_is_checked_and_challenged_once_by_one_who_is_asked_to() {
    let result = disputable(&[member(1, 4, 9), member(2, 3, 7)]);
    let until = result.until;
    let balance = Amount::from_tokens(10_000);
    let doubts = DisputableView { account: someone(), balance, results: vec![result] };
    let differs = Progress::Checked { score: Score::ZERO, root: OTHER };
    let agrees = Progress::Checked { score: Score::ONE, root: OTHER };
    let act = Act::Challenge { member: member(1, 4, 9).operator };
    let errand = Errand { act, job: CHECK };
    let challenge = vec![Step::Send { errand, until }];
    let check = vec![Step::Work { job: CHECK, items: Vec::new() }];
    for (progress, blocked, expected) in [
        (None, None, check),
        (Some(Progress::Running), None, vec![]),
        (Some(Progress::Impossible), None, vec![]),
        (Some(agrees), None, vec![]),
        (Some(differs), None, challenge),
        (Some(differs), Some(errand), vec![]),
    ] {
        let work: BTreeMap<Job, Progress> =
            progress.map(|progress| (CHECK, progress)).into_iter().collect();
        let sent: BTreeSet<Errand> = blocked.into_iter().collect();
        let mut view =
            View { assignments: &[], disputes: &[], disputable: None, work: &work, sent: &sent };
        assert_eq!(next_steps(&view, NOW), [], "{progress:?}, and nobody asked");
        view.disputable = Some(&doubts);
        assert_eq!(next_steps(&view, NOW), expected, "{progress:?} {blocked:?}");
        assert_eq!(next_steps(&view, until), [], "{progress:?} late");
    }
}
