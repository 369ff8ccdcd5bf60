//! The page for people.

use std::sync::atomic::Ordering;

use crate::stage::{Stage, get, text};

async fn page(stage: &Stage) -> String {
    let response = stage.send(get("/")).await;
    assert_eq!(response.status(), 200);
    text(response).await
}

#[tokio::test]
async fn the_page_shows_the_board_with_both_kinds_of_doubt() {
    let stage = Stage::new();
    let page = page(&stage).await;
    let outcome = {
        let world = stage.memory.world();
        world.ledger().outcomes.get(&stage.known.done).unwrap().clone()
    };
    let (low, high) = outcome.interval.unwrap();
    for expected in [
        "digits accuracy".to_owned(),
        format!(">{}<", outcome.score),
        format!("{low}–{high}"),
        ">none<".to_owned(),
        ">Final<".to_owned(),
        format!("/api/v1/results/{}/certificate", stage.known.done),
        "evaluators are measuring until block".to_owned(),
        "2023-11-14 22".to_owned(),
    ] {
        assert!(page.contains(&expected), "{expected} is missing in {page}");
    }
}

#[tokio::test]
async fn what_the_page_links_to_is_there() {
    let stage = Stage::new();
    let page = page(&stage).await;
    let links: Vec<&str> =
        page.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(links.len() > 6, "{links:?}");
    for link in links {
        assert_eq!(stage.send(get(link)).await.status(), 200, "{link}");
    }
}

#[tokio::test]
async fn the_page_asks_nobody_else_for_anything_and_runs_nothing() {
    let stage = Stage::new();
    let response = stage.send(get("/")).await;
    let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"), "{policy}");
    let page = text(response).await;
    for banned in ["<script", "style=", "http://", "https://", "onload", "<form", "<img"] {
        assert!(!page.contains(banned), "{banned} in {page}");
    }
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
    let page = page(&stage).await;
    assert!(page.contains("alert(1)"), "the name is shown");
    assert!(!page.contains("<script"), "{page}");
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
    assert!(!page(&stage).await.contains("behind its peers"));
    stage.memory.syncing.store(true, Ordering::SeqCst);
    assert!(page(&stage).await.contains("behind its peers"));
}
