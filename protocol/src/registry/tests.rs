//! A small world of artifacts to try the rules of the registry in.
#![expect(clippy::arithmetic_side_effects, reason = "the numbers of tests are small")]

mod ainft;
mod conservation;
mod lineage;
mod ownership;
mod register;
mod royalty;

use probity_primitives::transcript::Fold;
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Hash, Height,
    Keypair, Network, Score,
};

use super::message::RegisterArtifact;
use super::*;
use crate::bank::Bucket;
use crate::ledger::{Context, Ledger};

struct World {
    ledger: Ledger,
    ctx: Context,
}

impl World {
    /// Four accounts with a thousand tokens each, at height 1.
    fn new() -> Self {
        let mut ledger = Ledger::default();
        for account in 0..4 {
            ledger.endow(Bucket::Free(account_of(account)), tokens(1_000)).unwrap();
        }
        Self { ledger, ctx: Context::new(Height(1), Hash::ZERO) }
    }

    fn register(&mut self, by: u8, manifest: Manifest) -> Result<ArtifactId, RegistryError> {
        let id = manifest.id();
        let message = RegisterArtifact { manifest };
        self.apply(|ledger, ctx| register(ledger, ctx, account_of(by), &message))?;
        Ok(id)
    }

    /// A model of this name whose parents are these, each with its share in basis points.
    fn model(&mut self, by: u8, name: &str, parents: &[(ArtifactId, u16)]) -> ArtifactId {
        self.register(by, child(name, parents)).unwrap()
    }

    /// Pays an artifact out of account 3's money.
    fn pay(&mut self, artifact: ArtifactId, amount: Amount) {
        let funds = self.ledger.take(Bucket::Free(account_of(3)), amount).unwrap();
        pay_royalties(&mut self.ledger, artifact, funds).unwrap();
    }

    /// Runs a rule as blocks do: on a snapshot that a refusal drops.
    fn apply(
        &mut self,
        rule: impl FnOnce(&mut Ledger, &mut Context) -> Result<(), RegistryError>,
    ) -> Result<(), RegistryError> {
        let mut snapshot = self.ledger.clone();
        rule(&mut snapshot, &mut self.ctx)?;
        self.ledger = snapshot;
        assert_eq!(self.ledger.total(), self.ledger.supply.get().expected(), "the sum of buckets");
        Ok(())
    }

    fn free(&self, account: u8) -> Amount {
        self.ledger.balance(Bucket::Free(account_of(account)))
    }

    fn due(&self, artifact: ArtifactId) -> Amount {
        self.ledger.balance(Bucket::RoyaltyDue(artifact))
    }
}

fn tokens(tokens: u64) -> Amount {
    Amount::from_tokens(tokens)
}

fn units(units: u128) -> Amount {
    Amount::from_units(units)
}

fn account_of(seed: u8) -> Address {
    Address::of(&Keypair::from_seed([seed; 32]).public(), Network::Test)
}

fn file(path: &str) -> ArtifactFile {
    ArtifactFile {
        path: BoundedString::new(path).unwrap(),
        size: 1_000,
        blake3: ContentHash::of_file(path.as_bytes()),
        sha256: Hash::ZERO,
    }
}

fn manifest(kind: ArtifactKind, name: &str) -> Manifest {
    Manifest {
        kind,
        name: BoundedString::new(name).unwrap(),
        version: BoundedString::new("1.0").unwrap(),
        licence: BoundedString::new("Apache-2.0 OR MIT").unwrap(),
        files: list(vec![file("main.onnx")]),
        parents: BoundedVec::new(),
        contributors: BoundedVec::new(),
        card: ContentHash::default(),
        terms: ContentHash::default(),
        benchmark: None,
    }
}

fn child(name: &str, parents: &[(ArtifactId, u16)]) -> Manifest {
    let parents = parents
        .iter()
        .map(|(id, share)| Parent {
            id: *id,
            relation: Relation::FineTuned,
            share: Bps::new(*share),
        })
        .collect();
    Manifest { parents: list(parents), ..manifest(ArtifactKind::Model, name) }
}

/// A model made by these accounts with these weights.
fn made_by(name: &str, contributors: &[(u8, u32)]) -> Manifest {
    let contributors = contributors
        .iter()
        .map(|(account, weight)| Contributor { account: account_of(*account), weight: *weight })
        .collect();
    Manifest { contributors: list(contributors), ..manifest(ArtifactKind::Model, name) }
}

fn benchmark(dataset: ArtifactId) -> Benchmark {
    Benchmark {
        definition: Hash::from_bytes([7; 32]),
        dataset,
        class: 0,
        items: 360,
        metric: BoundedString::new("accuracy").unwrap(),
        fold: Fold::Mean,
        direction: Direction::HigherIsBetter,
        lowest: Score::ZERO,
        highest: Score::ONE,
        sigma: 1,
        delta: 1_000,
        harness: 1,
        engines: BoundedVec::new(),
    }
}

fn list<T, const MAX: usize>(elements: Vec<T>) -> BoundedVec<T, MAX> {
    BoundedVec::from_vec(elements).unwrap()
}
