//! A node whose state has a thousand operators and ten thousand results.
//!
//! Some results are made by the rules, by committees that evaluate models of different quality;
//! the others are these again, under the names of further tasks, models and benchmarks. The state
//! is put into a durable store as a snapshot, and the node that opens it goes on deciding blocks:
//! one operator has more than two thirds of the power, so that it can alone.

use std::path::Path;

use probity_node::replica::OperatorKeys;
use probity_node::snapshot::{Shelf, restore};
use probity_node::store::StoreKind;
use probity_node::{Node, NodeConfig, NodeHandle};
use probity_primitives::{
    Amount, ArtifactId, BoundedString, BoundedVec, Domain, Hash, Height, OperatorId, TaskId,
};
use probity_protocol::Ledger;
use probity_protocol::registry::Artifact;
use probity_protocol::task::{Mode, Outcome, OutcomeState, Submission, Task};
use probity_simulations::{World, WorldConfig};

use crate::bench::sync::snapshot::{chain_of, snapshot};
use crate::exit::{Code, Failure, OrFail};

/// How many operators there are.
const OPERATORS: u32 = 1_000;
/// How many boards there are, and how many models stand on each.
const BOARDS: (u32, u32) = (50, 200);
/// The qualities of the models that committees really evaluate, in millionths.
const QUALITIES: [u32; 16] = [
    610_000, 640_000, 660_000, 690_000, 720_000, 750_000, 770_000, 800_000, 820_000, 850_000,
    870_000, 890_000, 910_000, 930_000, 950_000, 980_000,
];
/// How many blocks their evaluation may take.
const PATIENCE: u64 = 600;
/// What the operator has that decides blocks.
const MOST: u64 = 1_000_000_000;

/// What there is to ask for.
pub(super) struct Known {
    boards: Vec<ArtifactId>,
    tasks: Vec<TaskId>,
    operators: Vec<OperatorId>,
}

impl Known {
    /// Kinds of pages, with the paths of each.
    pub(super) fn pages(&self) -> Vec<(&'static str, Vec<String>)> {
        let one = |path: &str| vec![path.to_owned()];
        let of = |room: &str, ids: Vec<String>| {
            ids.into_iter().map(|id| format!("/{room}/{id}")).collect::<Vec<_>>()
        };
        let text = |ids: &[OperatorId]| ids.iter().map(ToString::to_string).collect();
        vec![
            ("the first page", one("/")),
            (
                "a board of 200 models",
                of("board", self.boards.iter().map(ToString::to_string).collect()),
            ),
            (
                "a result's page",
                of("results", self.tasks.iter().map(ToString::to_string).collect()),
            ),
            ("the list of results", one("/results")),
            ("the list of validators", one("/validators")),
            ("a validator's page", of("validators", text(&self.operators))),
        ]
    }
}

/// Starts the node, with its data below a folder.
pub(super) async fn start(folder: &Path) -> Result<(NodeHandle, Known), Failure> {
    let config = WorldConfig { operators: OPERATORS, check: false, ..Default::default() };
    let world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let mut genesis = world.genesis.clone();
    let mut operators = genesis.operators.to_vec();
    if let Some(first) = operators.first_mut() {
        first.bonded = Amount::from_tokens(MOST);
    }
    genesis.operators = BoundedVec::from_vec(operators).or_fail(Code::Other, "too many")?;
    let World { actors, people, .. } = world;
    let world = World::of_document(&config, genesis, actors, people);
    let world = world.or_fail(Code::Other, "cannot make a world")?;
    let mut state = world.chain.state().clone();
    let known = fill(&mut state.ledger, &evaluated()?)?;
    let shelf = Shelf::new(folder.join("snapshots"));
    let chain = chain_of(&world, &state)?;
    let (manifest, _) = snapshot(&world, &chain, &shelf)?;
    let home = folder.join("home");
    let (chunks, store) = (shelf.folder(manifest.height()), home.join("store"));
    std::fs::create_dir_all(&home).or_fail(Code::Other, "no folder")?;
    restore(&manifest, &chunks, &world.genesis, None, StoreKind::Sled, &store)
        .or_fail(Code::Verification, "the snapshot is not restored")?;
    let actor = world.actors.first().ok_or_else(|| Failure::new(Code::Other, "nobody"))?;
    let keys =
        OperatorKeys { operator: actor.id(), keypair: actor.key.clone(), vrf: actor.vrf.clone() };
    let config = NodeConfig {
        operator: Some(keys),
        store: StoreKind::Sled,
        ..NodeConfig::loopback("web", home, world.genesis.clone())
    };
    let node = Node::start(config).await.or_fail(Code::Other, "a node does not start")?;
    if !node.reach(Height(manifest.height().0.saturating_add(2))).await {
        return Err(Failure::new(Code::Other, "the node decides no blocks"));
    }
    Ok((node, known))
}

/// A network in which some models were evaluated.
fn evaluated() -> Result<World, Failure> {
    let config = WorldConfig { operators: 12, check: false, ..Default::default() };
    let mut world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let (benchmark, models) = world.publish(&QUALITIES).or_fail(Code::Other, "cannot publish")?;
    let asker = world.people.get(1).cloned();
    let asker = asker.ok_or_else(|| Failure::new(Code::Other, "nobody is there"))?;
    for model in models {
        let message = World::request(benchmark, model, Mode::Exact);
        world.queue(&asker, message).or_fail(Code::Other, "cannot request")?;
    }
    for _ in 0..PATIENCE {
        let outcomes = world.ledger().outcomes.iter();
        let done = outcomes.filter(|(_, one)| one.state == OutcomeState::Final).count();
        if done == QUALITIES.len() {
            return Ok(world);
        }
        world.act().or_fail(Code::Other, "cannot act")?;
        world.step().or_fail(Code::Other, "cannot make a block")?;
    }
    Err(Failure::new(Code::Other, "the evaluations do not end"))
}

/// A result with all that is known of how it came to be.
struct Made {
    task: Task,
    outcome: Outcome,
    submissions: Vec<(OperatorId, Submission)>,
}

fn made(ledger: &Ledger) -> Vec<Made> {
    let one = |(id, outcome): (&TaskId, &Outcome)| {
        let sent = ledger.submissions.iter().filter(|((task, _), _)| task == id);
        Some(Made {
            task: ledger.tasks.get(id)?.clone(),
            outcome: outcome.clone(),
            submissions: sent.map(|((_, who), what)| (*who, what.clone())).collect(),
        })
    };
    ledger.outcomes.iter().filter_map(one).collect()
}

/// Fills a ledger with the results of another network, again and again under other names.
fn fill(ledger: &mut Ledger, world: &World) -> Result<Known, Failure> {
    let missing = || Failure::new(Code::Other, "the world has no benchmark");
    let made = made(world.ledger());
    let first = made.first().ok_or_else(missing)?;
    let (benchmark, model) = (first.outcome.benchmark, first.outcome.artifact);
    let promise = world.ledger().benchmarks.get(&benchmark).ok_or_else(missing)?.clone();
    for (id, artifact) in world.ledger().artifacts.iter() {
        ledger.artifacts.insert(*id, artifact.clone());
    }
    let of = |id: &ArtifactId, name: &str, count: u32| {
        let known = world.ledger().artifacts.get(id).ok_or_else(missing)?;
        (0..count).map(|number| again(known, name, number)).collect::<Result<Vec<_>, Failure>>()
    };
    let (boards, models) = (of(&benchmark, "accuracy", BOARDS.0)?, of(&model, "model", BOARDS.1)?);
    for artifact in boards.iter().chain(&models) {
        ledger.artifacts.insert(artifact.manifest.id(), artifact.clone());
    }
    let mut tasks = Vec::new();
    let mut source = made.iter().cycle();
    for board in boards.iter().map(|board| board.manifest.id()) {
        ledger.benchmarks.insert(board, promise.clone());
        for model in models.iter().map(|model| model.manifest.id()) {
            let made = source.next().ok_or_else(missing)?;
            let id = TaskId(Hash::of(Domain::Seed, &(board, model)));
            let mut task = made.task.clone();
            (task.request.benchmark, task.request.artifact) = (board, model);
            let outcome = Outcome { benchmark: board, artifact: model, ..made.outcome.clone() };
            ledger.tasks.insert(id, task);
            ledger.outcomes.insert(id, outcome);
            ledger.board.insert((board, model), id);
            for (who, what) in &made.submissions {
                ledger.submissions.insert((id, *who), what.clone());
            }
            tasks.push(id);
        }
    }
    let operators = ledger.operators.iter().map(|(id, _)| *id).collect();
    let boards = boards.iter().map(|board| board.manifest.id()).collect();
    Ok(Known { boards, tasks, operators })
}

/// The same artifact under another version.
fn again(known: &Artifact, name: &str, number: u32) -> Result<Artifact, Failure> {
    let mut artifact = known.clone();
    let text = |text: String| BoundedString::new(text).or_fail(Code::Other, "a name is too long");
    artifact.manifest.name = BoundedString::new(name).or_fail(Code::Other, "a name is too long")?;
    artifact.manifest.version = text(format!("2.{number}"))?;
    Ok(artifact)
}
