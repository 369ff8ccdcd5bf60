//! `probity sim export`: a scenario out of what a network has done.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use probity_client::{Client, ListArgs};
use probity_protocol::registry::ArtifactKind;
use probity_runtime::query::{ArtifactFilter, ResultFilter};
use probity_simulations::calibrate::{History, scenario};
use probity_simulations::scenario::{Model, Scenario};
use serde::Serialize;

use crate::cli::{Global, SimExport};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{Table, show};
use crate::wallet::{client, failed};

/// The most pages of one list that are asked for.
const MAX_PAGES: usize = 200;

/// What was learned.
#[derive(Serialize)]
struct Exported<'a> {
    schema: &'static str,
    file: &'a Path,
    chain: String,
    results: usize,
    scale: f64,
    noise: Model,
    groups: Vec<Layer>,
}

/// A group of equal operators.
#[derive(Serialize)]
struct Layer {
    name: String,
    count: u32,
    stake: u64,
    hides: f64,
}

pub(crate) fn run(global: &Global, arguments: &SimExport) -> Result<(), Failure> {
    let SimExport { from_node, out, windows } = arguments;
    let client = match from_node.as_deref() {
        Some(url) => Client::new(url).or_fail(Code::Usage, "--from-node")?,
        None => client(global)?,
    };
    let history = block_on(history(&client))?;
    let scenario = scenario(&history, *windows).or_fail(Code::Config, "cannot calibrate")?;
    let text = scenario.resolved().or_fail(Code::Other, "cannot write the scenario")?;
    let what = format!("cannot write {}", out.display());
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(out)
        .or_fail(Code::Other, &what)
        .map_err(|failure| failure.hint("name a file that is not there yet with --out"))?;
    file.write_all(text.as_bytes()).or_fail(Code::Other, &what)?;
    let exported = document(out, &history, &scenario);
    show(global.output, &exported, words)
}

/// All that is asked of a node.
async fn history(client: &Client) -> Result<History, Failure> {
    let params = client.params().await.map_err(failed)?;
    let chain = format!("{} at height {}", params.chain_id, params.height);
    let mut history = History {
        chain,
        params: params.data,
        operators: BTreeMap::new(),
        declared: BTreeMap::new(),
        results: Vec::new(),
    };
    let mut args = ListArgs::default();
    for _ in 0..MAX_PAGES {
        let page = client.operators(&args).await.map_err(failed)?;
        history.operators.extend(page.data.into_iter().map(|one| (one.id, one.bonded)));
        args.cursor = page.next;
        if args.cursor.is_none() {
            break;
        }
    }
    args.cursor = None;
    let filter = ArtifactFilter { kind: Some(ArtifactKind::Benchmark), owner: None };
    for _ in 0..MAX_PAGES {
        let page = client.artifacts(&filter, &args).await.map_err(failed)?;
        let said = page.data.into_iter().filter_map(|view| {
            let benchmark = view.artifact.manifest.benchmark?;
            Some((view.id, (benchmark.sigma, benchmark.delta)))
        });
        history.declared.extend(said);
        args.cursor = page.next;
        if args.cursor.is_none() {
            break;
        }
    }
    args.cursor = None;
    for _ in 0..MAX_PAGES {
        let page = client.results(&ResultFilter::default(), &args).await.map_err(failed)?;
        history.results.extend(page.data.into_iter().map(|one| one.outcome));
        args.cursor = page.next;
        if args.cursor.is_none() {
            break;
        }
    }
    Ok(history)
}

fn document<'a>(file: &'a Path, history: &History, scenario: &Scenario) -> Exported<'a> {
    let layer = |group: &probity_simulations::scenario::Group| Layer {
        name: group.name.clone(),
        count: group.count,
        stake: group.stake,
        hides: group.share.unwrap_or_default(),
    };
    Exported {
        schema: "probity.sim-export/v1",
        file,
        chain: history.chain.clone(),
        results: history.results.len(),
        scale: scenario.noise.scale,
        noise: scenario.noise.model,
        groups: scenario.groups.iter().map(layer).collect(),
    }
}

fn words(exported: &Exported<'_>) -> String {
    let Exported { file, chain, results, scale, noise, groups, .. } = exported;
    let mut table = Table::new(&["operators", ">count", ">stake", ">hidden seats"]);
    for Layer { name, count, stake, hides } in groups {
        let hidden = format!("{:.1} %", hides * 100.0);
        table.row(vec![name.clone(), count.to_string(), stake.to_string(), hidden]);
    }
    let (table, file) = (table.text(), file.display());
    format!(
        "{chain}: {results} results, noise {noise:?} of {scale:.3} declared sigmas\n{table}\
         wrote {file}\nnext: probity sim run {file}"
    )
}
