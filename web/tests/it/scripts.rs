//! The pages' scripts against the node's own code.
//!
//! What the rules make (transactions, texts, certificates) is written to a file, and the scripts'
//! tests, which node runs, compare. `tests/web/prepare.sh` sees to node and says so.

use std::path::Path;
use std::process::Command;

use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Ruling, Side, Track};
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, ContentHash, Height, Keypair, Network, OperatorId,
    codec,
};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::chain::fixed_fee;
use probity_runtime::governance::message::{
    CastVote, Delegate, RemoveVote, SubmitReferendum, TrimDelegation, Undelegate,
};
use probity_runtime::message::Transfer;
use probity_runtime::{Message, TxBody, text};
use probity_simulations::{World, WorldConfig};
use serde_json::{Value, json};

use crate::governance::aye;
use crate::stage::{Stage, address, get, json as read, text as body};

/// The bytes that a signature and its key add.
const SIGNATURE_BYTES: usize = 96;

fn short<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap()
}

/// Every kind of message that a page builds, with what people write at its worst.
fn messages(to: Address) -> Vec<Message> {
    let amount = Amount::from_units(2_000_000_001);
    let (referendum, track, conviction) = (ReferendumId(7), Track::LargeSpend, Conviction::Thrice);
    let whole = |side| Ballot::Whole { side, conviction, amount };
    let split = Ballot::Split { aye: amount, nay: Amount::ZERO, abstain: Amount::from_units(1) };
    let change = Change { path: short("task.sizes"), before: short("[\"a\"]"), after: short("[]") };
    let changes = BoundedVec::from_vec(vec![change.clone(), change]).unwrap();
    let actions = [
        Action::Text { hash: ContentHash::of_file(b"text") },
        Action::ChangeParameters { changes },
        Action::Spend { to, amount },
        Action::CancelReferendum { referendum },
        Action::RevertSlash { slash: 3 },
        Action::ResumeWindow { window: 4 },
        Action::RevertWindow { window: 5 },
        Action::Mint { amount },
        Action::Upgrade { version: 2, height: Height(9) },
        Action::CancelUpgrade { version: 3 },
        Action::Pause { blocks: 6 },
        Action::RuleDispute { dispute: 7, ruling: Ruling::Overturn },
    ];
    let title = "More \"time\"\n\u{202e}emit eroM ";
    let submitted = actions.into_iter().map(|action| {
        Message::SubmitReferendum(SubmitReferendum { track, title: short(title), action })
    });
    let others = [
        Message::Transfer(Transfer { to, amount }),
        Message::CastVote(CastVote { referendum, ballot: whole(Side::Aye) }),
        Message::CastVote(CastVote { referendum, ballot: whole(Side::NayWithVeto) }),
        Message::CastVote(CastVote { referendum, ballot: split }),
        Message::RemoveVote(RemoveVote { referendum }),
        Message::Delegate(Delegate { track, to, amount, conviction }),
        Message::Undelegate(Undelegate { track }),
        Message::TrimDelegation(TrimDelegation { account: to, track }),
    ];
    others.into_iter().chain(submitted).collect()
}

fn drafts(stage: &Stage) -> Vec<Value> {
    let body = TxBody { memo: short(" for\u{200b} tea"), ..stage.transfer() };
    let world = stage.memory.world();
    let (genesis, fees) = (world.chain.genesis_hash(), world.ledger().params.get().fees.clone());
    messages(address(&world.people[0]))
        .into_iter()
        .map(|message| {
            let body = TxBody { message, ..body.clone() };
            let bytes = codec::encode(&body);
            json!({
                "fee": fixed_fee(&fees, &body.message, bytes.len() + SIGNATURE_BYTES),
                "text": text::transaction(&body, genesis),
                "signed_hash": text::signed_hash(&body, genesis),
                "bytes": hex::encode(bytes),
                "genesis": genesis,
                // As text: what reads it cares for the order of fields.
                "body": serde_json::to_string(&body).unwrap(),
            })
        })
        .collect()
}

/// A certificate of a chain where validators changed on the way.
fn after_changes() -> Value {
    let config = WorldConfig { operators: 5, check: false, ..WorldConfig::default() };
    let mut world = World::new(&config).unwrap();
    let (benchmark, models) = world.publish(&[700_000]).unwrap();
    let asker = world.people[1].clone();
    world.must(&asker, World::request(benchmark, models[0], Mode::Tolerant)).unwrap();
    let task = world.newest_task().unwrap();
    assert_eq!(world.finish(task, 500).unwrap(), TaskPhase::Final);
    // What evaluators were paid is power from the next epoch on.
    for _ in 0..200 {
        world.step().unwrap();
    }
    assert!(!world.changes.is_empty());
    json!({
        "text": world.certificate(task).unwrap().to_json(),
        "genesis": world.chain.genesis_hash(),
    })
}

fn vectors(stage: &Stage, certificate: &Value) -> Value {
    let world = stage.memory.world();
    let transactions = world.log.iter().flat_map(|(block, _)| block.txs.iter()).map(|tx| {
        let text = serde_json::to_string(tx).unwrap();
        json!({ "tx": text, "bytes": hex::encode(tx.encode()), "hash": tx.hash() })
    });
    let input: Vec<u8> = (0..200_000_u32).map(|i| u8::try_from(i % 251).unwrap()).collect();
    let lengths = [0, 1, 2, 63, 64, 65, 1_023, 1_024, 1_025, 2_048, 2_049, 3_072, 8_193, 200_000];
    let blake3 = lengths.map(|len| (len, ContentHash::of_file(&input[..len])));
    let key = Keypair::from_seed([3; 32]).public();
    let addresses = [Network::Main, Network::Test].map(|network| {
        let account = Address::of(&key, network);
        let operator = OperatorId::of(&account, &key).to_string();
        [("account", account.to_string()), ("operator", operator)]
    });
    json!({
        "transactions": transactions.collect::<Vec<_>>(),
        "fees": world.ledger().params.get().fees,
        "certificates": [certificate, after_changes()],
        "addresses": addresses.as_flattened(),
        "blake3": blake3,
    })
}

#[tokio::test]
async fn the_scripts_of_the_pages_agree_with_the_node() {
    let stage = Stage::new();
    let certificate = {
        let world = stage.memory.world();
        let text = world.certificate(stage.known.done).unwrap().to_json();
        json!({ "text": text, "genesis": world.chain.genesis_hash() })
    };
    let id = stage.propose(Track::Root, "a title", crate::governance::nothing("a text")).await;
    let payer = stage.payer();
    stage.act(&payer, aye(id, 5)).await;
    let to = address(&stage.memory.world().people[0]);
    let (amount, conviction) = (Amount::from_tokens(2), Conviction::Once);
    let given = Delegate { track: Track::Supply, to, amount, conviction };
    stage.act(&payer, Message::Delegate(given)).await;
    stage.act(&payer, stage.transfer().message).await;
    let mut all = vectors(&stage, &certificate);
    for format in
        ["every-eval-ever", "cyclonedx", "eval-results", "model-index", "in-toto", "ainft"]
    {
        let path = format!("/api/v1/results/{}/export/{format}", stage.known.done);
        all["exports"][format] = Value::from(body(stage.send(get(&path)).await).await);
    }
    all["openapi"] = read(stage.send(get("/api/v1/openapi.json")).await).await;
    all["drafts"] = Value::from(drafts(&stage));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("vectors.json");
    std::fs::write(&file, all.to_string()).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/web");
    let ready = Command::new(tests.join("prepare.sh")).arg("unit").status().unwrap();
    assert!(ready.success(), "tests/web/prepare.sh says what is missing");
    let mut found: Vec<_> = std::fs::read_dir(tests.join("unit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    found.sort();
    let mut node = Command::new("node");
    let output = node.arg("--test").args(found).env("PROBITY_VECTORS", &file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
}
