//! The two forms of Hugging Face: an entry of `.eval_results/`, and `model-index`.
//!
//! Their `verifyToken` is for what they ran themselves; there is none here. Datasets are named as
//! the chain names them, which are not names of repositories.

use std::fmt::Write;

use super::facts::Facts;

/// A text in quotes: the strings of JSON are strings of YAML.
fn text(value: &str) -> String {
    serde_json::Value::from(value).to_string()
}

pub(super) fn eval_results(facts: &Facts<'_>) -> String {
    let Facts { outcome, .. } = facts;
    let mut entry = format!(
        "- dataset:\n    id: {}\n    task_id: {}\n    revision: {}\n  value: {}\n",
        text(&facts.dataset.manifest.name),
        text(&facts.benchmark.manifest.name),
        text(&facts.task.frozen.dataset.to_string()),
        outcome.score,
    );
    // Writing into a string does not fail.
    if let Some(time) = facts.published_at() {
        let day = time.split('T').next().unwrap_or_default();
        let _ = writeln!(entry, "  date: {}", text(day));
    }
    let name = text(&format!("Probity chain {}", facts.chain));
    let _ = writeln!(entry, "  source:\n    name: {name}");
    let _ = writeln!(entry, "  notes: {}", text(&notes(facts)));
    entry
}

/// What a number alone does not say.
fn notes(facts: &Facts<'_>) -> String {
    let outcome = facts.outcome;
    let interval = outcome.interval.map(|(low, high)| format!("; 95 % over items {low} to {high}"));
    let (low, high) = outcome.spread;
    format!(
        "{}; {} evaluators between {low} and {high}{}; {}; again: {}",
        facts.state(),
        outcome.operators,
        interval.unwrap_or_default(),
        facts.urn(),
        facts.reproduce(),
    )
}

pub(super) fn model_index(facts: &Facts<'_>) -> String {
    let Facts { outcome, rules, .. } = facts;
    let (model, dataset) = (&facts.model.manifest, &facts.dataset.manifest);
    format!(
        "model-index:\n- name: {}\n  results:\n  - task:\n      type: other\n      name: {}\n    \
         dataset:\n      type: {}\n      name: {}\n      revision: {}\n    metrics:\n    \
         - type: {}\n      name: {}\n      value: {}\n      verified: false\n    source:\n      \
         name: {}\n",
        text(&model.name),
        text(&facts.benchmark.manifest.name),
        text(&rules.dataset.to_string()),
        text(&dataset.name),
        text(&facts.task.frozen.dataset.to_string()),
        text(&rules.metric),
        text(&rules.metric),
        outcome.score,
        text(&format!("Probity chain {}, {}", facts.chain, facts.urn())),
    )
}
