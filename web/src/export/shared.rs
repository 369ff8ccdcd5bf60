//! Every Eval Ever: `eval.schema.json`, version 0.3.0.

use probity_protocol::task::Counting;
use serde_json::{Map, Value, json};

use super::document;
use super::facts::{Facts, number, stated};
use crate::fields::set;

/// The version of the schema that this is written for, and held to by a test.
const SCHEMA_VERSION: &str = "0.3.0";

pub(super) fn every_eval_ever(facts: &Facts<'_>) -> String {
    let (model, benchmark) = (&facts.model.manifest, &facts.benchmark.manifest);
    let seconds = facts.read / 1_000;
    let mut evaluation = json!({
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": format!("{}/{}/{seconds}", benchmark.name, model.name),
        "retrieved_timestamp": seconds.to_string(),
        "source_metadata": {
            "source_name": format!("Probity chain {}", facts.chain),
            "source_type": "evaluation_run",
            "source_organization_name": format!("Probity chain {}", facts.chain),
            "evaluator_relationship":
                if facts.by_owner { "collaborative" } else { "third_party" },
            "additional_details": {
                "result": facts.urn(), "genesis_hash": facts.genesis.to_string(),
                "task": facts.id.to_string(), "state": facts.state(),
            },
        },
        "eval_library": {
            "name": "probity", "version": env!("CARGO_PKG_VERSION"),
            "additional_details": { "harness": facts.rules.harness.to_string() },
        },
        "model_info": model_info(facts),
        "evaluation_results": [result(facts)],
    });
    if let (Some(time), Some(fields)) = (facts.published_at(), evaluation.as_object_mut()) {
        fields.insert("evaluation_timestamp".to_owned(), time.into());
    }
    document(&evaluation)
}

fn model_info(facts: &Facts<'_>) -> Value {
    let manifest = &facts.model.manifest;
    let mut details: Map<String, Value> = Map::new();
    // Whoever evaluated had the files: peers serve them by hash.
    details.insert("deployment_type".to_owned(), "self_deployed".into());
    details.insert("model_availability".to_owned(), "open_weights".into());
    details.insert("artifact".to_owned(), facts.outcome.artifact.to_string().into());
    details.insert("version".to_owned(), manifest.version.to_string().into());
    details.insert("licence".to_owned(), manifest.licence.to_string().into());
    if let Some(file) = facts.model.main_file() {
        details.insert("blake3".to_owned(), file.blake3.to_string().into());
        if let Some(sha256) = stated(file.sha256) {
            details.insert("sha256".to_owned(), sha256.into());
        }
    }
    json!({
        "name": manifest.name.to_string(),
        "id": format!("{}/{}", facts.model.owner, manifest.name),
        "developer": facts.model.owner.to_string(),
        "additional_details": details,
    })
}

fn result(facts: &Facts<'_>) -> Value {
    let rules = facts.rules;
    let dataset = &facts.dataset.manifest;
    json!({
        "evaluation_result_id": facts.id.to_string(),
        "evaluation_name": facts.benchmark.manifest.name.to_string(),
        "source_data": {
            "dataset_name": dataset.name.to_string(),
            "source_type": "other",
            "additional_details": {
                "artifact": rules.dataset.to_string(), "version": dataset.version.to_string(),
                "blake3": facts.task.frozen.dataset.to_string(),
            },
        },
        "metric_config": {
            "metric_name": rules.metric.to_string(),
            "lower_is_better": facts.lower_is_better(),
            "score_type": "continuous",
            "min_score": number(rules.lowest),
            "max_score": number(rules.highest),
        },
        "score_details": score(facts),
        "generation_config": {
            "generation_args": { "execution_command": facts.reproduce() },
            "additional_details": { "definition": rules.definition.to_string() },
        },
    })
}

fn score(facts: &Facts<'_>) -> Value {
    let outcome = facts.outcome;
    let mut uncertainty = json!({ "num_samples": outcome.items });
    if let (Some((low, high)), Some(fields)) = (outcome.interval, uncertainty.as_object_mut()) {
        let interval = json!({
            "lower": number(low), "upper": number(high), "confidence_level": 0.95,
            "method": facts.interval_method(),
        });
        fields.insert("confidence_interval".to_owned(), interval);
    }
    let (low, high) = outcome.spread;
    let mut details = json!({
        "aggregation": "seat-weighted median of independent evaluators",
        "evaluators": outcome.operators.to_string(),
        "seats": format!("{} of {}", outcome.revealed, outcome.seats),
        "lowest_evaluator": low.to_string(),
        "highest_evaluator": high.to_string(),
    });
    for member in outcome.members.iter().filter(|member| member.score.is_some()) {
        let counted = match member.counting {
            Counting::Counted => "",
            Counting::Suspended => ", suspended",
            Counting::Excluded => ", excluded",
        };
        let score = member.score.map(|score| score.to_string()).unwrap_or_default();
        let text = format!("{score} with {} seats{counted}", member.seats);
        set(&mut details, member.operator.to_string(), text.into());
    }
    json!({ "score": number(outcome.score), "details": details, "uncertainty": uncertainty })
}
