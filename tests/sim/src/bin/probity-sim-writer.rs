//! Writes numbered batches to a store in a folder, and says the number of each that was
//! acknowledged, until it is killed or the store has refused too often.
//!
//! `tests/files.rs` kills it, limits its files, and opens what it left.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use probity_node::store::StoreKind;
use probity_sim_network::batches;

/// How often a store may refuse before the writer gives up.
const PATIENCE: u32 = 3;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (kind, folder, most) = (arguments.next(), arguments.next(), arguments.next());
    let kind = match kind.as_deref() {
        Some("sled") => StoreKind::Sled,
        Some("redb") => StoreKind::Redb,
        Some(_) | None => return ExitCode::from(2),
    };
    let most = most.and_then(|most| most.parse().ok()).unwrap_or(u64::MAX);
    let Some(folder) = folder else { return ExitCode::from(2) };
    write(kind, Path::new(&folder), most)
}

fn write(kind: StoreKind, folder: &Path, most: u64) -> ExitCode {
    let store = match probity_node::store::open(kind, folder) {
        Ok(store) => store,
        Err(error) => {
            say(&format!("not opened: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let mut refused = 0u32;
    let mut number = batches::tip(store.as_ref()).unwrap_or(None).map_or(0, |tip| tip + 1);
    while number < most && refused < PATIENCE {
        match store.write(batches::batch(number)) {
            Ok(()) => {
                say(&number.to_string());
                number = number.saturating_add(1);
            }
            Err(error) => {
                say(&format!("refused: {error}"));
                refused = refused.saturating_add(1);
            }
        }
    }
    ExitCode::SUCCESS
}

fn say(line: &str) {
    // Without a reader there is nobody to promise anything to.
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
