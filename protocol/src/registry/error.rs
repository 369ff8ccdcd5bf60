//! Why the registry refuses.

use probity_primitives::bounded::LimitError;
use probity_primitives::{Address, Amount, ArithmeticError, ArtifactId, Bps, Hash, Score};

use super::state::{ArtifactKind, ArtifactStatus};
use crate::bank::BankError;

/// Why a message about an artifact is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// There is no such artifact.
    #[error("artifact {0} is not registered")]
    UnknownArtifact(ArtifactId),
    /// An artifact with this manifest exists.
    #[error("artifact {artifact} is registered already, by {owner}")]
    Registered {
        /// Which artifact.
        artifact: ArtifactId,
        /// Who owns it.
        owner: Address,
    },
    /// The manifest breaks a rule of its own.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The parents do not make a lineage.
    #[error(transparent)]
    Lineage(#[from] LineageError),
    /// The benchmark part does not hold.
    #[error(transparent)]
    Benchmark(#[from] BenchmarkError),
    /// Only the owner may do this.
    #[error("{sender} does not own artifact {artifact}: {owner} does")]
    NotOwner {
        /// Which artifact.
        artifact: ArtifactId,
        /// Who owns it.
        owner: Address,
        /// Who asked.
        sender: Address,
    },
    /// The sender owns it already.
    #[error("{owner} owns artifact {artifact} already")]
    OwnsAlready {
        /// Which artifact.
        artifact: ArtifactId,
        /// Who owns it.
        owner: Address,
    },
    /// It was withdrawn, or is in dispute.
    #[error("artifact {artifact} is {status:?}, not active")]
    NotActive {
        /// Which artifact.
        artifact: ArtifactId,
        /// How it stands.
        status: ArtifactStatus,
    },
    /// It cannot be had at that price.
    #[error(transparent)]
    Sale(#[from] SaleError),
    /// The points of a dynamic part follow each other.
    #[error("point {given} of artifact {artifact} does not follow point {newest}")]
    StateSequence {
        /// Which artifact.
        artifact: ArtifactId,
        /// The newest point's number.
        newest: u64,
        /// The number that was given.
        given: u64,
    },
    /// The sender shares in nothing that the artifact earns.
    #[error("{sender} neither owns artifact {artifact} nor is among its contributors")]
    NotEntitled {
        /// Which artifact.
        artifact: ArtifactId,
        /// Who asked.
        sender: Address,
    },
    /// There is nothing to share out.
    #[error("artifact {0} has no royalties due")]
    NothingDue(ArtifactId),
    /// Money does not move, or a number would leave its range.
    #[error(transparent)]
    Bank(#[from] BankError),
    /// An account of the other kind of network, which nobody could use here.
    #[error("{0} is an address of another kind of network")]
    WrongNetwork(Address),
}

impl From<ArithmeticError> for RegistryError {
    fn from(error: ArithmeticError) -> Self {
        Self::Bank(error.into())
    }
}

/// Why an artifact is not sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SaleError {
    /// It is not offered.
    #[error("artifact {0} is not for sale")]
    NotForSale(ArtifactId),
    /// A gift is a transfer.
    #[error("a price of zero is a gift: transfer the artifact instead")]
    ZeroPrice,
    /// It costs more than the buyer pays at most.
    #[error("artifact {artifact} costs {price}, more than the {max_price} to be paid at most")]
    TooDear {
        /// Which artifact.
        artifact: ArtifactId,
        /// What it costs.
        price: Amount,
        /// The most the buyer pays.
        max_price: Amount,
    },
}

/// Why a manifest breaks a rule of its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// A text that must say something.
    #[error("the {field} {text:?} is empty, or has spaces at an end or control characters")]
    Text {
        /// Which text.
        field: &'static str,
        /// What it says.
        text: String,
    },
    /// Not written as SPDX expressions are.
    #[error("the licence {0:?} is not an SPDX expression: it has other characters than those use")]
    Licence(String),
    /// A kind that is made of files, without one.
    #[error("a {0:?} needs at least one file")]
    NoFiles(ArtifactKind),
    /// A path that could leave the artifact's folder, or that some system cannot write.
    #[error("{0:?} is not a path within an artifact")]
    Path(String),
    /// Two files of one path, or one that is a folder of the other.
    #[error("the paths {0:?} and {1:?} cannot both be written")]
    PathClash(String, String),
    /// A file of no known content.
    #[error("the file {0:?} has no BLAKE3 hash")]
    NoHash(String),
    /// More bytes than an artifact may have.
    #[error("{bytes} bytes of files are more than the {limit} allowed")]
    TooLarge {
        /// How many there are.
        bytes: u128,
        /// How many there may be.
        limit: u64,
    },
    /// One contributor stands in the list twice.
    #[error("contributor {0} is named twice")]
    ContributorTwice(Address),
    /// A contributor who contributed nothing.
    #[error("contributor {0} has no weight")]
    NoWeight(Address),
}

/// Why parents do not make a lineage.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// A parent that is not registered. An artifact is not its own parent: it is not registered
    /// when its parents are looked up.
    #[error("parent {0} is not registered")]
    UnknownParent(ArtifactId),
    /// One parent stands in the list twice.
    #[error("parent {0} is named twice")]
    ParentTwice(ArtifactId),
    /// A longer way up than there may be.
    #[error("a depth of {depth} is more than the {limit} allowed")]
    TooDeep {
        /// The longest way up.
        depth: u8,
        /// How long it may be.
        limit: u8,
    },
    /// More ancestors than there may be.
    #[error("too many ancestors: {0}")]
    TooMany(#[from] LimitError),
    /// The ancestors' shares leave the artifact too little.
    #[error("the ancestors' shares add up to {sum} bps, more than the {limit} allowed")]
    SharesTooLarge {
        /// What they add up to, in basis points.
        sum: u64,
        /// What they may add up to.
        limit: Bps,
    },
}

/// Why the benchmark part of a manifest does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BenchmarkError {
    /// A benchmark without its part, or another kind with one.
    #[error("a {kind:?} has a benchmark part: {there}, must be {wanted}")]
    Part {
        /// What the artifact is.
        kind: ArtifactKind,
        /// Whether the part is there.
        there: bool,
        /// Whether it should be.
        wanted: bool,
    },
    /// The dataset is not registered.
    #[error("dataset {0} is not registered")]
    UnknownDataset(ArtifactId),
    /// What is named as the dataset is something else.
    #[error("{id} is a {kind:?}, not a dataset")]
    NotDataset {
        /// What is named.
        id: ArtifactId,
        /// What it is.
        kind: ArtifactKind,
    },
    /// There is no such class of work.
    #[error("class {0} is unknown")]
    UnknownClass(u16),
    /// A benchmark of nothing, or of more than a transcript may hold.
    #[error("{items} items are not between 1 and {limit}")]
    Items {
        /// How many there are.
        items: u32,
        /// How many there may be.
        limit: u32,
    },
    /// A definition of no known content.
    #[error("the definition has no hash")]
    NoDefinition,
    /// A metric without a name.
    #[error("{0:?} is not the name of a metric")]
    Metric(String),
    /// A range without two scores, or with negative roots.
    #[error("scores from {lowest} to {highest} are not a range of this metric")]
    Range {
        /// The lowest possible score.
        lowest: Score,
        /// The highest.
        highest: Score,
    },
    /// No noise at all, or more than the range of scores.
    #[error("a noise of {sigma} micro-units is not between 1 and {limit}")]
    Sigma {
        /// The declared noise.
        sigma: u64,
        /// The width of the range.
        limit: u64,
    },
    /// One engine profile stands in the list twice.
    #[error("engine profile {0} is named twice")]
    EngineTwice(Hash),
}
