//! `probity tx`: any message as JSON, and what became of a transaction.

use std::io::Read;

use probity_runtime::Message;

use crate::cli::{Global, Tx};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output::show;
use crate::wallet::{self, client, failed};

/// The longest message, in bytes of JSON.
const MAX_BYTES: u64 = 1 << 20;

pub(crate) fn run(global: &Global, verb: Tx) -> Result<(), Failure> {
    match verb {
        Tx::Send(send) => {
            let message = read(&send.message)?;
            block_on(wallet::send(global, &send.flags, message))
        }
        Tx::Show { hash } => {
            let found = block_on(async { client(global)?.receipt(&hash).await.map_err(failed) })?;
            let receipt = found.ok_or_else(|| {
                Failure::new(Code::Other, format_args!("no block has the transaction {hash}"))
                    .hint(format!("probity tx wait {hash}"))
            })?;
            show(global.output, &receipt, |receipt| wallet::text(&receipt.data))
        }
        Tx::Wait { hash, timeout } => {
            block_on(async { wallet::wait(global, &client(global)?, hash, timeout).await })
        }
    }
}

fn read(given: &str) -> Result<Message, Failure> {
    let text = if given == "-" {
        let mut text = String::new();
        std::io::stdin()
            .take(MAX_BYTES)
            .read_to_string(&mut text)
            .or_fail(Code::Usage, "cannot read the message")?;
        text
    } else {
        given.to_owned()
    };
    serde_json::from_str(&text).or_fail(Code::Usage, "the message is not one").map_err(|failure| {
        failure.hint(r#"for example {"transfer":{"to":"pbyt1..","amount":"1000000000"}}"#)
    })
}
