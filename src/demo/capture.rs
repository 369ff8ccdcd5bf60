//! A captured committee: bribed operators hold most of its seats and share one made-up transcript.
//!
//! Their score is the median, so the result is theirs and the honest minority is flagged. What is
//! left is the dispute: an honest operator puts up a bond, a jury's nodes run the one item on which
//! the transcripts differ, and the result falls; the briber pays for an appeal, and a larger jury
//! says the same.
//!
//! Which operators take the bribe is chosen once the committee is drawn: a real briber would
//! have to own that much of the stake beforehand.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use probity_evaluator::strategy::Strategy;
use probity_primitives::{Amount, BoundedString, OperatorId, Score, TaskId};
use probity_protocol::dispute::message::FundAppeal;
use probity_protocol::dispute::{Rung, Side, Stage, level_cost};
use probity_protocol::task::{Member, OutcomeState, Task};
use probity_runtime::result_certificate::{
    PRESENT_SCHEMA, PresentResult, ResultCertificate, ResultCertificateError,
};
use probity_runtime::{Chain, Message};

use super::network::Part;
use super::people::Person;
use super::scene::{PATIENCE, Scene};
use super::{cast, story};
use crate::exit::{Code, Failure, OrFail};
use crate::wallet::{Wallet, failed};

/// What is said to depend on the score that is bought.
const MUCH: Amount = Amount::from_tokens(130);
/// How many committees are drawn until one can be bought.
const TRIES: usize = 8;

/// What came of it.
pub(super) struct Captured {
    /// The evaluation.
    pub(super) task: TaskId,
    /// Who took the bribe.
    pub(super) ring: Vec<OperatorId>,
    /// The score that the ring had published.
    pub(super) false_score: Score,
    /// The certificate of it.
    pub(super) old: PathBuf,
    /// What verifying it against a newer header says.
    pub(super) superseded: String,
}

/// Plays it to its end.
pub(super) async fn act(scene: &Scene<'_>, publisher: &Wallet) -> Result<Captured, Failure> {
    let (task, ring) = buy(scene, publisher).await?;
    let provisional = |chain: &Chain| chain.ledger().outcomes.get(&task).map(|known| known.score);
    let false_score = scene.until("the bought score is not published", provisional).await?;
    let (old, path) = certify(scene, &task).await?;
    scene.say(&format!("its certificate says {false_score}, and verifies; the board shows it"));
    say_board(scene)?;
    let aggregate = |chain: &Chain| chain.ledger().task_disputes.get(&task)?.aggregate;
    let dispute = scene.until("nobody disputes the bought score", aggregate).await?;
    appeal(scene, publisher, dispute).await?;
    scene.until("the dispute does not end", |chain| over(chain, dispute)).await?;
    scene
        .until("the score does not stand", |chain| story::ended(chain, &task).transpose())
        .await??;
    say_board(scene)?;
    scene.until("the window of slashes does not end", |chain| settled(chain, &ring)).await?;
    let superseded = compare(scene, &task, &old).await?;
    scene.say(&format!("the old certificate against a newer header: {superseded}"));
    Ok(Captured { task, ring, false_score, old: path, superseded })
}

/// Asks for evaluations until evaluators with most of the seats can be bribed, and bribes them.
async fn buy(scene: &Scene<'_>, publisher: &Wallet) -> Result<(TaskId, Vec<OperatorId>), Failure> {
    let model = scene.shelf.target().ok_or_else(|| Failure::new(Code::Other, "no model"))?;
    for number in 1..=TRIES {
        // Agents are told who they are before they see the committee.
        scene.network.detach().await;
        let called = format!("{} ({})", model.name(), number.saturating_add(1));
        let task = story::request(scene, publisher, model, (&called, MUCH)).await?;
        let drawn = |chain: &Chain| {
            let task = chain.ledger().tasks.get(&task)?;
            let committee = task.phase.committee();
            (!committee.is_empty()).then(|| (task.clone(), committee.to_vec()))
        };
        let (frozen, committee) = scene.until("no committee is drawn", drawn).await?;
        let Some(ring) = ring(scene, &frozen, &committee) else {
            scene.say("the briber cannot buy most seats of this committee, and waits for another");
            scene.network.attach(scene.cast, |_| Part::HONEST).await?;
            scene
                .until("the score does not stand", |chain| story::ended(chain, &task).transpose())
                .await??;
            continue;
        };
        say_ring(scene, &committee, &ring);
        let honest = committee.iter().find(|member| !ring.contains(&member.operator));
        let challenger = honest.map(|member| member.operator);
        let shared: Arc<[OperatorId]> = ring.clone().into();
        let bought = Strategy::Colluding { model: model.main_file(), ring: shared };
        let part = |actor: &cast::Actor| Part {
            strategy: if ring.contains(&actor.operator) {
                bought.clone()
            } else {
                Strategy::Honest
            },
            challenge: Some(actor.operator) == challenger,
        };
        scene.network.attach(scene.cast, part).await?;
        return Ok((task, ring));
    }
    Err(Failure::new(Code::Other, format!("none of {TRIES} committees can be bought")))
}

/// The evaluators who hold more than half of the seats with as few as possible, and leave enough
/// honest operators for a result without them. Validators are not bribed: the chain needs them.
fn ring(scene: &Scene<'_>, task: &Task, committee: &[Member]) -> Option<Vec<OperatorId>> {
    let evaluators: BTreeSet<OperatorId> =
        scene.cast.evaluators().map(|actor| actor.operator).collect();
    let bribable = committee.iter().filter(|member| evaluators.contains(&member.operator));
    let mut rings: Vec<Vec<Member>> = vec![Vec::new()];
    for member in bribable {
        let with = rings.iter().map(|ring| ring.iter().copied().chain([*member]).collect());
        let with: Vec<Vec<Member>> = with.collect();
        rings.extend(with);
    }
    let all = seats(committee);
    let honest = all.div_ceil(3).max(task.frozen.windows.min_operators);
    let honest = usize::try_from(honest).unwrap_or(usize::MAX);
    let captures = |ring: &&Vec<Member>| {
        seats(ring).saturating_mul(2) > all && committee.len().saturating_sub(ring.len()) >= honest
    };
    let cheapest = rings.iter().filter(captures).min_by_key(|ring| (seats(ring), ring.len()))?;
    Some(cheapest.iter().map(|member| member.operator).collect())
}

fn seats(members: &[Member]) -> u32 {
    members.iter().fold(0, |sum, member| sum.saturating_add(member.seats.0))
}

fn say_ring(scene: &Scene<'_>, committee: &[Member], ring: &[OperatorId]) {
    let bought: Vec<Member> =
        committee.iter().filter(|member| ring.contains(&member.operator)).copied().collect();
    let names: Vec<String> = ring.iter().map(|operator| scene.cast.name(operator)).collect();
    scene.say(&format!(
        "the briber buys {}: {} of {} seats, which is the median",
        names.join(", "),
        seats(&bought),
        seats(committee)
    ));
}

/// Writes down the certificate of a result as it is now.
async fn certify(
    scene: &Scene<'_>,
    task: &TaskId,
) -> Result<(ResultCertificate, PathBuf), Failure> {
    let certificate = fetch(scene, task).await?;
    let folder = scene.home.join("certificates");
    std::fs::create_dir_all(&folder).or_fail(Code::Other, "cannot write certificates")?;
    let path = folder.join("bought.json");
    std::fs::write(&path, certificate.to_json())
        .or_fail(Code::Other, "cannot write a certificate")?;
    Ok((certificate, path))
}

async fn fetch(scene: &Scene<'_>, task: &TaskId) -> Result<ResultCertificate, Failure> {
    scene.network.client()?.result_certificate(task).await.map_err(failed)
}

/// The briber pays for an appeal of the first ruling, and the publisher bets against it.
async fn appeal(scene: &Scene<'_>, publisher: &Wallet, dispute: u64) -> Result<(), Failure> {
    let ruled = |chain: &Chain| {
        let known = chain.ledger().disputes.get(&dispute)?;
        let Stage::Ladder { rung: Rung::Appeal { .. }, .. } = known.stage else { return None };
        let task = &chain.ledger().tasks.get(&known.task)?.frozen;
        Some(level_cost(&task.dispute, task.seat_price, known.level().saturating_add(1)))
    };
    let cost = scene.until("no jury rules", ruled).await?.or_fail(Code::Other, "an appeal")?;
    let price = cost.checked_mul(2).or_fail(Code::Other, "an appeal")?;
    scene.say(&format!(
        "the briber appeals: whoever lost puts up two costs of the next level, {price} PBY"
    ));
    let (side, amount) = (Side::Defender, price);
    let message = Message::FundAppeal(FundAppeal { dispute, side, amount });
    scene.send(Person::Briber.key(), message).await?;
    let (side, amount) = (Side::Challenger, cost);
    let message = Message::FundAppeal(FundAppeal { dispute, side, amount });
    publisher.must(message, PATIENCE).await.map(|_| ())
}

fn over(chain: &Chain, dispute: u64) -> Option<()> {
    chain.ledger().disputes.get(&dispute)?.is_closed().then_some(())
}

/// Whether no window of slashes waits with one of the ring in it.
fn settled(chain: &Chain, ring: &[OperatorId]) -> Option<()> {
    let offends = |operator: &OperatorId| ring.contains(operator);
    let waits = chain
        .ledger()
        .windows
        .iter()
        .any(|(_, window)| window.offenders.iter().any(|offender| offends(&offender.operator)));
    (!waits).then_some(())
}

/// Tells where the model stands on the board.
fn say_board(scene: &Scene<'_>) -> Result<(), Failure> {
    let Some(model) = scene.shelf.target() else { return Ok(()) };
    let chain = scene.chain()?;
    let row = (scene.shelf.benchmark.id(), model.id());
    let shown = chain.ledger().board.get(&row).and_then(|id| chain.ledger().outcomes.get(id));
    let words = shown.map_or_else(
        || format!("the board does not show {}", model.name()),
        |outcome| {
            let state = match outcome.state {
                OutcomeState::Provisional => "provisional",
                OutcomeState::Contested => "contested",
                OutcomeState::Final => "final",
                OutcomeState::Overturned => "overturned",
            };
            format!("the board shows {} at {}, {state}", model.name(), outcome.score)
        },
    );
    scene.say(&words);
    Ok(())
}

/// What the old certificate says when it is held against the result as it is now, which a newer
/// certificate proves.
async fn compare(
    scene: &Scene<'_>,
    task: &TaskId,
    old: &ResultCertificate,
) -> Result<String, Failure> {
    let new = fetch(scene, task).await?;
    let present = PresentResult {
        schema: BoundedString::new(PRESENT_SCHEMA).or_fail(Code::Other, "the schema")?,
        task_id: *task,
        outcome: Some(new.outcome.value),
        path: new.outcome.path,
        header: new.header,
        commit: new.commit,
        changes: new.changes,
    };
    match old.verify_against(&present, scene.cast.genesis.hash()) {
        Err(ResultCertificateError::Superseded { certified, height, now }) => {
            let superseded = ResultCertificateError::Superseded { certified, height, now };
            Ok(superseded.to_string())
        }
        Err(error) => Err(Failure::new(Code::Verification, error)),
        Ok(_) => Err(Failure::new(Code::Other, "the bought certificate is not superseded")),
    }
}
