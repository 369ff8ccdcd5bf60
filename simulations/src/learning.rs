//! Learning: what a population comes to do that may choose between strategies.
//!
//! A round is a run of the scenario in which the learning group's operators are spread over the
//! strategies as their shares say; what each strategy earned for an operator moves the shares
//! ([`rule`]). So everything that the ledger does to a cheat, however late, is in what is learned.
//!
//! Replicators play one world a round. Fictitious play asks for each strategy what it would earn one
//! more operator among a population that mixes as all rounds before did; those worlds share their
//! chance.
//!
//! # Invariants
//! - The same scenario and key give the same shares on every machine: sums, products and quotients
//!   alone touch them.
//!
//! # Not here
//! Learners that see the state of the chain within a run: [`crate::outside::Match`] is for them.
//!
//! Spec: `docs/spec/19-figures.md`.

mod rule;

use probity_primitives::{Domain, Hash};

use crate::agents::Kind;
use crate::random::RunKey;
use crate::run::{Outcome, RunError, run};
use crate::scenario::{Group, Learning, Rule, Scenario};

/// What a population came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    /// The shares of the strategies after the last round, in the scenario's order.
    pub shares: Vec<f64>,
    /// What each earned an operator in the last round that it was played in, in costs of one evaluation.
    pub payoffs: Vec<f64>,
    /// What an operator would have gained in the last round by the best strategy, over the mean of all.
    pub regret: f64,
    /// The last world that was played.
    pub last: Outcome,
}

/// The strategies' names as scenarios write them.
#[must_use]
pub fn names(learning: &Learning) -> Vec<String> {
    learning.strategies.iter().map(|kind| kind.name()).collect()
}

/// Lets a scenario's group learn. `watch` hears of each round's shares.
///
/// # Errors
/// [`RunError`] if a round is no world, or its world breaks a rule.
pub fn learn(
    scenario: &Scenario,
    learning: &Learning,
    key: RunKey,
    watch: &mut dyn FnMut(u32, &[f64]),
) -> Result<Learned, RunError> {
    let size = learning.strategies.len();
    let mut shares = learning.first();
    let mut payoffs = vec![0.0; size];
    let mut last = None;
    for round in 0..learning.rounds {
        watch(round, &shares);
        let key = of_round(key, round);
        match learning.rule {
            Rule::Replicator => {
                let played = play(scenario, learning, &shares, None, key)?;
                let known: Vec<Option<f64>> = played.earned;
                let fitness = learning.fitness * f64::from(scenario.epochs);
                shares = rule::replicate(&shares, &known, fitness, learning.explore);
                note(&mut payoffs, &known);
                last = Some(played.outcome);
            }
            Rule::FictitiousPlay => {
                let mut answers = Vec::with_capacity(size);
                for answer in 0..size {
                    let played = play(scenario, learning, &shares, Some(answer), key)?;
                    answers.push((played.earned.get(answer).copied().flatten(), played.outcome));
                }
                let known: Vec<Option<f64>> = answers.iter().map(|(earned, _)| *earned).collect();
                let best = rule::best(&known);
                shares = rule::believe(&shares, best, round);
                note(&mut payoffs, &known);
                last = answers.into_iter().nth(best).map(|(_, outcome)| outcome);
            }
        }
    }
    watch(learning.rounds, &shares);
    let mean: f64 = shares.iter().zip(&payoffs).map(|(share, payoff)| share * payoff).sum();
    let best = payoffs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let last = match last {
        Some(last) => last,
        None => play(scenario, learning, &shares, None, key)?.outcome,
    };
    Ok(Learned { shares, payoffs, regret: best - mean, last })
}

/// Each round has chance of its own.
fn of_round(key: RunKey, round: u32) -> RunKey {
    let seed = Hash::of(Domain::Seed, &(key.seed, "round", round));
    RunKey { seed: *seed.as_bytes(), ..key }
}

fn note(payoffs: &mut [f64], known: &[Option<f64>]) {
    for (payoff, known) in payoffs.iter_mut().zip(known) {
        *payoff = known.unwrap_or(*payoff);
    }
}

/// A round's world, and what each strategy earned an operator in it.
struct Played {
    earned: Vec<Option<f64>>,
    outcome: Outcome,
}

/// Plays a world with the group spread over the strategies; one operator of it answers, if one does.
fn play(
    scenario: &Scenario,
    learning: &Learning,
    shares: &[f64],
    answer: Option<usize>,
    key: RunKey,
) -> Result<Played, RunError> {
    let mut world = scenario.clone();
    world.learning = None;
    let place = world.groups.iter().position(|group| group.name == learning.group);
    let Some(group) = place.and_then(|place| world.groups.get(place)).cloned() else {
        let outcome = run(&world, key, &mut |_| {})?;
        return Ok(Played { earned: vec![None; shares.len()], outcome });
    };
    let place = place.unwrap_or_default();
    let rest = group.count.saturating_sub(u32::from(answer.is_some()));
    let mut counts = rule::apportion(shares, rest);
    if let Some(one) = answer.and_then(|answer| counts.get_mut(answer)) {
        *one = one.saturating_add(1);
    }
    let spread = learning.strategies.iter().zip(&counts).filter(|(_, count)| **count > 0);
    let spread: Vec<Group> = spread.map(|(kind, count)| as_one(&group, *kind, *count)).collect();
    world.groups.splice(place..=place, spread);
    let outcome = run(&world, key, &mut |_| {})?;
    let mut rows = outcome.groups.iter().skip(place);
    let earned = counts.iter().map(|count| match count {
        0 => None,
        count => rows.next().map(|row| row.payoff / f64::from(*count)),
    });
    Ok(Played { earned: earned.collect(), outcome })
}

/// Some of a group's operators with one strategy, told of it what it knows.
fn as_one(group: &Group, kind: Kind, count: u32) -> Group {
    let takes = |name: &str| kind.takes().contains(&name);
    Group {
        name: format!("{}-{}", group.name, kind.name()),
        strategy: kind,
        count,
        stake: group.stake,
        budget: group.budget,
        share: group.share.filter(|_| takes("share")),
        shift: group.shift.filter(|_| takes("shift")),
        skip: group.skip.filter(|_| takes("skip")),
        gain: group.gain.filter(|_| takes("gain")),
        offer: group.offer.filter(|_| takes("offer")),
        split: group.split.filter(|_| takes("split")),
        tokens: group.tokens.filter(|_| takes("tokens")),
        per_epoch: group.per_epoch.filter(|_| takes("per_epoch")),
    }
}
