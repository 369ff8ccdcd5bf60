//! Stores whose files were damaged between two runs.
//!
//! What is promised: a damaged store is refused with a reason, when it is opened or where the damage
//! is met; it never passes for an older one, and no honest block is ever taken for an invalid one
//! because of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use probity_primitives::Height;
use probity_simulations::{World, WorldConfig};

use super::mark::{self, Mark};
use super::{Store, StoreKind, journal, open};
use crate::mempool::Limits;
use crate::replica::application::{Application, Synced, Verdict};
use crate::replica::{OpenError, Replica, ReplicaError};

const BLOCKS: u64 = 25;
/// After how many blocks the store is opened anew.
const REOPENED: u64 = 4;
/// How many blocks are left for after the damage.
const LEFT: usize = 5;

/// What became of a damaged store.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// It was not opened, or its chain was refused.
    Refused,
    /// It is the chain at an earlier height, and nobody noticed.
    Earlier,
    /// The damage was met on the way.
    Met,
    /// Nothing was damaged that anybody reads.
    Whole,
}

fn chain(kind: StoreKind, folder: &Path) -> World {
    let mut world = World::new(&WorldConfig { operators: 4, ..Default::default() }).unwrap();
    world.pass(BLOCKS).unwrap();
    let begin = || {
        let store = open(kind, folder).unwrap();
        Replica::open(store, &world.genesis, None, Limits::default()).unwrap()
    };
    let mut replica = begin();
    for (block, _) in world.log.iter().skip(1).rev().skip(LEFT).rev() {
        if block.header.height.0.is_multiple_of(REOPENED) {
            // The journal begins anew with every start, so that it holds the newest blocks alone.
            drop(replica);
            replica = begin();
        }
        let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
        let synced = replica.synced(block.header.height, 0, Bytes::from(block.encode()));
        assert!(matches!(synced, Synced::Judged(Verdict { valid: true, .. })), "{synced:?}");
        replica.decide(commit).unwrap();
    }
    drop(replica);
    world
}

/// The largest file of a database: its log, or its pages. What its journal holds is durable there
/// once the store was closed.
fn main_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_journal = |path: &PathBuf| journal::FILE_NAMES.iter().any(|name| path.ends_with(name));
    let files = files.filter(|path| path.is_file() && !of_journal(path));
    files.max_by_key(|path| path.metadata().unwrap().len()).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn outcome(kind: StoreKind, folder: &Path, world: &World) -> Outcome {
    let Ok(store) = open(kind, folder) else { return Outcome::Refused };
    let store: Arc<dyn Store> = store;
    let mut replica = match Replica::open(store, &world.genesis, None, Limits::default()) {
        Ok(replica) => replica,
        Err(OpenError::Store(_) | OpenError::Damaged { .. } | OpenError::Newer(_)) => {
            return Outcome::Refused;
        }
        Err(error) => panic!("{error}"),
    };
    if Mark::open(folder, replica.chain().height()).is_err() {
        return Outcome::Refused;
    }
    let height = usize::try_from(replica.chain().height().0).unwrap();
    assert_eq!(replica.chain().tip(), &world.log[height].0.header);
    for (block, _) in world.log.iter().skip(height + 1) {
        let commit = world.certify(&block.header, replica.chain().validators()).unwrap();
        match replica.synced(block.header.height, 0, Bytes::from(block.encode())) {
            Synced::Judged(Verdict { valid: true, .. }) => {}
            Synced::Unavailable => return Outcome::Met,
            other @ (Synced::Judged(_) | Synced::Malformed) => {
                panic!("an honest block is {other:?}")
            }
        }
        match replica.decide(commit) {
            Ok(()) => {}
            Err(ReplicaError::Store(_)) => return Outcome::Met,
            Err(error) => panic!("{error}"),
        }
    }
    assert_eq!(replica.chain().tip(), world.chain.tip());
    if height + LEFT + 1 < world.log.len() { Outcome::Earlier } else { Outcome::Whole }
}

/// Damages copies of a store in many ways, and counts what became of them.
fn damage(kind: StoreKind) -> [usize; 4] {
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    let world = chain(kind, &whole);
    let committed = world.log.len() - 1 - LEFT;
    drop(Mark::open(&whole, Height(u64::try_from(committed).unwrap())).unwrap());
    let name = main_file(&whole).file_name().unwrap().to_owned();
    let bytes = fs::read(whole.join(&name)).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let mut counts = [0; 4];
    let mut run = |number: usize, bad: &[u8]| {
        let place = folder.path().join(number.to_string());
        copy(&whole, &place);
        fs::copy(mark::path(&whole), mark::path(&place)).unwrap();
        fs::write(place.join(&name), bad).unwrap();
        let found = outcome(kind, &place, &world);
        counts[match found {
            Outcome::Refused => 0,
            Outcome::Earlier => 1,
            Outcome::Met => 2,
            Outcome::Whole => 3,
        }] += 1;
        fs::remove_dir_all(&place).unwrap();
        fs::remove_file(mark::path(&place)).unwrap();
    };
    for number in 0..24 {
        let mut bad = bytes.clone();
        // Places without a pattern, all over what was written.
        let at = (number * 7_919 + number * number * 104_729) % used;
        for byte in &mut bad[at..(at + 64).min(used)] {
            *byte ^= 0x5a;
        }
        run(number, &bad);
    }
    for part in 1..8 {
        run(100 + part, &bytes[..used * part / 8]);
    }
    run(200, &[]);
    counts
}

#[test]
fn a_damaged_sled_store_is_refused_when_it_is_opened_or_where_it_is_read() {
    let [refused, earlier, met, whole] = damage(StoreKind::Sled);
    println!("sled: {refused} refused, {earlier} earlier, {met} met later, {whole} whole");
    assert_eq!(earlier, 0);
    assert!(refused + met >= 20, "{refused} {earlier} {met} {whole}");
}

#[test]
fn a_damaged_redb_store_is_refused_when_it_is_opened_or_where_it_is_read() {
    let [refused, earlier, met, whole] = damage(StoreKind::Redb);
    println!("redb: {refused} refused, {earlier} earlier, {met} met later, {whole} whole");
    assert_eq!(earlier, 0);
    assert!(refused + met >= 7, "{refused} {earlier} {met} {whole}");
}
