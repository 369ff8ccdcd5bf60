//! What happened: facts of governance that a block's receipts carry to everyone who watches.
//!
//! Events are not state: nothing reads them back. Their JSON form is part of the API.

#![expect(missing_docs, reason = "fields of facts are named after what they are")]

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Address, Amount, BoundedString, Height};
use serde::{Deserialize, Serialize};

use crate::action::{Path, Value};
use crate::conviction::Conviction;
use crate::referendum::{ReferendumId, StageName};
use crate::tally::{Ballot, Power};
use crate::tracks::Track;

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// A referendum was submitted, and its deposit taken.
    ReferendumSubmitted {
        referendum: ReferendumId,
        track: Track,
        proposer: Address,
        deposit: Amount,
        until: Height,
    },
    /// A referendum is prepared and waits for a slot.
    ReferendumQueued { referendum: ReferendumId },
    /// Thresholds begin to fall.
    DecisionStarted { referendum: ReferendumId, until: Height },
    /// The outcome turned late, and the decision lasts longer.
    DecisionExtended { referendum: ReferendumId, until: Height },
    /// A referendum would pass, and passes if it still would at the end.
    ConfirmationStarted { referendum: ReferendumId, until: Height },
    /// A referendum would no longer pass.
    ConfirmationBroken { referendum: ReferendumId },
    /// A referendum has passed.
    ReferendumApproved { referendum: ReferendumId, enact_at: Height },
    /// A referendum took effect.
    ReferendumEnacted { referendum: ReferendumId },
    /// A referendum had passed, and could not be carried out at its time.
    EnactmentFailed { referendum: ReferendumId, reason: BoundedString<256> },
    /// A referendum ended without effect.
    ReferendumClosed { referendum: ReferendumId, stage: StageName },
    /// A deposit went back to its proposer.
    DepositReturned { referendum: ReferendumId, to: Address, amount: Amount },
    /// A deposit was burned.
    DepositBurned { referendum: ReferendumId, amount: Amount },
    /// A deposit could not be moved, which only a fault of the books explains.
    DepositStuck { reason: BoundedString<256> },
    /// An account voted, or voted anew.
    VoteCast { referendum: ReferendumId, account: Address, ballot: Ballot, carried: Power },
    /// An account took its vote back.
    VoteRemoved { referendum: ReferendumId, account: Address },
    /// An account gave its power on a track to another.
    PowerDelegated {
        account: Address,
        track: Track,
        to: Address,
        amount: Amount,
        conviction: Conviction,
    },
    /// An account took its power back; the tokens stay locked until a height.
    PowerUndelegated { account: Address, track: Track, to: Address, amount: Amount, until: Height },
    /// A delegation was lowered to what its giver still holds.
    DelegationTrimmed { account: Address, track: Track, from: Amount, amount: Amount },
    /// A parameter has another value.
    ParameterChanged { path: Path, before: Value, after: Value },
    /// The treasury paid.
    TreasurySpent { referendum: ReferendumId, to: Address, amount: Amount },
}
