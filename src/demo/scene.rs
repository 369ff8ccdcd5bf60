//! What every act has at hand: the network, who takes part, and what has been written down.
//!
//! Acts run side by side in one task. They wait for states, not for events: a state that was
//! reached is seen however late one looks. What happens in between is told by [`super::narrator`].

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use probity_dao::{ReferendumId, Track};
use probity_primitives::{Address, Amount, Height, Keypair, TaskId};
use probity_runtime::{Chain, Message, Receipt};

use super::cast::Cast;
use super::network::Network;
use super::report::SlashReport;
use super::shelf::Shelf;
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::Wallet;

/// How long one transaction may take into a block.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long anything else may take.
const WHOLE: Duration = Duration::from_secs(600);

/// Everything that acts share.
pub(super) struct Scene<'a> {
    pub(super) global: &'a Global,
    pub(super) network: &'a Network,
    pub(super) cast: &'a Cast,
    pub(super) shelf: &'a Shelf,
    pub(super) home: &'a Path,
    pub(super) started: Instant,
    pub(super) log: Log,
}

/// What has been written down, by acts and by the narrator.
#[derive(Default)]
pub(super) struct Log {
    /// What tasks are called.
    pub(super) tasks: RefCell<BTreeMap<TaskId, String>>,
    /// On which track referenda are.
    pub(super) tracks: RefCell<BTreeMap<ReferendumId, Track>>,
    /// Who lost what.
    pub(super) slashes: RefCell<Vec<SlashReport>>,
    /// What became of the money of disputes.
    pub(super) settled: RefCell<BTreeMap<u64, Settled>>,
    /// The height after which nothing is told any more.
    pub(super) end: Cell<Option<Height>>,
}

/// What became of all that was put up in a dispute.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    pub(super) staked: Amount,
    pub(super) returned: Amount,
    pub(super) jurors: Amount,
    pub(super) burned: Amount,
}

impl Scene<'_> {
    /// Tells a person something, with the time since the start.
    pub(super) fn say(&self, text: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        output::say(self.global, &format!("{seconds:6.1} s  {text}"));
    }

    /// Begins an act.
    pub(super) fn headline(&self, text: &str) {
        output::say(self.global, &format!("\n          {text}"));
    }

    /// The committed state now.
    pub(super) fn chain(&self) -> Result<std::sync::Arc<Chain>, Failure> {
        Ok(self.network.first()?.snapshot())
    }

    /// Waits until the state has what is looked for.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        mut find: impl FnMut(&Chain) -> Option<T>,
    ) -> Result<T, Failure> {
        let mut tip = self.network.first()?.tip();
        let wait = async {
            loop {
                let found = find(&tip.borrow_and_update());
                if let Some(found) = found {
                    return Ok(found);
                }
                tip.changed().await.or_fail(Code::Other, "a node has ended")?;
            }
        };
        tokio::time::timeout(WHOLE, wait).await.or_fail(Code::TimedOut, what)?
    }

    /// A wallet of a key, through the publisher's node.
    pub(super) async fn wallet(&self, key: Keypair) -> Result<Wallet, Failure> {
        Wallet::open(self.network.client()?, key).await
    }

    /// Sends a message and waits for its block.
    pub(super) async fn send(&self, key: Keypair, message: Message) -> Result<Receipt, Failure> {
        self.wallet(key).await?.must(message, PATIENCE).await
    }

    /// Sends a message that the rules must refuse, and gives their reason.
    pub(super) async fn refused(&self, key: Keypair, message: Message) -> Result<String, Failure> {
        match self.send(key, message).await {
            Err(failure) if failure.code() == Code::TxFailed => Ok(failure.message().to_owned()),
            Err(failure) => Err(failure),
            Ok(_) => Err(Failure::new(Code::Other, "what should be refused was carried out")),
        }
    }

    /// What a task is called.
    pub(super) fn called(&self, task: &TaskId) -> Option<String> {
        self.log.tasks.borrow().get(task).cloned()
    }

    /// What people call an account.
    pub(super) fn who(&self, address: &Address) -> String {
        self.cast.who(address)
    }
}

/// A share in parts per million, as people read it.
pub(super) fn percent(parts: u32) -> String {
    let hundredths = parts.checked_div(100).unwrap_or_default();
    let (whole, rest) = (hundredths.checked_div(100), hundredths.checked_rem(100));
    format!("{}.{:02} %", whole.unwrap_or_default(), rest.unwrap_or_default())
}

/// What part of a whole something is, in parts per million; nothing of nothing.
pub(super) fn share(part: Amount, whole: Amount) -> u32 {
    let share = part.mul_div_floor(1_000_000, whole.units()).map_or(0, Amount::units);
    u32::try_from(share).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_told_in_hundredths_of_a_percent() {
        let tokens = Amount::from_tokens;
        assert_eq!(percent(share(tokens(1), tokens(3))), "33.33 %");
        assert_eq!(percent(share(tokens(3), tokens(3))), "100.00 %");
        assert_eq!(percent(share(tokens(3), Amount::ZERO)), "0.00 %");
    }
}
