//! A model whose answers are known: a plane with noise, and a course that wanders to it.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use probity_simulations::lab::design::{Kind, Spec};
use probity_simulations::lab::model::{Key, Measured, Model, Watch};
use probity_simulations::lab::plan::{Folder, Plan};
use probity_simulations::lab::rows::{Header, Shard};
use probity_simulations::lab::runner::{Ended, Job, header};
use probity_simulations::lab::{LabError, axis};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// `profit = 3 a - 2 b + noise`, where the noise is the replicate's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Toy {
    a: f64,
    b: f64,
}

/// A setting that is not there.
#[derive(Debug, thiserror::Error)]
#[error("no setting `{0}`")]
pub(crate) struct NoSetting(String);

impl Model for Toy {
    type Error = NoSetting;

    fn name(&self) -> String {
        "toy".to_owned()
    }

    fn text(&self) -> Result<String, NoSetting> {
        Ok(format!("a = {}\nb = {}\n", self.a, self.b))
    }

    fn set(&mut self, path: &str, value: &toml::Value) -> Result<(), NoSetting> {
        let value = axis::number(value).ok_or_else(|| NoSetting(path.to_owned()))?;
        match path {
            "a" => self.a = value,
            "b" => self.b = value,
            _ => return Err(NoSetting(path.to_owned())),
        }
        Ok(())
    }

    fn run(&self, key: Key, watch: Watch<'_>) -> Result<Measured, NoSetting> {
        let mut random = ChaCha8Rng::from_seed(key.seed);
        random.set_stream(key.replicate);
        let noise = f64::from(random.next_u32()) / f64::from(u32::MAX) - 0.5;
        let profit = 3.0 * self.a - 2.0 * self.b + noise;
        for (epoch, share) in (0..300u32).map(|epoch| (epoch, f64::from(epoch) / 299.0)) {
            watch(u64::from(epoch), &[("wealth", profit * share)]);
        }
        let values = [("profit", profit), ("group.attacker.payoff", profit), ("noise", noise)];
        let values = values.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Ok(Measured { values, height: 300, root: format!("{:016x}", random.next_u64()) })
    }
}

/// A grid of six points of four runs.
pub(crate) fn plan() -> Plan {
    let axes = ["a=0..2:3", "b=0.5,1.5"].map(str::to_owned).to_vec();
    let design = Spec { kind: Kind::Grid, axes, samples: None, replicates: 4 };
    let mut plan = Plan::new("toy".to_owned(), "7".to_owned(), design);
    plan.epochs = true;
    plan
}

/// A folder for a plan.
pub(crate) fn folder(path: &Path, plan: &Plan) -> Folder {
    Folder::create(path, plan, &Toy::default().text().unwrap()).unwrap()
}

/// Runs a shard; `stop_after` that many runs of it, a stop is asked for.
pub(crate) fn shard(
    folder: &Folder,
    which: &str,
    threads: usize,
    resume: bool,
    stop_after: u64,
) -> Result<Ended, LabError> {
    let (plan, config) = (folder.plan()?, folder.config()?);
    let design = plan.design()?;
    let stop = AtomicBool::new(false);
    let job = Job {
        model: &Toy::default(),
        design: &design,
        key: plan.key(),
        courses: plan.epochs,
        threads,
        stop: &stop,
    };
    let which: Shard = which.parse().unwrap();
    let header: Header = header(&plan, &config, "toy", which);
    job.shard(folder, &header, resume, &mut |ended| {
        if ended.done >= stop_after {
            stop.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    })
}
