//! The genesis document: the one thing that everybody on a chain agreed on beforehand.
//!
//! It is a JSON file for people and has a canonical encoding for machines; its hash is the chain's
//! identity, and every signature covers it.
//!
//! # Invariants
//! - [`Genesis::hash`] covers every field.
//! - What it gives out adds up: the sum of all buckets is the sum of its balances and bonds.
//!
//! Spec: `docs/spec/20-blocks.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{
    Address, Amount, ArithmeticError, BoundedString, BoundedVec, Bps, Domain, Hash, Network,
    OperatorId, PublicKey,
};
use probity_protocol::Params;
use probity_protocol::params::ParamError;
use probity_protocol::upgrade::Protocol;
use serde::{Deserialize, Serialize};

use crate::upgrade::{self, BeginError};

/// A chain's name.
pub type ChainId = BoundedString<32>;

/// The document's schema.
pub const GENESIS_SCHEMA: &str = "probity.genesis/v1";

/// The longest genesis document in bytes.
pub const MAX_GENESIS_BYTES: usize = 16 * 1024 * 1024;

/// What tells a chain from every other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainIdentity {
    /// Its name.
    pub chain_id: ChainId,
    /// Which addresses it has.
    pub network: Network,
    /// The hash of its genesis document.
    pub genesis_hash: Hash,
}

/// How amounts are shown to people.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// The symbol after an amount.
    pub symbol: BoundedString<12>,
    /// How many digits of an amount in base units stand after the point.
    pub decimals: u8,
}

/// An account's first balance.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct GenesisAccount {
    /// The account.
    pub address: Address,
    /// What it may spend.
    pub balance: Amount,
}

/// An operator that is there from the beginning.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisOperator {
    /// The cold key's account.
    pub owner: Address,
    /// The hot key.
    pub key: PublicKey,
    /// The key of its contributions to the beacon.
    pub vrf: VrfPublicKey,
    /// How it calls itself.
    pub name: BoundedString<64>,
    /// The owner's share of rewards, before delegators.
    pub commission: Bps,
    /// The classes of work it takes, ascending.
    pub classes: BoundedVec<u16, 16>,
    /// What the owner has bonded behind it.
    pub bonded: Amount,
}

impl GenesisOperator {
    /// The operator's identifier.
    #[must_use]
    pub fn id(&self) -> OperatorId {
        OperatorId::of(&self.owner, &self.key)
    }
}

/// The document.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// [`GENESIS_SCHEMA`].
    pub schema: BoundedString<32>,
    /// The chain's name.
    pub chain_id: ChainId,
    /// Which addresses the chain has.
    pub network: Network,
    /// The time of height 0 in milliseconds since 1970.
    pub time_ms: u64,
    /// How amounts are shown.
    pub token: Token,
    /// The version of the rules that the chain begins with, and one that is planned if any is.
    pub protocol: Protocol,
    /// The first parameters.
    pub params: Params,
    /// The first numbers of governance.
    pub governance: probity_dao::Params,
    /// The first balances, in ascending order of address.
    pub accounts: BoundedVec<GenesisAccount, 100_000>,
    /// The first operators.
    pub operators: BoundedVec<GenesisOperator, 4_096>,
    /// What the beacon starts from.
    pub beacon_seed: Hash,
}

/// Why a document is not a chain's beginning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenesisError {
    /// The file is too long.
    #[error("the genesis document has {len} bytes, the limit is {limit}")]
    Oversized {
        /// Its length in bytes.
        len: usize,
        /// The longest in bytes.
        limit: usize,
    },
    /// The file is not a document of this schema.
    #[error("the genesis document cannot be read: {0}")]
    Malformed(String),
    /// The document is of another schema.
    #[error("the schema is {found:?}, expected {GENESIS_SCHEMA:?}")]
    Schema {
        /// What the document says.
        found: String,
    },
    /// The chain has no name, or one that is no plain word.
    #[error("the chain id {0:?} is not 1 to 32 letters, digits or hyphens")]
    ChainId(ChainId),
    /// The token's form is not one that amounts are shown in.
    #[error("the token {symbol:?} with {decimals} decimals is not a symbol with 9 decimals")]
    Token {
        /// The symbol.
        symbol: String,
        /// The decimals.
        decimals: u8,
    },
    /// An address is for the other kind of network.
    #[error("{address} is not an address of the {expected:?} network")]
    WrongNetwork {
        /// The address.
        address: Address,
        /// The document's network.
        expected: Network,
    },
    /// An account stands there twice, or the accounts are unsorted.
    #[error("the account {0} is out of order or there twice")]
    AccountOrder(Address),
    /// An operator that cannot be.
    #[error("the operator {name:?} {reason}")]
    Operator {
        /// What it calls itself.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody could decide a block.
    #[error("no operator has enough bonded to validate")]
    NoValidators,
    /// The parameters break an inequality.
    #[error("the parameters are refused: {0}")]
    Params(#[from] ParamError),
    /// The numbers of governance break an inequality.
    #[error("the numbers of governance are refused: {0}")]
    Governance(#[from] probity_dao::params::ParamError),
    /// The version of the rules, or what is planned, is none to begin with.
    #[error(transparent)]
    Protocol(#[from] BeginError),
    /// The balances add up to too much.
    #[error("the balances cannot be added up: {0}")]
    Supply(#[from] ArithmeticError),
    /// The state tree could not be made.
    #[error("the state tree cannot be made: {0}")]
    Tree(#[from] crate::tree::TreeError),
}

impl Genesis {
    /// Reads a document from its file and checks it.
    ///
    /// # Errors
    /// [`GenesisError`]; an unknown field is one.
    pub fn from_json(text: &str) -> Result<Self, GenesisError> {
        let (len, limit) = (text.len(), MAX_GENESIS_BYTES);
        if len > limit {
            return Err(GenesisError::Oversized { len, limit });
        }
        let document: Self = serde_json::from_str(text)
            .map_err(|error| GenesisError::Malformed(error.to_string()))?;
        document.validate()?;
        Ok(document)
    }

    /// The document as its file.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every field has a JSON form, and text keys only.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// The chain's identity.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(Domain::Genesis, self)
    }

    /// What tells the chain from every other.
    #[must_use]
    pub fn identity(&self) -> ChainIdentity {
        ChainIdentity {
            chain_id: self.chain_id.clone(),
            network: self.network,
            genesis_hash: self.hash(),
        }
    }

    /// Checks the document.
    ///
    /// # Errors
    /// [`GenesisError`] with the value that is wrong.
    pub fn validate(&self) -> Result<(), GenesisError> {
        if self.schema.as_str() != GENESIS_SCHEMA {
            return Err(GenesisError::Schema { found: self.schema.to_string() });
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if self.chain_id.is_empty() || !self.chain_id.chars().all(plain) {
            return Err(GenesisError::ChainId(self.chain_id.clone()));
        }
        let Token { symbol, decimals } = &self.token;
        if symbol.is_empty() || *decimals != 9 {
            return Err(GenesisError::Token { symbol: symbol.to_string(), decimals: *decimals });
        }

        upgrade::check_plan(&self.protocol)?;
        self.params.validate()?;
        self.governance.validate()?;
        self.validate_accounts()?;
        self.validate_operators()
    }

    fn validate_accounts(&self) -> Result<(), GenesisError> {
        let mut last: Option<Address> = None;
        for GenesisAccount { address, balance: _ } in &self.accounts {
            self.check_network(*address)?;
            if last.replace(*address).is_some_and(|last| last >= *address) {
                return Err(GenesisError::AccountOrder(*address));
            }
        }
        let balances = self.accounts.iter().map(|account| account.balance);
        let bonds = self.operators.iter().map(|operator| operator.bonded);
        Amount::sum(balances.chain(bonds))?;
        Ok(())
    }

    fn validate_operators(&self) -> Result<(), GenesisError> {
        let mut keys = std::collections::BTreeSet::new();
        for operator in &self.operators {
            let refuse =
                |reason: String| GenesisError::Operator { name: operator.name.to_string(), reason };
            self.check_network(operator.owner)?;
            if !keys.insert(operator.key) {
                return Err(refuse(format!("has the key {} of another", operator.key)));
            }
            if !operator.commission.is_share() {
                return Err(refuse(format!("takes {}, more than all", operator.commission)));
            }
            if operator.bonded < self.params.staking.min_bond {
                let least = self.params.staking.min_bond;
                return Err(refuse(format!("has {} bonded, at least {least}", operator.bonded)));
            }
            if !operator.classes.is_sorted_by(|a, b| a < b) {
                return Err(refuse("lists its classes out of order or twice".into()));
            }
            if let Some(id) = operator.classes.iter().find(|id| self.params.class(**id).is_none()) {
                return Err(refuse(format!("takes the class {id}, which there is not")));
            }
        }
        Ok(())
    }

    fn check_network(&self, address: Address) -> Result<(), GenesisError> {
        if address.network() == self.network {
            return Ok(());
        }
        Err(GenesisError::WrongNetwork { address, expected: self.network })
    }
}
