//! Four whole nodes of a network of nobody but its validators, in this process and on loopback.

use std::path::Path;
use std::time::Duration;

use probity_node::{Node, NodeHandle};

use crate::cli::Global;
use crate::commands::node;
use crate::demo::cast::Cast;
use crate::demo::network::homes;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{Home, Place};

/// Starts the nodes of a cast with their homes below a folder, has something done among them, and
/// ends them, whatever became of it.
pub(super) async fn among<T>(
    folder: &Path,
    cast: &Cast,
    block_time: Duration,
    work: impl AsyncFnOnce(&[NodeHandle]) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut nodes = Vec::new();
    for home in homes(folder, cast, block_time)? {
        let config = node::config(&Global::default(), &Home::at(Place::under(&home), &[])?)?;
        nodes.push(Node::start(config).await.or_fail(Code::Other, "a node does not start")?);
    }
    let done = work(&nodes).await;
    for node in &nodes {
        node.shutdown().await;
    }
    done
}

/// The first of them.
pub(super) fn first(nodes: &[NodeHandle]) -> Result<&NodeHandle, Failure> {
    nodes.first().ok_or_else(|| Failure::new(Code::Other, "no node runs"))
}

/// This moment, as a genesis document has it.
pub(super) fn now_ms() -> u64 {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    u64::try_from(now.as_millis()).unwrap_or(0)
}
