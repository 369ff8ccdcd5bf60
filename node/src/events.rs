//! What happened, block by block, from any point on.
//!
//! A stream reads the records of a block from the store when the block is committed. Nothing is
//! buffered for slow readers, so nothing is lost by them, and whoever was away names the last
//! record it saw and goes on after it.

use std::collections::VecDeque;
use std::sync::Arc;

use probity_api::EventRecord;
use probity_api::event::{EventId, records};
use probity_primitives::Height;
use probity_runtime::Chain;
use tokio::sync::watch;

use crate::replica::history::History;
use crate::store::StoreError;

/// What happened, from some point on.
pub struct EventStream {
    history: History,
    tip: watch::Receiver<Arc<Chain>>,
    next: Height,
    after: Option<EventId>,
    ready: VecDeque<EventRecord>,
}

impl EventStream {
    /// Everything after `after`, or everything from the next block on.
    pub(crate) fn new(
        history: History,
        tip: watch::Receiver<Arc<Chain>>,
        after: Option<EventId>,
    ) -> Self {
        let height = tip.borrow().height();
        let next = after.map_or_else(|| height.next().unwrap_or(height), |after| after.height);
        Self { history, tip, next, after, ready: VecDeque::new() }
    }

    /// The next record; none when the node has stopped.
    ///
    /// # Errors
    /// [`StoreError`] if the store cannot be read.
    pub async fn next(&mut self) -> Result<Option<EventRecord>, StoreError> {
        loop {
            if let Some(record) = self.ready.pop_front() {
                return Ok(Some(record));
            }
            let height = self.next;
            if self.tip.wait_for(|chain| chain.height() >= height).await.is_err() {
                return Ok(None);
            }
            let after = self.after;
            let all = read(&self.history, height)?.unwrap_or_default();
            self.ready = all.into_iter().filter(|record| Some(record.id) > after).collect();
            self.next = height.next().unwrap_or(height);
        }
    }
}

/// The records of a height, if it is committed.
///
/// # Errors
/// [`StoreError`] if the store cannot be read.
pub(crate) fn read(
    history: &History,
    height: Height,
) -> Result<Option<Vec<EventRecord>>, StoreError> {
    let (Some(header), Some(events)) = (history.header(height)?, history.events(height)?) else {
        return Ok(None);
    };
    Ok(Some(records(&header, &history.receipts(height)?, &events)))
}
