//! Referenda with how far they are from passing, votes, and what holds an account's tokens.
//!
//! # Not here
//! What an action would do: [`crate::governance::preview`].

mod bars;
mod voter;

use std::fmt;
use std::str::FromStr;

use probity_dao::vote::Vote;
use probity_dao::{
    Action, Deposit, Power, Referendum, ReferendumId, Stage, StageName, Track, TrackRules,
};
use probity_primitives::{Address, Amount, Height, Ppm};
use serde::{Deserialize, Serialize};

pub use bars::{BarView, Fall, Standing, VetoView};
pub use voter::{
    DelegationKey, GivenView, HeldView, PositionView, ReceivedView, VoterView, delegations,
    position, voter,
};

use super::{Page, page};
use crate::chain::Chain;
use crate::governance::preview::Preview;
use crate::state::State;
use crate::text;

/// A referendum, what it would do in words, and how far it is from passing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferendumView {
    /// Its number.
    pub id: ReferendumId,
    /// What it does if it passes, in words made from what it holds.
    pub says: String,
    /// The name of its call: identical calls have one.
    pub call: probity_primitives::Hash,
    /// All that is stored of it.
    pub referendum: Referendum,
    /// How it stands against its bars.
    pub standing: Standing,
    /// What comes next by itself, if that is known.
    pub next: Option<NextView>,
}

/// What time does next to a referendum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextView {
    /// What.
    pub step: NextStep,
    /// In which block.
    pub at: Height,
}

/// A step that needs nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// It asks for a slot of its track.
    Queue,
    /// Its decision ends, and it does not pass unless it begins to before.
    End,
    /// It passes, if it would pass until then without a break.
    Pass,
    /// It takes effect.
    Enact,
}

/// Which referenda are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ReferendumFilter {
    /// On this track.
    pub track: Option<Track>,
    /// In this stage.
    pub stage: Option<StageName>,
    /// Whether only those that something may still come of.
    pub open: bool,
}

/// A vote that stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteView {
    /// Who votes.
    pub account: Address,
    /// What it says, and what of others follows it.
    pub vote: Vote,
}

/// What an action would do now, and what proposing it asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviewView {
    /// What it would change.
    pub preview: Preview,
    /// The track.
    pub track: Track,
    /// What the track asks for.
    pub rules: TrackRules,
    /// The deposit; none where it is the bond of a dispute.
    pub deposit: Option<Amount>,
    /// The referendum that asked for the same before: the deposit is doubled, or it has to wait.
    pub same_call: Option<ReferendumId>,
    /// The share of nay-with-veto among ayes and nays from which the deposit burns.
    pub veto: Ppm,
    /// Referenda of the track that wait for a slot.
    pub waiting: u32,
    /// How many may.
    pub queue: u32,
}

/// A referendum, if there is one.
#[must_use]
pub fn referendum(state: &State, id: ReferendumId, now: Height) -> Option<ReferendumView> {
    Some(view(id, state.dao.referenda.get(&id)?, now))
}

/// Referenda, the newest first.
#[must_use]
pub fn referenda(
    state: &State,
    filter: ReferendumFilter,
    after: Option<ReferendumId>,
    limit: usize,
    now: Height,
) -> Page<ReferendumView, ReferendumId> {
    let ReferendumFilter { track, stage, open } = filter;
    let end = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
    let newest = state.dao.referenda.range((std::ops::Bound::Unbounded, end)).rev();
    page(newest, limit, |id, known| {
        let wanted = track.is_none_or(|track| track == known.track)
            && stage.is_none_or(|stage| stage == known.stage.name())
            && !(open && known.stage.ended().is_some());
        wanted.then(|| view(*id, known, now))
    })
}

/// The votes on a referendum, in ascending order of account.
#[must_use]
pub fn votes(
    state: &State,
    id: ReferendumId,
    after: Option<Address>,
    limit: usize,
) -> Page<VoteView, Address> {
    let start = match after {
        Some(account) => std::ops::Bound::Excluded((id, account)),
        None => std::ops::Bound::Included((id, Address::FIRST)),
    };
    let entries = state.dao.votes.range((start, std::ops::Bound::Unbounded));
    let own = entries.take_while(|((of, _), _)| *of == id);
    page(own.map(|((_, account), vote)| (account, vote)), limit, |account, vote| {
        Some(VoteView { account: *account, vote: *vote })
    })
}

/// The power of a ballot by itself, without what of others follows it.
#[must_use]
pub fn own_power(vote: &Vote) -> Power {
    let tokens = vote.ballot.tokens().unwrap_or_default();
    Power::of(tokens, vote.ballot.conviction()).unwrap_or_default()
}

/// What an action of a track would do, and what proposing it asks for.
#[must_use]
pub fn preview(chain: &Chain, track: Track, proposer: Address, action: &Action) -> PreviewView {
    let dao = chain.dao();
    let params = dao.params.get();
    let rules = *params.track(track);
    let same_call = dao.calls.get(&action.hash()).copied();
    let deposit = match rules.deposit {
        Deposit::Fixed(once) if same_call.is_some() => once.checked_mul(2).ok(),
        Deposit::Fixed(once) => Some(once),
        Deposit::DisputeBond => None,
    };
    PreviewView {
        preview: chain.preview(track, proposer, action),
        track,
        rules,
        deposit,
        same_call,
        veto: params.veto,
        waiting: u32::try_from(dao.waiting(track).count()).unwrap_or(u32::MAX),
        queue: params.queue,
    }
}

fn view(id: ReferendumId, known: &Referendum, now: Height) -> ReferendumView {
    ReferendumView {
        id,
        says: text::action(&known.action),
        call: known.action.hash(),
        referendum: known.clone(),
        standing: Standing::of(known, now),
        next: next(known),
    }
}

fn next(known: &Referendum) -> Option<NextView> {
    let (step, at) = match known.stage {
        Stage::Preparing { until } => (NextStep::Queue, until),
        Stage::Deciding { confirming: Some(from), .. } => {
            let confirm = known.frozen.rules.confirm;
            (NextStep::Pass, from.checked_add(confirm).ok()?)
        }
        Stage::Deciding { confirming: None, until, .. } => (NextStep::End, until),
        Stage::Approved { enact_at, .. } => (NextStep::Enact, enact_at),
        Stage::Queued
        | Stage::Enacted { .. }
        | Stage::Rejected { .. }
        | Stage::TimedOut { .. }
        | Stage::Vetoed { .. }
        | Stage::Cancelled { .. }
        | Stage::Failed { .. } => return None,
    };
    Some(NextView { step, at })
}

/// Why a text is not the name of something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an account, a colon and a track")]
pub struct ParseKeyError(String);

impl fmt::Display for DelegationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { account, track } = self;
        write!(f, "{account}:{track}")
    }
}

impl FromStr for DelegationKey {
    type Err = ParseKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(account, name)| {
            let track = Track::ALL.into_iter().find(|track| track.name() == name)?;
            Some(Self { account: account.parse().ok()?, track })
        });
        parts.ok_or_else(|| ParseKeyError(text.chars().take(120).collect()))
    }
}
