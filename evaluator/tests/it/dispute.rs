//! Disputes with real models: a ring that holds a committee, a challenger, and jurors that run one
//! item again.

use std::collections::BTreeSet;
use std::sync::Arc;

use probity_evaluator::agent::AgentHandle;
use probity_evaluator::node_api::NodeApi;
use probity_evaluator::strategy::Strategy;
use probity_primitives::{ContentHash, OperatorId, Score, TaskId};
use probity_protocol::dispute::{
    Bench, Claim, Dispute, DisputeBallot, Question, Ruling, Rung, Stage,
};
use probity_protocol::slashing::Offence;
use probity_protocol::task::{JuryPhase, OutcomeState, Phase, Submission};
use probity_simulations::actor::Actor;

use crate::http::{remote, serve};
use crate::net::{ITEMS, Net, bounded, digits, is_final};

/// How many of the first sixty digits the worst model gets right, by onnxruntime on the same file.
const RIGHT: i64 = 27;

/// A network with a task in its commit phase, and a ring that has all of its committee.
struct Captured {
    net: Net,
    task: TaskId,
    ring: Arc<[OperatorId]>,
    model: ContentHash,
}

impl Captured {
    async fn new() -> Self {
        let net = Net::new(12);
        let model = digits("digits_bad.onnx");
        let task = net.request(&model);
        net.run_until(&[], task, |phase| matches!(phase, Phase::Commit { .. })).await;
        let committee = net.task(task).phase.committee().to_vec();
        let ring: Arc<[OperatorId]> = committee.iter().map(|member| member.operator).collect();
        Self { net, task, ring, model: ContentHash::of_file(&model) }
    }

    /// The first operator outside the ring, which challenges.
    fn challenger(&self) -> Actor {
        let mut actors = self.net.actors().into_iter();
        actors.find(|actor| !self.ring.contains(&actor.id())).unwrap()
    }

    fn start<A: NodeApi>(&self, actor: &Actor, api: A) -> AgentHandle {
        if actor.id() == self.challenger().id() {
            return self.net.start_challenger(actor, api);
        }
        let colluding = Strategy::Colluding { model: self.model, ring: Arc::clone(&self.ring) };
        let strategy = if self.ring.contains(&actor.id()) { colluding } else { Strategy::Honest };
        self.net.start_with(actor, strategy, api)
    }

    fn start_all<A: NodeApi>(&self, api: impl Fn() -> A) -> Vec<AgentHandle> {
        self.net.actors().iter().map(|actor| self.start(actor, api())).collect()
    }

    /// Lets the chain run until the only dispute is where it should be.
    async fn run(&self, agents: &[AgentHandle], reached: impl Fn(&Dispute) -> bool) -> Dispute {
        for _ in 0..100 {
            self.net.settled(agents).await;
            let found = self.net.ledger().disputes.get(&0).cloned();
            if let Some(dispute) = found.filter(|dispute| reached(dispute)) {
                return dispute;
            }
            self.net.seal();
        }
        panic!("after 100 blocks there is {:?}", self.net.ledger().disputes.get(&0));
    }

    fn truth() -> Score {
        Score::from_micros(RIGHT * 1_000_000 / i64::from(ITEMS))
    }

    /// Everyone in the ring was slashed for a false result, and nobody else for anything.
    fn only_the_ring_is_slashed(&self) {
        let ledger = self.net.ledger();
        let convicted: BTreeSet<(OperatorId, Offence)> = ledger
            .convictions
            .iter()
            .map(|((_, operator), conviction)| (*operator, conviction.offence))
            .collect();
        let ring = self.ring.iter().map(|operator| (*operator, Offence::FalseResult)).collect();
        assert_eq!(convicted, ring);
        assert_eq!(self.net.refusals(), Vec::<String>::new());
    }
}

fn is_closed(dispute: &Dispute) -> bool {
    dispute.is_closed()
}

fn bench(dispute: &Dispute) -> Option<&Bench> {
    if let Stage::Ladder { rung: Rung::Jury { bench }, .. } = &dispute.stage {
        return Some(bench);
    }
    None
}

async fn end_all(agents: Vec<AgentHandle>) {
    for agent in agents {
        bounded(agent.shutdown()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ring_that_has_the_committee_is_challenged_and_jurors_that_run_one_item_overturn_it() {
    let captured = Captured::new().await;
    let Captured { net, task, ring, .. } = &captured;
    let agents = captured.start_all(|| net.clone());
    net.run_until(&agents, *task, |phase| matches!(phase, Phase::Provisional { .. })).await;
    let ledger = net.ledger();
    assert_eq!(ledger.outcomes.get(task).unwrap().score, Score::ONE);
    let roots: BTreeSet<_> = ring
        .iter()
        .map(|member| {
            let sent = ledger.submissions.get(&(*task, *member));
            let Some(Submission::Revealed { revealed, .. }) = sent else { panic!("{sent:?}") };
            revealed.answers_root
        })
        .collect();
    assert_eq!(roots.len(), 1, "the ring stands by one transcript");

    let asked = captured.run(&agents, |dispute| bench(dispute).is_some()).await;
    assert_eq!(asked.challenger.account(), Some(captured.challenger().key_address()));
    assert!(asked.claim.is_aggregate() && ring.contains(&asked.claim.member()));
    let Stage::Ladder { question: Question::Item { stated, claimed, .. }, .. } = &asked.stage
    else {
        panic!("{:?}", asked.stage)
    };
    assert_ne!(stated.answer, claimed.answer);

    let ruled = captured.run(&agents, |dispute| dispute.ruling().is_some()).await;
    assert_eq!(ruled.ruling(), Some(Ruling::Overturn));
    let votes = &ruled.levels[0].votes;
    assert!(!votes.is_empty() && votes.iter().all(|one| one.vote == Some(Ruling::Overturn)));
    let outcome = net.ledger().outcomes.get(task).cloned().unwrap();
    assert_eq!(outcome.state, OutcomeState::Overturned);
    assert_eq!(net.ledger().board.iter().count(), 0, "it left the board with the ruling");

    captured.run(&agents, is_closed).await;
    captured.only_the_ring_is_slashed();
    net.run_until(&agents, *task, is_final).await;
    assert_eq!(net.ledger().outcomes.get(task).unwrap().score, Captured::truth());
    assert_eq!(net.ledger().board.iter().count(), 1);
    for agent in &agents {
        assert_eq!(agent.status().borrow().last_error, None);
    }
    end_all(agents).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jurors_that_end_between_commitment_and_reveal_go_on_also_without_their_records() {
    let captured = Captured::new().await;
    let net = &captured.net;
    let agents = captured.start_all(|| net.clone());
    let bound = |dispute: &Dispute| {
        let ledger = net.ledger();
        bench(dispute).is_some_and(|bench| {
            bench.jurors.iter().all(|juror| {
                let ballot = ledger.dispute_ballots.get(&(0, juror.operator));
                matches!(ballot, Some(DisputeBallot::Committed { .. }))
            })
        })
    };
    let sitting = captured.run(&agents, bound).await;
    let jury = bench(&sitting).unwrap();
    assert!(matches!(jury.phase, JuryPhase::Commit { .. }));
    end_all(agents).await;
    let lost = jury.jurors[0].operator;
    let actor = net.actors().into_iter().find(|actor| actor.id() == lost).unwrap();
    std::fs::remove_dir_all(net.home_of(&actor).join("votes")).unwrap();

    // From here on every agent starts anew at every block.
    loop {
        let agents = captured.start_all(|| net.clone());
        net.settled(&agents).await;
        end_all(agents).await;
        let dispute = net.ledger().disputes.get(&0).cloned().unwrap();
        if dispute.is_closed() {
            assert_eq!(dispute.ruling(), Some(Ruling::Overturn));
            let shown = dispute.levels[0].votes.iter().filter(|one| one.vote.is_some());
            assert_eq!(shown.count(), jury.jurors.len());
            break;
        }
        net.seal();
    }
    captured.only_the_ring_is_slashed();
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_that_nobody_can_fetch_are_located_in_a_game_that_both_agents_play_over_http() {
    let captured = Captured::new().await;
    let Captured { net, task, .. } = &captured;
    let (url, _guard) = serve(net).await;
    let mut agents = captured.start_all(|| remote(&url));
    net.run_until(&agents, *task, |phase| matches!(phase, Phase::Spot { .. })).await;
    let ledger = net.ledger();
    let withheld = ledger.submissions.iter().find_map(|(_, sent)| match sent {
        Submission::Revealed { revealed, .. } => Some(revealed.transcript),
        Submission::Committed { .. } | Submission::Unavailable => None,
    });
    std::fs::remove_file(net.blobs().path_of(&withheld.unwrap())).unwrap();

    let opened = captured.run(&agents, |_| true).await;
    assert!(matches!(opened.stage, Stage::Game { .. }), "{:?}", opened.stage);
    let ruled = captured.run(&agents, |dispute| dispute.ruling().is_some()).await;
    assert!(ruled.answered);
    assert!(matches!(ruled.claim, Claim::Aggregate { .. }));
    assert_eq!(ruled.ruling(), Some(Ruling::Overturn));
    captured.run(&agents, is_closed).await;
    captured.only_the_ring_is_slashed();
    end_all(std::mem::take(&mut agents)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_result_is_checked_by_who_wants_to_and_left_alone() {
    let net = Net::new(8);
    let task = net.request(&digits("digits_logreg.onnx"));
    let actors = net.actors();
    let agents: Vec<AgentHandle> =
        actors.iter().map(|actor| net.start_challenger(actor, net.clone())).collect();
    net.run_until(&agents, task, is_final).await;
    end_all(agents).await;
    assert_eq!(net.ledger().disputes.iter().count(), 0);
    for actor in actors {
        let records = std::fs::read_dir(net.home_of(&actor).join("prepared")).unwrap();
        let names = records.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let checked = names.filter(|name| name.ends_with("-check-1")).count();
        assert_eq!(checked, 1, "every agent has its own evaluation to compare with");
    }
    assert_eq!(net.refusals(), Vec::<String>::new());
}
