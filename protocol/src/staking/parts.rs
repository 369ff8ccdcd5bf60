//! Parts: what one account has in operators' pools, and on its way out of them.
//!
//! Governance counts all that an account holds, and looks at all its parts for that; so one account
//! is behind a bounded number of operators and has a bounded number of parts on their way out.
//!
//! # Invariants
//! - No account is behind more than [`MAX_OPERATORS`] or has more than [`MAX_CLAIMS`] claims.
//!
//! Spec: `docs/spec/04-staking.md`.

use probity_primitives::{Address, Amount, ArithmeticError, Epoch, OperatorId};

use super::error::PartError;
use super::state::{Claim, Delegation};
use crate::bank::Bucket;
use crate::ledger::Ledger;

/// The most operators that one account may be behind.
pub const MAX_OPERATORS: usize = 32;

/// The most parts on their way out that one account may have.
pub const MAX_CLAIMS: usize = 64;

impl Ledger {
    /// An account's shares in operators' pools, in ascending order of operator.
    pub fn stakes_of(&self, account: Address) -> impl Iterator<Item = (OperatorId, Delegation)> {
        let from = self.delegations.range((account, OperatorId::LOWEST)..);
        from.take_while(move |((owner, _), _)| *owner == account)
            .map(|((_, operator), delegation)| (*operator, *delegation))
    }

    /// An account's shares in what is on its way out, in ascending order of operator and epoch.
    pub fn claims_of(&self, account: Address) -> impl Iterator<Item = (OperatorId, Epoch, Claim)> {
        let from = self.claims.range((account, OperatorId::LOWEST, Epoch::ZERO)..);
        from.take_while(move |((owner, ..), _)| *owner == account)
            .map(|((_, operator, epoch), claim)| (*operator, *epoch, *claim))
    }

    /// All that an account holds: what it may spend, and its parts of pools and of what left them
    /// at their present worth.
    ///
    /// # Errors
    /// [`ArithmeticError`] if it cannot be counted, which no supply reaches.
    pub fn holdings(&self, account: Address) -> Result<Amount, ArithmeticError> {
        let mut sum = self.balance(Bucket::Free(account));
        for (operator, delegation) in self.stakes_of(account) {
            sum = sum.checked_add(self.pool(&operator).value_of(delegation.shares)?)?;
        }
        for (operator, epoch, claim) in self.claims_of(account) {
            sum = sum.checked_add(self.leaving(&operator, epoch).value_of(claim.shares)?)?;
        }
        Ok(sum)
    }
}

/// Whether an account may be behind one more operator.
pub(super) fn check_operators(ledger: &Ledger, sender: Address) -> Result<(), PartError> {
    if ledger.stakes_of(sender).count() < MAX_OPERATORS {
        return Ok(());
    }
    Err(PartError::TooManyOperators { sender, limit: MAX_OPERATORS })
}

/// Whether an account may have one more part on its way out.
pub(super) fn check_claims(ledger: &Ledger, sender: Address) -> Result<(), PartError> {
    if ledger.claims_of(sender).count() < MAX_CLAIMS {
        return Ok(());
    }
    Err(PartError::TooManyClaims { sender, limit: MAX_CLAIMS })
}
