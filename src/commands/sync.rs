//! `probity node sync`: an empty home from the snapshot of other nodes.
//!
//! Manifests come from every source and are proven one by one; then they must name one snapshot.
//! Chunks come from whoever gives the right ones: a source that lies, stalls or vanishes is left
//! out, and what is there already is not asked for again.
//!
//! # Invariants
//! - Nothing is restored from one source alone, unless a block to trust was given.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, IsTerminal, Write};
use std::time::Instant;

use probity_client::Client;
use probity_node::snapshot::check::check_manifest;
use probity_node::snapshot::download::Download;
use probity_node::snapshot::manifest::{MAX_CHUNK_BYTES, MAX_MANIFEST_BYTES};
use probity_node::snapshot::{Manifest, Trust};
use probity_primitives::{Hash, Height};

use super::snapshot::{failure, into_store, say, store_folder};
use crate::cli::{Global, Sync};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::home::Home;
use crate::output;

/// How many sources have to name the same snapshot, where no block is trusted.
const AGREEING: usize = 2;

pub(crate) fn run(global: &Global, arguments: &Sync) -> Result<(), Failure> {
    let start = Instant::now();
    let home = Home::open(global, &[])?;
    let trust = arguments.trust.trust.map(|trusted| trusted.0);
    let store = store_folder(&home);
    if std::fs::read_dir(&store).is_ok_and(|mut files| files.next().is_some()) {
        let message = format!("{} holds a chain already", store.display());
        return Err(Failure::new(Code::Other, message)
            .hint("a node that is behind catches up by itself: start it"));
    }
    let (manifest, folder) = block_on(fetch(global, &home, arguments, trust))?;
    output::say(global, "all chunks are here; the state is checked and written");
    let validators = into_store(&home, &manifest, &folder, trust)?;
    // What it was made from is not needed any more; that it stays would only cost room.
    let _ = std::fs::remove_dir_all(&folder);
    say(global, "restored", &manifest, store, validators, start)?;
    output::say(global, "`probity node start` goes on from here");
    Ok(())
}

async fn fetch(
    global: &Global,
    home: &Home,
    arguments: &Sync,
    trust: Option<Trust>,
) -> Result<(Manifest, std::path::PathBuf), Failure> {
    let mut sources = Vec::new();
    for url in &arguments.from {
        sources.push(Client::new(url).or_fail(Code::Usage, "a source is no URL")?);
    }
    let needed = if trust.is_some() { 1 } else { AGREEING };
    if sources.len() < needed {
        let message = "one source alone could show you another chain than everyone else's";
        return Err(Failure::new(Code::Usage, message)
            .hint("name a second one with --from, or a block that you know with --trust"));
    }
    let (manifest, sources) = agree(global, home, sources, trust, needed).await?;
    confirm(global, home, &manifest, sources.len())?;
    let root = home.place.data.join("downloads");
    let download = Download::begin(&manifest, &root).map_err(failure)?;
    chunks(global, &download, &manifest, sources).await?;
    download.finish().map_err(failure)?;
    let folder = download.folder().to_owned();
    drop(download);
    Ok((manifest, folder))
}

/// The newest snapshot that enough sources have, and those that have it.
async fn agree(
    global: &Global,
    home: &Home,
    sources: Vec<Client>,
    trust: Option<Trust>,
    needed: usize,
) -> Result<(Manifest, Vec<Client>), Failure> {
    let mut offers: BTreeMap<Height, Vec<Client>> = BTreeMap::new();
    for source in sources {
        match source.snapshots().await {
            Ok(snapshots) => {
                for height in snapshots.iter().map(|snapshot| snapshot.height) {
                    offers.entry(height).or_default().push(source.clone());
                }
            }
            Err(error) => output::say(global, &format!("left out: {error}")),
        }
    }
    offers.retain(|_, sources| sources.len() >= needed);
    let wanted = trust.map(|trust| trust.height).filter(|height| offers.contains_key(height));
    let newest = wanted.or_else(|| offers.keys().next_back().copied());
    let Some((height, sources)) = newest.and_then(|height| offers.remove_entry(&height)) else {
        let message = format!("no height has a snapshot at {needed} of the sources");
        return Err(Failure::new(Code::Unreachable, message).hint(
            "nodes with snapshots.serve hand them out, the first at the height snapshots.every",
        ));
    };
    let mut proven: BTreeMap<Hash, (Manifest, Vec<Client>)> = BTreeMap::new();
    for source in sources {
        match proven_manifest(home, &source, height, trust).await {
            Ok(manifest) => {
                let entry = proven.entry(manifest.id());
                entry.or_insert_with(|| (manifest, Vec::new())).1.push(source);
            }
            Err(refused) => output::say(global, &format!("left out: {refused:?}")),
        }
    }
    if proven.len() > 1 {
        let names: Vec<String> = proven.keys().map(Hash::to_string).collect();
        let message = format!("the sources name different snapshots of height {height}: ");
        return Err(Failure::new(Code::Verification, message + &names.join(", "))
            .hint("ask someone you trust for the hash of the block, and give it with --trust"));
    }
    match proven.pop_first() {
        Some((_, (manifest, sources))) if sources.len() >= needed => Ok((manifest, sources)),
        Some(_) | None => {
            let message = format!(
                "fewer than {needed} sources have a snapshot of height {height} that holds"
            );
            Err(Failure::new(Code::Verification, message))
        }
    }
}

async fn proven_manifest(
    home: &Home,
    source: &Client,
    height: Height,
    trust: Option<Trust>,
) -> Result<Manifest, Failure> {
    let from = source.base_url();
    let limit = u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX);
    let json = source
        .snapshot_manifest(height, limit)
        .await
        .or_fail(Code::Unreachable, &format!("no manifest from {from}"))?;
    let what = format!("the manifest of {from} does not hold");
    let manifest = Manifest::from_json(&json).or_fail(Code::Verification, &what)?;
    check_manifest(&manifest, &home.genesis, trust).or_fail(Code::Verification, &what)?;
    Ok(manifest)
}

/// Shows what would be restored, and asks.
fn confirm(
    global: &Global,
    home: &Home,
    manifest: &Manifest,
    sources: usize,
) -> Result<(), Failure> {
    let one = manifest.summary();
    let text = format!(
        "{sources} sources have this snapshot, and the votes for it hold:\n  \
         chain       {} (genesis {})\n  height      {}\n  block       {}\n  \
         entries     {} in {} chunks, {} bytes",
        manifest.chain_id,
        manifest.genesis_hash,
        one.height,
        one.block,
        one.entries,
        one.chunks,
        one.bytes
    );
    output::say(global, &text);
    if global.yes {
        return Ok(());
    }
    let place = store_folder(home);
    if global.no_input || !std::io::stdin().is_terminal() {
        let message = format!("whether to make {} of it has to be confirmed", place.display());
        return Err(Failure::new(Code::NeedsInput, message).hint("--yes confirms it"));
    }
    let mut stderr = std::io::stderr().lock();
    // A closed standard error cannot be asked on; then nothing is typed either.
    let _ = write!(stderr, "Make the store {} of it? [y/N] ", place.display());
    let _ = stderr.flush();
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer).or_fail(Code::NeedsInput, "no answer")?;
    if matches!(answer.trim(), "y" | "Y" | "yes") {
        Ok(())
    } else {
        Err(Failure::new(Code::Other, "nothing was changed"))
    }
}

/// Fetches what is missing, from one source after another.
async fn chunks(
    global: &Global,
    download: &Download<'_>,
    manifest: &Manifest,
    sources: Vec<Client>,
) -> Result<(), Failure> {
    let limit = u64::try_from(MAX_CHUNK_BYTES).unwrap_or(u64::MAX);
    let mut sources: VecDeque<Client> = sources.into();
    let mut missing: VecDeque<u32> = download.missing().into();
    let there = manifest.chunks.len().saturating_sub(missing.len());
    output::say(global, &format!("{there} of {} chunks are here already", manifest.chunks.len()));
    while let Some(index) = missing.pop_front() {
        let Some(source) = sources.pop_front() else {
            let left = missing.len().saturating_add(1);
            let message = format!("no source is left, and {left} chunks are missing");
            return Err(Failure::new(Code::Unreachable, message)
                .hint("run the command again: what is here is kept"));
        };
        let got = source.snapshot_chunk(manifest.height(), index, limit).await;
        let kept = match got {
            Ok(bytes) => download
                .take(index, &bytes)
                .map_err(|error| (error.is_refusal(), format!("{}: {error}", source.base_url()))),
            Err(error) => Err((true, error.to_string())),
        };
        match kept {
            Ok(()) => sources.push_back(source),
            Err((true, reason)) => {
                output::say(global, &format!("left out from here on: {reason}"));
                missing.push_front(index);
            }
            Err((false, reason)) => return Err(Failure::new(Code::Other, reason)),
        }
    }
    Ok(())
}
