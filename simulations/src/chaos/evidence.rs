//! Operators that sign two things where one may stand, and whoever shows it.

use probity_primitives::{BlockHash, Domain, Hash, Height, TaskId};
use probity_protocol::task::message as task;
use probity_runtime::Message;
use probity_runtime::evidence::{SubmitProposalEvidence, SubmitVoteEvidence};

use super::Luck;
use crate::actor::Actor;
use crate::world::World;

impl World {
    /// Two commitments, votes or proposals of one operator, which at times say the same.
    pub(super) fn evidence_wish(
        &self,
        actor: &Actor,
        (id, round): (TaskId, u8),
        luck: &mut Luck,
    ) -> Message {
        let other = Hash::of(Domain::Seed, &luck.next());
        let second = if luck.below(4) == 0 { Hash::ZERO } else { other };
        let late = u64::try_from(luck.below(5)).unwrap_or_default();
        let at = (Height(self.chain.height().0.saturating_sub(late)), 0);
        let signer = (actor.id(), &actor.key);
        match luck.below(3) {
            0 => {
                let state =
                    |hash: Hash| self.attest(actor, id, round, task::Statement::Commit(hash));
                Message::SubmitEvidence(task::SubmitEvidence {
                    first: state(Hash::ZERO),
                    second: state(second),
                    key: actor.key.public(),
                })
            }
            1 => {
                let [first, second] = [Hash::ZERO, second]
                    .map(|hash| self.precommit(signer, at, Some(BlockHash(hash))));
                Message::SubmitVoteEvidence(SubmitVoteEvidence { first, second })
            }
            _ => {
                let [first, second] =
                    [Hash::ZERO, second].map(|hash| self.stand(signer, at, None, BlockHash(hash)));
                Message::SubmitProposalEvidence(SubmitProposalEvidence { first, second })
            }
        }
    }
}
