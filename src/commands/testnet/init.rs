//! Writing the homes of a network.

use std::path::{Path, PathBuf};
use std::time::Duration;

use probity_keys::secret::Secret;
use probity_primitives::{Address, Amount, BoundedVec, Bps, Hash, Network, OperatorId};
use probity_runtime::genesis::{GenesisAccount, GenesisOperator};
use probity_runtime::{Chain, Genesis};
use serde::Serialize;

use crate::cli::{Global, NetworkKind, ParamsKind, Shape, TestnetInit};
use crate::commands::genesis::{add_account, add_operator, blank};
use crate::demo::cast::text;
use crate::exit::{Code, Failure, OrFail};
use crate::home::cluster::{self, Chosen, Ports};
use crate::home::sealed::{PASSPHRASE_FILE, Sealer};
use crate::home::{self, Layers, Place};
use crate::output;

/// What stands behind each validator at first.
const BOND: u64 = 200_000;
/// What each owner may spend.
const OWNER: u64 = 100_000;
/// What each hot key has for fees.
const FEES: u64 = 1_000;
/// What the rich account has.
const FAUCET: u64 = 10_000_000;

/// What was written.
#[derive(Debug, Serialize)]
struct Written {
    schema: &'static str,
    folder: PathBuf,
    chain_id: String,
    genesis_hash: Hash,
    faucet: Address,
    nodes: Vec<Member>,
}

/// One validator.
#[derive(Debug, Serialize)]
struct Member {
    home: PathBuf,
    operator: OperatorId,
    api: String,
}

pub(super) fn init(global: &Global, arguments: &TestnetInit) -> Result<(), Failure> {
    let changes: Vec<Chosen> = arguments
        .changes
        .set
        .iter()
        .map(|change| Layers::change(change))
        .collect::<Result<_, _>>()?;
    let folder = new_folder(&arguments.folder)?;
    let ports = Ports::spaced(arguments.validators, arguments.first_port)?;
    let shape = Shape { network: NetworkKind::Test, params: ParamsKind::Development, time: None };
    let mut genesis = blank(&arguments.chain_id, shape)?;
    let faucet = faucet(&folder, &mut genesis)?;
    let mut members = Vec::new();
    for (number, ports) in ports.iter().enumerate() {
        output::say(global, &format!("sealing the keys of node {number}"));
        let home = folder.join(format!("{}{number}", super::NODE));
        let operator = keys(&Place::under(&home), &format!("node-{number}"), &mut genesis)?;
        members.push(Member { home, operator, api: format!("http://{}", ports.api) });
    }
    Chain::genesis(&genesis).or_fail(Code::Config, "the genesis document does not hold")?;
    for (number, (member, own)) in members.iter().zip(&ports).enumerate() {
        let mut chosen = cluster::identity(&format!("node-{number}"), Some(member.operator));
        chosen.extend(own.settings(&ports));
        chosen.push(cluster::block_time(Duration::from_millis(arguments.block_time)));
        chosen.push(("keys.passphrase_file", cluster::text(&PASSPHRASE_FILE)));
        chosen.extend(changes.iter().cloned());
        home::create(&Place::under(&member.home), &chosen, &genesis)?;
    }
    home::write_new(&folder.join("compose.yaml"), compose(members.len()).as_bytes())?;
    let written = Written {
        schema: "probity.testnet/v1",
        folder,
        chain_id: genesis.chain_id.to_string(),
        genesis_hash: genesis.hash(),
        faucet,
        nodes: members,
    };
    output::show(global.output, &written, Written::text)
}

fn new_folder(folder: &Path) -> Result<PathBuf, Failure> {
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is not empty", folder.display());
        return Err(Failure::new(Code::Usage, message).hint("name a new folder with --dir"));
    }
    let what = format!("cannot make {}", folder.display());
    std::fs::create_dir_all(folder).or_fail(Code::Other, &what)?;
    folder.canonicalize().or_fail(Code::Other, &what)
}

/// An account to pay for things with.
fn faucet(folder: &Path, genesis: &mut Genesis) -> Result<Address, Failure> {
    let place = Place::under(folder);
    private(&place.keys)?;
    let sealer = Sealer::with_random_words(&place.keys)?;
    let address = account(&sealer.make("faucet.json", "a rich account of a test network")?);
    pay(genesis, address, FAUCET)?;
    Ok(address)
}

/// The keys of one validator, and its entry in the document.
fn keys(place: &Place, name: &str, genesis: &mut Genesis) -> Result<OperatorId, Failure> {
    private(&place.keys)?;
    let sealer = Sealer::with_random_words(&place.keys)?;
    let owner = account(&sealer.make("owner.json", "the cold key: stake and votes")?);
    let operator = sealer.make("operator.json", "the hot key: blocks and evaluations")?;
    let beacon = sealer.make_beacon("beacon.json", "the key of contributions to the beacon")?;
    let vrf = beacon.beacon().ok_or_else(|| Failure::new(Code::Key, "no beacon key"))?;
    let entry = GenesisOperator {
        owner,
        key: operator.keypair().public(),
        vrf: vrf.public(),
        name: text(name)?,
        commission: Bps::new(500),
        classes: BoundedVec::from_vec(vec![0]).or_fail(Code::Other, "the classes")?,
        bonded: Amount::from_tokens(BOND),
    };
    let id = entry.id();
    add_operator(genesis, entry)?;
    pay(genesis, owner, OWNER)?;
    pay(genesis, account(&operator), FEES)?;
    Ok(id)
}

fn private(folder: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    let what = format!("cannot make {}", folder.display());
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true).mode(0o700).create(folder).or_fail(Code::Other, &what)
}

fn account(secret: &Secret) -> Address {
    Address::of(&secret.keypair().public(), Network::Test)
}

fn pay(genesis: &mut Genesis, address: Address, tokens: u64) -> Result<(), Failure> {
    add_account(genesis, GenesisAccount { address, balance: Amount::from_tokens(tokens) })
}

/// The same network in containers, which share the host's loopback.
fn compose(nodes: usize) -> String {
    let mut text = String::from(
        "# The validators of this folder in containers. They share the host's network, so the\n\
         # addresses in each node.toml hold; Linux only. Build the image first:\n\
         #   docker build -t probity -f packaging/Dockerfile .\n\
         services:\n",
    );
    for number in 0..nodes {
        text += &format!(
            "  node-{number}:\n    image: probity\n    network_mode: host\n    \
             user: \"${{UID:-1000}}:${{GID:-1000}}\"\n    \
             command: [\"node\", \"start\", \"--home\", \"/home/probity\"]\n    \
             volumes: [\"./node-{number}:/home/probity\"]\n    restart: on-failure\n    \
             stop_grace_period: 30s\n    healthcheck:\n      \
             test: [\"CMD\", \"probity\", \"node\", \"status\", \"--home\", \"/home/probity\"]\n      \
             interval: 15s\n      timeout: 10s\n      start_period: 30s\n"
        );
    }
    text
}

impl Written {
    fn text(&self) -> String {
        let Self { schema: _, folder, chain_id, genesis_hash, faucet, nodes } = self;
        let folder = folder.display();
        let mut text =
            format!("chain    {chain_id}\ngenesis  {genesis_hash}\nfaucet   {faucet}\n\n");
        let mut table = output::Table::new(&["home", "operator", "API"]);
        for node in nodes {
            table.row(vec![
                node.home.display().to_string(),
                node.operator.to_string(),
                node.api.clone(),
            ]);
        }
        text += &table.text();
        text += &format!("\nStart it with: probity testnet start --dir {folder}");
        text
    }
}
