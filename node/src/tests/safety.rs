//! Keys that sign twice, or nearly: what a network of real engines makes of them.

use probity_keys::guard::VoteGuard;
use probity_keys::interchange;
use probity_primitives::{Address, Amount, BoundedVec, Network, OperatorId};
use probity_protocol::Event as Fact;
use probity_protocol::slashing::Offence;
use probity_protocol::staking::Standing;
use probity_runtime::genesis::GenesisAccount;
use probity_runtime::message::Transfer;
use probity_runtime::{Event, Message};

use super::*;
use crate::consensus::byzantine::Twice;
use crate::consensus::safety::Halt;
use crate::node::StartError;
use crate::testkit::signed;
use crate::vigil::Wait;

/// A chain of four operators whose hot keys have money for fees.
fn with_fees() -> Genesis {
    let mut genesis = genesis(4);
    let mut accounts = genesis.accounts.to_vec();
    accounts.extend((1..=4).map(|seed| GenesisAccount {
        address: Address::of(&keys(seed).keypair.public(), Network::Test),
        balance: Amount::from_tokens(10),
    }));
    accounts.sort_by_key(|account| account.address);
    genesis.accounts = BoundedVec::from_vec(accounts).unwrap();
    genesis
}

fn standing(node: &NodeHandle, operator: OperatorId) -> Standing {
    node.snapshot().ledger().operators.get(&operator).unwrap().standing
}

/// How often an operator was slashed for signing twice, and how often evidence of it was taken.
fn punishments(node: &NodeHandle, operator: OperatorId) -> (usize, usize) {
    let (mut slashes, mut taken) = (0, 0);
    for height in 1..=node.snapshot().height().0 {
        let block = node.block(Height(height)).unwrap().unwrap();
        for tx in block.txs.iter() {
            let votes = matches!(tx.body.message, Message::SubmitVoteEvidence(_));
            if !votes && !matches!(tx.body.message, Message::SubmitProposalEvidence(_)) {
                continue;
            }
            let receipt = node.receipt(&tx.hash()).unwrap().unwrap();
            taken += usize::from(receipt.outcome.is_ok());
            let slashed = receipt.events.iter().filter(|event| {
                matches!(event, Event::Rule(Fact::Slashed { operator: offender, offence, .. })
                    if *offender == operator && *offence == Offence::Equivocation)
            });
            slashes += slashed.count();
        }
    }
    (slashes, taken)
}

/// The height at which a node's chain bars an operator.
async fn barred(node: &NodeHandle, operator: OperatorId) -> u64 {
    let mut tip = node.tip();
    let barred = tip.wait_for(|chain| {
        let operator = chain.ledger().operators.get(&operator);
        operator.is_some_and(|operator| operator.standing == Standing::Tombstoned)
    });
    tokio::time::timeout(PATIENCE, barred).await.unwrap().unwrap().height().0
}

/// Four validators of which the first signs something twice; that costs it, once.
async fn is_slashed_exactly_once(name: &str, genesis: Genesis, twice: Twice) {
    let liar = keys(1).operator;
    let four = Four::changed(name, genesis, StoreKind::Memory, |seed, config| {
        let twice = if seed == 1 { twice.clone() } else { Twice::Nothing };
        NodeConfig { twice, ..config }
    })
    .await;
    let barred = barred(&four.nodes[1], liar).await;
    // Others saw it too, and what they sent must not punish it again.
    let last = barred + 15;
    for node in &four.nodes[1..] {
        let reached = tokio::time::timeout(PATIENCE, node.reach(Height(last))).await;
        assert_eq!(reached, Ok(true), "the chain does not go on to {last}");
    }
    assert_eq!(punishments(&four.nodes[1], liar), (1, 1));
    for seed in 2..=4 {
        assert_ne!(standing(&four.nodes[1], keys(seed).operator), Standing::Tombstoned);
    }
    let halt = tokio::time::timeout(PATIENCE, four.nodes[0].halted()).await.unwrap();
    assert!(matches!(halt, Halt::Punished { operator, .. } if operator == liar), "{halt}");
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_votes_twice_over_real_sockets_is_slashed_by_evidence_exactly_once() {
    is_slashed_exactly_once("votes", with_fees(), Twice::Votes(3..200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_proposes_twice_over_real_sockets_is_slashed_by_evidence_exactly_once() {
    is_slashed_exactly_once("proposals", with_fees(), Twice::Proposals(3..200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_no_block_has_yet_outlives_a_restart() {
    let liar = keys(1).operator;
    // The hot keys have no money, so nobody can report anything.
    let mut four = Four::changed("unsent", genesis(4), StoreKind::Redb, |seed, config| {
        let twice = if seed == 1 { Twice::Votes(3..200) } else { Twice::Nothing };
        NodeConfig { twice, ..config }
    })
    .await;
    let files: Vec<_> =
        four.configs[1..].iter().map(|config| config.home.join("evidence.json")).collect();
    let filed = async {
        let mut tip = four.nodes[1].tip();
        while !files.iter().all(|file| file.exists()) {
            tip.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, filed).await.unwrap();
    four.shutdown().await;
    assert_ne!(standing(&four.nodes[1], liar), Standing::Tombstoned);
    four.nodes.clear();
    // From now on it is honest: what it did is known from the files alone.
    // Its operator wants it to sign on although it is punished, so that nobody's vote is missed.
    probity_keys::guard::resume(&four.configs[0].home).unwrap();
    for config in &mut four.configs {
        config.twice = Twice::Nothing;
        four.nodes.push(Node::start(config.clone()).await.unwrap());
    }
    let hot = Address::of(&keys(2).keypair.public(), Network::Test);
    let fees = Message::Transfer(Transfer { to: hot, amount: Amount::from_tokens(10) });
    four.nodes[1].submit(signed(&four.genesis, 2, 0, fees)).await.unwrap();
    let barred = barred(&four.nodes[1], liar).await;
    four.reach(barred + 2).await;
    assert_eq!(punishments(&four.nodes[1], liar), (1, 1));
    // What is punished is filed no longer.
    let closed = async {
        let mut tip = four.nodes[1].tip();
        while files.iter().any(|file| std::fs::read_to_string(file).unwrap().contains("first")) {
            tip.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_with_a_key_that_is_in_use_never_signs() {
    let four = Four::start("same", StoreKind::Memory).await;
    four.reach(2).await;
    let second = NodeConfig {
        name: "same-again".to_owned(),
        home: four.configs[0].home.with_file_name("again"),
        consensus_listen: loopback_tcp(0),
        network_listen: vec![loopback_tcp(0)],
        vigil: Wait { heights: 1_000, idle: PATIENCE },
        ..four.configs[0].clone()
    };
    let home = second.home.clone();
    let second = Node::start(second).await.unwrap();
    let halt = tokio::time::timeout(PATIENCE, second.halted()).await.unwrap();
    assert!(matches!(halt, Halt::Elsewhere { key, .. } if key == keys(1).keypair.public()));
    let height = four.nodes[1].snapshot().height().0 + 5;
    four.reach(height).await;
    assert!(four.nodes.iter().all(|node| node.safety().unwrap().halted().borrow().is_none()));
    second.shutdown().await;
    four.shutdown().await;
    // Marks that it learned from blocks have no hash of a prevote; one of its own would.
    for file in interchange::files(&home).unwrap() {
        let marks = VoteGuard::open_file(&file).unwrap().marks().unwrap();
        assert!(marks.prevote.is_none_or(|mark| mark.digest.is_none()), "{marks:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_network_whose_validators_all_listen_at_once_begins_to_decide() {
    let mut four = Four::changed("listen", genesis(4), StoreKind::Redb, |_, config| {
        let vigil = Wait { heights: 2, idle: Duration::from_secs(2) };
        NodeConfig { vigil, ..config }
    })
    .await;
    four.reach(3).await;
    four.shutdown().await;
    let tips: Vec<_> = four.nodes.drain(..).map(|node| node.snapshot().height()).collect();
    for config in &four.configs {
        four.nodes.push(Node::start(config.clone()).await.unwrap());
    }
    let highest = tips.into_iter().max().unwrap().0;
    four.reach(highest + 3).await;
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_validator_that_comes_back_listens_to_the_others_and_then_signs() {
    let mut four = Four::start("back", StoreKind::Redb).await;
    four.reach(2).await;
    let down = four.nodes.remove(3);
    down.shutdown().await;
    drop(down);
    let vigil = Wait { heights: 2, idle: PATIENCE };
    let back = NodeConfig { vigil, ..four.configs[3].clone() };
    let back = Node::start(back).await.unwrap();
    let own = keys(4).operator;
    let signs = |height: u64| {
        let certificate = back.certificate(Height(height)).unwrap();
        certificate.is_some_and(|votes| votes.signatures.iter().any(|(signer, _)| *signer == own))
    };
    let mut tip = back.tip();
    let mut seen = tip.borrow().height().0;
    let signed = async {
        loop {
            let height = tip.borrow_and_update().height().0;
            if (seen + 3..=height).any(signs) {
                return;
            }
            seen = seen.max(height.saturating_sub(4));
            tip.changed().await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE, signed).await.unwrap();
    assert!(back.safety().unwrap().halted().borrow().is_none());
    back.shutdown().await;
    four.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_on_one_home_is_refused_until_the_first_has_stopped() {
    let mut four = Four::start("home", StoreKind::Redb).await;
    let second = NodeConfig {
        consensus_listen: loopback_tcp(0),
        network_listen: vec![loopback_tcp(0)],
        ..four.configs[0].clone()
    };
    let refused = Node::start(second.clone()).await.err().unwrap();
    assert!(matches!(&refused, StartError::Lock(_)) && refused.is_refusal(), "{refused}");
    assert!(refused.to_string().contains(&format!("pid {}", std::process::id())), "{refused}");
    let first = four.nodes.remove(0);
    first.shutdown().await;
    drop(first);
    Node::start(second).await.unwrap().shutdown().await;
    four.shutdown().await;
}
