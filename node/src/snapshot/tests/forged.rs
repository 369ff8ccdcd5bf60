//! What is not believed.

use probity_primitives::{BlockHash, BoundedVec, ContentHash, Hash, Height};
use probity_runtime::Genesis;
use probity_runtime::tree::bulk::Leaves;
use probity_simulations::World;

use super::super::check::check_manifest;
use super::super::chunk::{self, Cutter};
use super::super::shelf::chunk_name;
use super::super::{Manifest, Shelf, SnapshotError, Trust, check, restore};
use super::{snapshot, world};
use crate::store::StoreKind;

/// A snapshot, and what it is checked against.
struct Stage {
    world: World,
    shelf: Shelf,
    manifest: Manifest,
    folder: tempfile::TempDir,
}

fn stage() -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let world = world(3);
    let (shelf, manifest) = snapshot(&world, folder.path());
    Stage { world, shelf, manifest, folder }
}

impl Stage {
    fn check(&self, manifest: &Manifest, trust: Option<Trust>) -> Result<(), SnapshotError> {
        let chunks = self.shelf.folder(self.manifest.height());
        check(manifest, &chunks, &self.world.genesis, trust).map(drop)
    }

    /// What is said of the manifest with a change; nothing is restored from it either.
    fn refused(&self, change: impl FnOnce(&mut Manifest)) -> String {
        let mut manifest = self.manifest.clone();
        change(&mut manifest);
        let error = self.check(&manifest, None).unwrap_err();
        assert!(error.is_refusal(), "{error}");
        let place = self.folder.path().join("store");
        let chunks = self.shelf.folder(self.manifest.height());
        let restored =
            restore(&manifest, &chunks, &self.world.genesis, None, StoreKind::Redb, &place);
        assert_eq!(restored.unwrap_err().to_string(), error.to_string());
        assert!(!place.exists());
        error.to_string()
    }

    /// Puts other entries into the snapshot's folder, with chunks and counts that agree.
    fn rewrite(&self, entries: Vec<chunk::StateEntry>) -> Manifest {
        let mut cutter = Cutter::default();
        let mut chunks = Vec::new();
        let folder = self.shelf.folder(self.manifest.height());
        let count = u64::try_from(entries.len()).unwrap();
        let mut cut = Vec::new();
        for (key, value) in entries {
            cut.extend(cutter.push(key, value));
        }
        cut.extend(cutter.finish());
        for (index, (info, bytes)) in (0u32..).zip(cut) {
            std::fs::write(folder.join(chunk_name(index)), bytes).unwrap();
            chunks.push(info);
        }
        let chunks = BoundedVec::from_vec(chunks).unwrap();
        Manifest { entries: count, chunks, ..self.manifest.clone() }
    }
}

#[test]
fn a_snapshot_leads_from_the_genesis_document_to_the_state() {
    let stage = stage();
    stage.check(&stage.manifest, None).unwrap();
    assert!(!stage.manifest.changes.is_empty(), "the way has no change of validators");
    let read = Manifest::from_json(&stage.manifest.to_json().unwrap()).unwrap();
    assert_eq!(read, stage.manifest);
}

#[test]
fn every_flipped_bit_of_a_chunk_is_found_by_its_hash() {
    let stage = stage();
    let path = stage.shelf.folder(stage.manifest.height()).join(chunk_name(0));
    let good = std::fs::read(&path).unwrap();
    for place in (0..good.len()).step_by(97) {
        let mut bad = good.clone();
        bad[place] ^= 1 << (place % 8);
        std::fs::write(&path, bad).unwrap();
        let error = stage.check(&stage.manifest, None).unwrap_err();
        assert!(matches!(error, SnapshotError::Chunk { index: 0, .. }), "{place}: {error}");
    }
    std::fs::write(&path, &good[..good.len() - 1]).unwrap();
    assert!(stage.check(&stage.manifest, None).is_err());
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(stage.check(&stage.manifest, None), Err(SnapshotError::Io { .. })));
}

#[test]
fn entries_with_chunks_and_counts_that_agree_are_refused_by_the_root() {
    let entries = |stage: &Stage| stage.world.chain.state().entries().collect::<Vec<_>>();
    type Change = fn(&mut Vec<chunk::StateEntry>);
    let changes: [(&str, Change); 4] = [
        ("root", |entries| drop(entries.remove(9))),
        ("root", |entries| {
            let account = entries.iter_mut().find(|(key, _)| key[0] == 0x10).unwrap();
            account.1[0] ^= 1;
        }),
        ("root", |entries| {
            let mut more = entries.iter().find(|(key, _)| key[0] == 0x10).unwrap().clone();
            *more.0.last_mut().unwrap() ^= 1;
            entries.push(more);
        }),
        ("different ones", |entries| entries.push(entries[9].clone())),
    ];
    for (said, change) in changes {
        let stage = stage();
        let mut others = entries(&stage);
        change(&mut others);
        let manifest = stage.rewrite(others);
        let error = stage.check(&manifest, None).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_header_with_another_root_is_refused_by_the_votes() {
    let stage = stage();
    // A maker that invents money has to invent the root, and then nobody has voted for it.
    let mut others: Vec<_> = stage.world.chain.state().entries().collect();
    let account = others.iter_mut().find(|(key, _)| key[0] == 0x10).unwrap();
    account.1[0] ^= 1;
    let leaves: Leaves = others.iter().map(|(key, value)| (&key[..], &value[..])).collect();
    let mut manifest = stage.rewrite(others);
    manifest.header.state_root = leaves.rooted().1;
    let error = stage.check(&manifest, None).unwrap_err().to_string();
    assert!(error.ends_with("is not the block that the signatures are for"), "{error}");
    manifest.commit.block = manifest.header.hash();
    let error = stage.check(&manifest, None).unwrap_err().to_string();
    assert!(error.contains("was not decided"), "{error}");
}

#[test]
fn votes_and_changes_cannot_be_left_out_or_moved() {
    let stage = stage();
    let said = stage.refused(|manifest| manifest.changes = BoundedVec::new());
    assert!(said.contains("other validators than the changes lead to"), "{said}");
    let said = stage.refused(|manifest| {
        let mut changes = manifest.changes.clone().into_vec();
        changes.push(changes[0].clone());
        manifest.changes = BoundedVec::from_vec(changes).unwrap();
    });
    assert!(said.contains("is not later than the change before it"), "{said}");
    let said = stage.refused(|manifest| {
        let mut votes = manifest.commit.signatures.clone().into_vec();
        votes.truncate(2);
        manifest.commit.signatures = BoundedVec::from_vec(votes).unwrap();
    });
    assert!(said.contains("is not more than two thirds"), "{said}");
    let said = stage.refused(|manifest| manifest.header.height = Height(1));
    assert!(said.contains("at height 1"), "{said}");
}

#[test]
fn a_snapshot_of_another_chain_is_refused() {
    let stage = stage();
    let said = stage.refused(|manifest| manifest.genesis_hash = Hash::ZERO);
    assert!(said.starts_with("the snapshot is of the chain"), "{said}");
    let other = Genesis { time_ms: 1, ..stage.world.genesis.clone() };
    let mut manifest = stage.manifest.clone();
    assert!(matches!(
        check_manifest(&manifest, &other, None),
        Err(SnapshotError::OtherChain { .. })
    ));
    // Said to be of the reader's chain, it is refused by the votes.
    manifest.genesis_hash = other.hash();
    assert!(matches!(check_manifest(&manifest, &other, None), Err(SnapshotError::Trail(_))));
}

#[test]
fn a_trusted_block_must_be_on_the_way() {
    let stage = stage();
    let header = &stage.manifest.header;
    let change = &stage.manifest.changes[0].header;
    let trust = |height, block| Some(Trust { height, block });
    stage.check(&stage.manifest, trust(header.height, header.hash())).unwrap();
    stage.check(&stage.manifest, trust(change.height, change.hash())).unwrap();
    let other = BlockHash(Hash::from_bytes([1; 32]));
    for bad in [
        trust(header.height, other),
        trust(change.height, other),
        trust(Height(change.height.0 + 1), change.hash()),
        trust(Height(header.height.0 + 1), header.hash()),
    ] {
        let error = stage.check(&stage.manifest, bad).unwrap_err();
        assert!(matches!(error, SnapshotError::Untrusted { .. }), "{error}");
    }
}

#[test]
fn a_manifest_keeps_its_limits() {
    let stage = stage();
    let read = |change: fn(&mut Manifest)| {
        let mut manifest = stage.manifest.clone();
        change(&mut manifest);
        Manifest::from_json(&manifest.to_json().unwrap()).map_err(|error| error.to_string())
    };
    let oversized = read(|manifest| {
        let mut chunks = manifest.chunks.clone().into_vec();
        chunks[0].bytes = u32::MAX;
        manifest.chunks = BoundedVec::from_vec(chunks).unwrap();
    });
    assert!(oversized.unwrap_err().contains("the limit is"));
    let count = read(|manifest| manifest.entries += 1);
    assert!(count.unwrap_err().contains("its chunks have"));
    let schema = read(|manifest| {
        manifest.schema = probity_primitives::BoundedString::new("probity.snapshot/v2").unwrap();
    });
    assert!(schema.unwrap_err().contains("probity.snapshot/v2"));
    assert!(Manifest::from_json(b"{}").is_err());
    let info = stage.manifest.chunks[0];
    let none =
        chunk::read(0, &super::super::ChunkInfo { hash: ContentHash::of_file(b"x"), ..info }, b"x");
    assert!(matches!(none, Err(SnapshotError::Malformed { .. })), "{none:?}");
}
