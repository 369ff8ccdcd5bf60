//! Cartels: operators that move a score together.
//!
//! The naive one lies on a share of tasks, whatever its seats; the adaptive one only where it sees that
//! it holds a majority of them; the one that weighs itself only on one model, its own; the one that
//! exits unbonds once it has lied.
//!
//! Source: `docs/spec/15-parameters.md` (the bound `G_max`); the analysis of p + epsilon by George and
//! Lesaege, 2021; Yuma consensus' cabals.

use std::collections::BTreeMap;

use probity_primitives::{ArtifactId, OperatorId, TaskId};
use probity_protocol::staking::message::Unbond;
use probity_protocol::task::Submission;
use probity_runtime::Message;

use super::{Deed, Hand, Judge, Scene, Sight, Strategy, WHOLE, Work, micros};
use crate::random::RunKey;
use crate::sheet::Reading;

/// When a cartel lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// On a share of all tasks.
    Ever,
    /// Where it holds a majority of the committee.
    Majority,
    /// About the first model that it meets, its own.
    Own,
}

/// A cartel.
#[derive(Debug)]
pub(super) struct Cartel {
    /// By how much it moves a score.
    pub(super) shift: f64,
    /// On which share of the tasks that suit it.
    pub(super) share: Option<f64>,
    /// Which suit it.
    pub(super) when: When,
    /// Whether its members leave once they have lied.
    pub(super) leaves: bool,
    /// The run's chance.
    pub(super) key: RunKey,
    pub(super) own: Option<ArtifactId>,
    pub(super) lied: BTreeMap<TaskId, Vec<OperatorId>>,
}

impl Cartel {
    /// A cartel that has not met anyone.
    pub(super) const fn new(shift: f64, share: Option<f64>, when: When, key: RunKey) -> Self {
        Self { shift, share, when, leaves: false, key, own: None, lied: BTreeMap::new() }
    }

    fn lie(&self) -> Reading {
        Reading { shift: micros(self.shift), ..Reading::default() }
    }

    fn suits(&mut self, sight: &Sight<'_>) -> bool {
        match self.when {
            When::Ever => true,
            When::Majority => u64::from(sight.ours).saturating_mul(2) > u64::from(sight.all),
            When::Own => {
                *self.own.get_or_insert(sight.about.request.artifact)
                    == sight.about.request.artifact
            }
        }
    }
}

impl Strategy for Cartel {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        // An auditor of the cartel covers its lie.
        let covers = sight.audits && self.lied.contains_key(&sight.task);
        let lies = !sight.audits && self.suits(sight) && sight.cheats(self.share, &self.key);
        if !covers && !lies {
            return sight.work();
        }
        if lies {
            self.lied.entry(sight.task).or_default().push(sight.operator);
        }
        // It must know the score to move it.
        Work::Write { reading: self.lie(), effort: WHOLE }
    }

    fn judges(&mut self, sight: &mut Sight<'_>) -> Judge {
        if self.lied.contains_key(&sight.task) { Judge::Says(self.lie()) } else { Judge::Works }
    }

    fn acts(&mut self, scene: &Scene<'_>) -> Vec<Deed> {
        if !self.leaves {
            return Vec::new();
        }
        let ledger = scene.world.ledger();
        let shown = |task: &TaskId, who: &OperatorId| {
            matches!(ledger.submissions.get(&(*task, *who)), Some(Submission::Revealed { .. }))
        };
        let mut gone: Vec<OperatorId> = Vec::new();
        for (task, who) in &mut self.lied {
            who.retain(|one| {
                let leaves = shown(task, one);
                gone.extend(leaves.then_some(*one));
                !leaves
            });
        }
        gone.iter().filter_map(|one| leave(scene, one)).collect()
    }
}

/// Unbonds all that an operator has not locked.
fn leave(scene: &Scene<'_>, operator: &OperatorId) -> Option<Deed> {
    let place = *scene.places.iter().find(|place| scene.is(**place, operator))?;
    let (operator, amount) = (*operator, Some(scene.world.ledger().unlocked(operator)));
    Some(Deed { by: Hand::Owner(place), message: Message::Unbond(Unbond { operator, amount }) })
}
