//! Whatever a challenger does, an honest committee is not slashed while juries judge as they find.

use proptest::prelude::*;

use super::arena::{Arena, finding, stretch, truth};
use crate::dispute::message::Challenge;
use crate::dispute::{Question, Ruling, Side, Stage as At};
use crate::event::TaskPhase;
use crate::task::tests::stage::{ITEMS, WRONG};
use crate::task::{Counting, Opened};

proptest! {
    #[test]
    fn an_honest_member_that_answers_is_never_slashed_by_a_dispute(
        kind in 0..4u8, item in 0..ITEMS, shown: bool, flips in 1..20u64, seed in 0..1_000u32,
    ) {
        let mut arena = HONEST.with(Clone::clone);
        let members = arena.outcome().members.clone();
        let member = members[usize::try_from(seed).unwrap() % members.len()].operator;
        let truthful = arena.true_transcript();
        let flipped = |at: u32| (u64::from(at) + u64::from(seed)) % 20 < flips;
        let false_one: Vec<u32> =
            (0..ITEMS).filter(|at| WRONG.contains(at) != flipped(*at)).collect();
        let mine = arena.stage.transcript(arena.task, &false_one);
        let claimed = Opened { score: 123, ..truth(item) };
        let challenge = match kind {
            0 => Challenge::Withheld { member, item },
            1 => {
                let stated = shown.then(|| stretch(&truthful, item));
                Challenge::Transcript { member, item, claimed, stated }
            }
            _ => {
                let rival = arena.rival_of(member, &mine, shown.then_some((&truthful, item)));
                Challenge::Aggregate(Box::new(rival))
            }
        };
        let outcome = arena.outcome().clone();
        let Ok(id) = arena.open(challenge) else { return Ok(()) };
        // Whoever has the published transcript answers.
        loop {
            match &arena.dispute(id).stage {
                At::Answer { item, .. } => {
                    let item = *item;
                    arena.answer(id, stretch(&truthful, item)).unwrap();
                }
                At::Game { game } => {
                    let of = if game.side() == Side::Defender { &truthful } else { &mine };
                    arena.play(id, of).unwrap();
                }
                At::Ladder { .. } | At::Closed { .. } => break,
            }
        }
        if let At::Ladder { question: Question::Item { item, .. }, .. } = &arena.dispute(id).stage {
            let found = finding(&[truth(*item)]);
            arena.vote(id, |_| Some((Ruling::Uphold, found.clone())));
            arena.let_stand();
        }
        prop_assert_eq!(arena.ruling(id), Some(Ruling::Uphold));
        prop_assert_eq!(arena.stage.slashes(), []);
        prop_assert!(arena.outcome().members.iter().all(|one| one.counting == Counting::Counted));
        prop_assert_eq!(arena.outcome().score, outcome.score);
        let task = arena.task;
        arena.stage.reach(task, TaskPhase::Final);
    }
}

thread_local! {
    static HONEST: Arena = Arena::honest();
}
