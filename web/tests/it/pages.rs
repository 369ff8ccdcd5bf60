//! The pages for people.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::Request;

use crate::stage::{Stage, get, text};

/// The most pages that a walk visits.
const MAX_PAGES: usize = 400;

pub(crate) async fn page(stage: &Stage, path: &str) -> String {
    let response = stage.send(get(path)).await;
    assert_eq!(response.status(), 200, "{path}");
    text(response).await
}

/// The addresses that a page leads to.
fn links(page: &str) -> Vec<String> {
    let found = page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
    found.map(|link| link.replace("&#38;", "&").replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn a_board_shows_both_kinds_of_doubt() {
    let stage = Stage::new();
    let page = page(&stage, &format!("/board/{}", stage.known.benchmark)).await;
    for expected in [
        "digits accuracy",
        ">0.5950<",
        "0.5258<br>0.6606",
        ">none<",
        ">Final<",
        "Score 0.5950. Interval over items: 0.5258 to 0.6606. 4 evaluators: all the same.",
    ] {
        assert!(page.contains(expected), "{expected} is missing in {page}");
    }
}

/// Follows every link from the first page on, and gives each page with its address.
async fn walk(stage: &Stage) -> Vec<(String, String)> {
    let mut seen = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop() {
        let response = stage.send(get(&path)).await;
        assert_eq!(response.status(), 200, "{path}: {}", text(response).await);
        let media = response.headers()["content-type"].to_str().unwrap().to_owned();
        if !media.starts_with("text/html") {
            continue;
        }
        let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        let page = text(response).await;
        for link in links(&page) {
            let link = link.split('#').next().unwrap_or_default().to_owned();
            assert!(link.is_empty() || link.starts_with('/'), "{path} leads to {link}");
            // Blocks lead to blocks for ever: the newest are enough.
            let older = link.starts_with("/blocks?below=");
            // Whether a card's file can be had is not this test's matter.
            let file = link.starts_with("/api/v1/blobs/");
            if !link.is_empty() && !older && !file && !is_old(&link) && seen.insert(link.clone()) {
                waiting.push(link);
            }
        }
        pages.push((path, page));
        assert!(pages.len() < MAX_PAGES, "{seen:?}");
    }
    pages
}

/// Whether a link is to a block that is not among the first.
fn is_old(link: &str) -> bool {
    let height = link.strip_prefix("/blocks/").and_then(|height| height.parse::<u64>().ok());
    height.is_some_and(|height| height > 3)
}

#[tokio::test]
async fn every_page_that_is_led_to_is_there_runs_nothing_and_asks_nobody_else() {
    let stage = Stage::on_show();
    let pages = walk(&stage).await;
    for (path, page) in &pages {
        for banned in ["<script>", " style=", "\"http://", "\"https://", " onload", " onclick"] {
            assert!(!page.contains(banned), "{banned} in {path}: {page}");
        }
        assert!(!page.contains('\u{202e}'), "{path} turns its text");
        assert_eq!(page.matches("<h1").count(), 1, "{path}");
        assert_eq!(page.matches("<main").count(), 1, "{path}");
        assert!(page.contains("/api/v1/"), "{path} leads to no data");
        // What has a name for a script or a label has it alone.
        let mut ids: Vec<&str> =
            page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all, "{path} has an id twice");
    }
    for room in [
        "/board/",
        "/models/",
        "/datasets/",
        "/benchmarks/",
        "/results/",
        "/validators/",
        "/disputes/",
        "/gov/",
        "/accounts/",
        "/blocks/",
        "/txs/",
    ] {
        let there = pages.iter().any(|(path, _)| path.len() > room.len() && path.starts_with(room));
        assert!(there, "no page of {room}");
    }
}

#[tokio::test]
async fn a_page_that_was_made_already_is_made_again_for_another_block_and_another_health() {
    let stage = Stage::new();
    for path in ["/", "/validators", "/results"] {
        let before = stage.memory.world().chain.height();
        let first = page(&stage, path).await;
        assert!(first.contains(&format!("href=\"/blocks/{before}\"")), "{first}");
        assert_eq!(page(&stage, path).await, first, "{path}");
        let height = stage.memory.make_block();
        assert!(page(&stage, path).await.contains(&format!("href=\"/blocks/{height}\"")), "{path}");
        stage.memory.syncing.store(true, Ordering::SeqCst);
        assert!(page(&stage, path).await.contains("behind its peers"), "{path}");
        stage.memory.syncing.store(false, Ordering::SeqCst);
        assert!(!page(&stage, path).await.contains("behind its peers"), "{path}");
    }
    // Another question is another page.
    assert_ne!(page(&stage, "/results?state=overturned").await, page(&stage, "/results").await);
}

#[tokio::test]
async fn what_is_not_there_is_a_page_for_people_and_a_problem_for_programs() {
    let stage = Stage::new();
    let nothing = "00".repeat(32);
    for (path, status) in [(format!("/board/{nothing}"), 404), ("/board/nonsense".to_owned(), 400)]
    {
        let response = stage.send(get(&path)).await;
        assert_eq!(response.status(), status, "{path}");
        let page = text(response).await;
        assert!(page.starts_with("<!doctype html>"), "{path}: {page}");
        let programs = Request::get(&path).header("accept", "application/json");
        let response = stage.send(programs.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), status, "{path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    let browser = Request::get("/nowhere").header("accept", "text/html,*/*;q=0.8");
    let response = stage.send(browser.body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 404);
    assert!(text(response).await.contains("<h1>"));
}

#[tokio::test]
async fn what_people_wrote_is_text_and_not_markup() {
    let stage = Stage::new();
    {
        let mut world = stage.memory.world();
        let publisher = world.people[0].clone();
        let known = world.ledger().artifacts.get(&stage.known.models[0]).unwrap().clone();
        let mut manifest = known.manifest;
        manifest.name =
            probity_primitives::BoundedString::new("<script>alert(1)</script>").unwrap();
        let message = probity_protocol::registry::message::RegisterArtifact { manifest };
        let register = probity_runtime::Message::RegisterArtifact(message);
        world.must(&publisher, register).unwrap();
        let model = world
            .ledger()
            .artifacts
            .iter()
            .find(|(_, artifact)| artifact.manifest.name.starts_with('<'));
        let model = *model.unwrap().0;
        let benchmark = stage.known.benchmark;
        let request = probity_simulations::World::request(
            benchmark,
            model,
            probity_protocol::task::Mode::Exact,
        );
        world.must(&publisher, request).unwrap();
    }
    stage.memory.make_block();
    let page = page(&stage, "/").await;
    assert!(page.contains("alert(1)"), "the name is shown");
    assert!(!page.contains("<script>"), "{page}");
}

#[tokio::test]
async fn pages_that_work_in_the_browser_say_how_to_do_without_it() {
    let stage = Stage::new();
    for (path, place, command) in [
        ("/sign", "id=\"sign-file\"", "probity tx sign"),
        ("/verify", "id=\"verify-file\"", "probity result verify"),
    ] {
        let page = text(stage.send(get(path)).await).await;
        for expected in [place, command, "<script type=\"module\" src=\"/assets/js/page.js\">"] {
            assert!(page.contains(expected), "{path} has no {expected}: {page}");
        }
    }
    let script = stage.send(get("/assets/js/page.js")).await;
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    stage.refused(get("/assets/js/nothing.js"), 404, "route_not_found").await;
}

#[tokio::test]
async fn a_node_that_is_behind_says_so_on_its_page() {
    let stage = Stage::new();
    assert!(!page(&stage, "/").await.contains("behind its peers"));
    stage.memory.syncing.store(true, Ordering::SeqCst);
    assert!(page(&stage, "/").await.contains("behind its peers"));
}

#[tokio::test]
async fn a_result_says_what_was_measured_by_whom_and_how_to_check_it() {
    let stage = Stage::on_show();
    let (flagged, operator) = {
        let world = stage.memory.world();
        let flagged = stage.shown().flagged;
        let outcome = world.ledger().outcomes.get(&flagged).unwrap();
        let one = outcome.members.iter().find(|member| member.score != Some(outcome.score));
        (flagged, one.unwrap().operator)
    };
    let page = page(&stage, &format!("/results/{flagged}")).await;
    for expected in [
        "lantern-int8".to_owned(),
        "Handwritten digits".to_owned(),
        "Two doubts, drawn apart".to_owned(),
        ">flagged<".to_owned(),
        format!("/validators/{operator}"),
        format!("probity eval reproduce {flagged}"),
        format!("/api/v1/results/{flagged}/certificate"),
    ] {
        assert!(page.contains(&expected), "{expected} is missing in {page}");
    }
}

#[tokio::test]
async fn a_withdrawn_model_and_a_disputed_result_stay_on_the_board() {
    let stage = Stage::on_show();
    let board = page(&stage, &format!("/board/{}", stage.shown().benchmark)).await;
    assert!(board.contains("withdrawn by its owner"), "{board}");
    assert!(board.contains("open to dispute until"), "{board}");
    assert!(board.contains("mixed alphabets"), "{board}");
    let disputed = page(&stage, &format!("/results/{}", stage.shown().disputed)).await;
    assert!(disputed.contains("/disputes/0"), "{disputed}");
}

#[tokio::test]
async fn a_referendum_shows_before_and_after_and_where_an_account_stands() {
    let stage = Stage::on_show();
    let (id, voter) = (stage.shown().deciding, stage.shown().voter);
    let page = page(&stage, &format!("/gov/{id}?account={voter}")).await;
    let before = stage.memory.world().ledger().params.get().task.provisional_blocks;
    for expected in [
        "task.provisional_blocks".to_owned(),
        format!("<bdi>{before}</bdi>"),
        format!("<bdi>{}</bdi>", before * 6 / 5),
        "aye with 6,000 PBY, locked for 2 periods".to_owned(),
        "votes of others follow it".to_owned(),
        format!("/api/v1/referenda/{id}/votes.csv"),
    ] {
        assert!(page.contains(&expected), "{expected} is missing in {page}");
    }
}

#[tokio::test]
async fn a_form_builds_the_very_transaction_that_the_command_line_signs() {
    let stage = Stage::on_show();
    let (id, voter) = (stage.shown().deciding, stage.shown().voter);
    let asked = format!("/gov/{id}/vote?account={voter}&side=nay&amount=12.5&conviction=once");
    let shown = page(&stage, &asked).await;
    let file = crate::stage::json(stage.send(get(&format!("{asked}&file=true"))).await).await;
    assert_eq!(file["schema"], "probity.unsigned-tx/v1");
    let bytes = hex::decode(file["body"].as_str().unwrap()).unwrap();
    let body: probity_runtime::TxBody =
        probity_primitives::codec::decode(&bytes, probity_runtime::tx::MAX_TX_BYTES).unwrap();
    let key = stage.memory.world().people[2].clone();
    assert_eq!(body.sender, voter);
    let genesis_hash = stage.memory.world().chain.genesis_hash();
    let text = probity_runtime::text::transaction(&body, genesis_hash);
    let lines: Vec<&str> =
        file["text"].as_array().unwrap().iter().filter_map(|line| line.as_str()).collect();
    assert_eq!(lines, text.lines().collect::<Vec<_>>());
    assert!(shown.contains(file["signed_hash"].as_str().unwrap()));
    let signed = body.sign(genesis_hash, &key);
    let answer = stage.send(crate::stage::post_tx(&signed)).await;
    assert_eq!(answer.status(), 202);
    stage.memory.make_block();
    let after = page(&stage, &format!("/gov/{id}?account={voter}")).await;
    assert!(after.contains("nay with 12.5 PBY,"), "{after}");
}

#[tokio::test]
async fn a_form_that_is_filled_in_wrongly_says_so_and_keeps_what_was_put_in() {
    let stage = Stage::on_show();
    let voter = stage.shown().voter;
    for (path, why) in [
        (format!("/gov/new?kind=spend&account={voter}&title=x&first=nobody&second=1"), "receiver"),
        (format!("/gov/new?kind=mint&account={voter}&title=x&first=-1"), "number of tokens"),
        ("/gov/new?kind=nothing".to_owned(), "no kind of proposal"),
        (format!("/gov/delegate?account={voter}&to=x&track=root&amount=1"), "the delegate"),
    ] {
        let response = stage.send(get(&path)).await;
        assert_eq!(response.status(), 400, "{path}");
        let page = text(response).await;
        assert!(page.contains(why), "{path}: {page}");
        assert!(path.contains("nothing") || page.contains(&voter.to_string()), "{page}");
    }
}

#[tokio::test]
async fn what_exists_is_found_by_name_by_number_and_by_hash() {
    let stage = Stage::on_show();
    let shown = stage.shown();
    for (asked, found) in [
        ("lantern".to_owned(), format!("/models/{}", shown.models[0])),
        ("LANTERN-INT".to_owned(), format!("/models/{}", shown.models[2])),
        (shown.flagged.to_string(), format!("/results/{}", shown.flagged)),
        (shown.voter.to_string(), format!("/accounts/{}", shown.voter)),
        ("1".to_owned(), "/blocks/1".to_owned()),
        ("1".to_owned(), "/gov/1".to_owned()),
        ("operator".to_owned(), "/validators/".to_owned()),
    ] {
        let page = page(&stage, &format!("/search?q={asked}")).await;
        assert!(page.contains(&found), "{asked}: {page}");
    }
    assert!(page(&stage, "/search?q=unheard-of").await.contains("Nothing here"));
    assert_eq!(stage.send(get(&format!("/search?q={}", "a".repeat(200)))).await.status(), 400);
}

/// A page's own part, without what its frame says of the chain.
fn own_part(page: &str) -> String {
    let main = page.split("<main").nth(1).and_then(|rest| rest.split("</main>").next());
    format!("<main{}</main>", main.unwrap())
}

#[tokio::test]
async fn pages_as_they_stand() {
    let stage = Stage::on_show();
    let shown = stage.shown().clone();
    for (name, path) in [
        ("page_home", "/".to_owned()),
        ("page_board", format!("/board/{}", shown.benchmark)),
        ("page_model", format!("/models/{}", shown.models[1])),
        ("page_benchmark", format!("/benchmarks/{}", shown.benchmark)),
        ("page_result", format!("/results/{}", shown.flagged)),
        ("page_compare", format!("/compare?a={}&b={}", shown.models[0], shown.models[1])),
        ("page_validators", "/validators".to_owned()),
        ("page_dispute", "/disputes/0".to_owned()),
        ("page_governance", "/gov".to_owned()),
        ("page_proposal", format!("/gov/{}?account={}", shown.deciding, shown.voter)),
        ("page_propose", "/gov/new?kind=spend".to_owned()),
        ("page_supply", "/supply".to_owned()),
        ("page_account", format!("/accounts/{}", shown.voter)),
    ] {
        insta::assert_snapshot!(name, own_part(&page(&stage, &path).await));
    }
    let missing = text(stage.send(get("/gov/99")).await).await;
    insta::assert_snapshot!("page_missing", own_part(&missing));
}
