//! Result certificates: what they prove, and that nothing in them can be changed.

use probity_primitives::{Hash, TaskId};
use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::result_certificate::{ResultCertificate, ResultCertificateError};
use probity_simulations::{Behaviour, World, WorldConfig};
use serde_json::Value;

/// A world with a final result and a liar convicted in it, so that validators have changed. At a
/// height that is no first of an epoch, whose validators are those of the last change.
fn judged() -> (World, TaskId) {
    let mut world = World::new(&WorldConfig { seed: 3, ..WorldConfig::default() }).unwrap();
    let (benchmark, models) = world.publish(&[800_000]).unwrap();
    let person = world.people[0].clone();
    world.must(&person, World::request(benchmark, models[0], Mode::Exact)).unwrap();
    let task = world.newest_task().unwrap();
    world.run_until(task, 10, |phase| phase == TaskPhase::Commit).unwrap();
    let liar = world.ledger().tasks.get(&task).unwrap().phase.committee()[0].operator;
    for actor in &mut world.actors {
        if actor.id() == liar {
            actor.behaviour = Behaviour::Inflate;
        }
    }
    world.finish(task, 300).unwrap();
    while world.chain.tip().validators != world.chain.tip().next_validators {
        world.step().unwrap();
    }
    (world, task)
}

fn reread(text: &str, trusted: Hash) -> Result<(), ResultCertificateError> {
    ResultCertificate::from_json(text)?.verify(trusted).map(|_| ())
}

#[test]
fn a_certificate_leads_from_the_genesis_hash_to_the_score() {
    let (world, task) = judged();
    assert!(!world.changes.is_empty(), "the liar's slash changes the validators");
    let certificate = world.certificate(task).unwrap();
    let steps = certificate.verify(world.chain.genesis_hash()).unwrap();
    let names: Vec<_> = steps.iter().map(|step| step.name.as_str()).collect();
    let expected = [
        "genesis",
        "validators",
        "header",
        "result",
        "model",
        "benchmark",
        "dataset",
        "reveals",
        "score",
    ];
    assert_eq!(names, expected);
    let score = world.ledger().outcomes.get(&task).unwrap().score;
    assert!(steps[8].found.starts_with(&score.to_string()), "{}", steps[8].found);
    let text = certificate.to_json();
    assert_eq!(ResultCertificate::from_json(&text), Ok(certificate));
}

#[test]
fn a_certificate_of_another_chain_is_not_trusted() {
    let (world, task) = judged();
    let refusal = world.certificate(task).unwrap().verify(Hash::ZERO).unwrap_err();
    assert!(matches!(refusal, ResultCertificateError::Untrusted { .. }), "{refusal}");
}

#[test]
fn every_changed_field_of_a_certificate_is_refused() {
    let (world, task) = judged();
    let text = world.certificate(task).unwrap().to_json();
    let trusted = world.chain.genesis_hash();
    let original: Value = serde_json::from_str(&text).unwrap();
    let mut paths = Vec::new();
    leaves(&original, String::new(), &mut paths);
    assert!(paths.len() > 500, "{} fields", paths.len());
    let mut verified = 0;
    for path in paths {
        let mut changed = original.clone();
        let field = changed.pointer_mut(&path).unwrap();
        if !change(field) {
            continue;
        }
        // Parsed from a value, so that the form of the text cannot be what is refused.
        let Ok(certificate) = serde_json::from_value::<ResultCertificate>(changed) else {
            continue;
        };
        verified += 1;
        assert!(certificate.verify(trusted).is_err(), "{path}");
    }
    assert!(verified > 400, "only {verified} changes still spelled a certificate");
}

#[test]
fn every_sampled_flipped_byte_of_a_certificate_is_refused() {
    let (world, task) = judged();
    let text = world.certificate(task).unwrap().to_json();
    let trusted = world.chain.genesis_hash();
    assert_eq!(reread(&text, trusted), Ok(()));
    for position in (0..text.len()).step_by(61).chain([text.len() - 1]) {
        let mut bytes = text.clone().into_bytes();
        bytes[position] ^= if position % 2 == 0 { 1 } else { 0x20 };
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        assert!(reread(&flipped, trusted).is_err(), "byte {position}");
    }
}

#[test]
fn a_certificate_without_its_reveals_signatures_or_changes_is_refused() {
    let (world, task) = judged();
    let good = world.certificate(task).unwrap();
    let trusted = world.chain.genesis_hash();
    let refuse = |change: fn(&mut ResultCertificate)| {
        let mut certificate = good.clone();
        change(&mut certificate);
        certificate.verify(trusted).unwrap_err().to_string()
    };
    let shorter =
        |refusal: String, expected: &str| assert!(refusal.contains(expected), "{refusal}");
    shorter(refuse(|c| c.reveals = Default::default()), "the number of reveals is 0");
    shorter(refuse(|c| c.commit.signatures = Default::default()), "is not more than two thirds");
    shorter(refuse(|c| c.changes = Default::default()), "has other validators");
    shorter(refuse(|c| c.model = c.benchmark.clone()), "the model is");
}

/// The paths of all fields that hold no other.
fn leaves(value: &Value, path: String, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                leaves(field, format!("{path}/{name}"), into);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, format!("{path}/{index}"), into);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => into.push(path),
    }
}

/// Changes a field into another value of its kind; whether that could be done.
fn change(field: &mut Value) -> bool {
    match field {
        Value::Bool(so) => *so = !*so,
        Value::Number(number) => *field = Value::from(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => match text.pop() {
            Some('0') => text.push('1'),
            Some('a') => text.push('b'),
            Some(last) if last.is_ascii_alphanumeric() => {
                text.push(if last.is_ascii_digit() { '0' } else { 'a' });
            }
            _ => text.push('x'),
        },
        Value::Null => *field = Value::from(1),
        Value::Array(_) | Value::Object(_) => return false,
    }
    true
}
