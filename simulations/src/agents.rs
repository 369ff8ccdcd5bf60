//! Agents: what a group of operators does when the chain asks something of it.
//!
//! A strategy is a value per group, so that those of one mind can agree. Each of its hooks is asked at
//! one point of a task's life and has an honest answer as its default: a strategy writes only where it
//! differs. What it answers becomes real transactions, which the rules accept or refuse.
//!
//! # Invariants
//! - A strategy sees what its operators could see: the public state, its own transcripts, and what
//!   working would find, for which it is charged if it writes it down.
//!
//! # Not here
//! Turning answers into transactions: [`mod@crate::run`]. What strategies earn: the same.

pub(crate) mod bribed;
mod buggy;
mod cartel;
mod commit_copier;
mod copy_pool;
mod dispute_spam;
mod framing;
mod honest;
mod kind;
mod lazy;
mod lazy_juror;
mod lineage;
mod non_reveal;
mod owner;
mod partial_skip;
mod self_report;
mod shading;
mod stale_copier;
mod voters;

use probity_primitives::{Address, Amount, Hash, Height, OperatorId, TaskId};
use probity_protocol::task::Task;
use probity_runtime::Message;

pub use kind::Kind;

use crate::random::{RunKey, Stream};
use crate::sheet::{Reading, Sheet};
use crate::world::World;

/// The whole of a share in parts per million.
pub const WHOLE: u32 = 1_000_000;

/// A seat that has something to do, with what its holder sees.
pub struct Sight<'a> {
    /// The world, of which only public things may be read.
    pub world: &'a World,
    /// The task.
    pub task: TaskId,
    /// What the chain knows of it.
    pub about: &'a Task,
    /// The task's number in this run.
    pub ordinal: u64,
    /// What the model answers, for those who run it.
    pub sheet: &'a Sheet,
    /// The owner's public claim, in micro-units.
    pub claim: i64,
    /// Who acts: its place in its group.
    pub place: usize,
    /// Who acts.
    pub operator: OperatorId,
    /// The seats of its group in the committee.
    pub ours: u32,
    /// All seats of the committee.
    pub all: u32,
    /// Whether this is the last block in which it may act.
    pub last: bool,
    /// What it finds if it does the work.
    pub honest: Reading,
    /// Whether it audits what others have done.
    pub audits: bool,
    /// Chance of its own.
    pub luck: Stream,
}

impl Sight<'_> {
    /// Doing the whole work.
    #[must_use]
    pub const fn work(&self) -> Work {
        Work::Write { reading: self.honest, effort: WHOLE }
    }

    /// Whether a cheat that is done on a share of tasks is done on this one: all of a group decide
    /// alike.
    #[must_use]
    pub fn cheats(&self, share: Option<f64>, key: &RunKey) -> bool {
        key.stream("cheat", (self.ordinal, 0)).chance(ppm(share.unwrap_or(1.0)))
    }
}

/// What a member or an auditor binds itself to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// It waits for the next block.
    Wait,
    /// Nothing.
    Nothing,
    /// It says that it cannot fetch what is to be evaluated.
    Unable,
    /// It sends a commitment that another made.
    Replay(Hash),
    /// A transcript, and how much of the work it took, in parts per million.
    Write {
        /// What is written.
        reading: Reading,
        /// The work.
        effort: u32,
    },
}

/// What a member does with what it bound itself to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// It waits for the next block.
    Wait,
    /// It shows it.
    Reveal,
    /// It keeps it to itself.
    Hide,
    /// It sends what another member has shown.
    Borrow(OperatorId),
}

/// How a juror judges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judge {
    /// It runs what it is asked.
    Works,
    /// It answers as another reading has it.
    Says(Reading),
    /// It agrees with whom it is asked about, without running anything.
    Agrees,
    /// It does not vote.
    Silent,
}

/// A group between the tasks.
pub struct Scene<'a> {
    /// The world.
    pub world: &'a World,
    /// The places of its operators among the world's actors.
    pub places: &'a [usize],
    /// The height of the next block.
    pub next: Height,
    /// Whether the next block begins an epoch.
    pub epoch: Option<u32>,
    /// The run's chance.
    pub key: RunKey,
    /// The benchmark and the models that everyone evaluates.
    pub shelf: &'a crate::run::Shelf,
    /// The least fee of a task of the scenario's value at risk, and that value.
    pub order: (Amount, Amount),
}

impl Scene<'_> {
    /// Whether the actor at a place is an operator.
    pub(crate) fn is(&self, place: usize, operator: &OperatorId) -> bool {
        self.world.place(operator) == Some(place)
    }
}

/// A model of a group's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Own {
    /// What it scores on the benchmark's items, in parts per million.
    pub quality: u32,
    /// What it would score on others, in parts per million.
    pub truth: u32,
    /// Whether nobody else can fetch it.
    pub hidden: bool,
}

/// Whose key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hand {
    /// The cold key of the actor at a place.
    Owner(usize),
    /// The hot key of the actor at a place.
    Hot(usize),
    /// The person with a number.
    Person(usize),
}

/// Something that a group does by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// Whose transaction it is.
    pub by: Hand,
    /// What it asks for.
    pub message: Message,
}

/// What a group of operators does. Every hook has the honest answer as its default.
pub trait Strategy: Send + Sync {
    /// What a member, or an auditor, binds itself to.
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        sight.work()
    }

    /// What a member does when it may show its score.
    fn shows(&mut self, _sight: &mut Sight<'_>) -> Show {
        Show::Reveal
    }

    /// Whether a member opens the leaves that were drawn.
    fn opens(&mut self, _sight: &mut Sight<'_>) -> bool {
        true
    }

    /// How a juror judges, of items or of a dispute.
    fn judges(&mut self, _sight: &mut Sight<'_>) -> Judge {
        Judge::Works
    }

    /// Whether a member that finds a result wrong disputes it.
    fn disputes(&self) -> bool {
        false
    }

    /// What the group does by itself before the next block.
    fn acts(&mut self, _scene: &Scene<'_>) -> Vec<Deed> {
        Vec::new()
    }

    /// What became of something that it did by itself, in order.
    fn learns(&mut self, _deed: &Deed, _outcome: &probity_runtime::receipt::Outcome) {}

    /// The model that it registers and has evaluated, if it does.
    fn owns(&self) -> Option<Own> {
        None
    }

    /// Accounts besides its operators' whose money is the group's too.
    fn purse(&self) -> Vec<Address> {
        Vec::new()
    }
}

/// A share as parts per million, rounded; of what is no share, the nearest that is one.
#[must_use]
pub fn ppm(share: f64) -> u32 {
    u32::try_from(micros(share.clamp(0.0, 1.0))).unwrap_or_default()
}

/// A score or a part of one in micro-units, rounded.
#[must_use]
#[expect(clippy::as_conversions, reason = "the one way from a number to an integer; it saturates")]
pub fn micros(value: f64) -> i64 {
    (value * 1e6).round() as i64
}
