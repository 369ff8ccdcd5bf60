//! One node: a core over a disk, which can die and come back.

use std::sync::Arc;
use std::time::Duration;

use probity_keys::guard::{Owner, VoteGuard};
use probity_node::consensus::core::{Core, CoreConfig, Said};
use probity_node::consensus::safety::Safety;
use probity_node::mempool::Limits;
use probity_node::replica::application::Application;
use probity_node::replica::proposal::SignedProposal;
use probity_node::replica::{OpenError, OperatorKeys, Replica};
use probity_primitives::{Height, OperatorId};
use probity_runtime::Genesis;
use probity_runtime::genesis::ChainIdentity;

use crate::broken::Broken;
use crate::cast;
use crate::disk::Disk;
use crate::member::Member;

/// Which life of which node: what was begun in an earlier life means nothing in a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// The node.
    pub node: usize,
    /// How often it has started.
    pub life: u64,
}

/// What a node's core signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    /// Whatever it is asked to: what log and replica promise is tested by itself.
    Free,
    /// What the marks on its disk allow, as a node that somebody runs. Of twins nobody has marks.
    Marked,
}

/// A validator, or one of the two that share a key.
pub struct Node {
    /// Whose keys it has.
    pub number: u8,
    /// Its operator.
    pub operator: OperatorId,
    /// Whether it alone has its key.
    pub honest: bool,
    /// What outlives a crash.
    pub disk: Disk,
    /// What does not.
    pub core: Option<Core<Member, Disk>>,
    /// What says whether it may sign.
    safety: Option<Arc<Safety>>,
    /// How often its marks refused a signature, in its earlier lives.
    withheld: u64,
    /// How often it has started.
    pub life: u64,
    /// How far its clock is ahead, in milliseconds.
    pub skew_ms: i64,
    /// The greatest height that it called durable.
    pub durable: Height,
    /// What it was asked to catch up with, and until when it waits for an answer.
    pub asked: Option<(Height, u64)>,
    /// Its newest height, and since when, in microseconds.
    pub still: (Height, u64),
}

impl Node {
    /// A node that was never started.
    ///
    /// # Errors
    /// [`Broken`] if the operator has no keys.
    pub fn new(number: u8, honest: bool, skew_ms: i64) -> Result<Self, Broken> {
        Ok(Self {
            number,
            operator: cast::keys(number)?.operator,
            honest,
            disk: Disk::new(),
            core: None,
            safety: None,
            withheld: 0,
            life: 0,
            skew_ms,
            durable: Height(0),
            asked: None,
            still: (Height(0), 0),
        })
    }

    /// Opens what is on the disk.
    ///
    /// # Errors
    /// [`OpenError`] as a node that starts has it; [`Broken`] without keys.
    pub fn open(
        &mut self,
        genesis: &Genesis,
        block_time: Duration,
        signing: Signing,
    ) -> Result<Result<(), OpenError>, Broken> {
        let keys = cast::keys(self.number)?;
        let store = Arc::new(self.disk.clone());
        let replica = match Replica::open(store, genesis, Some(keys.clone()), Limits::default()) {
            Ok(replica) => replica,
            Err(error) => return Ok(Err(error)),
        };
        let chain = genesis.identity();
        let safety = match signing {
            Signing::Marked if self.honest => Some(self.safety(&chain, &keys)?),
            Signing::Marked | Signing::Free => None,
        };
        let before = std::mem::replace(&mut self.safety, safety.clone());
        self.withheld = self.withheld.saturating_add(before.map_or(0, |one| one.refusals()));
        let operator = (keys.operator, keys.keypair);
        let config = CoreConfig { chain, operator, safety, block_time };
        self.life = self.life.saturating_add(1);
        self.asked = None;
        self.core = Some(Core::new(config, Member::new(replica), self.disk.clone()));
        Ok(Ok(()))
    }

    /// What says whether it may sign, from the marks on its disk.
    fn safety(&self, chain: &ChainIdentity, keys: &OperatorKeys) -> Result<Arc<Safety>, Broken> {
        let owner = Owner { genesis: chain.genesis_hash, key: keys.keypair.public() };
        let kept = self.disk.marks();
        let marks = VoteGuard::kept_by(Box::new(self.disk.clone()), owner, kept.as_deref());
        let marks = marks.map_err(|error| Broken::setup(&error))?;
        Ok(Arc::new(Safety::with_marks(marks, chain.clone(), keys.operator, cast::START_MS)))
    }

    /// How often its marks refused what contradicts the newest vote or proposal of its life.
    #[must_use]
    pub fn contradictions(&self) -> u64 {
        self.safety.as_ref().map_or(0, |safety| safety.contradictions())
    }

    /// How often its marks refused a signature. A vote that the engine makes while it reads its log is
    /// not logged; it is asked for again at the next start, and by then a later one may stand.
    #[must_use]
    pub fn withheld(&self) -> u64 {
        let now = self.safety.as_ref().map_or(0, |safety| safety.refusals());
        self.withheld.saturating_add(now)
    }

    /// The node's clock, when it is `now_us` after the beginning.
    #[must_use]
    pub fn clock_ms(&self, now_us: u64) -> u64 {
        cast::START_MS.saturating_add(now_us / 1_000).saturating_add_signed(self.skew_ms)
    }

    /// The block of a proposal that it signed, while it has it.
    #[must_use]
    pub fn proposal(&self, said: Said) -> Option<SignedProposal> {
        match said {
            Said::Proposal(block, _) => self.core.as_ref()?.application().proposal(&block),
            Said::Prevote(_) | Said::Precommit(_) => None,
        }
    }

    /// The newest height of its chain; none if it is down.
    #[must_use]
    pub fn tip(&self) -> Option<Height> {
        self.core.as_ref().map(|core| core.application().replica.chain().height())
    }

    /// The height that it decides next; none if it is down.
    #[must_use]
    pub fn next(&self) -> Option<Height> {
        self.core.as_ref().map(|core| core.application().next_height())
    }
}
