//! Writes the examples that the fuzzers start from: `corpus FOLDER`.

#[path = "../tests/it/seeds.rs"]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "shared with tests")]
mod seeds;

use std::path::PathBuf;

use probity_fuzz_entry::Verdict;

fn main() -> std::io::Result<()> {
    let root = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "fuzz/corpus".to_owned()));
    for target in seeds::TARGETS {
        let folder = root.join(target.name);
        std::fs::create_dir_all(&folder)?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            if (target.entry)(seed) != Verdict::Accepted {
                return Err(std::io::Error::other(format!("{} {number} is refused", target.name)));
            }
            std::fs::write(folder.join(format!("example-{number:03}")), seed)?;
        }
    }
    Ok(())
}
