//! A small world of accounts and operators to try the rules of staking in.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

mod bonding;
mod conservation;
mod epochs;
mod forfeits;
mod operators;
mod parts;
mod past_keys;
mod standing;

use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Epoch, Funds, Hash, Height, Keypair, Network,
    OperatorId,
};

use super::message::{Bond, KeyUse, RegisterOperator, Registration, Unbond, Withdraw};
use super::{StakingError, bond, register, reward, unbond, withdraw};
use crate::bank::Bucket;
use crate::ledger::{Context, Ledger};

/// Tokens that every account starts with.
const ENDOWMENT: u64 = 1_000_000;

struct World {
    ledger: Ledger,
    ctx: Context,
}

impl World {
    /// Three accounts with a million tokens each, at height 1.
    fn new() -> Self {
        let mut ledger = Ledger::default();
        for account in 0..3 {
            ledger.endow(Bucket::Free(account_of(account)), tokens(ENDOWMENT)).unwrap();
        }
        Self { ledger, ctx: Context::new(Height(1), Hash::ZERO) }
    }

    /// The same, and an operator of account 0 with this commission.
    fn with_operator(commission: u16) -> (Self, OperatorId) {
        let mut world = Self::new();
        let operator = world.register(0, 100, commission).unwrap();
        (world, operator)
    }

    fn register(
        &mut self,
        owner: u8,
        key: u8,
        commission: u16,
    ) -> Result<OperatorId, StakingError> {
        let mut message = registration(owner, key);
        message.registration.commission = Bps::new(commission);
        self.apply(|ledger, ctx| register(ledger, ctx, account_of(owner), &message))?;
        Ok(OperatorId::of(&account_of(owner), &message.registration.key))
    }

    fn bond(&mut self, by: u8, operator: OperatorId, amount: Amount) -> Result<(), StakingError> {
        self.apply(|ledger, ctx| bond(ledger, ctx, account_of(by), &Bond { operator, amount }))
    }

    fn unbond(
        &mut self,
        by: u8,
        operator: OperatorId,
        amount: Option<Amount>,
    ) -> Result<(), StakingError> {
        self.apply(|ledger, ctx| unbond(ledger, ctx, account_of(by), &Unbond { operator, amount }))
    }

    fn withdraw(&mut self, by: u8, operator: OperatorId, epoch: u64) -> Result<(), StakingError> {
        let message = Withdraw { operator, epoch: Epoch(epoch) };
        self.apply(|ledger, ctx| withdraw(ledger, ctx, account_of(by), &message))
    }

    /// Pays an operator out of account 2's money.
    fn reward(&mut self, operator: OperatorId, amount: Amount) {
        let funds: Funds = self.ledger.take(Bucket::Free(account_of(2)), amount).unwrap();
        reward(&mut self.ledger, &operator, funds).unwrap();
    }

    /// Runs a rule as blocks do: on a snapshot that a refusal drops.
    fn apply(
        &mut self,
        rule: impl FnOnce(&mut Ledger, &mut Context) -> Result<(), StakingError>,
    ) -> Result<(), StakingError> {
        let mut snapshot = self.ledger.clone();
        rule(&mut snapshot, &mut self.ctx)?;
        self.ledger = snapshot;
        assert_eq!(self.ledger.total(), self.ledger.supply.get().expected(), "the sum of buckets");
        Ok(())
    }

    /// Goes on to the first block of an epoch.
    fn at_epoch(&mut self, epoch: u64) {
        self.ctx.height = Height(epoch * self.ledger.params.get().staking.epoch_blocks);
    }

    fn free(&self, account: u8) -> Amount {
        self.ledger.balance(Bucket::Free(account_of(account)))
    }

    fn delegated(&self, account: u8, operator: &OperatorId) -> Amount {
        self.ledger.delegated(operator, &account_of(account)).unwrap()
    }
}

fn tokens(tokens: u64) -> Amount {
    Amount::from_tokens(tokens)
}

fn units(units: u128) -> Amount {
    Amount::from_units(units)
}

fn key(seed: u8) -> Keypair {
    Keypair::from_seed([seed; 32])
}

fn account_of(seed: u8) -> Address {
    Address::of(&key(seed).public(), Network::Test)
}

fn registration(owner: u8, seed: u8) -> RegisterOperator {
    let pair = key(seed);
    RegisterOperator {
        registration: Registration {
            key: pair.public(),
            vrf: VrfSecret::from_seed([seed; 32]).unwrap().public(),
            name: BoundedString::new("north").unwrap(),
            commission: Bps::new(1_000),
            classes: BoundedVec::from_vec(vec![0]).unwrap(),
        },
        proof: KeyUse::Register(account_of(owner)).agree(Hash::ZERO, &pair),
    }
}
