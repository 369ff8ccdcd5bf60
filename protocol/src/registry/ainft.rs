//! The certificate's form for others: the AINFT article's JSON object, with hashes added.
//!
//! The article describes an AINFT as one identifier that ties data, model, service and state:
//! `{data, model{name, epoch, platform}, service{api, demo}, state}`, all of them texts. [`Ainft`]
//! reads and writes that object; [`Ainft::hashes`] is ours and absent from theirs.
//!
//! Export states what the registry knows. Import cannot invent hashes: without ours, an object
//! describes an artifact but does not identify one.
//!
//! # Not here
//! JSON itself: this crate only says how the object is shaped.
//!
//! Spec: `docs/spec/05-registry.md`.

use probity_primitives::{ArtifactId, BoundedString, BoundedVec};
use serde::{Deserialize, Serialize};

use super::error::RegistryError;
use super::state::{Manifest, Relation, StatePoint};
use crate::ledger::Ledger;

/// A text of the article's object.
type Text = BoundedString<512>;

/// The article's object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ainft {
    /// What the model was trained on, or the benchmark measures on: names or identifiers.
    pub data: BoundedVec<Text, 16>,
    /// The model.
    pub model: AinftModel,
    /// Where it answers.
    #[serde(default)]
    pub service: AinftService,
    /// The dynamic part: `seq:root`, or a text of the issuer's.
    #[serde(default)]
    pub state: Text,
    /// Ours: what the identifier stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hashes: Option<AinftHashes>,
}

/// The article's `model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AinftModel {
    /// Its name.
    pub name: Text,
    /// Which state of its training: our manifest's version.
    pub epoch: Text,
    /// What runs it: our manifest's main file, whose ending says the format.
    pub platform: Text,
}

/// The article's `service`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AinftService {
    /// Where programs ask.
    #[serde(default)]
    pub api: Text,
    /// Where people try.
    #[serde(default)]
    pub demo: Text,
}

/// What we add: everything that is needed to check that the object describes this artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AinftHashes {
    /// The artifact.
    pub id: ArtifactId,
    /// Its manifest, whose hash is the identifier.
    pub manifest: Manifest,
    /// The newest point of its dynamic part.
    pub state: StatePoint,
}

/// Why an object is not an artifact of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AinftError {
    /// It is the article's object without our part.
    #[error("the object has no hashes: it describes an artifact but does not identify one")]
    NoHashes,
    /// Its identifier is another manifest's.
    #[error("the manifest's identifier is {actual}, not {stated}")]
    WrongId {
        /// What the object says.
        stated: ArtifactId,
        /// What the manifest hashes to.
        actual: ArtifactId,
    },
    /// It describes something else than its manifest.
    #[error("the object's {0} is not its manifest's")]
    Differs(&'static str),
}

impl Ainft {
    /// The object of a registered artifact. Its service is left empty: the registry knows none.
    ///
    /// # Errors
    /// [`RegistryError::UnknownArtifact`].
    pub fn export(ledger: &Ledger, id: ArtifactId) -> Result<Self, RegistryError> {
        let artifact = ledger.artifact(&id)?;
        let manifest = artifact.manifest.clone();
        let (data, model) = describe(&manifest);
        let StatePoint { seq, root } = artifact.state;
        let state = if seq == 0 { Text::default() } else { text(&format!("{seq}:{root}")) };
        let hashes = Some(AinftHashes { id, manifest, state: artifact.state });
        Ok(Self { data, model, service: AinftService::default(), state, hashes })
    }

    /// The manifest that the object describes, checked against its identifier and its own text.
    ///
    /// # Errors
    /// [`AinftError`].
    pub fn import(self) -> Result<Manifest, AinftError> {
        let AinftHashes { id, manifest, .. } = self.hashes.ok_or(AinftError::NoHashes)?;
        let actual = manifest.id();
        if actual != id {
            return Err(AinftError::WrongId { stated: id, actual });
        }
        let (data, model) = describe(&manifest);
        if data != self.data {
            return Err(AinftError::Differs("data"));
        }
        if model != self.model {
            return Err(AinftError::Differs("model"));
        }
        Ok(manifest)
    }
}

/// What the article's fields say of a manifest.
fn describe(manifest: &Manifest) -> (BoundedVec<Text, 16>, AinftModel) {
    let sources = manifest.parents.iter().filter(|parent| is_data(parent.relation));
    let measured = manifest.benchmark.iter().map(|benchmark| benchmark.dataset);
    let mut data: Vec<Text> = Vec::new();
    for id in sources.map(|parent| parent.id).chain(measured) {
        let id = text(&id.to_string());
        if !data.contains(&id) {
            data.push(id);
        }
    }
    let main = manifest.files.first().map_or("", |file| file.path.as_str());
    let model = AinftModel {
        name: text(&manifest.name),
        epoch: text(&manifest.version),
        platform: text(main),
    };
    // Eight parents and one dataset are within sixteen.
    (BoundedVec::from_vec(data).unwrap_or_default(), model)
}

const fn is_data(relation: Relation) -> bool {
    match relation {
        Relation::TrainedOn | Relation::Measures => true,
        Relation::FineTuned
        | Relation::Quantized
        | Relation::Merged
        | Relation::Distilled
        | Relation::DerivedFrom => false,
    }
}

/// A text of the registry's, all of which are shorter than the article's may be here.
fn text(of: &str) -> Text {
    Text::new(of).unwrap_or_default()
}
