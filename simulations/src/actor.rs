//! Operators and other people: their keys, and how they behave.

use probity_primitives::vrf::VrfSecret;
use probity_primitives::{Address, Domain, Hash, Keypair, Network, OperatorId};

/// How an operator works on tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// Runs everything, commits, reveals and opens; votes as it finds.
    #[default]
    Honest,
    /// As a member, claims the right answer to every item, with a transcript that says so; as a
    /// juror, honest.
    Inflate,
    /// As [`Self::Inflate`], and states another engine, so that its root is not that of its accomplices.
    Disguise,
    /// Neither commits nor votes.
    Silent,
    /// Commits and does not reveal.
    Withhold,
    /// Commits and reveals, and does not open.
    Conceal,
    /// Commits to what it found, and reveals an inflated score.
    Switch,
    /// Commits to and reveals an inflated score, and opens honest leaves.
    Forge,
    /// Says that it cannot fetch anything.
    Unable,
}

/// An operator with all its keys.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The cold key.
    pub owner: Keypair,
    /// The hot key.
    pub key: Keypair,
    /// The key of its contributions to the beacon.
    pub vrf: VrfSecret,
    /// How it works on tasks.
    pub behaviour: Behaviour,
    id: OperatorId,
}

/// The network of every world.
pub const NETWORK: Network = Network::Test;

impl Actor {
    /// The operator with a number in the world of a seed; `None` never.
    #[must_use]
    pub fn new(seed: u64, number: u32) -> Option<Self> {
        Self::of(person(seed, "owner", number), seed, number)
    }

    /// An operator of an owner, with hot keys of a number in the world of a seed; `None` never.
    #[must_use]
    pub fn of(owner: Keypair, seed: u64, number: u32) -> Option<Self> {
        let vrf = VrfSecret::from_seed(secret(seed, "vrf", number)).ok()?;
        let key = person(seed, "key", number);
        let id = OperatorId::of(&Address::of(&owner.public(), NETWORK), &key.public());
        Some(Self { owner, key, vrf, behaviour: Behaviour::Honest, id })
    }

    /// The operator's identifier, which stays when its hot key is replaced.
    #[must_use]
    pub const fn id(&self) -> OperatorId {
        self.id
    }

    /// The cold key's account.
    #[must_use]
    pub fn owner_address(&self) -> Address {
        Address::of(&self.owner.public(), NETWORK)
    }

    /// The hot key's account, which pays for the operator's work.
    #[must_use]
    pub fn key_address(&self) -> Address {
        Address::of(&self.key.public(), NETWORK)
    }
}

/// The key of someone with a role and a number in the world of a seed.
#[must_use]
pub fn person(seed: u64, role: &str, number: u32) -> Keypair {
    Keypair::from_seed(secret(seed, role, number))
}

fn secret(seed: u64, role: &str, number: u32) -> [u8; 32] {
    *Hash::of(Domain::Seed, &(seed, role, number)).as_bytes()
}
