//! The game that finds a difference between transcripts whose leaves are not published.

use probity_primitives::transcript::{Answer, Leaf, Opening, Transcript};
use probity_primitives::{Hash, OperatorId, merkle};

use super::arena::{Arena, Vote};
use crate::dispute::message::{Challenge, Stretch};
use crate::dispute::{DisputeError, Evidence, Question, Ruling, Side, Stage as At};
use crate::task::tests::stage::{ITEMS, WRONG};
use crate::task::{Mode, Submission};

fn begin(arena: &mut Arena) -> u64 {
    let rival = arena.rival(arena.liars[0], false);
    arena.open(Challenge::Aggregate(Box::new(rival))).unwrap()
}

/// Plays to the end; how many moves that took.
fn play_out(arena: &mut Arena, id: u64, theirs: &Transcript, mine: &Transcript) -> u32 {
    let mut moves = 0;
    while let At::Game { game } = &arena.dispute(id).stage {
        let of = if game.side() == Side::Defender { theirs } else { mine };
        arena.play(id, of).unwrap();
        moves += 1;
        assert!(moves <= 64);
    }
    moves
}

#[test]
fn log_many_moves_of_each_side_find_the_item() {
    let mut arena = Arena::captured();
    let id = begin(&mut arena);
    let (theirs, mine) = (arena.transcript(arena.liars[0]), arena.true_transcript());
    // ceil(log2 100) = 7 of each side.
    let moves = play_out(&mut arena, id, &theirs, &mine);
    assert!((12..=14).contains(&moves), "{moves}");
    let (question, _) = arena.bench(id);
    assert!(matches!(question, Question::Item { item, .. } if item == arena.lie));
    arena.vote_truly(id);
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
}

#[test]
fn the_first_differing_item_is_found_wherever_it_is() {
    let arena = Arena::captured();
    let task = arena.stage.task(arena.task).clone();
    for wrong_at in 0..ITEMS {
        let wrong: Vec<u32> = WRONG.into_iter().filter(|item| *item != wrong_at).collect();
        let flipped = if WRONG.contains(&wrong_at) {
            wrong.clone()
        } else {
            [wrong.clone(), vec![wrong_at]].concat()
        };
        let (a, b) = (arena.true_transcript(), arena.stage.transcript(arena.task, &flipped));
        let (last_a, last_b) = (a.leaves().last().unwrap(), b.leaves().last().unwrap());
        let now = arena.stage.ctx.height;
        let mut next = super::super::game::begin(&task, last_a.clone(), last_b.clone(), now);
        let found = loop {
            match next {
                super::super::game::Next::Over(found) => break found,
                super::super::game::Next::Play(game) => {
                    let of = if game.side() == Side::Defender { &a } else { &b };
                    let leaf = of.leaves()[usize::try_from(game.middle()).unwrap()].clone();
                    next = super::super::game::play(&task, game, leaf, now);
                }
            }
        };
        let super::super::locate::Found::Asked(Question::Item { item, .. }) = found else {
            panic!("{found:?}")
        };
        assert_eq!(item, wrong_at);
    }
}

#[test]
fn a_defender_whose_clock_runs_out_has_lost() {
    let mut arena = Arena::captured();
    let id = begin(&mut arena);
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.clock_blocks);
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
    assert!(arena.stage.slashes().iter().all(|(_, code, _)| *code == "O6"));
    assert_eq!(arena.stage.slashes().len(), arena.liars.len());
}

#[test]
fn a_challenger_whose_clock_runs_out_has_lost_its_bond() {
    let mut arena = Arena::captured();
    let before = arena.free(arena.challenger);
    let id = begin(&mut arena);
    let theirs = arena.transcript(arena.liars[0]);
    arena.play(id, &theirs).unwrap();
    arena.stage.pass(arena.stage.task(arena.task).frozen.dispute.clock_blocks);
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Uphold, .. }));
    assert_eq!(before.checked_sub(arena.free(arena.challenger)), Ok(arena.prices(50)));
    assert_eq!(arena.stage.slashes(), []);
}

#[test]
fn the_clock_of_a_side_runs_only_while_it_is_its_move() {
    let mut arena = Arena::captured();
    let id = begin(&mut arena);
    let (theirs, mine) = (arena.transcript(arena.liars[0]), arena.true_transcript());
    let clock = arena.stage.task(arena.task).frozen.dispute.clock_blocks;
    let left = |arena: &Arena| {
        let At::Game { game } = &arena.dispute(id).stage else { panic!("no game") };
        (game.defender, game.challenger)
    };
    arena.stage.pass(3);
    arena.play(id, &theirs).unwrap();
    assert_eq!(left(&arena), (clock - 3, clock));
    arena.stage.pass(5);
    arena.play(id, &mine).unwrap();
    assert_eq!(left(&arena), (clock - 3, clock - 5));
    // What was spent is not given back: the rest runs out earlier than a whole clock would.
    arena.stage.pass(clock - 4);
    assert!(matches!(arena.dispute(id).stage, At::Game { .. }));
    arena.stage.pass(1);
    assert!(matches!(arena.dispute(id).stage, At::Closed { ruling: Ruling::Overturn, .. }));
}

#[test]
fn a_move_must_be_the_middle_leaf_of_the_movers_transcript() {
    let mut arena = Arena::captured();
    let id = begin(&mut arena);
    let (theirs, mine) = (arena.transcript(arena.liars[0]), arena.true_transcript());
    let foreign = arena.play(id, &mine);
    assert!(matches!(foreign, Err(DisputeError::Task(_))), "{foreign:?}");
    let opening = theirs.open(0).unwrap();
    let message = crate::dispute::message::PlayDispute { dispute: id, opening };
    let sender = arena.challenger;
    let refused = arena.attempt(|ledger, ctx| crate::dispute::play(ledger, ctx, sender, &message));
    assert_eq!(refused, Err(DisputeError::Misplaced { index: 0, wanted: 49 }));
}

#[test]
fn in_tolerant_mode_the_segment_with_the_larger_difference_is_left_and_the_nearer_side_wins() {
    let lies = |members: &[crate::task::Member]| {
        let all: Vec<OperatorId> = members.iter().map(|member| member.operator).collect();
        (all.len() >= 4).then_some(all)
    };
    let mut arena = Arena::new(Mode::Tolerant, |_| (), lies);
    // 1 % of the score, and a tolerance of four noises of 0.1 %.
    let id = begin(&mut arena);
    let (theirs, mine) = (arena.transcript(arena.liars[0]), arena.true_transcript());
    let moves = play_out(&mut arena, id, &theirs, &mine);
    assert_eq!(moves, 4);
    let (question, _) = arena.bench(id);
    let Question::Segment { first, last, stated, claimed } = question else { panic!("an item") };
    assert!((first..=last).contains(&arena.lie) && last - first < 32);
    assert_eq!(stated - claimed, 1_000_000);
    let sum = Evidence::Sum(claimed);
    let vote: Vote = Some((Ruling::Overturn, sum));
    arena.vote(id, |_| vote.clone());
    arena.let_stand();
    assert_eq!(arena.ruling(id), Some(Ruling::Overturn));
    assert!(arena.stage.slashes().iter().any(|(_, code, _)| *code == "O6"));
}

/// Leaves with one sum that jumps, under a tree of their own.
pub(super) struct Forged {
    leaves: Vec<Leaf>,
    tree: merkle::Tree,
}

impl Forged {
    pub(super) fn stretch(&self, item: u32) -> Stretch {
        Stretch { before: item.checked_sub(1).map(|at| self.open(at)), last: self.open(item) }
    }

    fn open(&self, index: u32) -> Opening {
        let leaf = self.leaves[usize::try_from(index).unwrap()].clone();
        Opening { leaf, path: self.tree.path(index).unwrap() }
    }
}

/// True leaves whose sums count one item twice, and their root.
pub(super) fn forged(arena: &Arena, at: u32) -> (Hash, Forged) {
    let transcript = arena.true_transcript();
    let header = transcript.header().hash();
    let mut leaves = transcript.leaves().to_vec();
    for leaf in leaves.iter_mut().filter(|leaf| leaf.index >= at) {
        leaf.prefix_sum += 1_000_000;
    }
    let tree = merkle::Tree::new(leaves.iter().map(|leaf| leaf.hash(header)).collect()).unwrap();
    (tree.root(header), Forged { leaves, tree })
}

/// Lets a member have revealed another root.
pub(super) fn swap_root(arena: &mut Arena, member: OperatorId, root: Hash, forged: &Forged) {
    let last = forged.leaves.last().unwrap().clone();
    swap(arena, member, root, last);
}

/// Lets a member have revealed another transcript with the same score.
pub(super) fn swap_transcript(arena: &mut Arena, member: OperatorId, of: &Transcript) {
    let last = of.leaves().last().unwrap().clone();
    swap(arena, member, of.answers_root(), last);
}

fn swap(arena: &mut Arena, member: OperatorId, root: Hash, last: Leaf) {
    assert!(matches!(last.answer, Answer::Label(_)));
    let sent = arena.stage.ledger.submissions.get_mut(&(arena.task, member)).unwrap();
    let Submission::Revealed { revealed, .. } = sent else { panic!("no reveal") };
    (revealed.answers_root, revealed.last) = (root, Box::new(last));
}
