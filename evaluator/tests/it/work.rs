//! A piece of work that is broken off in its middle.

use std::sync::Arc;

use probity_evaluator::agenda::Job;
use probity_evaluator::challenge;
use probity_evaluator::desk::Desk;
use probity_evaluator::node_api::NodeApi;
use probity_evaluator::strategy::Strategy;
use probity_evaluator::work::{Order, WorkError, WorkLimits, Workshop};
use probity_harness::cache::Cache;
use probity_harness::run::RunError;
use probity_primitives::ContentHash;
use probity_protocol::dispute::{Evidence, Question, Ruling};
use probity_protocol::task::{Opened, Phase};
use probity_runtime::query::Assignment;
use probity_simulations::actor::Actor;
use tokio_util::sync::CancellationToken;

use crate::net::{ITEMS, Net, digits, worker};

fn workshop(home: &std::path::Path, actor: &Actor) -> Workshop {
    Workshop {
        cache: Cache::open(home.join("cache")).unwrap(),
        prepared: Desk::open(home.join("prepared")).unwrap(),
        verdicts: Desk::open(home.join("verdicts")).unwrap(),
        votes: Desk::open(home.join("votes")).unwrap(),
        journals: home.join("journals"),
        signing: home.to_owned(),
        worker: worker(),
        key: actor.key.clone(),
        strategy: Strategy::Honest,
        limits: WorkLimits::default(),
        stop: CancellationToken::new(),
    }
}

async fn drawn(net: &Net) -> (Actor, Assignment) {
    drawn_for(net, "digits_logreg.onnx").await
}

async fn drawn_for(net: &Net, model: &str) -> (Actor, Assignment) {
    let task = net.request(&digits(model));
    net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
    let member = net.task(task).phase.committee()[0].operator;
    let actor = net.actors().into_iter().find(|actor| actor.id() == member).unwrap();
    let mut assigned = net.assignments(member).await.unwrap().assignments;
    (actor, assigned.remove(0))
}

#[tokio::test(flavor = "multi_thread")]
async fn work_that_is_broken_off_goes_on_where_it_was_and_gives_the_same() {
    let net = Net::new(4);
    let (actor, assignment) = drawn(&net).await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [fresh, mut broken] = folders.each_ref().map(|folder| workshop(folder.path(), &actor));
    let whole = fresh.evaluate(&net, &assignment).await.unwrap();

    for stops in 1..=3u32 {
        broken.stop.cancel();
        let error = broken.clone().evaluate(&net, &assignment).await.unwrap_err();
        let stopped = RunError::Stopped { done: stops, items: ITEMS };
        assert_eq!(error.to_string(), stopped.to_string());
        assert!(!error.is_lasting());
    }
    broken.stop = CancellationToken::new();
    assert_eq!(broken.clone().evaluate(&net, &assignment).await.unwrap(), whole);
    assert_eq!(std::fs::read_dir(&broken.journals).unwrap().count(), 0);
    // What is prepared is returned without working again, even by a worker that cannot start.
    let mut again = broken;
    again.worker.program = "/nonexistent".into();
    assert_eq!(again.evaluate(&net, &assignment).await.unwrap(), whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_round_uses_the_answers_of_the_earlier_one_under_another_salt() {
    let net = Net::new(4);
    let (actor, mut assignment) = drawn(&net).await;
    let folder = tempfile::tempdir().unwrap();
    let mut shop = workshop(folder.path(), &actor);
    let first = shop.clone().evaluate(&net, &assignment).await.unwrap();
    shop.worker.program = "/nonexistent".into();
    assignment.task.round = 2;
    let second = shop.evaluate(&net, &assignment).await.unwrap();
    assert_eq!(second.transcript, first.transcript);
    assert_eq!(second.committed.answers_root, first.committed.answers_root);
    assert_ne!(second.committed.salt, first.committed.salt);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_not_what_the_task_names_are_not_run() {
    let net = Net::new(4);
    let (actor, assignment) = drawn(&net).await;
    let folder = tempfile::tempdir().unwrap();
    let shop = workshop(folder.path(), &actor);
    let mut other = assignment.clone();
    other.task.frozen.harness += 1;
    let error = shop.clone().evaluate(&net, &other).await.unwrap_err();
    assert!(error.to_string().starts_with("the task asks for the header"), "{error}");
    assert!(error.is_lasting());
    let mut large = assignment;
    large.files.model.as_mut().unwrap().size = 1 << 40;
    let error = shop.evaluate(&net, &large).await.unwrap_err();
    assert!(matches!(error, WorkError::TooLarge { what: "model", .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_juror_votes_for_what_it_finds_and_one_of_the_ring_for_what_the_ring_stated() {
    let net = Net::new(4);
    let (actor, assignment) = drawn_for(&net, "digits_bad.onnx").await;
    let committee = assignment.task.phase.committee();
    let ring: Arc<[_]> = committee.iter().map(|member| member.operator).collect();
    let model = ContentHash::of_file(&digits("digits_bad.onnx"));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [honest, mut colluding] = folders.each_ref().map(|folder| workshop(folder.path(), &actor));
    colluding.strategy = Strategy::Colluding { model, ring };
    let Assignment { task_id, task, files, .. } = assignment.clone();
    let order = Order { task_id, task: task.clone(), files };
    let stated = colluding.clone().evaluate(&net, &assignment).await.unwrap();
    let found = honest.clone().check(&net, &order).await.unwrap();
    let [stated, found] = [(&colluding, &stated), (&honest, &found)]
        .map(|(shop, prepared)| shop.transcript(prepared).unwrap());

    let shown = challenge::difference(&task, &stated, &found).unwrap();
    let item = shown.stated.last.leaf.index;
    let [left, right] =
        [&shown.stated, &shown.claimed].map(|stretch| Opened::of(&stretch.last.leaf));
    let last = ITEMS - 1;
    let [whole, true_sum] = [&stated, &found].map(|transcript| transcript.sum());
    let asked = [
        Question::Item { item, stated: left, claimed: right },
        Question::Segment { first: 0, last, stated: whole, claimed: true_sum },
    ];
    for (dispute, question) in (0u64..).zip(asked) {
        let job = Job::Vote { task: task_id, dispute, level: 0, draw: 1 };
        for (shop, expected) in [(&honest, Ruling::Overturn), (&colluding, Ruling::Uphold)] {
            let vote = shop.clone().vote(&net, &order, question.clone(), job).await.unwrap();
            assert_eq!(vote.vote, expected, "{question:?}");
            assert_eq!(question.judge(&vote.evidence, &task.frozen), Some(expected));
            assert_eq!(shop.abstain(job).unwrap(), vote, "the first vote counts");
        }
    }
    let job = Job::Vote { task: task_id, dispute: 9, level: 0, draw: 1 };
    let abstained = honest.abstain(job).unwrap();
    assert_eq!((abstained.vote, abstained.evidence), (Ruling::Void, Evidence::Nothing));
}
