//! What the registry stores.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::transcript::Fold;
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Domain, Hash, Height,
    Score,
};
use serde::{Deserialize, Serialize};

/// What an artifact is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum ArtifactKind {
    /// Something that answers.
    Model,
    /// Items to answer, with what the answers should be.
    Dataset,
    /// A definition of how models are measured on a dataset.
    Benchmark,
    /// A program that runs benchmarks.
    Harness,
    /// Something that answers over a network.
    Service,
    /// Several artifacts working together.
    Workflow,
}

/// One file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArtifactFile {
    /// Its path within the artifact, with `/` and without `..`.
    pub path: BoundedString<256>,
    /// Its length in bytes.
    pub size: u64,
    /// Its plain BLAKE3.
    pub blake3: ContentHash,
    /// Its SHA-256, by which the outside world names it; zero if not known.
    pub sha256: Hash,
}

/// How an artifact came from another.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Relation {
    /// A model trained further.
    FineTuned,
    /// A model of fewer bits.
    Quantized,
    /// A model made of several.
    Merged,
    /// A model taught by another.
    Distilled,
    /// A model trained on a dataset.
    TrainedOn,
    /// A benchmark over a dataset.
    Measures,
    /// Anything else that was made from it.
    DerivedFrom,
}

/// A parent and its share of what the child earns.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Parent {
    /// The parent.
    pub id: ArtifactId,
    /// How the child came from it.
    pub relation: Relation,
    /// The parent's share.
    pub share: Bps,
}

/// One who made part of an artifact.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Contributor {
    /// The contributor's account.
    pub account: Address,
    /// The contributor's weight among the others.
    pub weight: u32,
}

/// What an artifact's identifier stands for: everything that its owner cannot change.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What it is.
    pub kind: ArtifactKind,
    /// Its name.
    pub name: BoundedString<64>,
    /// Its version.
    pub version: BoundedString<32>,
    /// Its licence, an SPDX expression.
    pub licence: BoundedString<64>,
    /// Its files; the first is the one that benchmarks read.
    pub files: BoundedVec<ArtifactFile, 64>,
    /// What it was made from.
    pub parents: BoundedVec<Parent, 8>,
    /// Who made it; empty means its owner alone.
    pub contributors: BoundedVec<Contributor, 64>,
    /// The hash of its card, a text for people; zero if there is none.
    pub card: ContentHash,
    /// The hash of its terms; zero if there are none.
    pub terms: ContentHash,
    /// What it promises if it is a benchmark.
    pub benchmark: Option<Benchmark>,
}

impl Manifest {
    /// The identifier of an artifact with this manifest.
    #[must_use]
    pub fn id(&self) -> ArtifactId {
        let Self {
            kind,
            name,
            version,
            licence,
            files,
            parents,
            contributors,
            card,
            terms,
            benchmark,
        } = self;
        ArtifactId(Hash::of(
            Domain::Manifest,
            &(kind, name, version, licence, files, parents, contributors, card, terms, benchmark),
        ))
    }
}

/// Whether an artifact may be evaluated.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum ArtifactStatus {
    /// It may.
    Active,
    /// Its owner took it back; what was measured stays.
    Withdrawn,
    /// Its claims are in dispute.
    Disputed,
}

/// An ancestor and its share, the largest where it is reached by several ways.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
pub struct Ancestor {
    /// The ancestor.
    pub id: ArtifactId,
    /// Its share.
    pub share: Bps,
}

/// A point of an artifact's dynamic part.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    BorshSerialize,
    BorshDeserialize,
    Serialize,
    Deserialize,
)]
pub struct StatePoint {
    /// Its number, from 1.
    pub seq: u64,
    /// What it commits to.
    pub root: Hash,
}

/// A registered artifact.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
pub struct Artifact {
    /// What its identifier stands for.
    pub manifest: Manifest,
    /// Who owns it.
    pub owner: Address,
    /// When it was registered.
    pub registered: Height,
    /// Whether it may be evaluated.
    pub status: ArtifactStatus,
    /// Everyone above it who shares in what it earns, in ascending order of id.
    pub ancestors: BoundedVec<Ancestor, 64>,
    /// The longest way up.
    pub depth: u8,
    /// The price it is offered at.
    pub price: Option<Amount>,
    /// The newest point of its dynamic part; number 0 if there is none.
    pub state: StatePoint,
}

impl Artifact {
    /// The file that benchmarks read.
    #[must_use]
    pub fn main_file(&self) -> Option<&ArtifactFile> {
        self.manifest.files.first()
    }
}

/// Which scores are better.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
#[borsh(use_discriminant = false)]
pub enum Direction {
    /// As for accuracy.
    HigherIsBetter,
    /// As for error.
    LowerIsBetter,
}

/// What a benchmark promises: enough to check a reveal without running anything.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benchmark {
    /// The hash of the definition file, as transcripts name it.
    pub definition: Hash,
    /// The dataset it measures on.
    pub dataset: ArtifactId,
    /// The class of work.
    pub class: u16,
    /// The number of core items.
    pub items: u32,
    /// The metric's name.
    pub metric: BoundedString<64>,
    /// How item scores become the score.
    pub fold: Fold,
    /// Which scores are better.
    pub direction: Direction,
    /// The lowest possible score.
    pub lowest: Score,
    /// The highest possible score.
    pub highest: Score,
    /// The declared noise of honest scores, in micro-units, from at least 30 reference runs.
    pub sigma: u64,
    /// How far two honest numbers may lie apart, in micro-units.
    pub delta: u64,
    /// The harness version that transcripts must state.
    pub harness: u32,
    /// The accepted engine profiles; empty accepts any.
    pub engines: BoundedVec<Hash, 8>,
}
