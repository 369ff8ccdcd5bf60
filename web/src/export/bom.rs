//! `CycloneDX` 1.6: a bill of materials with the model, its card and the data it was measured on.

use probity_protocol::registry::Artifact;
use serde_json::{Value, json};

use super::document;
use super::facts::{Facts, stated};
use crate::date;
use crate::fields::set;

pub(super) fn cyclonedx(facts: &Facts<'_>) -> String {
    let mut model = component(facts.model, "machine-learning-model", &facts.outcome.artifact);
    let mut dataset = component(facts.dataset, "data", &facts.rules.dataset);
    let mut benchmark = component(facts.benchmark, "data", &facts.outcome.benchmark);
    for (part, kind) in [(&mut dataset, "dataset"), (&mut benchmark, "configuration")] {
        let name = part.get("name").cloned();
        set(part, "data", json!([{ "type": kind, "name": name }]));
    }
    let card = json!({
        "quantitativeAnalysis": { "performanceMetrics": [metric(facts)] },
        "properties": properties(facts),
    });
    set(&mut model, "modelCard", card);
    document(&json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": format!("urn:uuid:{}", uuid(&facts.id.to_string())),
        "version": 1,
        "metadata": { "timestamp": date::rfc3339(facts.read), "component": model },
        "components": [dataset, benchmark],
    }))
}

/// The task's name as a UUID of the version whose bytes are anybody's own (8).
fn uuid(digits: &str) -> String {
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (a, b, c, d, e) = (part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32));
    format!("{a}-{b}-8{c}-8{d}-{e}")
}

fn component(artifact: &Artifact, kind: &str, id: &impl std::fmt::Display) -> Value {
    let manifest = &artifact.manifest;
    let mut hashes = Vec::new();
    if let Some(file) = artifact.main_file() {
        hashes.push(json!({ "alg": "BLAKE3", "content": file.blake3.to_string() }));
        let sha256 = stated(file.sha256);
        hashes.extend(sha256.map(|hash| json!({ "alg": "SHA-256", "content": hash })));
    }
    json!({
        "type": kind,
        "bom-ref": format!("urn:probity:artifact:{id}"),
        "name": manifest.name.to_string(),
        "version": manifest.version.to_string(),
        "hashes": hashes,
        "licenses": [{ "license": { "name": manifest.licence.to_string() } }],
    })
}

fn metric(facts: &Facts<'_>) -> Value {
    let mut metric = json!({
        "type": facts.rules.metric.to_string(),
        "value": facts.outcome.score.to_string(),
        "slice": facts.benchmark.manifest.name.to_string(),
    });
    if let Some((low, high)) = facts.outcome.interval {
        let interval = json!({ "lowerBound": low.to_string(), "upperBound": high.to_string() });
        set(&mut metric, "confidenceInterval", interval);
    }
    metric
}

fn properties(facts: &Facts<'_>) -> Vec<Value> {
    let outcome = facts.outcome;
    let (low, high) = outcome.spread;
    let all = [
        ("probity:result", facts.urn()),
        ("probity:state", facts.state().to_owned()),
        ("probity:benchmark", outcome.benchmark.to_string()),
        ("probity:dataset", facts.rules.dataset.to_string()),
        ("probity:items", outcome.items.to_string()),
        ("probity:evaluators", outcome.operators.to_string()),
        ("probity:spread", format!("{low} to {high}")),
        ("probity:reproduce", facts.reproduce()),
    ];
    all.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}
