//! Evidence that stands in no block yet, kept in a file.
//!
//! What an engine saw is known to its node alone, and the engine forgets it with the height. So it
//! is written down before the engine is told to go on, and stays until the offender is barred or
//! can no longer be punished; a crash in between loses nothing.
//!
//! # Invariants
//! - At most [`MAX_CASES`] offenders, each with the first evidence against it: the rules punish
//!   once.
//! - Nobody is filed by its own node.
//! - A file that cannot be read is set aside, not overwritten; one of another chain too.
//!
//! # Not here
//! Making transactions of it: [`crate::reporter`].
//!
//! Spec: `docs/spec/27-signing.md`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use probity_keys::file::{self, FileError};
use probity_primitives::{Hash, OperatorId};
use probity_runtime::evidence::Evidence;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// The most offenders whose evidence waits.
pub(crate) const MAX_CASES: usize = 64;
/// The most bytes of a file that are read; a full one has less than a tenth.
const MAX_BYTES: u64 = 1024 * 1024;

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    /// The chain that the evidence is of.
    genesis_hash: Hash,
    /// Evidence against one offender each.
    evidence: Vec<Evidence>,
}

/// Evidence that waits.
#[derive(Debug)]
pub(crate) struct Docket {
    path: PathBuf,
    genesis_hash: Hash,
    own: OperatorId,
    cases: Mutex<BTreeMap<OperatorId, Evidence>>,
    added: Notify,
}

impl Docket {
    /// What an earlier process of the operator `own` left in a folder.
    pub(crate) fn open(folder: &Path, genesis_hash: Hash, own: OperatorId) -> Self {
        let path = folder.join("evidence.json");
        let cases = match read(&path, genesis_hash) {
            Ok(cases) => cases,
            Err(reason) => {
                tracing::error!(path = %path.display(), %reason, "evidence is set aside");
                set_aside(&path);
                BTreeMap::new()
            }
        };
        Self { path, genesis_hash, own, cases: Mutex::new(cases), added: Notify::new() }
    }

    /// Files evidence, on disk before this returns.
    pub(crate) fn add(&self, evidence: Evidence) {
        let offender = evidence.offender();
        let mut cases = self.cases();
        if offender == self.own || cases.contains_key(&offender) {
            return;
        }
        if cases.len() >= MAX_CASES {
            tracing::error!(%offender, "evidence against {MAX_CASES} others waits already");
            return;
        }
        cases.insert(offender, evidence);
        self.write(&cases);
        drop(cases);
        self.added.notify_one();
    }

    /// Forgets an offender.
    pub(crate) fn close(&self, offender: &OperatorId) {
        let mut cases = self.cases();
        if cases.remove(offender).is_some() {
            self.write(&cases);
        }
    }

    /// All that waits.
    pub(crate) fn all(&self) -> Vec<Evidence> {
        self.cases().values().copied().collect()
    }

    /// Waits until something is filed.
    pub(crate) async fn added(&self) {
        self.added.notified().await;
    }

    fn cases(&self) -> MutexGuard<'_, BTreeMap<OperatorId, Evidence>> {
        // Whoever panicked with it left a map that is whole.
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file that cannot be written costs a restart its memory, and this process nothing.
    fn write(&self, cases: &BTreeMap<OperatorId, Evidence>) {
        let evidence = cases.values().copied().collect();
        let document = Document { genesis_hash: self.genesis_hash, evidence };
        let written = serde_json::to_string_pretty(&document).map_err(|error| error.to_string());
        let written = written
            .and_then(|text| file::replace(&self.path, &text).map_err(|error| error.to_string()));
        if let Err(reason) = written {
            tracing::error!(path = %self.path.display(), %reason, "evidence is not on disk");
        }
    }
}

fn read(path: &Path, genesis_hash: Hash) -> Result<BTreeMap<OperatorId, Evidence>, String> {
    let text = match file::read(path, MAX_BYTES) {
        Ok(text) => text,
        Err(FileError::Missing(_)) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error.to_string()),
    };
    let document: Document = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let Document { genesis_hash: of, evidence } = document;
    if of != genesis_hash {
        return Err(format!("it is of the chain with genesis {of}"));
    }
    Ok(evidence.into_iter().take(MAX_CASES).map(|one| (one.offender(), one)).collect())
}

fn set_aside(path: &Path) {
    let aside = path.with_extension("json.unread");
    if let Err(error) = std::fs::rename(path, &aside) {
        tracing::error!(path = %path.display(), %error, "it cannot be set aside");
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{BlockHash, Height, Signature};
    use probity_runtime::evidence::{SignedStand, SubmitProposalEvidence};

    use super::*;
    use crate::testkit::keys;

    const CHAIN: Hash = Hash::from_bytes([3; 32]);

    fn own() -> OperatorId {
        keys(150).operator
    }

    /// Two proposals of operator `seed`, as far as a docket looks at them.
    fn evidence(seed: u8, height: u64) -> Evidence {
        let stand = |block| SignedStand {
            height: Height(height),
            round: 0,
            pol_round: None,
            block: BlockHash(Hash::from_bytes([block; 32])),
            proposer: keys(seed).operator,
            signature: Signature::from_bytes([seed; 64]),
        };
        Evidence::Proposals(SubmitProposalEvidence { first: stand(1), second: stand(2) })
    }

    fn sorted(mut all: Vec<Evidence>) -> Vec<Evidence> {
        all.sort_by_key(Evidence::offender);
        all
    }

    #[test]
    fn what_is_filed_is_there_for_the_next_process_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let first = Docket::open(folder.path(), CHAIN, own());
        first.add(evidence(1, 7));
        first.add(evidence(2, 8));
        first.add(evidence(1, 9));
        drop(first);
        let second = Docket::open(folder.path(), CHAIN, own());
        assert_eq!(second.all(), sorted(vec![evidence(1, 7), evidence(2, 8)]));
        second.close(&keys(1).operator);
        drop(second);
        assert_eq!(Docket::open(folder.path(), CHAIN, own()).all(), vec![evidence(2, 8)]);
    }

    #[test]
    fn a_docket_holds_so_many_offenders_and_never_its_own_operator() {
        let folder = tempfile::tempdir().unwrap();
        let docket = Docket::open(folder.path(), CHAIN, own());
        docket.add(evidence(150, 1));
        assert_eq!(docket.all(), vec![]);
        let most = u8::try_from(MAX_CASES).unwrap();
        (1..=most + 1).for_each(|seed| docket.add(evidence(seed, 1)));
        assert_eq!(docket.all().len(), MAX_CASES);
        assert_eq!(Docket::open(folder.path(), CHAIN, own()).all(), docket.all());
    }

    #[test]
    fn a_file_that_is_not_read_is_kept_beside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("evidence.json");
        let aside = folder.path().join("evidence.json.unread");
        Docket::open(folder.path(), CHAIN, own()).add(evidence(1, 7));
        let whole = std::fs::read(&path).unwrap();
        let other = Docket::open(folder.path(), Hash::ZERO, own());
        assert_eq!(other.all(), vec![]);
        assert_eq!(std::fs::read(&aside).unwrap(), whole);
        file::replace(&path, "{").unwrap();
        assert_eq!(Docket::open(folder.path(), CHAIN, own()).all(), vec![]);
        assert_eq!(std::fs::read(&aside).unwrap(), b"{");
        other.add(evidence(2, 8));
        assert_eq!(Docket::open(folder.path(), Hash::ZERO, own()).all(), vec![evidence(2, 8)]);
    }
}
