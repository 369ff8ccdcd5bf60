use super::*;
use crate::registry::ainft::{Ainft, AinftError};

/// A model trained on a dataset, and the world they are in.
fn trained() -> (World, ArtifactId, ArtifactId) {
    let mut world = World::new();
    let dataset = world.register(0, manifest(ArtifactKind::Dataset, "digits")).unwrap();
    let base = world.model(0, "base", &[]);
    let mut manifest = child("net", &[(base, 100), (dataset, 0)]);
    let mut parents = manifest.parents.into_vec();
    parents[1].relation = Relation::TrainedOn;
    manifest.parents = list(parents);
    let model = world.register(0, manifest).unwrap();
    (world, model, dataset)
}

#[test]
fn an_export_fills_the_articles_fields_and_adds_hashes() {
    let (mut world, model, dataset) = trained();
    let root = Hash::from_bytes([3; 32]);
    let point = StatePoint { seq: 4, root };
    world.ledger.artifacts.get_mut(&model).unwrap().state = point;
    let object = Ainft::export(&world.ledger, model).unwrap();
    let data: Vec<&str> = object.data.iter().map(|text| text.as_str()).collect();
    assert_eq!(data, [dataset.to_string()]);
    assert_eq!(&*object.model.name, "net");
    assert_eq!(&*object.model.epoch, "1.0");
    assert_eq!(&*object.model.platform, "main.onnx");
    assert_eq!(&*object.state, format!("4:{root}"));
    let hashes = object.hashes.unwrap();
    assert_eq!((hashes.id, hashes.state), (model, point));
}

#[test]
fn an_export_imports_as_the_manifest_it_came_from() {
    let (world, model, _) = trained();
    let object = Ainft::export(&world.ledger, model).unwrap();
    let manifest = world.ledger.artifact(&model).unwrap().manifest.clone();
    assert_eq!(object.import(), Ok(manifest));
}

#[test]
fn an_object_without_hashes_identifies_nothing() {
    let (world, model, _) = trained();
    let mut object = Ainft::export(&world.ledger, model).unwrap();
    object.hashes = None;
    assert_eq!(object.import(), Err(AinftError::NoHashes));
}

#[test]
fn an_object_that_differs_from_its_manifest_is_refused() {
    let (world, model, _) = trained();
    let export = || Ainft::export(&world.ledger, model).unwrap();
    let mut object = export();
    object.model.name = BoundedString::new("better-net").unwrap();
    assert_eq!(object.import(), Err(AinftError::Differs("model")));
    let mut object = export();
    object.data = BoundedVec::new();
    assert_eq!(object.import(), Err(AinftError::Differs("data")));
    let mut object = export();
    object.hashes.as_mut().unwrap().manifest.licence = BoundedString::new("MIT").unwrap();
    let actual = object.hashes.as_ref().unwrap().manifest.id();
    assert_eq!(object.import(), Err(AinftError::WrongId { stated: model, actual }));
}
