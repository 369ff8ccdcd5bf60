//! Previews: what an action would do, before anyone votes on it.
//!
//! The action runs on a copy of the present state, by the very code that would enact it; what it
//! changed is read from that copy, never from what its proposer says.
//!
//! Spec: `docs/spec/14-governance.md`.

use probity_dao::{Action, ReferendumId, StageName, Track};
use probity_primitives::{Address, Amount, Height};
use probity_protocol::Bucket;
use serde::{Deserialize, Serialize};

use super::enact::{self, Cause, EnactError};
use crate::chain::Chain;
use crate::event::Event;
use crate::state::State;

mod facts;

/// What an action would do now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preview {
    /// What it says, in words made from what it holds.
    pub says: String,
    /// Why it would be refused, if it would.
    pub refused: Option<String>,
    /// Parameters that would have other values.
    pub parameters: Vec<Difference<String>>,
    /// Buckets that would hold more or less.
    pub balances: Vec<Balance>,
    /// Referenda that would stand elsewhere.
    pub referenda: Vec<Standing>,
    /// Whatever else would be otherwise: payouts, the protocol, slashes, windows, disputes, results.
    #[serde(default)]
    pub facts: Vec<Difference<String>>,
    /// Everything that would be said.
    pub events: Vec<Event>,
}

/// One value before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference<T> {
    /// Which.
    pub path: String,
    /// Before.
    pub before: T,
    /// After.
    pub after: T,
}

/// One balance before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// Which bucket.
    pub bucket: Bucket,
    /// Before.
    pub before: Amount,
    /// After.
    pub after: Amount,
}

/// One referendum before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Which.
    pub referendum: ReferendumId,
    /// Before.
    pub before: StageName,
    /// After.
    pub after: StageName,
}

impl Chain {
    /// What an action of a track would do if it took effect in the next block.
    #[must_use]
    pub fn preview(&self, track: Track, proposer: Address, action: &Action) -> Preview {
        let before = self.state();
        let mut after = before.clone();
        let cause = Cause {
            height: Height(self.height().0.saturating_add(1)),
            chain: self.genesis_hash(),
            referendum: ReferendumId(before.dao.counters.get().referenda),
            track,
            proposer,
        };
        let outcome = checked(&mut after, &cause, action);
        let says = action.to_string();
        match outcome {
            Ok(events) => {
                Preview { says, refused: None, ..difference(before, &after, &cause, events) }
            }
            Err(reason) => Preview {
                says,
                refused: Some(reason.to_string()),
                parameters: Vec::new(),
                balances: Vec::new(),
                referenda: Vec::new(),
                facts: Vec::new(),
                events: Vec::new(),
            },
        }
    }
}

fn checked(state: &mut State, cause: &Cause, action: &Action) -> Result<Vec<Event>, EnactError> {
    action.check(cause.track).map_err(probity_dao::SubmitError::from)?;
    enact::carry_out(state, cause, action)
}

fn difference(before: &State, after: &State, cause: &Cause, events: Vec<Event>) -> Preview {
    let parameters = events.iter().filter_map(Event::governance).filter_map(|event| {
        let probity_dao::Event::ParameterChanged { path, before, after } = event else {
            return None;
        };
        let (path, before, after) = (path.to_string(), before.to_string(), after.to_string());
        Some(Difference { path, before, after })
    });
    let accounts = after.ledger.accounts.changed().copied().map(Bucket::Free);
    let buckets = accounts.chain(after.ledger.buckets.changed().copied());
    let balances = buckets.map(|bucket| Balance {
        bucket,
        before: before.ledger.balance(bucket),
        after: after.ledger.balance(bucket),
    });
    let stage = |state: &State, id: &ReferendumId| {
        state.dao.referenda.get(id).map(|known| known.stage.name())
    };
    let referenda = after.dao.referenda.changed().filter_map(|id| {
        let (before, after) = stage(before, id).zip(stage(after, id))?;
        Some(Standing { referendum: *id, before, after })
    });
    Preview {
        says: String::new(),
        refused: None,
        parameters: parameters.collect(),
        balances: balances.filter(|one| one.before != one.after).collect(),
        referenda: referenda.collect(),
        facts: facts::differing(&before.ledger, &after.ledger, cause.height),
        events,
    }
}
