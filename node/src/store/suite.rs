//! The promises of [`Store`], as tests that every implementation runs.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{
    Batch, Entry, MAX_KEY_BYTES, MAX_VALUE_BYTES, MemoryStore, Store, StoreError, StoreKind, open,
};

/// Tells the child process of the kill test which store to write, and where.
const CHILD_VARIABLE: &str = "PROBITY_TEST_STORE_CHILD";
/// Entries in each batch that the child process writes.
const CHILD_ENTRIES: u64 = 50;

fn put(entries: &[(&[u8], &[u8])]) -> Batch {
    let mut batch = Batch::new();
    for (key, value) in entries {
        batch.put(*key, *value);
    }
    batch
}

fn keys(store: &dyn Store, prefix: &[u8]) -> Vec<Vec<u8>> {
    let entries: Result<Vec<Entry>, StoreError> = store.scan_prefix(prefix).unwrap().collect();
    entries.unwrap().into_iter().map(|(key, _)| key).collect()
}

fn a_batch_puts_and_deletes_at_once(store: &dyn Store) {
    store.write(put(&[(b"a", b"1"), (b"b", b"2")])).unwrap();
    let mut batch = put(&[(b"a", b"3"), (b"c", b"4")]);
    batch.delete(*b"b");
    batch.delete(*b"never there");
    store.write(batch).unwrap();
    assert_eq!(store.get(b"a").unwrap(), Some(b"3".to_vec()));
    assert_eq!(store.get(b"b").unwrap(), None);
    assert_eq!(store.get(b"c").unwrap(), Some(b"4".to_vec()));
    store.write(Batch::new()).unwrap();
}

fn a_scan_is_in_byte_order_and_keeps_to_its_prefix(store: &dyn Store) {
    let written: [&[u8]; 7] =
        [b"q\xff\xff", b"p\xff", b"p\x00", b"p", b"pa", b"o\xff", b"\xff\xff"];
    for key in written {
        store.write(put(&[(key, b"v")])).unwrap();
    }
    assert_eq!(keys(store, b"p"), [&b"p"[..], b"p\x00", b"pa", b"p\xff"]);
    assert_eq!(keys(store, b"\xff"), [b"\xff\xff"]);
    assert_eq!(keys(store, b"none"), Vec::<Vec<u8>>::new());
}

fn a_scan_ends_before_the_key_that_it_is_told(store: &dyn Store) {
    store.write(put(&[(b"p", b"v"), (b"pa", b"v"), (b"pb", b"v"), (b"q", b"v")])).unwrap();
    let keys = |below: &[u8]| {
        let entries: Result<Vec<Entry>, _> = store.scan(b"p", Some(below)).unwrap().collect();
        entries.unwrap().into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys(b"pb"), [&b"p"[..], b"pa"]);
    assert_eq!(keys(b"z"), [&b"p"[..], b"pa", b"pb"]);
    assert_eq!(keys(b"o"), Vec::<Vec<u8>>::new());
}

fn the_last_version_at_or_before_is_found_within_its_prefix(store: &dyn Store) {
    store.write(put(&[(b"k1/2", b"two"), (b"k1/5", b"five"), (b"k0/9", b"other")])).unwrap();
    let last = |key: &[u8]| store.last_at_or_before(b"k1/", key).unwrap().map(|entry| entry.1);
    assert_eq!(last(b"k1/1"), None);
    assert_eq!(last(b"k1/2"), Some(b"two".to_vec()));
    assert_eq!(last(b"k1/4"), Some(b"two".to_vec()));
    assert_eq!(last(b"k1/9"), Some(b"five".to_vec()));
}

fn a_value_of_a_block_s_size_reads_back(store: &dyn Store) {
    let big: Vec<u8> = (0..5_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
    store.write(put(&[(b"big", &big), (b"empty", b"")])).unwrap();
    assert!(store.get(b"big").unwrap() == Some(big));
    assert_eq!(store.get(b"empty").unwrap(), Some(Vec::new()));
}

fn a_batch_with_an_oversized_part_is_refused_as_a_whole(store: &dyn Store) {
    let long_key = vec![1; MAX_KEY_BYTES + 1];
    let refused = store.write(put(&[(b"first", b"1"), (&long_key, b"2")]));
    assert!(matches!(refused, Err(StoreError::KeyTooLong { len }) if len == MAX_KEY_BYTES + 1));
    let refused = store.write(put(&[(b"first", b"1"), (b"z", &vec![0; MAX_VALUE_BYTES + 1])]));
    assert!(matches!(refused, Err(StoreError::ValueTooLong { key, .. }) if key == "7a"));
    assert_eq!(store.get(b"first").unwrap(), None);
}

fn check(kind: StoreKind) {
    let fresh = |test: &dyn Fn(&dyn Store)| {
        let dir = tempfile::tempdir().unwrap();
        test(&*open(kind, dir.path()).unwrap());
    };
    fresh(&a_batch_puts_and_deletes_at_once);
    fresh(&a_scan_is_in_byte_order_and_keeps_to_its_prefix);
    fresh(&a_scan_ends_before_the_key_that_it_is_told);
    fresh(&the_last_version_at_or_before_is_found_within_its_prefix);
    fresh(&a_value_of_a_block_s_size_reads_back);
    fresh(&a_batch_with_an_oversized_part_is_refused_as_a_whole);
}

#[test]
fn the_memory_store_keeps_the_promises() {
    check(StoreKind::Memory);
}

#[test]
fn the_sled_store_keeps_the_promises() {
    check(StoreKind::Sled);
}

#[test]
fn the_redb_store_keeps_the_promises() {
    check(StoreKind::Redb);
}

#[test]
fn a_memory_store_is_shared_by_its_clones() {
    let store = MemoryStore::new();
    store.clone().write(put(&[(b"a", b"1")])).unwrap();
    assert_eq!(store.get(b"a").unwrap(), Some(b"1".to_vec()));
}

#[test]
fn a_reopened_store_has_every_acknowledged_batch() {
    for kind in [StoreKind::Sled, StoreKind::Redb] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("not yet there");
        for n in 0..3u8 {
            let store = open(kind, &path).unwrap();
            store.write(put(&[(&[n], &[n])])).unwrap();
            assert_eq!(keys(&*store, b"").len(), usize::from(n) + 1, "{kind}");
        }
    }
}

#[test]
fn a_store_that_is_held_open_is_not_opened_twice() {
    for kind in [StoreKind::Sled, StoreKind::Redb] {
        let dir = tempfile::tempdir().unwrap();
        let _held = open(kind, dir.path()).unwrap();
        let second = open(kind, dir.path()).err().unwrap().to_string();
        assert!(second.starts_with(&format!("cannot open the {kind} store at")), "{second}");
    }
}

#[test]
fn a_killed_writer_loses_no_acknowledged_batch_and_leaves_no_torn_one() {
    for kind in [StoreKind::Sled, StoreKind::Redb] {
        let dir = tempfile::tempdir().unwrap();
        for _ in 0..3 {
            let acknowledged = write_until_killed(kind, dir.path());
            let store = open(kind, dir.path()).unwrap();
            let entries = u64::try_from(keys(&*store, b"").len()).unwrap();
            assert_eq!(entries % CHILD_ENTRIES, 0, "{kind} shows a torn batch");
            let batches = entries / CHILD_ENTRIES;
            assert!(batches > acknowledged, "{kind}: {acknowledged} acknowledged, {batches} kept");
        }
    }
}

/// Kills a child process while it writes; returns the number of the last acknowledged batch.
fn write_until_killed(kind: StoreKind, dir: &Path) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::suite::child_process_that_writes_until_it_is_killed"])
        .arg("--nocapture")
        .env(CHILD_VARIABLE, format!("{kind}:{}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = None;
    let mut heard = 0;
    while heard < 12 {
        let line = lines.next().expect("the child writes until it is killed").unwrap();
        if let Some(number) = line.strip_prefix("acknowledged ") {
            acknowledged = Some(number.parse().unwrap());
            heard += 1;
        }
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in lines.map_while(Result::ok) {
        if let Some(Ok(number)) = line.strip_prefix("acknowledged ").map(str::parse) {
            acknowledged = Some(number);
        }
    }
    acknowledged.unwrap()
}

/// Does nothing unless [`write_until_killed`] started this process.
#[test]
fn child_process_that_writes_until_it_is_killed() {
    let Ok(order) = std::env::var(CHILD_VARIABLE) else { return };
    let (kind, dir) = order.split_once(':').unwrap();
    let kind: StoreKind = serde_json::from_str(&format!("\"{kind}\"")).unwrap();
    let store = open(kind, Path::new(dir)).unwrap();
    let written = u64::try_from(keys(&*store, b"").len()).unwrap() / CHILD_ENTRIES;
    for number in written..100_000 {
        let mut batch = Batch::new();
        for n in 0..CHILD_ENTRIES {
            batch.put([number.to_be_bytes(), n.to_be_bytes()].concat(), vec![7; 200]);
        }
        store.write(batch).unwrap();
        println!("acknowledged {number}");
        std::io::stdout().flush().unwrap();
    }
}
