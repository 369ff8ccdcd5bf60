//! What happens: registration, evaluation, the lie, and what came of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use probity_api::{EventRecord, Happening};
use probity_primitives::{Amount, Hash, Height, TaskId};
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::slashing::Offence;
use probity_protocol::task::Mode;
use probity_protocol::task::message::RequestTask;
use probity_protocol::{Bucket, Event};
use probity_runtime::{Chain, Message};

use super::cast::Cast;
use super::network::Network;
use super::report::{
    CertificateReport, ChainReport, Conservation, OperatorReport, Report, ResultReport, SCHEMA,
    SlashReport,
};
use super::shelf::{Item, Shelf};
use crate::cli::Global;
use crate::commands::result::verify_file;
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::{Wallet, failed};

/// How long one transaction may take into a block.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long everything may take.
const WHOLE: Duration = Duration::from_secs(600);
/// What an evaluation is paid.
const FEE: Amount = Amount::from_tokens(100);

/// What came of the evaluations.
pub(crate) struct Played {
    tasks: BTreeMap<TaskId, String>,
    slashes: Vec<SlashReport>,
}

/// Registers, requests, and watches until every score stands.
pub(crate) async fn play(
    global: &Global,
    network: &Network,
    cast: &Cast,
    shelf: &Shelf,
    started: Instant,
) -> Result<Played, Failure> {
    let teller = Teller { global, cast, started };
    let client = network.client()?;
    let wallet = Wallet::open(client.clone(), cast.publisher.clone()).await?;
    let mut events = client.events(None, &[]).await.map_err(failed)?;
    teller.say(&format!(
        "{} nodes decide blocks, {} operators evaluate",
        network.nodes().len(),
        cast.actors.len()
    ));
    for item in shelf.all() {
        register(&wallet, network, item).await?;
        teller.say(&format!("registered {} ({})", item.name(), item.id()));
    }
    let mut tasks = BTreeMap::new();
    for model in &shelf.models {
        let task = request(&wallet, shelf, model).await?;
        teller.say(&format!("asked for an evaluation of {}", model.name()));
        tasks.insert(task, model.name().to_owned());
    }
    let mut played = Played { tasks: tasks.clone(), slashes: Vec::new() };
    let mut open = tasks;
    let watch = async {
        while !open.is_empty() {
            let record = events.next().await.map_err(failed)?;
            teller.tell(&record, &played.tasks);
            follow(&record, cast, &mut open, &mut played)?;
        }
        Ok(())
    };
    tokio::time::timeout(WHOLE, watch)
        .await
        .or_fail(Code::TimedOut, "the evaluations do not end")??;
    Ok(played)
}

/// Compares the nodes, writes and verifies the certificates, and sums everything up.
pub(crate) async fn conclude(
    global: &Global,
    network: &Network,
    cast: &Cast,
    shelf: &Shelf,
    played: Played,
    home: &Path,
    started: Instant,
) -> Result<Report, Failure> {
    let chain = network
        .nodes()
        .first()
        .map(probity_node::NodeHandle::snapshot)
        .ok_or_else(|| Failure::new(Code::Other, "no node runs"))?;
    let height = chain.height();
    let state_roots = state_roots(network, height).await?;
    let certificates = certificates(network, cast, &played, home).await?;
    output::say(global, "");
    let ledger = chain.ledger();
    let sum = ledger.total().or_fail(Code::Other, "the buckets")?;
    let expected = ledger.supply.get().expected().or_fail(Code::Other, "the supply")?;
    Ok(Report {
        schema: SCHEMA,
        chain: ChainReport {
            chain_id: cast.genesis.chain_id.to_string(),
            genesis_hash: cast.genesis.hash(),
        },
        validators: cast.validators().map(|actor| operator(&chain, actor)).collect(),
        operators: cast.actors.iter().map(|actor| operator(&chain, actor)).collect(),
        height: height.0,
        state_roots,
        results: results(&chain, shelf, &played),
        slashes: played.slashes,
        certificates,
        conservation: Conservation { sum, expected },
        elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Gives the publisher's node the file, and registers it.
pub(crate) async fn register(
    wallet: &Wallet,
    network: &Network,
    item: &Item,
) -> Result<(), Failure> {
    network.client()?.put_blob(item.bytes.to_vec()).await.map_err(failed)?;
    let manifest = item.manifest.clone();
    let message = Message::RegisterArtifact(RegisterArtifact { manifest });
    wallet.must(message, PATIENCE).await.map(|_| ())
}

async fn request(wallet: &Wallet, shelf: &Shelf, model: &Item) -> Result<TaskId, Failure> {
    let message = Message::RequestTask(RequestTask {
        benchmark: shelf.benchmark.id(),
        artifact: model.id(),
        mode: Mode::Exact,
        fee: FEE,
        value_at_risk: FEE,
        commit_blocks: None,
    });
    let receipt = wallet.must(message, PATIENCE).await?;
    let requested = receipt.events.iter().find_map(|event| {
        let Some(Event::TaskRequested { task, .. }) = event.rule() else { return None };
        Some(*task)
    });
    requested.ok_or_else(|| Failure::new(Code::Other, "the receipt names no task"))
}

/// Takes note of slashes, and of tasks that have ended.
fn follow(
    record: &EventRecord,
    cast: &Cast,
    open: &mut BTreeMap<TaskId, String>,
    played: &mut Played,
) -> Result<(), Failure> {
    let Happening::Fact(fact) = &record.happening else { return Ok(()) };
    let Some(event) = fact.rule() else { return Ok(()) };
    if let Event::Slashed { operator, offence, amount, .. } = event {
        played.slashes.push(SlashReport {
            operator: *operator,
            name: cast.name(operator),
            offence: offence.code().to_owned(),
            why: why(*offence).to_owned(),
            amount: *amount,
        });
    }
    if let Event::ResultFinal { task, .. } = event {
        open.remove(task);
    }
    if let Event::TaskVoid { task, reason } = event
        && let Some(model) = open.get(task)
    {
        let message = format!("the evaluation of {model} is void: {reason:?}");
        return Err(Failure::new(Code::Other, message));
    }
    Ok(())
}

const fn why(offence: Offence) -> &'static str {
    match offence {
        Offence::NoCommit => "it was seated and did not commit",
        Offence::NoReveal => "it committed and did not reveal",
        Offence::Undefended => "it was flagged and did not defend itself",
        Offence::FalseTranscript => "its transcript is false: a jury ran the items again",
        Offence::Equivocation => "it signed two different statements",
        Offence::FalseResult => "its result was proven false",
        Offence::IncoherentVote => "its verdict was against the jury's ruling",
        Offence::NoVote => "it was drawn for a jury and did not vote",
        Offence::Correlated => "the rest of what offences of one window cost together",
    }
}

/// Tells a person what happens, with the time since the start.
struct Teller<'a> {
    global: &'a Global,
    cast: &'a Cast,
    started: Instant,
}

impl Teller<'_> {
    fn say(&self, text: &str) {
        let seconds = self.started.elapsed().as_secs_f64();
        output::say(self.global, &format!("{seconds:6.1} s  {text}"));
    }

    fn tell(&self, record: &EventRecord, tasks: &BTreeMap<TaskId, String>) {
        let Happening::Fact(event) = &record.happening else { return };
        if let Some(text) = event.rule().and_then(|event| self.words(event, tasks)) {
            self.say(&text);
        }
    }

    fn words(&self, event: &Event, tasks: &BTreeMap<TaskId, String>) -> Option<String> {
        let model = |task: &TaskId| tasks.get(task).cloned();
        let name = |operator| self.cast.name(operator);
        #[expect(clippy::wildcard_enum_match_arm, reason = "most events are of no interest here")]
        match event {
            Event::CommitteeDrawn { task, seats, operators, .. } => {
                Some(format!("{}: {seats} seats drawn, {operators} operators", model(task)?))
            }
            Event::Flagged { task, operator, score, median } => Some(format!(
                "{}: {} says {score}, the median is {median}: flagged",
                model(task)?,
                name(operator)
            )),
            Event::ResultPublished { task, score, .. } => {
                Some(format!("{}: {score} published", model(task)?))
            }
            Event::JuryDrawn { task, items, seats, outside } => {
                let from = if *outside { "outside the committee" } else { "all but the doubted" };
                Some(format!("{}: {seats} jurors from {from} run {items} items", model(task)?))
            }
            Event::JuryRuled { task, quorum, convicted } => Some(if *quorum {
                format!("{}: the jury finds {convicted} at fault", model(task)?)
            } else {
                format!("{}: too few jurors voted", model(task)?)
            }),
            Event::Slashed { operator, offence, amount, .. } => {
                Some(format!("{} loses {amount} PBY for {offence}", name(operator)))
            }
            Event::Jailed { operator, until } => {
                Some(format!("{} is jailed until block {until}", name(operator)))
            }
            Event::ResultFinal { task, score } => {
                Some(format!("{}: {score} is final", model(task)?))
            }
            _ => None,
        }
    }
}

async fn state_roots(network: &Network, height: Height) -> Result<Vec<Hash>, Failure> {
    let mut roots = Vec::new();
    for node in network.nodes() {
        let reached = tokio::time::timeout(PATIENCE, node.reach(height)).await;
        if reached != Ok(true) {
            let message = format!("a node does not reach height {height}");
            return Err(Failure::new(Code::TimedOut, message));
        }
        let header = node.header(height).or_fail(Code::Other, "a store cannot be read")?;
        roots.push(header.map(|header| header.state_root).unwrap_or_default());
    }
    Ok(roots)
}

async fn certificates(
    network: &Network,
    cast: &Cast,
    played: &Played,
    home: &Path,
) -> Result<Vec<CertificateReport>, Failure> {
    let folder = home.join("certificates");
    std::fs::create_dir_all(&folder).or_fail(Code::Other, "cannot write certificates")?;
    let client = network.client()?;
    let mut written = Vec::new();
    for (task, model) in &played.tasks {
        let path = folder.join(format!("{model}.json"));
        let certificate = client.result_certificate(task).await.map_err(failed)?;
        std::fs::write(&path, certificate.to_json())
            .or_fail(Code::Other, "cannot write a certificate")?;
        let steps = verify_file(&path, cast.genesis.hash())?.len();
        let path = path.display().to_string();
        written.push(CertificateReport { model: model.clone(), path, steps });
    }
    written.sort_by(|a: &CertificateReport, b| a.model.cmp(&b.model));
    Ok(written)
}

fn results(chain: &Chain, shelf: &Shelf, played: &Played) -> Vec<ResultReport> {
    let result = |(task, model): (&TaskId, &String)| {
        let outcome = chain.ledger().outcomes.get(task)?;
        Some(ResultReport {
            task: *task,
            model: model.clone(),
            benchmark: shelf.benchmark.name().to_owned(),
            score: outcome.score,
            interval: outcome.interval,
            spread: outcome.spread,
            seats: outcome.revealed.0,
            operators: outcome.operators,
            dispersion: outcome.dispersion,
            tolerance: outcome.tolerance,
            state: outcome.state,
            items: outcome.items,
        })
    };
    let mut results: Vec<ResultReport> = played.tasks.iter().filter_map(result).collect();
    results.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.model.cmp(&b.model)));
    results
}

fn operator(chain: &Chain, actor: &super::cast::Actor) -> OperatorReport {
    OperatorReport {
        operator: actor.operator,
        name: actor.name.clone(),
        before: actor.stake,
        after: chain.ledger().bonded(&actor.operator),
        commission: chain.ledger().balance(Bucket::Free(actor.owner)),
    }
}
