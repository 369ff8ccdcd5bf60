//! The tracks with what they ask for, and every parameter that a vote can change.

use std::collections::BTreeMap;

use probity_dao::{Bar, Deposit, Params, Track, TrackRules};
use probity_runtime::governance::parameters;
use probity_runtime::text::{SYMBOL, percent};
use serde::Serialize;

use crate::cli::Global;
use crate::exit::Failure;
use crate::output::{Table, show as answer};
use crate::wallet::{client, failed};

/// Every parameter with its value.
#[derive(Debug, Serialize)]
struct All {
    schema: &'static str,
    parameters: BTreeMap<String, String>,
}

pub(super) async fn show(global: &Global, all: bool) -> Result<(), Failure> {
    let client = client(global)?;
    let governance = client.governance(None).await.map_err(failed)?;
    if !all {
        return answer(global.output, &governance, |governance| tracks(&governance.data));
    }
    let rules = client.params().await.map_err(failed)?.data;
    let parameters = parameters::list(&rules, &governance.data).into_iter().collect();
    let all = All { schema: "probity.parameters/v1", parameters };
    answer(global.output, &all, |all| {
        let mut table = Table::new(&["parameter", "value"]);
        for (path, value) in &all.parameters {
            table.row(vec![path.clone(), value.clone()]);
        }
        table.text()
    })
}

fn tracks(params: &Params) -> String {
    let headings = [
        "track",
        ">deposit",
        ">slots",
        ">prepare",
        ">decide",
        ">confirm",
        ">enact",
        ">approval",
        ">support",
    ];
    let mut table = Table::new(&headings);
    for track in Track::ALL {
        let TrackRules { deposit, slots, prepare, decide, confirm, enact, approval, support } =
            params.track(track);
        let deposit = match deposit {
            Deposit::Fixed(amount) => format!("{amount} {SYMBOL}"),
            Deposit::DisputeBond => "the bond".to_owned(),
        };
        table.row(vec![
            track.to_string(),
            deposit,
            slots.to_string(),
            prepare.to_string(),
            decide.to_string(),
            confirm.to_string(),
            enact.to_string(),
            bar(approval),
            bar(support),
        ]);
    }
    let Params { lock_period, extension, cool_down, veto, blocks_per_day, .. } = params;
    format!(
        "{}\nperiods are in blocks, {blocks_per_day} a day\none lock period is {lock_period} blocks, \
         a late extension {extension}\nthe same call again after {cool_down} blocks, at twice the \
         deposit\na deposit burns from {} nays with veto on\n",
        table.text(),
        percent(*veto)
    )
}

fn bar(bar: &Bar) -> String {
    match bar {
        Bar::AtLeast(falling) if falling.high() == falling.low() => percent(falling.low()),
        Bar::AtLeast(falling) => {
            format!("{} to {}", percent(falling.high()), percent(falling.low()))
        }
        Bar::MoreThanHalf => "over 50 %".to_owned(),
    }
}
