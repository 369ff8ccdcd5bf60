//! For what a signature holds, and what goes out without one.

use arc_malachitebft_core_types::Round;
use futures::executor::block_on;
use probity_primitives::{Address, BlockHash, BoundedString, Height, Network, OperatorId};

use super::*;
use crate::consensus::context::{EngineHeight, EngineValue};

fn chain(genesis: u8) -> ChainIdentity {
    let chain_id = BoundedString::new("probity-test").unwrap();
    ChainIdentity {
        chain_id,
        network: Network::Test,
        genesis_hash: Hash::from_bytes([genesis; 32]),
    }
}

fn address() -> EngineAddress {
    let key = Keypair::from_seed([1; 32]).public();
    EngineAddress(OperatorId::of(&Address::of(&key, Network::Test), &key))
}

fn vote(kind: VoteType, round: u32) -> Vote {
    Vote {
        height: EngineHeight(Height(4)),
        round: Round::new(round),
        value: NilOrVal::Val(BlockHash(Hash::ZERO)),
        kind,
        validator: address(),
    }
}

fn signer() -> EngineSigner {
    EngineSigner::new(chain(1), Keypair::from_seed([1; 32]))
}

fn holds(genesis: u8, vote: &Vote, signature: &Signature) -> bool {
    let key = Keypair::from_seed([1; 32]).public();
    let verifier = EngineVerifier(chain(genesis));
    block_on(verifier.verify_signed_vote(vote, signature, &key)).unwrap().is_valid()
}

#[test]
fn a_vote_holds_for_its_chain_kind_and_round_alone() {
    let precommit = vote(VoteType::Precommit, 0);
    let signed = block_on(signer().sign_vote(precommit.clone())).unwrap();
    assert!(holds(1, &precommit, &signed.signature));
    assert!(!holds(2, &precommit, &signed.signature));
    assert!(!holds(1, &vote(VoteType::Prevote, 0), &signed.signature));
    assert!(!holds(1, &vote(VoteType::Precommit, 1), &signed.signature));
    let against = Vote { value: NilOrVal::Nil, ..precommit };
    assert!(!holds(1, &against, &signed.signature));
}

#[test]
fn a_proposal_holds_for_its_chain_and_round_alone() {
    let proposal = |round| Proposal {
        height: EngineHeight(Height(4)),
        round: Round::new(round),
        value: EngineValue(BlockHash(Hash::ZERO)),
        pol_round: Round::Nil,
        proposer: address(),
    };
    let signed = block_on(signer().sign_proposal(proposal(0))).unwrap();
    let holds = |genesis, round| {
        let key = Keypair::from_seed([1; 32]).public();
        let verifier = EngineVerifier(chain(genesis));
        let proposal = proposal(round);
        let verdict = verifier.verify_signed_proposal(&proposal, &signed.signature, &key);
        block_on(verdict).unwrap().is_valid()
    };
    assert!(holds(1, 0) && !holds(2, 0) && !holds(1, 1));
}

#[test]
fn what_the_marks_refuse_goes_out_without_a_signature() {
    let folder = tempfile::tempdir().unwrap();
    let keypair = Keypair::from_seed([1; 32]);
    let safety = Safety::open(folder.path(), chain(1), address().0, keypair.public(), 0);
    let signer = EngineSigner::guarded(Arc::new(safety.unwrap()), keypair);
    let sign = |vote: &Vote| block_on(signer.sign_vote(vote.clone())).unwrap().signature;
    let for_block = vote(VoteType::Prevote, 1);
    let against = Vote { value: NilOrVal::Nil, ..for_block.clone() };
    assert!(holds(1, &for_block, &sign(&for_block)));
    assert_eq!(sign(&against), WITHHELD);
    assert!(!holds(1, &against, &WITHHELD));
    assert!(holds(1, &for_block, &sign(&for_block)), "the same vote may be sent again");
    let proposal = Proposal {
        height: EngineHeight(Height(4)),
        round: Round::new(1),
        value: EngineValue(BlockHash(Hash::ZERO)),
        pol_round: Round::Nil,
        proposer: address(),
    };
    let other = Proposal { value: EngineValue(BlockHash(Hash::from_bytes([1; 32]))), ..proposal };
    let stand = |one: &Proposal| block_on(signer.sign_proposal(one.clone())).unwrap().signature;
    assert_ne!(stand(&proposal), WITHHELD);
    assert_eq!(stand(&other), WITHHELD);
}

#[test]
fn a_network_identity_belongs_to_the_validator_that_signed_for_it() {
    let key = Keypair::from_seed([1; 32]).public().as_bytes().to_vec();
    let proof = block_on(signer().sign_validator_proof(key, vec![1, 2])).unwrap();
    let holds = |genesis, proof: &ValidatorProof<ProbityContext>| {
        let verifier = EngineVerifier(chain(genesis));
        block_on(verifier.verify_validator_proof(proof)).unwrap().is_valid()
    };
    assert!(holds(1, &proof) && !holds(2, &proof));
    let stolen = ValidatorProof { peer_id: vec![3], ..proof.clone() };
    let short = ValidatorProof { public_key: vec![1; 31], ..proof };
    assert!(!holds(1, &stolen) && !holds(1, &short));
}
