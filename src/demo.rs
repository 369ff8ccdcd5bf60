//! `probity demo`: the main job, end to end, on this machine.
//!
//! Four validators decide blocks, each with its own engine, network and store; twelve more
//! operators evaluate, attached to the validators' APIs. A publisher registers a dataset, a
//! benchmark and six models and pays for their evaluation; everyone else gets every byte from
//! peers, by hash. One operator takes a bribe and reports a score that its model did not reach.
//! Then a ring of operators is bought that holds most seats of a committee, and only a dispute can
//! tell. Holders of tokens decide meanwhile on an upgrade, on supply and on the treasury.
//!
//! Nothing is mocked: the blocks are voted on, the models are run, the liars are found by juries
//! whose nodes run the items again, and each certificate is verified from the genesis hash alone.
//!
//! # Reading order
//! [`cast`] and [`people`] are who takes part, [`rules`] by which numbers, [`shelf`] what is
//! evaluated, [`network`] how the nodes run. [`story`] is what happens, with its acts in [`capture`]
//! and [`holders`]; [`scene`] is what they share, [`narrator`] tells it, [`conclude`] and [`report`]
//! are what came of it.

mod capture;
pub(crate) mod cast;
mod conclude;
mod holders;
mod narrator;
pub(crate) mod network;
mod people;
mod report;
mod rules;
mod scene;
pub(crate) mod shelf;
pub(crate) mod story;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::cli::{Demo, Global};
use crate::commands::told_to_end;
use crate::exit::{Code, Failure, OrFail};
use crate::output;
use cast::Cast;
use network::{Network, Start};
use report::Report;
use scene::{Log, Scene};
use shelf::Shelf;

/// Runs the demonstration to its end and shows what came of it.
pub(crate) async fn run(global: &Global, arguments: &Demo) -> Result<(), Failure> {
    let started = Instant::now();
    let home = home(arguments)?;
    let cast = Cast::new(now_ms()?)?;
    let shelf = Shelf::bundled()?;
    output::say(global, &format!("Home: {}", home.display()));
    let block_time = Duration::from_millis(arguments.block_time);
    let target = shelf.target().map(|item| item.main_file()).unwrap_or_default();
    let api = arguments.port.map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    let start = Start { home: &home, block_time, api, target };
    let network = Network::start(global, &cast, &start).await?;
    let scene = Scene {
        global,
        network: &network,
        cast: &cast,
        shelf: &shelf,
        home: &home,
        started,
        log: Log::default(),
    };
    let report = match story::play(&scene).await {
        Ok(played) => conclude::conclude(&scene, played).await,
        Err(failure) => Err(failure),
    };
    if let Ok(report) = &report {
        output::show(global.output, report, Report::text)?;
        if arguments.serve {
            serve(global, &network).await?;
        }
    }
    network.stop().await;
    report.map(|_| ())
}

async fn serve(global: &Global, network: &Network) -> Result<(), Failure> {
    // One line on standard output: whoever started this may be a program.
    output::say(global, "\nThe network stays up; interrupt to end it. Everything can be seen at");
    if global.output == output::Format::Text {
        output::print(network.url())?;
    }
    told_to_end().await
}

fn home(arguments: &Demo) -> Result<PathBuf, Failure> {
    let Some(folder) = &arguments.home else {
        let folder = tempfile::Builder::new().prefix("probity-demo-").tempdir();
        return Ok(folder.or_fail(Code::Other, "no temporary folder")?.keep());
    };
    if folder.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        let message = format!("{} is not empty", folder.display());
        return Err(Failure::new(Code::Usage, message).hint("name a new folder with --home"));
    }
    std::fs::create_dir_all(folder).or_fail(Code::Other, "cannot make the home")?;
    folder.canonicalize().or_fail(Code::Other, "cannot use the home")
}

fn now_ms() -> Result<u64, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).or_fail(Code::Other, "the clock")?;
    u64::try_from(now.as_millis()).or_fail(Code::Other, "the clock")
}
