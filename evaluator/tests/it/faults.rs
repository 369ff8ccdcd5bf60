//! Files that nobody has, models that do not run, and nodes that refuse or forget.

use std::collections::BTreeSet;

use probity_evaluator::agent::AgentHandle;
use probity_evaluator::strategy::Strategy;
use probity_primitives::{ContentHash, TaskId};
use probity_protocol::task::{Phase, VoidReason};

use crate::net::{Net, bounded, digits, is_final, is_void};

fn start_all(net: &Net) -> Vec<AgentHandle> {
    net.actors().iter().map(|actor| net.start(actor, Strategy::Honest)).collect()
}

/// The task is given up because nobody could evaluate it, and nobody pays for that.
async fn is_unavailable(net: &Net, task: TaskId, agents: Vec<AgentHandle>, why: &str) {
    net.run_until(&agents, task, is_void).await;
    for agent in agents {
        let status = agent.status().borrow().clone();
        let error = status.last_error.unwrap_or_default();
        assert!(status.sent == 0 || error.contains(why), "{error}");
        bounded(agent.shutdown()).await;
    }
    let Phase::Void { reason, .. } = net.task(task).phase else { panic!("not void") };
    assert_eq!(reason, VoidReason::Unavailable);
    let ledger = net.ledger();
    assert_eq!(ledger.convictions.iter().count(), 0);
    assert!(net.actors().iter().all(|actor| {
        ledger.operators.get(&actor.id()).is_some_and(|operator| operator.misses.bits == 0)
    }));
}

/// A task whose model nobody has, so many blocks after its members were drawn.
async fn without_the_model(blocks: u32) -> (Net, TaskId, Vec<AgentHandle>) {
    let net = Net::new(4);
    let model = digits("digits_logreg.onnx");
    net.faults(|faults| faults.missing = BTreeSet::from([ContentHash::of_file(&model)]));
    let task = net.request(&model);
    let agents = start_all(&net);
    net.run_until(&agents, task, |phase| matches!(phase, Phase::Commit { .. })).await;
    for _ in 0..blocks {
        net.seal();
        net.settled(&agents).await;
    }
    (net, task, agents)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_nobody_has_is_reported_near_the_end_of_the_window() {
    let (net, task, agents) = without_the_model(10).await;
    assert!(agents.iter().all(|agent| agent.status().borrow().sent == 0), "reported too early");
    is_unavailable(&net, task, agents, "cannot fetch the model: the node refuses: nobody has")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_turns_up_late_is_evaluated() {
    let (net, task, agents) = without_the_model(5).await;
    net.faults(|faults| faults.missing.clear());
    net.run_until(&agents, task, is_final).await;
    for agent in agents {
        bounded(agent.shutdown()).await;
    }
    let ledger = net.ledger();
    assert!(ledger.outcomes.get(&task).unwrap().members.iter().all(|one| one.paid.units() > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_model_is_reported_and_costs_nobody_anything() {
    let net = Net::new(4);
    let task = net.request(b"not a model at all");
    let agents = start_all(&net);
    is_unavailable(&net, task, agents, "not an onnx model").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_a_node_refuses_or_forgets_are_sent_again() {
    let net = Net::new(4);
    let task = net.request(&digits("digits_logreg.onnx"));
    net.faults(|faults| (faults.refuse, faults.forget) = (3, 2));
    let agents = start_all(&net);
    net.run_until(&agents, task, is_final).await;
    for agent in agents {
        bounded(agent.shutdown()).await;
    }
    let ledger = net.ledger();
    let outcome = ledger.outcomes.get(&task).unwrap();
    assert_eq!(outcome.revealed, outcome.seats);
    assert_eq!(net.refusals(), Vec::<String>::new());
}
