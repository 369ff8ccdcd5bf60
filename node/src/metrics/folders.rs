//! How much disk a folder takes.

use std::path::{Path, PathBuf};

/// Most files that are looked at, so that a scrape ends whatever lies there.
const MAX_FILES: usize = 1_000_000;

/// The bytes of the files in a folder and below it. What cannot be read counts nothing: files
/// come and go while this runs.
pub(super) fn bytes(folder: &Path) -> u64 {
    let mut waiting: Vec<PathBuf> = vec![folder.to_owned()];
    let (mut bytes, mut files) = (0u64, 0usize);
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            files = files.saturating_add(1);
            if files > MAX_FILES {
                return bytes;
            }
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                waiting.push(entry.path());
            } else {
                bytes = bytes.saturating_add(metadata.len());
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_a_folder_are_added_up() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/one"), [0; 10]).unwrap();
        std::fs::write(folder.path().join("two"), [0; 5]).unwrap();
        assert_eq!(bytes(folder.path()), 15);
        assert_eq!(bytes(&folder.path().join("missing")), 0);
    }
}
