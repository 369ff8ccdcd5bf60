//! What the running node says: its chain, its peers, its validator's votes, its newest block's time.

use std::time::Duration;

use probity_api::view::StatusView;
use probity_client::{Client, ClientError};
use probity_primitives::OperatorId;

use super::Finding;
use super::clock::{Sample, Skew, skew};
use crate::cli::Global;
use crate::commands::genesis::now_ms;
use crate::commands::node::status;
use crate::exit::{Code, Failure};
use crate::home::Home;

/// How long the clocks are compared, so that at least one block comes.
const LOOK: Duration = Duration::from_secs(5);

/// All checks that need an answer.
pub(super) async fn ask(
    global: &Global,
    home: &Home,
    running: bool,
) -> Result<Vec<Finding>, Failure> {
    let (url, client) = status::client(global)?;
    let view = match client.status().await {
        Ok(answer) => answer.data,
        Err(error) => return Ok(vec![silent(&url, &error, running)]),
    };
    let now = now_ms()?;
    let mut findings = vec![chain(home, &view), peers(&view)];
    if let Some(operator) = home.settings.node.operator {
        findings.push(votes(&client, operator).await);
    }
    findings.push(clocks(&client, Sample { now, block: view.block_time_ms }).await?);
    Ok(findings)
}

fn silent(url: &str, error: &ClientError, running: bool) -> Finding {
    let message = format!("{url} does not answer: {error}");
    if running {
        let hint = "the process holds the home but its API is silent: read its log";
        return Finding::fail("API", Code::Unreachable, message, hint);
    }
    Finding::warn("API", message, "probity node start")
}

fn chain(home: &Home, view: &StatusView) -> Finding {
    let (ours, theirs) = (home.genesis.hash(), view.genesis_hash);
    if ours == theirs {
        return Finding::ok("chain", format!("{} at height {}", view.chain_id, view.height));
    }
    let message = format!("the node follows {} ({theirs}), the home is of {ours}", view.chain_id);
    Finding::fail("chain", Code::Config, message, "ask the node of this home: --node URL")
}

fn peers(view: &StatusView) -> Finding {
    match (view.peers, view.syncing) {
        (0, _) if view.validators > 1 => Finding::fail(
            "peers",
            Code::Unreachable,
            "no peer is connected",
            "see network.peers and consensus.peers, and the firewall",
        ),
        (peers, true) => Finding::warn(
            "peers",
            format!("{peers} peers, and the newest block is old"),
            "wait while it catches up; if the height stands still, see the clock and the peers",
        ),
        (peers, false) => Finding::ok("peers", format!("{peers} peers, keeping up")),
    }
}

async fn votes(client: &Client, operator: OperatorId) -> Finding {
    match status::votes(client, operator).await {
        Err(failure) => Finding::of("votes", &failure),
        Ok((0, seen)) => Finding::warn(
            "votes",
            format!("{operator} voted for none of the last {seen} blocks"),
            "`probity validator show` says whether it is jailed or has too little stake",
        ),
        Ok((voted, seen)) => {
            Finding::ok("votes", format!("{voted} of the last {seen} blocks have its vote"))
        }
    }
}

/// Compares the clocks by two looks at the newest block.
async fn clocks(client: &Client, first: Sample) -> Result<Finding, Failure> {
    tokio::time::sleep(LOOK).await;
    let Ok(answer) = client.status().await else {
        return Ok(Finding::warn("clock", "the node went away", "run the doctor again"));
    };
    let second = Sample { now: now_ms()?, block: answer.data.block_time_ms };
    let hint = "set the clock by NTP: `timedatectl set-ntp true`";
    Ok(match skew(first, second) {
        Skew::Fine => Finding::ok("clock", "agrees with the chain's"),
        Skew::Unknown => Finding::ok("clock", "cannot be compared: no block came, or many at once"),
        Skew::Ahead(by) => {
            let message = format!("this machine is {} s ahead of the chain", by / 1_000);
            Finding::fail("clock", Code::Other, message, hint)
        }
        Skew::Behind(by) => {
            let message = format!("this machine is {} s behind the chain", by / 1_000);
            Finding::fail("clock", Code::Other, message, hint)
        }
    })
}
