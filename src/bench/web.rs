//! Pages under load, and a network among clients that mean no good.
//!
//! A node of a thousand operators and ten thousand results ([`state`]) serves its pages on one
//! thread, beside a server that says hello and nothing else. Requests are due at a steady rate,
//! whatever becomes of those before; a time is counted from when its request was due. Then come
//! very many requests as fast as they are answered, while memory is watched, and very many event
//! streams. Apart from that four nodes decide blocks while hostile clients hang on them
//! ([`hostile`](mod@hostile)).

mod asker;
mod hostile;
mod serving;
mod state;
mod streams;

use std::net::SocketAddr;
use std::time::Duration;

use probity_node::NodeHandle;

use self::asker::{pace, storm};
use self::serving::Serving;
use self::state::Known;
use super::Figure;
use super::growth::resident_megabytes;
use super::load::percentile;
use crate::commands::block_on;
use crate::exit::{Code, Failure, OrFail};

/// Requests a second.
const RATE: u32 = 200;
/// How many of each kind.
const REQUESTS: u32 = 3_000;
/// After what part of the requests memory is looked at first: one in so many.
const FIRST: u32 = 5;
/// Event streams that are open at once.
const STREAMS: u32 = 1_000;

/// Measures pages, memory over so many requests, and streams.
pub(crate) fn measure(requests: u32) -> Result<Vec<Figure>, Failure> {
    block_on(async {
        let folder = tempfile::tempdir().or_fail(Code::Other, "no temporary folder")?;
        let (node, known) = state::start(folder.path()).await?;
        let figures = serve(&node, &known, requests).await;
        node.shutdown().await;
        figures
    })
}

/// Measures blocks and pages among hostile clients.
pub(crate) fn hostile() -> Result<Vec<Figure>, Failure> {
    block_on(hostile::measure())
}

async fn serve(node: &NodeHandle, known: &Known, requests: u32) -> Result<Vec<Figure>, Failure> {
    let serving = Serving::start(node.clone())?;
    let (api, hello) = (serving.api, serving.hello);
    let reference = steady(hello, &["/".to_owned()]).await?;
    let mut figures = Vec::new();
    for (what, paths) in known.pages() {
        let (milliseconds, bytes) = steady(api, &paths).await?;
        figures.push(Figure::new(
            format!("{what} ({} kB), 99 of 100 at {RATE}/s on one core", bytes / 1_000),
            (milliseconds, "ms"),
            ("a bare hello, the same way", reference.0),
            "<= 50 ms",
        ));
    }
    let all: Vec<String> = known.pages().into_iter().flat_map(|(_, paths)| paths).collect();
    figures.push(memory(api, &all, requests).await?);
    figures.extend(streams::measure(node, api, STREAMS).await?);
    serving.stop().await?;
    Ok(figures)
}

/// What 99 of 100 requests stay within, in milliseconds, and the longest answer in bytes.
async fn steady(address: SocketAddr, paths: &[String]) -> Result<(f64, usize), Failure> {
    let asked = pace(address, paths, RATE, REQUESTS);
    let (mut times, bytes) = asked.await.or_fail(Code::Other, "a page is not answered")?;
    times.sort_unstable();
    Ok((percentile(&times), bytes))
}

/// The memory of this process after very many requests.
async fn memory(address: SocketAddr, paths: &[String], all: u32) -> Result<Figure, Failure> {
    let first = all / FIRST;
    let ask = |requests| storm(address, paths, requests);
    ask(first).await.or_fail(Code::Other, "a page is not answered")?;
    let before = resident_megabytes();
    let rest = all.saturating_sub(first);
    let took: Duration = ask(rest).await.or_fail(Code::Other, "a page is not answered")?;
    let rate = f64::from(rest) / took.as_secs_f64();
    Ok(Figure::new(
        format!("memory after {all} requests, client included ({rate:.0}/s)"),
        (resident_megabytes(), "MB"),
        (&format!("after {first}"), before),
        "<= 1.10",
    ))
}
