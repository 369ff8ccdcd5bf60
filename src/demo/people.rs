//! The people of the demonstration who hold tokens and run no operator.

use probity_primitives::{Address, Amount, Domain, Hash, Keypair};

use super::cast::account;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    /// Holds tokens, and votes for others who trust her.
    Ada,
    /// Holds the most tokens, and lets Ada vote on supply.
    Ben,
    /// Holds tokens, and often disagrees with Ada.
    Cleo,
    /// Sells tokens to whoever wants some, and buys them back.
    Market,
    /// Wants the treasury.
    Raider,
    /// Wants a model to look better than it is.
    Briber,
}

impl Person {
    /// Everyone.
    pub(crate) const ALL: [Self; 6] =
        [Self::Ada, Self::Ben, Self::Cleo, Self::Market, Self::Raider, Self::Briber];

    /// What people call them.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ada => "Ada",
            Self::Ben => "Ben",
            Self::Cleo => "Cleo",
            Self::Market => "the market",
            Self::Raider => "the raider",
            Self::Briber => "the briber",
        }
    }

    /// What they vote with or trade: what is needed for fees and deposits comes on top.
    pub(crate) const fn tokens(self) -> Amount {
        Amount::from_tokens(match self {
            Self::Ada | Self::Cleo => 1_000_000,
            Self::Ben => 2_000_000,
            Self::Market => 1_500_000,
            Self::Raider => 50_000,
            Self::Briber => 10_000,
        })
    }

    /// What they have for fees and deposits.
    pub(crate) const fn purse() -> Amount {
        Amount::from_tokens(1_000)
    }

    /// Their key, which everyone knows.
    pub(crate) fn key(self) -> Keypair {
        let seed = Hash::of(Domain::Genesis, &("demo", "person", self.name()));
        Keypair::from_seed(*seed.as_bytes())
    }

    /// Their account.
    pub(crate) fn address(self) -> Address {
        account(&self.key())
    }
}
