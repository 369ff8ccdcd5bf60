//! An electorate: governance alone with many voters, to see what they cost.
//!
//! No chain and no signatures: what is measured is what a vote adds to a block, and what closing a
//! referendum does when so many have voted.

use probity_dao::clock::{self, Effect};
use probity_dao::submit::{Opening, submit};
use probity_dao::vote::{Casting, Held, cast};
use probity_dao::{
    Action, Ballot, Context, Conviction, Ledger, Params, ReferendumId, Side, SubmitError, Track,
    VoteError,
};
use probity_primitives::{
    Address, Amount, BoundedString, ContentHash, Domain, Hash, Height, PublicKey,
};

use crate::actor::NETWORK;

/// What each voter holds.
const EACH: Amount = Amount::from_tokens(1_000);

/// Governance with one referendum that is being decided.
#[derive(Debug, Clone)]
pub struct Electorate {
    ledger: Ledger,
    before: Ledger,
    height: Height,
    referendum: ReferendumId,
    voters: u32,
}

impl Electorate {
    /// An electorate of so many voters, in front of a referendum.
    ///
    /// # Errors
    /// [`SubmitError`] never: it is the first.
    pub fn new(voters: u32) -> Result<Self, SubmitError> {
        let mut ledger = Ledger::default();
        *ledger.params.get_mut() = Params::development();
        let opening = Opening {
            proposer: voter(0),
            track: Track::Parameters,
            title: BoundedString::new("many voters").unwrap_or_default(),
            action: Action::Text { hash: ContentHash::of_file(b"many voters") },
            bond: None,
            supply: EACH.checked_mul(voters.into())?,
            snapshot: Height(9),
        };
        let (referendum, _) = submit(&mut ledger, &mut Context::new(Height(10)), opening)?;
        let before = ledger.clone();
        let mut electorate = Self { ledger, before, height: Height(10), referendum, voters };
        while electorate.ledger.deciding.is_empty() {
            electorate.end_block();
        }
        electorate.ledger.drain_changes();
        Ok(electorate)
    }

    /// Lets everyone vote, two ayes for each nay.
    ///
    /// # Errors
    /// [`VoteError`] never.
    pub fn vote(&mut self) -> Result<(), VoteError> {
        for number in 0..self.voters {
            let side = if number.is_multiple_of(3) { Side::Nay } else { Side::Aye };
            let casting = Casting {
                account: voter(number),
                referendum: self.referendum,
                ballot: Ballot::Whole { side, conviction: Conviction::Once, amount: EACH },
                held: Held { then: EACH, now: EACH },
            };
            let mut ctx = Context::new(self.height);
            cast(&mut self.ledger, &self.before, &mut ctx, casting)?;
        }
        self.ledger.drain_changes();
        Ok(())
    }

    /// Ends a block; whether that closed the vote.
    pub fn end_block(&mut self) -> bool {
        let mut ctx = Context::new(self.height);
        let _effects: Vec<Effect> = clock::end_block(&mut self.ledger, &mut ctx);
        self.height = Height(self.height.0.saturating_add(1));
        let known = self.ledger.referenda.get(&self.referendum);
        known.is_some_and(|known| !known.stage.is_open())
    }

    /// How many state entries the blocks so far have changed since the votes.
    #[must_use]
    pub fn changes(&mut self) -> usize {
        self.ledger.drain_changes().len()
    }
}

fn voter(number: u32) -> Address {
    let key = PublicKey::from_bytes(*Hash::of(Domain::Seed, &("voter", number)).as_bytes());
    Address::of(&key, NETWORK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closing_writes_as_little_after_a_thousand_votes_as_after_ten() {
        let closing = |voters| {
            let mut electorate = Electorate::new(voters).unwrap();
            electorate.vote().unwrap();
            while !electorate.end_block() {}
            electorate.changes()
        };
        assert_eq!(closing(10), closing(1_000));
    }
}
