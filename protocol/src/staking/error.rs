//! Why staking refuses.

use probity_primitives::key::SignatureError;
use probity_primitives::vrf::VrfError;
use probity_primitives::{
    Address, Amount, ArithmeticError, Bps, Epoch, Height, OperatorId, PublicKey,
};

use crate::bank::BankError;

/// Why a message about an operator or its pool is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StakingError {
    /// There is no such operator.
    #[error("operator {0} is not registered")]
    UnknownOperator(OperatorId),
    /// What an operator says of itself does not hold.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Only the owner may do this.
    #[error("{sender} does not own operator {operator}: {owner} does")]
    NotOwner {
        /// Which operator.
        operator: OperatorId,
        /// Who owns it.
        owner: Address,
        /// Who asked.
        sender: Address,
    },
    /// The operator was tombstoned: nobody can be behind it again.
    #[error("operator {0} is tombstoned")]
    Tombstoned(OperatorId),
    /// Less than the smallest amount.
    #[error("{amount} is below the least amount of {least}")]
    BelowMinimum {
        /// What was named.
        amount: Amount,
        /// The least that may be named.
        least: Amount,
    },
    /// Too little would stay behind: a pool of dust prices its shares badly.
    #[error("{left} would stay behind, below the least amount of {least}: take all or less")]
    LeavesTooLittle {
        /// What would stay.
        left: Amount,
        /// The least that may stay, unless nothing does.
        least: Amount,
    },
    /// Slashes took all that the pool held, and its shares are still out.
    #[error(
        "operator {operator}'s pool holds {value} for {shares} shares, too little to price one"
    )]
    WorthlessPool {
        /// Which operator.
        operator: OperatorId,
        /// What the pool holds.
        value: Amount,
        /// The shares in it.
        shares: u128,
    },
    /// The sender has less in the pool.
    #[error("{wanted} is more than the {available} that {sender} has with operator {operator}")]
    NotDelegated {
        /// Which operator.
        operator: OperatorId,
        /// Who asked.
        sender: Address,
        /// What its shares are worth.
        available: Amount,
        /// What was named.
        wanted: Amount,
    },
    /// Open seats hold the money fast.
    #[error("{wanted} of operator {operator} is not free: {unlocked} is, {locked} is locked")]
    Locked {
        /// Which operator.
        operator: OperatorId,
        /// What was to be taken or locked.
        wanted: Amount,
        /// What is bonded and not locked.
        unlocked: Amount,
        /// What open seats hold.
        locked: Amount,
    },
    /// The sender's parts of pools and of what left them do not allow it.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The operator is not in jail.
    #[error("operator {0} is not jailed")]
    NotJailed(OperatorId),
    /// The jail term is not served.
    #[error("operator {operator} is jailed until {until}, now is {now}")]
    StillJailed {
        /// Which operator.
        operator: OperatorId,
        /// The end of the term.
        until: Height,
        /// The present height.
        now: Height,
    },
    /// Money does not move, or a number would leave its range.
    #[error(transparent)]
    Bank(#[from] BankError),
}

impl From<ArithmeticError> for StakingError {
    fn from(error: ArithmeticError) -> Self {
        Self::Bank(error.into())
    }
}

/// Why an account's parts of pools, and of what left them, do not allow something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The sender has no part in that tranche.
    #[error("{sender} took nothing out of operator {operator}'s pool in epoch {epoch}")]
    NoClaim {
        /// Which operator.
        operator: OperatorId,
        /// The epoch that was named.
        epoch: Epoch,
        /// Who asked.
        sender: Address,
    },
    /// The money has not waited long enough.
    #[error(
        "what left operator {operator}'s pool in epoch {epoch} is due at {until}, now is {now}"
    )]
    NotDue {
        /// Which operator.
        operator: OperatorId,
        /// The epoch in which it began to leave.
        epoch: Epoch,
        /// When it can be withdrawn.
        until: Height,
        /// The present height.
        now: Height,
    },
    /// Whoever looks at an account looks at all its parts, so their number is bounded.
    #[error("{sender} has parts of the pools of {limit} operators, which is the limit")]
    TooManyOperators {
        /// Who asked.
        sender: Address,
        /// The most operators that one account may be behind.
        limit: usize,
    },
    /// As above, for what is on its way out.
    #[error("{sender} has {limit} parts on their way out, which is the limit: withdraw some")]
    TooManyClaims {
        /// Who asked.
        sender: Address,
        /// The most parts on their way out.
        limit: usize,
    },
}

/// Why what an operator says of itself does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// This owner has registered this key before.
    #[error("operator {0} is registered already")]
    Registered(OperatorId),
    /// A key serves one operator, ever.
    #[error("the key {key} is or was operator {operator}'s")]
    KeyInUse {
        /// The key.
        key: PublicKey,
        /// Whose it is or was.
        operator: OperatorId,
    },
    /// The key does not agree.
    #[error("the key does not agree: {0}")]
    Proof(#[from] SignatureError),
    /// The VRF key is none: a validator with it could propose no block.
    #[error(transparent)]
    Vrf(#[from] VrfError),
    /// A name that cannot be shown.
    #[error("{0:?} is not a name: it is empty, or has spaces at an end or control characters")]
    Name(String),
    /// More than all.
    #[error("a commission of {0} is above {one}", one = Bps::ONE)]
    CommissionAboveOne(Bps),
    /// The commission moves too far or too often.
    #[error("commission from {from} to {to}: at most {step} an epoch, last changed in {since}")]
    CommissionStep {
        /// The present commission.
        from: Bps,
        /// What was asked for.
        to: Bps,
        /// The most it may move in an epoch.
        step: Bps,
        /// When it last changed.
        since: Epoch,
    },
    /// The classes are not an ascending list of what there is.
    #[error("class {0} is unknown, or not above the one before it")]
    Class(u16),
    /// An edit that names nothing.
    #[error("the edit changes nothing")]
    NothingToChange,
    /// More keys were replaced than can be kept for evidence.
    #[error("{most} keys were replaced within the time of unbonding, more are not kept apart")]
    TooManyRotations {
        /// The most that are kept.
        most: usize,
    },
}
