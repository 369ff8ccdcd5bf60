//! What is summed up in the end: the nodes compared, the certificates written and verified, and
//! everything that the state says of scores, money and votes.

use probity_dao::Stage;
use probity_primitives::{Hash, Height, TaskId};
use probity_protocol::Bucket;
use probity_runtime::Chain;

use super::cast::Actor;
use super::report::{
    CertificateReport, ChainReport, Conservation, DisputeReport, LevelReport, OperatorReport,
    ReferendumReport, Report, ResultReport, SCHEMA, SettledReport, Superseded,
};
use super::scene::{PATIENCE, Scene, share};
use super::story::Played;
use crate::commands::result::verify_file;
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use crate::wallet::failed;

/// Compares the nodes, writes and verifies the certificates, and sums everything up.
pub(super) async fn conclude(scene: &Scene<'_>, played: Played) -> Result<Report, Failure> {
    let chain = scene.chain()?;
    let height = chain.height();
    let state_roots = state_roots(scene, height).await?;
    let tasks: Vec<TaskId> = played.tasks.iter().copied().chain([played.captured.task]).collect();
    let certificates = certificates(scene, &tasks).await?;
    output::say(scene.global, "");
    let ledger = chain.ledger();
    let sum = ledger.total().or_fail(Code::Other, "the buckets")?;
    let expected = ledger.supply.get().expected().or_fail(Code::Other, "the supply")?;
    let cast = scene.cast;
    let captured = &played.captured;
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
        results: results(scene, &chain, &tasks),
        slashes: scene.log.slashes.borrow().clone(),
        certificates,
        conservation: Conservation { sum, expected },
        ring: captured.ring.iter().map(|operator| cast.name(operator)).collect(),
        superseded: Superseded {
            path: captured.old.display().to_string(),
            score: captured.false_score,
            says: captured.superseded.clone(),
        },
        disputes: disputes(scene, &chain),
        referenda: referenda(&chain),
        elapsed_ms: u64::try_from(scene.started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

async fn state_roots(scene: &Scene<'_>, height: Height) -> Result<Vec<Hash>, Failure> {
    let mut roots = Vec::new();
    for node in scene.network.nodes() {
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
    scene: &Scene<'_>,
    tasks: &[TaskId],
) -> Result<Vec<CertificateReport>, Failure> {
    let folder = scene.home.join("certificates");
    std::fs::create_dir_all(&folder).or_fail(Code::Other, "cannot write certificates")?;
    let client = scene.network.client()?;
    let mut written = Vec::new();
    for task in tasks {
        let model = scene.called(task).unwrap_or_else(|| task.to_string());
        let name: String = model.chars().filter(|c| !"( )".contains(*c)).collect();
        let path = folder.join(format!("{name}.json"));
        let certificate = client.result_certificate(task).await.map_err(failed)?;
        std::fs::write(&path, certificate.to_json())
            .or_fail(Code::Other, "cannot write a certificate")?;
        let steps = verify_file(&path, scene.cast.genesis.hash())?.len();
        written.push(CertificateReport { model, path: path.display().to_string(), steps });
    }
    written.sort_by(|a: &CertificateReport, b| a.model.cmp(&b.model));
    Ok(written)
}

fn results(scene: &Scene<'_>, chain: &Chain, tasks: &[TaskId]) -> Vec<ResultReport> {
    let result = |task: &TaskId| {
        let outcome = chain.ledger().outcomes.get(task)?;
        let model = chain.ledger().artifacts.get(&outcome.artifact)?;
        Some(ResultReport {
            task: *task,
            model: model.manifest.name.to_string(),
            benchmark: scene.shelf.benchmark.name().to_owned(),
            score: outcome.score,
            interval: outcome.interval,
            spread: outcome.spread,
            seats: outcome.revealed.0,
            operators: outcome.operators,
            dispersion: outcome.dispersion,
            tolerance: outcome.tolerance,
            state: outcome.state,
            items: outcome.items,
            corrected_from: outcome.corrected.map(|correction| correction.from),
        })
    };
    let mut results: Vec<ResultReport> = tasks.iter().filter_map(result).collect();
    results.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| a.model.cmp(&b.model)));
    results
}

fn disputes(scene: &Scene<'_>, chain: &Chain) -> Vec<DisputeReport> {
    let settled = scene.log.settled.borrow();
    let disputes = chain.ledger().disputes.iter();
    let report = disputes.map(|(id, dispute)| DisputeReport {
        id: *id,
        task: dispute.task,
        challenger: dispute
            .challenger
            .account()
            .map_or_else(|| "the audit pool".to_owned(), |account| scene.who(&account)),
        levels: dispute
            .levels
            .iter()
            .map(|level| LevelReport {
                seats: level.votes.iter().map(|vote| vote.seats.0).sum(),
                jurors: level.votes.iter().map(|vote| scene.cast.name(&vote.operator)).collect(),
                challenger: level.challenger.sum().unwrap_or_default(),
                defender: level.defender.sum().unwrap_or_default(),
                ruling: level.ruling,
            })
            .collect(),
        ruling: dispute.ruling(),
        settled: settled.get(id).map(|settled| SettledReport {
            staked: settled.staked,
            returned: settled.returned,
            jurors: settled.jurors,
            burned: settled.burned,
        }),
    });
    report.collect()
}

fn referenda(chain: &Chain) -> Vec<ReferendumReport> {
    let referenda = chain.dao().referenda.iter();
    let report = referenda.map(|(id, known)| {
        let tally = &known.tally;
        let cast = tally.cast().unwrap_or_default();
        ReferendumReport {
            id: *id,
            track: known.track,
            title: known.title.to_string(),
            outcome: known.stage.name(),
            approval: share(tally.ayes.weight(), cast.weight()),
            support: share(tally.support, known.frozen.supply),
            ayes: tally.ayes.weight(),
            nays: tally.nays.weight(),
            enacted_at: match known.stage {
                Stage::Enacted { at, .. } => Some(at.0),
                Stage::Preparing { .. }
                | Stage::Queued
                | Stage::Deciding { .. }
                | Stage::Approved { .. }
                | Stage::Rejected { .. }
                | Stage::TimedOut { .. }
                | Stage::Vetoed { .. }
                | Stage::Cancelled { .. }
                | Stage::Failed { .. } => None,
            },
        }
    });
    report.collect()
}

fn operator(chain: &Chain, actor: &Actor) -> OperatorReport {
    OperatorReport {
        operator: actor.operator,
        name: actor.name.clone(),
        before: actor.stake,
        after: chain.ledger().bonded(&actor.operator),
        commission: chain.ledger().balance(Bucket::Free(actor.owner)),
    }
}
