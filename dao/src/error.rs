//! Why governance refuses.

use probity_primitives::bounded::LimitError;
use probity_primitives::{Address, Amount, ArithmeticError, Height};

use crate::action::ActionError;
use crate::referendum::{ReferendumId, StageName};
use crate::tracks::Track;

/// Why a referendum is not submitted or cancelled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// The action is none, or not of its track.
    #[error(transparent)]
    Action(#[from] ActionError),
    /// A title that cannot be shown.
    #[error("{0:?} is not a title: it is empty, or has spaces at an end or control characters")]
    Title(String),
    /// As many wait already as may.
    #[error("{waiting} referenda of the {track} track wait already, the limit is {limit}")]
    QueueFull {
        /// Which track.
        track: Track,
        /// How many wait.
        waiting: usize,
        /// How many may wait.
        limit: usize,
    },
    /// The same call is open.
    #[error("referendum {referendum} asks for the same and is {stage}")]
    SameCallOpen {
        /// Which one.
        referendum: ReferendumId,
        /// Where it stands.
        stage: StageName,
    },
    /// The same call ended not long ago.
    #[error(
        "referendum {referendum} asked for the same: not again before height {until}, now {now}"
    )]
    CoolingDown {
        /// Which one.
        referendum: ReferendumId,
        /// From when on it may be asked for again.
        until: Height,
        /// The present height.
        now: Height,
    },
    /// The track's deposit is a dispute's bond, and there is none.
    #[error("the deposit of the {track} track is a dispute's bond, and the action names none")]
    NoBond {
        /// Which track.
        track: Track,
    },
    /// There is no such referendum.
    #[error("there is no referendum {referendum}")]
    Unknown {
        /// Which was named.
        referendum: ReferendumId,
    },
    /// Nothing is left to be cancelled.
    #[error("referendum {referendum} is {stage}: nothing is left to cancel")]
    Over {
        /// Which one.
        referendum: ReferendumId,
        /// Where it stands.
        stage: StageName,
    },
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
}

/// Why a vote is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VoteError {
    /// There is no such referendum.
    #[error("there is no referendum {referendum}")]
    Unknown {
        /// Which was named.
        referendum: ReferendumId,
    },
    /// The vote is over.
    #[error("the vote on referendum {referendum} ended at height {at}: it is {stage}")]
    Ended {
        /// Which one.
        referendum: ReferendumId,
        /// When.
        at: Height,
        /// Where it stands.
        stage: StageName,
    },
    /// Power is counted before the block in which a referendum was submitted, so nobody votes in it.
    #[error("referendum {referendum} was submitted in block {submitted}: vote from the next on")]
    TooEarly {
        /// Which one.
        referendum: ReferendumId,
        /// When it was submitted.
        submitted: Height,
    },
    /// A vote of no tokens.
    #[error("a vote of no tokens")]
    Nothing,
    /// More than the voter has, then or now.
    #[error(
        "{wanted} is more than {usable}: {account} held {then} at height {snapshot} and holds \
         {now} now"
    )]
    TooMuch {
        /// Who votes.
        account: Address,
        /// With how much.
        wanted: Amount,
        /// What it may vote with.
        usable: Amount,
        /// The referendum's snapshot.
        snapshot: Height,
        /// What it held then.
        then: Amount,
        /// What it holds now.
        now: Amount,
    },
    /// The account votes on as many referenda as it may.
    #[error("{account} has {limit} votes that are open or locked, which is the limit")]
    TooManyVotes {
        /// Who votes.
        account: Address,
        /// The most votes.
        limit: usize,
    },
    /// The account has not voted.
    #[error("{account} has no vote on referendum {referendum}")]
    NotVoted {
        /// Which one.
        referendum: ReferendumId,
        /// Who asked.
        account: Address,
    },
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
    /// A list is full.
    #[error(transparent)]
    Limit(#[from] LimitError),
}

/// Why power is not delegated or taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DelegationError {
    /// Nobody delegates to itself.
    #[error("{0} is the sender: whoever keeps its power votes")]
    ToOneself(Address),
    /// An address of another kind of network.
    #[error("{0} is an address of another kind of network")]
    WrongNetwork(Address),
    /// A delegation of no tokens.
    #[error("a delegation of no tokens")]
    Nothing,
    /// More than the sender holds.
    #[error("{wanted} is more than the {held} that {account} holds")]
    TooMuch {
        /// Who delegates.
        account: Address,
        /// How much.
        wanted: Amount,
        /// What it holds.
        held: Amount,
    },
    /// The track is delegated already.
    #[error("{account} has delegated {amount} on the {track} track to {to}: undelegate first")]
    Delegated {
        /// Who delegates.
        account: Address,
        /// On which track.
        track: Track,
        /// To whom it has.
        to: Address,
        /// How much.
        amount: Amount,
    },
    /// There is nothing to take back.
    #[error("{account} has delegated nothing on the {track} track")]
    NotDelegated {
        /// Who asked.
        account: Address,
        /// On which track.
        track: Track,
    },
    /// Nothing to lower.
    #[error("{account} holds {held} and has delegated {amount}: there is nothing to lower")]
    Covered {
        /// Whose delegation.
        account: Address,
        /// What it holds.
        held: Amount,
        /// What it has delegated.
        amount: Amount,
    },
    /// A number leaves its range.
    #[error(transparent)]
    Arithmetic(#[from] ArithmeticError),
    /// Too many locks of former delegations.
    #[error("the locks of former delegations: {0}")]
    Locks(#[from] LimitError),
}
