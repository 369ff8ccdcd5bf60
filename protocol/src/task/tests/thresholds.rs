//! Rules at their borders.

use probity_primitives::transcript::{Answer, Leaf};
use probity_primitives::{Amount, Hash, Height, OperatorId, Score, Seats, TaskId};

use super::stage::{Stage, WRONG};
use crate::event::TaskPhase;
use crate::staking;
use crate::task::message::ReportUnavailable;
use crate::task::state::Revealed;
use crate::task::{Member, Mode, Standing, member, phases};

fn shown(member: Member) -> (Member, Revealed) {
    let revealed = Revealed {
        score: Score::ONE,
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
        transcript: Default::default(),
        at: Height(1),
    };
    (member, revealed)
}

/// Whether the first members of a committee with these seats are a quorum.
fn quorum(stage: &mut Stage, id: TaskId, asked: u32, seats: &[u32], reveal: usize) -> bool {
    let mut task = stage.task(id).clone();
    task.frozen.seats = Seats(asked);
    let operators = stage.players.keys();
    let members: Vec<Member> = operators
        .zip(seats)
        .map(|(operator, seats)| Member { operator: *operator, seats: Seats(*seats) })
        .collect();
    let revealed: Vec<_> = members.iter().take(reveal).copied().map(shown).collect();
    phases::has_quorum(&task, &members, &revealed)
}

#[test]
fn two_thirds_of_the_seats_and_a_third_as_many_operators_are_a_quorum() {
    let mut stage = Stage::new(22);
    let id = stage.request(Mode::Exact);
    assert!(quorum(&mut stage, id, 9, &[2, 2, 2, 3], 3));
    assert!(!quorum(&mut stage, id, 9, &[2, 2, 1, 4], 3));
    assert!(!quorum(&mut stage, id, 9, &[4, 4, 1], 2));
    assert!(quorum(&mut stage, id, 63, &[3; 21], 21));
    assert!(!quorum(&mut stage, id, 63, &[3; 20], 20));
}

/// Members that have so many seats together.
fn with_seats(members: &[Member], wanted: u32) -> Option<Vec<OperatorId>> {
    let Some((first, rest)) = members.split_first() else {
        return (wanted == 0).then(Vec::new);
    };
    let with = wanted.checked_sub(first.seats.0).and_then(|left| with_seats(rest, left));
    let with = with.map(|others| [vec![first.operator], others].concat());
    with.or_else(|| with_seats(rest, wanted))
}

/// The round and phase after members with so many of nine seats could not fetch the model.
fn after_reports(seats: u32) -> (u8, TaskPhase) {
    let mut stage = Stage::new(12);
    let sizes = stage.ledger.params.get().task.sizes.to_vec();
    let sizes = sizes.into_iter().map(|step| crate::params::SizeStep { seats: Seats(9), ..step });
    stage.ledger.params.get_mut().task.sizes = sizes.collect::<Vec<_>>().try_into().unwrap();
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let reporting = with_seats(&members, seats).unwrap();
    let work = stage.transcript(id, &WRONG);
    for operator in members.iter().map(|drawn| drawn.operator) {
        if reporting.contains(&operator) {
            let account = stage.players[&operator].account;
            let message = ReportUnavailable { operator, task: id, round: 1 };
            let report = |l: &mut _, c: &mut _| member::report_unavailable(l, c, account, &message);
            stage.attempt(report).unwrap();
            assert!(stage.attempt(report).is_err(), "a report is sent once");
        } else {
            stage.commit(id, operator, &work).unwrap();
        }
    }
    stage.pass(20);
    (stage.task(id).round, stage.phase(id))
}

#[test]
fn a_third_of_the_seats_does_not_end_a_round_by_reports_and_more_does() {
    assert_eq!(after_reports(3), (1, TaskPhase::Reveal));
    assert_eq!(after_reports(4), (2, TaskPhase::Commit));
}

#[test]
fn whoever_was_jailed_since_the_epoch_began_is_not_drawn() {
    let mut stage = Stage::new(12);
    let jailed: Vec<OperatorId> = stage.players.keys().copied().take(9).collect();
    for operator in &jailed {
        staking::jail(&mut stage.ledger, &mut stage.ctx, operator, 1_000).unwrap();
    }
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    assert!(stage.committee(id).iter().all(|drawn| !jailed.contains(&drawn.operator)));
}

#[test]
fn whoever_does_not_take_a_class_of_work_is_not_drawn_for_it() {
    let mut stage = Stage::new(4);
    let mut draws = stage.ledger.snapshot.get().draws.to_vec();
    let idle = draws[0].operator;
    draws[0].classes = vec![7].try_into().unwrap();
    stage.ledger.snapshot.get_mut().draws = draws.try_into().unwrap();
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    assert!(stage.committee(id).iter().all(|drawn| drawn.operator != idle));
}

/// A tolerant task in which one member is a hundredth off, which is grey under its noise, up to the
/// openings of the others.
fn grey() -> (Stage, TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let benches: Vec<_> = stage.ledger.benchmarks.iter().map(|(id, _)| *id).collect();
    stage.ledger.benchmarks.get_mut(&benches[0]).unwrap().sigma = 2_000;
    let id = stage.request(Mode::Tolerant);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let odd = members.iter().min_by_key(|m| m.seats).unwrap().operator;
    let work = |stage: &Stage, operator| {
        stage.transcript(id, if operator == odd { &WRONG[1..] } else { &WRONG })
    };
    stage.reveal_all(id, work);
    stage.reach(id, TaskPhase::Spot);
    for drawn in members.iter().filter(|drawn| drawn.operator != odd) {
        let transcript = work(&stage, drawn.operator);
        stage.open(id, drawn.operator, &transcript).unwrap();
    }
    assert_eq!(stage.standing(id, odd), Some(Standing::Grey));
    (stage, id, odd)
}

#[test]
fn a_grey_member_defends_itself_and_is_neither_paid_nor_slashed() {
    let (mut stage, id, odd) = grey();
    let common =
        stage.wanted(id, stage.committee(id).iter().find(|m| m.operator != odd).unwrap().operator);
    let wanted = stage.wanted(id, odd);
    assert!(wanted.len() > common.len());
    let accepted = stage.committee(id).iter().find(|m| m.operator != odd).unwrap().operator;
    let extra = *wanted.iter().find(|index| !common.contains(index)).unwrap();
    let work = stage.transcript(id, &WRONG);
    assert!(stage.open_these(id, accepted, &work, &[extra]).is_err(), "it has nothing to defend");
    let near = stage.transcript(id, &WRONG[1..]);
    stage.open(id, odd, &near).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    let items = stage.ledger.juries.get(&id).unwrap().items.to_vec();
    assert!(wanted.iter().all(|index| items.contains(index)));
    stage.vote(id, |_| Some(WRONG.to_vec()));
    stage.reach(id, TaskPhase::Final);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == odd).unwrap();
    assert_eq!((member.clean, member.paid), (Some(true), Amount::ZERO));
    assert_eq!(stage.slashes(), []);
}

#[test]
fn a_grey_member_that_leaves_a_defence_leaf_unopened_pays_for_it() {
    let (mut stage, id, odd) = grey();
    let near = stage.transcript(id, &WRONG[1..]);
    let wanted = stage.wanted(id, odd);
    let (_, shown) = wanted.split_last().unwrap();
    stage.open_these(id, odd, &near, shown).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    let price = stage.seat_lock(id, odd).mul_div_ceil(2, 100).unwrap();
    assert_eq!(stage.slashes(), [(odd, "O3", price)]);
}

#[test]
fn one_drawn_leaf_left_unopened_is_a_fault_in_exact_mode() {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let (sloppy, work) = (members[0].operator, stage.transcript(id, &WRONG));
    members.iter().for_each(|drawn| stage.commit(id, drawn.operator, &work).unwrap());
    stage.reach(id, TaskPhase::Reveal);
    members.iter().for_each(|drawn| stage.reveal(id, drawn.operator, &work).unwrap());
    stage.reach(id, TaskPhase::Spot);
    for drawn in members.iter().skip(1) {
        stage.open(id, drawn.operator, &work).unwrap();
    }
    let wanted = stage.wanted(id, sloppy);
    let (_, shown) = wanted.split_last().unwrap();
    stage.open_these(id, sloppy, &work, shown).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    let faults: Vec<_> = stage.slashes().iter().map(|s| (s.0, s.1)).collect();
    assert_eq!(faults, [(sloppy, "O4")]);
}

#[test]
fn all_that_is_free_can_be_locked_and_no_unit_more() {
    let mut stage = Stage::new(1);
    let operator = *stage.players.keys().next().unwrap();
    let free = stage.ledger.unlocked(&operator);
    let more = free.checked_add(Amount::from_units(1)).unwrap();
    assert!(staking::lock_seats(&mut stage.ledger, &operator, more).is_err());
    staking::lock_seats(&mut stage.ledger, &operator, free).unwrap();
    assert!(stage.ledger.unlocked(&operator).is_zero());
}
