//! `probity query`: raw reads, checked against the header that they come with.

use probity_api::view::ProofView;
use probity_primitives::Height;

use crate::cli::{Global, Query};
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};
use crate::output::show;
use crate::wallet::{client, failed};

pub(crate) fn run(global: &Global, verb: Query) -> Result<(), Failure> {
    let Query::Proof { key, height } = verb;
    let key = hex::decode(key).or_fail(Code::Usage, "the state key")?;
    // The client refuses a proof that does not lead to its header's state root.
    let proof =
        block_on(async { client(global)?.proof(&key, height.map(Height)).await.map_err(failed) })?;
    show(global.output, &proof, |proof| {
        let ProofView { proof, header, .. } = &proof.data;
        let value = proof.value.as_ref().map_or_else(|| "none".to_owned(), |v| hex::encode(&**v));
        let (key, height, root) = (hex::encode(&*proof.key), proof.height, header.state_root);
        format!("key {key}\nvalue {value}\nheight {height}\nproven under state root {root}")
    })
}
