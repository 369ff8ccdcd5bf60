//! What is evaluated: the bundled digits models, their test set and the benchmark.
//!
//! The files are part of the program, so that the demonstration runs anywhere. Their sources and
//! licences stand in `fixtures/digits/README.md`.

use probity_harness::benchmark::Benchmark as Definition;
use probity_primitives::{ArtifactId, Bps, ContentHash};
use probity_protocol::registry::{ArtifactKind, Manifest};

use crate::exit::{Code, Failure, OrFail};
use crate::manifest::{About, file, manifest, promise};

const DEFINITION: &[u8] = include_bytes!("../../fixtures/digits/digits.toml");
const TEST_SET: &[u8] = include_bytes!("../../fixtures/digits/digits_test.jsonl");
/// The test set's items.
pub(crate) const ITEMS: u32 = 597;
const SOFTWARE: &str = "BSD-3-Clause";
const DATA: &str = "CC-BY-4.0";

/// The models, in the order in which they are evaluated.
const MODELS: [(&str, &[u8]); 6] = [
    ("digits_bad", include_bytes!("../../fixtures/digits/digits_bad.onnx")),
    ("digits_centroid", include_bytes!("../../fixtures/digits/digits_centroid.onnx")),
    ("digits_logreg", include_bytes!("../../fixtures/digits/digits_logreg.onnx")),
    ("digits_mlp16", include_bytes!("../../fixtures/digits/digits_mlp16.onnx")),
    ("digits_mlp256", include_bytes!("../../fixtures/digits/digits_mlp256.onnx")),
    ("digits_cnn", include_bytes!("../../fixtures/digits/digits_cnn.onnx")),
];

/// An artifact with the bytes of its one file.
pub(crate) struct Item {
    /// What its identifier stands for.
    pub(crate) manifest: Manifest,
    /// Its file.
    pub(crate) bytes: &'static [u8],
}

impl Item {
    /// Its identifier.
    pub(crate) fn id(&self) -> ArtifactId {
        self.manifest.id()
    }

    /// The hash of its file.
    pub(crate) fn main_file(&self) -> ContentHash {
        self.manifest.files.first().map(|file| file.blake3).unwrap_or_default()
    }

    /// Its name.
    pub(crate) fn name(&self) -> &str {
        &self.manifest.name
    }
}

/// Everything that the publisher registers, in an order in which parents come first.
pub(crate) struct Shelf {
    /// The test set.
    pub(crate) dataset: Item,
    /// The benchmark on it.
    pub(crate) benchmark: Item,
    /// The models.
    pub(crate) models: Vec<Item>,
}

impl Shelf {
    /// The bundled artifacts.
    pub(crate) fn bundled() -> Result<Self, Failure> {
        let dataset =
            item(ArtifactKind::Dataset, ("digits_test", "digits_test.jsonl"), TEST_SET, DATA)?;
        let definition = Definition::parse("digits.toml", DEFINITION)
            .or_fail(Code::Config, "the bundled benchmark does not hold")?;
        let about = About {
            kind: ArtifactKind::Benchmark,
            name: "digits",
            version: "1",
            licence: "MIT OR Apache-2.0",
            parents: vec![(dataset.id(), Bps::new(3_000))],
            benchmark: Some(promise(&definition, dataset.id(), ITEMS, 1)?),
        };
        let benchmark = Item {
            manifest: manifest(about, file("digits.toml", DEFINITION)?)?,
            bytes: DEFINITION,
        };
        let model = |(name, bytes): &(&str, &'static [u8])| {
            item(ArtifactKind::Model, (name, &format!("{name}.onnx")), bytes, SOFTWARE)
        };
        let models = MODELS.iter().map(model).collect::<Result<_, _>>()?;
        Ok(Self { dataset, benchmark, models })
    }

    /// Everything, parents first.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Item> {
        [&self.dataset, &self.benchmark].into_iter().chain(&self.models)
    }

    /// The model whose score the liar inflates.
    pub(crate) fn target(&self) -> Option<&Item> {
        self.models.first()
    }
}

fn item(
    kind: ArtifactKind,
    (name, path): (&str, &str),
    bytes: &'static [u8],
    licence: &str,
) -> Result<Item, Failure> {
    let about = About { kind, name, version: "1", licence, parents: Vec::new(), benchmark: None };
    Ok(Item { manifest: manifest(about, file(path, bytes)?)?, bytes })
}
