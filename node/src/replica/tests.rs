//! Four replicas in one thread, driven by hand: what each method promises.

use probity_primitives::{BoundedVec, Hash, Signature};
use probity_runtime::block::tx_list_hash;
use probity_runtime::tx::TxError;
use probity_runtime::{Block, SignedTx};

use super::*;
use crate::store::{MemoryStore, WriteFault, schema};
use crate::testkit::{START_MS, account, certificate, genesis, keys, replica, transfer};

/// Four replicas of one chain, with their stores.
struct Four {
    genesis: Genesis,
    stores: Vec<MemoryStore>,
    replicas: Vec<Replica>,
}

impl Four {
    fn new() -> Self {
        let genesis = genesis(4);
        let stores: Vec<_> = (1..=4).map(|_| MemoryStore::new()).collect();
        let replicas =
            (1..=4).zip(&stores).map(|(seed, store)| replica(store, &genesis, seed)).collect();
        Self { genesis, stores, replicas }
    }

    fn now_ms(&self) -> u64 {
        START_MS + self.replicas[0].next_height().0 * 1_000
    }

    /// The place in the list of the replica whose turn it is.
    fn proposer(&self, round: u32) -> usize {
        let chain = self.replicas[0].chain();
        let height = self.replicas[0].next_height();
        let turn = rotation::proposer(chain.validators(), height, round).unwrap();
        (1..=4u8).position(|seed| keys(seed).operator == turn.operator).unwrap()
    }

    fn propose(&mut self, round: u32) -> SignedProposal {
        let (proposer, now_ms) = (self.proposer(round), self.now_ms());
        let height = self.replicas[proposer].next_height();
        self.replicas[proposer].propose(height, round, now_ms).unwrap()
    }

    /// What the replica after the proposer says of a proposal.
    fn verdict(&mut self, proposal: SignedProposal) -> Verdict {
        let (other, now_ms) = ((self.proposer(0) + 1) % 4, self.now_ms());
        self.replicas[other].receive(proposal, now_ms).unwrap()
    }

    fn certificate(&self, proposal: &SignedProposal) -> Certificate {
        certificate(&self.genesis, &proposal.header, 1..=4)
    }

    /// Takes one height from proposal to commit on all four, and checks that they agree.
    fn advance(&mut self) -> SignedProposal {
        let proposal = self.propose(0);
        let (certificate, now_ms) = (self.certificate(&proposal), self.now_ms());
        for replica in &mut self.replicas {
            assert!(replica.receive(proposal.clone(), now_ms).unwrap().valid);
            replica.decide(certificate.clone()).unwrap();
        }
        let roots = self.replicas.iter().map(|replica| replica.chain().tip().state_root);
        assert_eq!(roots.collect::<std::collections::BTreeSet<_>>().len(), 1);
        proposal
    }

    /// A proposal of round 0 whose block the proposer changed before it signed.
    fn tampered(&mut self, tamper: fn(&mut Block)) -> SignedProposal {
        let proposer = self.proposer(0);
        self.replicas[proposer].tamper = Some(tamper);
        self.propose(0)
    }

    fn submit(&mut self, tx: &SignedTx) -> Result<TxHash, SubmitError> {
        let identity = self.replicas[0].chain().identity().clone();
        let tx = tx.clone().verify(&identity).unwrap();
        let hash = tx.hash();
        for replica in &mut self.replicas {
            replica.submit(tx.clone())?;
        }
        Ok(hash)
    }
}

/// A proposal that is properly signed by whose turn it is, with these bytes.
fn signed(four: &Four, block: BlockHash, bytes: Bytes) -> SignedProposal {
    let keys = keys(u8::try_from(four.proposer(0)).unwrap() + 1);
    let place = (four.replicas[0].next_height(), 0, keys.operator);
    SignedProposal::sign(&four.genesis.identity(), &keys.keypair, place, block, bytes)
}

#[test]
fn four_replicas_agree_over_many_heights_and_an_epoch() {
    let mut four = Four::new();
    for height in 1..=25 {
        four.advance();
        assert_eq!(four.replicas[3].chain().height(), Height(height));
    }
}

#[test]
fn a_transaction_is_carried_out_once_and_leaves_a_receipt() {
    let mut four = Four::new();
    let tx = transfer(&four.genesis, 1, 0, 2);
    let hash = four.submit(&tx).unwrap();
    four.advance();
    let receipt = four.replicas[2].history().receipt(&hash).unwrap().unwrap();
    assert!(receipt.outcome.is_ok() && receipt.height == Height(1));
    assert!(four.replicas.iter().all(|replica| replica.mempool().is_empty()));
    let replayed = four.submit(&tx);
    assert!(matches!(replayed, Err(SubmitError::Invalid(TxError::StaleNonce { .. }))));
    assert_eq!(standing(four.replicas[0].chain(), &account(1)).nonce, 1);
}

#[test]
fn a_block_with_a_wrong_state_root_is_invalid() {
    let mut four = Four::new();
    let proposal = four.tampered(|block| block.header.state_root = Hash::ZERO);
    assert!(!four.verdict(proposal).valid);
}

#[test]
fn a_block_with_a_transaction_that_cannot_stand_in_it_is_invalid() {
    let mut four = Four::new();
    let proposal = four.tampered(|block| {
        let tx = transfer(&genesis(4), 1, 7, 2);
        block.header.txs = tx_list_hash([tx.hash()]);
        block.txs = BoundedVec::from_vec(vec![tx]).unwrap();
    });
    assert!(!four.verdict(proposal).valid);
}

#[test]
fn a_block_with_a_forged_signature_is_invalid() {
    let mut four = Four::new();
    let proposal = four.tampered(|block| {
        let tx = SignedTx {
            signature: Signature::from_bytes([1; 64]),
            ..transfer(&genesis(4), 1, 0, 2)
        };
        block.header.txs = tx_list_hash([tx.hash()]);
        block.txs = BoundedVec::from_vec(vec![tx]).unwrap();
    });
    assert!(!four.verdict(proposal).valid);
}

#[test]
fn a_block_from_the_future_or_the_past_is_invalid() {
    let mut four = Four::new();
    let future = four.tampered(|block| block.header.time_ms += 2 * judge::MAX_DRIFT_MS);
    assert!(!four.verdict(future).valid);
    let mut four = Four::new();
    let past = four.tampered(|block| block.header.time_ms = START_MS);
    assert!(!four.verdict(past).valid);
}

#[test]
fn a_block_by_another_than_whose_turn_it_is_is_invalid() {
    let mut four = Four::new();
    let other = (four.proposer(0) + 1) % 4;
    let (height, now_ms) = (Height(1), four.now_ms());
    let mut proposal = four.replicas[other].propose(height, 0, now_ms).unwrap();
    let accepts = four.replicas[0].accepts(&proposal.header, &proposal.signature);
    assert!(!accepts, "the stream of a proposer out of turn is waited for");
    proposal.header.round = 0;
    let judge = (other + 1) % 4;
    assert!(!four.replicas[judge].receive(proposal, now_ms).unwrap().valid);
}

#[test]
fn a_block_without_the_proposers_beacon_contribution_is_invalid() {
    let mut four = Four::new();
    let proposal = four.tampered(|block| block.header.vrf = keys(9).vrf.prove(b"else"));
    assert!(!four.verdict(proposal).valid);
}

#[test]
fn bytes_that_are_no_block_or_another_block_are_invalid() {
    let mut four = Four::new();
    let garbage = signed(&four, BlockHash(Hash::ZERO), Bytes::from_static(b"no block"));
    assert!(!four.verdict(garbage).valid);
    let honest = four.propose(0);
    let other = signed(&four, BlockHash(Hash::from_bytes([1; 32])), honest.bytes.clone());
    assert!(!four.verdict(other).valid);
    assert!(four.verdict(honest).valid);
}

#[test]
fn a_proposer_proposes_the_same_block_when_asked_again_and_after_a_restart() {
    let mut four = Four::new();
    let first = four.propose(0);
    let tx = transfer(&four.genesis, 1, 0, 2);
    four.submit(&tx).unwrap();
    assert_eq!(four.propose(0), first);
    let proposer = four.proposer(0);
    let seed = u8::try_from(proposer).unwrap() + 1;
    four.replicas[proposer] = replica(&four.stores[proposer], &four.genesis, seed);
    assert_eq!(four.propose(0), first);
}

#[test]
fn a_voted_block_survives_a_crash_before_its_decision() {
    let mut four = Four::new();
    let proposal = four.propose(0);
    assert!(four.verdict(proposal.clone()).valid);
    let voter = (four.proposer(0) + 1) % 4;
    let seed = u8::try_from(voter).unwrap() + 1;
    let mut back = replica(&four.stores[voter], &four.genesis, seed);
    assert_eq!(back.start_round(Height(1), 0, four.now_ms()).len(), 1);
    back.decide(four.certificate(&proposal)).unwrap();
    assert_eq!(back.chain().tip_hash(), proposal.header.block);
}

#[test]
fn a_restarted_replica_goes_on_where_it_was() {
    let mut four = Four::new();
    let tx = transfer(&four.genesis, 1, 0, 2);
    four.submit(&tx).unwrap();
    four.advance();
    four.advance();
    let before = four.replicas[1].chain().tip().clone();
    four.replicas[1] = replica(&four.stores[1], &four.genesis, 2);
    assert_eq!(*four.replicas[1].chain().tip(), before);
    four.advance();
}

#[test]
fn a_store_whose_state_was_changed_is_refused() {
    let mut four = Four::new();
    four.advance();
    let store = four.stores[0].clone();
    let (key, mut value) =
        store.scan_prefix(&schema::state_entries()).unwrap().next().unwrap().unwrap();
    *value.last_mut().unwrap() ^= 1;
    let mut batch = crate::store::Batch::new();
    batch.put(key, value);
    store.write(batch).unwrap();
    let opened = Replica::open(Arc::new(store), &four.genesis, None, Limits::default());
    assert!(matches!(opened.err(), Some(OpenError::Damaged { height: Height(1), .. })));
}

#[test]
fn a_store_of_another_chain_is_refused() {
    let four = Four::new();
    let store = Arc::new(four.stores[0].clone());
    let opened = Replica::open(store, &genesis(3), None, Limits::default());
    assert!(matches!(opened.err(), Some(OpenError::OtherChain { .. })));
}

#[test]
fn a_height_is_committed_once_and_another_block_there_is_a_fork() {
    let mut four = Four::new();
    let proposal = four.advance();
    let again = four.certificate(&proposal);
    four.replicas[0].decide(again.clone()).unwrap();
    assert_eq!(four.replicas[0].chain().height(), Height(1));
    let other = Certificate { block: BlockHash(Hash::ZERO), ..again };
    let refusal = four.replicas[0].decide(other);
    assert!(matches!(refusal, Err(ReplicaError::Fork { height: Height(1), .. })));
}

#[test]
fn a_decision_about_an_unknown_block_commits_nothing() {
    let mut four = Four::new();
    let proposal = four.propose(0);
    let stranger = (four.proposer(0) + 1) % 4;
    let certificate = four.certificate(&proposal);
    let refusal = four.replicas[stranger].decide(certificate);
    assert!(matches!(refusal, Err(ReplicaError::UnknownBlock { height: Height(1), .. })));
    assert_eq!(four.replicas[stranger].chain().height(), Height(0));
}

#[test]
fn a_write_that_fails_commits_nothing_and_the_next_attempt_does() {
    for fault in [WriteFault::Lost, WriteFault::Unacknowledged] {
        let mut four = Four::new();
        let proposal = four.propose(0);
        assert!(four.verdict(proposal.clone()).valid);
        let voter = (four.proposer(0) + 1) % 4;
        let certificate = four.certificate(&proposal);
        four.stores[voter].fail_next_write(fault);
        let refusal = four.replicas[voter].decide(certificate.clone());
        assert!(matches!(refusal, Err(ReplicaError::Store(_))), "{fault:?}");
        assert!(four.replicas[voter].broken().is_some(), "whoever runs it is told");
        assert_eq!(four.replicas[voter].chain().height(), Height(0));
        four.replicas[voter].decide(certificate).unwrap();
        let seed = u8::try_from(voter).unwrap() + 1;
        let back = replica(&four.stores[voter], &four.genesis, seed);
        assert_eq!(back.chain().tip_hash(), proposal.header.block);
    }
}

#[test]
fn a_failing_store_is_no_verdict_on_a_block() {
    let mut four = Four::new();
    let proposal = four.propose(0);
    let (voter, now_ms) = ((four.proposer(0) + 1) % 4, four.now_ms());
    four.stores[voter].fail_next_write(WriteFault::Lost);
    assert_eq!(four.replicas[voter].receive(proposal.clone(), now_ms), None);
    assert!(four.replicas[voter].broken().is_some(), "whoever runs it is told");
    assert!(four.replicas[voter].receive(proposal, now_ms).unwrap().valid);
}

#[test]
fn a_proposal_that_cannot_be_kept_is_not_made_and_whoever_runs_the_replica_is_told() {
    let mut four = Four::new();
    let (proposer, now_ms) = (four.proposer(0), four.now_ms());
    four.stores[proposer].fail_next_write(WriteFault::Lost);
    let refusal = four.replicas[proposer].propose(Height(1), 0, now_ms);
    assert!(matches!(refusal, Err(ReplicaError::Store(_))), "{refusal:?}");
    assert!(four.replicas[proposer].broken().is_some());
}

#[test]
fn a_node_that_is_behind_catches_up_from_decided_blocks() {
    let mut four = Four::new();
    let mut late = replica(&MemoryStore::new(), &four.genesis, 4);
    for _ in 0..12 {
        four.advance();
    }
    let decided = four.replicas[0].decided(Height(1), Height(100)).unwrap();
    assert_eq!(decided.len(), 12);
    for (bytes, certificate) in decided {
        let synced = late.synced(certificate.height, certificate.round, bytes);
        assert!(matches!(synced, Synced::Judged(Verdict { valid: true, .. })), "{synced:?}");
        late.decide(certificate).unwrap();
    }
    assert_eq!(late.chain().tip(), four.replicas[0].chain().tip());
    assert_eq!(late.synced(Height(13), 0, Bytes::from_static(b"junk")), Synced::Malformed);
}

#[test]
fn a_proposal_for_the_next_height_waits_for_it() {
    let mut four = Four::new();
    let first = four.propose(0);
    let set = four.replicas[0].chain().validators().clone();
    let turn = rotation::proposer(&set, Height(2), 0).unwrap();
    let next = (1..=4u8).position(|seed| keys(seed).operator == turn.operator).unwrap();
    let slow = (0..4).find(|place| *place != next && *place != four.proposer(0)).unwrap();
    let certificate = four.certificate(&first);
    for (_, replica) in four.replicas.iter_mut().enumerate().filter(|(place, _)| *place != slow) {
        assert!(replica.receive(first.clone(), START_MS + 1_000).unwrap().valid);
        replica.decide(certificate.clone()).unwrap();
    }
    let second = four.replicas[next].propose(Height(2), 0, START_MS + 2_000).unwrap();
    let late = &mut four.replicas[slow];
    assert!(late.accepts(&second.header, &second.signature));
    assert_eq!(late.receive(second.clone(), START_MS + 2_000), None);
    assert!(late.receive(first, START_MS + 2_000).unwrap().valid);
    late.decide(certificate).unwrap();
    let known = late.start_round(Height(2), 0, START_MS + 2_000);
    assert_eq!(
        known.first().map(|verdict| (verdict.block, verdict.valid)),
        Some((second.header.block, true))
    );
}

#[test]
fn a_follower_without_keys_judges_and_commits_and_does_not_propose() {
    let mut four = Four::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut follower = Replica::open(store, &four.genesis, None, Limits::default()).unwrap();
    let now_ms = four.now_ms();
    assert!(matches!(follower.propose(Height(1), 0, now_ms), Err(ReplicaError::NoKeys)));
    let proposal = four.advance();
    assert!(follower.receive(proposal.clone(), now_ms).unwrap().valid);
    follower.decide(four.certificate(&proposal)).unwrap();
    assert_eq!(follower.chain().tip(), four.replicas[0].chain().tip());
}
