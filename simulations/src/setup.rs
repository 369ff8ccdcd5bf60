//! What a world begins with: its genesis document, and the artifacts that tasks are about.

use probity_primitives::bounded::LimitError;
use probity_primitives::transcript::Fold;
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Domain, Hash,
    Keypair, Score,
};
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::registry::{
    ArtifactFile, ArtifactKind, Benchmark, Direction, Manifest, Parent, Relation,
};
use probity_protocol::task::Mode;
use probity_protocol::task::message::RequestTask;
use probity_runtime::Message;
use probity_runtime::genesis::{GENESIS_SCHEMA, Genesis, GenesisAccount, GenesisOperator, Token};

use crate::actor::{Actor, NETWORK, person};
use crate::sheet::Sheet;
use crate::world::{World, WorldConfig, WorldError};

impl World {
    /// Registers a dataset, a benchmark on it and models of given qualities, all of the first
    /// person's; gives the benchmark and the models.
    ///
    /// # Errors
    /// [`WorldError`] if a registration is refused.
    pub fn publish(
        &mut self,
        qualities: &[u32],
    ) -> Result<(ArtifactId, Vec<ArtifactId>), WorldError> {
        let publisher = person(self.seed, "person", 0);
        let dataset = manifest(ArtifactKind::Dataset, "digits", 0)?;
        self.must(&publisher, register(&dataset))?;
        let mut benchmark = manifest(ArtifactKind::Benchmark, "digits accuracy", 0)?;
        benchmark.parents = BoundedVec::from_vec(vec![Parent {
            id: dataset.id(),
            relation: Relation::Measures,
            share: Bps::new(1_000),
        }])?;
        benchmark.benchmark = Some(promise(dataset.id(), self.items, self.noise)?);
        self.must(&publisher, register(&benchmark))?;
        let mut models = Vec::new();
        for (number, quality) in (1u32..).zip(qualities) {
            let model = manifest(ArtifactKind::Model, "model", number)?;
            self.must(&publisher, register(&model))?;
            models.push(model.id());
            let main = |m: &Manifest| m.files.first().map(|f| f.blake3).unwrap_or_default();
            let sheet = Sheet {
                model: main(&model),
                dataset: main(&dataset),
                quality: *quality,
                numbers: self.numbers,
            };
            self.sheets.push((model.id(), sheet));
        }
        Ok((benchmark.id(), models))
    }

    /// Lets everyone know what a model answers that somebody else has registered.
    pub(crate) fn shelve(&mut self, model: ArtifactId, quality: u32) {
        let file = self.ledger().artifacts.get(&model).and_then(|known| known.main_file()).cloned();
        let dataset = self.sheets.first().map(|(_, sheet)| sheet.dataset);
        if let (Some(file), Some(dataset)) = (file, dataset) {
            let sheet = Sheet { model: file.blake3, dataset, quality, numbers: self.numbers };
            self.sheets.push((model, sheet));
        }
    }

    /// The message that asks for an evaluation at a fee of 100 tokens.
    #[must_use]
    pub fn request(benchmark: ArtifactId, artifact: ArtifactId, mode: Mode) -> Message {
        Message::RequestTask(RequestTask {
            benchmark,
            artifact,
            mode,
            fee: Amount::from_tokens(100),
            value_at_risk: Amount::from_tokens(100),
            commit_blocks: None,
        })
    }
}

fn register(manifest: &Manifest) -> Message {
    Message::RegisterArtifact(RegisterArtifact { manifest: manifest.clone() })
}

/// The manifest of something derived from something else.
pub(crate) fn derived(kind: ArtifactKind, name: &str, number: u32) -> Result<Manifest, WorldError> {
    manifest(kind, name, number)
}

/// The manifest of a synthetic model.
pub(crate) fn synthetic(name: &str, number: u32) -> Result<Manifest, WorldError> {
    manifest(ArtifactKind::Model, name, number)
}

fn manifest(kind: ArtifactKind, name: &str, number: u32) -> Result<Manifest, WorldError> {
    let content = format!("{name} {number}");
    Ok(Manifest {
        kind,
        name: BoundedString::new(name)?,
        version: BoundedString::new(format!("1.{number}"))?,
        licence: BoundedString::new("MIT")?,
        files: BoundedVec::from_vec(vec![ArtifactFile {
            path: BoundedString::new("main.bin")?,
            size: u64::try_from(content.len()).unwrap_or_default(),
            blake3: ContentHash::of_file(content.as_bytes()),
            sha256: Hash::ZERO,
        }])?,
        parents: BoundedVec::new(),
        contributors: BoundedVec::new(),
        card: ContentHash::default(),
        terms: ContentHash::default(),
        benchmark: None,
    })
}

fn promise(
    dataset: ArtifactId,
    items: u32,
    (sigma, delta): (u64, u64),
) -> Result<Benchmark, WorldError> {
    Ok(Benchmark {
        definition: Hash::of(Domain::Benchmark, "digits accuracy"),
        dataset,
        class: 0,
        items,
        metric: BoundedString::new("accuracy")?,
        fold: Fold::Mean,
        direction: Direction::HigherIsBetter,
        lowest: Score::ZERO,
        highest: Score::ONE,
        sigma,
        delta,
        harness: 1,
        engines: BoundedVec::new(),
    })
}

/// The document of a world.
pub(crate) fn document(
    config: &WorldConfig,
    actors: &[Actor],
    people: &[Keypair],
) -> Result<Genesis, WorldError> {
    let (bonded, balance) = (config.bonded, config.balance);
    let rich = |key: &Keypair| (Address::of(&key.public(), NETWORK), balance);
    let people: Vec<(Address, Amount)> = people.iter().map(rich).collect();
    let actors: Vec<Endowed<'_>> = actors
        .iter()
        .map(|actor| Endowed { actor, bonded, owner: balance, key: balance })
        .collect();
    endowed(config, &actors, &people)
}

/// An operator and what it begins with.
pub(crate) struct Endowed<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) bonded: Amount,
    pub(crate) owner: Amount,
    pub(crate) key: Amount,
}

/// The document of a world in which not all are alike.
pub(crate) fn endowed(
    config: &WorldConfig,
    actors: &[Endowed<'_>],
    people: &[(Address, Amount)],
) -> Result<Genesis, WorldError> {
    let keys = actors.iter().flat_map(|one| {
        [(one.actor.owner_address(), one.owner), (one.actor.key_address(), one.key)]
    });
    let mut accounts: Vec<GenesisAccount> = keys
        .chain(people.iter().copied())
        .map(|(address, balance)| GenesisAccount { address, balance })
        .collect();
    accounts.sort_by_key(|account| account.address);
    let operators = actors
        .iter()
        .zip(0u32..)
        .map(|(Endowed { actor, bonded, .. }, number)| {
            Ok(GenesisOperator {
                owner: actor.owner_address(),
                key: actor.key.public(),
                vrf: actor.vrf.public(),
                name: BoundedString::new(format!("operator {number}"))?,
                commission: Bps::new(500),
                classes: BoundedVec::from_vec(vec![0])?,
                bonded: *bonded,
            })
        })
        .collect::<Result<Vec<_>, LimitError>>()?;
    Ok(Genesis {
        schema: BoundedString::new(GENESIS_SCHEMA)?,
        chain_id: BoundedString::new(format!("world-{}", config.seed))?,
        network: NETWORK,
        time_ms: 1_700_000_000_000,
        token: Token { symbol: BoundedString::new("PBY")?, decimals: 9 },
        protocol: config.protocol,
        params: config.params.clone(),
        governance: config.governance.clone(),
        accounts: BoundedVec::from_vec(accounts)?,
        operators: BoundedVec::from_vec(operators)?,
        beacon_seed: Hash::of(Domain::Seed, &config.seed),
    })
}
