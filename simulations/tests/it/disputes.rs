//! Disputes through the real chain, with every invariant checked after every block.

use probity_dao::{Action, Ballot, Conviction, ReferendumId, Track};
use probity_primitives::{Amount, BoundedString, Height, OperatorId, Score, Seats, TaskId};
use probity_protocol::Event;
use probity_protocol::dispute::message::{Challenge, FundAppeal, OpenDispute};
use probity_protocol::dispute::{Funder, Ruling, Rung, Side, Stage};
use probity_protocol::event::TaskPhase;
use probity_protocol::slashing::Offence;
use probity_protocol::task::{Mode, OutcomeState};
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, SubmitReferendum};
use probity_runtime::result_certificate::ResultCertificateError;
use probity_runtime::trail::TrailError;
use probity_simulations::{Behaviour, World, WorldConfig};

/// A result on a network of sixteen operators, with a committee of which so many lie.
fn published(seed: u64, lying: usize) -> Option<(World, TaskId, Vec<OperatorId>)> {
    let config = WorldConfig { seed, operators: 16, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |phase| phase == TaskPhase::Commit).unwrap();
    let committee = world.ledger().tasks.get(&task).unwrap().phase.committee().to_vec();
    let mut liars: Vec<OperatorId> = committee.iter().map(|member| member.operator).collect();
    liars.truncate(lying);
    let majority: u32 = committee
        .iter()
        .filter(|member| liars.contains(&member.operator))
        .map(|member| member.seats.0)
        .sum();
    let honest = committee.len() - liars.len();
    if majority < 4 || (honest > 0 && honest < 3) {
        return None;
    }
    for actor in &mut world.actors {
        if liars.contains(&actor.id()) {
            actor.behaviour = Behaviour::Inflate;
        }
    }
    world.run_until(task, 300, |phase| phase == TaskPhase::Provisional).unwrap();
    Some((world, task, liars))
}

fn captured() -> (World, TaskId, Vec<OperatorId>) {
    (0..50).find_map(|seed| published(seed, 7)).unwrap()
}

fn slashed(world: &World, offence: Offence) -> Vec<OperatorId> {
    let found = world.events.iter().filter_map(|(_, event)| match event.rule() {
        Some(Event::Slashed { operator, offence: found, .. }) => {
            (*found == offence).then_some(*operator)
        }
        Some(_) | None => None,
    });
    found.collect()
}

/// Lets operators act until a dispute is closed.
fn close(world: &mut World, id: u64) -> Ruling {
    for _ in 0..300 {
        if let Stage::Closed { ruling, .. } = world.ledger().disputes.get(&id).unwrap().stage {
            return ruling;
        }
        world.act().unwrap();
        world.step().unwrap();
    }
    panic!("{:?}", world.ledger().disputes.get(&id).unwrap().stage);
}

#[test]
fn a_captured_committee_is_disputed_overturned_and_slashed_and_a_larger_one_finds_the_truth() {
    let (mut world, task, liars) = captured();
    let wrong = world.ledger().outcomes.get(&task).unwrap().score;
    let old = world.certificate(task).unwrap();
    let person = world.people[1].clone();
    let message = world.challenge(task, true).unwrap().unwrap();
    world.must(&person, message).unwrap();
    assert_eq!(close(&mut world, 0), Ruling::Overturn);
    let mut convicted = slashed(&world, Offence::FalseResult);
    convicted.sort();
    let mut expected = liars.clone();
    expected.sort();
    assert_eq!(convicted, expected);

    // The old certificate is superseded, by nothing and then by the new score.
    let present = world.present(task).unwrap();
    let trusted = world.chain.genesis_hash();
    let refused = old.verify_against(&present, trusted).unwrap_err();
    assert!(matches!(refused, ResultCertificateError::Superseded { now: None, .. }), "{refused}");
    assert_eq!(world.finish(task, 600).unwrap(), TaskPhase::Final);
    let outcome = world.ledger().outcomes.get(&task).unwrap().clone();
    assert_eq!((outcome.state, outcome.seats), (OutcomeState::Final, Seats(15)));
    assert_ne!(outcome.score, wrong);
    let present = world.present(task).unwrap();
    let refused = old.verify_against(&present, trusted).unwrap_err();
    let ResultCertificateError::Superseded { certified, now, .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!((certified, now), (wrong, Some(outcome.score)));
    assert!(slashed(&world, Offence::FalseResult).iter().all(|one| liars.contains(one)));
    world.pass(300).unwrap();
}

#[test]
fn an_old_certificate_says_that_a_ruling_superseded_it() {
    let (mut world, task, _) = captured();
    let trusted = world.chain.genesis_hash();
    let old = world.certificate(task).unwrap();
    let present = world.present(task).unwrap();
    let steps = old.verify_against(&present, trusted).unwrap();
    assert_eq!(steps.last().unwrap().name, "present");
    let earlier = present.clone();

    let message = world.challenge(task, true).unwrap().unwrap();
    let person = world.people[1].clone();
    world.must(&person, message).unwrap();
    close(&mut world, 0);
    let present = world.present(task).unwrap();
    let refused = old.verify_against(&present, trusted).unwrap_err();
    let height = world.chain.height();
    let certified = world.ledger().outcomes.get(&task).unwrap().score;
    let expected = ResultCertificateError::Superseded { certified, height, now: None };
    assert_eq!(refused, expected);
    // A result of another task, an older state or a changed entry proves nothing.
    let new = world.certificate(task).unwrap();
    let refused = new.verify_against(&earlier, trusted).unwrap_err();
    assert!(
        matches!(refused, ResultCertificateError::Trail(TrailError::Header { .. })),
        "{refused}"
    );
    let mut forged = present.clone();
    if let Some(outcome) = &mut forged.outcome {
        outcome.state = OutcomeState::Final;
    }
    let refused = old.verify_against(&forged, trusted).unwrap_err();
    assert!(matches!(refused, ResultCertificateError::Proof { .. }), "{refused}");
    let mut absent = present.clone();
    absent.outcome = None;
    let refused = old.verify_against(&absent, trusted).unwrap_err();
    assert!(matches!(refused, ResultCertificateError::Proof { .. }), "{refused}");
    let mut other = present;
    other.task_id = TaskId::default();
    let refused = old.verify_against(&other, trusted).unwrap_err();
    assert!(matches!(refused, ResultCertificateError::Mismatch { .. }), "{refused}");
}

#[test]
fn leaves_that_are_not_shown_are_looked_for_and_an_appeal_of_the_liars_fails() {
    let (mut world, task, liars) = captured();
    let person = world.people[1].clone();
    let message = world.challenge(task, false).unwrap().unwrap();
    world.must(&person, message).unwrap();
    // The challenger is no member: it plays itself.
    for _ in 0..40 {
        let Stage::Game { game } = &world.ledger().disputes.get(&0).unwrap().stage else { break };
        if game.side() == Side::Challenger {
            let wish = world.challengers_move(0).unwrap().unwrap();
            world.must(&person, wish).unwrap();
        } else {
            world.act().unwrap();
            world.step().unwrap();
        }
    }
    let ruled = |world: &World| world.ledger().disputes.get(&0).unwrap().ruling();
    while ruled(&world).is_none() {
        world.act().unwrap();
        world.step().unwrap();
    }
    assert_eq!(ruled(&world), Some(Ruling::Overturn));
    let price = world.ledger().tasks.get(&task).unwrap().frozen.seat_price;
    let amount = price.checked_mul(100).unwrap();
    let liar = world.actor(&liars[0]).unwrap().owner.clone();
    let fund = FundAppeal { dispute: 0, side: Side::Defender, amount };
    world.must(&liar, Message::FundAppeal(fund)).unwrap();
    assert_eq!(close(&mut world, 0), Ruling::Overturn);
    let dispute = world.ledger().disputes.get(&0).unwrap();
    assert_eq!(dispute.levels.len(), 2);
    assert_eq!(slashed(&world, Offence::IncoherentVote), []);
}

#[test]
fn a_lone_truth_teller_is_defended_by_the_audit_pool_and_the_liars_fall() {
    let (mut world, task, liars) = (50..200).find_map(|seed| published(seed, 4)).unwrap();
    for _ in 0..200 {
        world.act().unwrap();
        world.step().unwrap();
        if world
            .ledger()
            .disputes
            .get(&0)
            .is_some_and(probity_protocol::dispute::Dispute::is_closed)
        {
            break;
        }
    }
    let Some(dispute) = world.ledger().disputes.get(&0) else {
        // The spot check found every liar already.
        assert_eq!(slashed(&world, Offence::FalseTranscript).len(), liars.len());
        return;
    };
    assert_eq!(dispute.challenger, Funder::AuditPool);
    assert_eq!(dispute.ruling(), Some(Ruling::Overturn));
    let convicted = slashed(&world, Offence::FalseResult);
    assert!(convicted.iter().all(|one| liars.contains(one)));
    world.finish(task, 600).unwrap();
    assert_ne!(world.ledger().outcomes.get(&task).unwrap().score, Score::ONE);
}

#[test]
fn honest_members_answer_what_strangers_ask_and_lose_nothing() {
    let (mut world, task, _) = captured();
    for actor in &mut world.actors {
        actor.behaviour = Behaviour::Honest;
    }
    let member = world.ledger().outcomes.get(&task).unwrap().members[0].operator;
    let bond = probity_primitives::Amount::from_tokens(1_000);
    let challenge = Challenge::Withheld { member, item: 3 };
    let message = OpenDispute { task, round: 1, challenge, bond };
    let person = world.people[1].clone();
    world.must(&person, Message::OpenDispute(message)).unwrap();
    let at = world.chain.height();
    assert_eq!(close(&mut world, 0), Ruling::Uphold);
    assert!(world.chain.height() < Height(at.0 + 4));
    let slashed = |event: &Event| matches!(event, Event::Slashed { .. });
    let mut facts = world.events.iter().filter_map(|(_, event)| event.rule());
    assert!(!facts.any(slashed));
}

/// Lets operators act until something is so.
fn act_until(world: &mut World, wanted: impl Fn(&World) -> bool) {
    for _ in 0..300 {
        if wanted(world) {
            return;
        }
        world.act().unwrap();
        world.step().unwrap();
    }
    panic!("{:?}", world.ledger().disputes.get(&0).unwrap().stage);
}

#[test]
fn after_three_juries_the_holders_rule_and_may_say_nothing_else() {
    let (mut world, task, liars) = captured();
    let challenger = world.people[1].clone();
    let message = world.challenge(task, true).unwrap().unwrap();
    world.must(&challenger, message).unwrap();
    let rule = |ruling| {
        let (track, title) = (Track::Dispute, BoundedString::new("the last word").unwrap());
        let action = Action::RuleDispute { dispute: 0, ruling };
        Message::SubmitReferendum(SubmitReferendum { track, title, action })
    };
    let proposer = world.people[2].clone();
    let early = world.must(&proposer, rule(probity_dao::Ruling::Uphold)).unwrap_err().to_string();
    assert!(early.starts_with("governance.impossible.dispute"), "{early}");
    let price = world.ledger().tasks.get(&task).unwrap().frozen.seat_price;
    let liar = world.actor(&liars[0]).unwrap().owner.clone();
    for (levels, prices) in [(1, 100), (2, 200), (3, 400)] {
        act_until(&mut world, |world| {
            let dispute = world.ledger().disputes.get(&0).unwrap();
            dispute.levels.len() == levels && dispute.levels[levels - 1].ruling.is_some()
        });
        let amount = price.checked_mul(prices).unwrap();
        let fund = FundAppeal { dispute: 0, side: Side::Defender, amount };
        world.must(&liar, Message::FundAppeal(fund)).unwrap();
    }
    act_until(&mut world, |world| {
        let stage = &world.ledger().disputes.get(&0).unwrap().stage;
        matches!(stage, Stage::Ladder { rung: Rung::Vote { .. }, .. })
    });
    let (action, result) = (
        Action::RuleDispute { dispute: 0, ruling: probity_dao::Ruling::Void },
        format!("result of {task}: 1.000000, overturned -> 1.000000, provisional"),
    );
    let facts = crate::governance::facts(&world, Track::Dispute, &action);
    let ruled = "dispute 0: overturned, unless the holders say otherwise -> closed: void";
    assert_eq!(facts, [ruled.to_owned(), result]);
    world.must(&proposer, rule(probity_dao::Ruling::Void)).unwrap();
    let id = ReferendumId(0);
    let deposit = world.chain.dao().referenda.get(&id).unwrap().deposit;
    let bond = world.ledger().disputes.get(&0).unwrap().levels[0].challenger.sum().unwrap();
    assert_eq!(deposit, bond);
    for number in 0..4 {
        let voter = world.actors[number].owner.clone();
        let (side, conviction) = (probity_dao::Side::Aye, Conviction::Once);
        let amount = Amount::from_tokens(20_000);
        let ballot = Ballot::Whole { side, conviction, amount };
        world.must(&voter, Message::CastVote(CastVote { referendum: id, ballot })).unwrap();
    }
    assert_eq!(close(&mut world, 0), Ruling::Void);
    let stage = world.chain.dao().referenda.get(&id).unwrap().stage.name();
    assert_eq!(stage, probity_dao::StageName::Enacted);
}
