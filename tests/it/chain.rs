//! A chain of node processes: who is in its genesis document, their homes and their processes.

use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::Duration;

use probity_client::Client;
use probity_node::ports::reserve_loopback;
use probity_primitives::vrf::VrfSecret;
use probity_primitives::{
    Address, Amount, BoundedString, BoundedVec, Bps, Domain, Hash, Keypair, Network, OperatorId,
};
use probity_protocol::Params;
use probity_runtime::genesis::{GENESIS_SCHEMA, Genesis, GenesisAccount, GenesisOperator, Token};

use crate::support::probity;

/// How long anything of a test's chain may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);
/// Blocks are at least this far apart, in milliseconds, unless a test needs more time in each.
const BLOCK_TIME_MS: u64 = 300;

/// An operator with its keys.
pub(crate) struct Actor {
    pub(crate) key: Keypair,
    pub(crate) operator: OperatorId,
    pub(crate) beacon: [u8; 32],
    owner: Address,
}

impl Actor {
    fn new(number: usize) -> Self {
        let key = key("operator", number);
        let owner = account(&self::key("owner", number));
        let operator = OperatorId::of(&owner, &key.public());
        Self { key, operator, beacon: seed("beacon", number), owner }
    }

    fn in_genesis(&self) -> GenesisOperator {
        GenesisOperator {
            owner: self.owner,
            key: self.key.public(),
            vrf: VrfSecret::from_seed(self.beacon).unwrap().public(),
            name: text(&self.operator.to_string()[..16]),
            commission: Bps::new(500),
            classes: BoundedVec::from_vec(vec![0]).unwrap(),
            bonded: Amount::from_tokens(200_000),
        }
    }
}

/// A chain's document, its operators, and a person with a million tokens.
pub(crate) struct Cast {
    pub(crate) genesis: Genesis,
    pub(crate) actors: Vec<Actor>,
    pub(crate) person: Keypair,
    pub(crate) block_time_ms: u64,
}

impl Cast {
    /// A chain of so many operators, all of whom may decide blocks.
    pub(crate) fn new(operators: usize, params: Params) -> Self {
        let actors: Vec<Actor> = (0..operators).map(Actor::new).collect();
        let person = key("person", 0);
        let entry = |key: &Keypair, tokens| GenesisAccount {
            address: account(key),
            balance: Amount::from_tokens(tokens),
        };
        let mut accounts = vec![entry(&person, 1_000_000)];
        accounts.extend(actors.iter().map(|actor| entry(&actor.key, 100)));
        accounts.sort_by_key(|entry| entry.address);
        let genesis = Genesis {
            schema: text(GENESIS_SCHEMA),
            chain_id: text("probity-it"),
            network: Network::Test,
            time_ms: 1_700_000_000_000,
            token: Token { symbol: text("PBY"), decimals: 9 },
            protocol: probity_runtime::upgrade::fresh(),
            params,
            governance: probity_dao::Params::development(),
            accounts: BoundedVec::from_vec(accounts).unwrap(),
            operators: BoundedVec::from_vec(actors.iter().map(Actor::in_genesis).collect())
                .unwrap(),
            beacon_seed: Hash::of(Domain::Genesis, &"whole-system tests"),
        };
        genesis.validate().unwrap();
        Self { genesis, actors, person, block_time_ms: BLOCK_TIME_MS }
    }
}

/// A process of the program; dropped, it is killed with no chance to write anything down.
pub(crate) struct Process {
    child: Child,
    talk: PathBuf,
}

impl Process {
    /// Starts it; what it says is added to a file.
    pub(crate) fn start(arguments: &[&str], talk: PathBuf) -> Self {
        let file = std::fs::OpenOptions::new().create(true).append(true).open(&talk).unwrap();
        let mut command = probity(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Self { child: command.spawn().unwrap(), talk }
    }

    /// Whether it has said this.
    pub(crate) fn said(&self, words: &str) -> Option<()> {
        std::fs::read_to_string(&self.talk).unwrap().contains(words).then_some(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; what counts is that it is gone and reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let said = std::fs::read_to_string(&self.talk).unwrap_or_default();
            let last: Vec<&str> = said.lines().rev().take(20).collect();
            eprintln!("{}, newest first: {}", self.talk.display(), last.join("\n  "));
        }
    }
}

/// A node with its home and, while it runs, its process.
pub(crate) struct NodeProcess {
    pub(crate) home: PathBuf,
    pub(crate) client: Client,
    process: Option<Process>,
}

impl NodeProcess {
    /// A node of a home that is there, not started.
    pub(crate) fn at(home: PathBuf, client: Client) -> Self {
        Self { home, client, process: None }
    }

    /// Starts the node, from whatever its store holds.
    pub(crate) fn start(&mut self) {
        let arguments = ["node", "start", "--home", self.home.to_str().unwrap()];
        self.process = Some(Process::start(&arguments, self.home.join("talk")));
    }

    /// A copy of its home without what the node wrote: the same keys on another machine.
    pub(crate) fn copy(&self, home: &Path) {
        for folder in ["config", "keys"] {
            std::fs::create_dir_all(home.join(folder)).unwrap();
            for file in std::fs::read_dir(self.home.join(folder)).unwrap() {
                let file = file.unwrap();
                std::fs::copy(file.path(), home.join(folder).join(file.file_name())).unwrap();
            }
        }
    }

    /// Ends the node as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Starts the evaluator of an operator at this node, as a process of its own.
    pub(crate) fn evaluate(&self, actor: &Actor) -> Process {
        let home = self.home.to_str().unwrap();
        let operator = actor.operator.to_string();
        let key = self.home.join("keys/operator.key");
        let key = key.to_str().unwrap();
        let fixed = ["evaluator", "start", "--home", home, "--operator", &operator, "--key", key];
        let talk = self.home.join("evaluator-talk");
        Process::start(&[&fixed[..], &["--node", self.url()]].concat(), talk)
    }

    /// Where its API listens.
    pub(crate) fn url(&self) -> &str {
        self.client.base_url()
    }
}

/// Writes a home for each of the first operators and starts its node.
pub(crate) fn start(folder: &Path, cast: &Cast, nodes: usize) -> Vec<NodeProcess> {
    let mut processes = homes(folder, cast, nodes);
    processes.iter_mut().for_each(NodeProcess::start);
    processes
}

/// Writes a home for each of the first operators, whose nodes can then be started.
pub(crate) fn homes(folder: &Path, cast: &Cast, nodes: usize) -> Vec<NodeProcess> {
    let ports = reserve_loopback(nodes * 3).unwrap();
    let ports: Vec<&[u16]> = ports.chunks_exact(3).collect();
    let homes = (0..nodes).map(|number| write_home(folder, cast, number, &ports));
    let nodes = homes.zip(&ports).map(|(home, ports)| NodeProcess {
        home,
        client: Client::new(&format!("http://{}", address(ports[0]))).unwrap(),
        process: None,
    });
    nodes.collect()
}

/// A home as the documentation describes it; ports are those of API, consensus and gossip.
fn write_home(folder: &Path, cast: &Cast, number: usize, ports: &[&[u16]]) -> PathBuf {
    let actor = &cast.actors[number];
    let home = folder.join(format!("node-{number}"));
    for part in ["config", "keys"] {
        std::fs::create_dir_all(home.join(part)).unwrap();
    }
    let own = ports[number];
    let others = |port: usize| {
        let others = ports.iter().filter(|other| other[0] != own[0]);
        others.map(|other| format!("\"{}\"", address(other[port]))).collect::<Vec<_>>().join(", ")
    };
    let file = format!(
        "[node]\nmoniker = \"node-{number}\"\noperator = \"{}\"\n\n[api]\nlisten = \"{}\"\n\n\
         [consensus]\nlisten = \"{}\"\npeers = [{}]\nblock_time_ms = {}\n\
         listen_heights = 0\n\n\
         [network]\nlisten = \"{}\"\npeers = [{}]\n\n\
         [keys]\noperator = \"operator.key\"\nbeacon = \"beacon.key\"\n",
        actor.operator,
        address(own[0]),
        address(own[1]),
        others(1),
        cast.block_time_ms,
        address(own[2]),
        others(2),
    );
    std::fs::write(home.join("config/node.toml"), file).unwrap();
    std::fs::write(home.join("config/genesis.json"), cast.genesis.to_json()).unwrap();
    write_key(&home.join("keys/operator.key"), &actor.key.seed());
    write_key(&home.join("keys/beacon.key"), &actor.beacon);
    home
}

/// A key file that only its owner can read.
pub(crate) fn write_key(path: &Path, seed: &[u8; 32]) {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    std::io::Write::write_all(&mut file, Hash::from_bytes(*seed).to_string().as_bytes()).unwrap();
}

/// The test account of a key.
pub(crate) fn account(key: &Keypair) -> Address {
    Address::of(&key.public(), Network::Test)
}

/// The key of somebody; the same in every run.
pub(crate) fn key(role: &str, number: usize) -> Keypair {
    Keypair::from_seed(seed(role, number))
}

/// A text that is short enough.
pub(crate) fn text<const MAX: usize>(text: &str) -> BoundedString<MAX> {
    BoundedString::new(text).unwrap()
}

fn seed(role: &str, number: usize) -> [u8; 32] {
    *Hash::of(Domain::Genesis, &("it", role, number.to_string())).as_bytes()
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
