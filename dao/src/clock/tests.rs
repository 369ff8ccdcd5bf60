//! Time, on a ledger of governance alone.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

use probity_primitives::{BoundedString, ContentHash, Keypair, Network};

use super::*;
use crate::action::Action;
use crate::conviction::Conviction;
use crate::error::SubmitError;
use crate::params::Params;
use crate::referendum::StageName;
use crate::submit::{Opening, submit};
use crate::tally::{Ballot, Side};
use crate::vote::{Casting, Held, cast};

/// Tokens of each voter; a hundred of them are all there are.
const EACH: u64 = 1_000;

struct Trial {
    ledger: Ledger,
    height: Height,
    events: Vec<Event>,
}

fn account(seed: u8) -> Address {
    Address::of(&Keypair::from_seed([seed; 32]).public(), Network::Test)
}

impl Trial {
    fn new() -> Self {
        let mut ledger = Ledger::default();
        *ledger.params.get_mut() = Params::development();
        Self { ledger, height: Height(10), events: Vec::new() }
    }

    fn submit(&mut self, track: Track, text: u8) -> Result<ReferendumId, SubmitError> {
        let opening = Opening {
            proposer: account(0),
            track,
            title: BoundedString::new("a title").unwrap(),
            action: Action::Text { hash: ContentHash::of_file(&[text]) },
            bond: None,
            supply: Amount::from_tokens(100 * EACH),
            snapshot: Height(self.height.0 - 1),
        };
        let mut ctx = Context::new(self.height);
        submit(&mut self.ledger, &mut ctx, opening).map(|(id, _)| id)
    }

    fn vote(&mut self, voters: std::ops::Range<u8>, id: ReferendumId, side: Side) {
        let before = self.ledger.clone();
        let amount = Amount::from_tokens(EACH);
        for voter in voters {
            let ballot = Ballot::Whole { side, conviction: Conviction::Once, amount };
            let held = Held { then: amount, now: amount };
            let casting = Casting { account: account(voter), referendum: id, ballot, held };
            cast(&mut self.ledger, &before, &mut Context::new(self.height), casting).unwrap();
        }
    }

    /// Ends so many blocks.
    fn pass(&mut self, blocks: u64) -> Vec<Effect> {
        let mut effects = Vec::new();
        for _ in 0..blocks {
            let mut ctx = Context::new(self.height);
            effects.extend(end_block(&mut self.ledger, &mut ctx));
            self.ledger.let_votes_go(self.height);
            self.events.append(&mut ctx.events);
            self.height = Height(self.height.0 + 1);
        }
        effects
    }

    fn known(&self, id: ReferendumId) -> &Referendum {
        self.ledger.referenda.get(&id).unwrap()
    }

    fn stage(&self, id: ReferendumId) -> StageName {
        self.known(id).stage.name()
    }

    /// Passes blocks until the stage; how many that were.
    fn until(&mut self, id: ReferendumId, wanted: StageName) -> u64 {
        let from = self.height.0;
        while self.stage(id) != wanted {
            assert!(self.height.0 < from + 2_000, "{id} is {} for ever", self.stage(id));
            self.pass(1);
        }
        self.height.0 - from
    }

    fn end(&self, id: ReferendumId) -> (Height, bool) {
        let Stage::Deciding { until, extended, .. } = self.known(id).stage else {
            panic!("{}", self.stage(id));
        };
        (until, extended)
    }
}

/// A referendum on the parameters track (280 blocks, confirmed for 40) that has begun.
fn deciding() -> (Trial, ReferendumId) {
    let mut stage = Trial::new();
    let id = stage.submit(Track::Parameters, 0).unwrap();
    stage.until(id, StageName::Deciding);
    (stage, id)
}

#[test]
fn both_bars_have_to_hold_for_the_whole_confirm_period() {
    let (mut stage, id) = deciding();
    stage.vote(0..60, id, Side::Aye);
    // The first block begins the period, the fortieth after it ends it.
    stage.pass(40);
    assert_eq!(stage.stage(id), StageName::Deciding);
    stage.pass(1);
    assert_eq!(stage.stage(id), StageName::Approved);
}

#[test]
fn a_confirmation_that_breaks_begins_anew() {
    let (mut stage, id) = deciding();
    stage.vote(0..60, id, Side::Aye);
    stage.pass(35);
    stage.vote(60..100, id, Side::Nay);
    stage.pass(1);
    assert!(stage.events.contains(&Event::ConfirmationBroken { referendum: id }));
    // 40 nays become ayes: it begins again from nothing.
    stage.vote(60..100, id, Side::Aye);
    stage.pass(40);
    assert_eq!(stage.stage(id), StageName::Deciding);
    stage.pass(1);
    assert_eq!(stage.stage(id), StageName::Approved);
}

#[test]
fn an_outcome_that_turns_late_extends_the_decision_once() {
    let (mut stage, id) = deciding();
    let (end, _) = stage.end(id);
    stage.vote(0..10, id, Side::Nay);
    stage.pass(end.0 - stage.height.0 - 5);
    stage.vote(10..60, id, Side::Aye);
    stage.pass(1);
    let (later, extended) = stage.end(id);
    assert_eq!((later.0, extended), (stage.height.0 - 1 + 20, true));
    // It turns back and forth again: no more time.
    stage.vote(60..100, id, Side::Nay);
    stage.pass(1);
    assert_eq!(stage.end(id).0, later);
    stage.until(id, StageName::Rejected);
    assert_eq!(stage.height.0 - 1, later.0);
}

#[test]
fn an_early_turn_extends_nothing() {
    let (mut stage, id) = deciding();
    let (end, _) = stage.end(id);
    stage.pass(100);
    stage.vote(0..60, id, Side::Aye);
    stage.pass(1);
    assert_eq!(stage.end(id), (end, false));
}

#[test]
fn a_confirmation_that_began_in_time_ends_after_the_decision() {
    let (mut stage, id) = deciding();
    let (end, _) = stage.end(id);
    stage.pass(end.0 - stage.height.0 - 1);
    stage.vote(0..60, id, Side::Aye);
    stage.pass(2);
    assert_eq!(stage.stage(id), StageName::Deciding);
    stage.until(id, StageName::Approved);
    assert!(stage.height > end);
}

#[test]
fn how_a_decision_ends_depends_on_turnout_and_vetoes() {
    let outcome = |ayes: u8, nays: u8, vetoes: u8| {
        let (mut stage, id) = deciding();
        stage.vote(0..ayes, id, Side::Aye);
        stage.vote(ayes..ayes + nays, id, Side::Nay);
        stage.vote(ayes + nays..ayes + nays + vetoes, id, Side::NayWithVeto);
        let mut effects = Vec::new();
        while stage.known(id).stage.is_open() {
            effects.extend(stage.pass(1));
        }
        let burned = matches!(effects.as_slice(), [Effect::Burn { .. }]);
        (stage.stage(id), burned)
    };
    assert_eq!(outcome(0, 0, 0), (StageName::TimedOut, false));
    assert_eq!(outcome(1, 1, 2), (StageName::TimedOut, false));
    assert_eq!(outcome(20, 30, 0), (StageName::Rejected, false));
    assert_eq!(outcome(20, 20, 19), (StageName::Rejected, false));
    assert_eq!(outcome(20, 19, 20), (StageName::Vetoed, true));
    // A veto of 40 % outweighs an approval of 60 %.
    assert_eq!(outcome(60, 0, 40), (StageName::Vetoed, true));
}

#[test]
fn closing_a_referendum_reads_no_vote() {
    let (mut stage, id) = deciding();
    stage.vote(0..60, id, Side::Aye);
    stage.vote(60..70, id, Side::NayWithVeto);
    let mut without = Trial { ledger: stage.ledger.clone(), events: Vec::new(), ..stage };
    let votes: Vec<_> = without.ledger.votes.iter().map(|(key, _)| *key).collect();
    for key in votes {
        without.ledger.votes.remove(&key);
    }
    let mut with = Trial { ledger: stage.ledger, height: without.height, events: Vec::new() };
    assert_eq!(with.until(id, StageName::Approved), without.until(id, StageName::Approved));
    assert_eq!(with.events, without.events);
}

#[test]
fn votes_leave_when_the_longest_lock_has_run_out_and_not_before() {
    let (mut stage, id) = deciding();
    let before = stage.ledger.clone();
    let amount = Amount::from_tokens(EACH);
    let ballot = Ballot::Whole { side: Side::Nay, conviction: Conviction::SixTimes, amount };
    let casting = Casting {
        account: account(7),
        referendum: id,
        ballot,
        held: Held { then: amount, now: amount },
    };
    cast(&mut stage.ledger, &before, &mut Context::new(stage.height), casting).unwrap();
    let other = stage.submit(Track::Root, 1).unwrap();
    stage.pass(1);
    stage.vote(7..9, other, Side::Aye);
    stage.until(id, StageName::TimedOut);
    let ended = stage.known(id).stage.ended().unwrap();
    let tally = stage.known(id).tally;
    let locks = |stage: &Trial| {
        let locks = stage.ledger.locks(account(7), stage.height);
        locks.iter().any(|lock| lock.why == crate::locks::Why::Vote(id))
    };
    let period = stage.known(id).frozen.lock_period;
    while stage.height.0 < ended.0 + 32 * period {
        assert!(locks(&stage) && stage.ledger.votes.contains(&(id, account(7))));
        stage.pass(1);
    }
    assert!(!locks(&stage), "a lock of 32 periods lasts for them");
    stage.pass(1);
    assert!(!stage.ledger.votes.iter().any(|((of, _), _)| *of == id));
    assert_eq!(stage.known(id).tally, tally);
    // The other one ended later; its votes stay as long.
    let listed = stage.ledger.voters.get(&account(7)).unwrap();
    assert_eq!(listed.votes.iter().copied().collect::<Vec<_>>(), [other]);
    stage.pass(600);
    assert!(stage.ledger.votes.is_empty() && stage.ledger.voters.is_empty());
    assert!(stage.ledger.expiries.is_empty());
}

#[test]
fn a_crowd_of_votes_leaves_in_bounded_steps() {
    let (mut stage, id) = deciding();
    let amount = Amount::from_tokens(EACH);
    let vote = crate::Vote {
        ballot: Ballot::Whole { side: Side::Nay, conviction: Conviction::Once, amount },
        carried: crate::Power::NONE,
    };
    for number in 0..700u32 {
        let secret = probity_primitives::Hash::of(probity_primitives::Domain::Seed, &number);
        let voter = Address::of(&Keypair::from_seed(*secret.as_bytes()).public(), Network::Test);
        stage.ledger.votes.insert((id, voter), vote);
        stage.ledger.overridden.insert((id, voter), crate::Power::NONE);
    }
    stage.until(id, StageName::TimedOut);
    stage.height = Height(stage.height.0 + 32 * stage.known(id).frozen.lock_period);
    let mut left = Vec::new();
    while !stage.ledger.expiries.is_empty() {
        let mut next = stage.ledger.clone();
        next.let_votes_go(stage.height);
        let of = |ledger: &Ledger| ledger.votes.len() + ledger.overridden.len();
        assert!(of(&stage.ledger) - of(&next) <= crate::expiry::EXPIRE);
        stage.ledger = next;
        left.push(of(&stage.ledger));
    }
    assert_eq!(left, [1_144, 888, 632, 376, 120, 0]);
}

#[test]
fn slots_go_to_those_that_wait_by_number_and_a_full_queue_refuses() {
    let mut stage = Trial::new();
    stage.ledger.params.get_mut().queue = 3;
    let ids: Vec<_> = (0..3).map(|text| stage.submit(Track::Root, text).unwrap()).collect();
    let full = SubmitError::QueueFull { track: Track::Root, waiting: 3, limit: 3 };
    assert_eq!(stage.submit(Track::Root, 9), Err(full));
    assert!(stage.submit(Track::Parameters, 9).is_ok());
    stage.until(ids[0], StageName::Deciding);
    assert_eq!(
        ids.iter().map(|id| stage.stage(*id)).collect::<Vec<_>>(),
        [StageName::Deciding, StageName::Queued, StageName::Queued,]
    );
    stage.until(ids[0], StageName::TimedOut);
    assert_eq!(stage.stage(ids[1]), StageName::Deciding);
    assert_eq!(stage.stage(ids[2]), StageName::Queued);
}

#[test]
fn a_change_of_numbers_does_not_reach_an_open_referendum() {
    let (mut stage, id) = deciding();
    let rules = &mut stage.ledger.params.get_mut().tracks.parameters;
    rules.confirm = 1;
    rules.enact = 1;
    stage.vote(0..60, id, Side::Aye);
    assert_eq!(stage.until(id, StageName::Approved), 41);
    let Stage::Approved { at, enact_at } = stage.known(id).stage else { panic!() };
    assert_eq!(enact_at.since(at), 40);
}

#[test]
fn the_same_call_waits_and_then_costs_twice() {
    let mut stage = Trial::new();
    let id = stage.submit(Track::Root, 1).unwrap();
    let open = stage.submit(Track::Parameters, 1);
    assert!(matches!(open, Err(SubmitError::SameCallOpen { .. })), "{open:?}");
    stage.until(id, StageName::TimedOut);
    let soon = stage.submit(Track::Root, 1);
    assert!(matches!(soon, Err(SubmitError::CoolingDown { .. })), "{soon:?}");
    stage.pass(600);
    let again = stage.submit(Track::Root, 1).unwrap();
    let (first, second) = (stage.known(id).deposit, stage.known(again).deposit);
    assert_eq!(second, first.checked_mul(2).unwrap());
}

#[test]
fn a_reason_is_clipped_where_a_letter_ends() {
    let clip = |text: &str| clipped::<4>(text).to_string();
    assert_eq!(
        [clip("ab"), clip("abcdef"), clip("aéé"), clip("aaéé")],
        ["ab", "abcd", "aé", "aaé"].map(str::to_owned)
    );
    assert_eq!(clip("日本"), "日");
}
