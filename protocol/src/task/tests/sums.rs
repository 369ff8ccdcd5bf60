//! Members whose leaves are true one by one and whose sums are not.

use probity_primitives::merkle::Tree;
use probity_primitives::transcript::{Answer, Fold, Leaf, Opening};
use probity_primitives::{Amount, Domain, Hash, OperatorId, Score, TaskId};

use super::stage::{ITEMS, Stage, WRONG};
use crate::event::TaskPhase;
use crate::task::message::{Commit, PostOpenings, Reveal, Statement};
use crate::task::{Mode, Opened, OutcomeState, Standing, member, sums};

/// Leaves with the sums that `sums` makes of the true ones.
struct Forged {
    leaves: Vec<Leaf>,
    tree: Tree,
}

impl Forged {
    fn open(&self, index: u32) -> Opening {
        let leaf = self.leaves[usize::try_from(index).unwrap()].clone();
        Opening { leaf, path: self.tree.path(index).unwrap() }
    }
}

fn forge(stage: &Stage, id: TaskId, sums: impl Fn(&Leaf) -> i128) -> Forged {
    let work = stage.transcript(id, &WRONG);
    let forged = |leaf: &Leaf| Leaf { prefix_sum: sums(leaf), ..leaf.clone() };
    let leaves: Vec<Leaf> = work.leaves().iter().map(forged).collect();
    let header = work.header().hash();
    let tree = Tree::new(leaves.iter().map(|leaf| leaf.hash(header)).collect()).unwrap();
    Forged { leaves, tree }
}

/// Commits to a perfect score or reveals it, with true leaves under forged sums.
fn claim(stage: &mut Stage, id: TaskId, liar: OperatorId, forged: &Forged, reveal: bool) {
    let work = stage.transcript(id, &WRONG);
    let mut message = stage.reveal_message(id, liar, &work);
    message.committed.score = Score::ONE;
    message.committed.answers_root = forged.tree.root(work.header().hash());
    message.last = forged.open(ITEMS - 1);
    let account = stage.players[&liar].account;
    if reveal {
        let Reveal { committed, engine, last, transcript, .. } = &message;
        let stated = Reveal::hash(committed, *engine, last, *transcript);
        message.attestation = stage.attest(id, liar, Statement::Reveal(stated));
        stage.attempt(|ledger, ctx| member::reveal(ledger, ctx, account, &message)).unwrap();
    } else {
        let bound = message.committed.commitment(stage.ctx.chain, id, 1, liar);
        let commit = Commit { attestation: stage.attest(id, liar, Statement::Commit(bound)) };
        stage.attempt(|ledger, ctx| member::commit(ledger, ctx, account, &commit)).unwrap();
    }
}

/// A task up to its result, in which one member has true leaves under forged sums and opens all
/// that it is asked for.
fn played(sums: impl Fn(&Leaf) -> i128) -> (Stage, TaskId, OperatorId) {
    let mut stage = Stage::new(12);
    let id = stage.request(Mode::Exact);
    stage.reach(id, TaskPhase::Commit);
    let members = stage.committee(id);
    let liar = members.iter().min_by_key(|m| m.seats).unwrap().operator;
    let honest = || members.iter().map(|m| m.operator).filter(|operator| *operator != liar);
    let work = stage.transcript(id, &WRONG);
    let forged = forge(&stage, id, sums);
    claim(&mut stage, id, liar, &forged, false);
    honest().for_each(|operator| stage.commit(id, operator, &work).unwrap());
    stage.reach(id, TaskPhase::Reveal);
    claim(&mut stage, id, liar, &forged, true);
    honest().for_each(|operator| stage.reveal(id, operator, &work).unwrap());
    stage.reach(id, TaskPhase::Spot);
    honest().for_each(|operator| stage.open(id, operator, &work).unwrap());
    assert_eq!(stage.standing(id, liar), Some(Standing::Flagged));
    let openings: Vec<Opening> =
        stage.wanted(id, liar).into_iter().map(|index| forged.open(index)).collect();
    let openings = openings.try_into().unwrap();
    let message = PostOpenings { operator: liar, task: id, round: 1, openings };
    let account = stage.players[&liar].account;
    stage.attempt(|ledger, ctx| member::post_openings(ledger, ctx, account, &message)).unwrap();
    stage.reach(id, TaskPhase::Provisional);
    (stage, id, liar)
}

/// Such a member pays like any other whose transcript is false, and contests nothing.
fn costs_its_author(sums: impl Fn(&Leaf) -> i128) {
    let (mut stage, id, liar) = played(sums);
    if stage.ledger.juries.get(&id).is_some() {
        stage.vote(id, |_| Some(WRONG.to_vec()));
    }
    stage.reach(id, TaskPhase::Final);
    let tenth = stage.seat_lock(id, liar).mul_div_ceil(1, 10).unwrap();
    assert_eq!(stage.slashes(), [(liar, "O4", tenth)]);
    let outcome = stage.ledger.outcomes.get(&id).unwrap();
    let member = outcome.members.iter().find(|m| m.operator == liar).unwrap();
    assert_eq!((member.paid, outcome.state), (Amount::ZERO, OutcomeState::Final));
}

#[test]
fn a_sum_that_counts_every_item_as_right_is_a_false_transcript() {
    costs_its_author(|leaf| i128::from(leaf.index + 1) * 1_000_000);
}

#[test]
fn a_sum_that_jumps_at_the_last_leaf_is_a_false_transcript() {
    let whole = i128::from(ITEMS) * 1_000_000;
    costs_its_author(|leaf| if leaf.index + 1 == ITEMS { whole } else { leaf.prefix_sum });
}

#[test]
fn a_sum_that_jumps_at_the_first_leaf_is_a_false_transcript() {
    costs_its_author(|leaf| leaf.prefix_sum + 10_000_000);
}

#[test]
fn every_drawn_leaf_is_opened_with_its_predecessor() {
    for (mode, leaves) in [(Mode::Exact, 9..=16), (Mode::Tolerant, 9..=16)] {
        let mut stage = Stage::new(12);
        let id = stage.request(mode);
        stage.reach(id, TaskPhase::Commit);
        let work = stage.transcript(id, &WRONG);
        for drawn in stage.committee(id) {
            stage.commit(id, drawn.operator, &work).unwrap();
        }
        stage.reach(id, TaskPhase::Reveal);
        for drawn in stage.committee(id) {
            stage.reveal(id, drawn.operator, &work).unwrap();
        }
        stage.reach(id, TaskPhase::Spot);
        let operator = stage.committee(id)[0].operator;
        let wanted = stage.wanted(id, operator);
        assert!(leaves.contains(&wanted.len()), "{wanted:?}");
        let pairs = wanted.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
        assert!(pairs * 2 >= wanted.len() - 1, "{wanted:?}");
    }
}

/// Whether sums hold for a perfect score or the true one, if these leaves are opened.
fn hold(claimed: Score, items: &[u32]) -> bool {
    let mut stage = Stage::new(4);
    let id = stage.request(Mode::Exact);
    let work = stage.transcript(id, &WRONG);
    let leaf = |index: &u32| (*index, work.leaves()[usize::try_from(*index).unwrap()].clone());
    sums::hold(&stage.task(id).frozen, claimed, &items.iter().map(leaf).collect())
}

#[test]
fn the_unopened_items_at_the_end_are_worth_no_more_than_they_can_be() {
    let truth = Score::from_micros(900_000);
    assert!(hold(truth, &[]) && hold(truth, &[0, 50]) && hold(truth, &[99]));
    // 46 of 51 are right: of 49 more at most 95 of 100 and at least 46.
    assert!(hold(Score::from_micros(950_000), &[50]) && !hold(Score::from_micros(960_000), &[50]));
    assert!(hold(Score::from_micros(460_000), &[50]) && !hold(Score::from_micros(440_000), &[50]));
}

#[test]
fn two_leaves_agree_if_item_prompt_answer_and_worth_do() {
    let mut stage = Stage::new(4);
    let id = stage.request(Mode::Exact);
    let mut frozen = stage.task(id).frozen.clone();
    let one =
        Opened { item: Hash::ZERO, prompt: Hash::ZERO, answer: Answer::Label(1), score: 1_000_000 };
    let other = Hash::of(Domain::Item, "other");
    assert!(one.agrees(&one, &frozen));
    assert!(!one.agrees(&Opened { item: other, ..one.clone() }, &frozen));
    assert!(!one.agrees(&Opened { prompt: other, ..one.clone() }, &frozen));
    assert!(!one.agrees(&Opened { answer: Answer::Label(2), ..one.clone() }, &frozen));
    assert!(!one.agrees(&Opened { score: 0, ..one.clone() }, &frozen));
    // Numbers: within delta, and so their worth; of squares, their roots.
    frozen.delta = 10;
    let number = |micros, score| Opened { answer: Answer::Number(micros), score, ..one.clone() };
    assert!(number(100, 50).agrees(&number(110, 60), &frozen));
    assert!(!number(100, 50).agrees(&number(111, 60), &frozen));
    assert!(!number(100, 50).agrees(&number(110, 61), &frozen));
    frozen.fold = Fold::RootMean;
    assert!(number(100, 10_000).agrees(&number(110, 12_100), &frozen));
    assert!(!number(100, 10_000).agrees(&number(110, 12_544), &frozen));
}
