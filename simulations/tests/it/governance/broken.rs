//! Each check of governance is able to fail: a state that breaks it by hand is named by its number.

use probity_protocol::Bucket;
use probity_runtime::{State, invariants};

use super::*;

/// A world in which power is delegated and a delegate has voted, in decision.
fn voted() -> (World, ReferendumId) {
    let mut world = world();
    let to = address(&owner(&world, 0));
    let given =
        super::delegating::delegation(Track::Parameters, to, tokens(5_000), Conviction::Once);
    world.must(&owner(&world, 1), given).unwrap();
    let id = submit(&mut world, Track::Parameters, change("task.commit_blocks", "20", "25"));
    aye(&mut world, 0, id, 25_000);
    until(&mut world, id, StageName::Deciding);
    (world, id)
}

/// The violation that a change of a sound state is.
fn broken(change: impl FnOnce(&mut State, ReferendumId, Address)) -> String {
    let (world, id) = voted();
    let before = world.chain.state().clone();
    assert_eq!(invariants::check_state(&before, Some(&before)), Ok(()));
    let mut after = before.clone();
    change(&mut after, id, address(&owner(&world, 0)));
    invariants::check_state(&after, Some(&before)).unwrap_err().to_string()
}

#[track_caller]
fn check(change: impl FnOnce(&mut State, ReferendumId, Address), expected: &str) {
    let violation = broken(change);
    assert!(violation.contains(expected), "{violation}");
}

#[test]
fn a_deposit_tally_vote_or_delegation_that_is_not_what_it_should_be_breaks_the_eleventh() {
    let spend = |state: &mut State, id: ReferendumId, _| {
        let (from, to) = (Bucket::GovDeposit(id.0), Bucket::Treasury);
        state.ledger.transfer(from, to, Amount::from_units(1)).unwrap();
    };
    check(spend, "invariant 11 does not hold: the deposit of referendum 0");
    let stuff = |state: &mut State, id: ReferendumId, _| {
        let tally = &mut state.dao.referenda.get_mut(&id).unwrap().tally;
        tally.turnout = tally.turnout.checked_add(Amount::from_units(1)).unwrap();
    };
    check(stuff, "invariant 11 does not hold: the tally of referendum 0");
    let invent = |state: &mut State, _, delegate| {
        state.dao.received.remove(&(delegate, Track::Parameters)).unwrap();
    };
    check(invent, "invariant 11 does not hold: what accounts have received");
    let carry = |state: &mut State, id, delegate| {
        let vote = state.dao.votes.get_mut(&(id, delegate)).unwrap();
        vote.carried = probity_dao::Power::NONE;
    };
    check(carry, "invariant 11 does not hold: what the vote of");
    let unlock = |state: &mut State, _, delegate| {
        state.dao.voters.remove(&delegate).unwrap();
    };
    check(unlock, "invariant 11 does not hold: whether the vote of");
}

#[test]
fn voted_tokens_that_leave_break_the_eleventh() {
    let leave = |state: &mut State, _, delegate| {
        let free = state.ledger.balance(Bucket::Free(delegate));
        state.ledger.transfer(Bucket::Free(delegate), Bucket::Treasury, free).unwrap();
    };
    check(leave, "invariant 11 does not hold: what");
}

#[test]
fn a_referendum_out_of_its_list_or_with_another_past_breaks_the_seventh() {
    let hide = |state: &mut State, id, _| {
        state.dao.deciding.remove(&(Track::Parameters, id)).unwrap();
    };
    check(hide, "invariant 7 does not hold: whether referendum 0, deciding, is in the slots");
    let soften = |state: &mut State, id: ReferendumId, _| {
        state.dao.referenda.get_mut(&id).unwrap().frozen.rules.confirm = 1;
    };
    check(soften, "invariant 7 does not hold: whether referendum 0 is what it was");
}

#[test]
fn a_vote_that_nothing_will_ever_let_go_breaks_the_seventh() {
    let (mut world, id) = voted();
    until(&mut world, id, StageName::Enacted);
    let mut after = world.chain.state().clone();
    assert_eq!(invariants::check_state(&after, None), Ok(()));
    let planned: Vec<_> = after.dao.expiries.iter().map(|(key, ())| *key).collect();
    planned.iter().for_each(|key| assert!(after.dao.expiries.remove(key).is_some()));
    let violation = invariants::check_state(&after, None).unwrap_err().to_string();
    let expected = "invariant 7 does not hold: whether the vote of";
    assert!(violation.contains(expected), "{violation}");
}

#[test]
fn numbers_of_governance_that_break_an_inequality_break_the_twelfth() {
    let hasty = |state: &mut State, _, _| state.dao.params.get_mut().tracks.root.enact = 0;
    check(hasty, "invariant 12 does not hold: the numbers of governance");
}
