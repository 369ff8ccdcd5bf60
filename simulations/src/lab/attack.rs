//! Attacks: which one pays, what it costs, and how sure that is.
//!
//! A hunt tries every attack of an arena. Each has knobs; they are turned on a coarse grid first,
//! and then, from the best place of the grid, by CMA-ES or by best responses to one's own last
//! choice. What is judged is the gain over honest work with the same stake and the same chance: the
//! difference of pairs.
//!
//! # Invariants
//! - What is reported of an attack comes from runs that no choice was made by. The best of many
//!   tries looks better than it is on the runs that it was chosen by.
//! - The same arena and hunt give the same findings, whatever the threads.
//!
//! # Not here
//! What attacks there are: the arena.

pub mod cma;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPoolBuilder;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde::{Deserialize, Serialize};

use self::cma::Cma;
use super::LabError;
use super::axis::{Axis, plain};
use super::stats::{Estimate, Moments, share};

/// The schema of a hunt's findings.
pub const SCHEMA: &str = "probity.sim-attack/v1";
/// The levels of each knob on the grid, and on a best response.
const LEVELS: [usize; 2] = [3, 5];
/// The most places of a grid.
const MAX_GRID: usize = 27;
/// Replicates from here on are for reports alone.
const FRESH: u64 = 1 << 32;

/// An attack that can be tried, and what can be turned on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Attack {
    /// What it is called.
    pub name: String,
    /// Its knobs.
    pub knobs: Vec<Axis>,
}

/// What one try came to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Played {
    /// What the attacker gained in all.
    pub payoff: f64,
    /// What it spent and lost on the way.
    pub cost: f64,
}

/// Where attacks are tried.
pub trait Arena: Sync {
    /// The attacks.
    fn attacks(&self) -> Vec<Attack>;

    /// Tries an attack with its knobs at these values; `None` is honest work with the same stake.
    ///
    /// # Errors
    /// If the try makes no world, or the world breaks.
    fn play(
        &self,
        attack: Option<(&Attack, &[toml::Value])>,
        replicate: u64,
    ) -> Result<Played, LabError>;
}

/// How knobs are turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Over a coarse grid.
    Grid,
    /// From the grid's best place on by CMA-ES.
    Cma,
    /// From the grid's best place on, one knob after the other, until none moves.
    BestResponse,
}

/// How a hunt goes about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effort {
    /// How knobs are turned.
    pub method: Method,
    /// How many runs judge one choice.
    pub pilot: u64,
    /// How many rounds CMA-ES or best responses may take.
    pub rounds: u32,
    /// How many fresh runs each attack's report rests on.
    pub replicates: u64,
    /// What the search's own chance follows from.
    pub seed: u64,
    /// How many threads; all cores if 0.
    pub threads: usize,
}

/// What a hunt found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hunt {
    /// The schema.
    pub schema: String,
    /// What the scenario is called.
    pub scenario: String,
    /// Who attacks, in words.
    pub attacker: String,
    /// The unit of payoffs.
    pub unit: String,
    /// What all chance follows from.
    pub seed: String,
    /// How knobs were turned.
    pub method: Method,
    /// How many runs were made.
    pub runs: u64,
    /// What honest work with the same stake earns.
    pub honest: Estimate,
    /// Every attack, the one that gains most first.
    pub found: Vec<Found>,
}

/// What was found of one attack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// What it is called.
    pub name: String,
    /// The settings at which it gains most.
    pub settings: Vec<(String, String)>,
    /// How many settings were tried.
    pub tried: u64,
    /// What it gains over honest work, by pairs.
    pub gain: Estimate,
    /// What it earns.
    pub payoff: Estimate,
    /// What it spends and loses.
    pub cost: Estimate,
    /// In what share of runs it gains.
    pub wins: Estimate,
}

/// A hunt under way.
struct Hunter<'a, A> {
    arena: &'a A,
    effort: Effort,
    stop: &'a AtomicBool,
    honest: BTreeMap<u64, Played>,
    runs: u64,
}

/// Tries every attack and says what each gains. `told` hears how many attacks are done of how many.
///
/// # Errors
/// If a try fails, or the hunt was stopped.
pub fn hunt<A: Arena>(
    arena: &A,
    effort: Effort,
    stop: &AtomicBool,
    told: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<(Vec<Found>, Estimate, u64), LabError> {
    let pool = ThreadPoolBuilder::new().num_threads(effort.threads).build()?;
    pool.install(|| {
        let mut hunter = Hunter { arena, effort, stop, honest: BTreeMap::new(), runs: 0 };
        hunter.baseline(0..effort.pilot)?;
        hunter.baseline(FRESH..FRESH.saturating_add(effort.replicates))?;
        let attacks = arena.attacks();
        let mut found = Vec::new();
        for (place, attack) in attacks.iter().enumerate() {
            told(place, attacks.len());
            found.push(hunter.pursue(attack)?);
        }
        told(attacks.len(), attacks.len());
        found.sort_by(|one, other| other.gain.mean.total_cmp(&one.gain.mean));
        let honest = hunter.honest.range(FRESH..).map(|(_, played)| played.payoff);
        Ok((found, super::stats::mean(honest), hunter.runs))
    })
}

impl<A: Arena> Hunter<'_, A> {
    /// What honest work earns in these replicates.
    fn baseline(&mut self, replicates: std::ops::Range<u64>) -> Result<(), LabError> {
        let replicates: Vec<u64> = replicates.collect();
        let played = replicates
            .par_iter()
            .map(|replicate| Ok((*replicate, self.arena.play(None, *replicate)?)))
            .collect::<Result<Vec<_>, LabError>>()?;
        self.runs = self.runs.saturating_add(u64::try_from(played.len()).unwrap_or(0));
        self.honest.extend(played);
        Ok(())
    }

    /// Turns an attack's knobs, and plays the best choice anew.
    fn pursue(&mut self, attack: &Attack) -> Result<Found, LabError> {
        let mut tried = 0;
        let mut best = self.best_of(attack, grid(attack), &mut tried)?;
        match self.effort.method {
            Method::Cma if !attack.knobs.is_empty() => {
                let mut search = Cma::new(&best.0, self.effort.seed);
                for _ in 0..self.effort.rounds {
                    let asked = search.ask();
                    let judged = self.judge(attack, &asked)?;
                    tried += u64::try_from(asked.len()).unwrap_or(0);
                    let judged: Vec<(Vec<f64>, f64)> = asked.into_iter().zip(judged).collect();
                    best =
                        judged.iter().cloned().chain([best]).fold(None, better).unwrap_or_default();
                    search.tell(judged);
                }
            }
            Method::BestResponse => {
                for _ in 0..self.effort.rounds {
                    let before = best.0.clone();
                    for knob in 0..attack.knobs.len() {
                        let turned = (0..LEVELS[1]).map(|level| {
                            let mut units = best.0.clone();
                            units
                                .iter_mut()
                                .skip(knob)
                                .take(1)
                                .for_each(|u| *u = place(level, LEVELS[1]));
                            units
                        });
                        let turned = turned.collect();
                        let response = self.best_of(attack, turned, &mut tried)?;
                        best = better(Some(best), response).unwrap_or_default();
                    }
                    if best.0 == before {
                        break;
                    }
                }
            }
            Method::Grid | Method::Cma => {}
        }
        self.report(attack, &best.0, tried)
    }

    /// The best of some choices, by their mean gain.
    fn best_of(
        &mut self,
        attack: &Attack,
        choices: Vec<Vec<f64>>,
        tried: &mut u64,
    ) -> Result<(Vec<f64>, f64), LabError> {
        *tried += u64::try_from(choices.len()).unwrap_or(0);
        let judged = self.judge(attack, &choices)?;
        Ok(choices.into_iter().zip(judged).fold(None, better).unwrap_or_default())
    }

    /// The mean gain of each choice over the pilot's replicates.
    fn judge(&mut self, attack: &Attack, choices: &[Vec<f64>]) -> Result<Vec<f64>, LabError> {
        let tries: Vec<(usize, u64)> = (0..choices.len())
            .flat_map(|choice| (0..self.effort.pilot).map(move |replicate| (choice, replicate)))
            .collect();
        let played = tries
            .par_iter()
            .map(|(choice, replicate)| {
                let units = choices.get(*choice).map(Vec::as_slice).unwrap_or_default();
                self.play(attack, units, *replicate)
            })
            .collect::<Result<Vec<Played>, LabError>>()?;
        self.runs = self.runs.saturating_add(u64::try_from(played.len()).unwrap_or(0));
        let mut gains = vec![Moments::default(); choices.len()];
        for ((choice, replicate), played) in tries.iter().zip(played) {
            if let Some(gain) = gains.get_mut(*choice) {
                gain.add(played.payoff - self.honest_payoff(*replicate));
            }
        }
        Ok(gains.iter().map(Moments::mean).collect())
    }

    fn report(&mut self, attack: &Attack, units: &[f64], tried: u64) -> Result<Found, LabError> {
        let replicates: Vec<u64> = (FRESH..FRESH.saturating_add(self.effort.replicates)).collect();
        let played = replicates
            .par_iter()
            .map(|replicate| self.play(attack, units, *replicate))
            .collect::<Result<Vec<Played>, LabError>>()?;
        self.runs = self.runs.saturating_add(u64::try_from(played.len()).unwrap_or(0));
        let (mut gain, mut payoff, mut cost) = <(Moments, Moments, Moments)>::default();
        let mut wins = 0u64;
        for (replicate, played) in replicates.iter().zip(played) {
            let more = played.payoff - self.honest_payoff(*replicate);
            gain.add(more);
            payoff.add(played.payoff);
            cost.add(played.cost);
            wins = wins.saturating_add(u64::from(more > 0.0));
        }
        let settings = attack.knobs.iter().zip(units);
        let settings =
            settings.map(|(knob, unit)| (knob.path().to_owned(), plain(&knob.at(*unit))));
        Ok(Found {
            name: attack.name.clone(),
            settings: settings.collect(),
            tried,
            gain: gain.estimate(),
            payoff: payoff.estimate(),
            cost: cost.estimate(),
            wins: share(wins, self.effort.replicates),
        })
    }

    fn play(&self, attack: &Attack, units: &[f64], replicate: u64) -> Result<Played, LabError> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(LabError::Stopped);
        }
        let values: Vec<toml::Value> =
            attack.knobs.iter().zip(units).map(|(knob, unit)| knob.at(*unit)).collect();
        self.arena.play(Some((attack, &values)), replicate)
    }

    fn honest_payoff(&self, replicate: u64) -> f64 {
        self.honest.get(&replicate).map_or(f64::NAN, |played| played.payoff)
    }
}

/// The better of two choices; the earlier one if they are equal.
fn better(best: Option<(Vec<f64>, f64)>, next: (Vec<f64>, f64)) -> Option<(Vec<f64>, f64)> {
    match best {
        Some(best) if next.1 > best.1 => Some(next),
        Some(best) => Some(best),
        None => Some(next),
    }
}

/// All places of a coarse grid over an attack's knobs, fewer levels if they are many.
fn grid(attack: &Attack) -> Vec<Vec<f64>> {
    let mut places: Vec<Vec<f64>> = vec![Vec::new()];
    for _ in &attack.knobs {
        let levels = if places.len() * LEVELS[0] > MAX_GRID { 1 } else { LEVELS[0] };
        let more = |before: &Vec<f64>| {
            let before = before.clone();
            (0..levels).map(move |level| [&before[..], &[place(level, levels)]].concat())
        };
        places = places.iter().flat_map(more).collect();
    }
    places
}

/// The middle of one of so many equal parts of the unit.
fn place(level: usize, levels: usize) -> f64 {
    let of = super::stats::float_of(levels);
    (super::stats::float_of(level) + 0.5) / of
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::super::stats::uniform;
    use super::*;

    /// A hill with noise: one attack pays best at 0.8, one never pays.
    struct Hill;

    impl Arena for Hill {
        fn attacks(&self) -> Vec<Attack> {
            let knob = |text: &str| text.parse().unwrap();
            vec![
                Attack { name: "futile".into(), knobs: vec![] },
                Attack { name: "hill".into(), knobs: vec![knob("x=0.0..1.0"), knob("y=0.0..1.0")] },
            ]
        }

        fn play(
            &self,
            attack: Option<(&Attack, &[toml::Value])>,
            replicate: u64,
        ) -> Result<Played, LabError> {
            let mut random = ChaCha8Rng::seed_from_u64(replicate);
            let noise = uniform(&mut random) + 0.1 * uniform(&mut random);
            let (payoff, cost) = match attack {
                None => (1.0, 0.0),
                Some((attack, [])) => (0.5, f64::from(u8::from(attack.name == "futile"))),
                Some((_, values)) => {
                    let off =
                        values.iter().map(|v| (v.as_float().unwrap() - 0.8).powi(2)).sum::<f64>();
                    (2.0 - 4.0 * off, 3.0)
                }
            };
            Ok(Played { payoff: payoff + noise, cost })
        }
    }

    fn effort(method: Method, threads: usize) -> Effort {
        Effort { method, pilot: 4, rounds: 12, replicates: 40, seed: 1, threads }
    }

    fn found(method: Method, threads: usize) -> Vec<Found> {
        let stop = AtomicBool::new(false);
        hunt(&Hill, effort(method, threads), &stop, &mut |_, _| {}).unwrap().0
    }

    #[test]
    fn the_attack_that_pays_most_is_named_with_its_gain_over_honest_work() {
        for (method, close) in
            [(Method::Grid, 0.1), (Method::Cma, 0.01), (Method::BestResponse, 0.03)]
        {
            let found = found(method, 1);
            assert_eq!((found[0].name.as_str(), found[1].name.as_str()), ("hill", "futile"));
            assert!((found[0].gain.mean - 1.0).abs() < close, "{method:?}: {:?}", found[0]);
            assert!((found[1].gain.mean + 0.5).abs() < 1e-9, "pairs cancel the noise");
            assert!(found[0].gain.is_positive() && !found[1].gain.is_positive());
            assert_eq!((found[0].wins.mean, found[0].cost.mean), (1.0, 3.0));
        }
    }

    #[test]
    fn findings_do_not_depend_on_the_threads() {
        assert_eq!(found(Method::Cma, 1), found(Method::Cma, 3));
    }

    #[test]
    fn a_hunt_that_is_stopped_says_so() {
        let stop = AtomicBool::new(true);
        let ended = hunt(&Hill, effort(Method::Grid, 1), &stop, &mut |_, _| {});
        assert!(matches!(ended, Err(LabError::Stopped)));
    }

    #[test]
    fn a_grid_over_many_knobs_stays_small() {
        let knob = |number: usize| format!("k{number}=0.0..1.0").parse().unwrap();
        let attack = Attack { name: "a".into(), knobs: (0..6).map(knob).collect() };
        let grid = grid(&attack);
        assert_eq!((grid.len(), grid[0].len()), (27, 6));
    }
}
