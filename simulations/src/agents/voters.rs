//! Governance attacks: a borrowed vote, a vote at the last moment, a grab while few look, and a mint
//! beyond what work has earned.
//!
//! Source: Beanstalk, April 2022; Build Finance, February 2022; Compound 289, July 2024;
//! `docs/spec/14-governance.md` names the number that answers each.

use probity_dao::{Action, Ballot, Conviction, Referendum, ReferendumId, Side, Stage, Track};
use probity_primitives::{Address, Amount, BoundedString, ContentHash};
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, SubmitReferendum};
use probity_runtime::message::Transfer;

use super::{Deed, Hand, Scene, Strategy};
use crate::actor::NETWORK;

/// Who lends.
pub(crate) const LENDER: usize = 3;

/// How the group gets its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grab {
    /// With tokens that it borrows after its referendum was submitted.
    Loan,
    /// With a vote in the last block.
    Late,
    /// With its own votes while nobody else votes.
    Quiet,
    /// By minting.
    Mint,
}

/// Holders that want something.
#[derive(Debug)]
pub(super) struct Voters {
    /// How.
    pub(super) grab: Grab,
    /// How many tokens they borrow or mint.
    pub(super) tokens: u64,
    pub(super) asked: bool,
    pub(super) voted: bool,
    pub(super) returned: bool,
}

impl Voters {
    /// Holders that have not begun.
    pub(super) const fn new(grab: Grab, tokens: u64) -> Self {
        Self { grab, tokens, asked: false, voted: false, returned: false }
    }

    fn ask(&self) -> Message {
        let hash = ContentHash::of_file(b"what they want");
        let (track, action) = match self.grab {
            Grab::Mint => {
                (Track::Supply, Action::Mint { amount: Amount::from_tokens(self.tokens) })
            }
            Grab::Quiet => (Track::Root, Action::Text { hash }),
            Grab::Loan | Grab::Late => (Track::Parameters, Action::Text { hash }),
        };
        let title = BoundedString::new("what they want").unwrap_or_default();
        Message::SubmitReferendum(SubmitReferendum { track, title, action })
    }

    /// The ayes of all of the group, each with all it can still pay a fee beside.
    fn votes(scene: &Scene<'_>, id: ReferendumId, more: Amount) -> Vec<Deed> {
        let vote = |(number, place): (usize, &usize)| {
            let actor = scene.world.actors.get(*place)?;
            let stake = scene.world.ledger().bonded(&actor.id());
            let amount = if number == 0 { stake.checked_add(more).ok()? } else { stake };
            let ballot = Ballot::Whole { side: Side::Aye, conviction: Conviction::Once, amount };
            let message = Message::CastVote(CastVote { referendum: id, ballot });
            Some(Deed { by: Hand::Owner(*place), message })
        };
        scene.places.iter().enumerate().filter_map(vote).collect()
    }

    fn transfer(scene: &Scene<'_>, back: bool, amount: Amount) -> Option<Deed> {
        let place = *scene.places.first()?;
        let borrower = scene.world.actors.get(place)?.owner_address();
        let lender = Address::of(&scene.world.people.get(LENDER)?.public(), NETWORK);
        let (by, to) =
            if back { (Hand::Owner(place), lender) } else { (Hand::Person(LENDER), borrower) };
        Some(Deed { by, message: Message::Transfer(Transfer { to, amount }) })
    }
}

impl Strategy for Voters {
    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        let Some(place) = scene.places.first().copied() else { return Vec::new() };
        if !self.asked {
            self.asked = true;
            return vec![Deed { by: Hand::Owner(place), message: self.ask() }];
        }
        let known = scene.world.chain.dao().referenda.iter().next();
        let Some((id, referendum)) = known.map(|(id, known)| (*id, known)) else {
            return Vec::new();
        };
        if self.voted {
            let back = self.grab == Grab::Loan && !self.returned;
            self.returned = true;
            let loan = Amount::from_tokens(self.tokens);
            let deed = back.then(|| Self::transfer(scene, true, loan)).flatten();
            return deed.into_iter().collect();
        }
        if !self.now(scene, referendum) {
            return Vec::new();
        }
        self.voted = true;
        let mut deeds = Vec::new();
        let mut more = Amount::ZERO;
        if self.grab == Grab::Loan {
            more = Amount::from_tokens(self.tokens);
            deeds.extend(Self::transfer(scene, false, more));
        }
        deeds.extend(Self::votes(scene, id, more));
        deeds
    }
}

impl Voters {
    /// Whether it is time to vote.
    fn now(&self, scene: &Scene<'_>, referendum: &Referendum) -> bool {
        match (&referendum.stage, self.grab) {
            (Stage::Deciding { until, .. }, Grab::Late) => scene.next.0 >= until.0,
            (Stage::Deciding { .. }, Grab::Loan | Grab::Quiet | Grab::Mint) => true,
            _ => false,
        }
    }
}
