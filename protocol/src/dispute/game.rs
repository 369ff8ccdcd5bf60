//! The game that finds a difference between two transcripts whose leaves are not published.
//!
//! Both sides open the leaf in the middle of what is left: the defender first, then the challenger.
//! In exact mode the first half is left if its sums differ, else the second; in tolerant mode the
//! half with the larger difference an item. After `ceil(log2 m)` pairs of moves one item is left, or
//! one segment. Each side has one clock for all of its moves; who lets it run out has lost.
//!
//! # Invariants
//! - What is left always differs in sum, and each pair of moves halves it.
//! - A move is vouched for by a root: it does not matter who makes it.
//!
//! Spec: `docs/spec/13-disputes.md`.

use probity_primitives::transcript::Leaf;
use probity_primitives::{ArithmeticError, Height};

use super::locate::{self, Found, Sums};
use super::state::{Game, Low, Ruling, Side, Turn};
use crate::task::{Mode, Task};

/// What a move leads to.
#[expect(clippy::large_enum_variant, reason = "made once and taken apart at once")]
#[derive(Debug)]
pub(super) enum Next {
    /// The game goes on.
    Play(Game),
    /// It is over.
    Over(Found),
}

/// A game between two transcripts with these last leaves.
pub(super) fn begin(task: &Task, stated: Leaf, claimed: Leaf, now: Height) -> Next {
    let clock = task.frozen.dispute.clock_blocks;
    let game = Game {
        low: None,
        stated,
        claimed,
        turn: Turn::Defender,
        since: now,
        defender: clock,
        challenger: clock,
    };
    next(task, game)
}

impl Game {
    /// Whose move it is.
    #[must_use]
    pub const fn side(&self) -> Side {
        match self.turn {
            Turn::Defender => Side::Defender,
            Turn::Challenger { .. } => Side::Challenger,
        }
    }

    /// The leaf that is to be opened.
    #[must_use]
    pub fn middle(&self) -> u32 {
        let first = self.first();
        first.saturating_add(self.len() >> 1).saturating_sub(1).max(first)
    }

    /// When the present mover's clock runs out.
    ///
    /// # Errors
    /// [`ArithmeticError`] past the last height.
    pub fn deadline(&self) -> Result<Height, ArithmeticError> {
        let left = match self.side() {
            Side::Defender => self.defender,
            Side::Challenger => self.challenger,
        };
        self.since.checked_add(left)
    }

    fn first(&self) -> u32 {
        self.low.map_or(0, |low| low.index.saturating_add(1))
    }

    fn len(&self) -> u32 {
        self.stated.index.saturating_sub(self.first()).saturating_add(1)
    }

    /// Takes the time of a move off the mover's clock.
    const fn tick(&mut self, now: Height) {
        let spent = now.since(self.since);
        match self.side() {
            Side::Defender => self.defender = self.defender.saturating_sub(spent),
            Side::Challenger => self.challenger = self.challenger.saturating_sub(spent),
        }
        self.since = now;
    }
}

/// What follows when the middle leaf of the mover's transcript was opened.
pub(super) fn play(task: &Task, mut game: Game, leaf: Leaf, now: Height) -> Next {
    game.tick(now);
    match std::mem::replace(&mut game.turn, Turn::Defender) {
        Turn::Defender => {
            game.turn = Turn::Challenger { stated: leaf };
            Next::Play(game)
        }
        Turn::Challenger { stated } => {
            descend(task.request.mode, &mut game, stated, leaf);
            next(task, game)
        }
    }
}

/// Who has lost by letting the clock run out.
pub(super) const fn timeout(game: &Game) -> Ruling {
    match game.side() {
        Side::Defender => Ruling::Overturn,
        Side::Challenger => Ruling::Uphold,
    }
}

/// Leaves the half that differs.
fn descend(mode: Mode, game: &mut Game, stated: Leaf, claimed: Leaf) {
    let goes_left = match mode {
        Mode::Exact => stated.prefix_sum != claimed.prefix_sum,
        Mode::Tolerant => {
            let gap = |stated: i128, claimed: i128| claimed.saturating_sub(stated);
            let low = game.low.map_or(0, |low| gap(low.stated, low.claimed));
            let middle = gap(stated.prefix_sum, claimed.prefix_sum);
            let high = gap(game.stated.prefix_sum, game.claimed.prefix_sum);
            let left = stated.index.saturating_sub(game.first()).saturating_add(1);
            let right = game.len().saturating_sub(left);
            // Differences an item, multiplied out: |d_left| / left >= |d_right| / right.
            low.abs_diff(middle).saturating_mul(u128::from(right))
                >= middle.abs_diff(high).saturating_mul(u128::from(left))
        }
    };
    if goes_left {
        (game.stated, game.claimed) = (stated, claimed);
    } else {
        let Leaf { index, prefix_sum, .. } = stated;
        game.low = Some(Low { index, stated: prefix_sum, claimed: claimed.prefix_sum });
    }
}

/// Goes on until what is left is short enough to be asked about.
fn next(task: &Task, game: Game) -> Next {
    if game.len() > locate::longest(task.request.mode) {
        return Next::Play(game);
    }
    let (before, first) = (game.low.map_or((0, 0), |low| (low.stated, low.claimed)), game.first());
    let stated = Sums { first, before: before.0, last: &game.stated };
    let claimed = Sums { first, before: before.1, last: &game.claimed };
    // Equal contents with equal sums before them cannot have different sums: what agrees here
    // agrees within the benchmark's delta, and nobody is at fault.
    let found = locate::stretch(task, &stated, &claimed).unwrap_or(Found::Ruled(Ruling::Void));
    Next::Over(found)
}
