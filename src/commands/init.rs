//! `probity init`: a new home.
//!
//! A node without keys is the usual case: it follows, serves and checks. The keys of one that votes
//! are made on request, and never the cold one, which has no business on this machine.

use std::path::{Path, PathBuf};

use probity_client::Client;
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{Hash, OperatorId, PublicKey};
use probity_runtime::Genesis;
use serde::Serialize;

use crate::cli::{Global, Init, NetworkKind, ParamsKind, Shape};
use crate::commands::block_on;
use crate::commands::genesis::blank;
use crate::exit::{Code, Failure, OrFail};
use crate::home::cluster::{self, Chosen};
use crate::home::sealed::Sealer;
use crate::home::{self, Layers, Place};
use crate::wallet::failed;
use crate::{output, passphrase};

/// What was made.
#[derive(Debug, Serialize)]
struct Made {
    schema: &'static str,
    config: PathBuf,
    chain_id: String,
    genesis_hash: Hash,
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Keys>,
}

/// The public side of a validator.
#[derive(Debug, Serialize)]
struct Keys {
    operator_key: PublicKey,
    beacon_key: VrfPublicKey,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<OperatorId>,
}

pub(crate) fn run(global: &Global, arguments: &Init) -> Result<(), Failure> {
    let place = Place::of(global)?;
    for path in [place.file(), place.genesis()] {
        if path.exists() {
            let message =
                format!("{} is there already, and nothing is overwritten", path.display());
            return Err(Failure::new(Code::Usage, message).hint("name a new folder with --home"));
        }
    }
    let genesis = genesis(arguments)?;
    let mut chosen = cluster::identity(&arguments.moniker, None);
    chosen.push(cluster::metrics());
    for change in &arguments.changes.set {
        chosen.push(Layers::change(change)?);
    }
    let keys = if arguments.validator {
        Some(keys(global, arguments, &place, &mut chosen)?)
    } else {
        None
    };
    home::create(&place, &chosen, &genesis)?;
    Layers::read(&place, &[])?.settings()?;
    let made = Made {
        schema: "probity.init/v1",
        config: place.file(),
        chain_id: genesis.chain_id.to_string(),
        genesis_hash: genesis.hash(),
        keys,
    };
    output::show(global.output, &made, |made| made.text(arguments))
}

/// The document that the flags name, or a new one with nobody in it.
fn genesis(arguments: &Init) -> Result<Genesis, Failure> {
    let Some(source) = &arguments.genesis else {
        let Some(chain_id) = &arguments.chain_id else {
            return Err(Failure::new(Code::Usage, "neither --genesis nor --chain-id is given")
                .hint("--genesis FILE joins a chain, --chain-id NAME begins a new one"));
        };
        let shape = Shape { network: NetworkKind::Test, params: ParamsKind::Main, time: None };
        let genesis = blank(chain_id, shape)?;
        genesis.validate().or_fail(Code::Config, "cannot make the document")?;
        return Ok(genesis);
    };
    let remote = source.starts_with("http://") || source.starts_with("https://");
    let genesis = if remote { block_on(fetch(source))? } else { home::genesis(Path::new(source))? };
    let (hash, name) = (genesis.hash(), &genesis.chain_id);
    if let Some(wanted) = arguments.genesis_hash.filter(|wanted| *wanted != hash) {
        let message = format!("{source} has the hash {hash}, not {wanted}");
        return Err(Failure::new(Code::Verification, message));
    }
    if remote && arguments.genesis_hash.is_none() {
        let message = format!("{source} gives a document with the hash {hash}, for {name}");
        return Err(Failure::new(Code::Usage, message).hint(format!(
            "one node's word is not enough: compare the hash elsewhere, then --genesis-hash {hash}"
        )));
    }
    if let Some(wanted) = arguments.chain_id.as_ref().filter(|wanted| **wanted != **name) {
        let message = format!("{source} is the document of {name}, not of {wanted}");
        return Err(Failure::new(Code::Config, message));
    }
    Ok(genesis)
}

async fn fetch(url: &str) -> Result<Genesis, Failure> {
    let client = Client::new(url).or_fail(Code::Usage, "--genesis")?;
    let genesis = client.genesis().await.map_err(failed)?.data;
    genesis.validate().or_fail(Code::Config, "the node's document does not hold")?;
    Ok(genesis)
}

/// Makes the keys of a node that votes, and the settings that name them.
fn keys(
    global: &Global,
    arguments: &Init,
    place: &Place,
    chosen: &mut Vec<Chosen>,
) -> Result<Keys, Failure> {
    let what = "a passphrase for the keys of this node";
    let passphrase =
        passphrase::chosen(global, &arguments.passphrase, what, "--passphrase-file FILE")?;
    if let Some(file) = arguments.passphrase_file() {
        let file = file.canonicalize().or_fail(Code::Key, "--passphrase-file")?;
        chosen.push(("keys.passphrase_file", cluster::text(&file.display())));
    }
    place.make()?;
    let sealer = Sealer::new(&place.keys, passphrase);
    let operator = sealer.make("operator.json", "the hot key: blocks and evaluations")?;
    let beacon = sealer.make_beacon("beacon.json", "the key of contributions to the beacon")?;
    let vrf = beacon.beacon().ok_or_else(|| Failure::new(Code::Key, "no beacon key"))?;
    let operator_key = operator.keypair().public();
    let operator = arguments.owner.map(|owner| OperatorId::of(&owner, &operator_key));
    if let Some(operator) = operator {
        chosen.push(("node.operator", cluster::text(&operator)));
    }
    Ok(Keys { operator_key, beacon_key: vrf.public(), operator })
}

impl Made {
    fn text(&self, arguments: &Init) -> String {
        let Self { schema: _, config, chain_id, genesis_hash, keys } = self;
        let mut text = format!(
            "settings  {}\nchain     {chain_id}\ngenesis   {genesis_hash}\n",
            config.display()
        );
        if let Some(Keys { operator_key, beacon_key, operator }) = keys {
            text += &format!("operator key  {operator_key}\nbeacon key    {beacon_key}\n");
            match operator {
                Some(operator) => text += &format!("operator      {operator}\n"),
                None => text += "Set node.operator once the cold key's account is known.\n",
            }
        }
        text += if arguments.genesis.is_none() {
            "The document has nobody in it: `probity genesis add-account`, `add-validator`."
        } else {
            "Name other nodes in consensus.peers and network.peers, then `probity node start`."
        };
        text
    }
}
