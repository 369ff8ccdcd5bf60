//! Telling an operator, and whatever watches over the process, that a newer program is needed.
//!
//! [`write()`] leaves `upgrade-info.json` in the node's folder: `{schema, version, height, newest}`.
//! It is written elsewhere, made durable and renamed, so that who finds it finds all of it. It stays
//! until the next one, as a record.
//!
//! Spec: `docs/operate/upgrade.md`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use probity_primitives::Height;
use probity_runtime::upgrade::Missing;
use serde::{Deserialize, Serialize};

/// The file's name.
pub const FILE: &str = "upgrade-info.json";

/// The file's schema.
pub const SCHEMA: &str = "probity.upgrade/v1";

/// What the file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpgradeInfo {
    /// [`SCHEMA`].
    pub schema: String,
    /// The version that is needed.
    pub version: u32,
    /// The first block that needs it; for a store that is past it, the newest block in there.
    pub height: Height,
    /// The newest version that the program has.
    pub newest: u32,
}

/// Writes down what is needed; gives the file.
///
/// # Errors
/// What the system said; a file from before is whole then.
pub fn write(home: &Path, missing: &Missing) -> std::io::Result<PathBuf> {
    let Missing { version, height, newest } = *missing;
    let info = UpgradeInfo { schema: SCHEMA.to_owned(), version, height, newest };
    let text = serde_json::to_vec_pretty(&info).map_err(std::io::Error::other)?;
    let (path, aside) = (home.join(FILE), home.join(format!("{FILE}.new")));
    let mut file = File::create(&aside)?;
    file.write_all(&text)?;
    file.sync_all()?;
    fs::rename(&aside, &path)?;
    File::open(home)?.sync_all()?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_is_written_whole_over_what_was_needed_before() {
        let home = tempfile::tempdir().unwrap();
        let missing = |version| Missing { version, height: Height(7), newest: 1 };
        write(home.path(), &missing(2)).unwrap();
        // What a crash in the middle of an earlier write left is no hindrance.
        fs::write(home.path().join(format!("{FILE}.new")), "{").unwrap();
        let path = write(home.path(), &missing(3)).unwrap();
        let info: UpgradeInfo = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!((info.version, info.height, info.newest), (3, Height(7), 1));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }
}
