//! `probity node reset`: an empty store, and everything else as it was.
//!
//! Keys and signing marks stay: a validator that forgot what it signed could sign against itself
//! while it catches up, and pay for it. Only what is named here goes; what nobody knows stays.

use probity_keys::lock::FolderLock;
use serde::Serialize;

use super::start::held;
use crate::cli::Global;
use crate::exit::{Code, Failure};
use crate::home::Home;
use crate::{output, prompt};

/// What is removed beneath the data folder: the chain, what the engine was about to say, and
/// half-fetched files.
const REMOVED: [&str; 4] = ["store", "engine.wal", "listening.wal", "spool"];

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    schema: &'static str,
    removed: Vec<String>,
}

pub(super) fn reset(global: &Global) -> Result<(), Failure> {
    let home = Home::open(global, &[])?;
    let data = &home.place.data;
    let _lock = FolderLock::take(data).map_err(|error| held(&error, &home))?;
    let what =
        format!("this empties the store of {}; it is filled again from peers", data.display());
    prompt::confirm_typed(global, &what, &home.genesis.chain_id)?;
    let mut removed = Vec::new();
    for name in REMOVED {
        let path = data.join(name);
        let outcome = if path.is_dir() {
            std::fs::remove_dir_all(&path)
        } else {
            std::fs::remove_file(&path)
        };
        match outcome {
            Ok(()) => removed.push(path.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let message = format!("cannot remove {}: {error}", path.display());
                return Err(Failure::new(Code::Other, message));
            }
        }
    }
    let done = Done { schema: "probity.reset/v1", removed };
    output::show(global.output, &done, |done| match done.removed.as_slice() {
        [] => "there was nothing to remove".to_owned(),
        removed => format!("removed {}; keys and signing marks stay", removed.join(", ")),
    })
}
