//! A store from a snapshot.
//!
//! # Invariants
//! - The store is filled under another name and renamed when all of it is durable. A restore that
//!   was cut short leaves that other name behind: the next one begins anew, and a node does not
//!   start beside it as if it were new.
//! - Nothing is written for a snapshot that does not hold.

use std::fs;
use std::path::{Path, PathBuf};

use probity_primitives::{Height, codec};
use probity_runtime::tree::{TreeValue, bulk};
use probity_runtime::{Chain, Genesis};

use super::check::{Checked, Trust, check, each_chunk};
use super::make::sync_folder;
use super::manifest::Manifest;
use super::{SnapshotError, io};
use crate::replica::restored;
use crate::store::{self, Backing, Batch, StoreError, StoreKind, mark, schema};

/// Added to a store's name while it is filled.
const RESTORING: &str = "restoring";
/// A batch is written when it has so many keys.
const BATCH: usize = 128;

/// Whether a restore into this store was cut short.
#[must_use]
pub fn is_cut_short(store: &Path) -> bool {
    aside(store).exists()
}

/// Checks a snapshot and makes a store of it at `store`, which must not be there.
///
/// # Errors
/// [`SnapshotError`]; there is no store then.
pub fn restore(
    manifest: &Manifest,
    folder: &Path,
    genesis: &Genesis,
    trust: Option<Trust>,
    kind: StoreKind,
    store: &Path,
) -> Result<Chain, SnapshotError> {
    if fs::read_dir(store).is_ok_and(|mut files| files.next().is_some()) {
        return Err(SnapshotError::NotEmpty(store.to_owned()));
    }
    let Checked { chain, leaves } = check(manifest, folder, genesis, trust)?;
    let aside = aside(store);
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(io(&aside))?;
    }
    fs::create_dir_all(&aside).map_err(io(&aside))?;
    fill(manifest, folder, leaves, kind, &aside)?;
    sync_folder(&aside)?;
    if store.exists() {
        // An empty folder, as an installer may have made it.
        fs::remove_dir(store).map_err(io(store))?;
    }
    // What a store that was here before had come to says nothing of this one.
    let mark = mark::path(store);
    if mark.exists() {
        fs::remove_file(&mark).map_err(io(&mark))?;
    }
    fs::rename(&aside, store).map_err(io(store))?;
    if let Some(parent) = store.parent() {
        sync_folder(parent)?;
    }
    Ok(chain)
}

fn aside(store: &Path) -> PathBuf {
    store.with_extension(RESTORING)
}

/// Writes everything, and closes the store.
///
/// Entries, values of the tree and its nodes are families of keys of their own, which three threads
/// write side by side, each in the order of its keys: that is what a database takes in best.
fn fill(
    manifest: &Manifest,
    folder: &Path,
    leaves: bulk::Leaves,
    kind: StoreKind,
    path: &Path,
) -> Result<(), SnapshotError> {
    let store = store::open_bare(kind, path)?;
    let store = store.as_ref();
    std::thread::scope(|scope| {
        let entries = scope.spawn(|| fill_entries(manifest, folder, Writer::new(store)));
        let values = scope.spawn(|| fill_values(manifest, folder, Writer::new(store)));
        let mut writer = Writer::new(store);
        let put = &mut |key: Vec<u8>, node| writer.put(schema::tree_node(&key), node);
        let nodes = leaves.build(manifest.height(), put).and_then(|_| writer.flush());
        nodes.and(joined(entries)).and(joined(values))
    })?;
    // What makes it a chain comes last.
    let mut writer = Writer::new(store);
    fill_proof(manifest, &mut writer)?;
    writer.flush()?;
    Ok(store.sync()?)
}

fn joined(
    thread: std::thread::ScopedJoinHandle<'_, Result<(), SnapshotError>>,
) -> Result<(), SnapshotError> {
    let panicked = |_| StoreError::Write("a thread that filled the store panicked".to_owned());
    thread.join().map_err(panicked)?
}

fn fill_entries(
    manifest: &Manifest,
    folder: &Path,
    mut writer: Writer<'_>,
) -> Result<(), SnapshotError> {
    each_chunk(manifest, folder, |entries| {
        entries
            .into_iter()
            .try_for_each(|(key, value)| writer.put(schema::state_entry(&key), value))
    })?;
    writer.flush()
}

/// The values of the tree stand by hashes, so they are sorted first.
fn fill_values(
    manifest: &Manifest,
    folder: &Path,
    mut writer: Writer<'_>,
) -> Result<(), SnapshotError> {
    let height = manifest.height();
    let mut values = Vec::new();
    each_chunk(manifest, folder, |entries| {
        values.extend(entries.into_iter().map(|(key, value)| {
            let TreeValue { key_hash, version: _, bytes } = bulk::value_of(height, &key, &value);
            (key_hash, bytes)
        }));
        Ok(())
    })?;
    values.sort_unstable_by_key(|(hash, _)| *hash);
    for (hash, bytes) in values {
        writer.put(schema::tree_value(hash.as_bytes(), height.0), bytes)?;
    }
    writer.flush()
}

/// Headers, votes and changes of validators, and where the chain stands.
fn fill_proof(manifest: &Manifest, writer: &mut Writer<'_>) -> Result<(), SnapshotError> {
    let height = manifest.height();
    for change in &manifest.changes {
        let at = change.header.height;
        writer.put(schema::header(at), codec::encode(&change.header))?;
        writer.put(schema::certificate(at), codec::encode(&change.commit))?;
        writer.put(schema::validator_set(at), codec::encode(&change.next))?;
    }
    writer.put(schema::header(height), codec::encode(&manifest.header))?;
    writer.put(schema::certificate(height), codec::encode(&manifest.commit))?;
    restored(&mut writer.batch, manifest.genesis_hash, first_block(height));
    writer.put(schema::tip(), codec::encode(&height))
}

/// The first block that a restored node will have.
fn first_block(height: Height) -> Height {
    height.next().unwrap_or(height)
}

/// Hands entries to a store in batches. Nothing is durable before the store is asked for that.
struct Writer<'a> {
    store: &'a dyn Backing,
    batch: Batch,
}

impl<'a> Writer<'a> {
    const fn new(store: &'a dyn Backing) -> Self {
        Self { store, batch: Batch::new() }
    }

    fn put(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), SnapshotError> {
        self.batch.put(key, value);
        if self.batch.len() >= BATCH { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        Ok(self.store.load(std::mem::take(&mut self.batch))?)
    }
}
