//! A whole task with one operator that fabricates its transcript.

use probity_evaluator::agent::AgentHandle;
use probity_evaluator::strategy::Strategy;
use probity_harness::stored;
use probity_metrics::{Exposition, Registry};
use probity_primitives::{ContentHash, OperatorId, Score};
use probity_protocol::slashing::Offence;
use probity_protocol::task::{Phase, Standing, Submission};

use crate::net::{ITEMS, Net, bounded, digits, is_final};

/// How many of the first sixty digits the worst model gets right, by onnxruntime on the same file.
const RIGHT: i64 = 27;

#[tokio::test(flavor = "multi_thread")]
async fn the_one_who_fabricates_is_flagged_judged_and_slashed_and_all_others_are_paid() {
    let net = Net::new(8);
    let model = digits("digits_bad.onnx");
    let task = net.request(&model);
    net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
    let liar = smallest_member(&net, task);
    let agents: Vec<AgentHandle> = net
        .actors()
        .iter()
        .map(|actor| match actor.id() == liar {
            true => net.start(actor, Strategy::Fabricate { model: ContentHash::of_file(&model) }),
            false => net.start(actor, Strategy::Honest),
        })
        .collect();

    net.run_until(&agents, task, |phase| matches!(phase, Phase::Spot { .. })).await;
    net.settled(&agents).await;
    for (actor, agent) in net.actors().iter().zip(&agents) {
        let flagged = u8::from(actor.id() == liar);
        let line = format!("probity_eval_doubted{{standing=\"flagged\"}} {flagged}\n");
        assert!(measured(agent).contains(&line), "{}", measured(agent));
    }
    let ledger = net.ledger();
    for member in net.task(task).phase.committee() {
        let Some(Submission::Revealed { revealed, standing, .. }) =
            ledger.submissions.get(&(task, member.operator))
        else {
            panic!("{} did not reveal", member.operator);
        };
        let lies = member.operator == liar;
        let standing_of_truth = if lies { Standing::Flagged } else { Standing::Accepted };
        assert_eq!(*standing, Some(standing_of_truth));
        let published = net.published(revealed.transcript);
        let transcript = stored::decode(&published, 1 << 20).unwrap();
        assert_eq!(transcript.answers_root(), revealed.answers_root);
        assert_eq!(transcript.header().hash(), revealed.header);
    }

    net.run_until(&agents, task, is_final).await;
    for agent in agents {
        let (text, sent) = (measured(&agent), agent.status().borrow().sent);
        let line = format!("probity_eval_transactions_sent_total {sent}\n");
        assert!(text.contains(&line) && !text.contains("probity_eval_failures_total{"), "{text}");
        assert_eq!(agent.status().borrow().last_error, None);
        bounded(agent.shutdown()).await;
    }
    let ledger = net.ledger();
    let outcome = ledger.outcomes.get(&task).unwrap();
    assert_eq!(outcome.score, Score::from_micros(RIGHT * 1_000_000 / i64::from(ITEMS)));
    assert_eq!(outcome.revealed, outcome.seats);
    for member in &outcome.members {
        let lies = member.operator == liar;
        assert_eq!(member.clean, Some(!lies), "{}", member.operator);
        assert_eq!(member.paid.units() > 0, !lies, "{}", member.operator);
    }
    let convicted: Vec<_> = ledger
        .convictions
        .iter()
        .map(|((of, operator), conviction)| (*of, *operator, conviction.offence))
        .collect();
    assert_eq!(convicted, [(task, liar, Offence::FalseTranscript)]);
    assert_eq!(net.refusals(), Vec::<String>::new());
}

/// What a monitor reads of an agent.
fn measured(agent: &AgentHandle) -> String {
    let mut registry = Registry::with_prefix("probity");
    agent.meter().register(&mut registry);
    Exposition::new(registry, Vec::new()).render().unwrap()
}

/// A member with the fewest seats, so that the truth keeps its majority.
fn smallest_member(net: &Net, task: probity_primitives::TaskId) -> OperatorId {
    let task = net.task(task);
    let committee = task.phase.committee();
    committee.iter().min_by_key(|member| member.seats).unwrap().operator
}
