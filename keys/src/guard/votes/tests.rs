//! What marks allow, refuse, keep and forget.

use super::*;

const A: Hash = Hash::from_bytes([1; 32]);
const B: Hash = Hash::from_bytes([2; 32]);

fn owner(genesis: u8) -> Owner {
    Owner { genesis: Hash::from_bytes([genesis; 32]), key: PublicKey::from_bytes([9; 32]) }
}

fn guard() -> (tempfile::TempDir, VoteGuard) {
    let folder = tempfile::tempdir().unwrap();
    let guard = VoteGuard::open(folder.path(), owner(1)).unwrap();
    (folder, guard)
}

fn allows(guard: &VoteGuard, step: Step, height: u64, round: u32, digest: Hash) -> bool {
    match guard.allow(step, Height(height), round, digest) {
        Ok(()) => true,
        Err(GuardError::Slashable(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn the_same_bytes_may_be_signed_again_and_others_at_or_below_the_mark_never() {
    let (_folder, guard) = guard();
    let allowed = [
        (5, 1, A, true),
        (5, 1, A, true),
        (5, 1, B, false),
        (5, 0, A, false),
        (4, 9, B, false),
        (5, 2, B, true),
        (5, 1, A, false),
        (6, 0, A, true),
        (5, 3, A, false),
    ];
    for (height, round, digest, expected) in allowed {
        assert_eq!(allows(&guard, Step::Prevote, height, round, digest), expected);
    }
    assert_eq!((guard.refusals(), guard.contradictions()), (5, 1));
}

#[test]
fn each_kind_of_message_has_a_mark_of_its_own() {
    let (_folder, guard) = guard();
    assert!(allows(&guard, Step::Precommit, 5, 0, A));
    assert!(allows(&guard, Step::Prevote, 4, 0, A));
    assert!(allows(&guard, Step::Proposal, 3, 0, A));
    assert!(!allows(&guard, Step::Precommit, 4, 0, A));
}

#[test]
fn marks_outlive_the_process() {
    let (folder, before) = guard();
    before.leave(Step::Precommit, Height(5), 0, A).unwrap();
    drop(before);
    let after = VoteGuard::open(folder.path(), owner(1)).unwrap();
    assert!(!allows(&after, Step::Precommit, 5, 0, B));
    assert!(allows(&after, Step::Precommit, 5, 0, A));
    assert!(allows(&after, Step::Precommit, 5, 1, B));
}

#[test]
fn what_leaves_is_on_disk_before_the_answer() {
    let (folder, guard) = guard();
    for height in 1..20 {
        assert!(allows(&guard, Step::Prevote, height, 0, A));
        guard.leave(Step::Prevote, Height(height), 0, A).unwrap();
        let other = tempfile::tempdir().unwrap();
        let name = file_name(&owner(1).key);
        std::fs::copy(folder.path().join(&name), other.path().join(&name)).unwrap();
        let copy = VoteGuard::open(other.path(), owner(1)).unwrap();
        assert_eq!(copy.marks().unwrap(), guard.marks().unwrap());
    }
}

#[test]
fn what_was_allowed_and_never_left_binds_nobody_who_begins_anew() {
    let (folder, guard) = guard();
    assert!(allows(&guard, Step::Prevote, 5, 0, A));
    guard.leave(Step::Prevote, Height(5), 0, A).unwrap();
    assert!(allows(&guard, Step::Prevote, 6, 0, A));
    assert!(!allows(&guard, Step::Prevote, 6, 0, B), "this one may still show it");
    guard.leave(Step::Precommit, Height(5), 0, A).unwrap();
    let next = VoteGuard::open(folder.path(), owner(1)).unwrap();
    assert!(!allows(&next, Step::Prevote, 5, 0, B) && allows(&next, Step::Prevote, 6, 0, B));
    guard.forget().unwrap();
    assert!(!allows(&guard, Step::Prevote, 5, 0, B) && allows(&guard, Step::Prevote, 6, 0, B));
}

#[test]
fn what_a_log_says_was_signed_is_ones_own_and_may_leave() {
    let (_folder, guard) = guard();
    let at = (Step::Precommit, Height(5), 1);
    guard.recall(at.0, at.1, at.2, A).unwrap();
    assert!(!guard.is_foreign(at.0, at.1, at.2, A).unwrap());
    assert!(!allows(&guard, Step::Precommit, 5, 1, B));
    guard.leave(at.0, at.1, at.2, A).unwrap();
    guard.recall(at.0, at.1, at.2, B).unwrap();
    assert!(matches!(guard.leave(at.0, at.1, at.2, B), Err(GuardError::Slashable(_))));
    guard.leave(at.0, Height(4), 0, B).unwrap();
    assert_eq!((guard.refusals(), guard.marks().unwrap().precommit.unwrap().height.0), (2, 5));
}

#[test]
fn a_raised_mark_is_never_lowered_and_one_of_two_minds_allows_nothing() {
    let (_folder, guard) = guard();
    let at = |height, round, digest| Mark { height: Height(height), round, digest };
    assert!(guard.raise(Step::Prevote, at(7, 0, Some(A))).unwrap());
    assert!(!guard.raise(Step::Prevote, at(7, 0, Some(A))).unwrap());
    assert!(!guard.raise(Step::Prevote, at(6, 5, Some(B))).unwrap());
    assert!(allows(&guard, Step::Prevote, 7, 0, A));
    assert!(guard.raise(Step::Prevote, at(7, 0, Some(B))).unwrap());
    assert!(!allows(&guard, Step::Prevote, 7, 0, A));
    assert!(!allows(&guard, Step::Prevote, 7, 0, B));
    assert!(allows(&guard, Step::Prevote, 7, 1, B));
}

#[test]
fn a_message_that_was_signed_elsewhere_is_told_from_ones_own() {
    let (_folder, guard) = guard();
    assert!(allows(&guard, Step::Precommit, 5, 1, A));
    let foreign = |height, round, digest| {
        guard.is_foreign(Step::Precommit, Height(height), round, digest).unwrap()
    };
    assert!(!foreign(5, 1, A));
    assert!(foreign(5, 1, B));
    assert!(foreign(5, 2, A) && foreign(6, 0, A));
    assert!(!foreign(5, 0, B) && !foreign(4, 9, B), "nothing is known of what lies below");
}

#[test]
fn marks_of_another_chain_are_refused() {
    let (folder, guard) = guard();
    drop(guard);
    let refused = VoteGuard::open(folder.path(), owner(2));
    assert!(matches!(refused, Err(GuardError::Foreign { .. })));
}

#[test]
fn a_damaged_file_is_an_error_and_not_a_beginning() {
    let (folder, guard) = guard();
    assert!(allows(&guard, Step::Prevote, 5, 0, A));
    let path = folder.path().join(file_name(&owner(1).key));
    std::fs::write(&path, vec![7; 8_192]).unwrap();
    assert!(matches!(VoteGuard::open(folder.path(), owner(1)), Err(GuardError::Damaged { .. })));
}
