//! Golden vectors: the bytes that are signed, hashed and stored never change by accident.
//!
//! A vector that fails here means another chain: old signatures, blocks and stores do not read.

use probity_primitives::table::state_key;
use probity_primitives::vrf::VrfProofBytes;
use probity_primitives::{
    Address, Amount, ArtifactId, BlockHash, BoundedString, BoundedVec, Epoch, Hash, Height,
    Keypair, Network, OperatorId, TaskId, TxHash,
};
use probity_protocol::Bucket;
use probity_protocol::ledger::Tag;
use probity_protocol::registry::message::{ClaimRoyalty, WithdrawArtifact};
use probity_protocol::staking::message::{Unjail, Withdraw};
use probity_protocol::task::message::{JuryCommit, ReportUnavailable};
use probity_runtime::block::tx_list_hash;
use probity_runtime::message::Transfer;
use probity_runtime::receipt::{Outcome, Receipt};
use probity_runtime::{Block, Header, Message, SignedTx, TxBody};

fn pair() -> Keypair {
    Keypair::from_seed([1; 32])
}

fn body() -> TxBody {
    let address = Address::of(&pair().public(), Network::Test);
    TxBody {
        chain: text("golden"),
        sender: address,
        nonce: 7,
        fee: Amount::from_units(1_000_000),
        expiry: Height(99),
        memo: text("note"),
        message: Message::Transfer(Transfer { to: address, amount: Amount::from_tokens(1) }),
    }
}

fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap_or_default()
}

fn tx() -> SignedTx {
    body().sign(Hash::from_bytes([2; 32]), &pair())
}

fn header() -> Header {
    let address = Address::of(&pair().public(), Network::Test);
    Header {
        chain_id: text("golden"),
        height: Height(3),
        time_ms: 5,
        parent: BlockHash(Hash::from_bytes([4; 32])),
        proposer: OperatorId::of(&address, &pair().public()),
        vrf: VrfProofBytes::from_bytes([6; 96]),
        txs: tx_list_hash([tx().hash()]),
        state_root: Hash::from_bytes([8; 32]),
        validators: Hash::from_bytes([9; 32]),
        next_validators: Hash::from_bytes([10; 32]),
    }
}

#[track_caller]
fn check(bytes: &[u8], expected: &str) {
    assert_eq!(hex::encode(bytes), expected.replace(['\n', ' '], ""));
}

#[test]
fn a_transaction_is_signed_over_the_genesis_hash_and_its_body() {
    check(
        &body().sign_bytes(Hash::from_bytes([2; 32])),
        "020202020202020202020202020202020202020202020202020202020202020206000000676f6c64
         656e01aa25e17fb4ce07ff9de2c4863d88be2280088664070000000000000040420f000000000000
         000000000000006300000000000000040000006e6f74650001aa25e17fb4ce07ff9de2c4863d88be
         228008866400ca9a3b000000000000000000000000",
    );
}

#[test]
fn a_signed_transaction_has_one_encoding_and_one_name() {
    check(
        &tx().encode(),
        "06000000676f6c64656e01aa25e17fb4ce07ff9de2c4863d88be2280088664070000000000000040
         420f000000000000000000000000006300000000000000040000006e6f74650001aa25e17fb4ce07
         ff9de2c4863d88be228008866400ca9a3b0000000000000000000000008a88e3dd7409f195fd52db
         2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c2f9843810c6118c5f6b387ea16e3a76ced4359
         9f494ea2febc87684be4fb2fa6b0cbba8c7a19e7fb0224c57b1d9f1f51dbe7d2065c0200778ebbb1
         6578b75407",
    );
    check(
        tx().hash().as_bytes(),
        "e6cde49cd9794d937d18c833e7fc102a4f1ee17ac2ca8369d354f2c5e36563d6",
    );
    assert_eq!(SignedTx::decode(&tx().encode()), Ok(tx()));
}

#[test]
fn a_block_has_one_encoding_and_its_header_one_name() {
    check(
        &probity_primitives::codec::encode(&header()),
        "06000000676f6c64656e030000000000000005000000000000000404040404040404040404040404
         0404040404040404040404040404040404040100dd6551775869b3f3bcc11148ee5dc864750aea06
         06060606060606060606060606060606060606060606060606060606060606060606060606060606
         06060606060606060606060606060606060606060606060606060606060606060606060606060606
         06060606060606060606060606060655ec15214527353263613b1fe6e444975f5d4a4f3ef96a4ea7
         dbc05d71890c58080808080808080808080808080808080808080808080808080808080808080809
         090909090909090909090909090909090909090909090909090909090909090a0a0a0a0a0a0a0a0a
         0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
    );
    check(
        header().hash().as_bytes(),
        "3be1909b9a72ffa8d0cfed0abde119a132e78579056dabfe7870c0098267bea4",
    );
    let txs = BoundedVec::from_vec(vec![tx()]).unwrap_or_default();
    let block = Block { header: header(), txs };
    assert_eq!(Block::decode(&block.encode()), Ok(block.clone()));
    let expected = probity_primitives::codec::encode(&header()).len() + 4 + tx().encode().len();
    assert_eq!(block.encode().len(), expected);
}

#[test]
fn a_messages_first_byte_is_its_place_in_the_list() {
    let operator = header().proposer;
    let (artifact, task) = (ArtifactId::default(), TaskId::default());
    let commitment = Hash::ZERO;
    let messages = [
        (0, body().message),
        (6, Message::Withdraw(Withdraw { operator, epoch: Epoch(1) })),
        (7, Message::Unjail(Unjail { operator })),
        (12, Message::WithdrawArtifact(WithdrawArtifact { artifact })),
        (14, Message::ClaimRoyalty(ClaimRoyalty { artifact })),
        (18, Message::ReportUnavailable(ReportUnavailable { operator, task, round: 1 })),
        (20, Message::JuryCommit(JuryCommit { operator, task, draw: 1, commitment })),
    ];
    for (place, message) in messages {
        let bytes = probity_primitives::codec::encode(&message);
        assert_eq!(bytes.first(), Some(&place), "{}", message.kind());
        assert!(!message.describe().is_empty());
    }
}

#[test]
fn a_list_of_transactions_has_one_hash() {
    check(
        tx_list_hash([]).as_bytes(),
        "220311bb2f1790b092c08e982bc89d59ace0761cab76205fbbe2252db772151d",
    );
    check(
        tx_list_hash([TxHash(Hash::ZERO)]).as_bytes(),
        "20611725963944484b667fe191e2a9ed011779f4899b881672c4c1eb485a1590",
    );
}

#[test]
fn a_receipt_has_one_encoding() {
    let refused = Receipt {
        tx: TxHash(Hash::ZERO),
        height: Height(1),
        index: 2,
        fee: Amount::from_units(3),
        outcome: Outcome::Refused { code: "a.b".to_owned(), message: "no".to_owned() },
        events: Vec::new(),
    };
    check(
        &probity_primitives::codec::encode(&refused),
        "00000000000000000000000000000000000000000000000000000000000000000100000000000000
         02000000030000000000000000000000000000000103000000612e62020000006e6f00000000",
    );
}

#[test]
fn a_state_key_is_its_tables_tag_and_its_encoded_key() {
    let address = Address::of(&pair().public(), Network::Test);
    check(
        &state_key(Tag::accounts.byte(), &address),
        "1001aa25e17fb4ce07ff9de2c4863d88be2280088664",
    );
    check(&state_key(Tag::buckets.byte(), &Bucket::Treasury), "1109");
    check(
        probity_runtime::tree::key_hash(&[0x02]).as_bytes(),
        "55a099751adee4bc520a09b81bcf3d6599ed639c256362f52d582a7c6a7ddc36",
    );
}
