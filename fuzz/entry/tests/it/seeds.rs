//! Examples of everything that is fuzzed, made by the code that makes it in earnest.

use std::io::{Seek as _, Write as _};
use std::sync::LazyLock;

use probity_api::event::records;
use probity_api::{Code, Envelope, ListEnvelope, Problem, list_schema};
use probity_fuzz_entry::{self as entry, sample_file};
use probity_keys::keystore::{Kdf, Keystore, Label};
use probity_keys::passphrase::Passphrase;
use probity_keys::secret::Secret;
use probity_node::network::transfer::blocks::Served;
use probity_node::network::transfer::message::Run;
use probity_primitives::codec::encode;
use probity_primitives::{Amount, BoundedVec, ContentHash, Hash, Height, Score};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::SignedTx;
use probity_simulations::chaos::Act;
use probity_simulations::{World, WorldConfig};

/// What is fuzzed.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) entry: fn(&[u8]) -> entry::Verdict,
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub(crate) const TARGETS: [Target; 8] = [
    Target { name: "codec", entry: entry::codec, seeds: codec },
    Target { name: "transaction", entry: entry::transaction, seeds: transactions },
    Target { name: "block", entry: entry::block, seeds: blocks },
    Target { name: "certificate", entry: entry::certificate, seeds: certificates },
    Target { name: "api", entry: entry::api, seeds: api },
    Target { name: "keystore", entry: entry::keystore, seeds: keystores },
    Target { name: "benchmark", entry: entry::benchmark, seeds: benchmarks },
    Target { name: "transfer", entry: entry::transfer, seeds: transfers },
];

/// A small chain on which a task came to its end and then everybody did as they liked.
static WORLD: LazyLock<World> = LazyLock::new(|| {
    let config = WorldConfig { seed: 5, operators: 12, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    assert_eq!(world.finish(task, 300).unwrap(), TaskPhase::Final);
    world
});

/// The same, later.
static CHAOS: LazyLock<World> = LazyLock::new(|| {
    let mut world = WORLD.clone();
    for seed in 0..160u64 {
        let kind = u8::try_from(5 + seed % 19).unwrap();
        world.happen(Act { kind, seed }).unwrap();
    }
    world
});

/// One transaction of each kind of message.
fn kinds() -> Vec<SignedTx> {
    let mut found = std::collections::BTreeMap::new();
    for tx in CHAOS.log.iter().flat_map(|(block, _)| block.txs.iter()) {
        found.entry(tx.body.message.kind()).or_insert_with(|| tx.clone());
    }
    assert!(found.len() >= 12, "{:?}", found.keys());
    found.into_values().collect()
}

fn transactions() -> Vec<Vec<u8>> {
    kinds().iter().map(SignedTx::encode).collect()
}

fn blocks() -> Vec<Vec<u8>> {
    let full = CHAOS.log.iter().filter(|(block, _)| !block.txs.is_empty());
    full.step_by(25).take(8).map(|(block, _)| block.encode()).collect()
}

fn certificates() -> Vec<Vec<u8>> {
    let task = WORLD.newest_task().unwrap();
    vec![WORLD.certificate(task).unwrap().to_json().into_bytes()]
}

fn with_kind(kind: u8, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    [&[kind], bytes.as_ref()].concat()
}

fn codec() -> Vec<Vec<u8>> {
    let (block, receipts) = CHAOS.log.iter().find(|(block, _)| !block.txs.is_empty()).unwrap();
    let commit = WORLD.certify(WORLD.chain.tip(), WORLD.chain.validators()).unwrap();
    let sheet = WORLD.sheets[0].1;
    let amounts = BoundedVec::<_, 8>::from_vec(vec![Amount::from_tokens(1); 3]).unwrap();
    let hashes =
        std::collections::BTreeSet::from([Hash::from_bytes([1; 32]), Hash::from_bytes([2; 32])]);
    let pair = &WORLD.people[0];
    vec![
        with_kind(0, encode(&7u64)),
        with_kind(1, encode(&Some(true))),
        with_kind(2, encode("text")),
        with_kind(3, encode(&vec![1u16, 2])),
        with_kind(4, encode(&std::collections::BTreeMap::from([(1u8, 2u16), (3, 4)]))),
        with_kind(5, encode(&hashes)),
        with_kind(6, encode(&amounts)),
        with_kind(7, encode("sixteen at most")),
        with_kind(8, encode(&(Amount::from_tokens(1), Height(3), Score::from_micros(9)))),
        with_kind(12, encode(&(pair.public(), commit.signatures[0].1))),
        with_kind(18, encode(&sheet.record(3))),
        with_kind(19, encode(&block.header)),
        with_kind(20, encode(&commit)),
        with_kind(21, encode(&receipts[0])),
        with_kind(23, encode(&WORLD.genesis)),
    ]
}

fn api() -> Vec<Vec<u8>> {
    let (block, receipts) = CHAOS.log.iter().find(|(block, _)| !block.txs.is_empty()).unwrap();
    let events: Vec<_> = CHAOS.events.iter().map(|(_, event)| event.clone()).take(40).collect();
    let mut seeds = vec![
        with_kind(0, "12-3"),
        with_kind(0, WORLD.actors[0].id().to_string()),
        with_kind(0, block.hash().to_string()),
        with_kind(0, WORLD.newest_task().unwrap().to_string()),
        with_kind(1, json(&Problem::new(Code::BadCursor, "not a cursor"))),
    ];
    let envelope = Envelope {
        schema: "probity.block/v1".to_owned(),
        chain_id: block.header.chain_id.clone(),
        height: Height(4),
        data: block.header.clone(),
    };
    seeds.push(with_kind(3, json(&envelope)));
    let list = ListEnvelope {
        schema: list_schema(&envelope.schema),
        chain_id: envelope.chain_id.clone(),
        height: Height(4),
        data: vec![envelope.data],
        next: Some("9".to_owned()),
    };
    seeds.push(with_kind(4, json(&list)));
    let records = records(&block.header, receipts, &events);
    seeds.extend(records.iter().map(|record| with_kind(2, json(record))));
    seeds.extend(kinds().iter().map(|tx| with_kind(5, json(&tx.body.message))));
    seeds.push(with_kind(6, WORLD.genesis.to_json()));
    seeds
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

fn keystores() -> Vec<Vec<u8>> {
    let secret = Secret::from_bytes([3; 32]);
    let passphrase = Passphrase::new("testpassword").unwrap();
    let cheap = [
        Kdf::Pbkdf2 { rounds: 2, salt: vec![1; 16] },
        Kdf::Scrypt { log_n: 2, r: 1, p: 1, salt: vec![2; 8] },
    ];
    let sealed = cheap.map(|kdf| {
        let label = Label { description: "of a fuzzer".to_owned(), ..Label::default() };
        let keystore = Keystore::seal(&secret, &passphrase, &label, kdf).unwrap();
        keystore.to_json().unwrap().into_bytes()
    });
    let vectors = [
        include_bytes!("../../../../keys/vectors/eip2335-pbkdf2.json").to_vec(),
        include_bytes!("../../../../keys/vectors/eip2335-scrypt.json").to_vec(),
    ];
    sealed.into_iter().chain(vectors).collect()
}

fn benchmarks() -> Vec<Vec<u8>> {
    let digits = include_bytes!("../../../../fixtures/digits/digits.toml").to_vec();
    let table = br#"
schema = "probity.benchmark/v1"
name = "flowers"
version = 1
task = "regression"
input = { columns = "x0..x3", shape = [1, 4], dtype = "f32" }
label = { field = "kind" }
metric = { name = "mean_absolute_error", range = [0, "12.5"] }
items = { id = "id", core = 20 }
limits = { rows = 1000, load_seconds = 10 }
"#;
    vec![digits, table.to_vec()]
}

fn transfers() -> Vec<Vec<u8>> {
    let hash = ContentHash::of_file(b"x");
    let framed = |kind: u8, message: Vec<u8>| {
        let len = u32::try_from(message.len()).unwrap().to_le_bytes();
        [vec![kind], len.to_vec(), message].concat()
    };
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&sample_file()).unwrap();
    file.rewind().unwrap();
    let served = Served::load(file, &ContentHash::of_file(&sample_file())).unwrap();
    let answer = |first: u64, count: u16| {
        let blocks = served.encode(Run { first, count }).unwrap().unwrap();
        [vec![2], encode(&(17_000u64, first, count)), blocks].concat()
    };
    vec![
        framed(0, [vec![0], encode(&hash)].concat()),
        framed(0, [vec![1], encode(&(hash, 5u64, 3u16))].concat()),
        framed(1, encode(&(0u8, 9u64))),
        framed(1, encode(&(1u8, vec![7u8; 40]))),
        framed(1, vec![2]),
        framed(1, vec![3]),
        answer(1, 1),
        answer(0, 2),
    ]
}
