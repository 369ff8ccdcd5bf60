//! Golden vectors: the vocabulary's bytes and hashes never change by accident.

use borsh::BorshSerialize;
use probity_primitives::codec::encode;
use probity_primitives::transcript::{Answer, Attachment, EngineProfile, Header, Leaf};
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, ContentHash, Domain, Epoch, Hash, Height,
    Keypair, Network, OperatorId, Ppm, Score, Seats, merkle,
};

#[track_caller]
fn check<T: BorshSerialize>(value: &T, expected: &str) {
    assert_eq!(hex::encode(encode(value)), expected);
}

fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap_or_default()
}

#[test]
fn the_vocabulary_has_one_encoding() {
    check(&Amount::from_units(258), "02010000000000000000000000000000");
    check(&(Ppm::new(1), Bps::new(2), Seats(3)), "01000000020003000000");
    check(
        &(Score::from_micros(-1), Height(1), Epoch(2)),
        "ffffffffffffffff01000000000000000200000000000000",
    );
    check(&text::<8>("ab"), "020000006162");
    check(&BoundedVec::<u16, 4>::from_vec(vec![1, 2]).unwrap_or_default(), "0200000001000200");
    check(&(Some(1u8), None::<u8>), "010100");
    let answers = [Answer::Label(1), Answer::Choice(2), Answer::Number(-3)];
    check(&answers, "000100000001020003fdffffffffffffff");
}

#[test]
fn keys_addresses_and_signatures_follow_from_their_seed() {
    let pair = Keypair::from_seed([1; 32]);
    let address = Address::of(&pair.public(), Network::Test);
    check(&pair.public(), "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c");
    check(&address, "01aa25e17fb4ce07ff9de2c4863d88be2280088664");
    check(&OperatorId::of(&address, &pair.public()), "0100dd6551775869b3f3bcc11148ee5dc864750aea");
    check(
        &pair.sign(Domain::TxSign, b"golden"),
        "2f3eff4a54c229272406ad4d138ccd2995b2a4db96a17e5f226c059039408e268e6f66921bff1aef9152afd471839885722cc51fcb55ae5d79b181a294fd540a",
    );
    assert_eq!(address.to_string(), "pbyt1qx4ztctlkn8q0luautzgv0vghc3gqzyxvs8q872g");
}

#[test]
fn every_domain_hashes_the_same_bytes_differently_and_forever() {
    check(
        &Hash::of_bytes(Domain::Leaf, b"golden"),
        "89e447ead89664a3d36255b6b065128895fba40162cd0e2944acf279d6ee3450",
    );
    check(
        &Hash::of_bytes(Domain::Tx, b"golden"),
        "4340b5c648c4217334fe1101cf6a19d5af7178b7bc0fac7c7f79b1a3d4fa0c07",
    );
    check(
        &Hash::of(Domain::Seed, &(1u64, "golden")),
        "02ffa9c47a96c1d7f89b72946025b36ac75cf7dc05b63a90f490eb1874a04711",
    );
}

#[test]
fn a_transcripts_leaves_and_roots_have_fixed_hashes() {
    let profile = EngineProfile {
        engine: text("engine 1"),
        precision: text("f32"),
        batch: 1,
        instructions: text("any"),
    };
    let header = Header {
        model: ContentHash::of_file(b"model"),
        dataset: ContentHash::of_file(b"data"),
        benchmark: Hash::ZERO,
        tokenizer: ContentHash::default(),
        harness: 1,
        engine: profile.hash(),
        few_shot: BoundedVec::new(),
        seed: 0,
        items: 2,
    };
    let leaf = |index: u32| Leaf {
        index,
        item: Hash::ZERO,
        prompt: Hash::ZERO,
        answer: Answer::Label(index),
        score: 1,
        prefix_sum: i128::from(index),
    };
    let attachment = Attachment { index: 0, micros: BoundedVec::new() };
    check(&header.hash(), "14dd2216a78c08c139c9147dcbd6c789163b257d8b28c40f45a20efa0e7aa803");
    check(
        &leaf(0).hash(header.hash()),
        "42cc6039d697d71c9820ead68a257d1816891dd02eaeff6b8c7e8883f10a2ccc",
    );
    check(
        &attachment.hash(header.hash()),
        "6a09c2ca613e24e4c60523bf63e9e7ef40bb6aff794d40608af12cbdff02f173",
    );
    let tree = merkle::Tree::new((0..2).map(|index| leaf(index).hash(header.hash())).collect());
    check(
        &tree.map(|tree| tree.root(header.hash())),
        "017e1763d80675c72a4f48b17b9f3af8cb5394c86d1d114f227299279dc26adfa9",
    );
}
