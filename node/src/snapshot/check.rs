//! Whether a snapshot holds.
//!
//! Three steps, each on the one before: the votes for the header follow from the genesis document,
//! by every change of validators; the root in the header follows from the entries; the entries are
//! those of the chunks. What a source says besides counts for nothing.
//!
//! # Not here
//! Whether the genesis document's validators have since sold their keys to someone who writes
//! another past: who must not rely on them gives a newer block to trust ([`Trust`]), or asks
//! several sources.

use std::path::Path;

use probity_primitives::{BlockHash, Height};
use probity_runtime::chain::Loader;
use probity_runtime::trail::Trail;
use probity_runtime::tree::bulk::Leaves;
use probity_runtime::{Chain, Genesis};

use super::chunk;
use super::make::read_bounded;
use super::manifest::{MAX_CHUNK_BYTES, Manifest};
use super::shelf::chunk_name;
use super::{SnapshotError, io};

/// A block that the reader knows to be the chain's, from wherever the reader trusts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trust {
    /// Its height.
    pub height: Height,
    /// Its name.
    pub block: BlockHash,
}

/// A snapshot that holds.
#[derive(Debug)]
pub struct Checked {
    /// The chain at its height.
    pub chain: Chain,
    /// Where its entries stand in the tree.
    pub leaves: Leaves,
}

/// Checks all that a manifest can show without its chunks.
///
/// # Errors
/// [`SnapshotError`] with the step that does not hold.
pub fn check_manifest(
    manifest: &Manifest,
    genesis: &Genesis,
    trust: Option<Trust>,
) -> Result<(), SnapshotError> {
    let expected_hash = genesis.hash();
    if manifest.chain_id != genesis.chain_id || manifest.genesis_hash != expected_hash {
        return Err(SnapshotError::OtherChain {
            found: manifest.chain_id.clone(),
            found_hash: manifest.genesis_hash,
            expected: genesis.chain_id.clone(),
            expected_hash,
        });
    }
    let mut trail = Trail::begin(genesis)?;
    for change in &manifest.changes {
        trail.pass(change)?;
    }
    trail.arrive(&manifest.header, &manifest.commit)?;
    trust.map_or(Ok(()), |trust| is_on_the_way(manifest, trust))
}

/// A trusted block is the snapshot's own, or one at which validators changed on the way to it.
fn is_on_the_way(manifest: &Manifest, trust: Trust) -> Result<(), SnapshotError> {
    let Trust { height, block } = trust;
    let headers = manifest.changes.iter().map(|change| &change.header);
    let mut headers = headers.chain(std::iter::once(&manifest.header));
    let reason = match headers.find(|header| header.height == height) {
        Some(header) if header.hash() == block => return Ok(()),
        Some(header) => format!("it has {}", header.hash()),
        None => {
            format!("it leads to height {} and shows no block of that height", manifest.height())
        }
    };
    Err(SnapshotError::Untrusted { height, trusted: block.0, reason })
}

/// Checks a snapshot whose chunks are in a folder.
///
/// # Errors
/// [`SnapshotError`] with the step that does not hold.
pub fn check(
    manifest: &Manifest,
    folder: &Path,
    genesis: &Genesis,
    trust: Option<Trust>,
) -> Result<Checked, SnapshotError> {
    check_manifest(manifest, genesis, trust)?;
    let mut loader = Loader::new(genesis, manifest.header.clone())?;
    each_chunk(manifest, folder, |entries| {
        for (key, value) in &entries {
            loader.entry(key, value)?;
        }
        Ok(())
    })?;
    let (chain, leaves) = loader.finish()?;
    if u64::try_from(leaves.len()) != Ok(manifest.entries) {
        let (different, said) = (leaves.len(), manifest.entries);
        let reason = format!("of its {said} entries only {different} are different ones");
        return Err(SnapshotError::Manifest(reason));
    }
    Ok(Checked { chain, leaves })
}

/// Hands out the entries of each chunk in order, after a look at the chunk's hash.
pub(super) fn each_chunk(
    manifest: &Manifest,
    folder: &Path,
    mut take: impl FnMut(Vec<chunk::StateEntry>) -> Result<(), SnapshotError>,
) -> Result<(), SnapshotError> {
    for (index, info) in (0u32..).zip(manifest.chunks.iter()) {
        let path = folder.join(chunk_name(index));
        if !path.is_file() {
            return Err(io(&path)(std::io::ErrorKind::NotFound.into()));
        }
        let bytes = read_bounded(&path, u64::try_from(MAX_CHUNK_BYTES).unwrap_or(u64::MAX))?;
        take(chunk::read(index, info, &bytes)?)?;
    }
    Ok(())
}
