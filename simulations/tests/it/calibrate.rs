//! A scenario out of a history says of the network what made that history.

use std::path::Path;

use probity_simulations::calibrate::{CalibrateError, History, scenario};
use probity_simulations::scenario::{Base, Model};
use probity_simulations::{Game, Keep, RunKey, Scenario, World};

const MARKET: &str = r#"
name = "market"
epochs = 24
[benchmark]
answers = "numbers"
items = 24
[noise]
model = "gaussian"
scale = 0.8
[tasks]
per_epoch = 2.0
mode = "tolerant"
value = 700
models = 3
[[group]]
name = "rich"
strategy = "honest"
count = 4
stake = 40000
[[group]]
name = "poor"
strategy = "honest"
count = 8
stake = 15000
[[group]]
name = "hides"
strategy = "non_reveal"
count = 2
stake = 20000
share = 0.3
"#;

fn history(world: &World) -> History {
    let ledger = world.ledger();
    let operators =
        ledger.operators.iter().map(|(operator, _)| (*operator, ledger.bonded(operator)));
    let artifacts = ledger.artifacts.iter();
    let declared = artifacts.filter_map(|(id, artifact)| {
        let benchmark = artifact.manifest.benchmark.as_ref()?;
        Some((*id, (benchmark.sigma, benchmark.delta)))
    });
    History {
        chain: "a market".to_owned(),
        params: ledger.params.get().clone(),
        operators: operators.collect(),
        declared: declared.collect(),
        results: ledger.outcomes.iter().map(|(_, outcome)| outcome.clone()).collect(),
    }
}

#[test]
fn a_network_is_found_again_in_what_it_did() {
    let market = Scenario::read(MARKET, Path::new("market.toml")).unwrap();
    let mut game = Game::begin(&market, RunKey::of(4, 0), Keep::Newest).unwrap();
    while game.epoch(&mut |_| {}).unwrap() {}
    let (_, world) = game.end().unwrap();
    let history = history(&world);
    let found = scenario(&history, false).unwrap();
    assert_eq!((found.base, found.noise.model), (Base::Short, Model::Gaussian), "{found:#?}");
    assert!((found.noise.scale - 0.8).abs() < 0.15, "{}", found.noise.scale);
    assert!((found.tasks.per_epoch - 2.0).abs() < 0.3, "{}", found.tasks.per_epoch);
    assert_eq!((found.tasks.mode, found.tasks.models), (market.tasks.mode, 3));
    assert!(
        found.protocol.is_empty(),
        "the parameters are those of the base: {:?}",
        found.protocol
    );
    assert_eq!(found.groups.iter().map(|group| group.count).sum::<u32>(), 14, "{found:#?}");
    let away: Vec<_> = found.groups.iter().filter(|group| group.share.is_some()).collect();
    let hidden = away.iter().map(|group| group.share.unwrap()).fold(0.0, f64::max);
    assert!(!away.is_empty() && hidden > 0.1 && hidden < 0.6, "{away:?}");
    let rich = found.groups.iter().filter(|group| group.stake > 30_000);
    assert_eq!(rich.map(|group| group.count).sum::<u32>(), 4, "{found:#?}");
    // What was found can be run, and its windows can be the network's own.
    assert!(probity_simulations::run(&found, RunKey::of(1, 0), &mut |_| {}).is_ok());
    let own = scenario(&history, true).unwrap();
    assert_eq!(own.params().unwrap(), *world.ledger().params.get());
}

#[test]
fn a_network_that_has_done_nothing_teaches_nothing() {
    let world = World::new(&probity_simulations::WorldConfig::default()).unwrap();
    let refusal = scenario(&history(&world), false).unwrap_err();
    assert!(matches!(refusal, CalibrateError::NoResults), "{refusal}");
}
