//! `probity node snapshot`: the snapshots of a home.

use std::path::{Path, PathBuf};
use std::time::Instant;

use probity_api::view::SnapshotView;
use probity_node::replica::Replica;
use probity_node::snapshot::{
    Checked, Manifest, Shelf, SnapshotError, Trust, check, is_cut_short, make, restore,
};
use probity_node::store;
use probity_primitives::Height;
use serde::Serialize;

use crate::cli::{Global, SnapshotVerb, Which};
use crate::exit::{Code, Failure, OrFail};
use crate::home::Home;
use crate::output::{self, Table};

/// What is said of one snapshot.
#[derive(Debug, Serialize)]
struct Said {
    schema: &'static str,
    /// What was done.
    done: &'static str,
    /// Where it is.
    folder: PathBuf,
    #[serde(flatten)]
    snapshot: SnapshotView,
    /// How many validators decide after it.
    validators: usize,
    /// How many times the validators changed since genesis.
    changes: usize,
    /// How long it took, in milliseconds.
    elapsed_ms: u128,
}

#[derive(Debug, Serialize)]
struct Listed {
    schema: &'static str,
    folder: PathBuf,
    snapshots: Vec<SnapshotView>,
}

pub(crate) fn run(global: &Global, verb: SnapshotVerb) -> Result<(), Failure> {
    let home = Home::open(global, &[])?;
    match verb {
        SnapshotVerb::Create => create(global, &home),
        SnapshotVerb::List => list(global, &home),
        SnapshotVerb::Verify { which } => prove(global, &home, &which),
        SnapshotVerb::Restore { which } => bring_back(global, &home, &which),
    }
}

/// Where a home keeps its snapshots.
pub(crate) fn shelf(home: &Home) -> Shelf {
    Shelf::new(home.place.data.join("snapshots"))
}

/// Where a home keeps its chain.
pub(crate) fn store_folder(home: &Home) -> PathBuf {
    home.place.data.join("store")
}

fn create(global: &Global, home: &Home) -> Result<(), Failure> {
    let start = Instant::now();
    let (folder, shelf) = (store_folder(home), shelf(home));
    if is_cut_short(&folder) || !folder.exists() {
        let message = format!("there is no chain in {}", folder.display());
        return Err(Failure::new(Code::Other, message));
    }
    let store = store::open(home.settings.store.kind, &folder).map_err(|error| {
        Failure::new(Code::Other, error)
            .hint("a node that runs makes snapshots by itself: set snapshots.every")
    })?;
    let replica = Replica::open(store, &home.genesis, None, home.settings.mempool.limits())
        .or_fail(Code::Verification, "the home's chain cannot be used")?;
    let manifest = make(replica.chain(), &replica.history(), &shelf).map_err(failure)?;
    let folder = shelf.folder(manifest.height());
    say(global, "created", &manifest, folder, replica.chain().validators().len(), start)
}

fn list(global: &Global, home: &Home) -> Result<(), Failure> {
    let shelf = shelf(home);
    let snapshots = shelf.summaries().map_err(failure)?;
    let listed =
        Listed { schema: "probity.snapshot_list/v1", folder: shelf.root().to_owned(), snapshots };
    output::show(global.output, &listed, |listed| {
        let mut table = Table::new(&[">height", ">entries", ">bytes", "id"]);
        for one in &listed.snapshots {
            table.row(vec![
                one.height.to_string(),
                one.entries.to_string(),
                one.bytes.to_string(),
                one.id.to_string(),
            ]);
        }
        format!("Snapshots in {}:\n\n{}", listed.folder.display(), table.text())
    })
}

fn prove(global: &Global, home: &Home, which: &Which) -> Result<(), Failure> {
    let start = Instant::now();
    let (manifest, folder) = find(home, which)?;
    let Checked { chain, .. } =
        check(&manifest, &folder, &home.genesis, trusted(which)).map_err(failure)?;
    say(global, "verified", &manifest, folder, chain.validators().len(), start)
}

fn bring_back(global: &Global, home: &Home, which: &Which) -> Result<(), Failure> {
    let start = Instant::now();
    let (manifest, folder) = find(home, which)?;
    let validators = into_store(home, &manifest, &folder, trusted(which))?;
    say(global, "restored", &manifest, folder, validators, start)
}

/// Restores a snapshot into a home; gives the number of validators after it.
pub(crate) fn into_store(
    home: &Home,
    manifest: &Manifest,
    folder: &Path,
    trust: Option<Trust>,
) -> Result<usize, Failure> {
    let (kind, store) = (home.settings.store.kind, store_folder(home));
    let chain = restore(manifest, folder, &home.genesis, trust, kind, &store).map_err(failure)?;
    Ok(chain.validators().len())
}

fn trusted(which: &Which) -> Option<Trust> {
    which.trust.trust.map(|trusted| trusted.0)
}

/// The snapshot that is meant: a folder, a height, or the newest one.
fn find(home: &Home, which: &Which) -> Result<(Manifest, PathBuf), Failure> {
    let shelf = shelf(home);
    let named = which.snapshot.as_ref();
    let folder = match named.filter(|path| path.is_dir()) {
        Some(folder) => folder.clone(),
        None => {
            let height = match named {
                Some(name) => height(name)?,
                None => shelf.heights().map_err(failure)?.last().copied().ok_or_else(|| {
                    let message = format!("there is no snapshot in {}", shelf.root().display());
                    Failure::new(Code::Other, message)
                })?,
            };
            shelf.folder(height)
        }
    };
    let path = folder.join("manifest.json");
    let what = format!("cannot read {}", path.display());
    let json = std::fs::read(&path).or_fail(Code::Other, &what)?;
    Ok((Manifest::from_json(&json).map_err(failure)?, folder))
}

fn height(name: &Path) -> Result<Height, Failure> {
    let text = name.display().to_string();
    text.parse().map(Height).map_err(|_| {
        Failure::new(Code::Usage, format_args!("{text:?} is neither a folder nor a height"))
    })
}

/// A snapshot that does not hold is a failed verification; anything else is this machine's.
pub(crate) fn failure(error: SnapshotError) -> Failure {
    let code = if error.is_refusal() { Code::Verification } else { Code::Other };
    Failure::new(code, error)
}

pub(crate) fn say(
    global: &Global,
    done: &'static str,
    manifest: &Manifest,
    folder: PathBuf,
    validators: usize,
    start: Instant,
) -> Result<(), Failure> {
    let said = Said {
        schema: "probity.snapshot_report/v1",
        done,
        folder,
        snapshot: manifest.summary(),
        validators,
        changes: manifest.changes.len(),
        elapsed_ms: start.elapsed().as_millis(),
    };
    output::show(global.output, &said, |said| {
        let Said { done, folder, snapshot, validators, changes, elapsed_ms, schema: _ } = said;
        let SnapshotView { height, block, id, state_root, entries, chunks, bytes, .. } = snapshot;
        format!(
            "{done} the snapshot of height {height} in {elapsed_ms} ms\n  \
             id          {id}\n  block       {block}\n  state root  {state_root}\n  \
             entries     {entries} in {chunks} chunks, {bytes} bytes\n  \
             validators  {validators}, after {changes} changes since genesis\n  \
             folder      {}",
            folder.display()
        )
    })
}
