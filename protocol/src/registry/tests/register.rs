use super::*;
use crate::registry::manifest::MAX_ARTIFACT_BYTES;

/// A model's manifest with one change is refused.
fn refused(change: impl FnOnce(&mut Manifest)) -> ManifestError {
    let mut manifest = manifest(ArtifactKind::Model, "m");
    change(&mut manifest);
    match World::new().register(0, manifest) {
        Err(RegistryError::Manifest(error)) => error,
        other => panic!("{other:?} is not a refusal of the manifest"),
    }
}

/// A benchmark with one change is refused.
fn benchmark_refused(change: impl FnOnce(&mut Benchmark)) -> BenchmarkError {
    let mut world = World::new();
    let dataset = world.register(0, manifest(ArtifactKind::Dataset, "d")).unwrap();
    let mut part = benchmark(dataset);
    change(&mut part);
    let with_part = Manifest { benchmark: Some(part), ..manifest(ArtifactKind::Benchmark, "b") };
    match world.register(0, with_part) {
        Err(RegistryError::Benchmark(error)) => error,
        other => panic!("{other:?} is not a refusal of the benchmark part"),
    }
}

#[test]
fn an_artifact_is_found_by_its_manifests_hash() {
    let mut world = World::new();
    world.ctx.height = Height(9);
    let manifest = manifest(ArtifactKind::Model, "m");
    let id = world.register(1, manifest.clone()).unwrap();
    let artifact = world.ledger.artifact(&id).unwrap();
    assert_eq!((artifact.owner, artifact.registered), (account_of(1), Height(9)));
    assert_eq!((artifact.status, artifact.depth), (ArtifactStatus::Active, 0));
    assert_eq!(artifact.manifest, manifest);
}

#[test]
fn the_same_manifest_is_registered_once() {
    let mut world = World::new();
    let artifact = world.model(1, "m", &[]);
    let again = world.register(2, child("m", &[])).unwrap_err();
    assert_eq!(again, RegistryError::Registered { artifact, owner: account_of(1) });
}

#[test]
fn a_text_that_cannot_be_shown_is_refused() {
    for text in ["", " m", "m\u{7}"] {
        let error = refused(|m| m.name = BoundedString::new(text).unwrap());
        assert_eq!(error, ManifestError::Text { field: "name", text: text.into() });
    }
    let error = refused(|m| m.version = BoundedString::default());
    assert_eq!(error, ManifestError::Text { field: "version", text: String::new() });
    let error = refused(|m| m.licence = BoundedString::new("<b>MIT</b>").unwrap());
    assert_eq!(error, ManifestError::Licence("<b>MIT</b>".into()));
}

#[test]
fn a_path_that_could_leave_its_folder_is_refused() {
    for path in
        ["", "/etc/passwd", "..", "a/../b", "./a", "a//b", "a/", "a\\b", "c:x", "a\0", "a /b"]
    {
        let error = refused(|m| {
            m.files =
                list(vec![ArtifactFile { path: BoundedString::new(path).unwrap(), ..file("x") }])
        });
        assert_eq!(error, ManifestError::Path(path.into()));
    }
}

#[test]
fn paths_that_cannot_both_be_written_are_refused() {
    for (one, other) in [("a", "a"), ("a/B", "A/b"), ("a", "a/b"), ("a", "a/b/c")] {
        let error = refused(|m| m.files = list(vec![file(one), file(other)]));
        assert_eq!(error, ManifestError::PathClash(one.into(), other.into()));
    }
    let mut world = World::new();
    let siblings = list(vec![file("a/b"), file("a/c"), file("ab")]);
    let fine = Manifest { files: siblings, ..manifest(ArtifactKind::Model, "m") };
    assert!(world.register(0, fine).is_ok());
}

#[test]
fn files_have_hashes_and_a_size_that_can_be_fetched() {
    let error = refused(|m| m.files = BoundedVec::new());
    assert_eq!(error, ManifestError::NoFiles(ArtifactKind::Model));
    let no_hash = ArtifactFile { blake3: ContentHash::default(), ..file("x") };
    assert_eq!(refused(|m| m.files = list(vec![no_hash])), ManifestError::NoHash("x".into()));
    let large = |path| ArtifactFile { size: u64::MAX, ..file(path) };
    let error = refused(|m| m.files = list(vec![large("a"), large("b")]));
    let bytes = u128::from(u64::MAX) * 2;
    assert_eq!(error, ManifestError::TooLarge { bytes, limit: MAX_ARTIFACT_BYTES });
}

#[test]
fn a_service_needs_no_files() {
    let service = Manifest { files: BoundedVec::new(), ..manifest(ArtifactKind::Service, "s") };
    assert!(World::new().register(0, service).is_ok());
}

#[test]
fn contributors_are_named_once_and_weigh_something() {
    let twice = made_by("m", &[(1, 1), (1, 2)]).contributors;
    let error = refused(|m| m.contributors = twice);
    assert_eq!(error, ManifestError::ContributorTwice(account_of(1)));
    let weightless = made_by("m", &[(1, 0)]).contributors;
    let error = refused(|m| m.contributors = weightless);
    assert_eq!(error, ManifestError::NoWeight(account_of(1)));
}

#[test]
fn a_benchmark_is_stored_with_what_it_promises() {
    let mut world = World::new();
    let dataset = world.register(0, manifest(ArtifactKind::Dataset, "d")).unwrap();
    let part = benchmark(dataset);
    let with_part =
        Manifest { benchmark: Some(part.clone()), ..manifest(ArtifactKind::Benchmark, "b") };
    let id = world.register(0, with_part).unwrap();
    assert_eq!(world.ledger.benchmarks.get(&id), Some(&part));
}

#[test]
fn a_benchmark_has_its_part_and_nothing_else_has_one() {
    let mut world = World::new();
    let dataset = world.register(0, manifest(ArtifactKind::Dataset, "d")).unwrap();
    let kind = ArtifactKind::Benchmark;
    let error = world.register(0, manifest(kind, "b")).unwrap_err();
    assert_eq!(error, BenchmarkError::Part { kind, there: false, wanted: true }.into());
    let kind = ArtifactKind::Model;
    let with_part = Manifest { benchmark: Some(benchmark(dataset)), ..manifest(kind, "b") };
    let error = world.register(0, with_part).unwrap_err();
    assert_eq!(error, BenchmarkError::Part { kind, there: true, wanted: false }.into());
}

#[test]
fn a_benchmark_measures_on_a_registered_dataset() {
    let missing = ArtifactId(Hash::from_bytes([1; 32]));
    let error = benchmark_refused(|b| b.dataset = missing);
    assert_eq!(error, BenchmarkError::UnknownDataset(missing));
    let mut world = World::new();
    let model = world.model(0, "m", &[]);
    let with_part =
        Manifest { benchmark: Some(benchmark(model)), ..manifest(ArtifactKind::Benchmark, "b") };
    let error = world.register(0, with_part).unwrap_err();
    let kind = ArtifactKind::Model;
    assert_eq!(error, BenchmarkError::NotDataset { id: model, kind }.into());
}

#[test]
fn a_promise_that_cannot_be_kept_is_refused() {
    assert_eq!(benchmark_refused(|b| b.class = 9), BenchmarkError::UnknownClass(9));
    let limit = 1 << 24;
    assert_eq!(benchmark_refused(|b| b.items = 0), BenchmarkError::Items { items: 0, limit });
    let items = limit + 1;
    assert_eq!(benchmark_refused(|b| b.items = items), BenchmarkError::Items { items, limit });
    assert_eq!(benchmark_refused(|b| b.definition = Hash::ZERO), BenchmarkError::NoDefinition);
    let error = benchmark_refused(|b| b.metric = BoundedString::default());
    assert_eq!(error, BenchmarkError::Metric(String::new()));
    let error = benchmark_refused(|b| b.engines = list(vec![Hash::ZERO; 2]));
    assert_eq!(error, BenchmarkError::EngineTwice(Hash::ZERO));
}

#[test]
fn a_range_has_two_scores_and_roots_are_not_negative() {
    let (lowest, highest) = (Score::ONE, Score::ONE);
    let error = benchmark_refused(|b| b.lowest = lowest);
    assert_eq!(error, BenchmarkError::Range { lowest, highest });
    let lowest = Score::from_micros(-1);
    let error = benchmark_refused(|b| (b.lowest, b.fold) = (lowest, Fold::RootMean));
    assert_eq!(error, BenchmarkError::Range { lowest, highest });
}

#[test]
fn the_declared_noise_is_some_and_within_the_range() {
    let limit = 1_000_000;
    for sigma in [0, limit + 1] {
        let error = benchmark_refused(|b| b.sigma = sigma);
        assert_eq!(error, BenchmarkError::Sigma { sigma, limit });
    }
}
