//! The stage: the world that a scenario begins with, and the tasks that are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use probity_primitives::{Address, Amount, ArtifactId, Keypair, Seats, TaskId};
use probity_protocol::params::SizeStep;
use probity_protocol::task::Mode;
use probity_protocol::task::message::RequestTask;
use probity_protocol::task::request::audit_ppm;
use probity_runtime::Message;

use super::course::{Course, Shelf};
use super::tally::Tally;
use super::{Run, RunError};
use crate::actor::{Actor, NETWORK, person};
use crate::agents::{micros, ppm};
use crate::random::{RunKey, Stream};
use crate::scenario::{Answers, Group, Model, Scenario};
use crate::setup::{self, Endowed};
use crate::sheet::{Items, Reading, Sheet};
use crate::world::{Keep, World, WorldConfig};

/// What the person who publishes and requests has: more than any run spends.
const PURSE: Amount = Amount::from_tokens(50_000_000);

/// What the others have: a briber, an accomplice, a lender.
const LENT: Amount = Amount::from_tokens(5_000_000);

/// People besides: the publisher, and some more whom strategies use as accomplices.
const PEOPLE: u32 = 8;

impl Run {
    /// A run before its first epoch: everyone endowed, the benchmark and the models published.
    pub(super) fn new(scenario: &Scenario, key: RunKey, keep: Keep) -> Result<Self, RunError> {
        let seed = key.world();
        let config = WorldConfig {
            seed,
            params: scenario.params()?,
            items: scenario.benchmark.items,
            numbers: scenario.benchmark.answers == Answers::Numbers,
            noise: (units(scenario.benchmark.sigma).max(1), delta(scenario)),
            check: false,
            rigour: scenario.mode,
            keep,
            ..WorldConfig::default()
        };
        let Cast { cast, places, member_of } = Cast::new(scenario, seed);
        let people: Vec<Keypair> = (0..PEOPLE).map(|n| person(seed, "person", n)).collect();
        let endowed: Vec<Endowed<'_>> = cast
            .iter()
            .map(|(actor, bonded, half)| {
                let (bonded, owner, key) = (*bonded, *half, *half);
                Endowed { actor, bonded, owner, key }
            })
            .collect();
        let purses: Vec<(Address, Amount)> = people
            .iter()
            .zip(0u32..)
            .map(|(key, number)| {
                let purse = if number == 0 { PURSE } else { LENT };
                (Address::of(&key.public(), NETWORK), purse)
            })
            .collect();
        let genesis = setup::endowed(&config, &endowed, &purses)?;
        let actors = cast.into_iter().map(|(actor, ..)| actor).collect();
        let mut world = World::of_document(&config, genesis, actors, people)?;
        let shelf = publish(scenario, key, &mut world)?;
        let strategies = scenario
            .groups
            .iter()
            .map(|group| group.strategy.build(group, scenario, key))
            .collect();
        let mut run = Self {
            scenario: Arc::new(scenario.clone()),
            key,
            world,
            shelf,
            member_of,
            places,
            strategies,
            courses: BTreeMap::new(),
            written: BTreeMap::new(),
            plain: BTreeMap::new(),
            order: (Amount::ZERO, Amount::ZERO),
            disputes: BTreeSet::new(),
            requested: 0,
            ordinal: 0,
            owed: 0,
            tally: Tally::new(scenario),
        };
        run.order = run.order()?;
        let purses = run.strategies.iter().map(|strategy| strategy.purse()).collect();
        run.tally.open(&run.world, &run.places, purses);
        Ok(run)
    }

    /// Asks for the tasks that are owed by this epoch.
    pub(super) fn request(&mut self) -> Result<(), RunError> {
        let per_epoch = u64::try_from(micros(self.scenario.tasks.per_epoch)).unwrap_or_default();
        self.owed = self.owed.saturating_add(per_epoch);
        while let Some(left) = self.owed.checked_sub(1_000_000) {
            self.owed = left;
            let number = usize::try_from(self.requested).unwrap_or_default();
            let models = self.shelf.models.len();
            let model = number.checked_rem(models).and_then(|n| self.shelf.models.get(n)).copied();
            let Some(artifact) = model else { break };
            let (fee, value_at_risk) = self.order;
            let message = Message::RequestTask(RequestTask {
                benchmark: self.shelf.benchmark,
                artifact,
                mode: self.scenario.tasks.mode,
                fee,
                value_at_risk,
                commit_blocks: None,
            });
            if let Some(publisher) = self.world.people.first().cloned() {
                self.world.queue(&publisher, message)?;
            }
            self.requested = self.requested.saturating_add(1);
        }
        Ok(())
    }

    /// The least fee of a task of the scenario's value at risk, and that value.
    fn order(&self) -> Result<(Amount, Amount), RunError> {
        let params = self.world.ledger().params.get();
        let price = params.class(0).map(|class| class.seat_price).unwrap_or_default();
        let value = price.checked_mul(u128::from(self.scenario.tasks.value))?;
        let fits = |step: &&SizeStep| step.up_to >= self.scenario.tasks.value;
        let seats = params.task.sizes.iter().find(fits).map_or(Seats(0), |step| step.seats);
        let committee = price
            .checked_mul(u128::from(seats.0))?
            .mul_div_ceil(10_000, u128::from(params.split.evaluators.parts()))?;
        let audit = price.checked_mul(u128::from(params.audit.seats.0))?;
        let chance = audit_ppm(params, seats, price, value)?;
        Ok((committee.checked_add(audit.mul_div_ceil(chance, 1_000_000)?)?, value))
    }

    /// What is known of a task from the moment it is requested. A model that is not on the shelf is
    /// its requester's.
    pub(super) fn begin(
        &mut self,
        ordinal: u64,
        id: TaskId,
        artifact: ArtifactId,
    ) -> Result<Course, RunError> {
        let known = self.world.ledger().tasks.get(&id).map(|task| task.request.requester);
        let owner = self.places.iter().position(|places| {
            let actors = places.iter().filter_map(|place| self.world.actors.get(*place));
            actors.map(Actor::owner_address).any(|address| Some(address) == known)
        });
        let own = owner.and_then(|group| self.strategies.get(group)).and_then(|one| one.owns());
        let own = own.filter(|_| !self.shelf.models.contains(&artifact));
        if let Some(own) = own
            && !self.world.sheets.iter().any(|(model, _)| *model == artifact)
        {
            self.world.shelve(artifact, own.quality);
        }
        let sheet = self.world.sheets.iter().find(|(model, _)| *model == artifact);
        let items = self.scenario.benchmark.items;
        let truth = sheet.map_or(0, |(_, sheet)| match own {
            Some(own) => Sheet { quality: own.truth, ..*sheet }.truth(items),
            None => sheet.truth(items),
        });
        let luck = &mut self.key.stream("task", (ordinal, 0));
        let off = scaled(luck.gaussian(), self.scenario.tasks.claim_noise);
        let buggy = luck.chance(ppm(self.scenario.noise.bug));
        let hidden = own.filter(|own| own.hidden).and(owner);
        let claim = truth.saturating_add(off).clamp(0, 1_000_000);
        Ok(Course::new(ordinal, (truth, claim), buggy, hidden))
    }

    /// What an operator finds if it does the work of a task.
    pub(super) fn honest(&self, course: &Course, place: usize) -> Reading {
        let noise = &self.scenario.noise;
        if noise.model == Model::None && noise.flips == 0.0 && !course.buggy {
            return Reading::default();
        }
        let number = u64::try_from(place).unwrap_or(u64::MAX);
        let luck = &mut self.key.stream("noise", (course.ordinal, number));
        let sigma = self.scenario.benchmark.sigma * noise.scale;
        let shift = match noise.model {
            Model::None => 0,
            Model::Gaussian => scaled(luck.gaussian(), sigma),
            Model::Laplace => scaled(luck.laplace(), sigma),
            Model::StudentT3 => scaled(luck.student3(), sigma),
        };
        let flips = Items { share: ppm(noise.flips), seed: luck.word() };
        let flips = if flips.share == 0 { Items::default() } else { flips };
        let uses = self.key.stream("harness", (number, 0)).chance(ppm(noise.bug_users));
        let bug = Items { share: ppm(noise.bug_items), seed: course.ordinal };
        let bug = if course.buggy && uses { bug } else { Items::default() };
        Reading { shift, flips, bug, ..Reading::default() }
    }
}

/// Everyone in a scenario, group by group.
struct Cast {
    /// Each with its bond, and what each of its two accounts has.
    cast: Vec<(Actor, Amount, Amount)>,
    places: Vec<Vec<usize>>,
    member_of: Vec<(usize, usize)>,
}

impl Cast {
    fn new(scenario: &Scenario, seed: u64) -> Self {
        let mut all = Self { cast: Vec::new(), places: Vec::new(), member_of: Vec::new() };
        for (number, group) in scenario.groups.iter().enumerate() {
            let (stake, parts) = part(group);
            let mut here = Vec::new();
            for _ in 0..group.count.saturating_mul(parts) {
                let place = all.cast.len();
                all.member_of.push((number, here.len()));
                here.push(place);
                let serial = u32::try_from(place).unwrap_or(u32::MAX);
                let half = Amount::from_tokens(group.budget.max(2) / u64::from(parts.max(1)) / 2);
                all.cast.extend(Actor::new(seed, serial).map(|actor| (actor, stake, half)));
            }
            all.places.push(here);
        }
        all
    }
}

/// What each of a group's operators has bonded, and into how many each is split.
fn part(group: &Group) -> (Amount, u32) {
    let parts = group.split.unwrap_or(1);
    let whole = Amount::from_tokens(group.stake);
    (whole.mul_div_floor(1, u128::from(parts.max(1))).unwrap_or_default(), parts)
}

fn publish(scenario: &Scenario, key: RunKey, world: &mut World) -> Result<Shelf, RunError> {
    let mut luck: Stream = key.stream("models", (0, 0));
    let quality = ppm(scenario.tasks.quality);
    let qualities: Vec<u32> = (0..scenario.tasks.models)
        .map(|_| {
            // Models differ by up to a tenth, so that a stale score is wrong on another model.
            let off = luck.below(100_000);
            quality.saturating_sub(50_000).saturating_add(off).min(950_000)
        })
        .collect();
    let (benchmark, models) = world.publish(&qualities)?;
    let dataset = world.ledger().benchmarks.get(&benchmark).map(|known| known.dataset);
    Ok(Shelf { benchmark, dataset: dataset.unwrap_or_default(), models })
}

/// The tie zone of a scenario: labels have none.
fn delta(scenario: &Scenario) -> u64 {
    match (scenario.benchmark.answers, scenario.tasks.mode) {
        (Answers::Labels, Mode::Exact | Mode::Tolerant) => 0,
        (Answers::Numbers, Mode::Exact | Mode::Tolerant) => units(scenario.benchmark.delta),
    }
}

fn units(value: f64) -> u64 {
    u64::try_from(micros(value)).unwrap_or_default()
}

/// A sampler's number times a deviation, in micro-units, rounded toward nothing: from here on all is
/// integers.
fn scaled(number: i128, deviation: f64) -> i64 {
    let wide = number.saturating_mul(i128::from(micros(deviation)));
    i64::try_from(wide / crate::random::ONE).unwrap_or_default()
}
