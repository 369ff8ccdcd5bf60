//! `probity node start`: what is checked before, what is said while it runs, how it ends.
//!
//! Whoever starts a node at night needs the thing to change, not the thing that failed. So what can
//! be checked beforehand is: the lock of the home, the disk, the ports, each with its setting.
//!
//! Spec: `docs/operate/troubleshooting.md` has every message with its exit code.

use std::fmt::Display;
use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::time::Duration;

use probity_keys::lock::{FolderLock, LockError};
use probity_node::consensus::safety::Halt;
use probity_node::replica::OpenError;
use probity_node::{Node, NodeHandle, StartError, upgrade};
use probity_runtime::upgrade::Missing;

use super::config;
use crate::cli::Global;
use crate::commands::orders;
use crate::exit::{Code, Failure, OrFail};
use crate::home::{Home, Settings};
use crate::output;

/// How often a terminal gets a status line, and the disk is looked at.
const STATUS: Duration = Duration::from_secs(10);
/// How long a node that needs a newer program still answers its peers.
const LINGER: Duration = Duration::from_secs(5);
/// How far a block may be ahead of the clock before the clock is suspected.
const MAX_AHEAD: Duration = Duration::from_secs(10);
/// Bytes of a mebibyte.
const MIB: u64 = 1 << 20;

pub(super) async fn start(global: &Global, home: &Home) -> Result<(), Failure> {
    home.place.make()?;
    check(home)?;
    let config = config(global, home)?;
    // An order that comes while the node starts ends it in order as well.
    let told = orders()?;
    let node = Node::start(config).await.map_err(|error| explain(&error, home))?;
    if let Some(api) = node.api_address() {
        output::say(global, &format!("the API listens on http://{api}"));
    }
    if let Some(metrics) = node.metrics_address() {
        output::say(global, &format!("metrics are served at http://{metrics}/metrics"));
    }
    if let Some(warning) = clock(&node) {
        output::say(global, &format!("warning: {warning}"));
    }
    let outcome = tokio::select! {
        () = told => Ok(()),
        full = watch(global, home, &node) => Err(full),
        reason = node.broken() => Err(broken(&reason, home)),
        halt = node.halted() => Err(halted(&halt)),
        missing = node.outdated() => {
            // Whoever is a block behind may still have it from here.
            tokio::time::sleep(LINGER).await;
            Err(outdated(format_args!("the node stops: {missing}"), &missing, home))
        }
    };
    node.shutdown().await;
    outcome
}

/// Why the node has to end: its key must not be used here.
fn halted(halt: &Halt) -> Failure {
    let hint = match halt {
        Halt::Elsewhere { .. } => {
            "stop the other process; or move its marks here with `probity protection`"
        }
        Halt::Punished { .. } => {
            "find out why first; `probity protection resume` lets the node run again"
        }
    };
    Failure::new(Code::Unsafe, format_args!("the node stops signing: {halt}")).hint(hint)
}

/// What is to be done when a newer program is needed. Says so in a file too, for what watches over
/// the process.
fn outdated(message: impl Display, missing: &Missing, home: &Home) -> Failure {
    let version = missing.version;
    let install = format!(
        "install a program that has version {version} of the rules (`probity --version` says up to \
         which one has them), and start it on the same home: it goes on from its store"
    );
    let failure = Failure::new(Code::Upgrade, message);
    match upgrade::write(&home.place.data, missing) {
        Ok(file) => failure.hint(format!("{install}; {} says the same", file.display())),
        Err(error) => {
            failure.hint(format!("{install}; {} cannot be written: {error}", upgrade::FILE))
        }
    }
}

/// Why the node has to end: its store cannot be relied upon.
fn broken(reason: &str, home: &Home) -> Failure {
    let hint = format!(
        "nothing that was acknowledged is lost: see that the disk of {} has room and works, then \
         start the node again",
        home.place.data.display()
    );
    Failure::new(Code::Other, format_args!("the node stops: {reason}")).hint(hint)
}

/// What can be known before anything is opened.
fn check(home: &Home) -> Result<(), Failure> {
    let data = &home.place.data;
    // The node takes the lock again; here it only tells a second node from a taken port.
    drop(FolderLock::take(data).map_err(|error| held(&error, home))?);
    disk(home)?;
    ports(&home.settings)
}

/// Whether every address is free, and another one than the others.
pub(super) fn ports(settings: &Settings) -> Result<(), Failure> {
    let always = [
        ("api.listen", settings.api.listen),
        ("consensus.listen", settings.consensus.listen),
        ("network.listen", settings.network.listen),
    ];
    let metrics = settings.metrics.listen.map(|address| ("metrics.listen", address));
    let wanted: Vec<_> = always.into_iter().chain(metrics).collect();
    for (place, (key, address)) in wanted.iter().enumerate() {
        let twin = wanted.iter().take(place).find(|(_, other)| other == address);
        if let Some((other, _)) = twin.filter(|_| address.port() != 0) {
            let message = format!("{key} and {other} are both {address}");
            return Err(Failure::new(Code::Config, message).hint("give each a port of its own"));
        }
        port(key, *address)?;
    }
    Ok(())
}

/// Whether an address can be listened at.
fn port(key: &str, address: SocketAddr) -> Result<(), Failure> {
    let Err(error) = std::net::TcpListener::bind(address) else { return Ok(()) };
    let port = address.port();
    let message = format!("cannot listen at {address} ({key}): {error}");
    if error.kind() == ErrorKind::AddrInUse {
        return Err(Failure::new(Code::Other, message).hint(format!(
            "`ss -ltnp 'sport = :{port}'` shows who has port {port}; end it, or change {key}"
        )));
    }
    if error.kind() == ErrorKind::AddrNotAvailable {
        let hint = format!("no interface of this machine has the address; change {key}");
        return Err(Failure::new(Code::Config, message).hint(hint));
    }
    Err(Failure::new(Code::Other, message).hint(format!("change {key}")))
}

/// Whether there is room to go on writing: how much, in MiB.
pub(super) fn disk(home: &Home) -> Result<u64, Failure> {
    let data = &home.place.data;
    let what = format!("cannot look at the disk of {}", data.display());
    let free = free_bytes(data).or_fail(Code::Other, &what)? / MIB;
    let least = home.settings.store.min_free_mib;
    if free >= least {
        return Ok(free);
    }
    let message = format!(
        "the disk of {} is nearly full: {free} MiB are free, store.min_free_mib is {least}",
        data.display()
    );
    Err(Failure::new(Code::Other, message)
        .hint("make room and start again; every block that was acknowledged is in the store"))
}

/// The bytes that may still be written on a folder's disk.
fn free_bytes(folder: &std::path::Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Looks at the disk and says how the node stands, until the disk is nearly full.
async fn watch(global: &Global, home: &Home, node: &NodeHandle) -> Failure {
    let terminal = std::io::stderr().is_terminal();
    let mut ticks = tokio::time::interval(STATUS);
    loop {
        ticks.tick().await;
        if let Err(full) = disk(home) {
            return full;
        }
        if terminal {
            output::say(global, &line(node));
        }
    }
}

/// How the node stands, in a line.
fn line(node: &NodeHandle) -> String {
    let (height, peers) = (node.snapshot().height(), node.network().peers().len());
    if let Some(first) = node.out_of_reach() {
        return format!(
            "height {height}  peers {peers}  stuck: no peer has blocks before {first} any more; \
             join by a snapshot (probity node sync)"
        );
    }
    let state = if node.is_behind() { "syncing" } else { "ready" };
    format!("height {height}  peers {peers}  {state}")
}

/// What the newest block says of this machine's clock.
fn clock(node: &NodeHandle) -> Option<String> {
    let ahead = node.head_ahead();
    (ahead > MAX_AHEAD).then(|| {
        format!(
            "the newest block is {} s ahead of this machine's clock; set the clock, or every new \
             block will be refused as one from the future",
            ahead.as_secs()
        )
    })
}

/// What is to be done about a node that does not start.
fn explain(error: &StartError, home: &Home) -> Failure {
    let data = home.place.data.display();
    let text = error.to_string();
    let failure = |code| Failure::new(code, format_args!("the node does not start: {text}"));
    if let Some(missing) = error.missing() {
        return outdated(format_args!("the node does not start: {text}"), missing, home);
    }
    if let StartError::Lock(error) = error {
        return held(error, home);
    }
    if error.is_refusal() {
        return failure(Code::Unsafe)
            .hint("docs/operate/backup.md says how marks are brought back; do not delete them");
    }
    if text.contains("os error 28") || text.contains("File too large") {
        return failure(Code::Other).hint(format!("the disk of {data} is full: make room"));
    }
    match error {
        StartError::Chain(OpenError::OtherChain { .. } | OpenError::Genesis(_)) => {
            let genesis = home.place.genesis();
            failure(Code::Config).hint(format!(
                "{} belongs to another chain than the store in {data}: bring the right document \
                 back, or name another home",
                genesis.display()
            ))
        }
        StartError::Chain(_) | StartError::Store(_) | StartError::Mark(_) => failure(
            Code::Verification,
        )
        .hint(format!(
            "the store in {data}/store is damaged: keep a copy, empty it with `probity node reset` \
             and start again; the blocks come back from the peers"
        )),
        StartError::CutShort(_) => failure(Code::Verification)
            .hint("`probity node reset`, then `probity node snapshot restore` again"),
        StartError::Identity(_) => failure(Code::Key),
        StartError::Io { .. }
        | StartError::Outdated(_)
        | StartError::Cache(_)
        | StartError::Network(_)
        | StartError::Engine(_)
        | StartError::Lock(_)
        | StartError::Guard(_) => failure(Code::Other),
    }
}

/// What is to be done about a home that is in use.
pub(super) fn held(error: &LockError, home: &Home) -> Failure {
    match error {
        LockError::Held { .. } => {
            let hint = format!(
                "a node runs on {} already; a second one would sign against it. End that process \
                 first, or name another home",
                home.place.data.display()
            );
            Failure::new(Code::Unsafe, error).hint(hint)
        }
        LockError::Io { .. } => Failure::new(Code::Other, error),
    }
}
