//! What a scenario must keep besides being well formed.

use probity_primitives::Amount;
use probity_protocol::Params;

use super::{Group, Learning, Scenario, error, protocol};
use crate::agents::Kind;

/// All the money that may be handed out: the genesis supply of the rules.
const SUPPLY: u64 = 700_000_000;

/// The most operators of a scenario.
const MAX_OPERATORS: u64 = 4_096;

/// The most rounds in which a group learns.
const MAX_ROUNDS: u32 = 10_000;

/// Something that cannot be run, and the path to blame.
pub(super) struct Fault {
    pub(super) path: String,
    pub(super) problem: String,
    pub(super) nearest: Option<String>,
}

impl Fault {
    fn at(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into(), nearest: None }
    }
}

impl Scenario {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let params = protocol::params(self.base, &self.protocol).map_err(|refusal| {
            let protocol::Refusal { path, problem, nearest } = refusal;
            Fault { path: format!("protocol.{path}"), problem, nearest }
        })?;
        self.check_numbers()?;
        // What a group may be told hangs on what it may learn.
        self.learning.as_ref().map_or(Ok(()), |learning| self.check_learning(learning))?;
        self.check_groups(&params)?;
        self.check_tasks(&params)
    }

    fn check_numbers(&self) -> Result<(), Fault> {
        if self.epochs == 0 {
            return Err(Fault::at("epochs", "a run of no epochs"));
        }
        let shares = [
            ("noise.flips", self.noise.flips),
            ("noise.bug", self.noise.bug),
            ("noise.bug_users", self.noise.bug_users),
            ("noise.bug_items", self.noise.bug_items),
            ("tasks.quality", self.tasks.quality),
            ("benchmark.sigma", self.benchmark.sigma),
            ("benchmark.delta", self.benchmark.delta),
        ];
        for (path, value) in shares {
            share(path, value)?;
        }
        let positive = [
            ("noise.scale", self.noise.scale, 1_000.0),
            ("tasks.claim_noise", self.tasks.claim_noise, 1.0),
            ("tasks.work", self.tasks.work, 1_000.0),
            ("tasks.per_epoch", self.tasks.per_epoch, 1_000.0),
        ];
        for (path, value, most) in positive {
            within(path, value, most)?;
        }
        if self.benchmark.items == 0 || self.benchmark.items > 100_000 {
            let items = self.benchmark.items;
            return Err(Fault::at("benchmark.items", format!("{items} items: 1 to 100000")));
        }
        if self.beacon.bits > 10 {
            let bits = self.beacon.bits;
            return Err(Fault::at("beacon.bits", format!("{bits} bits: at most 10")));
        }
        Ok(())
    }

    fn check_groups(&self, params: &Params) -> Result<(), Fault> {
        if self.groups.is_empty() {
            return Err(Fault::at("group", "there are no groups, and so no agents"));
        }
        let (mut money, mut operators) = (0u64, 0u64);
        for (place, group) in self.groups.iter().enumerate() {
            let at = |key: &str| format!("group.{place}.{key}");
            if group.count == 0 {
                return Err(Fault::at(at("count"), "a group of zero agents"));
            }
            if self.groups.iter().take(place).any(|other| other.name == group.name) {
                let problem = format!("two groups are called `{}`", group.name);
                return Err(Fault::at(at("name"), problem));
            }
            let takes = self.takes(group);
            if let Some(odd) = group.given().into_iter().find(|given| !takes.contains(given)) {
                let kind = group.strategy.name();
                let problem = format!("the strategy {kind} takes no `{odd}`, it takes {takes:?}");
                let nearest = error::nearest(odd, takes.iter().copied());
                return Err(Fault { path: at(odd), problem, nearest });
            }
            for (key, value) in
                [("share", group.share), ("shift", group.shift), ("skip", group.skip)]
            {
                share(&at(key), value.unwrap_or_default())?;
            }
            for (key, value) in [("gain", group.gain), ("offer", group.offer)] {
                within(&at(key), value.unwrap_or_default(), 1e12)?;
            }
            let split = group.split.unwrap_or(1);
            if split == 0 || split > group.count.max(64) {
                return Err(Fault::at(at("split"), format!("split into {split}: 1 to 64")));
            }
            if Amount::from_tokens(group.stake) < params.staking.min_bond {
                let least = params.staking.min_bond;
                let problem = format!("a stake of {} is below the least of {least}", group.stake);
                return Err(Fault::at(at("stake"), problem));
            }
            let each = group.stake.saturating_add(group.budget);
            money = money.saturating_add(each.saturating_mul(u64::from(group.count)));
            operators =
                operators.saturating_add(u64::from(group.count).saturating_mul(u64::from(split)));
            if money > SUPPLY {
                let problem = format!("{money} tokens are more than the supply of {SUPPLY}");
                return Err(Fault::at(at("stake"), problem));
            }
            if operators > MAX_OPERATORS {
                let problem = format!("{operators} operators are more than {MAX_OPERATORS}");
                return Err(Fault::at(at("count"), problem));
            }
        }
        let locks = |stake: u64| {
            let price = params.class(0).map(|class| class.seat_price).unwrap_or_default();
            let lock = price.checked_mul(u128::from(params.task.seat_lock)).unwrap_or_default();
            Amount::from_tokens(stake) >= lock
        };
        if !self.groups.iter().any(|group| locks(group.stake)) {
            return Err(Fault::at("group.0.stake", "no operator's stake locks a single seat"));
        }
        Ok(())
    }

    /// What a group may be told: what its strategies know, if it chooses between some.
    fn takes(&self, group: &Group) -> Vec<&'static str> {
        let learns = self.learning.iter().filter(|learning| learning.group == group.name);
        let kinds = learns.flat_map(|learning| &learning.strategies).chain([&group.strategy]);
        let mut takes: Vec<&str> = kinds.flat_map(|kind| kind.takes()).copied().collect();
        takes.sort_unstable();
        takes.dedup();
        takes
    }

    fn check_learning(&self, learning: &Learning) -> Result<(), Fault> {
        let Learning { group, rule: _, strategies, rounds, fitness, explore, start } = learning;
        let Some(known) = self.groups.iter().find(|known| known.name == *group) else {
            let nearest = error::nearest(group, self.groups.iter().map(|one| one.name.as_str()));
            let problem = format!("there is no group `{group}` to learn");
            return Err(Fault { path: "learning.group".to_owned(), problem, nearest });
        };
        if known.count < 2 {
            return Err(Fault::at("learning.group", format!("`{group}` has a single operator")));
        }
        let twice = |(place, kind)| strategies.iter().take(place).any(|other| other == kind);
        if strategies.len() < 2 || strategies.iter().enumerate().any(twice) {
            return Err(Fault::at("learning.strategies", "at least two, each of them once"));
        }
        if !strategies.contains(&known.strategy) {
            let kind = known.strategy.name();
            let problem = format!("`{group}` is {kind}, which is not one of its strategies");
            return Err(Fault::at("learning.strategies", problem));
        }
        if *rounds == 0 || *rounds > MAX_ROUNDS {
            let problem = format!("{rounds} rounds: 1 to {MAX_ROUNDS}");
            return Err(Fault::at("learning.rounds", problem));
        }
        within("learning.fitness", *fitness, 1e9)?;
        share("learning.explore", *explore)?;
        let Some(start) = start else { return Ok(()) };
        start.iter().try_for_each(|one| share("learning.start", *one))?;
        let sum: f64 = start.iter().sum();
        if start.len() != strategies.len() || (sum - 1.0).abs() > 1e-6 {
            let wanted = strategies.len();
            let problem = format!("{} shares of a sum of {sum}: {wanted} of 1", start.len());
            return Err(Fault::at("learning.start", problem));
        }
        Ok(())
    }

    fn check_tasks(&self, params: &Params) -> Result<(), Fault> {
        let largest = params.task.sizes.iter().map(|step| step.up_to).max().unwrap_or_default();
        if self.tasks.value > largest {
            let value = self.tasks.value;
            let problem =
                format!("no committee is large enough for {value}, the most is {largest}");
            return Err(Fault::at("tasks.value", problem));
        }
        if self.tasks.models == 0 {
            return Err(Fault::at("tasks.models", "no models"));
        }
        let grinds = self.groups.iter().any(|group| group.strategy == Kind::Grinding);
        if self.beacon.bits > 0 && !grinds {
            return Err(Fault::at("beacon.bits", "no group grinds"));
        }
        Ok(())
    }
}

fn share(path: &str, value: f64) -> Result<(), Fault> {
    within(path, value, 1.0)
}

fn within(path: &str, value: f64, most: f64) -> Result<(), Fault> {
    if (0.0..=most).contains(&value) {
        Ok(())
    } else {
        Err(Fault::at(path, format!("{value} is not between 0 and {most}")))
    }
}
