//! Votes of the holders, from outside: what is read, what is tried, and what is streamed.

use std::sync::Arc;

use axum::http::Method;
use futures::StreamExt;
use probity_api::view::PreviewRequest;
use probity_client::{Client, ListArgs};
use probity_dao::action::Change;
use probity_dao::{Action, Ballot, Conviction, ReferendumId, Side, Track};
use probity_primitives::{Amount, BoundedString, BoundedVec, ContentHash, Height, Keypair};
use probity_runtime::Message;
use probity_runtime::governance::message::{CastVote, Delegate, RemoveVote, SubmitReferendum};
use probity_runtime::query::ReferendumFilter;
use probity_simulations::{World, WorldConfig};
use probity_web::{ApiLimits, Capacity, router, serve};
use serde_json::{Value, json};

use crate::memory::Memory;
use crate::stage::{Known, Stage, address, get, post_tx, request, text};

/// A referendum that does nothing, with a title that would break what does not look out.
const TITLE: &str = "<b>\"A & B\"\u{202e}</b>";

impl Stage {
    /// Sends a message of somebody and makes a block; it must be carried out.
    pub(crate) async fn act(&self, key: &Keypair, message: Message) -> Height {
        self.send_of(key, message).await;
        self.sealed().await
    }

    async fn send_of(&self, key: &Keypair, message: Message) {
        let genesis_hash = self.memory.world().chain.genesis_hash();
        let sender = address(key);
        let nonce = self.memory.world().ledger().accounts.get(&sender).unwrap().nonce;
        let mut body = self.transfer();
        (body.sender, body.nonce, body.message) = (sender, nonce, message);
        let response = self.send(post_tx(&body.sign(genesis_hash, key))).await;
        assert_eq!(response.status(), 202, "{}", text(response).await);
    }

    async fn sealed(&self) -> Height {
        let height = self.memory.make_block();
        let world = self.memory.world();
        let (_, receipts) = world.log.last().unwrap();
        for receipt in receipts {
            assert!(receipt.outcome.is_ok(), "{:?}", receipt.outcome);
        }
        height
    }

    /// Proposes something; gives its number.
    pub(crate) async fn propose(&self, track: Track, title: &str, action: Action) -> ReferendumId {
        let id = self.memory.world().chain.dao().counters.get().referenda;
        let title = BoundedString::new(title).unwrap();
        let message = SubmitReferendum { track, title, action };
        self.act(&self.payer(), Message::SubmitReferendum(message)).await;
        ReferendumId(id)
    }
}

pub(crate) fn nothing(seed: &str) -> Action {
    Action::Text { hash: ContentHash::of_file(seed.as_bytes()) }
}

pub(crate) fn aye(referendum: ReferendumId, tokens: u64) -> Message {
    let amount = Amount::from_tokens(tokens);
    let ballot = Ballot::Whole { side: Side::Aye, conviction: Conviction::Once, amount };
    Message::CastVote(CastVote { referendum, ballot })
}

fn data(answer: &Value) -> &Vec<Value> {
    answer["data"].as_array().unwrap()
}

async fn preview(stage: &Stage, track: Track, action: Action) -> Value {
    let asked = PreviewRequest { track, proposer: None, action };
    let body = serde_json::to_string(&asked).unwrap();
    let response = stage.send(request(Method::POST, "/preview", "application/json", body)).await;
    assert_eq!(response.status(), 200);
    crate::stage::json(response).await
}

fn change(path: &str, before: &str, after: &str) -> Action {
    let (before, after) = (BoundedString::new(before).unwrap(), BoundedString::new(after).unwrap());
    let change = Change { path: BoundedString::new(path).unwrap(), before, after };
    Action::ChangeParameters { changes: BoundedVec::from_vec(vec![change]).unwrap() }
}

#[tokio::test]
async fn referenda_are_listed_from_the_newest_in_pages_and_by_track_and_stage() {
    let stage = Stage::new();
    for seed in ["a", "b", "c"] {
        stage.propose(Track::Root, seed, nothing(seed)).await;
    }
    let cancel = Action::CancelReferendum { referendum: ReferendumId(0) };
    stage.propose(Track::Cancel, "d", cancel).await;
    let ids = |answer: &Value| {
        data(answer).iter().map(|view| view["id"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let first = stage.get("/referenda?limit=3").await;
    assert_eq!(first["schema"], "probity.referendum.list/v1");
    assert_eq!((ids(&first), &first["next"]), (vec![3, 2, 1], &json!("1")));
    let rest = stage.get("/referenda?limit=3&cursor=1").await;
    assert_eq!((ids(&rest), &rest["next"]), (vec![0], &json!(null)));
    assert_eq!(ids(&stage.get("/referenda?track=cancel").await), [3]);
    assert_eq!(ids(&stage.get("/referenda?stage=deciding").await), [3]);
    assert_eq!(ids(&stage.get("/referenda?open=true&track=root").await), [2, 1, 0]);
    stage.get_refused("/referenda?track=budget", 400, "bad_parameter").await;
    stage.get_refused("/referenda/4", 404, "referendum_not_found").await;
    stage.get_refused("/referenda/4/votes", 404, "referendum_not_found").await;
    stage.get_refused("/referenda/4/votes.csv", 404, "referendum_not_found").await;
    stage.get_refused("/referenda/x", 400, "malformed_id").await;
    let detail = stage.get_refused("/referenda/0/positions/x", 400, "malformed_id").await;
    assert!(detail.contains("\"x\""), "{detail}");
}

#[tokio::test]
async fn a_preview_shows_what_would_change_or_why_it_would_be_refused_and_changes_nothing() {
    let stage = Stage::new();
    let root = stage.memory.world().chain.tip().state_root;
    let tried = preview(&stage, Track::Root, change("governance.queue", "32", "31")).await;
    let tried = &tried["data"];
    assert_eq!(tried["preview"]["refused"], json!(null));
    assert_eq!(
        tried["preview"]["parameters"],
        json!([{ "path": "governance.queue", "before": "32", "after": "31" }])
    );
    assert_eq!(tried["deposit"], Amount::from_tokens(1_000).units().to_string());
    let tried = preview(&stage, Track::Root, change("governance.queue", "33", "31")).await;
    assert_eq!(tried["data"]["preview"]["refused"], "governance.queue is 32 and not 33");
    let to = address(&stage.payer());
    let spend = Action::Spend { to, amount: Amount::from_tokens(9_999_999) };
    let tried = preview(&stage, Track::SmallSpend, spend).await;
    let refused = tried["data"]["preview"]["refused"].as_str().unwrap();
    assert!(refused.starts_with("9999999 is more than the "), "{refused}");
    assert_eq!(stage.memory.world().chain.tip().state_root, root);

    let post = |media, body: String| request(Method::POST, "/preview", media, body);
    stage.refused(post("text/plain", String::new()), 415, "unsupported_media_type").await;
    stage.refused(post("application/json", "{}".to_owned()), 400, "malformed_body").await;
    let long = " ".repeat((64 << 10) + 1);
    stage.refused(post("application/json", long), 413, "body_too_large").await;
}

#[tokio::test]
async fn the_same_call_again_is_told_to_cost_twice() {
    let stage = Stage::new();
    let id = stage.propose(Track::Root, "once", nothing("once")).await;
    let tried = preview(&stage, Track::Root, nothing("once")).await;
    assert_eq!(tried["data"]["same_call"], json!(id));
    assert_eq!(tried["data"]["deposit"], Amount::from_tokens(2_000).units().to_string());
}

#[tokio::test]
async fn a_position_tells_what_may_vote_what_was_said_and_what_is_locked() {
    let stage = Stage::new();
    let (payer, other) = (stage.payer(), stage.memory.world().people[1].clone());
    let given = Delegate {
        track: Track::Root,
        to: address(&payer),
        amount: Amount::from_tokens(100),
        conviction: Conviction::Twice,
    };
    stage.act(&other, Message::Delegate(given)).await;
    let id = stage.propose(Track::Root, "title", nothing("x")).await;
    stage.act(&payer, aye(id, 5)).await;
    let of = async |key: &Keypair| {
        stage.get(&format!("/referenda/{id}/positions/{}", address(key))).await["data"].clone()
    };
    let units = |tokens| json!(Amount::from_tokens(tokens));
    let (own, delegate) = (of(&payer).await, of(&other).await);
    assert_eq!(own["vote"]["carried"], json!({ "tokens": units(100), "votes": units(200) }));
    assert_eq!(own["lock"]["amount"], units(5));
    assert_eq!(own["held"]["usable"], own["held"]["now"]);
    assert_eq!(delegate["vote"], json!(null));
    assert_eq!(delegate["delegated"]["to"], json!(address(&payer)));
    assert_eq!(delegate["delegate_says"]["whole"]["side"], "aye");

    let voter = stage.get(&format!("/voters/{}", address(&other))).await["data"].clone();
    assert_eq!(voter["locked"], units(100));
    assert_eq!(voter["given"][0]["track"], "root");
    let list = stage.get(&format!("/delegations?to={}", address(&payer))).await;
    assert_eq!(data(&list)[0]["account"], json!(address(&other)));
    assert!(data(&stage.get("/delegations?track=cancel").await).is_empty());
    stage.get_refused("/delegations?cursor=x", 400, "bad_cursor").await;
    stage.act(&payer, Message::RemoveVote(RemoveVote { referendum: id })).await;
    assert_eq!(of(&payer).await["vote"], json!(null));
}

#[tokio::test]
async fn a_list_is_read_at_the_height_of_its_first_page() {
    let stage = Stage::new();
    stage.propose(Track::Root, "a", nothing("a")).await;
    let first = stage.get("/referenda").await;
    let height = &first["height"];
    stage.propose(Track::Root, "b", nothing("b")).await;
    let pinned = stage.get(&format!("/referenda?at={height}")).await;
    assert_eq!(pinned, first);
    assert_eq!(data(&stage.get("/referenda").await).len(), 2);
    stage.get_refused(&format!("/referenda/1?at={height}"), 404, "referendum_not_found").await;
    let detail = stage.get_refused("/referenda?at=1", 410, "height_pruned").await;
    assert!(detail.contains("height 1 is not at hand"), "{detail}");
    stage.get_refused("/referenda?at=99999", 404, "block_not_found").await;
}

/// A stage with so many people, all of whom have voted aye.
async fn crowd(people: u32) -> (Stage, ReferendumId, Vec<Keypair>) {
    let config = WorldConfig { operators: 4, people, check: false, ..WorldConfig::default() };
    let world = World::new(&config).unwrap();
    let keys = world.people.clone();
    let known = Known {
        benchmark: probity_primitives::ArtifactId::default(),
        models: Vec::new(),
        done: probity_primitives::TaskId::default(),
        open: probity_primitives::TaskId::default(),
    };
    let memory = Arc::new(Memory::new(world));
    let stage = Stage { router: router(memory.clone(), ApiLimits::default()), memory, known };
    let id = stage.propose(Track::Root, "crowd", nothing("crowd")).await;
    for key in &keys {
        stage.send_of(key, aye(id, 5)).await;
    }
    stage.sealed().await;
    (stage, id, keys)
}

#[tokio::test]
async fn all_votes_are_streamed_in_pieces_of_one_height_whatever_happens_meanwhile() {
    let (stage, id, keys) = crowd(450).await;
    let path = format!("/api/v1/referenda/{id}/votes.csv");
    let response = stage.send(get(&path)).await;
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    let height = response.headers()["probity-height"].to_str().unwrap().to_owned();
    let mut body = response.into_body().into_data_stream();
    let heading = body.next().await.unwrap().unwrap();
    assert!(heading.starts_with(b"referendum,account,side,conviction,amount,"));

    // The last row is not written yet when its voter changes its mind.
    let last = keys.iter().max_by_key(|key| address(key)).unwrap();
    let amount = Amount::from_tokens(7);
    let ballot = Ballot::Split { aye: Amount::ZERO, nay: amount, abstain: Amount::ZERO };
    stage.act(last, Message::CastVote(CastVote { referendum: id, ballot })).await;
    let mut rows = Vec::new();
    while let Some(piece) = body.next().await {
        let piece = String::from_utf8(piece.unwrap().to_vec()).unwrap();
        let lines: Vec<String> = piece.lines().map(str::to_owned).collect();
        assert!(lines.len() <= 200, "{}", lines.len());
        rows.extend(lines);
    }
    assert_eq!(rows.len(), 450);
    let whole =
        |key: &Keypair| format!("{id},{},aye,once,5000000000,,,,5000000000,0,0", address(key));
    assert!(keys.iter().all(|key| rows.contains(&whole(key))));

    let now = text(stage.send(get(&path)).await).await;
    let split =
        format!("{id},{},split,unlocked,7000000000,0,7000000000,0,700000000,0,0", address(last));
    assert_eq!(now.lines().last(), Some(&*split));
    let then = text(stage.send(get(&format!("{path}?at={height}"))).await).await;
    assert_eq!(then.lines().skip(1).collect::<Vec<_>>(), rows);
}

#[tokio::test]
async fn no_more_votes_are_streamed_at_once_than_allowed() {
    let stage =
        Stage::with_limits(ApiLimits { streams: Capacity::new(1, 1), ..ApiLimits::default() });
    let id = stage.propose(Track::Root, "a", nothing("a")).await;
    let path = format!("/api/v1/referenda/{id}/votes.csv");
    let held = stage.send(get(&path)).await;
    assert_eq!(held.status(), 200);
    stage.refused(get(&path), 503, "overloaded").await;
    drop(held);
    assert_eq!(stage.send(get(&path)).await.status(), 200);
}

#[tokio::test]
async fn a_feed_tells_each_fact_once_with_what_people_wrote_as_text() {
    let stage = Stage::new();
    let id = stage.propose(Track::Root, TITLE, nothing("a")).await;
    let cancel = Action::CancelReferendum { referendum: id };
    stage.propose(Track::Cancel, "end it", cancel).await;
    let feed = async |path: &str| {
        let response = stage.send(get(path)).await;
        assert_eq!(response.status(), 200);
        let media = response.headers()["content-type"].to_str().unwrap().to_owned();
        assert_eq!(media, "application/atom+xml; charset=utf-8");
        text(response).await
    };
    let all = feed("/feeds/referenda.atom").await;
    assert!(all.contains("\\u{202e}&lt;/b&gt;") && !all.contains("<b>"), "{all}");
    assert!(!all.contains('\u{202e}'), "{all}");
    let names = |feed: &str| {
        feed.lines()
            .filter_map(|line| line.trim().strip_prefix("<id>")?.strip_suffix("</id>"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let found = names(&all);
    // The feed itself; the first one submitted; the second one submitted and decided on at once.
    assert_eq!(found.len(), 1 + 1 + 2 + 1, "{found:?}");
    let place = |part: &str| found.iter().position(|name| name.contains(part)).unwrap();
    assert!(place("referendum:1:deciding") < place("referendum:1:queued"), "{found:?}");
    let unique: std::collections::BTreeSet<_> = found.iter().collect();
    assert_eq!(unique.len(), found.len());
    let space = format!("urn:probity:{}:", stage.memory.world().chain.genesis_hash());
    assert!(found.iter().all(|name| name.starts_with(&space)), "{found:?}");

    // What was told stays as it was told.
    stage.memory.make_block();
    let later = names(&feed("/feeds/referenda.atom").await);
    assert!(found.iter().all(|name| later.contains(name)), "{found:?} {later:?}");
    let one = feed(&format!("/feeds/referenda/{id}.atom")).await;
    assert_eq!(names(&one).len(), 2);
    stage.refused(get("/feeds/referenda/9.atom"), 404, "referendum_not_found").await;
    stage.refused(get("/feeds/referenda/9"), 400, "malformed_id").await;
}

#[tokio::test]
async fn openings_and_confirmations_are_streamed_as_events() {
    let stage = Stage::new();
    let start = stage.memory.world().chain.height();
    let query =
        format!("after={start}-4294967295&kind=referendum_submitted,decision_started,vote_cast");
    let response = stage.send(get(&format!("/api/v1/events?{query}"))).await;
    let cancelled = stage.propose(Track::Root, "a", nothing("a")).await;
    let action = Action::CancelReferendum { referendum: cancelled };
    let id = stage.propose(Track::Cancel, "b", action).await;
    stage.act(&stage.payer(), aye(id, 5)).await;
    let mut body = response.into_body().into_data_stream();
    let mut said = String::new();
    while !said.contains("event: vote_cast") {
        let chunk = tokio::time::timeout(std::time::Duration::from_secs(10), body.next()).await;
        said.push_str(std::str::from_utf8(&chunk.unwrap().unwrap().unwrap()).unwrap());
    }
    let kinds: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let expected =
        ["referendum_submitted", "referendum_submitted", "decision_started", "vote_cast"];
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn the_client_reads_everything_of_votes() {
    let stage = Stage::new();
    let id = stage.propose(Track::Root, "title", nothing("x")).await;
    stage.act(&stage.payer(), aye(id, 5)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server =
        serve(listener, stage.router.clone(), ApiLimits::default(), std::future::pending());
    tokio::spawn(server);
    let client = Client::new(&url).unwrap();
    let (args, payer) = (ListArgs::default(), address(&stage.payer()));
    let world = stage.memory.world().clone();
    let dao = world.chain.dao();
    assert_eq!(client.governance(None).await.unwrap().data, *dao.params.get());
    let found = client.referendum(id, None).await.unwrap();
    assert_eq!(found.data.referendum, *dao.referenda.get(&id).unwrap());
    let filter = ReferendumFilter { track: Some(Track::Root), stage: None, open: true };
    let list = client.referenda(&filter, Some(found.height), &args).await.unwrap();
    assert_eq!(list.data, [found.data]);
    let votes = client.votes(id, None, &args).await.unwrap().data;
    assert_eq!((votes.len(), votes[0].account), (1, payer));
    assert_eq!(client.position(id, &payer, None).await.unwrap().data.vote, Some(votes[0].vote));
    assert_eq!(client.voter(&payer, None).await.unwrap().data.locks.len(), 1);
    assert!(
        client.delegations(Some(Track::Root), None, None, &args).await.unwrap().data.is_empty()
    );
    let asked = PreviewRequest { track: Track::Root, proposer: Some(payer), action: nothing("y") };
    assert_eq!(client.preview(&asked).await.unwrap().data.preview.refused, None);
    let mut rows = client.votes_csv(id, None).await.unwrap();
    assert_eq!(rows.height(), found.height);
    let mut csv = Vec::new();
    while let Some(piece) = rows.next().await.unwrap() {
        csv.extend_from_slice(&piece);
    }
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 2);
    let error = client.referendum(ReferendumId(9), None).await.unwrap_err();
    assert_eq!(error.code(), Some("referendum_not_found"));
}
