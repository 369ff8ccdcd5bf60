//! Which part of an experiment this process runs, and running it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use probity_simulations::lab::plan::Folder;
use probity_simulations::lab::rows::Shard;
use probity_simulations::lab::runner::{Ended, Job, header};

use super::folder::{failed, parse};
use crate::cli::{Global, SimHow};
use crate::commands::told_to_end;
use crate::exit::{Code, Failure, OrFail};
use crate::output;

/// Runs what these flags say of an experiment. Says how far its shard is.
pub(crate) fn run(global: &Global, folder: &Folder, how: &SimHow) -> Result<Ended, Failure> {
    let shard = which(how, |name| std::env::var(name).ok())?;
    let (plan, config) = (folder.plan().map_err(failed)?, folder.config().map_err(failed)?);
    let model = parse(&config, &folder.file("config.toml"))?;
    let design = plan.design().map_err(failed)?;
    let stop = stop_when_told()?;
    let job = Job {
        model: &model,
        design: &design,
        key: plan.key(),
        courses: plan.epochs,
        threads: how.jobs,
        stop: &stop,
    };
    let header = header(&plan, &config, &program_hash()?, shard);
    let bar = bar(global, "runs");
    let ended = job.shard(folder, &header, how.resume, &mut |ended: Ended| {
        if bar.length() != Some(ended.total) {
            bar.set_length(ended.total);
            bar.reset_eta();
        }
        bar.set_position(ended.done);
    });
    bar.finish_and_clear();
    let ended = ended.map_err(failed)?;
    if ended.done < ended.total {
        let Ended { done, total } = ended;
        let said = format!("stopped after {done} of {total} runs, which are kept");
        let again = format!("probity sim run {} --resume", folder.path().display());
        return Err(Failure::new(Code::Stopped, said).hint(again));
    }
    Ok(ended)
}

/// The part that flags and the scheduler's environment name; all of it if neither does.
pub(crate) fn which(
    how: &SimHow,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Shard, Failure> {
    if let Some(shard) = how.shard {
        return Ok(shard);
    }
    let number = |name: &str| -> Result<Option<u64>, Failure> {
        let text = variable(name).filter(|text| !text.is_empty());
        let read = text.map(|text| text.parse::<u64>().or_fail(Code::Usage, name));
        read.transpose()
    };
    let of = match how.shards {
        Some(of) => Some(of),
        None => number("SLURM_ARRAY_TASK_COUNT")?,
    };
    let Some(of) = of else { return Ok(Shard::WHOLE) };
    let place = match number("SLURM_ARRAY_TASK_ID")? {
        Some(id) => {
            let first = number("SLURM_ARRAY_TASK_MIN")?.unwrap_or(0);
            let step = number("SLURM_ARRAY_TASK_STEP")?.unwrap_or(1).max(1);
            id.checked_sub(first).map(|past| past / step)
        }
        None => number("JOB_COMPLETION_INDEX")?,
    };
    let shard = place.and_then(|place| Shard::new(place.checked_add(1)?, of));
    shard.ok_or_else(|| {
        let said = format!("the environment does not say which of {of} parts this is");
        Failure::new(Code::Usage, said)
            .hint("set SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX, or say --shard I/N")
    })
}

/// A flag that is set when this process is told to end. What has begun is seen to its end.
pub(crate) fn stop_when_told() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_fail(Code::Other, "cannot wait for signals")?;
    // The thread waits for a signal that may never come, and ends with the process.
    std::thread::spawn(move || {
        if runtime.block_on(told_to_end()).is_ok() {
            flag.store(true, Ordering::Relaxed);
        }
    });
    Ok(stop)
}

/// The hash of this program, so that runs of different builds are not mixed.
pub(crate) fn program_hash() -> Result<String, Failure> {
    let what = "cannot read this program";
    // On Linux the link leads to the very file that runs, even if another took its place since.
    let running = Path::new("/proc/self/exe");
    let path = if running.exists() {
        running.to_owned()
    } else {
        std::env::current_exe().or_fail(Code::Other, what)?
    };
    probity_simulations::lab::plan::hash_of(&path).or_fail(Code::Other, what)
}

/// A bar with rate and time left; nothing where no one is looking.
pub(crate) fn bar(global: &Global, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(0);
    if !output::progress_wanted(global) {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let form = format!("{{bar:30}} {{pos}}/{{len}} {what}, {{per_sec}}, {{eta}} left");
    let style = ProgressStyle::with_template(&form);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(shards: Option<u64>, set: &[(&str, &str)]) -> Result<String, Failure> {
        let how = SimHow { shard: None, shards, resume: false, jobs: 0 };
        let variable = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        which(&how, variable).map(|shard| shard.to_string())
    }

    #[test]
    fn a_scheduler_says_which_part_this_is() {
        assert_eq!(asked(None, &[]).unwrap(), "1/1");
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "5"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "2"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        assert_eq!(asked(None, &slurm).unwrap(), "3/4");
        assert_eq!(asked(Some(7), &[("SLURM_ARRAY_TASK_ID", "0")]).unwrap(), "1/7");
        assert_eq!(asked(Some(7), &[("JOB_COMPLETION_INDEX", "6")]).unwrap(), "7/7");
        assert_eq!(asked(None, &[("JOB_COMPLETION_INDEX", "6")]).unwrap(), "1/1");
    }

    #[test]
    fn a_part_that_is_none_is_a_usage_error() {
        for set in [&[][..], &[("JOB_COMPLETION_INDEX", "7")], &[("SLURM_ARRAY_TASK_ID", "x")]] {
            assert_eq!(asked(Some(7), set).unwrap_err().code(), Code::Usage);
        }
    }
}
