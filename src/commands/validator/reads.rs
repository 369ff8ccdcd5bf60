//! What operators and accounts have, as tables.

use std::cmp::Reverse;

use probity_client::ListArgs;
use probity_primitives::{Address, Amount, OperatorId};
use probity_protocol::staking::{Operator, Standing};
use probity_runtime::query::{AccountView, OperatorView, RewardView, SlashView};
use probity_runtime::text::quoted;

use crate::cli::{Account, AccountVerb, Global};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output::{self, Table};
use crate::wallet::{client, failed, of_network};

/// The most operators that are listed.
const MOST: usize = 200;

pub(super) async fn list(global: &Global) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(MOST), cursor: None };
    let mut list = client(global)?.operators(&args).await.map_err(failed)?;
    list.data.sort_by_key(|view| (Reverse(view.bonded), view.id));
    output::show(global.output, &list, |list| table(&list.data))
}

fn table(operators: &[OperatorView]) -> String {
    let headings = ["name", ">bonded", ">power", ">commission", "standing", "drawable", "operator"];
    let mut table = Table::new(&headings);
    for OperatorView { id, bonded, power, drawable, operator, .. } in operators {
        table.row(vec![
            quoted(&operator.name),
            format!("{bonded} PBY"),
            power.to_string(),
            operator.commission.to_string(),
            standing(&operator.standing),
            if *drawable { "yes" } else { "no" }.to_owned(),
            id.to_string(),
        ]);
    }
    table.text()
}

fn standing(standing: &Standing) -> String {
    match standing {
        Standing::Active => "active".to_owned(),
        Standing::Jailed { until } => format!("jailed until {until}"),
        Standing::Tombstoned => "barred".to_owned(),
    }
}

pub(super) async fn show(global: &Global, operator: OperatorId) -> Result<(), Failure> {
    let view = client(global)?.operator(&operator).await.map_err(failed)?;
    output::show(global.output, &view, |view| detail(&view.data))
}

fn detail(view: &OperatorView) -> String {
    let OperatorView { id, bonded, locked, power, drawable, operator } = view;
    let Operator { owner, key, vrf, name, commission, classes, misses, .. } = operator;
    let mut table = Table::new(&["", ""]);
    let mut row = |name: &str, value: String| table.row(vec![name.to_owned(), value]);
    row("operator", id.to_string());
    row("name", quoted(name));
    row("standing", standing(&operator.standing));
    row("owner", owner.to_string());
    row("hot key", key.to_string());
    row("beacon key", vrf.to_string());
    row("bonded", format!("{bonded} PBY"));
    row("locked by seats", format!("{locked} PBY"));
    row("voting power", power.to_string());
    row("drawn in this epoch", if *drawable { "may be" } else { "no" }.to_owned());
    row("commission", commission.to_string());
    row("classes", listed(classes.iter()));
    row("missed of the last 32", misses.bits.count_ones().to_string());
    table.text()
}

fn listed<T: ToString>(values: impl Iterator<Item = T>) -> String {
    let values: Vec<String> = values.map(|value| value.to_string()).collect();
    if values.is_empty() { "none".to_owned() } else { values.join(", ") }
}

pub(super) async fn rewards(global: &Global, operator: OperatorId) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(MOST), cursor: None };
    let list = client(global)?.rewards(&operator, &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let mut table = Table::new(&["task", ">seats", ">paid", "openings", "state", ">height"]);
        for RewardView { task, seats, clean, paid, published, state, .. } in &list.data {
            let openings = match clean {
                Some(true) => "passed",
                Some(false) => "failed",
                None => "open",
            };
            table.row(vec![
                task.to_string(),
                seats.to_string(),
                format!("{paid} PBY"),
                openings.to_owned(),
                format!("{state:?}").to_lowercase(),
                published.to_string(),
            ]);
        }
        let sum = Amount::sum(list.data.iter().map(|reward| reward.paid)).unwrap_or_default();
        let more = if list.next.is_some() { ", and there are more" } else { "" };
        format!("{}paid {sum} PBY in {} tasks{more}", table.text(), list.data.len())
    })
}

pub(super) async fn slashes(global: &Global, operator: Option<OperatorId>) -> Result<(), Failure> {
    let args = ListArgs { limit: Some(MOST), cursor: None };
    let list = client(global)?.slashes(operator.as_ref(), &args).await.map_err(failed)?;
    output::show(global.output, &list, |list| {
        let mut table = Table::new(&[">id", "fault", ">amount", ">recorded", ">due", "operator"]);
        for SlashView { id, code, slash } in &list.data {
            table.row(vec![
                id.to_string(),
                code.clone(),
                format!("{} PBY", slash.amount),
                slash.recorded.to_string(),
                slash.due.to_string(),
                slash.operator.to_string(),
            ]);
        }
        table.text()
    })
}

/// `probity account`.
pub(crate) fn account(global: &Global, verb: AccountVerb) -> Result<(), Failure> {
    let AccountVerb::Show { account } = verb;
    let account = Account::read(&account).or_fail(Code::Usage, "the account")?;
    block_on(async {
        let client = client(global)?;
        let address = match account {
            Account::Address(address) => of_network(&client, address).await?,
            Account::Key(key) => {
                Address::of(&key, client.identity().await.map_err(failed)?.network)
            }
        };
        let view = client.account(&address).await.map_err(failed)?;
        output::show(global.output, &view, |view| holdings(&view.data))
    })
}

fn holdings(view: &AccountView) -> String {
    let AccountView { address, free, nonce, bonded, leaving } = view;
    let mut text = format!("account {address}\nfree {free} PBY\nnext nonce {nonce}");
    for part in bonded {
        text.push_str(&format!("\nbonded {} PBY behind {}", part.value, part.operator));
    }
    for part in leaving {
        let (epoch, until) = (part.epoch, part.until);
        text.push_str(&format!(
            "\nleaving {} PBY from {}, since epoch {epoch}, free from height {until} on",
            part.value, part.operator
        ));
    }
    text
}
