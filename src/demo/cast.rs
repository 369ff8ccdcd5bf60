//! Who takes part in the demonstration, and the genesis document that they agree on.
//!
//! All keys come from well-known seeds: the network lives on loopback, and nothing on it is worth
//! anything. A real network's keys never come from here.

use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Domain, Hash, Keypair, Network, OperatorId,
};
use probity_protocol::Params;
use probity_runtime::Genesis;
use probity_runtime::genesis::{GENESIS_SCHEMA, GenesisAccount, GenesisOperator, Token};

use crate::exit::{Code, Failure, OrFail};

/// How many operators decide blocks; each runs a node.
pub(crate) const VALIDATORS: usize = 4;
/// How many operators evaluate only; each is attached to a validator's node.
pub(crate) const EVALUATORS: usize = 8;

/// One operator with all its keys.
pub(crate) struct Actor {
    /// What people call it.
    pub(crate) name: String,
    /// The hot key.
    pub(crate) key: Keypair,
    /// The secret seed of the key of its contributions to the beacon.
    pub(crate) beacon_seed: [u8; 32],
    /// The cold key's account.
    pub(crate) owner: Address,
    /// Its identifier.
    pub(crate) operator: OperatorId,
    /// What stands behind it at first.
    pub(crate) stake: Amount,
}

/// Everyone, and where they begin.
pub(crate) struct Cast {
    /// The document.
    pub(crate) genesis: Genesis,
    /// The operators, validators first.
    pub(crate) actors: Vec<Actor>,
    /// Registers the artifacts and pays for the evaluations.
    pub(crate) publisher: Keypair,
}

impl Cast {
    /// The cast of a network that begins at `time_ms`.
    pub(crate) fn new(time_ms: u64) -> Result<Self, Failure> {
        let actors = (0..VALIDATORS + EVALUATORS).map(actor).collect::<Result<Vec<_>, _>>()?;
        let publisher = Keypair::from_seed(seed("publisher", 0));
        let genesis = genesis(&actors, account(&publisher), time_ms)?;
        genesis.validate().or_fail(Code::Config, "the demonstration's genesis does not hold")?;
        Ok(Self { genesis, actors, publisher })
    }

    /// The operators that decide blocks.
    pub(crate) fn validators(&self) -> impl Iterator<Item = &Actor> {
        self.actors.iter().take(VALIDATORS)
    }

    /// The name of an operator.
    pub(crate) fn name(&self, operator: &OperatorId) -> String {
        let known = self.actors.iter().find(|actor| actor.operator == *operator);
        known.map_or_else(|| operator.to_string(), |actor| actor.name.clone())
    }
}

/// The test account of a key.
pub(crate) fn account(key: &Keypair) -> Address {
    Address::of(&key.public(), Network::Test)
}

/// One of many people of a group, each with a well-known key.
pub(crate) fn person(group: &str, number: u32, account: u32) -> Keypair {
    Keypair::from_seed(*Hash::of(Domain::Genesis, &("demo", group, number, account)).as_bytes())
}

fn actor(number: usize) -> Result<Actor, Failure> {
    let validates = number < VALIDATORS;
    let (name, tokens) = if validates {
        (format!("validator-{}", number + 1), 300_000)
    } else {
        (format!("evaluator-{}", number + 1 - VALIDATORS), 200_000)
    };
    let key = Keypair::from_seed(seed("operator", number));
    let beacon_seed = seed("beacon", number);
    let owner = account(&Keypair::from_seed(seed("owner", number)));
    let operator = OperatorId::of(&owner, &key.public());
    Ok(Actor { name, key, beacon_seed, owner, operator, stake: Amount::from_tokens(tokens) })
}

fn genesis(actors: &[Actor], publisher: Address, time_ms: u64) -> Result<Genesis, Failure> {
    let mut params = Params::development();
    params.staking.max_validators = u32::try_from(VALIDATORS).unwrap_or(u32::MAX);
    let mut accounts =
        vec![GenesisAccount { address: publisher, balance: Amount::from_tokens(1_000_000) }];
    // What a hot key needs for its fees; what it earns goes to its operator's pool.
    accounts.extend(actors.iter().map(|actor| GenesisAccount {
        address: account(&actor.key),
        balance: Amount::from_tokens(100),
    }));
    accounts.sort_by_key(|entry| entry.address);
    let operators = actors.iter().map(genesis_operator).collect::<Result<Vec<_>, Failure>>()?;
    Ok(Genesis {
        schema: text(GENESIS_SCHEMA)?,
        chain_id: text("probity-demo")?,
        network: Network::Test,
        time_ms,
        token: Token { symbol: text("PBY")?, decimals: 9 },
        protocol: probity_runtime::upgrade::fresh(),
        params,
        governance: probity_dao::Params::development(),
        accounts: list(accounts)?,
        operators: list(operators)?,
        beacon_seed: Hash::of(Domain::Genesis, &("demo", time_ms)),
    })
}

fn genesis_operator(actor: &Actor) -> Result<GenesisOperator, Failure> {
    let vrf = VrfSecret::from_seed(actor.beacon_seed).or_fail(Code::Key, "no beacon key")?;
    Ok(GenesisOperator {
        owner: actor.owner,
        key: actor.key.public(),
        vrf: vrf.public(),
        name: text(&actor.name)?,
        commission: Bps::new(500),
        classes: list(vec![0])?,
        bonded: actor.stake,
    })
}

fn seed(role: &str, number: usize) -> [u8; 32] {
    *Hash::of(Domain::Genesis, &("demo", role, number.to_string())).as_bytes()
}

/// Text that is within its limit by what the caller knows of it.
pub(crate) fn text<const MAX: usize>(text: &str) -> Result<BoundedString<MAX>, Failure> {
    BoundedString::new(text).or_fail(Code::Other, text)
}

/// A list that is within its limit by what the caller knows of it.
pub(crate) fn list<T, const MAX: usize>(elements: Vec<T>) -> Result<BoundedVec<T, MAX>, Failure> {
    BoundedVec::from_vec(elements).or_fail(Code::Other, "too many")
}
