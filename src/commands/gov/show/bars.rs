//! Bars with numbers, and how what they ask for falls.

use probity_dao::ReferendumId;
use probity_primitives::{Height, Ppm};
use probity_runtime::query::{BarView, Fall, Standing, VetoView};
use probity_runtime::text::{SYMBOL, percent};
use serde::Serialize;

use crate::cli::Global;
use crate::exit::Failure;
use crate::output::{self, Table};
use crate::wallet::{client, failed};

/// How many marks a bar has.
const WIDTH: usize = 40;

/// The bars of a referendum.
#[derive(Debug, Serialize)]
struct Tallied {
    schema: &'static str,
    height: Height,
    referendum: ReferendumId,
    tally: probity_dao::Tally,
    standing: Standing,
}

pub(in super::super) async fn tally(
    global: &Global,
    id: ReferendumId,
    at: Option<Height>,
) -> Result<(), Failure> {
    let found = client(global)?.referendum(id, at).await.map_err(failed)?;
    let (height, view) = (found.height, found.data);
    let tally = view.referendum.tally;
    let standing = view.standing;
    let schema = "probity.gov-tally/v1";
    let tallied = Tallied { schema, height, referendum: id, tally, standing };
    output::show(global.output, &tallied, |tallied| {
        let turnout = tallied.tally.turnout;
        format!("{}turnout {turnout} {SYMBOL}, at block {height}\n", text(&tallied.standing))
    })
}

/// The bars, what is missing, and how what they ask for falls.
pub(super) fn text(standing: &Standing) -> String {
    let Standing { approval, support, veto, passes: _, falls } = standing;
    let mut text = String::from("\nvotes\n");
    text.push_str(&line("approval", approval, "of the weighted ayes and nays"));
    text.push_str(&line("support", support, "of all tokens"));
    let VetoView { have, of, share, burns, met } = veto;
    let said = if *met { "the deposit would burn" } else { "the deposit burns from there on" };
    text.push_str(&format!(
        "  veto      {} {} ({have} of {of} {SYMBOL}); {} and {said}\n",
        drawn(*share, *burns),
        percent(*share),
        percent(*burns),
    ));
    let mut table = Table::new(&["decision", ">approval", ">support"]);
    for Fall { blocks, at, approval, support } in falls {
        let when = match at {
            Some(height) => format!("block {height}"),
            None => format!("block {blocks} of it"),
        };
        table.row(vec![when, percent(*approval), percent(*support)]);
    }
    text.push_str(&format!("\nasked for\n{}", table.text()));
    text
}

fn line(name: &str, bar: &BarView, of_what: &str) -> String {
    let BarView { have, of, share, asked, exceed, met, missing } = bar;
    let more = if *exceed { "more than " } else { "" };
    let lacks = match missing {
        _ if *met => "met".to_owned(),
        Some(missing) => format!("needs {missing} {SYMBOL} more"),
        None => "cannot be met by more of it".to_owned(),
    };
    format!(
        "  {name:<9} {} {} {of_what} ({have} of {of} {SYMBOL}); asked for: {more}{}; {lacks}\n",
        drawn(*share, *asked),
        percent(*share),
        percent(*asked),
    )
}

/// A bar with a mark where it has to reach.
fn drawn(share: Ppm, asked: Ppm) -> String {
    let places = |share: Ppm| {
        let whole = usize::try_from(Ppm::ONE.parts()).unwrap_or(usize::MAX);
        let parts = usize::try_from(share.parts()).unwrap_or_default().min(whole);
        parts.saturating_mul(WIDTH).checked_div(whole).unwrap_or_default()
    };
    let (filled, mark) = (places(share), places(asked).min(WIDTH - 1));
    let place = |place: usize| match place {
        place if place == mark => '|',
        place if place < filled => '#',
        _ => '.',
    };
    format!("[{}]", (0..WIDTH).map(place).collect::<String>())
}

#[cfg(test)]
mod tests {
    use probity_primitives::Amount;

    use super::*;

    #[test]
    fn a_bar_is_as_full_as_its_share_and_marked_where_it_has_to_reach() {
        let check = |share, asked, expected: &str| {
            assert_eq!(drawn(Ppm::new(share), Ppm::new(asked)), expected);
        };
        check(500_000, 750_000, "[####################..........|.........]");
        check(0, 1_000_000, "[.......................................|]");
        check(1_000_000, 0, "[|#######################################]");
    }

    #[test]
    fn a_bar_says_how_much_is_missing() {
        let bar = BarView {
            have: Amount::from_tokens(1),
            of: Amount::from_tokens(10),
            share: Ppm::new(100_000),
            asked: Ppm::new(250_000),
            exceed: false,
            met: false,
            missing: Some(Amount::from_units(1_500_000_000)),
        };
        let said = line("support", &bar, "of all tokens");
        assert!(said.contains("10 % of all tokens (1 of 10 PBY)"), "{said}");
        assert!(said.contains("asked for: 25 %; needs 1.5 PBY more"), "{said}");
        let said = line("support", &BarView { met: true, ..bar }, "of all tokens");
        assert!(said.contains("; met"), "{said}");
    }
}
