//! An in-toto statement (v1), and metadata in the shape that AINFT tokens have.
//!
//! The statement is not signed here: the node has no key for it, and the certificate has the
//! signatures of those who measured.

use probity_protocol::registry::Artifact;
use serde_json::{Map, Value, json};

use super::document;
use super::facts::{Facts, stated};

/// The kind of what is stated: there is none for scores with doubts, and this one is ours.
const PREDICATE: &str = "urn:probity:eval-result:v1";

pub(super) fn in_toto(facts: &Facts<'_>) -> String {
    let Facts { outcome, rules, .. } = facts;
    let manifest = &facts.model.manifest;
    let (low, high) = outcome.spread;
    let interval = outcome.interval.map(|(low, high)| [low.to_string(), high.to_string()]);
    document(&json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": manifest.name.to_string(), "digest": main_file(facts.model) }],
        "predicateType": PREDICATE,
        "predicate": {
            "result": facts.urn(),
            "state": facts.state(),
            "metric": rules.metric.to_string(),
            "score": outcome.score.to_string(),
            "interval95": interval,
            "spread": [low.to_string(), high.to_string()],
            "items": outcome.items,
            "evaluators": outcome.operators,
            "publishedAtHeight": outcome.published,
            "publishedOn": facts.published_at(),
            "reproduce": facts.reproduce(),
            "benchmark": {
                "name": facts.benchmark.manifest.name.to_string(),
                "uri": format!("urn:probity:artifact:{}", outcome.benchmark),
                "digest": main_file(facts.benchmark),
                "definition": rules.definition.to_string(),
            },
            "dataset": {
                "name": facts.dataset.manifest.name.to_string(),
                "uri": format!("urn:probity:artifact:{}", rules.dataset),
                "digest": main_file(facts.dataset),
            },
        },
    }))
}

/// The digests of an artifact's main file.
fn main_file(artifact: &Artifact) -> Map<String, Value> {
    let mut digest: Map<String, Value> = Map::new();
    if let Some(file) = artifact.main_file() {
        digest.insert("blake3".to_owned(), file.blake3.to_string().into());
        if let Some(sha256) = stated(file.sha256) {
            digest.insert("sha256".to_owned(), sha256.into());
        }
    }
    digest
}

pub(super) fn ainft(facts: &Facts<'_>) -> String {
    let Facts { outcome, rules, .. } = facts;
    let manifest = &facts.model.manifest;
    let (model, benchmark) = (&manifest.name, &facts.benchmark.manifest.name);
    let trait_of = |name: &str, value: Value| json!({ "trait_type": name, "value": value });
    let mut attributes = vec![
        trait_of("benchmark", benchmark.to_string().into()),
        trait_of(&rules.metric, outcome.score.to_string().into()),
        trait_of("state", facts.state().into()),
        trait_of("items", outcome.items.into()),
        trait_of("evaluators", outcome.operators.into()),
        trait_of("licence", manifest.licence.to_string().into()),
        trait_of("certificate", facts.urn().into()),
        trait_of("artifact", outcome.artifact.to_string().into()),
    ];
    if let Some((low, high)) = outcome.interval {
        attributes.push(trait_of("95 % interval over items", format!("{low} to {high}").into()));
    }
    document(&json!({
        "name": format!("{model} {}", manifest.version),
        "description": format!(
            "{model}: {} {} on {benchmark}, measured by {} independent evaluators",
            rules.metric, outcome.score, outcome.operators
        ),
        "attributes": attributes,
    }))
}
