//! Views: what interfaces show of a state.

use probity_primitives::{Address, Amount, Network, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::registry::ArtifactKind;
use probity_protocol::staking::message::Unbond;
use probity_protocol::task::Mode;
use probity_runtime::Message;
use probity_runtime::query::{
    self, ArtifactFilter, Assignment, MAX_PAGE, ResultFilter, Role, TaskView,
};
use probity_simulations::{Behaviour, World, WorldConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Two models of different quality, both evaluated; the second while a member lies.
fn judged() -> (World, Vec<TaskId>) {
    let mut world = World::new(&WorldConfig { seed: 2, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[600_000, 900_000]).unwrap();
    let person = world.people[0].clone();
    let mut tasks = Vec::new();
    for model in models {
        world.must(&person, World::request(benchmark, model, Mode::Exact)).unwrap();
        tasks.push(world.newest_task().unwrap());
        world.finish(tasks[tasks.len() - 1], 300).unwrap();
    }
    (world, tasks)
}

#[track_caller]
fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(view: &T) {
    let text = serde_json::to_string(view).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), view);
}

#[test]
fn the_board_has_the_best_first() {
    let (world, tasks) = judged();
    let benchmark = *world.ledger().benchmarks.iter().next().unwrap().0;
    let board = query::board(world.ledger(), &benchmark).unwrap();
    let rows: Vec<_> = board.rows.iter().map(|row| (row.rank, row.task)).collect();
    assert_eq!(rows, [(1, tasks[1]), (2, tasks[0])]);
    assert!(board.rows[0].outcome.score > board.rows[1].outcome.score);
    round_trip(&board);
    assert_eq!(query::board(world.ledger(), &Default::default()), None);
}

#[test]
fn results_are_filtered_and_read_in_pages() {
    let (world, tasks) = judged();
    let ledger = world.ledger();
    let all = query::results(ledger, ResultFilter::default(), None, 10);
    assert_eq!((all.items.len(), all.next), (2, None));
    let first = query::results(ledger, ResultFilter::default(), None, 1);
    let second = query::results(ledger, ResultFilter::default(), first.next, 1);
    assert_eq!([first.items, second.items].concat(), all.items);
    let wanted = query::result(ledger, &tasks[1]).unwrap();
    let filter = ResultFilter { benchmark: None, artifact: Some(wanted.outcome.artifact) };
    assert_eq!(query::results(ledger, filter, None, 10).items, std::slice::from_ref(&wanted));
    round_trip(&wanted);
}

#[test]
fn artifacts_are_filtered_by_kind_and_owner() {
    let (world, _) = judged();
    let models = ArtifactFilter { kind: Some(ArtifactKind::Model), owner: None };
    let found = query::artifacts(world.ledger(), models, None, MAX_PAGE).items;
    assert_eq!(found.len(), 2);
    round_trip(&found[0]);
    let nobody = Address::of(&world.people[2].public(), Network::Test);
    let theirs = ArtifactFilter { kind: None, owner: Some(nobody) };
    assert!(query::artifacts(world.ledger(), theirs, None, MAX_PAGE).items.is_empty());
}

#[test]
fn an_operator_sees_what_it_was_drawn_for_and_what_it_has_sent() {
    let mut world = World::new(&WorldConfig { seed: 4, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |phase| phase == TaskPhase::Commit).unwrap();
    let liar = world.ledger().tasks.get(&task).unwrap().phase.committee()[0].operator;
    let see = |world: &World| query::assignments(world.ledger(), &liar);
    let member = see(&world);
    assert_eq!((member.len(), member[0].role, &member[0].submission), (1, Role::Member, &None));
    assert!(member[0].files.model.is_some() && member[0].files.dataset.is_some());
    world.actors.iter_mut().find(|actor| actor.id() == liar).unwrap().behaviour =
        Behaviour::Inflate;
    world.run_until(task, 300, |phase| phase == TaskPhase::Provisional).unwrap();
    assert!(see(&world)[0].submission.is_some());
    let jury = world.ledger().juries.get(&task).unwrap();
    let juror = jury.jurors[0].operator;
    let seat: Vec<Assignment> = query::assignments(world.ledger(), &juror)
        .into_iter()
        .filter(|seat| seat.role == Role::Juror)
        .collect();
    assert_eq!(seat[0].jury.as_ref(), Some(jury));
    round_trip(&seat);
    let view: TaskView = query::task(world.ledger(), &task).unwrap();
    assert_eq!(view.submissions.len(), view.task.phase.committee().len());
    round_trip(&view);
    let phase = Some(TaskPhase::Provisional);
    assert_eq!(query::tasks(world.ledger(), phase, None, 10).items, [view]);
    world.finish(task, 300).unwrap();
    assert!(see(&world).is_empty());
}

#[test]
fn operators_slashes_supply_and_accounts_have_views() {
    let (world, _) = judged();
    let ledger = world.ledger();
    let operators = query::operators(ledger, None, MAX_PAGE).items;
    assert_eq!(operators.len(), 8);
    assert!(operators.iter().all(|one| one.power > 0 && one.drawable && one.locked.is_zero()));
    round_trip(&operators[0]);
    assert_eq!(query::operator(ledger, &operators[3].id).as_ref(), Some(&operators[3]));
    let supply = query::supply(ledger, world.chain.height());
    assert_eq!(supply.sum, supply.expected);
    assert!(!supply.burned.is_zero() && !supply.treasury.is_zero());
    round_trip(&supply);
    let owner = query::account(ledger, &world.actors[0].owner_address());
    assert_eq!(owner.bonded[0].operator, world.actors[0].id());
    assert!(owner.bonded[0].value > Amount::ZERO && owner.leaving.is_empty());
    round_trip(&owner);
    assert!(query::slashes(ledger, None, None, MAX_PAGE).items.is_empty());
}

#[test]
fn an_account_shows_what_it_has_on_the_way_out_and_not_what_others_have() {
    let mut world = World::new(&WorldConfig::default()).unwrap();
    for actor in world.actors.clone() {
        let amount = Some(Amount::from_tokens(5));
        let message = Message::Unbond(Unbond { operator: actor.id(), amount });
        world.must(&actor.owner, message).unwrap();
    }
    for actor in &world.actors {
        let view = query::account(world.ledger(), &actor.owner_address());
        assert_eq!(view.leaving.len(), 1);
        assert_eq!(view.leaving[0].operator, actor.id());
        assert_eq!(view.leaving[0].value, Amount::from_tokens(5));
    }
    let other = Address::of(&world.people[0].public(), Network::Test);
    assert!(query::account(world.ledger(), &other).leaving.is_empty());
}
