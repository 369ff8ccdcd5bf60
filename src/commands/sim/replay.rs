//! `probity sim replay`: a run made again, and its blocks given to a node.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use bytes::Bytes;
use probity_node::replica::Replica;
use probity_node::replica::application::{Application, Synced};
use probity_node::store::{self, StoreKind};
use probity_simulations::lab::model::Key;
use probity_simulations::lab::network::run_key;
use probity_simulations::lab::plan::Folder;
use probity_simulations::lab::rows::{Reader, Row};
use probity_simulations::lab::runner::Job;
use probity_simulations::{Scenario, World, film};
use serde::Serialize;

use super::folder::{failed, parse};
use crate::cli::{Global, SimReplay};
use crate::exit::{Code, Failure, OrFail};
use crate::output::show;

/// A run that was made again.
#[derive(Serialize)]
struct Replayed {
    schema: &'static str,
    run: u64,
    point: u64,
    replicate: u64,
    height: u64,
    state_root: String,
    same: bool,
    /// What a node's replica took, if one was asked.
    node: Option<Taken>,
}

/// What a node's replica took of a run.
#[derive(Serialize)]
struct Taken {
    blocks: u64,
    transactions: u64,
    state_root: String,
}

pub(crate) fn run(global: &Global, arguments: &SimReplay) -> Result<(), Failure> {
    let SimReplay { folder: path, run, on_node } = arguments;
    let folder = Folder::open(path).map_err(failed)?;
    let (plan, config) = (folder.plan().map_err(failed)?, folder.config().map_err(failed)?);
    let design = plan.design().map_err(failed)?;
    let run = *run;
    if run >= design.runs() {
        let said = format!("there is no run {run}: the last is {}", design.runs() - 1);
        return Err(Failure::new(Code::Usage, said));
    }
    let noted = noted(&folder, run)?;
    let model = parse(&config, &folder.file("config.toml"))?;
    let stop = AtomicBool::new(false);
    let job = Job {
        model: &model,
        design: &design,
        key: plan.key(),
        courses: plan.epochs,
        threads: 1,
        stop: &stop,
    };
    let (_, found) = job.run(run).map_err(failed)?;
    let bits = |row: &Row| -> Vec<u64> { row.values.iter().map(|value| value.to_bits()).collect() };
    let same = bits(&found) == bits(&noted) && found.root == noted.root;
    if !same {
        return Err(differs(run, (&found.root, found.height), (&noted.root, noted.height)));
    }
    let (point, replicate) = design.place(run);
    let node = if *on_node {
        let world = job.model_of(run).map_err(failed)?;
        let taken = on_a_node(&world, Key { seed: plan.key(), replicate })?;
        if taken.state_root != noted.root {
            let found = (taken.state_root.as_str(), taken.blocks);
            return Err(differs(run, found, (&noted.root, noted.height)));
        }
        Some(taken)
    } else {
        None
    };
    let (height, state_root) = (found.height, found.root);
    let schema = "probity.sim-replay/v1";
    let replayed = Replayed { schema, run, point, replicate, height, state_root, same, node };
    show(global.output, &replayed, text)
}

fn differs(run: u64, found: (&str, u64), noted: (&str, u64)) -> Failure {
    let ((root, height), (noted, then)) = (found, noted);
    let said = format!(
        "run {run} came to root {root} at height {height}, and was noted with root {noted} at height \
         {then}"
    );
    Failure::new(Code::Verification, said)
        .hint("another build of the program, or another scenario in config.toml")
}

fn text(replayed: &Replayed) -> String {
    let Replayed { run, height, state_root, node, .. } = replayed;
    let taken = node.as_ref().map_or_else(String::new, |taken| {
        let Taken { blocks, transactions, state_root } = taken;
        format!(
            "\na node took its {blocks} blocks with {transactions} transactions\nroot {state_root}"
        )
    });
    format!(
        "run {run} again: the same numbers, the same root\nheight {height}\nroot {state_root}{taken}"
    )
}

/// Makes a run's blocks with every signature, and gives them to a replica as a node that is behind gets
/// them.
fn on_a_node(scenario: &Scenario, key: Key) -> Result<Taken, Failure> {
    if scenario.learning.is_some() {
        let said = "a run in which a group learns is a chain for each round";
        return Err(Failure::new(Code::Usage, said));
    }
    let (outcome, world) = film(scenario, run_key(key)).or_fail(Code::Config, "cannot film it")?;
    let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
    let replica = take(&world, folder.path())?;
    let root = replica.chain().tip().state_root;
    Ok(Taken {
        blocks: replica.chain().height().0,
        transactions: outcome.transactions,
        state_root: root.to_string(),
    })
}

/// A replica on a new store that has taken every block of a world.
fn take(world: &World, folder: &Path) -> Result<Replica, Failure> {
    let store = store::open(StoreKind::Sled, folder).or_fail(Code::Other, "no store")?;
    let mut replica = Replica::open(store, &world.genesis, None, Default::default())
        .or_fail(Code::Other, "no replica")?;
    for (block, _) in world.log.iter().skip(1) {
        let height = block.header.height;
        let certificate =
            world.certify(&block.header, replica.validators()).or_fail(Code::Other, "no votes")?;
        certificate
            .verify(replica.validators(), &world.genesis.chain_id, world.chain.genesis_hash())
            .or_fail(Code::Verification, "a certificate does not hold")?;
        let judged = replica.synced(height, 0, Bytes::from(block.encode()));
        if !matches!(&judged, Synced::Judged(verdict) if verdict.valid) {
            let said = format!("the node refuses block {height}: {judged:?}");
            return Err(Failure::new(Code::Verification, said));
        }
        replica.decide(certificate).or_fail(Code::Other, "cannot commit")?;
    }
    Ok(replica)
}

/// What the logs say of a run.
fn noted(folder: &Folder, run: u64) -> Result<Row, Failure> {
    for path in folder.shards().map_err(failed)? {
        let mut reader = Reader::open(&path).map_err(failed)?;
        while let Some(row) = reader.next_row().map_err(failed)? {
            if row.run == run {
                return Ok(row);
            }
        }
    }
    Err(Failure::new(Code::Usage, format!("run {run} has not been made yet")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = r#"
name = "both"
epochs = 2
[[group]]
name = "honest"
strategy = "honest"
count = 8
stake = 20000
[[group]]
name = "lazy"
strategy = "lazy"
count = 2
stake = 20000
"#;

    #[test]
    fn a_node_takes_an_elided_runs_blocks_to_the_same_root() {
        let scenario = Scenario::read(SCENARIO, Path::new("both.toml")).unwrap();
        let key = Key { seed: [7; 32], replicate: 3 };
        let elided = probity_simulations::run(&scenario, run_key(key), &mut |_| {}).unwrap();
        let taken = on_a_node(&scenario, key).map_err(|f| f.message().to_owned()).unwrap();
        assert_eq!(taken.state_root, elided.state_root.to_string());
        assert_eq!((taken.blocks, taken.transactions), (elided.height.0, elided.transactions));
    }
}
