//! Stores in files that fail: a writer that is killed, a file that may not grow, a tail cut off.
//!
//! What was acknowledged must be there, whole; what was not may be there, whole. Where the file
//! itself was cut behind the store's back, nothing can bring the tail back: then the store has to
//! refuse to open, or hold a whole beginning, which a node completes from its peers.

#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use probity_node::store::{StoreKind, open};
use probity_sim_network::batches::inspect;

const WRITER: &str = env!("CARGO_BIN_EXE_probity-sim-writer");
const KINDS: [StoreKind; 2] = [StoreKind::Sled, StoreKind::Redb];

fn writer(kind: StoreKind, folder: &Path, most: u64) -> Child {
    Command::new(WRITER)
        .args([&kind.to_string(), folder.to_str().unwrap(), &most.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// A writer whose files end at so many blocks of 512 bytes: a write beyond fails with `EFBIG`.
fn limited(kind: StoreKind, folder: &Path, blocks: u64) -> Child {
    let script = format!("ulimit -f {blocks}; trap '' XFSZ; exec timeout 60 \"$0\" \"$@\"");
    Command::new("sh")
        .args(["-c", &script, WRITER, &kind.to_string(), folder.to_str().unwrap(), "5000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The newest batch of a folder that must open and be whole.
fn newest(kind: StoreKind, folder: &Path) -> Option<u64> {
    let store = open(kind, folder).unwrap_or_else(|error| panic!("{kind}: {error}"));
    inspect(store.as_ref()).unwrap_or_else(|error| panic!("{kind}: {error}"))
}

#[test]
fn a_killed_writer_loses_nothing_that_was_acknowledged() {
    for kind in KINDS {
        let dir = tempfile::tempdir().unwrap();
        let mut acknowledged = None;
        for round in 1..=6usize {
            let mut child = writer(kind, dir.path(), u64::MAX);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            for line in lines.take(7 * round) {
                let line = line.unwrap();
                acknowledged = Some(line.parse::<u64>().unwrap_or_else(|_| panic!("{line}")));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let found = newest(kind, dir.path());
            assert!(found >= acknowledged, "{kind}: {found:?} of {acknowledged:?}");
        }
    }
}

#[test]
fn a_file_that_may_not_grow_refuses_and_loses_nothing_that_was_acknowledged() {
    for kind in KINDS {
        for blocks in [2_048, 3_000] {
            let dir = tempfile::tempdir().unwrap();
            let mut child = limited(kind, dir.path(), blocks);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let lines: Vec<String> = lines.map(Result::unwrap).collect();
            child.wait().unwrap();
            let acknowledged = lines.iter().filter_map(|line| line.parse::<u64>().ok()).max();
            assert!(acknowledged < Some(4_999), "{kind}: the limit was never met");
            // A store that never held anything may be in any state; a node begins it anew.
            if acknowledged.is_some() {
                let found = newest(kind, dir.path());
                assert!(found >= acknowledged, "{kind}: {found:?} of {acknowledged:?}: {lines:?}");
            }
        }
    }
}

#[test]
fn a_cut_file_is_refused_or_holds_a_whole_beginning() {
    for kind in KINDS {
        for cut in [1, 100, 5_000, 60_000] {
            let dir = tempfile::tempdir().unwrap();
            assert!(writer(kind, dir.path(), 60).wait().unwrap().success());
            assert_eq!(newest(kind, dir.path()), Some(59));
            let file = largest(dir.path());
            let len = file.metadata().unwrap().len();
            let handle = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
            handle.set_len(len.saturating_sub(cut)).unwrap();
            drop(handle);
            if let Ok(store) = open(kind, dir.path()) {
                let found = inspect(store.as_ref());
                let torn = found.as_ref().is_err_and(|reason| !reason.contains("cannot read"));
                assert!(!torn, "{kind}, cut by {cut}: {found:?}");
            }
        }
    }
}

/// The largest file below a folder: where a store keeps its entries.
fn largest(folder: &Path) -> PathBuf {
    let mut open = vec![folder.to_path_buf()];
    let mut files = Vec::new();
    while let Some(next) = open.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.into_iter().max_by_key(|file| file.metadata().unwrap().len()).unwrap()
}
