//! Artifacts.

use probity_primitives::{Address, Amount, ArtifactId};
use probity_protocol::registry::{Artifact, ArtifactKind};
use probity_protocol::{Bucket, Ledger};
use serde::{Deserialize, Serialize};

use super::{Page, following, page};

/// An artifact and what it has earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArtifactView {
    /// Its identifier.
    pub id: ArtifactId,
    /// Royalties that nobody has claimed yet.
    pub royalties_due: Amount,
    /// All that is stored of it.
    pub artifact: Artifact,
}

/// Which artifacts are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ArtifactFilter {
    /// Of this kind.
    pub kind: Option<ArtifactKind>,
    /// Of this owner.
    pub owner: Option<Address>,
}

/// An artifact, if there is one.
#[must_use]
pub fn artifact(ledger: &Ledger, id: &ArtifactId) -> Option<ArtifactView> {
    Some(view(ledger, id, ledger.artifacts.get(id)?))
}

/// Artifacts in ascending order of identifier.
#[must_use]
pub fn artifacts(
    ledger: &Ledger,
    filter: ArtifactFilter,
    after: Option<ArtifactId>,
    limit: usize,
) -> Page<ArtifactView, ArtifactId> {
    page(ledger.artifacts.range(following(after)), limit, |id, artifact| {
        let ArtifactFilter { kind, owner } = filter;
        let wanted = kind.is_none_or(|kind| kind == artifact.manifest.kind)
            && owner.is_none_or(|owner| owner == artifact.owner);
        wanted.then(|| view(ledger, id, artifact))
    })
}

fn view(ledger: &Ledger, id: &ArtifactId, artifact: &Artifact) -> ArtifactView {
    let royalties_due = ledger.balance(Bucket::RoyaltyDue(*id));
    ArtifactView { id: *id, royalties_due, artifact: artifact.clone() }
}
