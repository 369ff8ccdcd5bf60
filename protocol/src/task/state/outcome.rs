//! A published score.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::{Amount, ArtifactId, BoundedVec, Hash, Height, OperatorId, Score, Seats};
use serde::{Deserialize, Serialize};

use super::submission::Standing;
use super::task::Mode;

/// A member's part in a result.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct MemberOutcome {
    /// Which operator.
    pub operator: OperatorId,
    /// Its seats.
    pub seats: Seats,
    /// The score it revealed, if it did.
    pub score: Option<Score>,
    /// The root of its answers, zero without a reveal.
    pub answers_root: Hash,
    /// How it stands, if it revealed.
    pub standing: Option<Standing>,
    /// Whether its openings passed; unknown while a jury sits.
    pub clean: Option<bool>,
    /// What it was paid.
    pub paid: Amount,
    /// Whether its score is part of the result.
    pub counting: Counting,
}

impl MemberOutcome {
    /// Whether its score is part of the result.
    #[must_use]
    pub const fn counts(&self) -> bool {
        match self.counting {
            Counting::Counted => self.score.is_some(),
            Counting::Suspended | Counting::Excluded => false,
        }
    }

    /// Whether it counts, is flagged, and a jury found it right at every item that it opened.
    #[must_use]
    pub fn is_right_outlier(&self) -> bool {
        self.counts() && (self.standing, self.clean) == (Some(Standing::Flagged), Some(true))
    }
}

/// Whether a member's score is part of the result.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Counting {
    /// It is, if it was revealed.
    Counted,
    /// Not while a ruling against it may be appealed.
    Suspended,
    /// Its transcript was proven false.
    Excluded,
}

/// What a result was before a ruling changed it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Correction {
    /// The score that was first published.
    pub from: Score,
    /// When a ruling last changed it.
    pub at: Height,
}

/// How much a published score can be relied on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum OutcomeState {
    /// It may still be disputed.
    Provisional,
    /// A flagged member was right at every opened item.
    Contested,
    /// It stands.
    Final,
    /// A ruling says that it is wrong, and too few other members are left for another.
    Overturned,
}

/// A published score.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Outcome {
    /// The benchmark.
    pub benchmark: ArtifactId,
    /// What was evaluated.
    pub artifact: ArtifactId,
    /// How scores could differ.
    pub mode: Mode,
    /// The seat-weighted median.
    pub score: Score,
    /// The seat-weighted median of distances from it, in micro-units.
    pub dispersion: u64,
    /// The tolerance that was applied, in micro-units.
    pub tolerance: u64,
    /// The 95 % interval over items, for scores that are means of right and wrong.
    pub interval: Option<(Score, Score)>,
    /// The lowest and the highest revealed score.
    pub spread: (Score, Score),
    /// The committee's seats.
    pub seats: Seats,
    /// The seats that revealed.
    pub revealed: Seats,
    /// The operators that revealed.
    pub operators: u32,
    /// The number of items.
    pub items: u32,
    /// The members.
    pub members: BoundedVec<MemberOutcome, 128>,
    /// Whether a jury was drawn from outside the committee, if one was drawn.
    pub jury_outside: Option<bool>,
    /// When it was published.
    pub published: Height,
    /// How much it can be relied on.
    pub state: OutcomeState,
    /// What it was before a ruling changed it, if one did.
    pub corrected: Option<Correction>,
}

impl Outcome {
    /// Whether a score is outside the tolerance that the result was made with.
    #[must_use]
    pub const fn differs(&self, score: Score) -> bool {
        score.distance(self.score) > self.tolerance
    }
}
