//! What programs in other languages call: texts and numbers in, columns of them out.
//!
//! A config is a scenario as JSON. Seeds and runs are those of the command line, so that a sweep made
//! here is the same sweep, to the last bit.
//!
//! # Not here
//! Any other language: `simulations/python` has one.

use std::sync::atomic::AtomicBool;

use crate::agents::Kind;
use crate::lab::axis::number;
use crate::lab::design::{Kind as DesignKind, Spec};
use crate::lab::network::run_key;
use crate::lab::plan::Plan;
use crate::lab::runner::Job;
use crate::lab::{Key, Measured, Model};
use crate::run::game::Standing;
use crate::run::{Game, Outcome};
use crate::scenario::Scenario;
use crate::world::Keep;

/// Why it cannot be done, in words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl Refused {
    fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A column of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Counts(Vec<i64>),
    /// Texts.
    Texts(Vec<String>),
    /// Numbers.
    Numbers(Vec<f64>),
}

/// What is swept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Question {
    /// The seed; the scenario's own if none.
    pub seed: Option<String>,
    /// Settings and their values, as in `tasks.value=700,2000`.
    pub params: Vec<String>,
    /// How points are chosen: `grid`, `zip`, `latin`, `sobol`, `saltelli` or `morris`.
    pub design: String,
    /// How many samples, for designs that take them.
    pub samples: Option<u64>,
    /// How often each point is run.
    pub replicates: u64,
    /// How many threads; all cores if 0.
    pub threads: usize,
}

/// One run.
///
/// # Errors
/// [`Refused`] for a config that cannot be run.
pub fn measure(config: &str, seed: Option<&str>, replicate: u64) -> Result<Measured, Refused> {
    let scenario = Scenario::from_json(config).map_err(Refused::because)?;
    let key = plan(&scenario, seed, Spec::single(1)).key();
    let measured = Model::run(&scenario, Key { seed: key, replicate }, &mut |_, _| {});
    measured.map_err(Refused::because)
}

/// A sweep, as columns in the order in which `runs.csv` has them.
///
/// # Errors
/// [`Refused`] for a config or a design that cannot be run.
pub fn sweep(config: &str, question: &Question) -> Result<Vec<(String, Column)>, Refused> {
    let scenario = Scenario::from_json(config).map_err(Refused::because)?;
    let Question { seed, params, design, samples, replicates, threads } = question;
    let kind: DesignKind =
        toml::Value::String(design.clone()).try_into().map_err(Refused::because)?;
    let spec = Spec { kind, axes: params.clone(), samples: *samples, replicates: *replicates };
    let plan = plan(&scenario, seed.as_deref(), spec);
    let design = plan.design().map_err(Refused::because)?;
    let stop = AtomicBool::new(false);
    let (key, threads) = (plan.key(), *threads);
    let job = Job { model: &scenario, design: &design, key, courses: false, threads, stop: &stop };
    let (mut names, mut rows) = (Vec::new(), Vec::new());
    job.each(0..design.runs(), &mut |columns, row| {
        if names.is_empty() {
            names.clone_from(&columns.values);
        }
        rows.push(row);
        Ok(())
    })
    .map_err(Refused::because)?;
    let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let counts = |of: &dyn Fn(u64) -> u64| {
        Column::Counts(rows.iter().map(|row| whole(of(row.run))).collect())
    };
    let mut columns = vec![
        ("run".to_owned(), counts(&|run| run)),
        ("point".to_owned(), counts(&|run| design.place(run).0)),
        ("replicate".to_owned(), counts(&|run| design.place(run).1)),
    ];
    for (place, axis) in design.axes().iter().enumerate() {
        let values = rows.iter().filter_map(|row| {
            let point = design.place(row.run).0;
            design.values(point).into_iter().nth(place)
        });
        let column = if axis.is_numeric() {
            Column::Numbers(values.map(|value| number(&value).unwrap_or(f64::NAN)).collect())
        } else {
            Column::Texts(values.map(|value| crate::lab::axis::plain(&value)).collect())
        };
        columns.push((axis.path().to_owned(), column));
    }
    columns.push((
        "height".to_owned(),
        Column::Counts(rows.iter().map(|r| whole(r.height)).collect()),
    ));
    let roots = rows.iter().map(|row| row.root.clone()).collect();
    columns.push(("state_root".to_owned(), Column::Texts(roots)));
    for (place, name) in names.into_iter().enumerate() {
        let values = rows.iter().map(|row| row.values.get(place).copied().unwrap_or(f64::NAN));
        columns.push((name, Column::Numbers(values.collect())));
    }
    Ok(columns)
}

fn plan(scenario: &Scenario, seed: Option<&str>, spec: Spec) -> Plan {
    let seed = seed.map_or_else(|| scenario.seed.to_string(), str::to_owned);
    Plan::new(Model::name(scenario), seed, spec)
}

/// A game under way: groups are told by name what to do in the next epoch.
pub struct Match {
    scenario: Scenario,
    game: Option<Game>,
    standing: Standing,
    outcome: Option<Outcome>,
}

impl Match {
    /// A game before its first epoch.
    ///
    /// # Errors
    /// [`Refused`] for a config that cannot be run.
    pub fn begin(config: &str, seed: Option<&str>, replicate: u64) -> Result<Self, Refused> {
        let scenario = Scenario::from_json(config).map_err(Refused::because)?;
        if scenario.learning.is_some() {
            return Err(Refused("a game with `learning` has two that would choose".to_owned()));
        }
        let seed = plan(&scenario, seed, Spec::single(1)).key();
        let key = run_key(Key { seed, replicate });
        let game = Game::begin(&scenario, key, Keep::Newest).map_err(Refused::because)?;
        let standing = game.standing();
        Ok(Self { scenario, game: Some(game), standing, outcome: None })
    }

    /// The groups' names, how many operators each has, and whether it means well.
    #[must_use]
    pub fn groups(&self) -> Vec<(String, u32, bool)> {
        let groups = self.scenario.groups.iter();
        groups.map(|one| (one.name.clone(), one.count, one.strategy.is_honest())).collect()
    }

    /// Plays an epoch in which some groups do something else; once no tasks are asked for any more, to
    /// the end. Says whether there is more to play.
    ///
    /// # Errors
    /// [`Refused`] for a group or a strategy that is not known, or a rule that broke.
    pub fn step(&mut self, choices: &[(String, String)]) -> Result<bool, Refused> {
        let Some(game) = self.game.as_mut() else { return Ok(false) };
        for (group, strategy) in choices {
            let place = self.scenario.groups.iter().position(|known| known.name == *group);
            let place = place.ok_or_else(|| Refused(format!("there is no group `{group}`")))?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == *strategy);
            let kind = kind.ok_or_else(|| Refused(format!("there is no strategy `{strategy}`")))?;
            game.choose(place, kind);
        }
        let mut more = game.epoch(&mut |_| {}).map_err(Refused::because)?;
        while more && !game.asks() {
            more = game.epoch(&mut |_| {}).map_err(Refused::because)?;
        }
        self.standing = game.standing();
        if !more && let Some(game) = self.game.take() {
            let (outcome, _) = game.end().map_err(Refused::because)?;
            self.outcome = Some(outcome);
        }
        Ok(more)
    }

    /// How it stands.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The last height and root, once it has ended.
    #[must_use]
    pub fn ended(&self) -> Option<(u64, String)> {
        let Outcome { height, state_root, .. } = self.outcome.as_ref()?;
        Some((height.0, state_root.to_string()))
    }
}

/// Every strategy's name.
#[must_use]
pub fn strategies() -> Vec<String> {
    Kind::ALL.into_iter().map(Kind::name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = r#"{"name": "two", "epochs": 2, "group": [
        {"name": "honest", "strategy": "honest", "count": 8, "stake": 20000},
        {"name": "other", "strategy": "lazy", "count": 2, "stake": 20000}]}"#;

    #[test]
    fn a_game_in_which_nobody_changes_is_the_run() {
        let measured = measure(CONFIG, Some("seed"), 1).unwrap();
        let mut game = Match::begin(CONFIG, Some("seed"), 1).unwrap();
        let mut steps = 1;
        while game.step(&[]).unwrap() {
            steps += 1;
        }
        assert_eq!(game.ended(), Some((measured.height, measured.root)));
        assert_eq!(steps, 2, "an epoch a step, and what is open after the last with it");
        let payoff =
            |name: &str| measured.values.iter().find(|(known, _)| known == name).unwrap().1;
        assert_eq!(game.standing().row.payoffs[1], payoff("group.other.payoff"));
    }

    #[test]
    fn a_group_that_is_told_to_work_earns_more_than_one_that_guesses() {
        let play = |strategy: &str| {
            let mut game = Match::begin(CONFIG, Some("seed"), 1).unwrap();
            while game.step(&[("other".to_owned(), strategy.to_owned())]).unwrap() {}
            game.standing().row.payoffs[1]
        };
        assert!(play("honest") > play("lazy"));
    }

    #[test]
    fn what_is_not_known_is_refused_in_words() {
        let refused = |config: &str| measure(config, None, 0).unwrap_err().to_string();
        let refusal = refused(&CONFIG.replace("epochs", "epoks"));
        assert!(
            refusal.contains("epoks") && refusal.contains("did you mean `epochs`"),
            "{refusal}"
        );
        let refusal = refused(&CONFIG.replace("\"count\": 2", "\"count\": 0"));
        assert!(refusal.contains("group.1.count") && refusal.contains("zero agents"), "{refusal}");
        let mut game = Match::begin(CONFIG, None, 0).unwrap();
        let told = |group: &str, strategy: &str| [(group.to_owned(), strategy.to_owned())];
        assert!(game.step(&told("nobody", "lazy")).is_err());
        assert!(game.step(&told("other", "nothing")).is_err());
    }

    #[test]
    fn a_sweep_has_the_columns_of_its_runs() {
        let question = Question {
            seed: Some("seed".to_owned()),
            params: vec!["tasks.value=700,2000".to_owned()],
            design: "grid".to_owned(),
            samples: None,
            replicates: 2,
            threads: 2,
        };
        let columns = sweep(CONFIG, &question).unwrap();
        let column = |name: &str| &columns.iter().find(|(known, _)| known == name).unwrap().1;
        assert_eq!(*column("run"), Column::Counts(vec![0, 1, 2, 3]));
        assert_eq!(*column("replicate"), Column::Counts(vec![0, 1, 0, 1]));
        assert_eq!(*column("tasks.value"), Column::Numbers(vec![700.0, 700.0, 2000.0, 2000.0]));
        let config = CONFIG.replace("\"epochs\": 2", "\"epochs\": 2, \"tasks\": {\"value\": 700}");
        let measured = measure(&config, Some("seed"), 1).unwrap();
        let Column::Texts(roots) = column("state_root") else { panic!("texts") };
        assert_eq!(roots[1], measured.root);
    }
}
