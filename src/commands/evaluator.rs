//! `probity evaluator`: the agent as its own process, against a node's API.

use std::net::SocketAddr;
use std::time::Duration;

use probity_client::Client;
use probity_evaluator::agent::{self, AgentConfig, AgentHandle};
use probity_evaluator::remote::Remote;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::WorkLimits;
use probity_harness::worker::WorkerCommand;
use probity_keys::lock::LockError;
use probity_metrics::{Exposition, MetricsServer, Registry};
use probity_primitives::{Address, Keypair, OperatorId, PublicKey};
use tokio::net::TcpListener;

use crate::cli::{EvaluatorStart, EvaluatorVerb, Global};
use crate::commands::{block_on, told_to_end};
use crate::exit::{Code, Failure, OrFail};
use crate::home::{self, Layers, Place, Settings};
use crate::keyfile::{self, KeySource};
use crate::output;
use crate::wallet::failed;

/// Between two attempts to ask a node that is not there.
const PAUSE: Duration = Duration::from_secs(1);

pub(crate) fn run(global: &Global, verb: EvaluatorVerb) -> Result<(), Failure> {
    let EvaluatorVerb::Start(arguments) = verb;
    let place = Place::of(global)?;
    let settings = Layers::read_if_there(&place, &arguments.changes.set)?.settings()?;
    block_on(start(global, &arguments, &place, &settings))
}

async fn start(
    global: &Global,
    arguments: &EvaluatorStart,
    place: &Place,
    settings: &Settings,
) -> Result<(), Failure> {
    let operator = home::operator(arguments.operator, settings)?;
    let key = open_key(global, arguments, place, settings)?;
    let url = home::node_url(global, settings.evaluator.node.as_deref())?;
    let client = Client::new(&url).or_fail(Code::Usage, "--node")?;
    acts_for(global, &client, &key, operator).await?;
    let account = Address::of(&key.public(), operator.network());
    let worker = WorkerCommand::this_program(&[crate::WORKER])
        .or_fail(Code::Other, "cannot start workers")?;
    let limits = WorkLimits { workers: settings.evaluator.workers, ..WorkLimits::default() };
    let home = arguments.work.clone().unwrap_or_else(|| place.evaluator());
    let (strategy, challenge) = (Strategy::Honest, settings.evaluator.challenge);
    let config = AgentConfig { home, operator, key, strategy, challenge, worker, limits };
    let agent = agent::start(config, Remote::new(client)).map_err(refused)?;
    output::say(global, &format!("evaluating for {operator}; fees are paid by {account}"));
    let _metrics = match settings.evaluator.metrics {
        Some(address) => Some(measure(global, &agent, address).await?),
        None => None,
    };
    told_to_end().await?;
    agent.shutdown().await;
    Ok(())
}

/// Serves the agent's metrics for as long as what it gives is held.
async fn measure(
    global: &Global,
    agent: &AgentHandle,
    address: SocketAddr,
) -> Result<MetricsServer, Failure> {
    let what = format!("cannot serve metrics at {address} (evaluator.metrics)");
    let listener = TcpListener::bind(address).await.or_fail(Code::Other, &what)?;
    let bound = listener.local_addr().or_fail(Code::Other, &what)?;
    let mut registry = Registry::with_prefix("probity");
    agent.meter().register(&mut registry);
    output::say(global, &format!("metrics are served at http://{bound}/metrics"));
    Ok(probity_metrics::serve(listener, Exposition::new(registry, Vec::new())))
}

/// The hot key: named by a flag, or that of the home.
fn open_key(
    global: &Global,
    arguments: &EvaluatorStart,
    place: &Place,
    settings: &Settings,
) -> Result<Keypair, Failure> {
    if let Some(key) = &arguments.key {
        return keyfile::open(global, &KeySource { key, passphrase: &arguments.passphrase });
    }
    home::operator_key(global, place, &settings.keys)
}

/// Refuses a key that does not act for the operator: it would do all the work for nothing.
async fn acts_for(
    global: &Global,
    client: &Client,
    key: &Keypair,
    operator: OperatorId,
) -> Result<(), Failure> {
    let registered = registered_key(global, client, operator).await?;
    if registered == key.public() {
        return Ok(());
    }
    let found = key.public();
    let message = format!("the key {found} does not act for {operator}, {registered} does");
    Err(Failure::new(Code::Key, message))
}

/// Asks the node for the operator's key, until the node is there: it may be starting too, and whoever
/// is drawn cannot wait for a person to notice.
async fn registered_key(
    global: &Global,
    client: &Client,
    operator: OperatorId,
) -> Result<PublicKey, Failure> {
    let mut waits = false;
    loop {
        match client.operator(&operator).await {
            Ok(answer) => return Ok(answer.data.operator.key),
            Err(error) if error.retryable() => {
                if !waits {
                    output::say(global, &format!("waiting for the node: {error}"));
                }
                waits = true;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(failed(error)),
        }
    }
}

fn refused(error: agent::AgentError) -> Failure {
    let unsafe_here = matches!(
        error,
        agent::AgentError::Lock(LockError::Held { .. }) | agent::AgentError::Guard(_)
    );
    let code = if unsafe_here { Code::Unsafe } else { Code::Other };
    Failure::new(code, format_args!("cannot evaluate: {error}"))
}
