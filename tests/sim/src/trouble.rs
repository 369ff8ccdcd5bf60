//! Trouble: partitions, crashes, and writes that end badly.

use crate::disk::Fault;
use crate::schedule::Event;
use crate::world::World;

/// Shortest and longest time that a node is down, in microseconds.
const DOWN_US: (u64, u64) = (100_000, 8_000_000);

impl World {
    /// Looks for trouble, and comes again.
    pub(crate) fn trouble(&mut self) {
        let Self { plan, chance, network, nodes, .. } = self;
        if network.is_parted() {
            if chance.permille(250) {
                network.join();
            }
        } else if chance.permille(plan.partition) {
            network.part(nodes.len(), chance);
        }
        if chance.permille(plan.disk) {
            let faults =
                [Fault::Refused, Fault::Unheard, Fault::CutBefore, Fault::CutAfter, Fault::CutLog];
            let fault = faults.get(chance.place(faults.len()));
            let node = nodes.get(chance.place(nodes.len())).filter(|node| node.core.is_some());
            if let (Some(node), Some(fault)) = (node, fault) {
                node.disk.plan(*fault);
            }
        }
        if chance.permille(plan.crash) {
            let node = chance.place(nodes.len());
            self.kill(node);
        }
        let again = self.plan.trouble_ms.saturating_mul(1_000);
        self.schedule.put(again, Event::Trouble);
    }

    /// Ends a node without a word; it starts again later.
    pub(crate) fn kill(&mut self, node: usize) {
        let Some(victim) = self.nodes.get_mut(node) else { return };
        if victim.core.take().is_none() {
            return;
        }
        victim.disk.restart(&mut self.chance);
        let (low, high) = DOWN_US;
        let after = self.chance.between(low, high);
        self.summary.crashes = self.summary.crashes.saturating_add(1);
        self.schedule.put(after, Event::Start { node });
    }
}
