//! Agents that end and start again at the worst times.

use probity_evaluator::agent::{AgentError, AgentHandle};
use probity_evaluator::strategy::Strategy;
use probity_keys::lock::LockError;
use probity_primitives::{ContentHash, TaskId};
use probity_protocol::task::{Phase, Submission};

use crate::net::{Net, bounded, digits, is_final};

fn start_all(net: &Net) -> Vec<AgentHandle> {
    net.actors().iter().map(|actor| net.start(actor, Strategy::Honest)).collect()
}

async fn end_all(agents: Vec<AgentHandle>) {
    for agent in agents {
        bounded(agent.shutdown()).await;
    }
}

fn everyone_is_paid(net: &Net, task: TaskId) {
    let ledger = net.ledger();
    let outcome = ledger.outcomes.get(&task).unwrap();
    assert_eq!(outcome.revealed, outcome.seats);
    assert!(outcome.members.iter().all(|member| member.paid.units() > 0), "{outcome:?}");
    assert_eq!(ledger.convictions.iter().count(), 0);
    assert_eq!(net.refusals(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_agent_in_one_folder_is_refused_until_the_first_has_ended() {
    let net = Net::new(4);
    let actor = net.actors().remove(0);
    let first = net.start(&actor, Strategy::Honest);
    let second = net.try_start(&actor, Strategy::Honest, net.clone());
    assert!(
        matches!(second, Err(AgentError::Lock(LockError::Held { path, .. })) if path.starts_with(net.home_of(&actor)))
    );
    bounded(first.shutdown()).await;
    bounded(net.start(&actor, Strategy::Honest).shutdown()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_ends_while_its_work_waits_for_its_turn() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    let _turns = net.all_turns().await;
    net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
    let agents = start_all(&net);
    for agent in &agents {
        let mut status = agent.status();
        bounded(status.wait_for(|status| status.height == net.tip())).await.unwrap();
    }
    assert!(agents.iter().any(|agent| agent.status().borrow().running > 0));
    end_all(agents).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_that_start_anew_at_every_block_lose_nothing_and_send_nothing_twice() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    while !is_final(&net.task(task).phase) {
        let agents = start_all(&net);
        net.settled(&agents).await;
        end_all(agents).await;
        net.seal();
    }
    everyone_is_paid(&net, task);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_slept_through_the_evaluation_of_others_still_commits_in_time() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
    let Phase::Commit { until: end, .. } = net.task(task).phase else { unreachable!() };
    while net.tip().0 + 1 < end.0 {
        net.seal();
    }
    let agents = start_all(&net);
    net.run_until(&agents, task, is_final).await;
    end_all(agents).await;
    everyone_is_paid(&net, task);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_lost_its_disk_after_the_commitment_makes_the_same_reveal() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    let agents = start_all(&net);
    let bound = |net: &Net, phase: &Phase| {
        let ledger = net.ledger();
        let committee = phase.committee().iter();
        let sent = committee.map(|member| ledger.submissions.get(&(task, member.operator)));
        let commitments = sent.filter(|one| matches!(one, Some(Submission::Committed { .. })));
        commitments.count() == phase.committee().len() && !phase.committee().is_empty()
    };
    net.run_until(&agents, task, |phase| bound(&net, phase)).await;
    assert!(matches!(net.task(task).phase, Phase::Commit { .. }));
    end_all(agents).await;
    net.run_until(&[], task, |phase| matches!(phase, Phase::Reveal { .. })).await;
    for actor in net.actors() {
        std::fs::remove_dir_all(net.home_of(&actor)).unwrap();
    }
    let agents = start_all(&net);
    net.run_until(&agents, task, is_final).await;
    end_all(agents).await;
    everyone_is_paid(&net, task);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_lost_its_record_does_not_sign_a_second_commitment_with_other_bytes() {
    let net = Net::new(4);
    let model = digits("digits_bad.onnx");
    let task = net.request(&model);
    net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
    let member = net.task(task).phase.committee()[0].operator;
    let actor = net.actors().into_iter().find(|actor| actor.id() == member).unwrap();
    // Its first commitment is signed and sent, and comes to no block.
    net.faults(|faults| faults.forget = 1);
    let first = net.start(&actor, Strategy::Honest);
    let mut status = first.status();
    bounded(status.wait_for(|status| status.sent == 1)).await.unwrap();
    bounded(first.shutdown()).await;
    std::fs::remove_dir_all(net.home_of(&actor).join("prepared")).unwrap();

    let lie = Strategy::Fabricate { model: ContentHash::of_file(&model) };
    let second = net.start(&actor, lie);
    let mut status = second.status();
    let refused = bounded(status.wait_for(|status| status.last_error.is_some())).await;
    let why = refused.unwrap().last_error.clone().unwrap();
    assert!(why.contains("would be slashable: another commitment"), "{why}");
    net.seal();
    assert!(!net.ledger().submissions.contains(&(task, member)));
    bounded(second.shutdown()).await;

    // The same work signs the same bytes, also without the record.
    std::fs::remove_dir_all(net.home_of(&actor).join("prepared")).unwrap();
    let third = net.start(&actor, Strategy::Honest);
    let mut status = third.status();
    bounded(status.wait_for(|status| status.sent == 1)).await.unwrap();
    net.seal();
    assert!(net.ledger().submissions.contains(&(task, member)));
    bounded(third.shutdown()).await;
}
