//! What the cache promises.

use super::*;

fn cache(limit: u64) -> (tempfile::TempDir, Cache) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::with_limit(folder.path().join("cache"), limit).unwrap();
    (folder, cache)
}

fn leftovers(cache: &Cache) -> usize {
    fs::read_dir(cache.partial_folder()).unwrap().count()
}

#[test]
fn bytes_come_back_under_their_hash() {
    let (_folder, cache) = cache(100);
    let hash = cache.insert_bytes(b"probity").unwrap();
    assert_eq!(hash, ContentHash::of_file(b"probity"));
    assert_eq!(fs::read(cache.get(&hash).unwrap()).unwrap(), b"probity");
    assert_eq!(cache.insert_bytes(b"probity").unwrap(), hash);
    assert_eq!(cache.get(&ContentHash::of_file(b"other")), None);
}

#[test]
fn an_adopted_file_is_moved_and_listed() {
    let (folder, cache) = cache(10);
    let path = folder.path().join("file");
    fs::write(&path, b"moved").unwrap();
    let hash = ContentHash::of_file(b"moved");
    assert_eq!(cache.adopt(&path, hash).unwrap(), cache.path_of(&hash));
    assert!(!path.exists());
    assert_eq!(cache.read(&hash, 10).unwrap(), b"moved");
    assert_eq!(cache.list(9).unwrap(), [hash]);
    assert_eq!(cache.list(0).unwrap(), []);
    fs::write(&path, b"eleven chars").unwrap();
    let refused = cache.adopt(&path, hash).unwrap_err();
    assert!(matches!(refused, CacheError::TooLarge { len: 12, limit: 10 }), "{refused}");
}

#[test]
fn a_file_of_another_hash_is_refused_and_leaves_nothing() {
    let (folder, cache) = cache(100);
    let path = folder.path().join("file");
    fs::write(&path, b"one").unwrap();
    let (expected, found) = (ContentHash::of_file(b"two"), ContentHash::of_file(b"one"));
    let error = cache.insert_file(&path, Some(expected)).unwrap_err();
    assert_eq!(error.to_string(), format!("expected content {expected}, got {found}"));
    assert_eq!(cache.get(&expected), None);
    assert_eq!(cache.get(&found), None);
    assert_eq!(leftovers(&cache), 0);
    assert_eq!(cache.insert_file(&path, Some(found)).unwrap(), found);
}

#[test]
fn a_file_above_the_limit_is_refused_and_leaves_nothing() {
    let (_folder, cache) = cache(4);
    assert!(cache.insert_bytes(b"1234").is_ok());
    let error = cache.insert_bytes(b"12345").unwrap_err();
    assert!(matches!(error, CacheError::TooLarge { len: 5, limit: 4 }), "{error}");
    let announced = cache.partial(ContentHash::of_file(b"12345"), 5).unwrap_err();
    assert!(matches!(announced, CacheError::TooLarge { len: 5, limit: 4 }), "{announced}");
    assert_eq!(leftovers(&cache), 0);
}

#[test]
fn blocks_in_any_order_make_the_file() {
    let (_folder, cache) = cache(100);
    let hash = ContentHash::of_file(b"probity");
    let mut file = cache.partial(hash, 7).unwrap();
    file.write_at(4, b"ity").unwrap();
    file.write_at(0, b"prob").unwrap();
    assert_eq!(cache.get(&hash), None);
    assert_eq!(file.finish().unwrap(), hash);
    assert_eq!(cache.read(&hash, 100).unwrap(), b"probity");
}

#[test]
fn a_corrupt_or_overlong_transfer_leaves_nothing() {
    let (_folder, cache) = cache(100);
    let hash = ContentHash::of_file(b"probity");
    let mut file = cache.partial(hash, 7).unwrap();
    assert!(matches!(file.write_at(5, b"ity"), Err(CacheError::BeyondEnd { size: 7, .. })));
    assert!(matches!(file.write_at(u64::MAX, b"i"), Err(CacheError::BeyondEnd { .. })));
    file.write_at(0, b"prob!ty").unwrap();
    assert!(matches!(file.finish(), Err(CacheError::Mismatch { .. })));
    assert_eq!(cache.get(&hash), None);
    assert_eq!(leftovers(&cache), 0);
}

#[test]
fn a_file_that_changed_on_disk_is_not_read() {
    let (_folder, cache) = cache(100);
    let hash = cache.insert_bytes(b"probity").unwrap();
    assert!(matches!(cache.read(&hash, 6), Err(CacheError::TooLarge { .. })));
    fs::write(cache.get(&hash).unwrap(), b"prob!ty").unwrap();
    assert!(matches!(cache.read(&hash, 100), Err(CacheError::Mismatch { .. })));
}
