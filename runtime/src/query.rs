//! Typed reads of the state, in the form that the API and the command line show.
//!
//! A view is plain data with a JSON form; [`View::SCHEMA`] names its version. Lists are read in
//! pages: [`Page::next`] is where the following page begins.
//!
//! # Invariants
//! - A read costs at most its page: filters look at no more than [`MAX_SCAN`] entries a page.
//!
//! Spec: `docs/spec/24-api.md`.

mod account;
mod artifact;
mod dispute;
mod governance;
mod operator;
mod task;

use serde::{Deserialize, Serialize};

pub use account::{AccountView, DelegationView, LeavingView, SupplyView, account, supply};
pub use artifact::{ArtifactFilter, ArtifactView, artifact, artifacts};
pub use dispute::{
    Disputable, DisputableView, DisputeFilter, DisputePart, DisputeSeat, DisputeView, Suspect,
    disputable, dispute, dispute_seats, disputes,
};
pub use governance::{
    BarView, DelegationKey, Fall, GivenView, HeldView, NextStep, NextView, PositionView,
    PreviewView, ReceivedView, ReferendumFilter, ReferendumView, Standing, VetoView, VoteView,
    VoterView, delegations, own_power, position, preview, referenda, referendum, voter, votes,
};
pub use operator::{OperatorView, RewardView, SlashView, operator, operators, rewards, slashes};
pub use task::{
    Assignment, BallotView, BoardRow, BoardView, ResultFilter, ResultView, Role, SubmissionView,
    TaskFiles, TaskView, assignments, board, result, results, task, tasks,
};

/// The longest page.
pub const MAX_PAGE: usize = 200;

/// How many entries a filtered page looks at.
pub const MAX_SCAN: usize = 10_000;

/// Data with a versioned JSON form.
pub trait View: Serialize {
    /// The form's name and version.
    const SCHEMA: &'static str;
}

macro_rules! view {
    ($($name:ty = $schema:literal,)*) => {
        $(impl View for $name {
            const SCHEMA: &'static str = $schema;
        })*
    };
}

view! {
    AccountView = "probity.account/v1",
    SupplyView = "probity.supply/v1",
    OperatorView = "probity.operator/v1",
    SlashView = "probity.slash/v1",
    RewardView = "probity.reward/v1",
    ArtifactView = "probity.artifact/v1",
    TaskView = "probity.task/v1",
    Assignment = "probity.assignment/v1",
    ResultView = "probity.result/v1",
    BoardView = "probity.board/v1",
    DisputeView = "probity.dispute/v1",
    DisputableView = "probity.disputable/v1",
    ReferendumView = "probity.referendum/v1",
    VoteView = "probity.vote/v1",
    PositionView = "probity.position/v1",
    VoterView = "probity.voter/v1",
    GivenView = "probity.delegation/v1",
    PreviewView = "probity.preview/v1",
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T, K> {
    /// The entries.
    pub items: Vec<T>,
    /// The last key that was looked at, to ask for what follows; none at the end.
    pub next: Option<K>,
}

/// Reads a page of a table whose entries come in ascending order after a key.
fn page<'a, K: Copy + 'a, V: 'a, T>(
    entries: impl Iterator<Item = (&'a K, &'a V)>,
    limit: usize,
    mut view: impl FnMut(&K, &V) -> Option<T>,
) -> Page<T, K> {
    let limit = limit.clamp(1, MAX_PAGE);
    let mut items = Vec::new();
    let mut last = None;
    for (scanned, (key, value)) in entries.enumerate() {
        if items.len() >= limit || scanned >= MAX_SCAN {
            return Page { items, next: last };
        }
        items.extend(view(key, value));
        last = Some(*key);
    }
    Page { items, next: None }
}

/// The keys after `after`, or all.
fn following<K: Copy>(after: Option<K>) -> (std::ops::Bound<K>, std::ops::Bound<K>) {
    let start = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
    (start, std::ops::Bound::Unbounded)
}
