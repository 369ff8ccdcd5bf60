//! What is left of fetches that nobody took up again.
//!
//! A file that stopped arriving is kept for a while, so that a later fetch goes on from there. When
//! it is too old, or such files take too much room, it goes: the oldest first.
//!
//! # Invariants
//! - What was written to within the longest time of a fetch is left alone: it may be arriving.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::super::limits::Limits;

/// The files of one fetch.
#[derive(Debug, Default)]
struct Left {
    paths: Vec<PathBuf>,
    bytes: u64,
    /// Since the newest of them was written.
    age: Option<Duration>,
}

/// Removes what is too old or too much, and returns how many bytes that were.
///
/// # Errors
/// What the file system says.
pub(in super::super) fn sweep(dir: &Path, limits: &Limits, now: SystemTime) -> io::Result<u64> {
    let mut all: Vec<Left> = list(dir, now)?.into_values().collect();
    all.sort_by_key(|left| left.age);
    let (mut kept, mut removed) = (0u64, 0u64);
    for Left { paths, bytes, age } in all {
        let age = age.unwrap_or_default();
        let with_it = kept.saturating_add(bytes);
        if age <= limits.fetch_timeout || (age <= limits.spool_age && with_it <= limits.spool_bytes)
        {
            kept = with_it;
            continue;
        }
        for path in paths {
            fs::remove_file(path)?;
        }
        removed = removed.saturating_add(bytes);
    }
    Ok(removed)
}

fn list(dir: &Path, now: SystemTime) -> io::Result<BTreeMap<PathBuf, Left>> {
    let mut all: BTreeMap<PathBuf, Left> = BTreeMap::new();
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let spooled = path.extension().is_some_and(|kind| kind == "part" || kind == "runs");
        // A fetch may end and take its files away at any moment.
        let Some(metadata) = fs::metadata(&path).ok().filter(|_| spooled) else { continue };
        let age = now.duration_since(metadata.modified()?).unwrap_or_default();
        let left = all.entry(path.with_extension("")).or_default();
        left.age = Some(left.age.map_or(age, |other| other.min(age)));
        left.bytes = left.bytes.saturating_add(metadata.len());
        left.paths.push(path);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn old_files_go_the_oldest_first_and_what_may_be_arriving_stays() {
        let dir = tempfile::tempdir().unwrap();
        let now = SystemTime::now();
        for (name, hours) in [("arriving", 0), ("new", 2), ("older", 3), ("oldest", 4), ("old", 99)]
        {
            for (kind, bytes) in [("part", 100), ("runs", 8)] {
                let path = dir.path().join(name).with_extension(kind);
                fs::write(&path, vec![0; bytes]).unwrap();
                let file = fs::File::options().write(true).open(&path).unwrap();
                file.set_modified(now - HOUR * hours).unwrap();
            }
        }
        fs::write(dir.path().join("foreign.txt"), b"x").unwrap();
        let limits = Limits {
            fetch_timeout: HOUR,
            spool_age: 10 * HOUR,
            spool_bytes: 330,
            ..Limits::default()
        };
        assert_eq!(sweep(dir.path(), &limits, now).unwrap(), 2 * 108);
        let mut left: Vec<String> = fs::read_dir(dir.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.ends_with("part") || name.ends_with("txt"))
            .collect();
        left.sort();
        assert_eq!(left, ["arriving.part", "foreign.txt", "new.part", "older.part"]);
        assert_eq!(sweep(&dir.path().join("absent"), &limits, now).unwrap(), 0);
    }
}
