//! What whole committees do.

use probity_primitives::transcript::Transcript;
use probity_primitives::{OperatorId, TaskId};

use super::stage::Stage;
use crate::event::TaskPhase;
use crate::task::Member;

impl Stage {
    /// Every member commits to its own work and reveals it; the reveals are not over yet.
    pub(super) fn reveal_all(
        &mut self,
        id: TaskId,
        work: impl Fn(&Self, OperatorId) -> Transcript,
    ) -> Vec<Member> {
        let members = self.committee(id);
        for drawn in &members {
            let transcript = work(self, drawn.operator);
            self.commit(id, drawn.operator, &transcript).unwrap();
        }
        self.reach(id, TaskPhase::Reveal);
        for drawn in &members {
            let transcript = work(self, drawn.operator);
            self.reveal(id, drawn.operator, &transcript).unwrap();
        }
        members
    }
}
