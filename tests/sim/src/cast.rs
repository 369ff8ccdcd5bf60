//! Who takes part: operators with their keys, owners with money, and the chain that they begin.

use probity_node::OperatorKeys;
use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Hash, Height, Keypair, Network, OperatorId,
};
use probity_protocol::Params;
use probity_protocol::staking::message::{Bond, KeyUse, RegisterOperator, Registration};
use probity_runtime::genesis::{GENESIS_SCHEMA, GenesisAccount, GenesisOperator, Token};
use probity_runtime::{Genesis, Message, SignedTx, TxBody};

use crate::broken::Broken;

/// The time of height 0.
pub const START_MS: u64 = 1_700_000_000_000;
/// What each operator of the genesis has bonded, in tokens.
const BONDED: u64 = 10_000;

/// The owner of operator `number`, who also has money to spend.
#[must_use]
pub fn owner(number: u8) -> Keypair {
    Keypair::from_seed([number.wrapping_add(100); 32])
}

/// The account of [`owner`].
#[must_use]
pub fn account(number: u8) -> Address {
    Address::of(&owner(number).public(), Network::Test)
}

/// The keys of operator `number`.
///
/// # Errors
/// [`Broken`] if the seed makes no key, which no seed here does.
pub fn keys(number: u8) -> Result<OperatorKeys, Broken> {
    let seed = [number.wrapping_add(1); 32];
    let keypair = Keypair::from_seed(seed);
    let operator = OperatorId::of(&account(number), &keypair.public());
    let vrf = VrfSecret::from_seed(seed).map_err(|error| Broken::setup(&error))?;
    Ok(OperatorKeys { operator, keypair, vrf })
}

/// A chain that operators 0 to `validators` decide, and whose `people` have money.
///
/// # Errors
/// [`Broken`] if a list is longer than a genesis document may have.
pub fn genesis(validators: u8, people: u8) -> Result<Genesis, Broken> {
    let mut accounts: Vec<_> = (0..people)
        .map(|number| GenesisAccount {
            address: account(number),
            balance: Amount::from_tokens(100_000),
        })
        .collect();
    accounts.sort_by_key(|account| account.address);
    let operators: Result<Vec<_>, Broken> = (0..validators)
        .map(|number| {
            let keys = keys(number)?;
            Ok(GenesisOperator {
                owner: account(number),
                key: keys.keypair.public(),
                vrf: keys.vrf.public(),
                name: text(&format!("operator-{number}"))?,
                commission: Bps::new(500),
                classes: list(vec![0])?,
                bonded: Amount::from_tokens(BONDED),
            })
        })
        .collect();
    Ok(Genesis {
        schema: text(GENESIS_SCHEMA)?,
        chain_id: text("probity-sim")?,
        network: Network::Test,
        time_ms: START_MS,
        token: Token { symbol: text("PBY")?, decimals: 9 },
        protocol: probity_runtime::upgrade::fresh(),
        params: Params::development(),
        governance: probity_dao::Params::development(),
        accounts: list(accounts)?,
        operators: list(operators?)?,
        beacon_seed: Hash::from_bytes([7; 32]),
    })
}

/// What the owner of an operator signs.
#[must_use]
pub fn signed(
    genesis: &Genesis,
    from: u8,
    nonce: u64,
    expiry: Height,
    message: Message,
) -> SignedTx {
    let body = TxBody {
        chain: genesis.chain_id.clone(),
        sender: account(from),
        nonce,
        fee: Amount::from_tokens(1),
        expiry,
        memo: BoundedString::default(),
        message,
    };
    body.sign(genesis.hash(), &owner(from))
}

/// The messages by which operator `number` becomes a validator.
///
/// # Errors
/// [`Broken`] if the operator has no keys.
pub fn enrol(genesis: &Genesis, number: u8) -> Result<[Message; 2], Broken> {
    let OperatorKeys { operator, keypair, vrf } = keys(number)?;
    let proof = KeyUse::Register(account(number)).agree(genesis.hash(), &keypair);
    let registration = Registration {
        key: keypair.public(),
        vrf: vrf.public(),
        name: text(&format!("operator-{number}"))?,
        commission: Bps::new(500),
        classes: BoundedVec::new(),
    };
    let register = Message::RegisterOperator(RegisterOperator { registration, proof });
    let bond = Message::Bond(Bond { operator, amount: Amount::from_tokens(BONDED) });
    Ok([register, bond])
}

fn text<const MAX: usize>(text: &str) -> Result<BoundedString<MAX>, Broken> {
    BoundedString::new(text).map_err(|error| Broken::setup(&error))
}

fn list<T, const MAX: usize>(elements: Vec<T>) -> Result<BoundedVec<T, MAX>, Broken> {
    BoundedVec::from_vec(elements).map_err(|error| Broken::setup(&error))
}
