//! Tallies: sums that grow and shrink with each vote, so that closing counts nobody.
//!
//! # Invariants
//! - A tally is at any time the sum over the votes that stand: a vote is taken out exactly as it
//!   was put in.
//!
//! Spec: `docs/spec/14-governance.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, ArithmeticError};
use serde::{Deserialize, Serialize};

use crate::conviction::{Conviction, Votes};

/// The votes on a referendum.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Tally {
    /// Convicted ayes.
    pub ayes: Votes,
    /// Convicted nays, those with veto included.
    pub nays: Votes,
    /// Convicted nays with veto.
    pub vetoes: Votes,
    /// Tokens that said aye or abstained.
    pub support: Amount,
    /// Tokens that took part.
    pub turnout: Amount,
}

/// What someone says.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Side {
    /// It should be done.
    Aye,
    /// It should not.
    Nay,
    /// It should not, and should never have been asked: the deposit should burn.
    NayWithVeto,
}

impl Side {
    /// The side as JSON has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aye => "aye",
            Self::Nay => "nay",
            Self::NayWithVeto => "nay_with_veto",
        }
    }
}

/// What someone votes with its own tokens.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Ballot {
    /// All on one side; what others delegated to the voter follows.
    Whole {
        /// Which side.
        side: Side,
        /// How long the tokens stay locked.
        conviction: Conviction,
        /// How many tokens.
        amount: Amount,
    },
    /// In parts, without conviction; what others delegated to the voter stays silent.
    Split {
        /// Tokens for it.
        aye: Amount,
        /// Tokens against it.
        nay: Amount,
        /// Tokens that take part and take no side.
        abstain: Amount,
    },
}

impl Ballot {
    /// All its tokens.
    ///
    /// # Errors
    /// [`ArithmeticError`] if they cannot be counted.
    pub fn tokens(&self) -> Result<Amount, ArithmeticError> {
        match *self {
            Self::Whole { amount, .. } => Ok(amount),
            Self::Split { aye, nay, abstain } => aye.checked_add(nay)?.checked_add(abstain),
        }
    }

    /// How long the tokens stay locked after the vote.
    #[must_use]
    pub const fn conviction(&self) -> Conviction {
        match self {
            Self::Whole { conviction, .. } => *conviction,
            Self::Split { .. } => Conviction::Unlocked,
        }
    }

    /// The side that delegated power follows.
    #[must_use]
    pub const fn side(&self) -> Option<Side> {
        match self {
            Self::Whole { side, .. } => Some(*side),
            Self::Split { .. } => None,
        }
    }
}

/// Tokens, and the votes that they count for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct Power {
    /// The tokens.
    pub tokens: Amount,
    /// The votes.
    pub votes: Votes,
}

impl Power {
    /// No power.
    pub const NONE: Self = Self { tokens: Amount::ZERO, votes: Votes::NONE };

    /// The power of tokens under a conviction.
    ///
    /// # Errors
    /// [`ArithmeticError`] for an amount near 2^128.
    pub fn of(tokens: Amount, conviction: Conviction) -> Result<Self, ArithmeticError> {
        Ok(Self { tokens, votes: conviction.votes_floor(tokens)? })
    }

    /// The sum.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, ArithmeticError> {
        let tokens = self.tokens.checked_add(other.tokens)?;
        Ok(Self { tokens, votes: self.votes.checked_add(other.votes)? })
    }

    /// What is left without `other`.
    ///
    /// # Errors
    /// [`ArithmeticError::Insufficient`].
    pub fn checked_sub(self, other: Self) -> Result<Self, ArithmeticError> {
        let tokens = self.tokens.checked_sub(other.tokens)?;
        Ok(Self { tokens, votes: self.votes.checked_sub(other.votes)? })
    }
}

impl Tally {
    /// All convicted votes that took a side.
    ///
    /// # Errors
    /// [`ArithmeticError::Overflow`].
    pub fn cast(&self) -> Result<Votes, ArithmeticError> {
        self.ayes.checked_add(self.nays)
    }

    /// With a ballot and the delegated power that follows it.
    ///
    /// # Errors
    /// [`ArithmeticError`] if a sum leaves its range.
    pub fn with(&self, ballot: &Ballot, carried: Power) -> Result<Self, ArithmeticError> {
        self.changed(ballot, carried, Power::checked_add)
    }

    /// Without a ballot and the delegated power that followed it.
    ///
    /// # Errors
    /// [`ArithmeticError`] if they were never counted.
    pub fn without(&self, ballot: &Ballot, carried: Power) -> Result<Self, ArithmeticError> {
        self.changed(ballot, carried, Power::checked_sub)
    }

    /// With delegated power on a side.
    ///
    /// # Errors
    /// [`ArithmeticError`] if a sum leaves its range.
    pub fn with_carried(&self, side: Side, power: Power) -> Result<Self, ArithmeticError> {
        self.moved(side, power, Power::checked_add)
    }

    /// Without delegated power on a side.
    ///
    /// # Errors
    /// [`ArithmeticError`] if it was never counted.
    pub fn without_carried(&self, side: Side, power: Power) -> Result<Self, ArithmeticError> {
        self.moved(side, power, Power::checked_sub)
    }

    fn changed(
        &self,
        ballot: &Ballot,
        carried: Power,
        change: impl Fn(Power, Power) -> Result<Power, ArithmeticError>,
    ) -> Result<Self, ArithmeticError> {
        match *ballot {
            Ballot::Whole { side, conviction, amount } => {
                let own = Power::of(amount, conviction)?;
                self.moved(side, own.checked_add(carried)?, change)
            }
            Ballot::Split { aye, nay, abstain } => {
                let part = |tokens| Power::of(tokens, Conviction::Unlocked);
                let mut tally = self.moved(Side::Aye, part(aye)?, &change)?;
                tally = tally.moved(Side::Nay, part(nay)?, &change)?;
                let tokens = |amount| Power { tokens: amount, votes: Votes::NONE };
                tally.support = change(tokens(tally.support), tokens(abstain))?.tokens;
                tally.turnout = change(tokens(tally.turnout), tokens(abstain))?.tokens;
                Ok(tally)
            }
        }
    }

    fn moved(
        &self,
        side: Side,
        power: Power,
        change: impl Fn(Power, Power) -> Result<Power, ArithmeticError>,
    ) -> Result<Self, ArithmeticError> {
        let Self { mut ayes, mut nays, mut vetoes, mut support, turnout } = *self;
        let votes = |votes: Votes| {
            let (old, new) = (Power { tokens: Amount::ZERO, votes }, power.votes);
            change(old, Power { tokens: Amount::ZERO, votes: new }).map(|power| power.votes)
        };
        let tokens = |tokens: Amount| {
            let (old, new) = (Power { tokens, votes: Votes::NONE }, power.tokens);
            change(old, Power { tokens: new, votes: Votes::NONE }).map(|power| power.tokens)
        };
        match side {
            Side::Aye => {
                ayes = votes(ayes)?;
                support = tokens(support)?;
            }
            Side::Nay => nays = votes(nays)?,
            Side::NayWithVeto => {
                nays = votes(nays)?;
                vetoes = votes(vetoes)?;
            }
        }
        Ok(Self { ayes, nays, vetoes, support, turnout: tokens(turnout)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(units: u128) -> Amount {
        Amount::from_units(units)
    }

    fn whole(side: Side, conviction: Conviction, amount: u128) -> Ballot {
        Ballot::Whole { side, conviction, amount: units(amount) }
    }

    fn numbers(tally: &Tally) -> [u128; 5] {
        let Tally { ayes, nays, vetoes, support, turnout } = *tally;
        [ayes.weight(), nays.weight(), vetoes.weight(), support, turnout].map(Amount::units)
    }

    #[test]
    fn conviction_weighs_votes_and_never_support() {
        let none = Tally::default();
        let carried = Power::of(units(50), Conviction::Twice).unwrap();
        let tally = none.with(&whole(Side::Aye, Conviction::SixTimes, 10), carried).unwrap();
        assert_eq!(numbers(&tally), [160, 0, 0, 60, 60]);
        let veto = whole(Side::NayWithVeto, Conviction::Once, 7);
        let tally = tally.with(&veto, Power::NONE).unwrap();
        assert_eq!(numbers(&tally), [160, 7, 7, 60, 67]);
    }

    #[test]
    fn a_split_vote_counts_a_tenth_on_each_side_and_supports_with_what_abstains() {
        let split = Ballot::Split { aye: units(100), nay: units(50), abstain: units(30) };
        let tally = Tally::default().with(&split, Power::NONE).unwrap();
        assert_eq!(numbers(&tally), [10, 5, 0, 130, 180]);
    }

    #[test]
    fn a_vote_is_taken_out_as_it_was_put_in() {
        let split = Ballot::Split { aye: units(101), nay: units(57), abstain: units(30) };
        let veto = whole(Side::NayWithVeto, Conviction::Unlocked, 19);
        let carried = Power::of(units(11), Conviction::Once).unwrap();
        let one = Tally::default().with(&split, Power::NONE).unwrap();
        let two = one.with(&veto, carried).unwrap();
        assert_eq!(two.without(&veto, carried), Ok(one));
        assert_eq!(one.without(&split, Power::NONE), Ok(Tally::default()));
        assert!(one.without(&veto, carried).is_err());
    }
}
