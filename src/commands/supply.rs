//! `probity supply`: all money, its caps, and the streams that flow.

use probity_protocol::supply::{Caps, Stream};
use probity_runtime::query::SupplyView;
use probity_runtime::text::SYMBOL;

use crate::cli::{Global, SupplyVerb};
use crate::commands::block_on;
use crate::exit::Failure;
use crate::output::{Table, show};
use crate::wallet::{client, failed};

pub(crate) fn run(global: &Global, verb: SupplyVerb) -> Result<(), Failure> {
    let SupplyVerb::Show = verb;
    let supply = block_on(async { client(global)?.supply().await.map_err(failed) })?;
    show(global.output, &supply, |supply| text(&supply.data))
}

fn text(view: &SupplyView) -> String {
    let SupplyView { genesis, minted, burned, expected, sum, caps, streams, .. } = view;
    let mut table = Table::new(&["", ">amount", ""]);
    let mut row = |name: &str, amount: String, why: &str| {
        table.row(vec![name.to_owned(), format!("{amount} {SYMBOL}"), why.to_owned()]);
    };
    row("supply", expected.to_string(), "genesis + minted - burned");
    row("in all buckets", sum.to_string(), if sum == expected { "agrees" } else { "DIFFERS" });
    row("genesis", genesis.to_string(), "");
    row("minted", minted.to_string(), "since genesis");
    row("burned", burned.to_string(), "since genesis");
    row("treasury", view.treasury.to_string(), "");
    row("reward pool", view.reward_pool.to_string(), "");
    row("audit pool", view.audit_pool.to_string(), "");
    row("streaming", view.streaming.to_string(), "minted, and not yet in the pools");
    let Caps { year, compute, ever } = caps;
    row("cap of the year", year.to_string(), "5 % of the supply at its start, less what it minted");
    row("cap of work", compute.to_string(), "earned by verified seats, less what that minted");
    row("cap of all time", ever.to_string(), "what genesis gave out, less all minted");
    row("may be minted", caps.least().to_string(), "the least of the three");
    let mut text = table.text();
    for Stream { id, amount, released, began, blocks, .. } in streams {
        let end = began.0.saturating_add(*blocks);
        text.push_str(&format!(
            "stream {id}: {released} of {amount} {SYMBOL} released, since block {began} until {end}\n"
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Amount, Bps, Height};
    use probity_protocol::supply::Shares;

    use super::*;

    #[test]
    fn the_least_cap_counts_and_books_that_differ_are_shouted() {
        let amount = Amount::from_tokens;
        let mut view = SupplyView {
            genesis: amount(1_000),
            minted: amount(10),
            burned: amount(1),
            expected: amount(1_009),
            sum: amount(1_009),
            audit_pool: amount(1),
            reward_pool: amount(2),
            treasury: amount(3),
            streaming: amount(5),
            caps: Caps { year: amount(40), compute: amount(7), ever: amount(990) },
            streams: vec![Stream {
                id: 4,
                amount: amount(10),
                released: amount(5),
                began: Height(100),
                blocks: 60,
                shares: Shares { audit_pool: Bps::new(0), reward_pool: Bps::new(0) },
            }],
        };
        let said = text(&view);
        let least = said.lines().find(|line| line.contains("may be minted")).unwrap();
        assert!(least.contains(" 7 PBY"), "{said}");
        assert!(said.contains("stream 4: 5 of 10 PBY released, since block 100 until 160"));
        assert!(said.contains("agrees"));
        view.sum = amount(1_008);
        assert!(text(&view).contains("DIFFERS"));
    }
}
