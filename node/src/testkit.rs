//! What tests of this crate share: a small chain with known keys.

use std::sync::Arc;

use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Domain, Hash, Height, Keypair, Network,
    OperatorId, Signature,
};
use probity_protocol::Params;
use probity_protocol::staking::message::{Bond, KeyUse, RegisterOperator, Registration};
use probity_runtime::certificate::{Certificate, VoteKind, VoteStatement};
use probity_runtime::genesis::{GENESIS_SCHEMA, GenesisAccount, GenesisOperator, Token};
use probity_runtime::message::Transfer;
use probity_runtime::{Genesis, Message, SignedTx, TxBody};

use crate::mempool::Limits;
use crate::replica::proposal::ProposalHeader;
use crate::replica::{OperatorKeys, Replica};
use crate::store::{MemoryStore, Store};

/// The time of height 0.
pub(crate) const START_MS: u64 = 1_700_000_000_000;

/// The owner of operator `seed`, who also has money to spend.
pub(crate) fn owner(seed: u8) -> Keypair {
    Keypair::from_seed([seed + 100; 32])
}

/// The account of [`owner`].
pub(crate) fn account(seed: u8) -> Address {
    Address::of(&owner(seed).public(), Network::Test)
}

/// The keys of operator `seed`.
pub(crate) fn keys(seed: u8) -> OperatorKeys {
    let keypair = Keypair::from_seed([seed; 32]);
    let operator = OperatorId::of(&account(seed), &keypair.public());
    OperatorKeys { operator, keypair, vrf: VrfSecret::from_seed([seed; 32]).unwrap() }
}

/// A chain with operators 1 to `count`, of equal stake, whose owners and one more have money.
pub(crate) fn genesis(count: u8) -> Genesis {
    let mut accounts: Vec<_> = (1..=count + 1)
        .map(|seed| GenesisAccount { address: account(seed), balance: Amount::from_tokens(1_000) })
        .collect();
    accounts.sort_by_key(|account| account.address);
    let operators = (1..=count).map(|seed| GenesisOperator {
        owner: account(seed),
        key: keys(seed).keypair.public(),
        vrf: keys(seed).vrf.public(),
        name: BoundedString::new(format!("operator-{seed}")).unwrap(),
        commission: Bps::new(500),
        classes: BoundedVec::from_vec(vec![0]).unwrap(),
        bonded: Amount::from_tokens(10_000),
    });
    Genesis {
        schema: BoundedString::new(GENESIS_SCHEMA).unwrap(),
        chain_id: BoundedString::new("probity-test").unwrap(),
        network: Network::Test,
        time_ms: START_MS,
        token: Token { symbol: BoundedString::new("PBY").unwrap(), decimals: 9 },
        protocol: probity_runtime::upgrade::fresh(),
        params: Params::development(),
        governance: probity_dao::Params::development(),
        accounts: BoundedVec::from_vec(accounts).unwrap(),
        operators: BoundedVec::from_vec(operators.collect()).unwrap(),
        beacon_seed: Hash::from_bytes([7; 32]),
    }
}

/// A replica of operator `seed` over `store`.
pub(crate) fn replica(store: &MemoryStore, genesis: &Genesis, seed: u8) -> Replica {
    let store: Arc<dyn Store> = Arc::new(store.clone());
    Replica::open(store, genesis, Some(keys(seed)), Limits::default()).unwrap()
}

/// A transfer from one operator's owner to another's.
pub(crate) fn transfer(genesis: &Genesis, from: u8, nonce: u64, to: u8) -> SignedTx {
    let amount = Amount::from_tokens(1);
    let message = Message::Transfer(Transfer { to: account(to), amount });
    signed(genesis, from, nonce, message)
}

/// What the owner of an operator does.
pub(crate) fn signed(genesis: &Genesis, from: u8, nonce: u64, message: Message) -> SignedTx {
    let body = TxBody {
        chain: genesis.chain_id.clone(),
        sender: account(from),
        nonce,
        fee: Amount::from_tokens(1),
        expiry: Height(1_000_000),
        memo: BoundedString::default(),
        message,
    };
    body.sign(genesis.hash(), &owner(from))
}

/// The two transactions by which operator `seed` becomes a validator.
pub(crate) fn enrol(genesis: &Genesis, seed: u8) -> [SignedTx; 2] {
    let OperatorKeys { operator, keypair, vrf } = keys(seed);
    let proof = KeyUse::Register(account(seed)).agree(genesis.hash(), &keypair);
    let registration = Registration {
        key: keypair.public(),
        vrf: vrf.public(),
        name: BoundedString::new(format!("operator-{seed}")).unwrap(),
        commission: Bps::new(500),
        classes: BoundedVec::new(),
    };
    let register = Message::RegisterOperator(RegisterOperator { registration, proof });
    let bond = Message::Bond(Bond { operator, amount: Amount::from_tokens(900) });
    [signed(genesis, seed, 0, register), signed(genesis, seed, 1, bond)]
}

/// The precommits of operators `signers` for a proposal.
pub(crate) fn certificate(
    genesis: &Genesis,
    header: &ProposalHeader,
    signers: impl IntoIterator<Item = u8>,
) -> Certificate {
    let ProposalHeader { height, round, block, .. } = *header;
    let mut signatures: Vec<(OperatorId, Signature)> = signers
        .into_iter()
        .map(|seed| {
            let statement = VoteStatement {
                chain_id: &genesis.chain_id,
                genesis_hash: genesis.hash(),
                kind: VoteKind::Precommit,
                height,
                round,
                block: Some(block),
                validator: keys(seed).operator,
            };
            let signature = keys(seed).keypair.sign(Domain::Vote, &statement.sign_bytes());
            (keys(seed).operator, signature)
        })
        .collect();
    signatures.sort_unstable();
    Certificate { height, round, block, signatures: BoundedVec::from_vec(signatures).unwrap() }
}
