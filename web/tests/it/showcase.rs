//! A network with some of everything, for pages to show: models with a lineage, results in every
//! state, a dispute, votes under way and over, names that try to deceive.

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Side, Track};
use probity_primitives::transcript::Fold;
use probity_primitives::{
    Address, Amount, ArtifactId, BoundedString, BoundedVec, Bps, ContentHash, Domain, Hash,
    Keypair, Network, Score, TaskId,
};
use probity_protocol::dispute::message::{Challenge, OpenDispute};
use probity_protocol::event::TaskPhase;
use probity_protocol::registry::message::{RegisterArtifact, WithdrawArtifact};
use probity_protocol::registry::{
    ArtifactFile, ArtifactKind, Benchmark, Contributor, Direction, Manifest, Parent, Relation,
};
use probity_protocol::task::Mode;
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, Delegate, SubmitReferendum};
use probity_runtime::governance::parameters;
use probity_simulations::{Behaviour, Sheet, World, WorldConfig};

/// What was put on show.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) benchmark: ArtifactId,
    pub(crate) models: Vec<ArtifactId>,
    /// A final result with a flagged member.
    pub(crate) flagged: TaskId,
    /// A result that is disputed.
    pub(crate) disputed: TaskId,
    /// A referendum that is being decided.
    pub(crate) deciding: ReferendumId,
    /// Somebody who votes and has delegated.
    pub(crate) voter: Address,
}

fn file(path: &str, bytes: u64, content: &str) -> ArtifactFile {
    ArtifactFile {
        path: BoundedString::new(path).unwrap(),
        size: bytes,
        blake3: ContentHash::of_file(content.as_bytes()),
        sha256: Hash::of(Domain::Item, content),
    }
}

fn manifest(kind: ArtifactKind, name: &str, version: &str, size: u64) -> Manifest {
    let main = file("model.onnx", size, &format!("{name} {version}"));
    Manifest {
        kind,
        name: BoundedString::new(name).unwrap(),
        version: BoundedString::new(version).unwrap(),
        licence: BoundedString::new("Apache-2.0").unwrap(),
        files: BoundedVec::from_vec(vec![main]).unwrap(),
        parents: BoundedVec::new(),
        contributors: BoundedVec::new(),
        card: ContentHash::of_file(format!("card of {name}").as_bytes()),
        terms: ContentHash::default(),
        benchmark: None,
    }
}

fn promise(dataset: ArtifactId, items: u32) -> Benchmark {
    Benchmark {
        definition: Hash::of(Domain::Benchmark, "digits"),
        dataset,
        class: 0,
        items,
        metric: BoundedString::new("accuracy").unwrap(),
        fold: Fold::Mean,
        direction: Direction::HigherIsBetter,
        lowest: Score::ZERO,
        highest: Score::ONE,
        sigma: 2_000,
        delta: 0,
        harness: 1,
        engines: BoundedVec::new(),
    }
}

fn main_file(manifest: &Manifest) -> ContentHash {
    manifest.files.first().unwrap().blake3
}

fn address(key: &Keypair) -> Address {
    Address::of(&key.public(), Network::Test)
}

fn register(world: &mut World, key: &Keypair, manifest: Manifest) -> ArtifactId {
    let id = manifest.id();
    world.must(key, Message::RegisterArtifact(RegisterArtifact { manifest })).unwrap();
    id
}

fn parents(of: &[(ArtifactId, Relation, u16)]) -> BoundedVec<Parent, 8> {
    let parents = of.iter().map(|(id, relation, share)| Parent {
        id: *id,
        relation: *relation,
        share: Bps::new(*share),
    });
    BoundedVec::from_vec(parents.collect()).unwrap()
}

/// The models with their qualities; the second is made from the first, the third from the second.
const MODELS: [(&str, &str, u64, u32); 5] = [
    ("lantern-base", "1.0", 44_700_000, 880_000),
    ("lantern-tuned", "1.1", 44_700_000, 930_000),
    ("lantern-int8", "1.1-q8", 11_400_000, 910_000),
    ("harbour", "2024.2", 97_800_000, 620_000),
    ("h\u{430}rbour", "2024.2", 97_800_000, 640_000),
];

/// The network on show.
pub(crate) fn showcase(params: Option<probity_protocol::Params>) -> (World, Shown) {
    let config = WorldConfig { operators: 7, people: 6, check: false, ..WorldConfig::default() };
    let config = match params {
        Some(params) => WorldConfig { params, ..config },
        None => config,
    };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = publish(&mut world);
    let asker = world.people[1].clone();
    let evaluate = |world: &mut World, model: ArtifactId, until: fn(TaskPhase) -> bool| {
        world.must(&asker, World::request(benchmark, model, Mode::Exact)).unwrap();
        let task = world.newest_task().unwrap();
        world.run_until(task, 500, until).unwrap();
        task
    };
    let finish: fn(TaskPhase) -> bool = |phase| phase == TaskPhase::Final;
    for model in &models[..2] {
        evaluate(&mut world, *model, finish);
    }
    // Until one of them was drawn that claims every answer to be right.
    world.actors[2].behaviour = Behaviour::Inflate;
    let lied = |world: &World, task: &TaskId| {
        let outcome = world.ledger().outcomes.get(task).unwrap();
        outcome.spread.0 != outcome.spread.1
    };
    let mut flagged = evaluate(&mut world, models[2], finish);
    for _ in 0..6 {
        if lied(&world, &flagged) {
            break;
        }
        flagged = evaluate(&mut world, models[2], finish);
    }
    world.actors[2].behaviour = Behaviour::Honest;
    evaluate(&mut world, models[3], finish);
    let withdrawn = world.people[0].clone();
    let withdraw = WithdrawArtifact { artifact: models[3] };
    world.must(&withdrawn, Message::WithdrawArtifact(withdraw)).unwrap();
    let (deciding, voter) = govern(&mut world);
    let disputed = evaluate(&mut world, models[4], |phase| phase == TaskPhase::Provisional);
    dispute(&mut world, disputed);
    world.must(&asker, World::request(benchmark, models[0], Mode::Tolerant)).unwrap();
    world.pass(2).unwrap();
    let shown = Shown { benchmark, models, flagged, disputed, deciding, voter };
    (world, shown)
}

fn publish(world: &mut World) -> (ArtifactId, Vec<ArtifactId>) {
    let publisher = world.people[0].clone();
    let dataset = manifest(ArtifactKind::Dataset, "digits-test", "3", 7_840_016);
    let dataset_file = main_file(&dataset);
    let dataset = register(world, &publisher, dataset);
    let mut benchmark = manifest(ArtifactKind::Benchmark, "Handwritten digits", "1", 2_113);
    benchmark.parents = parents(&[(dataset, Relation::Measures, 1_000)]);
    benchmark.benchmark = Some(promise(dataset, 400));
    let benchmark = register(world, &publisher, benchmark);
    let mut models: Vec<ArtifactId> = Vec::new();
    for (place, (name, version, size, quality)) in MODELS.into_iter().enumerate() {
        let mut model = manifest(ArtifactKind::Model, name, version, size);
        model.parents = match place {
            1 => parents(&[(models[0], Relation::FineTuned, 1_500)]),
            2 => parents(&[(models[1], Relation::Quantized, 2_000)]),
            _ => BoundedVec::new(),
        };
        if place == 1 {
            let both = [(0usize, 3u32), (3, 1)]
                .map(|(who, weight)| Contributor { account: address(&world.people[who]), weight });
            let mut both = both.to_vec();
            both.sort_by_key(|one| one.account);
            model.contributors = BoundedVec::from_vec(both).unwrap();
        }
        let sheet =
            Sheet { model: main_file(&model), dataset: dataset_file, quality, numbers: false };
        let owner = if place == 4 { world.people[3].clone() } else { publisher.clone() };
        let id = register(world, &owner, model);
        world.sheets.push((id, sheet));
        models.push(id);
    }
    (benchmark, models)
}

fn vote(world: &mut World, who: &Keypair, referendum: ReferendumId, side: Side, tokens: u64) {
    let (conviction, amount) = (Conviction::Twice, Amount::from_tokens(tokens));
    let ballot = Ballot::Whole { side, conviction, amount };
    world.must(who, Message::CastVote(CastVote { referendum, ballot })).unwrap();
}

fn propose(world: &mut World, track: Track, title: &str, action: Action) -> ReferendumId {
    let id = ReferendumId(world.chain.dao().counters.get().referenda);
    let title = BoundedString::new(title).unwrap();
    let proposer = world.people[4].clone();
    let message = SubmitReferendum { track, title, action };
    world.must(&proposer, Message::SubmitReferendum(message)).unwrap();
    id
}

/// A referendum that is over, one that is being decided, one in preparation.
fn govern(world: &mut World) -> (ReferendumId, Address) {
    let people = world.people.clone();
    let delegate = Delegate {
        track: Track::Parameters,
        to: address(&people[2]),
        amount: Amount::from_tokens(4_000),
        conviction: Conviction::Once,
    };
    world.must(&people[5], Message::Delegate(delegate)).unwrap();
    let text = Action::Text { hash: ContentHash::of_file(b"a charter") };
    let pause = Action::Pause { blocks: 20 };
    let over = propose(world, Track::Pause, "Pause payouts while we look", pause);
    vote(world, &people[2], over, Side::Nay, 500);
    while world.chain.dao().referenda.get(&over).unwrap().stage.is_open() {
        world.step().unwrap();
    }
    let (rules, dao) =
        (world.ledger().params.get().clone(), world.chain.dao().params.get().clone());
    let path = "task.provisional_blocks";
    let before = parameters::value(&rules, &dao, path).unwrap();
    let longer = before.parse::<u64>().unwrap() * 6 / 5;
    let change = Change {
        path: BoundedString::new(path).unwrap(),
        before: BoundedString::new(before).unwrap(),
        after: BoundedString::new(longer.to_string()).unwrap(),
    };
    let changes = BoundedVec::from_vec(vec![change]).unwrap();
    let title = "Leave results open to dispute for longer";
    let action = Action::ChangeParameters { changes };
    let deciding = propose(world, Track::Parameters, title, action);
    vote(world, &people[2], deciding, Side::Aye, 6_000);
    vote(world, &people[1], deciding, Side::Nay, 2_500);
    vote(world, &people[3], deciding, Side::NayWithVeto, 300);
    world.pass(60).unwrap();
    propose(world, Track::Root, "Adopt the charter\u{202e}", text);
    (deciding, address(&people[2]))
}

fn dispute(world: &mut World, task: TaskId) {
    let challenger = world.people[2].clone();
    let known = world.ledger().tasks.get(&task).unwrap();
    let (round, member) = (known.round, known.phase.committee()[0].operator);
    let challenge = Challenge::Withheld { member, item: 7 };
    let bond = Amount::from_tokens(3_000);
    let message = Message::OpenDispute(OpenDispute { task, round, challenge, bond });
    world.must(&challenger, message).unwrap();
}
