//! What can be seen without asking anyone: settings, keys, lock, ports, disk, files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use probity_harness::cache::{Cache, hash_of};
use probity_keys::lock::{FolderLock, LockError};

use super::Finding;
use crate::commands::node::start;
use crate::exit::Code;
use crate::home::Home;

/// How many cached files are read again; the others are checked when they are used.
const FILES: usize = 200;

/// Whether a node runs on the home.
pub(super) fn is_running(home: &Home) -> bool {
    matches!(FolderLock::take(&home.place.data), Err(LockError::Held { .. }))
}

/// All checks of this machine.
pub(super) fn look(home: &Home, running: bool) -> Vec<Finding> {
    let genesis = &home.genesis;
    let mut findings = vec![
        Finding::ok("config", format!("{} is valid", home.place.file().display())),
        Finding::ok("genesis", format!("{} ({})", genesis.chain_id, genesis.hash())),
    ];
    findings.extend(keys(home));
    findings.push(if running {
        Finding::ok("lock", "a node runs on this home")
    } else {
        Finding::warn("lock", "no node runs on this home", "probity node start")
    });
    findings.push(disk(home));
    if !running {
        findings.push(ports(home));
    }
    findings.push(cache(&home.place.data.join("blobs")));
    findings
}

/// Whether others can read what only the owner should.
fn keys(home: &Home) -> Vec<Finding> {
    let settings = &home.settings;
    if settings.node.operator.is_none() {
        return vec![Finding::ok("keys", "none: the node only follows")];
    }
    let keys = &settings.keys;
    let files = [Some(&keys.operator), Some(&keys.beacon), keys.passphrase_file.as_ref()];
    files.into_iter().flatten().map(|file| secret(&home.place.key(file))).collect()
}

fn secret(path: &Path) -> Finding {
    let shown = path.display();
    match std::fs::metadata(path) {
        Err(error) => {
            let hint = "`probity key list` shows the keys of this home";
            Finding::fail("keys", Code::Key, format!("cannot read {shown}: {error}"), hint)
        }
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            let mode = found.permissions().mode() & 0o777;
            let message = format!("{shown} has mode {mode:o}: others can read it");
            Finding::fail("keys", Code::Key, message, format!("chmod 600 {shown}"))
        }
        Ok(_) => Finding::ok("keys", format!("{shown} is its owner's alone")),
    }
}

fn disk(home: &Home) -> Finding {
    match start::disk(home) {
        Err(failure) => Finding::of("disk", &failure),
        Ok(free) => Finding::ok("disk", format!("{free} MiB are free")),
    }
}

fn ports(home: &Home) -> Finding {
    match start::ports(&home.settings) {
        Err(failure) => Finding::of("ports", &failure),
        Ok(()) => Finding::ok("ports", "all are free"),
    }
}

/// Whether the files that are handed to peers are what their names say.
fn cache(folder: &Path) -> Finding {
    if !folder.exists() {
        return Finding::ok("cache", "empty");
    }
    let listed = Cache::open(folder).and_then(|cache| Ok((cache.list(FILES)?, cache)));
    let (hashes, cache) = match listed {
        Ok(listed) => listed,
        Err(error) => {
            let hint = "see the permissions of the folder";
            return Finding::fail("cache", Code::Other, error.to_string(), hint);
        }
    };
    let wrong = hashes
        .iter()
        .filter(|hash| !hash_of(&cache.path_of(hash)).is_ok_and(|found| found == **hash));
    let wrong: Vec<String> = wrong.map(ToString::to_string).collect();
    if wrong.is_empty() {
        return Finding::ok("cache", format!("{} files are what their names say", hashes.len()));
    }
    let message =
        format!("{} of {} files are damaged: {}", wrong.len(), hashes.len(), wrong.join(" "));
    let hint = format!("remove them from {}; they are fetched again", folder.display());
    Finding::fail("cache", Code::Verification, message, hint)
}
