//! The way between nodes: late, lost, doubled, out of order, cut in two.

use crate::chance::Chance;
use crate::plan::Plan;

/// Who reaches whom, and how fast.
#[derive(Debug, Clone)]
pub struct Network {
    /// The side of each node while there is a partition.
    sides: Option<Vec<u8>>,
    calm: bool,
}

impl Network {
    /// Everyone reaches everyone.
    #[must_use]
    pub const fn new() -> Self {
        Self { sides: None, calm: false }
    }

    /// Puts each of `nodes` on one of two sides that do not reach each other.
    pub fn part(&mut self, nodes: usize, chance: &mut Chance) {
        let side = |_| u8::from(chance.permille(500));
        self.sides = Some((0..nodes).map(side).collect());
    }

    /// Ends the partition.
    pub fn join(&mut self) {
        self.sides = None;
    }

    /// Whether there is a partition.
    #[must_use]
    pub const fn is_parted(&self) -> bool {
        self.sides.is_some()
    }

    /// No trouble any more, whatever the plan says.
    pub fn heal(&mut self) {
        self.sides = None;
        self.calm = true;
    }

    /// Whether a message from one node would reach another now.
    #[must_use]
    pub fn reaches(&self, from: usize, to: usize) -> bool {
        self.sides.as_ref().is_none_or(|sides| sides.get(from) == sides.get(to))
    }

    /// When the copies of a message arrive, in microseconds from now: none, one or two.
    pub fn ways(&self, plan: &Plan, chance: &mut Chance) -> Vec<u64> {
        let lost = chance.permille(plan.loss);
        let twice = chance.permille(plan.doubles);
        let copies = match (self.calm, lost, twice) {
            (true, _, _) | (false, false, false) => 1,
            (false, true, _) => 0,
            (false, false, true) => 2,
        };
        let (low, high) = plan.delay_ms;
        (0..copies)
            .map(|_| {
                let way = chance.between(low.saturating_mul(1_000), high.saturating_mul(1_000));
                let stray = chance.permille(plan.stray) && !self.calm;
                if stray { way.saturating_mul(10) } else { way }
            })
            .collect()
    }
}

impl Default for Network {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_of_a_partition_do_not_reach_each_other_and_a_healed_network_loses_nothing() {
        let mut chance = Chance::new(3);
        let mut network = Network::new();
        assert!(network.reaches(0, 3));
        network.sides = Some(vec![0, 0, 1, 1]);
        assert!(network.reaches(0, 1) && network.reaches(2, 3) && !network.reaches(1, 2));
        let plan = Plan { loss: 1_000, ..Plan::draw(&mut chance) };
        assert!(network.ways(&plan, &mut chance).is_empty());
        network.heal();
        assert!(network.reaches(1, 2));
        assert_eq!(network.ways(&plan, &mut chance).len(), 1);
    }
}
