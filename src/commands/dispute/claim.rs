//! Claims and moves out of one's own run of a task.
//!
//! What the agent does by itself ([`probity_evaluator::challenge`]) for whoever has run a task by
//! hand: the run is compared with what a member has published, and what is sent is the one place
//! that shows the difference. Where nothing is published the claim goes without it, and the rules
//! make both sides look for it.

use std::path::Path;

use probity_client::Client;
use probity_evaluator::challenge;
use probity_harness::stored;
use probity_primitives::transcript::{Opening, Transcript};
use probity_primitives::{Hash, OperatorId};
use probity_protocol::dispute::message::{Challenge, Rival, Stretch};
use probity_protocol::dispute::{Dispute, Stage};
use probity_protocol::task::{Opened, Revealed, Task};
use probity_runtime::query::{SubmissionView, TaskView};

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output;

/// A claim about a member at one item, or about the result as a whole.
pub(super) async fn of_run(
    global: &Global,
    client: &Client,
    view: &TaskView,
    file: &Path,
    (against, item): (Option<OperatorId>, Option<u32>),
) -> Result<Challenge, Failure> {
    let mine = read(file)?;
    let frozen = &view.task.frozen;
    if frozen.header(mine.header().engine) != mine.header().hash() {
        let message = format!("{} is no run of what the task names", file.display());
        return Err(Failure::new(Code::Usage, message).hint(
            "the model, the dataset, the benchmark and the engine must be those of the task",
        ));
    }
    match (against, item) {
        (Some(member), Some(item)) => {
            let theirs = published(global, client, view, member).await?;
            at_item(&view.task, &mine, theirs.as_ref(), (member, item))
        }
        (None, Some(_)) => {
            Err(Failure::new(Code::Usage, "--item needs --against OPERATOR: whose item it is"))
        }
        (against, None) => {
            let stands = |outcome| challenge::stands(outcome, mine.answers_root());
            let stands = view.outcome.as_ref().map(|outcome| (outcome, stands(outcome)));
            let member = match (against, stands) {
                (Some(member), _) | (None, Some((_, Some((_, member))))) => member,
                (None, Some((outcome, None))) => {
                    let message = format!(
                        "the given transcript is that of everyone who stands for the result {}",
                        outcome.score
                    );
                    return Err(Failure::new(Code::TxRejected, message));
                }
                (None, None) => {
                    let phase = format!("{:?}", view.task.phase.name()).to_lowercase();
                    let message = format!("the task has no result yet: its phase is {phase}");
                    return Err(Failure::new(Code::TxRejected, message));
                }
            };
            let theirs = published(global, client, view, member).await?;
            whole(&view.task, &mine, theirs.as_ref(), member)
        }
    }
}

fn at_item(
    task: &Task,
    mine: &Transcript,
    theirs: Option<&Transcript>,
    (member, item): (OperatorId, u32),
) -> Result<Challenge, Failure> {
    let there = |of: &Transcript| {
        usize::try_from(item).ok().and_then(|item| of.leaves().get(item)).map(Opened::of)
    };
    let none = || Failure::new(Code::Usage, format_args!("the transcript has no item {item}"));
    let claimed = there(mine).ok_or_else(none)?;
    if theirs.and_then(there).is_some_and(|stated| stated.agrees(&claimed, &task.frozen)) {
        let message = format!("{member} and the given transcript agree at item {item}");
        return Err(Failure::new(Code::TxRejected, message));
    }
    let stated = theirs.and_then(|theirs| challenge::stretch(theirs, item, item));
    Ok(Challenge::Transcript { member, item, claimed, stated })
}

fn whole(
    task: &Task,
    mine: &Transcript,
    theirs: Option<&Transcript>,
    member: OperatorId,
) -> Result<Challenge, Failure> {
    let unscored = || Failure::new(Code::Usage, "the transcript gives no score");
    let rival = Rival {
        member,
        score: mine.score(task.frozen.fold).ok_or_else(unscored)?,
        answers_root: mine.answers_root(),
        engine: mine.header().engine,
        last: mine.open_last().ok_or_else(unscored)?,
        difference: theirs.and_then(|theirs| challenge::difference(task, theirs, mine)),
    };
    Ok(Challenge::Aggregate(Box::new(rival)))
}

/// The leaf that is asked for, with the one before it.
pub(super) fn answer(id: u64, dispute: &Dispute, file: &Path) -> Result<Stretch, Failure> {
    let Stage::Answer { item, .. } = &dispute.stage else { return Err(not_asked(id)) };
    challenge::stretch(&read(file)?, *item, *item).ok_or_else(|| not_asked(id))
}

/// The leaf in the middle.
pub(super) fn middle(id: u64, dispute: &Dispute, file: &Path) -> Result<Opening, Failure> {
    let Stage::Game { game } = &dispute.stage else { return Err(not_asked(id)) };
    read(file)?.open(game.middle()).ok_or_else(|| not_asked(id))
}

fn not_asked(id: u64) -> Failure {
    let message = format!("dispute {id} asks for no leaf of this transcript now");
    Failure::new(Code::TxRejected, message).hint(format!("probity dispute show {id}"))
}

/// What a member has published; none, and that is said, where it is nowhere to be had.
async fn published(
    global: &Global,
    client: &Client,
    view: &TaskView,
    member: OperatorId,
) -> Result<Option<Transcript>, Failure> {
    let revealed = revealed(view, member).ok_or_else(|| {
        Failure::new(Code::TxRejected, format_args!("{member} has revealed nothing in this task"))
    })?;
    let limit = u64::try_from(stored::MAX_STORED).unwrap_or(u64::MAX);
    let found = match client.blob(&revealed.transcript, limit).await {
        Ok(bytes) => decoded(&bytes, revealed.answers_root),
        Err(error) => Err(error.to_string()),
    };
    found.map(Some).or_else(|why| {
        output::say(
            global,
            &format!(
                "the leaves of {member} are not to be had ({why}): it has to open them, and where \
                 the result is disputed both sides look for the difference"
            ),
        );
        Ok(None)
    })
}

fn decoded(bytes: &[u8], root: Hash) -> Result<Transcript, String> {
    let found = stored::decode(bytes, stored::MAX_STORED).map_err(|error| error.to_string())?;
    if found.answers_root() == root { Ok(found) } else { Err("they are other leaves".to_owned()) }
}

fn revealed(view: &TaskView, member: OperatorId) -> Option<&Revealed> {
    let (_, sent) = view.submissions.iter().find(|(operator, _)| *operator == member)?;
    match sent {
        SubmissionView::Revealed { revealed, .. } => Some(revealed),
        SubmissionView::Committed { .. } | SubmissionView::Unavailable => None,
    }
}

fn read(file: &Path) -> Result<Transcript, Failure> {
    let what = format!("cannot read the transcript {}", file.display());
    let bytes = std::fs::read(file).or_fail(Code::Usage, &what)?;
    stored::decode(&bytes, stored::MAX_STORED).or_fail(Code::Usage, &what)
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Amount, Domain, TaskId};
    use probity_protocol::dispute::message::OpenDispute;
    use probity_protocol::event::TaskPhase;
    use probity_protocol::task::Mode;
    use probity_runtime::Message;
    use probity_simulations::{Behaviour, World, WorldConfig};

    use super::*;

    /// A result of a committee that inflates, its task, a member, and the true transcript with the
    /// false one.
    fn captured() -> (World, TaskId, OperatorId, [Transcript; 2]) {
        let config = WorldConfig { seed: 12, check: false, ..WorldConfig::default() };
        let mut world = World::new(&config).unwrap();
        let (benchmark, models) = world.publish(&[800_000]).unwrap();
        let asker = world.people[0].clone();
        world.must(&asker, World::request(benchmark, models[0], Mode::Exact)).unwrap();
        let id = world.newest_task().unwrap();
        for actor in &mut world.actors {
            actor.behaviour = Behaviour::Inflate;
        }
        world.run_until(id, 300, |now| now == TaskPhase::Provisional).unwrap();
        let task = world.ledger().tasks.get(&id).unwrap().clone();
        let member = task.phase.committee()[0].operator;
        let (_, sheet) = world.sheets[0];
        let engine = Hash::of(Domain::EngineProfile, "synthetic");
        let both = [false, true].map(|lies| sheet.transcript(&task.frozen, engine, lies).unwrap());
        (world, id, member, both)
    }

    /// Opens a dispute with a claim.
    fn dispute(world: &World, id: TaskId, challenge: Challenge) -> Dispute {
        let mut world = world.clone();
        let round = world.ledger().tasks.get(&id).unwrap().round;
        let bond = Amount::from_tokens(9_000);
        let message = OpenDispute { task: id, round, challenge, bond };
        world.must(&world.people[1].clone(), Message::OpenDispute(message)).unwrap();
        world.ledger().disputes.get(&0).unwrap().clone()
    }

    fn opened(world: &World, id: TaskId, challenge: Challenge) -> Stage {
        dispute(world, id, challenge).stage
    }

    #[test]
    fn claims_out_of_ones_own_run_are_such_as_the_rules_accept() {
        let (world, id, member, [mine, theirs]) = captured();
        let task = world.ledger().tasks.get(&id).unwrap();
        let shown = whole(task, &mine, Some(&theirs), member).unwrap();
        assert!(matches!(opened(&world, id, shown), Stage::Ladder { .. }));
        let hidden = whole(task, &mine, None, member).unwrap();
        assert!(matches!(opened(&world, id, hidden), Stage::Game { .. }));
        let differs = |item: &u32| {
            let place = usize::try_from(*item).unwrap();
            Opened::of(&mine.leaves()[place]) != Opened::of(&theirs.leaves()[place])
        };
        let lie = (0..task.frozen.items).find(differs).unwrap();
        let shown = at_item(task, &mine, Some(&theirs), (member, lie)).unwrap();
        assert!(matches!(opened(&world, id, shown), Stage::Ladder { .. }));
        let hidden = at_item(task, &mine, None, (member, lie)).unwrap();
        assert!(matches!(opened(&world, id, hidden), Stage::Answer { item, .. } if item == lie));
    }

    #[test]
    fn where_both_agree_nothing_is_claimed() {
        let (world, id, member, [mine, theirs]) = captured();
        let task = world.ledger().tasks.get(&id).unwrap();
        let agrees = |item: &u32| {
            let place = usize::try_from(*item).unwrap();
            Opened::of(&mine.leaves()[place]) == Opened::of(&theirs.leaves()[place])
        };
        let same = (0..task.frozen.items).find(agrees).unwrap();
        let refused = at_item(task, &mine, Some(&theirs), (member, same)).unwrap_err();
        assert!(refused.message().contains("agree at item"), "{}", refused.message());
        assert!(at_item(task, &mine, None, (member, task.frozen.items)).is_err());
    }

    #[test]
    fn a_move_is_the_leaf_that_is_asked_for_out_of_a_file() {
        let (world, id, member, [mine, theirs]) = captured();
        let task = world.ledger().tasks.get(&id).unwrap();
        let dispute = dispute(&world, id, whole(task, &mine, None, member).unwrap());
        let Stage::Game { game } = &dispute.stage else { panic!("{:?}", dispute.stage) };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("theirs");
        std::fs::write(&file, stored::encode(&theirs)).unwrap();
        assert_eq!(middle(0, &dispute, &file).unwrap().leaf.index, game.middle());
        assert!(answer(0, &dispute, &file).is_err(), "no answer is asked for");
        std::fs::write(&file, b"something else").unwrap();
        assert!(middle(0, &dispute, &file).is_err());
    }
}
