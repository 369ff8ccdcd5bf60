//! Commit copier: sends another member's commitment as its own, and that member's reveal after it.
//!
//! Source: the check that Bittensor's commit-reveal 3 had to add (`payload.hotkey == committer`).

use std::collections::BTreeMap;

use probity_primitives::{OperatorId, TaskId};
use probity_protocol::task::Submission;

use super::{Show, Sight, Strategy, Work};

/// Operators that replay commitments.
#[derive(Debug, Default)]
pub(super) struct CommitCopier {
    victims: BTreeMap<(TaskId, OperatorId), OperatorId>,
}

impl Strategy for CommitCopier {
    fn works(&mut self, sight: &mut Sight<'_>) -> Work {
        let submissions = &sight.world.ledger().submissions;
        let seen = sight.about.phase.committee().iter().find_map(|member| {
            match submissions.get(&(sight.task, member.operator)) {
                Some(Submission::Committed { commitment }) => Some((member.operator, *commitment)),
                Some(Submission::Revealed { .. } | Submission::Unavailable) | None => None,
            }
        });
        match seen {
            Some((victim, commitment)) => {
                self.victims.insert((sight.task, sight.operator), victim);
                Work::Replay(commitment)
            }
            None if sight.last => Work::Nothing,
            None => Work::Wait,
        }
    }

    fn shows(&mut self, sight: &mut Sight<'_>) -> Show {
        let Some(victim) = self.victims.get(&(sight.task, sight.operator)) else {
            return Show::Hide;
        };
        let shown = sight.world.ledger().submissions.get(&(sight.task, *victim));
        if matches!(shown, Some(Submission::Revealed { .. })) || sight.last {
            Show::Borrow(*victim)
        } else {
            Show::Wait
        }
    }
}
