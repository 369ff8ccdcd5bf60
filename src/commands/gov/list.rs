//! Lists: referenda, votes, delegations; and all votes as CSV.

use std::io::Write;

use probity_client::ListArgs;
use probity_dao::{Delegation, ReferendumId, Track};
use probity_primitives::{Address, Height};
use probity_runtime::query::{
    GivenView, NextStep, NextView, ReferendumFilter, ReferendumView, VoteView,
};
use probity_runtime::text::{SYMBOL, percent, quoted};

use super::ballot;
use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{self, Table};
use crate::wallet::fact::times;
use crate::wallet::{client, failed, of_network};

pub(super) async fn referenda(
    global: &Global,
    filter: &ReferendumFilter,
    limit: usize,
    at: Option<Height>,
) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(limit), cursor: None };
    let list = client(global)?.referenda(filter, at, &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let headings = [">id", "track", "stage", ">approval", ">support", "next", "title"];
        let mut table = Table::new(&headings);
        for view in &list.data {
            table.row(row(view));
        }
        format!("{}{}", table.text(), more(list.next.is_some()))
    })
}

fn row(view: &ReferendumView) -> Vec<String> {
    let ReferendumView { id, referendum: known, standing, next, .. } = view;
    let bar = |bar: &probity_runtime::query::BarView| {
        format!("{} / {}", percent(bar.share), percent(bar.asked))
    };
    let next = match next {
        Some(NextView { step: NextStep::Queue, at }) => format!("queue at {at}"),
        Some(NextView { step: NextStep::End, at }) => format!("ends at {at}"),
        Some(NextView { step: NextStep::Pass, at }) => format!("passes at {at}"),
        Some(NextView { step: NextStep::Enact, at }) => format!("in effect at {at}"),
        None => "-".to_owned(),
    };
    vec![
        id.to_string(),
        known.track.to_string(),
        known.stage.name().to_string(),
        bar(&standing.approval),
        bar(&standing.support),
        next,
        quoted(&known.title),
    ]
}

pub(super) async fn votes(
    global: &Global,
    id: ReferendumId,
    limit: usize,
    at: Option<Height>,
) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(limit), cursor: None };
    let list = client(global)?.votes(id, at, &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let mut table = Table::new(&["account", "vote", ">of others"]);
        for VoteView { account, vote } in &list.data {
            let carried = vote.carried.votes.weight();
            table.row(vec![
                account.to_string(),
                ballot::words(&vote.ballot),
                format!("{carried} {SYMBOL}"),
            ]);
        }
        let more =
            if list.next.is_some() { "there are more: --csv gives all of them\n" } else { "" };
        format!("{}{more}", table.text())
    })
}

/// Writes all votes as they arrive.
pub(super) async fn csv(
    global: &Global,
    id: ReferendumId,
    at: Option<Height>,
) -> Result<(), Failure> {
    let mut rows = client(global)?.votes_csv(id, at).await.map_err(failed)?;
    output::say(global, &format!("votes on referendum {id} after block {}", rows.height()));
    let mut stdout = std::io::stdout().lock();
    while let Some(chunk) = rows.next().await.map_err(failed)? {
        match stdout.write_all(&chunk) {
            // A reader that has seen enough is not an error.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(()),
            written => written.or_fail(Code::Other, "cannot write the answer")?,
        }
    }
    stdout.flush().or_fail(Code::Other, "cannot write the answer")
}

pub(super) async fn delegations(
    global: &Global,
    (track, to): (Option<Track>, Option<Address>),
    limit: usize,
    at: Option<Height>,
) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(limit), cursor: None };
    let client = client(global)?;
    let to = match to {
        Some(account) => Some(of_network(&client, account).await?),
        None => None,
    };
    let list = client.delegations(track, to.as_ref(), at, &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let mut table = Table::new(&["track", "from", "to", ">amount", ">weight", ">since"]);
        for GivenView { account, track, delegation } in &list.data {
            let Delegation { to, amount, conviction, since } = delegation;
            table.row(vec![
                track.to_string(),
                account.to_string(),
                to.to_string(),
                format!("{amount} {SYMBOL}"),
                times(*conviction).to_owned(),
                since.to_string(),
            ]);
        }
        format!("{}{}", table.text(), more(list.next.is_some()))
    })
}

const fn more(there_are: bool) -> &'static str {
    if there_are { "there are more: --limit, up to 200\n" } else { "" }
}
