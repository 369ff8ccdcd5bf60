//! Empty blocks of four whole nodes against the engine alone.
//!
//! Both decide as fast as they can, by turns, in the same process; the engine alone has an
//! application that does nothing. The ratio of the median intervals is what validation, state tree,
//! durable store and events cost a block.

use std::time::Duration;

use probity_node::NodeHandle;
use probity_node::consensus::bench::block_intervals;
use probity_primitives::Height;

use super::{Figure, network};
use crate::commands::block_on;
use crate::demo::cast::{Cast, VALIDATORS};
use crate::exit::{Code, Failure, OrFail};

/// Heights of a turn.
const HEIGHTS: usize = 150;
/// Turns of each: a machine is faster and slower by the minute.
const TURNS: usize = 3;
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures both.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    block_on(async {
        let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
        let count = u8::try_from(VALIDATORS).unwrap_or(u8::MAX);
        let (mut alone, mut whole) = (Vec::new(), Vec::new());
        for turn in 0..TURNS {
            let folder = folder.path().join(turn.to_string());
            let engine = folder.join("engine");
            let intervals = block_intervals(&engine, count, HEIGHTS, Duration::ZERO, PATIENCE);
            alone.extend(intervals.await.or_fail(Code::Other, "cannot measure the engine")?);
            whole.extend(node_intervals(&folder.join("nodes")).await?);
        }
        Ok(vec![Figure::new(
            "median block interval, 4 nodes, empty blocks",
            (milliseconds(whole), "ms"),
            ("engine alone", milliseconds(alone)),
            "<= 1.5",
        )])
    })
}

async fn node_intervals(folder: &std::path::Path) -> Result<Vec<Duration>, Failure> {
    let cast = Cast::new(1_700_000_000_000)?;
    network::among(folder, &cast, Duration::ZERO, async |nodes| watch(nodes).await).await
}

async fn watch(nodes: &[NodeHandle]) -> Result<Vec<Duration>, Failure> {
    let mut tip = network::first(nodes)?.tip();
    let mut seen: Vec<(Height, tokio::time::Instant)> = Vec::new();
    let collect = async {
        while seen.len() <= HEIGHTS && tip.changed().await.is_ok() {
            seen.push((tip.borrow_and_update().height(), tokio::time::Instant::now()));
        }
    };
    tokio::time::timeout(PATIENCE, collect)
        .await
        .or_fail(Code::TimedOut, "the nodes do not decide")?;
    // A watcher that was late sees several heights as one step.
    let step = |pair: &[(Height, tokio::time::Instant)]| match pair {
        [(from, begin), (to, end)] => {
            let blocks = u32::try_from(to.since(*from)).unwrap_or(u32::MAX).max(1);
            Some(end.duration_since(*begin) / blocks)
        }
        _ => None,
    };
    Ok(seen.windows(2).filter_map(step).collect())
}

fn milliseconds(mut intervals: Vec<Duration>) -> f64 {
    intervals.sort();
    let median = intervals.get(intervals.len() / 2).copied().unwrap_or_default();
    median.as_secs_f64() * 1_000.0
}
