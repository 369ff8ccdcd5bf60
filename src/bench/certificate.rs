//! How long a certificate takes to verify, offline, from the genesis hash alone.

use std::time::{Duration, Instant};

use probity_protocol::event::TaskPhase;
use probity_protocol::task::Mode;
use probity_runtime::result_certificate::ResultCertificate;
use probity_simulations::{World, WorldConfig};

use super::Figure;
use crate::exit::{Code, Failure, OrFail};

const LIMIT_MS: f64 = 20.0;
const ROUNDS: u32 = 50;

/// Measures the certificate of a task that ran through a network of twelve operators.
pub(crate) fn measure() -> Result<Vec<Figure>, Failure> {
    let (text, genesis_hash) = certificate()?;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let certificate =
            ResultCertificate::from_json(&text).or_fail(Code::Verification, "unreadable")?;
        certificate.verify(genesis_hash).or_fail(Code::Verification, "does not hold")?;
        times.push(start.elapsed());
    }
    times.sort();
    let median = times.get(times.len() / 2).copied().unwrap_or_default();
    Ok(vec![Figure::new(
        format!("certificate verification, {} KiB", text.len() / 1_024),
        (milliseconds(median), "ms"),
        ("limit", LIMIT_MS),
        "<= 1",
    )])
}

fn certificate() -> Result<(String, probity_primitives::Hash), Failure> {
    let config = WorldConfig { operators: 12, check: false, ..Default::default() };
    let mut world = World::new(&config).or_fail(Code::Other, "cannot make a world")?;
    let (benchmark, models) = world.publish(&[900]).or_fail(Code::Other, "cannot publish")?;
    let requester = world.people.first().cloned();
    let requester = requester.ok_or_else(|| Failure::new(Code::Other, "nobody is there"))?;
    let model = models.first().copied().unwrap_or_default();
    world
        .must(&requester, World::request(benchmark, model, Mode::Exact))
        .or_fail(Code::Other, "cannot request")?;
    let task = world.newest_task().ok_or_else(|| Failure::new(Code::Other, "no task"))?;
    let phase = world.finish(task, 400).or_fail(Code::Other, "cannot finish")?;
    if phase != TaskPhase::Final {
        return Err(Failure::new(Code::Other, format_args!("the task ended as {phase:?}")));
    }
    let certificate = world.certificate(task).or_fail(Code::Other, "cannot make a certificate")?;
    Ok((certificate.to_json(), world.chain.genesis_hash()))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
