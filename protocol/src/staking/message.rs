//! What may be asked of staking, and how an operator key shows that it agrees.
//!
//! A hot key is bound to one operator for ever, so whoever names a key must show that its holder
//! agrees: the key signs what it is to be used for ([`KeyUse`]). Without that, anyone could take
//! another's key out of service by registering it first.
//!
//! Spec: `docs/spec/04-staking.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::key::SignatureError;
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Domain, Epoch, Hash, Keypair, OperatorId,
    PublicKey, Signature, codec,
};
use serde::{Deserialize, Serialize};

/// What a hot key agrees to be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BorshSerialize)]
pub enum KeyUse {
    /// As the first key of an operator of this owner.
    Register(Address),
    /// As the next key of this operator.
    Rotate(OperatorId),
}

impl KeyUse {
    /// The key's agreement on one network.
    #[must_use]
    pub fn agree(self, chain: Hash, key: &Keypair) -> Signature {
        key.sign(Domain::Operator, &codec::encode(&(chain, self)))
    }

    /// Checks a key's agreement.
    ///
    /// # Errors
    /// [`SignatureError`], which names the key.
    pub fn verify(
        self,
        chain: Hash,
        key: &PublicKey,
        proof: &Signature,
    ) -> Result<(), SignatureError> {
        key.verify(Domain::Operator, &codec::encode(&(chain, self)), proof)
    }
}

/// What an operator says of itself when it is registered.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The hot key.
    pub key: PublicKey,
    /// The key behind its contributions to the beacon.
    pub vrf: VrfPublicKey,
    /// How it calls itself.
    pub name: BoundedString<64>,
    /// The owner's share of rewards, before delegators.
    pub commission: Bps,
    /// The classes of work it takes, ascending; empty for one that only validates.
    pub classes: BoundedVec<u16, 16>,
}

/// Registers an operator that the sender owns.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct RegisterOperator {
    /// What it says of itself.
    pub registration: Registration,
    /// The hot key's agreement to [`KeyUse::Register`].
    pub proof: Signature,
}

/// Changes what an operator says of itself; what is not named stays.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct EditOperator {
    /// Which operator.
    pub operator: OperatorId,
    /// Its new name.
    pub name: Option<BoundedString<64>>,
    /// Its new commission.
    pub commission: Option<Bps>,
    /// The classes of work it takes from the next epoch on, ascending.
    pub classes: Option<BoundedVec<u16, 16>>,
}

/// Replaces an operator's hot key.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct RotateOperatorKey {
    /// Which operator.
    pub operator: OperatorId,
    /// The new key, never used by any operator.
    pub key: PublicKey,
    /// The new key's agreement to [`KeyUse::Rotate`].
    pub proof: Signature,
}

/// Puts the sender's money behind an operator.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Bond {
    /// Behind which operator.
    pub operator: OperatorId,
    /// How much.
    pub amount: Amount,
}

/// Begins to take the sender's money out of an operator's pool.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Unbond {
    /// Out of which operator's pool.
    pub operator: OperatorId,
    /// How much; all of it if no amount is named.
    pub amount: Option<Amount>,
}

/// Takes out what has waited long enough.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Withdraw {
    /// Out of which operator's pool it came.
    pub operator: OperatorId,
    /// The epoch in which it began to leave.
    pub epoch: Epoch,
}

/// Ends a jail term that has been served.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Unjail {
    /// Which operator.
    pub operator: OperatorId,
}
