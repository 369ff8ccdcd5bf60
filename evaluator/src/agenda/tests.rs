//! The agenda as tables: a phase, what was sent, how far the work is, and what follows.

use probity_primitives::transcript::Fold;
use probity_primitives::transcript::{Answer, Leaf};
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedVec, ContentHash, Keypair, Network, OperatorId, Ppm, Score,
    Seats,
};
use probity_protocol::Params;
use probity_protocol::task::{
    Audit, AuditTerms, Frozen, Member, Mode, Request, Revealed, Task, VoidReason,
};
use probity_runtime::query::TaskFiles;

use super::*;

const UNTIL: Height = Height(100);
const TASK: TaskId = TaskId(Hash::ZERO);
const MINE: Hash = Hash::from_bytes([1; 32]);
const OTHER: Hash = Hash::from_bytes([2; 32]);
const EVALUATION: Job = Job::Evaluation { task: TASK, round: 1 };
const VERDICTS: Job = Job::Verdicts { task: TASK, draw: 1 };
const READY: Progress = Progress::Ready { commitment: MINE };
const COMMITTED: SubmissionView = SubmissionView::Committed { commitment: MINE };

fn someone() -> Address {
    Address::of(&Keypair::from_seed([1; 32]).public(), Network::Test)
}

pub(crate) fn frozen() -> Frozen {
    let params = Params::development();
    Frozen {
        seats: Seats(7),
        seat_price: Amount::ZERO,
        seat_lock: Amount::ZERO,
        class: 0,
        compute_units: 1,
        lambda: Amount::ZERO,
        items: 100,
        fold: Fold::Mean,
        range: (Score::ZERO, Score::ONE),
        sigma: 1,
        delta: 1_000,
        model: ContentHash::default(),
        dataset: ContentHash::default(),
        definition: Hash::ZERO,
        harness: 1,
        engines: BoundedVec::new(),
        windows: params.task,
        checks: params.checks,
        jury: params.jury,
        dispute: params.dispute,
        split: params.split,
        audit: AuditTerms { probability: Ppm::ZERO, seats: Seats(5) },
    }
}

pub(super) fn assignment(role: Role, phase: Phase) -> Assignment {
    let request = Request {
        requester: someone(),
        benchmark: ArtifactId::default(),
        artifact: ArtifactId::default(),
        mode: Mode::Exact,
        fee: Amount::ZERO,
        value_at_risk: Amount::ZERO,
        commit_blocks: 20,
    };
    let (frozen, requested) = (frozen(), Height(1));
    let task = Task { request, frozen, requested, round: 1, reopened: false, phase };
    Assignment {
        task_id: TASK,
        task,
        role,
        seats: Seats(1),
        files: TaskFiles { model: None, dataset: None, benchmark: None },
        submission: None,
        jury: None,
        ballot: None,
        audit: None,
    }
}

fn member(phase: Phase, submission: Option<SubmissionView>) -> Assignment {
    Assignment { submission, ..assignment(Role::Member, phase) }
}

fn committee() -> BoundedVec<Member, 128> {
    let key = Keypair::from_seed([2; 32]).public();
    let operator = OperatorId::of(&someone(), &key);
    BoundedVec::from_vec(vec![Member { operator, seats: Seats(1) }]).unwrap()
}

fn commit_phase() -> Phase {
    Phase::Commit { committee: committee(), until: UNTIL }
}

fn reveal_phase() -> Phase {
    Phase::Reveal { committee: committee(), until: UNTIL }
}

pub(super) fn provisional() -> Phase {
    Phase::Provisional { committee: committee(), drawn: BoundedVec::new(), until: Height(200) }
}

fn revealed(standing: Option<Standing>, opened: &[u32]) -> SubmissionView {
    let shown = Revealed {
        score: Score::ZERO,
        answers_root: Hash::ZERO,
        attachments_root: Hash::ZERO,
        private_root: Hash::ZERO,
        header: Hash::ZERO,
        last: Box::new(Leaf {
            index: 0,
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: Answer::Label(0),
            score: 0,
            prefix_sum: 0,
        }),
        transcript: ContentHash::default(),
        at: Height(50),
    };
    SubmissionView::Revealed { revealed: shown, standing, opened: opened.to_vec() }
}

fn spot(submission: SubmissionView) -> Assignment {
    let list = |items: &[u32]| BoundedVec::from_vec(items.to_vec()).unwrap();
    let phase = Phase::Spot {
        committee: committee(),
        drawn: list(&[3, 9]),
        defence: list(&[2, 9, 50]),
        quorum: true,
        until: UNTIL,
    };
    member(phase, Some(submission))
}

fn juror(phase: JuryPhase, ballot: Option<BallotView>) -> Assignment {
    let jury = Jury {
        draws: 1,
        jurors: committee(),
        outside: true,
        items: BoundedVec::from_vec(vec![4, 8]).unwrap(),
        ruling: BoundedVec::new(),
        phase,
    };
    Assignment { jury: Some(jury), ballot, ..assignment(Role::Juror, provisional()) }
}

fn auditor(phase: AuditPhase, submission: Option<SubmissionView>) -> Assignment {
    let audit = Audit { round: 1, auditors: committee(), phase };
    let audit = Some(audit);
    Assignment { audit, submission, ..assignment(Role::Auditor, provisional()) }
}

/// What is known of one who has no part in disputes.
const fn of<'a>(
    assignments: &'a [Assignment],
    work: &'a BTreeMap<Job, Progress>,
    sent: &'a BTreeSet<Errand>,
) -> View<'a> {
    View { assignments, disputes: &[], disputable: None, work, sent }
}

/// What follows from one assignment, if anything.
fn next(
    assignment: &Assignment,
    work: Option<Progress>,
    sent: &[Act],
    now: Height,
) -> Option<Step> {
    let job = Job::of(assignment).unwrap();
    let work: BTreeMap<Job, Progress> = work.map(|progress| (job, progress)).into_iter().collect();
    let sent: BTreeSet<Errand> = sent.iter().map(|act| Errand { act: *act, job }).collect();
    let assignments = std::slice::from_ref(assignment);
    let mut steps = next_steps(&of(assignments, &work, &sent), now);
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
fn nothing_is_done_before_the_draw_or_after_the_end() {
    for phase in [
        Phase::Open { until: UNTIL },
        provisional(),
        Phase::Final { at: Height(9) },
        Phase::Void { reason: VoidReason::NoQuorum, at: Height(9) },
    ] {
        for progress in [None, Some(READY), Some(Progress::Impossible)] {
            assert_eq!(next(&member(phase.clone(), None), progress, &[], Height(10)), None);
        }
    }
}

#[test]
fn a_member_evaluates_once_and_commits_once() {
    let drawn = member(commit_phase(), None);
    let now = Height(10);
    assert_eq!(next(&drawn, None, &[], now), work(EVALUATION, &[]));
    assert_eq!(next(&drawn, Some(Progress::Running), &[], now), None);
    assert_eq!(next(&drawn, Some(READY), &[], now), send(Act::Commit, EVALUATION));
    assert_eq!(next(&drawn, Some(READY), &[Act::Commit], now), None);
    for sent in [COMMITTED, SubmissionView::Unavailable] {
        for progress in [None, Some(READY), Some(Progress::Impossible)] {
            assert_eq!(next(&member(commit_phase(), Some(sent.clone())), progress, &[], now), None);
        }
    }
}

#[test]
fn an_auditor_evaluates_commits_and_reveals_in_its_own_windows_and_reports_nothing() {
    let (now, commit) = (Height(10), AuditPhase::Commit { until: UNTIL });
    let drawn = auditor(commit, None);
    assert_eq!(next(&drawn, None, &[], now), work(EVALUATION, &[]));
    assert_eq!(next(&drawn, Some(READY), &[], now), send(Act::Commit, EVALUATION));
    assert_eq!(next(&drawn, Some(Progress::Impossible), &[], Height(98)), None);
    assert_eq!(next(&auditor(commit, Some(COMMITTED)), Some(READY), &[], now), None);
    let reveal = AuditPhase::Reveal { until: UNTIL };
    let committed = auditor(reveal, Some(COMMITTED));
    assert_eq!(next(&committed, Some(READY), &[], now), send(Act::Reveal, EVALUATION));
    let other = Some(Progress::Ready { commitment: OTHER });
    assert_eq!(next(&committed, other, &[], now), None);
    assert_eq!(next(&auditor(reveal, None), Some(READY), &[], now), None);
    let done = AuditPhase::Done { agreed: Seats(5), differed: Seats(0) };
    assert_eq!(next(&auditor(done, Some(COMMITTED)), Some(READY), &[], now), None);
}

#[test]
fn a_step_is_dropped_once_no_block_of_the_phase_can_carry_it() {
    let committed = || Some(COMMITTED);
    let vote = Some(BallotView::Committed { commitment: MINE });
    for (assignment, progress, act) in [
        (member(commit_phase(), None), READY, Act::Commit),
        (member(commit_phase(), None), Progress::Impossible, Act::Report),
        (member(reveal_phase(), committed()), READY, Act::Reveal),
        (juror(JuryPhase::Commit { until: UNTIL }, None), READY, Act::JuryCommit),
        (juror(JuryPhase::Reveal { until: UNTIL }, vote), READY, Act::JuryReveal),
    ] {
        let job = Job::of(&assignment).unwrap();
        assert_eq!(next(&assignment, Some(progress), &[], Height(99)), send(act, job));
        for late in [Height(100), Height(101)] {
            assert_eq!(next(&assignment, Some(progress), &[], late), None, "{act:?}");
            assert_eq!(next(&assignment, None, &[], late), None, "{act:?}");
        }
    }
    let spotted = spot(revealed(None, &[]));
    assert!(next(&spotted, Some(READY), &[], Height(99)).is_some());
    assert_eq!(next(&spotted, Some(READY), &[], UNTIL), None);
}

#[test]
fn work_that_failed_is_tried_again_and_reported_only_near_the_end() {
    let drawn = member(commit_phase(), None);
    let delayed = |retry| Some(Progress::Delayed { retry: Height(retry) });
    assert_eq!(next(&drawn, delayed(12), &[], Height(11)), None);
    assert_eq!(next(&drawn, delayed(12), &[], Height(12)), work(EVALUATION, &[]));
    assert_eq!(next(&drawn, delayed(12), &[], Height(96)), work(EVALUATION, &[]));
    for retry in [12, 98] {
        let report = send(Act::Report, EVALUATION);
        assert_eq!(next(&drawn, delayed(retry), &[], Height(97)), report);
        assert_eq!(next(&drawn, delayed(retry), &[Act::Report], Height(97)), None);
    }
}

#[test]
fn what_cannot_be_evaluated_is_reported_at_once() {
    let drawn = member(commit_phase(), None);
    let report = send(Act::Report, EVALUATION);
    assert_eq!(next(&drawn, Some(Progress::Impossible), &[], Height(10)), report);
    assert_eq!(next(&drawn, Some(Progress::Impossible), &[Act::Report], Height(10)), None);
}

#[test]
fn a_new_round_is_new_work() {
    let mut again = member(commit_phase(), None);
    again.task.round = 2;
    let second = Job::Evaluation { task: TASK, round: 2 };
    let work_of_first = BTreeMap::from([(EVALUATION, READY)]);
    let sent = BTreeSet::from([Errand { act: Act::Commit, job: EVALUATION }]);
    let assignments = &[again];
    let view = of(assignments, &work_of_first, &sent);
    assert_eq!(next_steps(&view, Height(10)), [Step::Work { job: second, items: Vec::new() }]);
    let work = BTreeMap::from([(second, READY)]);
    let errand = Errand { act: Act::Commit, job: second };
    let view = of(assignments, &work, &sent);
    assert_eq!(next_steps(&view, Height(10)), [Step::Send { errand, until: UNTIL }]);
}

#[test]
fn only_what_opens_the_commitment_on_the_chain_is_revealed() {
    let now = Height(10);
    let committed = member(reveal_phase(), Some(COMMITTED));
    assert_eq!(next(&committed, Some(READY), &[], now), send(Act::Reveal, EVALUATION));
    assert_eq!(next(&committed, Some(READY), &[Act::Reveal], now), None);
    let other = Some(Progress::Ready { commitment: OTHER });
    assert_eq!(next(&committed, other, &[], now), None);
    for sent in [None, Some(SubmissionView::Unavailable), Some(revealed(None, &[]))] {
        assert_eq!(next(&member(reveal_phase(), sent), Some(READY), &[], now), None);
    }
}

#[test]
fn a_member_whose_record_is_lost_works_again_to_reveal_and_open() {
    let committed = member(reveal_phase(), Some(COMMITTED));
    assert_eq!(next(&committed, None, &[], Height(10)), work(EVALUATION, &[]));
    let spotted = spot(revealed(None, &[]));
    assert_eq!(next(&spotted, None, &[], Height(10)), work(EVALUATION, &[]));
    assert_eq!(next(&spotted, Some(Progress::Running), &[], Height(10)), None);
}

#[test]
fn a_member_opens_what_was_drawn_and_only_a_doubted_one_its_defence() {
    let open = |indices: &[u32]| {
        let errand = Errand { act: Act::Open, job: EVALUATION };
        Some(Step::Open { errand, indices: indices.to_vec(), until: UNTIL })
    };
    let doubted = [Some(Standing::Grey), Some(Standing::Flagged)];
    for (standings, opened, expected) in [
        ([None, Some(Standing::Accepted)], [].as_slice(), open(&[3, 9])),
        ([None, Some(Standing::Accepted)], &[9], open(&[3])),
        ([None, Some(Standing::Accepted)], &[3, 9], None),
        (doubted, &[], open(&[2, 3, 9, 50])),
        (doubted, &[3, 9], open(&[2, 50])),
        (doubted, &[2, 3, 9, 50], None),
    ] {
        for standing in standings {
            let spotted = spot(revealed(standing, opened));
            assert_eq!(next(&spotted, Some(READY), &[], Height(10)), expected, "{standing:?}");
            assert_eq!(next(&spotted, Some(READY), &[Act::Open], Height(10)), None);
        }
    }
    assert_eq!(next(&spot(COMMITTED), Some(READY), &[], Height(10)), None);
}

#[test]
fn a_juror_runs_its_items_commits_and_shows_them() {
    let now = Height(10);
    let voting = juror(JuryPhase::Commit { until: UNTIL }, None);
    assert_eq!(next(&voting, None, &[], now), work(VERDICTS, &[4, 8]));
    assert_eq!(next(&voting, Some(Progress::Running), &[], now), None);
    assert_eq!(next(&voting, Some(READY), &[], now), send(Act::JuryCommit, VERDICTS));
    assert_eq!(next(&voting, Some(READY), &[Act::JuryCommit], now), None);
    let bound = || Some(BallotView::Committed { commitment: MINE });
    assert_eq!(next(&juror(JuryPhase::Commit { until: UNTIL }, bound()), None, &[], now), None);
    let showing = juror(JuryPhase::Reveal { until: UNTIL }, bound());
    assert_eq!(next(&showing, Some(READY), &[], now), send(Act::JuryReveal, VERDICTS));
    assert_eq!(next(&showing, Some(READY), &[Act::JuryReveal], now), None);
    assert_eq!(next(&showing, None, &[], now), work(VERDICTS, &[4, 8]));
    assert_eq!(next(&showing, Some(Progress::Ready { commitment: OTHER }), &[], now), None);
}

#[test]
fn a_juror_that_missed_its_turn_or_is_done_rests() {
    let until = UNTIL;
    for idle in [
        juror(JuryPhase::Reveal { until }, None),
        juror(JuryPhase::Reveal { until }, Some(BallotView::Revealed)),
        juror(JuryPhase::Done { quorum: true }, None),
    ] {
        assert_eq!(next(&idle, Some(READY), &[], Height(10)), None);
    }
    let mut over = juror(JuryPhase::Commit { until }, None);
    over.task.phase = Phase::Final { at: Height(9) };
    assert_eq!(next(&over, Some(READY), &[], Height(10)), None);
}

#[test]
fn whoever_sits_twice_in_one_task_does_both() {
    let member = spot(revealed(None, &[3]));
    let juror = juror(JuryPhase::Commit { until: UNTIL }, None);
    let work = BTreeMap::from([(EVALUATION, READY)]);
    let (assignments, sent) = ([member, juror], BTreeSet::new());
    let view = of(&assignments, &work, &sent);
    let errand = Errand { act: Act::Open, job: EVALUATION };
    assert_eq!(
        next_steps(&view, Height(10)),
        [
            Step::Open { errand, indices: vec![9], until: UNTIL },
            Step::Work { job: VERDICTS, items: vec![4, 8] },
        ]
    );
}
