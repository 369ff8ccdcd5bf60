//! What happened in the newest blocks, read from the store once for all streams that tell it.
//!
//! A thousand streams want the records of a block in the moment it is there. Whoever comes first
//! reads them; the others wait for that and are given the same.
//!
//! # Invariants
//! - At most [`KEPT`] heights are kept, those that were read last.
//! - A height that is not there, or cannot be read, is asked for again.

use std::collections::VecDeque;
use std::sync::Arc;

use probity_api::EventRecord;
use probity_primitives::Height;
use tokio::sync::Mutex;

use crate::backend::{Backend, BackendError};

/// How many heights are kept.
const KEPT: usize = 8;

/// How far behind the newest block a height may be to be read for all.
const NEAR: u64 = 4;

/// A height with what happened in it.
type Tale = (Height, Arc<[EventRecord]>);

/// The records of some heights.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<VecDeque<Tale>>>);

impl Told {
    /// The records of a height, if the store keeps it. Whoever is far behind reads for itself.
    pub(crate) async fn records(
        &self,
        backend: &dyn Backend,
        height: Height,
        tip: Height,
    ) -> Result<Option<Arc<[EventRecord]>>, BackendError> {
        if height.0.saturating_add(NEAR) < tip.0 {
            return Ok(backend.records(height).await?.map(Into::into));
        }
        let mut kept = self.0.lock().await;
        if let Some((_, records)) = kept.iter().find(|(known, _)| *known == height) {
            return Ok(Some(Arc::clone(records)));
        }
        let Some(records) = backend.records(height).await? else { return Ok(None) };
        let records: Arc<[EventRecord]> = records.into();
        kept.push_back((height, Arc::clone(&records)));
        while kept.len() > KEPT {
            kept.pop_front();
        }
        Ok(Some(records))
    }
}
