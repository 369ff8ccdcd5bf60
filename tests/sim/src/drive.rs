//! Driving nodes: events to cores, outputs to the network, and what a network does beside votes.
//!
//! Catching up is a small copy of what a running engine does: nodes tell how far they are, who is
//! behind asks one of those that are ahead for its next height, and asks again if nothing comes.

use std::time::Duration;

use bytes::Bytes;
use probity_node::consensus::core::{Core, CoreError, Output};
use probity_primitives::Height;
use probity_runtime::SignedTx;

use crate::broken::Broken;
use crate::disk::Disk;
use crate::member::Member;
use crate::node::Life;
use crate::schedule::Event;
use crate::world::World;

/// How often a node tells how far it is, in microseconds.
const BEAT_US: u64 = 1_000_000;
/// How long a node waits for a block that it asked for, in microseconds.
const ASK_US: u64 = 1_500_000;
/// How long a height may stand still before a node's keeper starts the engine anew.
const STANDSTILL_US: u64 = 30_000_000;
/// Longest time until the application's answer is with the core, in microseconds.
const ANSWER_US: u64 = 2_000;

impl World {
    /// Whether a node is in this life.
    pub(crate) fn lives(&self, Life { node, life }: Life) -> bool {
        self.nodes.get(node).is_some_and(|node| node.core.is_some() && node.life == life)
    }

    /// Lets a core work, and carries out what follows. A node whose power went dies of it.
    pub(crate) fn drive(
        &mut self,
        place: usize,
        work: impl FnOnce(&mut Core<Member, Disk>, u64) -> Result<Vec<Output>, CoreError>,
    ) -> Result<(), Broken> {
        let now_us = self.schedule.now_us();
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        let clock = node.clock_ms(now_us);
        let Some(core) = &mut node.core else { return Ok(()) };
        let outcome = work(core, clock);
        if node.disk.is_dark() {
            // Whatever it would have sent at the last moment is lost with it.
            self.kill(place);
            return Ok(());
        }
        let life = Life { node: place, life: node.life };
        let outputs = match outcome {
            Ok(outputs) => outputs,
            // The log of a twin holds what the other signed, and does not replay. It goes on.
            Err(_) if !node.honest => {
                node.disk.forget_log();
                self.kill(place);
                return Ok(());
            }
            Err(error) => return Err(Broken::Stopped { node: place, error }),
        };
        if node.contradictions() > 0 {
            return Err(Broken::Withheld { node: place });
        }
        let idle = node.core.as_mut().and_then(|core| core.application_mut().idle.take());
        if let Some((height, round, reason)) = idle.filter(|_| node.honest) {
            return Err(Broken::Idle { node: place, height, round, reason });
        }
        let found =
            node.core.as_mut().map(|core| std::mem::take(&mut core.application_mut().evidence));
        for evidence in found.unwrap_or_default() {
            self.audit.accused(place, evidence.offender())?;
            self.people.report(evidence);
        }
        outputs.into_iter().try_for_each(|output| self.carry(life, output))
    }

    fn carry(&mut self, life: Life, output: Output) -> Result<(), Broken> {
        let place = life.node;
        self.tell_of(place, &output);
        match output {
            Output::Send(bytes) => {
                self.tell(place, |to| Event::Message { to, from: place, bytes: bytes.clone() });
                Ok(())
            }
            Output::Signed { height, round, said } => {
                let Self { nodes, audit, .. } = self;
                let signer = nodes.get(place).filter(|node| node.honest);
                let round = round.unwrap_or(u32::MAX);
                signer.map_or(Ok(()), |node| {
                    audit.signed(place, node.operator, (height, round), said)?;
                    node.proposal(said).map_or(Ok(()), |proposal| {
                        audit.proposed(place, (height, round), &proposal)
                    })
                })
            }
            Output::Timer { timer, after } => {
                let after = u64::try_from(after.as_micros()).unwrap_or(u64::MAX);
                self.schedule.put(after, Event::Timer { life, timer });
                Ok(())
            }
            Output::Later(pending) => {
                let after = self.chance.below(ANSWER_US);
                self.schedule.put(after, Event::Later { life, pending });
                Ok(())
            }
            Output::Decided { height, durable: true, .. } => self.decided(place, height),
            Output::Decided { durable: false, .. } => {
                self.summary.refused = self.summary.refused.saturating_add(1);
                Ok(())
            }
            Output::Accused(accused) => {
                self.summary.accusations = self.summary.accusations.saturating_add(1);
                self.audit.accused(place, accused)
            }
            Output::SyncRefused => {
                let height = self.nodes.get(place).and_then(|node| node.next()).unwrap_or_default();
                Err(Broken::Refused { node: place, height })
            }
            Output::SyncPostponed => Ok(()),
        }
    }

    /// Puts into the trace what no event shows.
    fn tell_of(&mut self, place: usize, output: &Output) {
        let line = match output {
            Output::Send(_) | Output::Timer { .. } | Output::Later(_) => return,
            Output::Signed { height, round, said } => {
                format!("  {place} signs {height} {round:?} {said:?}")
            }
            Output::Decided { height, block, durable } => {
                format!("  {place} decides {height} {block} {durable}")
            }
            Output::Accused(_) | Output::SyncRefused | Output::SyncPostponed => {
                format!("  {place} {output:?}")
            }
        };
        self.trace.note(line);
    }

    fn decided(&mut self, place: usize, height: Height) -> Result<(), Broken> {
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        let Some(core) = &node.core else { return Ok(()) };
        if !node.honest {
            return Ok(());
        }
        let replica = &core.application().replica;
        if replica.chain().height() < height {
            let (durable, found) = (height, replica.chain().height());
            let what = "it was called durable before it was committed";
            return Err(Broken::Lost { node: place, durable, found, what });
        }
        self.audit.durable(place, height, &replica.history())?;
        node.durable = node.durable.max(height);
        let changed = replica.chain().tip();
        if node.durable == self.audit.tip() && changed.next_validators != changed.validators {
            self.summary.sets = self.summary.sets.saturating_add(1);
        }
        Ok(())
    }

    /// Sends to every other node, each by a way of its own.
    fn tell(&mut self, from: usize, event: impl Fn(usize) -> Event) {
        for to in (0..self.nodes.len()).filter(|to| *to != from) {
            self.send(from, to, &event);
        }
    }

    fn send(&mut self, from: usize, to: usize, event: &impl Fn(usize) -> Event) {
        if self.network.reaches(from, to) {
            for way in self.network.ways(&self.plan, &mut self.chance) {
                self.schedule.put(way, event(to));
            }
        }
    }

    /// Starts a node from what is on its disk.
    pub(crate) fn start(&mut self, place: usize) -> Result<(), Broken> {
        let block_time = Duration::from_millis(self.plan.block_ms);
        let Self { nodes, genesis, audit, signing, .. } = self;
        let Some(node) = nodes.get_mut(place).filter(|node| node.core.is_none()) else {
            return Ok(());
        };
        node.open(genesis, block_time, *signing)?
            .map_err(|error| Broken::Open { node: place, error })?;
        if let (true, Some(core)) = (node.honest, &node.core) {
            let replica = &core.application().replica;
            audit.reopened(place, node.durable, replica)?;
            node.durable = node.durable.max(replica.chain().height());
        }
        let life = Life { node: place, life: node.life };
        self.schedule.put(self.chance.below(BEAT_US), Event::Beat { life });
        self.drive(place, |core, now_ms| core.begin(now_ms))
    }

    /// A node tells the others how far it is.
    pub(crate) fn beat(&mut self, life: Life) -> Result<(), Broken> {
        let now = self.schedule.now_us();
        let Some(node) = self.nodes.get_mut(life.node) else { return Ok(()) };
        let Some(height) = node.tip() else { return Ok(()) };
        if node.still.0 != height {
            node.still = (height, now);
        }
        let stands = now.saturating_sub(node.still.1) > STANDSTILL_US;
        if stands {
            // A new life of the engine alone: its timers and answers mean nothing any more.
            node.still.1 = now;
            node.life = node.life.saturating_add(1);
        }
        let life = Life { node: life.node, life: node.life };
        self.schedule.put(BEAT_US, Event::Beat { life });
        self.tell(life.node, |to| Event::Status { to, from: life.node, height });
        if stands { self.drive(life.node, |core, now_ms| core.anew(now_ms)) } else { Ok(()) }
    }

    /// A node that hears of heights that it has not asks for its next one.
    pub(crate) fn ask(&mut self, place: usize, from: usize, height: Height) {
        let now = self.schedule.now_us();
        let Some(node) = self.nodes.get_mut(place) else { return };
        let Some(next) = node.next().filter(|next| *next <= height) else { return };
        if node.asked.is_some_and(|(asked, until)| asked == next && now < until) {
            return;
        }
        node.asked = Some((next, now.saturating_add(ASK_US)));
        self.send(place, from, &|to| Event::Ask { to, from: place, height: next });
    }

    /// A node is asked for a height.
    pub(crate) fn serve(&mut self, place: usize, from: usize, height: Height) {
        let core = self.nodes.get_mut(place).and_then(|node| node.core.as_mut());
        let Some(bytes) = core.and_then(|core| core.serve(height)) else { return };
        self.send(place, from, &|to| Event::Answer {
            to,
            from: place,
            height,
            bytes: bytes.clone(),
        });
    }

    /// A node is given a height, and asks for the one after it.
    pub(crate) fn answer(
        &mut self,
        place: usize,
        from: usize,
        height: Height,
        bytes: &Bytes,
    ) -> Result<(), Broken> {
        let Some(node) = self.nodes.get_mut(place) else { return Ok(()) };
        if node.next() != Some(height) {
            return Ok(());
        }
        node.asked = None;
        self.summary.synced = self.summary.synced.saturating_add(1);
        let far = u64::try_from(from).unwrap_or(u64::MAX);
        self.drive(place, |core, now_ms| core.synced(now_ms, far, bytes))
    }

    /// A node is given a transaction, and passes it on if it takes it.
    pub(crate) fn submit(&mut self, place: usize, tx: SignedTx) {
        let Some(node) = self.nodes.get_mut(place) else { return };
        let Some(core) = &mut node.core else { return };
        let Ok(verified) = tx.clone().verify(&self.genesis.identity()) else { return };
        if let Ok(hash) = core.application_mut().replica.submit(verified) {
            self.people.acknowledge(&hash);
            self.tell(place, |to| Event::Tx { to, from: place, tx: Box::new(tx.clone()) });
        }
    }

    /// Someone goes to a node with a transaction.
    pub(crate) fn person(&mut self) -> Result<(), Broken> {
        self.schedule.put(self.plan.people_ms.saturating_mul(1_000), Event::Person);
        let enrolled: Vec<u8> =
            self.nodes.iter().filter(|node| node.life > 0).map(|node| node.number).collect();
        let Self { people, plan, genesis, audit, chance, .. } = self;
        let tx = if self.healed {
            people.insist(audit, chance)
        } else {
            people.send(plan, genesis, audit, &enrolled, chance)?
        };
        if let Some(tx) = tx {
            let place = self.chance.place(self.nodes.len());
            self.submit(place, tx);
        }
        Ok(())
    }
}
