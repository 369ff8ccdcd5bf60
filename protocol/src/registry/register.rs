//! Registering: a manifest becomes an artifact with an owner and a lineage.
//!
//! Spec: `docs/spec/05-registry.md`.

use probity_primitives::{Address, ArtifactId};

use super::benchmark::check_part;
use super::error::RegistryError;
use super::lineage::{Lineage, lineage};
use super::manifest::check_manifest;
use super::message::RegisterArtifact;
use super::state::{Artifact, ArtifactStatus, Contributor, StatePoint};
use crate::event::Event;
use crate::ledger::{Context, Ledger};

/// Registers an artifact that the sender owns.
///
/// # Errors
/// [`RegistryError`], in this order: registered already, the manifest by itself, its contributors'
/// network, the lineage, the benchmark part.
pub fn register(
    ledger: &mut Ledger,
    ctx: &mut Context,
    sender: Address,
    message: &RegisterArtifact,
) -> Result<(), RegistryError> {
    let RegisterArtifact { manifest } = message;
    let id = manifest.id();
    if let Some(known) = ledger.artifacts.get(&id) {
        return Err(RegistryError::Registered { artifact: id, owner: known.owner });
    }
    check_manifest(manifest)?;
    for Contributor { account, .. } in &manifest.contributors {
        same_network(sender, *account)?;
    }
    let Lineage { ancestors, depth } = lineage(ledger, &manifest.parents)?;
    let benchmark = check_part(ledger, manifest)?.cloned();

    let artifact = Artifact {
        manifest: manifest.clone(),
        owner: sender,
        registered: ctx.height,
        status: ArtifactStatus::Active,
        ancestors,
        depth,
        price: None,
        state: StatePoint::default(),
    };
    ledger.artifacts.insert(id, artifact);
    if let Some(benchmark) = benchmark {
        ledger.benchmarks.insert(id, benchmark);
    }
    ctx.emit(Event::ArtifactRegistered { artifact: id, owner: sender });
    Ok(())
}

/// Refuses an account of the other kind of network: nobody could use it here.
pub(super) fn same_network(sender: Address, account: Address) -> Result<(), RegistryError> {
    if account.network() != sender.network() {
        return Err(RegistryError::WrongNetwork(account));
    }
    Ok(())
}

impl Ledger {
    /// The artifact with this name.
    ///
    /// # Errors
    /// [`RegistryError::UnknownArtifact`].
    pub fn artifact(&self, id: &ArtifactId) -> Result<&Artifact, RegistryError> {
        self.artifacts.get(id).ok_or(RegistryError::UnknownArtifact(*id))
    }

    pub(super) fn artifact_mut(&mut self, id: &ArtifactId) -> Result<&mut Artifact, RegistryError> {
        self.artifacts.get_mut(id).ok_or(RegistryError::UnknownArtifact(*id))
    }

    pub(super) fn owned_artifact(
        &self,
        id: &ArtifactId,
        sender: Address,
    ) -> Result<&Artifact, RegistryError> {
        let artifact = self.artifact(id)?;
        if artifact.owner != sender {
            let owner = artifact.owner;
            return Err(RegistryError::NotOwner { artifact: *id, owner, sender });
        }
        Ok(artifact)
    }
}

impl Artifact {
    pub(super) fn require_active(&self, id: &ArtifactId) -> Result<(), RegistryError> {
        match self.status {
            ArtifactStatus::Active => Ok(()),
            status @ (ArtifactStatus::Withdrawn | ArtifactStatus::Disputed) => {
                Err(RegistryError::NotActive { artifact: *id, status })
            }
        }
    }
}
