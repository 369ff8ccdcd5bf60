//! Random ladders: who votes how, who pays for which appeal, and where each unit goes.

use probity_primitives::Amount;
use proptest::prelude::*;

use super::arena::{Arena, Vote, finding, truth};
use crate::bank::Bucket;
use crate::dispute::{self, Evidence, Ruling, Rung, Side, Stage as At};
use crate::event::{Event, TaskPhase};
use crate::task::Opened;

/// How one level goes: each juror's vote, and the parts of the appeal that each side pays.
type Course = (Vec<u8>, Vec<u8>, Vec<u8>);

fn course() -> impl Strategy<Value = Course> {
    let parts = || prop::collection::vec(0..50u8, 0..5);
    (prop::collection::vec(0..8u8, 9), parts(), parts())
}

fn vote_of(arena: &Arena, choice: u8, leaning: bool) -> Vote {
    let transcript = arena.transcript(arena.liars[0]);
    let stated = Opened::of(&transcript.leaves()[usize::try_from(arena.lie).unwrap()]);
    let upheld = Some((Ruling::Uphold, finding(&[stated])));
    let overturned = Some((Ruling::Overturn, finding(&[truth(arena.lie)])));
    match choice {
        0 => None,
        1 => Some((Ruling::Void, Evidence::Nothing)),
        2 => upheld,
        3 => overturned,
        _ if leaning => upheld,
        _ => overturned,
    }
}

fn pay(arena: &mut Arena, id: u64, side: Side, parts: &[u8], base: u8) {
    for (part, seed) in parts.iter().zip(base..) {
        let payer = arena.friend(seed, 10_000);
        let amount = arena.prices(u128::from(*part) * 8);
        // What is refused is not taken; the escrow is checked after what is.
        let _ = arena.fund(id, side, payer, amount);
    }
}

fn sit(arena: &mut Arena, id: u64, (votes, ours, theirs): &Course, base: u8) {
    for _ in 0..2 {
        if let At::Ladder { rung: Rung::Jury { bench }, .. } = &arena.dispute(id).stage {
            let jurors: Vec<_> = bench.jurors.iter().map(|one| one.operator).collect();
            let leaning = votes[0] % 2 == 0;
            let choice: Vec<Vote> =
                votes.iter().map(|vote| vote_of(arena, *vote, leaning)).collect();
            arena.vote(id, |operator| {
                let place = jurors.iter().position(|juror| *juror == operator).unwrap();
                choice[place % choice.len()].clone()
            });
        }
    }
    if matches!(arena.dispute(id).stage, At::Ladder { rung: Rung::Appeal { .. }, .. }) {
        pay(arena, id, Side::Challenger, ours, base);
        pay(arena, id, Side::Defender, theirs, base + 5);
        if matches!(arena.dispute(id).stage, At::Ladder { rung: Rung::Appeal { .. }, .. }) {
            arena.let_stand();
        }
    }
}

proptest! {
    #[test]
    fn what_a_ladder_pays_out_is_what_went_in_to_the_unit(
        courses in prop::collection::vec(course(), 4), voted in 0..4usize,
    ) {
        let mut arena = CAPTURED.with(Clone::clone);
        let id = arena.accuse();
        for (course, base) in courses.iter().zip([20u8, 30, 40, 50]) {
            sit(&mut arena, id, course, base);
        }
        let ruling = [Ruling::Uphold, Ruling::Overturn, Ruling::Void].get(voted).copied();
        if let (At::Ladder { rung: Rung::Vote { .. }, .. }, Some(ruling)) =
            (&arena.dispute(id).stage, ruling)
        {
            let ruled =
                arena.attempt(|ledger, ctx| dispute::rule_by_vote(ledger, ctx, id, ruling));
            prop_assert_eq!(ruled, Ok(()));
        }
        // Whatever happens, it ends within the longest ladder.
        for _ in 0..4 {
            if !arena.dispute(id).is_closed() {
                arena.stage.pass(60);
            }
        }
        prop_assert!(arena.dispute(id).is_closed(), "{:?}", arena.dispute(id).stage);
        prop_assert_eq!(arena.stage.ledger.balance(Bucket::BondEscrow(id)), Amount::ZERO);
        let (staked, returned, jurors, burned) = arena.closed().unwrap();
        let out = Amount::sum([returned, jurors, burned]).unwrap();
        prop_assert_eq!(staked, out);
        let pots = arena.dispute(id).levels.iter().flat_map(|level| {
            [level.challenger.sum().unwrap(), level.defender.sum().unwrap()]
        });
        prop_assert_eq!(staked, Amount::sum(pots).unwrap());
        // Every step that was due was done, and every lock is free once the task has ended.
        let stalled = arena.stage.ctx.events.iter().any(|e| matches!(e, Event::Stalled { .. }));
        prop_assert!(!stalled);
        let task = arena.task;
        for _ in 0..12 {
            if matches!(arena.stage.phase(task), TaskPhase::Final | TaskPhase::Void) {
                break;
            }
            arena.stage.pass(40);
        }
        prop_assert!(matches!(arena.stage.phase(task), TaskPhase::Final | TaskPhase::Void));
        let mut operators = arena.stage.players.keys();
        prop_assert!(operators.all(|one| arena.stage.ledger.locked(one).is_zero()));
    }
}

thread_local! {
    static CAPTURED: Arena = Arena::captured();
}
