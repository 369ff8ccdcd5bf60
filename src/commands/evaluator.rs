//! `probity evaluator`: the agent as its own process, against a node's API.

use std::path::PathBuf;

use probity_evaluator::agent::{self, AgentConfig};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::worker::WorkerCommand;
use probity_primitives::{Address, OperatorId};

use crate::cli::{EvaluatorVerb, Global};
use crate::commands::{block_on, told_to_end};
use crate::exit::{Code, Failure, OrFail};
use crate::wallet::{client, failed};
use crate::{keyfile, output};

pub(crate) fn run(global: &Global, verb: EvaluatorVerb) -> Result<(), Failure> {
    let EvaluatorVerb::Start { operator, key, home } = verb;
    block_on(start(global, operator, key, home))
}

async fn start(
    global: &Global,
    operator: OperatorId,
    key: PathBuf,
    home: PathBuf,
) -> Result<(), Failure> {
    let key = keyfile::read(&key)?;
    let client = client(global)?;
    // A key that does not act for the operator would do all the work for nothing.
    let registered = client.operator(&operator).await.map_err(failed)?.data.operator.key;
    if registered != key.public() {
        let found = key.public();
        let message = format!("the key {found} does not act for {operator}, {registered} does");
        return Err(Failure::new(Code::Key, message));
    }
    let account = Address::of(&key.public(), operator.network());
    let worker = WorkerCommand::this_program(&[crate::WORKER])
        .or_fail(Code::Other, "cannot start workers")?;
    let limits = WorkLimits::default();
    let strategy = Strategy::Honest;
    let config = AgentConfig { home, operator, key, strategy, worker, limits };
    let agent =
        agent::start(config, Remote::new(client)).or_fail(Code::Other, "cannot evaluate")?;
    output::say(global, &format!("evaluating for {operator}; fees are paid by {account}"));
    told_to_end().await?;
    agent.shutdown().await;
    Ok(())
}
