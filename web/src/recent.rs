//! States that were answered from not long ago, so that a list can be read at one height.
//!
//! A state is a value whose tables share all that did not change, so that keeping a few costs what
//! the blocks between them changed. Only heights that were answered from are kept: whoever reads
//! the first page of a list can name its height for the following ones.
//!
//! # Invariants
//! - At most [`KEPT`] states are kept, the newest ones.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use probity_api::Code;
use probity_primitives::Height;
use probity_runtime::Chain;

use crate::error::ApiError;

/// How many states are kept.
const KEPT: usize = 32;

/// The states by their heights.
#[derive(Clone, Default)]
pub(crate) struct Recent(Arc<Mutex<BTreeMap<Height, Arc<Chain>>>>);

impl Recent {
    /// The state at a height, or the newest one, which is kept from now on.
    pub(crate) fn at(
        &self,
        newest: Arc<Chain>,
        height: Option<Height>,
    ) -> Result<Arc<Chain>, ApiError> {
        let tip = newest.height();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match height {
            Some(height) if height > tip => {
                let detail = format!("there is no block {height} here; the newest is {tip}");
                Err(ApiError::new(Code::BlockNotFound, detail))
            }
            Some(height) if height < tip => kept.get(&height).map(Arc::clone).ok_or_else(|| {
                let detail = format!(
                    "the state at height {height} is not at hand: only the last {KEPT} heights \
                     that were answered from are"
                );
                ApiError::new(Code::HeightPruned, detail)
            }),
            Some(_) | None => {
                kept.insert(tip, Arc::clone(&newest));
                while kept.len() > KEPT {
                    kept.pop_first();
                }
                Ok(newest)
            }
        }
    }
}
