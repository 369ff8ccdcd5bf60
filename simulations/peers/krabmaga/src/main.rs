//! The reference model as krABMaga's agents, in floating point and with sorted tuples, as one would
//! write it first: an agent measures in its step, the state does the rest after each step.

use std::any::Any;
use std::time::Duration;

use krabmaga::engine::agent::Agent;
use krabmaga::engine::schedule::Schedule;
use krabmaga::engine::state::State;

const VALIDATORS: usize = 100;
const LIARS: usize = 30;
const MODELS: usize = 10;
const INFLATED: usize = 3;
const NOISE: f64 = 10_000.0;
const SHIFT: f64 = 30_000.0;
const TOLERANCE: f64 = 25_000.0;
const STAKE: f64 = 1e9;
const REWARD: f64 = 1e8;

struct Network {
    chance: Chance,
    stakes: Vec<f64>,
    scores: Vec<[f64; MODELS]>,
    pairs: Vec<(f64, f64)>,
}

#[derive(Clone)]
struct Validator {
    place: usize,
}

impl Agent for Validator {
    fn step(&mut self, state: &mut dyn State) {
        let Some(network) = state.as_any_mut().downcast_mut::<Network>() else { return };
        let mut scores = [0.0; MODELS];
        for (number, score) in scores.iter_mut().enumerate() {
            *score = 500_000.0 + 30_000.0 * number as f64 + NOISE * network.chance.normal();
            if self.place < LIARS && number < INFLATED {
                *score += SHIFT;
            }
        }
        network.scores[self.place] = scores;
    }
}

impl State for Network {
    fn init(&mut self, schedule: &mut Schedule) {
        for place in 0..VALIDATORS {
            schedule.schedule_repeating(Box::new(Validator { place }), 0.0, 0);
        }
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_state_mut(&mut self) -> &mut dyn State {
        self
    }

    fn as_state(&self) -> &dyn State {
        self
    }

    fn reset(&mut self) {}

    fn update(&mut self, _: u64) {}

    fn after_step(&mut self, _: &mut Schedule) {
        let total: f64 = self.stakes.iter().sum();
        let mut accepted = [0.0; VALIDATORS];
        for number in 0..MODELS {
            self.pairs.clear();
            let scores = self.scores.iter().map(|scores| scores[number]);
            self.pairs.extend(scores.zip(self.stakes.iter().copied()));
            self.pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
            let mut reached = 0.0;
            let found = self.pairs.iter().find(|(_, stake)| {
                reached += stake;
                2.0 * reached >= total
            });
            let median = found.map_or(0.0, |(score, _)| *score);
            for (count, scores) in accepted.iter_mut().zip(&self.scores) {
                *count += f64::from(u8::from((scores[number] - median).abs() <= TOLERANCE));
            }
        }
        let weighed = || self.stakes.iter().zip(&accepted).map(|(stake, count)| stake * count);
        let all: f64 = weighed().sum();
        let paid: Vec<f64> = weighed().map(|weighed| REWARD * weighed / all).collect();
        self.stakes.iter_mut().zip(paid).for_each(|(stake, paid)| *stake += paid);
    }
}

/// xoshiro256++ and the polar method.
struct Chance {
    state: [u64; 4],
    spare: Option<f64>,
}

impl Chance {
    fn of(seed: u64) -> Self {
        let mut x = seed;
        let state = std::array::from_fn(|_| {
            x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        });
        Self { state, spare: None }
    }

    fn uniform(&mut self) -> f64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c2, d2) = (c ^ a, d ^ b);
        self.state = [a ^ d2, b ^ c2, c2 ^ (b << 17), d2.rotate_left(45)];
        (result >> 11) as f64 / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let square = u * u + v * v;
            if square > 0.0 && square < 1.0 {
                let factor = (-2.0 * square.ln() / square).sqrt();
                self.spare = Some(v * factor);
                return u * factor;
            }
        }
    }
}

/// What this process has computed so far, as the kernel counts it.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next().and_then(|field| field.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

fn main() {
    let number = |flag: &str, default: u64| {
        let mut given = std::env::args().skip_while(|argument| argument != flag).skip(1);
        given.next().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (runs, epochs, seed) = (number("--runs", 1), number("--epochs", 1_000), number("--seed", 1));
    let begun = cpu();
    let mut sum = 0.0;
    for run in 0..runs {
        let mut network = Network {
            chance: Chance::of(seed + run),
            stakes: vec![STAKE; VALIDATORS],
            scores: vec![[0.0; MODELS]; VALIDATORS],
            pairs: Vec::with_capacity(VALIDATORS),
        };
        let mut schedule = Schedule::new();
        network.init(&mut schedule);
        for _ in 0..epochs {
            schedule.step(&mut network);
        }
        sum += network.stakes.iter().take(LIARS).sum::<f64>() / network.stakes.iter().sum::<f64>();
    }
    let seconds = (cpu() - begun).as_secs_f64();
    let (steps, check) = (VALIDATORS as u64 * epochs * runs, sum / runs as f64);
    println!(
        "{{\"name\": \"krabmaga\", \"versions\": {{\"krabmaga\": \"0.5.3\"}}, \
         \"agent_steps\": {steps}, \"cpu_seconds\": {seconds}, \"check\": {check}}}"
    );
}
