//! What a draft would do, tried on a copy of the node's state.

use probity_api::Envelope;
use probity_api::view::PreviewRequest;
use probity_client::Client;
use probity_primitives::Address;
use probity_protocol::Bucket;
use probity_runtime::governance::preview::{Balance, Difference, Preview, Standing};
use probity_runtime::query::PreviewView;
use probity_runtime::text::{SYMBOL, quoted};

use serde_json::Value;

use super::draft::Draft;
use crate::cli::Global;
use crate::exit::{Code, Failure};
use crate::output::{Table, show};
use crate::wallet::{client, failed};

/// Shows what a draft would do; one that would be refused is a failure, and its reason is shown.
pub(super) async fn run(
    global: &Global,
    draft: &Draft,
    account: Option<Address>,
) -> Result<(), Failure> {
    let tried = ask(&client(global)?, draft, account).await?;
    show(global.output, &tried, |tried| text(&tried.data))?;
    match &tried.data.preview.refused {
        None => Ok(()),
        Some(reason) => {
            Err(Failure::new(Code::TxFailed, format_args!("it would be refused: {reason}")))
        }
    }
}

/// Asks the node to try a draft.
pub(super) async fn ask(
    client: &Client,
    draft: &Draft,
    proposer: Option<Address>,
) -> Result<Envelope<PreviewView>, Failure> {
    let Draft { track, action, .. } = draft;
    let request = PreviewRequest { track: *track, proposer, action: action.clone() };
    client.preview(&request).await.map_err(failed)
}

/// What was found, for people.
pub(super) fn text(tried: &PreviewView) -> String {
    let PreviewView { preview, track, rules, waiting, queue, .. } = tried;
    format!(
        "{}\ntrack {track}: {} blocks of preparation, {} of decision, {} of confirmation, {} until \
         it takes effect; {waiting} of {queue} places in its queue taken\n{}",
        preview.says,
        rules.prepare,
        rules.decide,
        rules.confirm,
        rules.enact,
        effect(preview)
    )
}

/// Everything that would change, before and after.
pub(super) fn effect(preview: &Preview) -> String {
    let Preview { says: _, refused, parameters, balances, referenda, facts, events: _ } = preview;
    if let Some(reason) = refused {
        return format!("as things are it would be refused: {reason}");
    }
    let mut table = Table::new(&["", "before", "", "after"]);
    let mut row = |name: String, before: String, after: String| {
        table.row(vec![name, before, "->".to_owned(), after]);
    };
    for Difference { path, before, after } in parameters {
        row(quoted(path), quoted(before), quoted(after));
    }
    for Balance { bucket, before, after } in balances {
        row(place(bucket), format!("{before} {SYMBOL}"), format!("{after} {SYMBOL}"));
    }
    for Standing { referendum, before, after } in referenda {
        row(format!("referendum {referendum}"), before.to_string(), after.to_string());
    }
    for Difference { path, before, after } in facts {
        row(path.clone(), before.clone(), after.clone());
    }
    if [parameters.len(), balances.len(), referenda.len(), facts.len()] == [0; 4] {
        return "nothing in the state would change".to_owned();
    }
    table.text()
}

/// Where money is: the name of its bucket, and whose it is.
fn place(bucket: &Bucket) -> String {
    let value = serde_json::to_value(bucket).unwrap_or_default();
    let name = value.get("bucket").and_then(Value::as_str).unwrap_or_default();
    match value.get("of") {
        Some(Value::String(owner)) => format!("{name} {owner}"),
        Some(owner) => format!("{name} {owner}"),
        None => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Keypair, Network};

    use super::*;

    #[test]
    fn a_pause_is_not_called_no_change() {
        let nothing = Preview {
            says: "a text".to_owned(),
            refused: None,
            parameters: Vec::new(),
            balances: Vec::new(),
            referenda: Vec::new(),
            facts: Vec::new(),
            events: Vec::new(),
        };
        assert_eq!(effect(&nothing), "nothing in the state would change");
        let (path, before, after) = ("payouts", "go on", "paused until block 15");
        let fact = Difference {
            path: path.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let shown = effect(&Preview { facts: vec![fact], ..nothing });
        assert!([path, before, after].iter().all(|word| shown.contains(word)), "{shown}");
    }

    #[test]
    fn a_bucket_is_told_with_whose_it_is() {
        let account = Address::of(&Keypair::from_seed([1; 32]).public(), Network::Test);
        assert_eq!(place(&Bucket::Free(account)), format!("free {account}"));
        assert_eq!(place(&Bucket::GovDeposit(7)), "gov_deposit 7");
        assert_eq!(place(&Bucket::Treasury), "treasury");
    }
}
