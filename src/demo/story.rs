//! What happens: registration, six evaluations with one lie, and then, side by side, a captured
//! committee and the votes of holders.

use std::collections::BTreeSet;

use probity_primitives::{Amount, TaskId};
use probity_protocol::Event;
use probity_protocol::registry::message::RegisterArtifact;
use probity_protocol::task::message::RequestTask;
use probity_protocol::task::{Mode, Phase};
use probity_runtime::{Chain, Message};

use super::capture::{self, Captured};
use super::network::Network;
use super::scene::{PATIENCE, Scene};
use super::shelf::Item;
use super::{holders, narrator};
use crate::exit::{Code, Failure};
use crate::wallet::{Wallet, failed};

/// What an evaluation is paid.
const FEE: Amount = Amount::from_tokens(1_000);
/// What is said to depend on each of the six scores.
const LITTLE: Amount = Amount::from_tokens(100);

/// What came of it, besides what the scene's log has.
pub(super) struct Played {
    /// The six evaluations.
    pub(super) tasks: Vec<TaskId>,
    /// The captured committee.
    pub(super) captured: Captured,
}

/// Plays everything, and tells it.
pub(super) async fn play(scene: &Scene<'_>) -> Result<Played, Failure> {
    let acts = async {
        let played = acts(scene).await?;
        scene.log.end.set(Some(scene.chain()?.height()));
        Ok(played)
    };
    let ((), played) = tokio::try_join!(narrator::watch(scene), acts)?;
    Ok(played)
}

async fn acts(scene: &Scene<'_>) -> Result<Played, Failure> {
    let wallet = scene.wallet(scene.cast.publisher.clone()).await?;
    scene.say(&format!(
        "{} nodes decide blocks, {} operators evaluate",
        scene.network.nodes().len(),
        scene.cast.actors.len()
    ));
    for item in scene.shelf.all() {
        register(&wallet, scene.network, item).await?;
        scene.say(&format!("registered {} ({})", item.name(), item.id()));
    }
    scene.headline("Six evaluations, one of them with a liar; an upgrade that is called off");
    let (tasks, ()) = tokio::try_join!(evaluate(scene, &wallet), holders::call_off(scene))?;
    scene.headline("A captured committee; what holders do with supply and treasury");
    let (captured, ()) =
        tokio::try_join!(capture::act(scene, &wallet), holders::decide_on_money(scene))?;
    Ok(Played { tasks, captured })
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

/// Has every model evaluated, and waits until each score stands.
async fn evaluate(scene: &Scene<'_>, wallet: &Wallet) -> Result<Vec<TaskId>, Failure> {
    let mut tasks = Vec::new();
    for model in &scene.shelf.models {
        tasks.push(request(scene, wallet, model, (model.name(), LITTLE)).await?);
    }
    let mut open: BTreeSet<TaskId> = tasks.iter().copied().collect();
    let is_open = |chain: &Chain| {
        let ended: Result<Vec<TaskId>, Failure> =
            open.iter().filter_map(|task| ended(chain, task).transpose()).collect();
        match ended {
            Ok(ended) => {
                for task in ended {
                    open.remove(&task);
                }
                open.is_empty().then_some(Ok(()))
            }
            Err(failure) => Some(Err(failure)),
        }
    };
    scene.until("the evaluations do not end", is_open).await??;
    Ok(tasks)
}

/// The task, if its score stands; a failure if there will be none.
pub(super) fn ended(chain: &Chain, task: &TaskId) -> Result<Option<TaskId>, Failure> {
    match chain.ledger().tasks.get(task).map(|known| &known.phase) {
        Some(Phase::Final { .. }) => Ok(Some(*task)),
        Some(Phase::Void { reason, .. }) => {
            Err(Failure::new(Code::Other, format!("the evaluation {task} is void: {reason:?}")))
        }
        Some(
            Phase::Open { .. }
            | Phase::Commit { .. }
            | Phase::Reveal { .. }
            | Phase::Spot { .. }
            | Phase::Provisional { .. },
        )
        | None => Ok(None),
    }
}

/// Asks for an evaluation that is called so, and on which so much depends.
pub(super) async fn request(
    scene: &Scene<'_>,
    wallet: &Wallet,
    model: &Item,
    (called, value_at_risk): (&str, Amount),
) -> Result<TaskId, Failure> {
    let message = Message::RequestTask(RequestTask {
        benchmark: scene.shelf.benchmark.id(),
        artifact: model.id(),
        mode: Mode::Exact,
        fee: FEE,
        value_at_risk,
        commit_blocks: None,
    });
    let receipt = wallet.must(message, PATIENCE).await?;
    let requested = receipt.events.iter().find_map(|event| {
        let Some(Event::TaskRequested { task, .. }) = event.rule() else { return None };
        Some(*task)
    });
    let task = requested.ok_or_else(|| Failure::new(Code::Other, "the receipt names no task"))?;
    scene.log.tasks.borrow_mut().insert(task, called.to_owned());
    scene.say(&format!("asked for an evaluation of {called}"));
    Ok(task)
}
