//! Running: many threads make runs, one takes them in order.
//!
//! The threads take run numbers one after the other and hand over what they measured; whoever asked
//! gets the runs in the order of their numbers, whatever thread made them and whenever it was done.
//! A stop that was asked for takes effect between runs: those that have begun are taken, and
//! nothing else begins.
//!
//! # Invariants
//! - A run's settings and chance follow from the design and its number alone.
//! - No more is held than the runs that wait for a slower one before them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use rayon::ThreadPoolBuilder;
use rayon::iter::{ParallelBridge, ParallelIterator};

use super::LabError;
use super::design::Design;
use super::model::{Key, Model};
use super::plan::{Folder, Plan};
use super::rows::{Columns, Header, Row, Shard, Writer};

/// The most steps of a run's course that are kept.
const MAX_STEPS: usize = 128;
/// How many runs of an experiment's first point have their course kept for its chart.
pub const COURSES: u64 = 256;

/// What is run, and how.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a, M> {
    /// The scenario as it stands in the config.
    pub model: &'a M,
    /// Which settings it is run in.
    pub design: &'a Design,
    /// The key of all chance.
    pub key: [u8; 32],
    /// Whether every run's course is kept, and not only those of the first point.
    pub courses: bool,
    /// How many threads; all cores if 0.
    pub threads: usize,
    /// Set from outside to stop.
    pub stop: &'a AtomicBool,
}

/// How a shard came to rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// How many runs its log has.
    pub done: u64,
    /// How many it will have.
    pub total: u64,
}

impl<M: Model> Job<'_, M> {
    /// The model as one run has it.
    ///
    /// # Errors
    /// If it cannot be set so.
    pub fn model_of(&self, run: u64) -> Result<M, LabError> {
        let (point, _) = self.design.place(run);
        let mut model = self.model.clone();
        for (axis, value) in self.design.axes().iter().zip(self.design.values(point)) {
            model.set(axis.path(), &value).map_err(LabError::model)?;
        }
        Ok(model)
    }

    /// Makes one run.
    ///
    /// # Errors
    /// If its settings make no world, or the world breaks a rule.
    pub fn run(&self, run: u64) -> Result<(Columns, Row), LabError> {
        let (point, replicate) = self.design.place(run);
        let model = self.model_of(run)?;
        let mut course =
            (self.courses || (point == 0 && replicate < COURSES)).then(Course::default);
        let mut watch = |at: u64, values: &[(&str, f64)]| {
            if let Some(course) = &mut course {
                course.take(at, values);
            }
        };
        let key = Key { seed: self.key, replicate };
        let measured = model.run(key, &mut watch).map_err(LabError::model)?;
        let (names, values) = measured.values.into_iter().unzip();
        let (series, steps) = course.map(Course::finish).unwrap_or_default();
        let row = Row { run, height: measured.height, root: measured.root, values, series: steps };
        Ok((Columns { values: names, series }, row))
    }

    /// Makes runs and gives them out in order. Says whether it came to their end.
    ///
    /// # Errors
    /// If a run fails or is not taken.
    pub fn each(
        &self,
        runs: impl Iterator<Item = u64> + Send,
        take: &mut dyn FnMut(&Columns, Row) -> Result<(), LabError>,
    ) -> Result<bool, LabError> {
        let pool = ThreadPoolBuilder::new().num_threads(self.threads).build()?;
        let (send, receive) = mpsc::sync_channel(pool.current_num_threads().saturating_mul(4));
        let broken = AtomicBool::new(false);
        let stopped = AtomicBool::new(false);
        let mut failure = None;
        std::thread::scope(|scope| {
            let work = runs.enumerate().take_while(|_| {
                let stop = self.stop.load(Ordering::Relaxed);
                stopped.fetch_or(stop, Ordering::Relaxed);
                !stop && !broken.load(Ordering::Relaxed)
            });
            scope.spawn(|| {
                pool.install(|| {
                    work.par_bridge().for_each_with(send, |send, (place, run)| {
                        // Nobody listens any more only if taking has failed.
                        let _ = send.send((place, self.run(run)));
                    });
                });
            });
            let (mut waiting, mut next) = (BTreeMap::new(), 0usize);
            for (place, made) in receive {
                waiting.insert(place, made);
                while let Some(made) = waiting.remove(&next) {
                    next = next.saturating_add(1);
                    let taken = made.and_then(|(columns, row)| match failure {
                        None => take(&columns, row),
                        Some(_) => Ok(()),
                    });
                    if let Err(error) = taken {
                        broken.store(true, Ordering::Relaxed);
                        failure.get_or_insert(error);
                    }
                }
            }
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(!stopped.into_inner()),
        }
    }

    /// Makes the runs of a shard that its log does not have yet.
    ///
    /// # Errors
    /// If a run fails, or the log cannot be used or written. The log keeps what it has.
    pub fn shard(
        &self,
        folder: &Folder,
        header: &Header,
        resume: bool,
        told: &mut dyn FnMut(Ended),
    ) -> Result<Ended, LabError> {
        let path = folder.file("shards").join(header.shard.file());
        let (mut log, done) = Writer::open(&path, header, resume)?;
        let total = header.shard.count(self.design.runs());
        let mut ended = Ended { done, total };
        told(ended);
        let skip = usize::try_from(done).unwrap_or(usize::MAX);
        let result = self.each(header.shard.runs(self.design.runs()).skip(skip), &mut |c, row| {
            log.row(c, &row)?;
            ended.done = ended.done.saturating_add(1);
            told(ended);
            Ok(())
        });
        log.sync()?;
        result.map(|_| ended)
    }
}

/// The header of a shard of a plan.
#[must_use]
pub fn header(plan: &Plan, config: &str, binary: &str, shard: Shard) -> Header {
    Header { design: plan.hash(config), binary: binary.to_owned(), shard }
}

/// The course of a run, thinned as it grows: every step at first, then every second, and so on.
#[derive(Debug, Default)]
struct Course {
    names: Vec<String>,
    steps: Vec<(u64, Vec<f64>)>,
    seen: u64,
    stride: u64,
    last: Option<(u64, Vec<f64>)>,
}

impl Course {
    fn take(&mut self, at: u64, values: &[(&str, f64)]) {
        if self.names.is_empty() {
            self.names = values.iter().map(|(name, _)| (*name).to_owned()).collect();
            self.stride = 1;
        }
        let numbers = || values.iter().map(|(_, value)| *value).collect();
        if self.seen.is_multiple_of(self.stride) {
            if self.steps.len() >= MAX_STEPS {
                let mut place = 0usize;
                self.steps.retain(|_| {
                    place = place.wrapping_add(1);
                    place % 2 == 1
                });
                self.stride = self.stride.saturating_mul(2);
            }
            // After thinning, this step may no longer be one that is kept.
            if self.seen.is_multiple_of(self.stride) {
                self.steps.push((at, numbers()));
            }
        }
        self.last = Some((at, numbers()));
        self.seen = self.seen.saturating_add(1);
    }

    /// The names and the steps, with the very last one.
    fn finish(mut self) -> (Vec<String>, Vec<(u64, Vec<f64>)>) {
        if let Some(last) = self.last.take()
            && self.steps.last().is_none_or(|(at, _)| *at != last.0)
        {
            self.steps.push(last);
        }
        (self.names, self.steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_keeps_its_shape_and_its_end_whatever_its_length() {
        for length in [1u32, 2, 100, 128, 129, 1_000, 12_345] {
            let mut course = Course::default();
            (0..length).for_each(|at| course.take(u64::from(at), &[("x", f64::from(at))]));
            let (names, steps) = course.finish();
            assert_eq!(names, ["x"]);
            assert!(
                steps.len() <= MAX_STEPS + 1 && steps.len() >= 64.min(index(length)),
                "{length}"
            );
            let ats: Vec<u64> = steps.iter().map(|(at, _)| *at).collect();
            assert_eq!((ats[0], *ats.last().unwrap()), (0, u64::from(length) - 1));
            let strides: Vec<u64> = ats.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let even = strides.split_last().map_or(&[][..], |(_, even)| even);
            assert!(even.windows(2).all(|pair| pair[0] == pair[1]), "{length}: {strides:?}");
        }
    }

    fn index(length: u32) -> usize {
        usize::try_from(length).unwrap()
    }
}
