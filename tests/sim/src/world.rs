//! A run: nodes, the way between them, people, and one order of everything that happens.
//!
//! Trouble lasts for a number of steps. Then the network heals, everyone is started, nobody sends
//! anything new, and the run ends when every honest node has gone on for some heights and every
//! acknowledged transaction is in a block or has expired; or it fails, because that takes too long.

use std::collections::BTreeSet;
use std::time::Duration;

use probity_primitives::Height;
use probity_runtime::Genesis;

use crate::audit::Audit;
use crate::broken::Broken;
use crate::cast;
use crate::chance::Chance;
use crate::network::Network;
use crate::node::{Node, Signing};
use crate::people::People;
use crate::plan::Plan;
use crate::schedule::{Event, Schedule};
use crate::trace::{Trace, name};

/// How many heights everyone must go on after healing.
const ONWARD: u64 = 4;
/// Within how many virtual seconds after healing.
const HEALED_S: u64 = 240;

/// How a run went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events in all.
    pub steps: u64,
    /// Heights that were decided.
    pub heights: u64,
    /// Acknowledged transactions.
    pub txs: u64,
    /// Nodes that died.
    pub crashes: u64,
    /// Writes that ended in a fault.
    pub faults: u64,
    /// Decisions that could not be committed at once.
    pub refused: u64,
    /// Blocks that were had by sync.
    pub synced: u64,
    /// Times that evidence was seen.
    pub accusations: u64,
    /// Transactions with evidence that were carried out.
    pub punished: u64,
    /// Heights at which the validators changed.
    pub sets: u64,
    /// Signatures that marks refused.
    pub withheld: u64,
    /// The hash of the trace.
    pub trace: u64,
}

/// A run that broke a promise.
#[derive(Debug, thiserror::Error)]
#[error("step {step}: {broken}")]
pub struct Failure {
    /// At which step.
    pub step: u64,
    /// Which promise.
    pub broken: Broken,
    /// The last events before it.
    pub last: Vec<String>,
}

/// Everything of a run.
pub struct World {
    pub(crate) plan: Plan,
    pub(crate) signing: Signing,
    pub(crate) chance: Chance,
    pub(crate) network: Network,
    pub(crate) schedule: Schedule,
    pub(crate) nodes: Vec<Node>,
    pub(crate) summary: Summary,
    pub(crate) genesis: Genesis,
    pub(crate) audit: Audit,
    pub(crate) people: People,
    pub(crate) trace: Trace,
    pub(crate) healed: bool,
}

/// Runs a seed: `steps` events under trouble, and then until all is well.
///
/// # Errors
/// [`Failure`], with the promise that was broken.
pub fn run(seed: u64, steps: u64, signing: Signing, print: bool) -> Result<Summary, Box<Failure>> {
    let mut world = World::new(seed, signing, print)
        .map_err(|broken| Box::new(Failure { step: 0, broken, last: Vec::new() }))?;
    match world.play(steps) {
        Ok(()) => Ok(world.sum_up()),
        Err(broken) => {
            let last = world.trace.last().map(str::to_owned).collect();
            Err(Box::new(Failure { step: world.summary.steps, broken, last }))
        }
    }
}

impl World {
    /// The world of a seed, in which nothing has happened.
    ///
    /// # Errors
    /// [`Broken::Setup`].
    pub fn new(seed: u64, signing: Signing, print: bool) -> Result<Self, Broken> {
        let mut chance = Chance::new(seed);
        let plan = Plan::draw(&mut chance);
        let operators = plan.validators.saturating_add(plan.late);
        let people = operators.saturating_add(2);
        let genesis = cast::genesis(plan.validators, people)?;
        let twin = plan.twin.then(|| plan.validators.saturating_sub(1));
        let mut nodes = Vec::new();
        for number in (0..operators).chain(twin) {
            let range = plan.skew_ms.saturating_mul(2);
            let skew = i64::try_from(chance.between(0, range)).unwrap_or(0);
            let skew = skew.saturating_sub_unsigned(plan.skew_ms);
            nodes.push(Node::new(number, Some(number) != twin, skew)?);
        }
        let twins: BTreeSet<_> =
            nodes.iter().filter(|node| !node.honest).map(|node| node.operator).collect();
        let mut trace = Trace::new(print);
        trace.note(format!("{plan:?}"));
        let audit = Audit::new(genesis.clone(), twins)?;
        let mut world = Self {
            plan,
            signing,
            chance,
            network: Network::new(),
            schedule: Schedule::default(),
            nodes,
            summary: Summary::default(),
            genesis,
            audit,
            people: People::new(people),
            trace,
            healed: false,
        };
        world.open_the_curtain();
        Ok(world)
    }

    fn open_the_curtain(&mut self) {
        for (place, node) in self.nodes.iter().enumerate() {
            let late = (self.plan.validators..u8::MAX).contains(&node.number);
            let longest = if late { 20_000_000 } else { 300_000 };
            let after = self.chance.below(longest);
            self.schedule.put(after, Event::Start { node: place });
        }
        self.schedule.put(500_000, Event::Trouble);
        self.schedule.put(300_000, Event::Person);
    }

    fn play(&mut self, steps: u64) -> Result<(), Broken> {
        while self.summary.steps < steps {
            self.step()?;
        }
        self.heal();
        let goal = Height(self.audit.tip().0.saturating_add(ONWARD));
        let limit = self.schedule.now_us().saturating_add(HEALED_S * 1_000_000);
        while !(self.reached(goal) && self.people.is_content(&self.audit)) {
            if self.schedule.now_us() > limit {
                return Err(self.stuck(goal));
            }
            self.step()?;
        }
        self.look_at_every_disk()
    }

    fn heal(&mut self) {
        self.trace.note("healed".to_owned());
        self.healed = true;
        self.network.heal();
        for place in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(place) else { continue };
            node.disk.mend();
            if node.core.is_none() {
                let after = self.chance.below(1_000_000);
                self.schedule.put(after, Event::Start { node: place });
            }
        }
    }

    fn honest(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter().filter(|node| node.honest)
    }

    fn reached(&self, goal: Height) -> bool {
        self.honest().all(|node| node.tip().is_some_and(|tip| tip >= goal))
    }

    fn stuck(&self, goal: Height) -> Broken {
        if self.reached(goal)
            && let Some(complaint) = self.people.complaint()
        {
            return complaint;
        }
        let tips = self.honest().map(|node| node.tip().unwrap_or_default()).collect();
        Broken::Stuck { seconds: HEALED_S, tips, goal }
    }

    /// Opens every honest node's store once more: state and root must agree, nothing be missing.
    fn look_at_every_disk(&mut self) -> Result<(), Broken> {
        let block_time = Duration::from_millis(self.plan.block_ms);
        let Self { nodes, audit, genesis, chance, signing, .. } = self;
        for (place, node) in nodes.iter_mut().enumerate().filter(|(_, node)| node.honest) {
            node.core = None;
            node.disk.restart(chance);
            node.open(genesis, block_time, *signing)?
                .map_err(|error| Broken::Open { node: place, error })?;
            if let Some(core) = &node.core {
                let replica = &core.application().replica;
                audit.reopened(place, Height(1).min(node.durable), replica)?;
                audit.reopened(place, node.durable, replica)?;
            }
        }
        Ok(())
    }

    fn sum_up(self) -> Summary {
        let faults = self.nodes.iter().map(|node| node.disk.faults()).sum();
        let (heights, txs) = (self.audit.tip().0, self.people.acknowledged);
        let withheld = self.nodes.iter().map(Node::withheld).sum();
        let (punished, trace) = (self.audit.punished, self.trace.hash());
        Summary { heights, txs, faults, punished, withheld, trace, ..self.summary }
    }

    /// Lets the next thing happen.
    fn step(&mut self) -> Result<(), Broken> {
        let Some(event) = self.schedule.take() else {
            return Err(Broken::Setup("nothing is left to happen".to_owned()));
        };
        self.summary.steps = self.summary.steps.saturating_add(1);
        self.note(&event);
        match event {
            Event::Message { to, from, bytes } => {
                let far = u64::try_from(from).unwrap_or(u64::MAX);
                self.drive(to, |core, now_ms| core.message(now_ms, far, &bytes))
            }
            Event::Timer { life, timer } if self.lives(life) => {
                self.drive(life.node, |core, now_ms| core.timer(now_ms, timer))
            }
            Event::Later { life, pending } if self.lives(life) => {
                self.drive(life.node, |core, now_ms| core.resume(now_ms, pending))
            }
            Event::Beat { life } if self.lives(life) => self.beat(life),
            Event::Timer { .. } | Event::Later { .. } | Event::Beat { .. } => Ok(()),
            Event::Tx { to, tx, .. } => {
                self.submit(to, *tx);
                Ok(())
            }
            Event::Status { to, from, height } => {
                self.ask(to, from, height);
                Ok(())
            }
            Event::Ask { to, from, height } => {
                self.serve(to, from, height);
                Ok(())
            }
            Event::Answer { to, from, height, bytes } => self.answer(to, from, height, &bytes),
            Event::Start { node } => self.start(node),
            Event::Trouble => {
                if !self.healed {
                    self.trouble();
                }
                Ok(())
            }
            Event::Person => self.person(),
        }
    }

    fn note(&mut self, event: &Event) {
        let now = self.schedule.now_us();
        self.trace.note(match event {
            Event::Message { to, from, bytes } => {
                let kind = bytes.first().copied().unwrap_or(0);
                format!("{now} message {from}>{to} {kind} {}", name(bytes))
            }
            Event::Tx { to, from, tx } => format!("{now} tx {from}>{to} {}", tx.hash()),
            Event::Status { to, from, height } => format!("{now} status {from}>{to} {height}"),
            Event::Ask { to, from, height } => format!("{now} ask {from}>{to} {height}"),
            Event::Answer { to, from, height, bytes } => {
                format!("{now} answer {from}>{to} {height} {}", name(bytes))
            }
            Event::Timer { life, timer } => {
                format!("{now} timer {}.{} {timer}", life.node, life.life)
            }
            Event::Later { life, pending } => {
                format!("{now} later {}.{} {pending:?}", life.node, life.life)
            }
            Event::Beat { life } => format!("{now} beat {}", life.node),
            Event::Start { node } => format!("{now} start {node}"),
            Event::Trouble => format!("{now} trouble"),
            Event::Person => format!("{now} person"),
        });
    }
}
