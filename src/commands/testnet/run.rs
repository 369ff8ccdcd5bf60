//! Starting, looking at and ending all nodes of a network.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use probity_client::Client;
use probity_primitives::Height;
use serde::Serialize;

use super::process::NodeProcess;
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{Layers, Place};
use crate::output::{self, Table};

/// How often a node that starts is asked whether it answers.
const STEP: Duration = Duration::from_millis(100);

/// How every node stands.
#[derive(Debug, Serialize)]
struct Statuses {
    schema: &'static str,
    nodes: Vec<Status>,
}

/// How a node stands; only what is known of one that does not run or answer.
#[derive(Debug, Serialize)]
struct Status {
    home: PathBuf,
    pid: Option<i32>,
    api: String,
    height: Option<Height>,
    peers: Option<u32>,
    syncing: Option<bool>,
}

/// Starts every node that does not run, and waits until all answer.
pub(super) async fn start(global: &Global, folder: &Path, wait: u64) -> Result<(), Failure> {
    let folder = absolute(folder)?;
    let homes = super::homes(&folder)?;
    let mut started = Vec::new();
    for home in &homes {
        let process = NodeProcess::of(home);
        if let Some(pid) = process.pid() {
            output::say(global, &format!("{} runs already, process {pid}", home.display()));
        } else {
            started.push((process.start()?, process, client(home)?));
        }
    }
    let all = async {
        for (child, process, client) in &mut started {
            answers(child, process, client).await?;
        }
        Ok(())
    };
    match tokio::time::timeout(Duration::from_secs(wait), all).await {
        Ok(outcome) => outcome?,
        Err(_) => {
            let message = format!("a node does not answer within {wait} seconds");
            let logs = format!("read {}/node-*/node.log", folder.display());
            return Err(Failure::new(Code::TimedOut, message).hint(logs));
        }
    }
    status(global, &folder).await
}

/// Waits until a node answers; an error if it ends before.
async fn answers(child: &mut Child, process: &NodeProcess, client: &Client) -> Result<(), Failure> {
    while client.status().await.is_err() {
        if let Some(status) = child.try_wait().or_fail(Code::Other, "cannot wait for a node")? {
            let said = process.last_words();
            let message = format!("a node ended at its start, {status}:\n  {said}");
            let hint = format!("its log is {}", process.log().display());
            return Err(Failure::new(Code::Other, message).hint(hint));
        }
        tokio::time::sleep(STEP).await;
    }
    Ok(())
}

/// Shows how each node stands.
pub(super) async fn status(global: &Global, folder: &Path) -> Result<(), Failure> {
    let mut nodes = Vec::new();
    for home in super::homes(&absolute(folder)?)? {
        nodes.push(look(home).await?);
    }
    let silent = nodes.iter().filter(|node| node.height.is_none()).count();
    let statuses = Statuses { schema: "probity.testnet-status/v1", nodes };
    output::show(global.output, &statuses, Statuses::text)?;
    if silent == 0 {
        return Ok(());
    }
    let message = format!("{silent} of {} nodes do not answer", statuses.nodes.len());
    Err(Failure::new(Code::Unreachable, message).hint("start them with `probity testnet start`"))
}

/// Ends every node.
pub(super) async fn stop(global: &Global, folder: &Path, wait: u64) -> Result<(), Failure> {
    let patience = Duration::from_secs(wait);
    let processes: Vec<_> =
        super::homes(&absolute(folder)?)?.iter().map(|home| NodeProcess::of(home)).collect();
    // All at once: the last ones would wait for the first ones' votes otherwise.
    let mut stops = tokio::task::JoinSet::new();
    for process in processes {
        stops.spawn(async move { (process.log(), process.stop(patience).await) });
    }
    let mut late = Vec::new();
    while let Some(stopped) = stops.join_next().await {
        let (log, ended) = stopped.or_fail(Code::Other, "cannot wait for a node")?;
        if !ended? {
            late.push(log.display().to_string());
        }
    }
    if late.is_empty() {
        output::say(global, "every node has ended");
        return Ok(());
    }
    let message = format!("{} nodes still run after {wait} seconds", late.len());
    Err(Failure::new(Code::TimedOut, message).hint(format!("read {}", late.join(", "))))
}

async fn look(home: PathBuf) -> Result<Status, Failure> {
    let client = client(&home)?;
    let found = client.status().await.ok().map(|status| status.data);
    let pid = NodeProcess::of(&home).pid().map(|pid| pid.as_raw_nonzero().get());
    let api = client.base_url().trim_end_matches('/').to_owned();
    let (height, peers, syncing) = match found {
        Some(view) => (Some(view.height), Some(view.peers), Some(view.syncing)),
        None => (None, None, None),
    };
    Ok(Status { home, pid, api, height, peers, syncing })
}

fn client(home: &Path) -> Result<Client, Failure> {
    let settings = Layers::read(&Place::under(home), &[])?.settings()?;
    Client::new(&settings.api.url()).or_fail(Code::Config, "api.listen")
}

fn absolute(folder: &Path) -> Result<PathBuf, Failure> {
    let what = format!("cannot use {}", folder.display());
    folder.canonicalize().or_fail(Code::Config, &what)
}

impl Statuses {
    fn text(&self) -> String {
        let mut table = Table::new(&["home", ">process", "API", ">height", ">peers", "state"]);
        for node in &self.nodes {
            let shown = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
            let state = match (node.pid, node.syncing) {
                (_, Some(false)) => "ready",
                (_, Some(true)) => "syncing",
                (Some(_), None) => "silent",
                (None, None) => "stopped",
            };
            table.row(vec![
                node.home.display().to_string(),
                shown(node.pid.map(|pid| pid.to_string())),
                node.api.clone(),
                shown(node.height.map(|height| height.to_string())),
                shown(node.peers.map(|peers| peers.to_string())),
                state.to_owned(),
            ]);
        }
        table.text()
    }
}
