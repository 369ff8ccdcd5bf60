//! The mempool: what waits, and what was refused.

use probity_metrics::Registry;
use probity_metrics::metrics::counter::Counter;
use probity_metrics::metrics::family::Family;
use probity_metrics::metrics::gauge::Gauge;
use probity_runtime::VerifiedTx;

use crate::consensus::driver::CommandError;
use crate::mempool::Mempool;
use crate::relay::OfferError;
use crate::replica::SubmitError;

/// Counts what waits and what was refused. Clones count together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pool {
    size: Gauge,
    bytes: Gauge,
    rejected: Family<[(&'static str, &'static str); 1], Counter>,
}

impl Pool {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("mempool_size", "Transactions that wait", self.size.clone());
        registry.register("mempool_bytes", "Bytes of those that wait", self.bytes.clone());
        let help = "Transactions that were not taken, from users and from peers";
        registry.register("mempool_rejected", help, self.rejected.clone());
    }

    /// What waits now.
    pub(crate) fn holds(&self, mempool: &Mempool<VerifiedTx>) {
        let whole = |value| i64::try_from(value).unwrap_or(i64::MAX);
        self.size.set(whole(mempool.len()));
        self.bytes.set(whole(mempool.bytes()));
    }

    /// One was not taken.
    pub(crate) fn refused(&self, error: &OfferError) {
        let reason = match error {
            OfferError::Refused(SubmitError::Invalid(error)) => error.code(),
            OfferError::Refused(SubmitError::Rejected(error)) => error.code(),
            OfferError::Node(CommandError::Busy) => "busy",
            OfferError::Node(CommandError::Stopped) => "stopped",
        };
        self.rejected.get_or_create(&[("reason", reason)]).inc();
    }
}
