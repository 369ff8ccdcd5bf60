//! The texts that people sign: golden for every kind of message, and no change goes unseen.

#![cfg(test)]

#[path = "text/governance.rs"]
mod governance;

use std::collections::BTreeSet;

use probity_dao::Action;
use probity_primitives::transcript::{Answer, Fold, Leaf, Opening};
use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, ArtifactId, BlockHash, BoundedString, BoundedVec, Bps, ContentHash, Epoch,
    Hash, Height, Keypair, Network, OperatorId, Score, Signature, TaskId, codec, merkle,
};
use probity_protocol::registry::message::{
    AdvanceState, BuyArtifact, ClaimRoyalty, OfferSale, RegisterArtifact, TransferArtifact,
    WithdrawArtifact,
};
use probity_protocol::registry::{
    ArtifactFile, ArtifactKind, Benchmark, Contributor, Direction, Manifest, Parent, Relation,
};
use probity_protocol::staking::message::{
    Bond, EditOperator, RegisterOperator, Registration, RotateOperatorKey, Unbond, Unjail, Withdraw,
};
use probity_protocol::task::message::{
    Attestation, Commit, Committed, JuryCommit, JuryReveal, PostOpenings, ReportUnavailable,
    RequestTask, Reveal, Statement, SubmitEvidence,
};
use probity_protocol::task::{Mode, VerdictOfItem};
use probity_runtime::certificate::VoteKind;
use probity_runtime::evidence::{
    SignedStand, SignedVote, SubmitProposalEvidence, SubmitVoteEvidence,
};
use probity_runtime::message::Transfer;
use probity_runtime::text;
use probity_runtime::{Message, TxBody};
use proptest::prelude::*;
use serde_json::Value;

#[path = "text/disputes.rs"]
mod disputes;

/// How many kinds of message there are: the first byte of an encoding says which.
const KINDS: usize = 39;

fn pair() -> Keypair {
    Keypair::from_seed([1; 32])
}

fn account() -> Address {
    Address::of(&pair().public(), Network::Test)
}

fn operator() -> OperatorId {
    OperatorId::of(&account(), &pair().public())
}

fn hash(byte: u8) -> Hash {
    Hash::from_bytes([byte; 32])
}

fn task() -> TaskId {
    TaskId(hash(5))
}

fn artifact(byte: u8) -> ArtifactId {
    ArtifactId(hash(byte))
}

fn signature() -> Signature {
    Signature::from_bytes([9; 64])
}

fn short<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap()
}

fn list<T, const MAX: usize>(items: impl IntoIterator<Item = T>) -> BoundedVec<T, MAX> {
    BoundedVec::from_vec(items.into_iter().collect()).unwrap()
}

fn opening(index: u32, answer: Answer) -> Opening {
    let leaf =
        Leaf { index, item: hash(11), prompt: hash(12), answer, score: 1_000_000, prefix_sum: -7 };
    let tree = merkle::Tree::new(vec![hash(1), hash(2), hash(3)]).unwrap();
    Opening { leaf, path: tree.path(index).unwrap() }
}

fn attestation(statement: Statement) -> Attestation {
    Attestation { task: task(), round: 2, operator: operator(), statement, signature: signature() }
}

fn vote(kind: VoteKind, block: Option<BlockHash>) -> SignedVote {
    SignedVote {
        kind,
        height: Height(44),
        round: 3,
        block,
        validator: operator(),
        signature: signature(),
    }
}

fn stand(pol_round: Option<u32>, block: u8) -> SignedStand {
    SignedStand {
        height: Height(44),
        round: 3,
        pol_round,
        block: BlockHash(hash(block)),
        proposer: operator(),
        signature: signature(),
    }
}

fn staking() -> Vec<Message> {
    let registration = Registration {
        key: pair().public(),
        vrf: VrfSecret::from_seed([3; 32]).unwrap().public(),
        name: short("Ann \u{202e}nnA\nfee: 0"),
        commission: Bps::new(500),
        classes: list([0, 7]),
    };
    let proof = signature();
    let (name, commission, classes) = (short("Bob"), Bps::new(250), list([1]));
    vec![
        Message::RegisterOperator(RegisterOperator { registration, proof }),
        Message::EditOperator(EditOperator {
            operator: operator(),
            name: Some(name),
            commission: Some(commission),
            classes: Some(classes),
        }),
        Message::EditOperator(EditOperator {
            operator: operator(),
            name: None,
            commission: None,
            classes: None,
        }),
        Message::RotateOperatorKey(RotateOperatorKey {
            operator: operator(),
            key: pair().public(),
            proof,
        }),
        Message::Bond(Bond { operator: operator(), amount: Amount::from_units(1_500_000_000) }),
        Message::Unbond(Unbond { operator: operator(), amount: Some(Amount::from_units(1)) }),
        Message::Unbond(Unbond { operator: operator(), amount: None }),
        Message::Withdraw(Withdraw { operator: operator(), epoch: Epoch(12) }),
        Message::Unjail(Unjail { operator: operator() }),
    ]
}

fn benchmark() -> Benchmark {
    Benchmark {
        definition: hash(21),
        dataset: artifact(22),
        class: 3,
        items: 597,
        metric: short("accuracy"),
        fold: Fold::Mean,
        direction: Direction::HigherIsBetter,
        lowest: Score::ZERO,
        highest: Score::ONE,
        sigma: 20,
        delta: 30,
        harness: 4,
        engines: list([hash(23)]),
    }
}

fn manifest(benchmark: Option<Benchmark>) -> Manifest {
    let file = |path: &str| ArtifactFile {
        path: short(path),
        size: 1_024,
        blake3: ContentHash::of_file(b"file"),
        sha256: hash(31),
    };
    Manifest {
        kind: ArtifactKind::Benchmark,
        name: short("digits \"small\""),
        version: short("1"),
        licence: short("MIT"),
        files: list([file("digits.toml"), file("data/rows.jsonl")]),
        parents: list([Parent {
            id: artifact(32),
            relation: Relation::Measures,
            share: Bps::new(100),
        }]),
        contributors: list([Contributor { account: account(), weight: 3 }]),
        card: ContentHash::of_file(b"card"),
        terms: ContentHash::default(),
        benchmark,
    }
}

fn registry() -> Vec<Message> {
    let id = artifact(6);
    let price = Amount::from_tokens(3);
    vec![
        Message::RegisterArtifact(RegisterArtifact { manifest: manifest(Some(benchmark())) }),
        Message::RegisterArtifact(RegisterArtifact { manifest: manifest(None) }),
        Message::TransferArtifact(TransferArtifact { artifact: id, to: account() }),
        Message::OfferSale(OfferSale { artifact: id, price: Some(price) }),
        Message::OfferSale(OfferSale { artifact: id, price: None }),
        Message::BuyArtifact(BuyArtifact { artifact: id, max_price: price }),
        Message::WithdrawArtifact(WithdrawArtifact { artifact: id }),
        Message::AdvanceState(AdvanceState { artifact: id, seq: 8, root: hash(41) }),
        Message::ClaimRoyalty(ClaimRoyalty { artifact: id }),
    ]
}

fn work() -> Vec<Message> {
    let (operator, task) = (operator(), task());
    let request = |commit_blocks| RequestTask {
        benchmark: artifact(7),
        artifact: artifact(8),
        mode: Mode::Exact,
        fee: Amount::from_tokens(10),
        value_at_risk: Amount::from_tokens(20),
        commit_blocks,
    };
    let committed = Committed {
        score: Score::from_micros(973_100),
        answers_root: hash(51),
        attachments_root: hash(52),
        private_root: hash(53),
        salt: hash(54),
    };
    let verdict = VerdictOfItem {
        item: hash(55),
        prompt: hash(56),
        accepted: list([(Answer::Label(3), 1_000_000), (Answer::Choice(1), 0)]),
    };
    let openings =
        list([opening(0, Answer::Tokens(list([5, 6]))), opening(2, Answer::Number(-1_500))]);
    vec![
        Message::RequestTask(request(None)),
        Message::RequestTask(request(Some(60))),
        Message::Commit(Commit { attestation: attestation(Statement::Commit(hash(57))) }),
        Message::Reveal(Reveal {
            committed,
            engine: hash(58),
            last: opening(2, Answer::Label(9)),
            transcript: ContentHash::of_file(b"leaves"),
            attestation: attestation(Statement::Reveal(hash(59))),
        }),
        Message::ReportUnavailable(ReportUnavailable { operator, task, round: 1 }),
        Message::PostOpenings(PostOpenings { operator, task, round: 1, openings }),
        Message::JuryCommit(JuryCommit { operator, task, draw: 1, commitment: hash(60) }),
        Message::JuryReveal(JuryReveal {
            operator,
            task,
            draw: 1,
            verdicts: list([verdict]),
            salt: hash(61),
        }),
    ]
}

/// At least one message of every kind, with every part that may be there and without it.
fn messages() -> Vec<Message> {
    let transfer = Transfer { to: account(), amount: Amount::from_units(12_500_000_001) };
    let mut all = vec![Message::Transfer(transfer)];
    all.extend(staking());
    all.extend(registry());
    all.extend(work());
    all.push(Message::SubmitEvidence(SubmitEvidence {
        first: attestation(Statement::Commit(hash(62))),
        second: attestation(Statement::Commit(hash(63))),
        key: pair().public(),
    }));
    all.push(Message::SubmitVoteEvidence(SubmitVoteEvidence {
        first: vote(VoteKind::Prevote, None),
        second: vote(VoteKind::Precommit, Some(BlockHash(hash(64)))),
    }));
    all.extend(governance::messages());
    all.extend(disputes::messages());
    all.push(Message::SubmitProposalEvidence(SubmitProposalEvidence {
        first: stand(None, 65),
        second: stand(Some(1), 66),
    }));
    all
}

fn body(message: Message) -> TxBody {
    TxBody {
        chain: short("golden"),
        sender: account(),
        nonce: 7,
        fee: Amount::from_units(1_280_000),
        expiry: Height(99),
        memo: short("for \u{200b}tea "),
        message,
    }
}

/// The text without what is a hash of the rest and would change with everything: its last line,
/// and the identifier of a manifest.
fn above_the_hash(body: &TxBody) -> String {
    let text = text::transaction(body, hash(2));
    let (above, last) = text.trim_end().rsplit_once('\n').unwrap();
    assert!(last.starts_with("signed_hash: "), "{last}");
    let derived = |line: &&str| !line.starts_with("    artifact: ");
    above.lines().filter(derived).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_kind_of_message_has_its_golden_text() {
    let kinds: BTreeSet<u8> = messages().iter().map(|message| codec::encode(message)[0]).collect();
    assert_eq!(kinds.len(), KINDS);
    let texts: Vec<String> = messages().iter().map(text::message).collect();
    insta::assert_snapshot!("messages", texts.join("\n"));
}

#[test]
fn a_transaction_shows_its_frame_and_the_hash_that_is_signed() {
    let body = body(messages().remove(0));
    let text = text::transaction(&body, hash(2));
    insta::assert_snapshot!("transaction", text);
    let signed = body.clone().sign(hash(2), &pair());
    let shown: Hash =
        text.lines().last().unwrap().strip_prefix("signed_hash: ").unwrap().parse().unwrap();
    // What is shown is what the signature covers, by the same words as the chain checks it.
    let covered = Hash::of_bytes(probity_primitives::Domain::TxSign, &body.sign_bytes(hash(2)));
    assert_eq!(shown, covered);
    assert_ne!(text::signed_hash(&body, hash(2)), text::signed_hash(&body, hash(3)));
    assert_eq!(signed.body, body);
}

#[test]
fn a_line_that_describes_a_message_gives_amounts_their_symbol() {
    let amount = Amount::from_units(1_500_000_000);
    let line = |message: Message| message.describe();
    let transfer = line(Message::Transfer(Transfer { to: account(), amount }));
    assert_eq!(transfer, format!("transfer 1.5 PBY to {}", account()));
    let bond = line(Message::Bond(Bond { operator: operator(), amount }));
    assert_eq!(bond, format!("bond 1.5 PBY behind {}", operator()));
    let spend = text::action(&Action::Spend { to: account(), amount });
    assert_eq!(spend, format!("pay 1.5 PBY out of the treasury to {}", account()));
    assert_eq!(text::action(&Action::Mint { amount }), "mint 1.5 PBY into a stream");
    for message in messages() {
        if let Message::SubmitReferendum(submit) = &message {
            let says = text::action(&submit.action);
            assert!(message.describe().ends_with(&says), "{says}");
        }
    }
}

#[test]
fn every_field_of_every_message_is_named() {
    for message in messages() {
        let body = body(message);
        let text = text::transaction(&body, hash(2));
        let names: BTreeSet<&str> =
            text.lines().filter_map(|line| line.trim().split(':').next()).collect();
        let mut fields = BTreeSet::new();
        field_names(&serde_json::to_value(&body).unwrap(), &mut fields);
        // The kind stands as the value of `message`.
        fields.remove(body.message.kind());
        for field in fields {
            assert!(names.contains(field.as_str()), "{field} of {}:\n{text}", body.message.kind());
        }
    }
}

fn field_names(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                names.insert(name.clone());
                field_names(field, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| field_names(item, names)),
        Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

#[test]
fn no_changed_byte_goes_unseen() {
    for message in messages() {
        let body = body(message);
        let (bytes, text) = (codec::encode(&body), above_the_hash(&body));
        let mut read = 0;
        for place in 0..bytes.len() {
            for mask in [0x01, 0x02, 0x20, 0x80] {
                let mut changed = bytes.clone();
                changed[place] ^= mask;
                let Ok(other) = codec::decode::<TxBody>(&changed, changed.len()) else { continue };
                read += 1;
                assert_ne!(above_the_hash(&other), text, "byte {place} ^ {mask:#x} of\n{text}");
            }
        }
        assert!(read > bytes.len(), "only {read} changes of {} bytes were read", bytes.len());
    }
}

#[test]
fn no_text_of_a_user_begins_a_line() {
    let chars = ["\n", "\r", "\u{2028}", "\u{2029}", "\u{85}", "\u{b}", "\u{c}"];
    for end in chars {
        let memo = short(&format!("hi{end}fee: 0"));
        let body = TxBody { memo, ..body(messages().remove(0)) };
        let text = text::transaction(&body, hash(2));
        let fees = text.split(['\n', '\r', '\u{2028}', '\u{2029}', '\u{85}', '\u{b}', '\u{c}']);
        assert_eq!(fees.filter(|line| line.starts_with("fee: ")).count(), 1, "{text}");
    }
}

proptest! {
    #[test]
    fn different_bodies_have_different_texts(
        one in 0..64usize,
        other in 0..64usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        memo in "\\PC{0,20}|[ \\\\\"u{}a0-9]{0,20}",
        second in "\\PC{0,20}|[ \\\\\"u{}a0-9]{0,20}",
    ) {
        let messages = messages();
        let (one, other) = (one % messages.len(), other % messages.len());
        let first = TxBody { memo: short(&memo), ..body(messages[one].clone()) };
        let mut bytes =
            codec::encode(&TxBody { memo: short(&second), ..body(messages[other].clone()) });
        for (place, value) in changes {
            let place = place.index(bytes.len());
            bytes[place] = value;
        }
        if let Ok(second) = codec::decode::<TxBody>(&bytes, bytes.len()) {
            prop_assert_eq!(first == second, above_the_hash(&first) == above_the_hash(&second));
        }
    }
}
