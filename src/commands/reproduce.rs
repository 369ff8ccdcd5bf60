//! `probity eval reproduce`: a published result, run again on this machine.

use std::ops::ControlFlow;

use probity_client::Client;
use probity_harness::benchmark::Benchmark;
use probity_harness::cache::Cache;
use probity_harness::run::{Progress, Run};
use probity_primitives::{ContentHash, Hash, Score, TaskId};
use probity_protocol::registry::ArtifactFile;
use serde::Serialize;

use crate::cli::{EvalLimits, Global};
use crate::commands::eval::{bar, options};
use crate::commands::{block_on, cache_folder};
use crate::exit::{Code, Failure, OrFail};
use crate::output::show;
use crate::wallet::{client, failed};

/// What was published beside what was found.
#[derive(Debug, Serialize)]
struct Reproduction {
    schema: &'static str,
    task: TaskId,
    published: Score,
    found: Option<Score>,
    answers_root: Hash,
    /// How many of the members that revealed have the very same root.
    same_roots: usize,
    members: usize,
}

pub(crate) fn run(global: &Global, task: TaskId, limits: &EvalLimits) -> Result<(), Failure> {
    let (files, outcome) = block_on(async {
        let client = client(global)?;
        let outcome = client.result(&task).await.map_err(failed)?.data.outcome;
        let files = fetch(&client, limits, &outcome).await?;
        Ok((files, outcome))
    })?;
    let benchmark =
        Benchmark::load(&files.benchmark).or_fail(Code::Config, "cannot use the benchmark")?;
    let run = Run::prepare(benchmark, &files.model, &files.dataset, None)
        .or_fail(Code::Other, "cannot begin")?;
    let bar = bar(global, run.header().items);
    let finished = run
        .execute(&options(limits)?, |Progress { done, .. }| {
            bar.set_position(u64::from(done));
            ControlFlow::Continue(())
        })
        .or_fail(Code::Other, "the evaluation failed")?;
    bar.finish_and_clear();
    let found = finished.transcript.score(run.benchmark().metric.name.fold());
    let root = finished.transcript.answers_root();
    let revealed = outcome.members.iter().filter(|member| member.score.is_some());
    let document = Reproduction {
        schema: "probity.reproduction/v1",
        task,
        published: outcome.score,
        found,
        answers_root: root,
        same_roots: revealed.clone().filter(|member| member.answers_root == root).count(),
        members: revealed.count(),
    };
    let same = found.is_some_and(|found| found.distance(outcome.score) <= outcome.tolerance);
    show(global.output, &document, text)?;
    if same {
        Ok(())
    } else {
        Err(Failure::new(Code::Verification, "the published score is not reproduced"))
    }
}

struct Files {
    model: std::path::PathBuf,
    dataset: std::path::PathBuf,
    benchmark: std::path::PathBuf,
}

async fn fetch(
    client: &Client,
    limits: &EvalLimits,
    outcome: &probity_protocol::task::Outcome,
) -> Result<Files, Failure> {
    let folder = cache_folder(limits.cache.as_deref());
    let cache = Cache::open(folder).or_fail(Code::Other, "cannot use the cache")?;
    let benchmark = client.artifact(&outcome.benchmark).await.map_err(failed)?.data.artifact;
    let promise = benchmark.manifest.benchmark.clone();
    let dataset = promise.map(|promise| promise.dataset).unwrap_or_default();
    let dataset = client.artifact(&dataset).await.map_err(failed)?.data.artifact;
    let model = client.artifact(&outcome.artifact).await.map_err(failed)?.data.artifact;
    Ok(Files {
        model: bring(client, &cache, model.main_file()).await?,
        dataset: bring(client, &cache, dataset.main_file()).await?,
        benchmark: bring(client, &cache, benchmark.main_file()).await?,
    })
}

async fn bring(
    client: &Client,
    cache: &Cache,
    file: Option<&ArtifactFile>,
) -> Result<std::path::PathBuf, Failure> {
    let file = file.ok_or_else(|| Failure::new(Code::Other, "an artifact has no file"))?;
    let hash: ContentHash = file.blake3;
    if let Some(path) = cache.get(&hash) {
        return Ok(path);
    }
    let bytes = client.blob(&hash, file.size).await.map_err(failed)?;
    cache.insert_bytes(&bytes).or_fail(Code::Other, "cannot use the cache")?;
    Ok(cache.path_of(&hash))
}

fn text(document: &Reproduction) -> String {
    let found = document.found.map_or_else(|| "none".to_owned(), |score| score.to_string());
    format!(
        "published {}\nfound     {found}\nanswers root {}, as {} of {} members\n",
        document.published, document.answers_root, document.same_roots, document.members
    )
}
