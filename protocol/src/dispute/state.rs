//! What disputes store.

mod claim;
mod dispute;
mod ladder;
mod money;

pub use claim::{Claim, Evidence, Question};
pub use dispute::{Dispute, MAX_OPEN, Stage, TaskDisputes};
pub use ladder::{Bench, DisputeBallot, Game, JurorVote, Level, Low, Ruling, Rung, Side, Turn};
pub(crate) use money::MAX_FUNDERS;
pub use money::{Funder, Pot, Stake};
