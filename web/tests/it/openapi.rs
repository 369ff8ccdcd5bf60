//! The description of the API against the router, the chapter, and live answers.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use probity_dao::Track;
use probity_primitives::table::state_key;
use probity_protocol::ledger::Tag;
use serde_json::Value;

use crate::governance::{aye, nothing};
use crate::stage::{Stage, address, get, json, post_tx, text};

async fn document(stage: &Stage) -> Value {
    json(stage.send(get("/api/v1/openapi.json")).await).await
}

/// Checks a value against the part of JSON Schema that the description uses.
fn check(place: &str, value: &Value, schema: &Value) {
    if let Some(expected) = schema.get("const") {
        assert_eq!(value, expected, "{place}");
    }
    let names: Vec<&str> = match schema.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let of = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(names.is_empty() || names.contains(&of), "{place} is {of}, not {names:?}");
    if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
        for (at, item) in list.iter().enumerate() {
            check(&format!("{place}[{at}]"), item, items);
        }
    }
    let (Some(fields), Some(known)) = (value.as_object(), schema.get("properties")) else { return };
    for name in schema["required"].as_array().into_iter().flatten() {
        assert!(fields.contains_key(name.as_str().unwrap()), "{place} has no {name}");
    }
    for (name, field) in fields {
        let schema = known.get(name);
        assert!(schema.is_some(), "{place} has {name}, which is not described");
        check(&format!("{place}.{name}"), field, schema.unwrap());
    }
}

/// The schema of a response of a route.
fn schema_of<'a>(document: &'a Value, method: &str, path: &str) -> (u16, Option<&'a Value>) {
    let operation = &document["paths"][path][method];
    let responses = operation["responses"].as_object().unwrap();
    let (status, response) = responses.iter().find(|(name, _)| *name != "default").unwrap();
    let media = response["content"].as_object().unwrap().get("application/json");
    let name = media.and_then(|media| media["schema"]["$ref"].as_str());
    let component = name.map(|name| {
        let name = name.rsplit('/').next().unwrap();
        let schema = &document["components"]["schemas"][name];
        assert!(schema.is_object(), "{path}: there is no component {name}");
        schema
    });
    (status.parse().unwrap(), component)
}

/// A world with something in every list, and what its paths are filled with.
async fn filled() -> (Stage, Vec<(&'static str, String)>) {
    let stage = Stage::new();
    let id = stage.propose(Track::Root, "a title", nothing("a text")).await;
    let payer = stage.payer();
    stage.act(&payer, aye(id, 5)).await;
    let tx = stage.signed(stage.transfer());
    stage.send(post_tx(&tx)).await;
    let height = stage.memory.make_block();
    let member = {
        let world = stage.memory.world();
        world.ledger().tasks.get(&stage.known.open).unwrap().phase.committee()[0].operator
    };
    let key = hex::encode(state_key(Tag::accounts.byte(), &address(&payer)));
    let values = vec![
        ("/accounts/{address}", address(&payer).to_string()),
        ("/operators/{id}", member.to_string()),
        ("/artifacts/{id}", stage.known.benchmark.to_string()),
        ("/tasks/{id}", stage.known.open.to_string()),
        ("{operator}", member.to_string()),
        ("/results/{task}", stage.known.done.to_string()),
        ("{format}", "csv".to_owned()),
        ("/referenda/{id}", id.to_string()),
        ("{account}", address(&payer).to_string()),
        ("/blocks/{height}", height.to_string()),
        ("/txs/{hash}", tx.hash().to_string()),
        ("{key}", key),
    ];
    (stage, values)
}

/// A path with its names filled in, if there is something to fill them with.
fn fill(path: &str, values: &[(&'static str, String)]) -> Option<String> {
    let mut filled = path.to_owned();
    for (pattern, value) in values {
        let name = pattern.split('{').nth(1).map_or("", |name| name.trim_end_matches('}'));
        if filled.contains(pattern) {
            let with = pattern.replace(&format!("{{{name}}}"), value);
            filled = filled.replacen(pattern, &with, 1);
        }
    }
    (!filled.contains('{')).then_some(filled)
}

#[tokio::test]
async fn live_answers_are_what_the_description_says() {
    let (stage, values) = filled().await;
    let document = document(&stage).await;
    let mut checked = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        if operations.get("get").is_none() || path == "/events" {
            continue;
        }
        let Some(mut asked) = fill(path, &values) else { continue };
        if path == "/board" {
            asked = format!("/board?benchmark={}", stage.known.benchmark);
        }
        let response = stage.send(get(&format!("/api/v1{asked}"))).await;
        let (status, schema) = schema_of(&document, "get", path);
        let found = response.status().as_u16();
        let answer = text(response).await;
        assert_eq!(found, status, "{asked}: {answer}");
        if let Some(schema) = schema {
            check(path, &serde_json::from_str(&answer).unwrap(), schema);
            checked.insert(path.clone());
        }
    }
    // What is left are files, and disputes and snapshots, of which this world has none.
    assert!(checked.len() >= 29, "{} of them: {checked:?}", checked.len());
    let sent = stage.send(post_tx(&stage.signed(stage.transfer()))).await;
    let (status, schema) = schema_of(&document, "post", "/txs");
    assert_eq!(sent.status(), status);
    check("/txs", &json(sent).await, schema.unwrap());
}

#[tokio::test]
async fn problems_are_what_the_description_says() {
    let stage = Stage::new();
    let document = document(&stage).await;
    let described = &document["components"]["responses"]["problem"]["content"];
    let schema = &described["application/problem+json"]["schema"];
    let codes = schema["properties"]["code"]["examples"].as_array().unwrap();
    for path in ["/nothing", "/tasks/zz", "/operators?limit=0", "/blocks/99999"] {
        let problem = json(stage.send(get(&format!("/api/v1{path}"))).await).await;
        check(path, &problem, schema);
        assert!(codes.contains(&problem["code"]), "{problem}");
    }
}

#[tokio::test]
async fn every_described_route_is_there_and_takes_its_parameters_and_no_others() {
    let (stage, values) = filled().await;
    let document = document(&stage).await;
    let mut asked = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = fill(path, &values).unwrap_or_else(|| path.replace(['{', '}'], ""));
            let request = Request::builder().method(method.to_uppercase().as_str());
            let uri = format!("/api/v1{place}?nonsense=1");
            let response = stage.send(request.uri(&uri).body(Body::empty()).unwrap()).await;
            let (status, answer) = (response.status().as_u16(), text(response).await);
            let unknown = status == 404 && answer.contains("route_not_found");
            assert!(!unknown, "{uri}: {answer}");
            assert_ne!(status, 405, "{uri}");
            let queries = operation["parameters"].as_array().unwrap();
            let queries: Vec<&str> = queries
                .iter()
                .filter(|one| one["in"] == "query")
                .map(|one| one["name"].as_str().unwrap())
                .collect();
            if queries.is_empty() || !answer.contains("bad_parameter") {
                continue;
            }
            // The refusal of an unknown one names those that are known.
            for name in queries {
                assert!(answer.contains(name), "{uri} does not take {name}: {answer}");
                asked += 1;
            }
        }
    }
    assert!(asked > 40, "{asked}");
}

#[tokio::test]
async fn the_chapter_and_the_description_list_the_same_routes() {
    let stage = Stage::new();
    let document = document(&stage).await;
    let described: BTreeSet<String> = document["paths"]
        .as_object()
        .unwrap()
        .keys()
        .map(|path| path.split('{').next().unwrap().trim_matches('/').to_owned())
        .collect();
    let chapter = include_str!("../../../docs/spec/24-api.md");
    let listed: BTreeSet<String> = chapter
        .lines()
        .filter(|line| line.starts_with("| `") && line.contains("` |"))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|path| path.trim_start_matches("POST ").trim_start_matches("PUT "))
        .map(|path| path.split(['{', '?']).next().unwrap().trim_matches('/').to_owned())
        .collect();
    let missing: Vec<_> = described.difference(&listed).collect();
    assert!(missing.is_empty(), "the chapter does not list {missing:?}");
}
