//! Populations that learn: what they come to, and that it is the same every time.

use std::path::Path;

use probity_simulations::lab::{Key, Model};
use probity_simulations::learning::{Learned, learn};
use probity_simulations::{RunKey, Scenario};

use crate::scenarios::scenario;

fn learned(scenario: &Scenario, replicate: u64) -> Learned {
    let learning = scenario.learning.as_ref().unwrap();
    learn(scenario, learning, RunKey::of(scenario.seed, replicate), &mut |_, _| {}).unwrap()
}

#[test]
fn imitators_come_to_work() {
    let scenario = scenario("guessing_dies_out");
    let Learned { shares, payoffs, .. } = learned(&scenario, 0);
    assert!(shares[0] > 0.9, "{shares:?} earning {payoffs:?}");
    assert!(payoffs[0] > 0.0 && payoffs[1] < 0.0 && payoffs[2] < 0.0, "{payoffs:?}");
}

#[test]
fn best_answers_come_to_work_even_among_guessers() {
    let scenario = scenario("best_answers_are_work");
    let Learned { shares, payoffs, regret, .. } = learned(&scenario, 0);
    assert!(shares[2] > 0.85, "{shares:?} earning {payoffs:?}");
    let best = payoffs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert!(payoffs[2] >= best && regret >= 0.0, "{payoffs:?}, {regret}");
}

#[test]
fn what_is_learned_is_measured_by_name_and_the_same_each_time() {
    let scenario = scenario("guessing_dies_out");
    let mut scenario = scenario;
    for (path, value) in [("learning.rounds", 3), ("epochs", 2)] {
        Model::set(&mut scenario, path, &toml::Value::Integer(value)).unwrap();
    }
    let key = Key { seed: [5; 32], replicate: 1 };
    let mut rounds = Vec::new();
    let measured = Model::run(&scenario, key, &mut |at, values| {
        rounds.push((at, values.iter().map(|(_, share)| *share).sum::<f64>()));
    });
    let measured = measured.unwrap();
    assert_eq!(measured, Model::run(&scenario, key, &mut |_, _| {}).unwrap());
    let ats: Vec<u64> = rounds.iter().map(|(at, _)| *at).collect();
    assert_eq!(ats, [0, 1, 2, 3]);
    assert!(rounds.iter().all(|(_, sum)| (sum - 1.0).abs() < 1e-9), "{rounds:?}");
    let named = |name: &str| measured.values.iter().filter(|(known, _)| known == name).count();
    for name in ["learning.lazy.share", "learning.honest.payoff", "learning.regret", "results"] {
        assert_eq!(named(name), 1, "{name}");
    }
    assert_eq!(named("group.undecided-lazy.payoff"), 0, "who has no operators left has no row");
    assert_eq!(scenario.headline().as_deref(), Some("learning.honest.share"));
}

#[test]
fn learning_that_cannot_be_is_refused_with_its_line() {
    let text = scenario("guessing_dies_out").resolved().unwrap();
    let refused = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in {text}");
        Scenario::read(&text.replacen(from, to, 1), Path::new("x.toml")).unwrap_err().to_string()
    };
    for (from, to, said) in [
        (
            "group = \"undecided\"",
            "group = \"undecidet\"",
            "there is no group `undecidet` to learn",
        ),
        ("rounds = 12", "rounds = 0", "0 rounds: 1 to 10000"),
        ("explore = 0.03", "explore = 1.5", "1.5 is not between 0 and 1"),
        ("fitness = 2.0", "fitness = -1.0", "-1 is not between 0"),
        ("\"lazy\", \"partial_skip\"", "\"lazy\", \"lazy\"", "each of them once"),
        ("rounds = 12", "rounds = 12\nstart = [0.5, 0.5]", "2 shares of a sum of 1: 3 of 1"),
        ("rounds = 12", "round = 12", "unknown field `round`"),
    ] {
        let refusal = refused(from, to);
        assert!(refusal.contains(said) && refusal.contains("x.toml:"), "{refusal}");
    }
    assert!(refused("group = \"undecided\"", "group = \"undecidet\"").contains("undecided"));
}
