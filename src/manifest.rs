//! Manifests of local files: what registration sends, and what verification compares.

use probity_harness::benchmark as definition;
use probity_harness::engine::HARNESS_VERSION;
use probity_primitives::{ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Hash, Score};
use probity_protocol::registry::{
    ArtifactFile, ArtifactKind, Benchmark, Direction, Manifest, Parent, Relation,
};
use sha2::{Digest, Sha256};

use crate::exit::{Code, Failure, OrFail};

/// How far two honest numbers of a regression may lie apart: a thousandth of its unit, forty times
/// what engines were measured to differ by.
const NUMBER_DELTA: u64 = 1_000;

/// What a user says of an artifact.
pub(crate) struct About<'a> {
    /// What it is.
    pub(crate) kind: ArtifactKind,
    /// Its name.
    pub(crate) name: &'a str,
    /// Its version.
    pub(crate) version: &'a str,
    /// Its licence.
    pub(crate) licence: &'a str,
    /// What it was made from, with shares.
    pub(crate) parents: Vec<(ArtifactId, Bps)>,
    /// What it promises if it is a benchmark.
    pub(crate) benchmark: Option<Benchmark>,
}

/// The manifest of a single file.
pub(crate) fn manifest(about: About<'_>, file: ArtifactFile) -> Result<Manifest, Failure> {
    let relation = match about.kind {
        ArtifactKind::Benchmark => Relation::Measures,
        ArtifactKind::Model => Relation::TrainedOn,
        ArtifactKind::Dataset
        | ArtifactKind::Harness
        | ArtifactKind::Service
        | ArtifactKind::Workflow => Relation::DerivedFrom,
    };
    let parents = about.parents.into_iter().map(|(id, share)| Parent { id, relation, share });
    Ok(Manifest {
        kind: about.kind,
        name: text(about.name, "the name")?,
        version: text(about.version, "the version")?,
        licence: text(about.licence, "the licence")?,
        files: BoundedVec::from_vec(vec![file]).or_fail(Code::Usage, "the files")?,
        parents: BoundedVec::from_vec(parents.collect()).or_fail(Code::Usage, "the parents")?,
        contributors: BoundedVec::new(),
        card: ContentHash::default(),
        terms: ContentHash::default(),
        benchmark: about.benchmark,
    })
}

/// A file as manifests name it.
pub(crate) fn file(name: &str, bytes: &[u8]) -> Result<ArtifactFile, Failure> {
    Ok(ArtifactFile {
        path: text(name, "the file name")?,
        size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        blake3: ContentHash::of_file(bytes),
        sha256: Hash::from_bytes(Sha256::digest(bytes).into()),
    })
}

/// What a benchmark definition promises on a dataset of so many items.
pub(crate) fn promise(
    definition: &definition::Benchmark,
    dataset: ArtifactId,
    items: u32,
    sigma: u64,
) -> Result<Benchmark, Failure> {
    let metric = &definition.metric;
    let direction = match metric.name.direction() {
        definition::Direction::Higher => Direction::HigherIsBetter,
        definition::Direction::Lower => Direction::LowerIsBetter,
    };
    Ok(Benchmark {
        definition: definition.hash(),
        dataset,
        class: 0,
        items,
        metric: text(metric.name.as_str(), "the metric")?,
        fold: metric.name.fold(),
        direction,
        lowest: Score::ZERO,
        highest: Score::from_micros(metric.worst),
        sigma,
        delta: NUMBER_DELTA,
        harness: HARNESS_VERSION,
        engines: BoundedVec::from_vec(vec![probity_harness::engine::profile().hash()])
            .or_fail(Code::Other, "the engine profile")?,
    })
}

fn text<const MAX: usize>(text: &str, what: &str) -> Result<BoundedString<MAX>, Failure> {
    BoundedString::new(text).or_fail(Code::Usage, what)
}
