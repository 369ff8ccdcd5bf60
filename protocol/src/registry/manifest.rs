//! What a manifest must keep by itself, whatever else is registered.
//!
//! A manifest is written to disk by whoever fetches it and shown by whoever lists it: its paths
//! stay within a folder on every common system, its texts hold no control characters.
//!
//! Spec: `docs/spec/05-registry.md`.

use std::collections::{BTreeMap, BTreeSet};

use probity_primitives::{BoundedVec, Hash};

use super::error::ManifestError;
use super::state::{ArtifactFile, ArtifactKind, Contributor, Manifest};

/// The most bytes that an artifact's files may have together: 16 TiB.
pub const MAX_ARTIFACT_BYTES: u64 = 1 << 44;

/// Checks a manifest by itself.
///
/// # Errors
/// [`ManifestError`] with what breaks a rule.
pub fn check_manifest(manifest: &Manifest) -> Result<(), ManifestError> {
    check_text("name", &manifest.name)?;
    check_text("version", &manifest.version)?;
    check_licence(&manifest.licence)?;
    if manifest.files.is_empty() && is_made_of_files(manifest.kind) {
        return Err(ManifestError::NoFiles(manifest.kind));
    }
    check_files(&manifest.files)?;
    check_contributors(&manifest.contributors)
}

const fn is_made_of_files(kind: ArtifactKind) -> bool {
    match kind {
        ArtifactKind::Model
        | ArtifactKind::Dataset
        | ArtifactKind::Benchmark
        | ArtifactKind::Harness => true,
        ArtifactKind::Service | ArtifactKind::Workflow => false,
    }
}

fn check_text(field: &'static str, text: &str) -> Result<(), ManifestError> {
    if text.is_empty() || text.trim() != text || text.chars().any(char::is_control) {
        return Err(ManifestError::Text { field, text: text.to_owned() });
    }
    Ok(())
}

fn check_licence(licence: &str) -> Result<(), ManifestError> {
    check_text("licence", licence)?;
    let known = |letter: char| letter.is_ascii_alphanumeric() || "-.+:() ".contains(letter);
    if !licence.chars().all(known) {
        return Err(ManifestError::Licence(licence.to_owned()));
    }
    Ok(())
}

fn check_files(files: &BoundedVec<ArtifactFile, 64>) -> Result<(), ManifestError> {
    let mut paths = BTreeMap::new();
    for file in files {
        check_path(&file.path)?;
        if file.blake3.0 == Hash::ZERO {
            return Err(ManifestError::NoHash(file.path.to_string()));
        }
        // Systems that ignore case would write one file over the other.
        if let Some(other) = paths.insert(file.path.to_ascii_lowercase(), &file.path) {
            return Err(ManifestError::PathClash(other.to_string(), file.path.to_string()));
        }
    }
    for (folded, path) in &paths {
        let folders = folded.match_indices('/').filter_map(|(end, _)| folded.get(..end));
        if let Some(file) = folders.into_iter().find_map(|folder| paths.get(folder)) {
            return Err(ManifestError::PathClash(file.to_string(), path.to_string()));
        }
    }
    let bytes = files.iter().fold(0u128, |sum, file| sum.saturating_add(file.size.into()));
    if bytes > MAX_ARTIFACT_BYTES.into() {
        return Err(ManifestError::TooLarge { bytes, limit: MAX_ARTIFACT_BYTES });
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), ManifestError> {
    let forbidden = |letter: char| letter.is_control() || "\\:*?\"<>|".contains(letter);
    let leaves = |part: &str| part.is_empty() || part == "." || part == ".." || part.trim() != part;
    if path.chars().any(forbidden) || path.split('/').any(leaves) {
        return Err(ManifestError::Path(path.to_owned()));
    }
    Ok(())
}

fn check_contributors(contributors: &BoundedVec<Contributor, 64>) -> Result<(), ManifestError> {
    let mut seen = BTreeSet::new();
    for Contributor { account, weight } in contributors {
        if !seen.insert(*account) {
            return Err(ManifestError::ContributorTwice(*account));
        }
        if *weight == 0 {
            return Err(ManifestError::NoWeight(*account));
        }
    }
    Ok(())
}
