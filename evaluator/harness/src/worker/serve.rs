//! The worker's side: answers requests from its standard input until it closes.

use std::io::{self, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use probity_primitives::{ContentHash, codec};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::frame::{read_frame, write_frame};
use super::message::{LoadRequest, MAX_REQUEST, Rate, Request, Response};
use crate::cache::read_limited;
use crate::engine::{Engine, EngineError, Input, OnnxEngine};

/// The whole of a worker process: what the hidden subcommand calls, and nothing after it.
#[must_use]
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        let words = panic.payload_as_str().unwrap_or("without a word");
        let _ = writeln!(io::stderr(), "panicked: {words}");
    }));
    let outcome = confine().and_then(|()| serve());
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The parent reads these words; if even they cannot be written, the code remains.
            let _ = writeln!(io::stderr(), "worker: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Ends with its parent, leaves no core dump, writes no file.
fn confine() -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    setrlimit(Resource::Core, nothing)?;
    setrlimit(Resource::Fsize, nothing)?;
    Ok(())
}

fn serve() -> io::Result<()> {
    let mut requests = BufReader::new(io::stdin().lock());
    let mut responses = BufWriter::new(io::stdout().lock());
    let mut engine: Option<OnnxEngine> = None;
    while let Some(bytes) = read_frame(&mut requests, MAX_REQUEST)? {
        let request = codec::decode(&bytes, MAX_REQUEST).map_err(io::Error::other)?;
        match (request, &engine) {
            (Request::Load(request), None) => match load(&request) {
                Ok(loaded) => {
                    engine = Some(loaded);
                    say(&mut responses, &Response::Loaded)?;
                }
                Err(error) => say(&mut responses, &Response::Failed { item: None, error })?,
            },
            (Request::Run(inputs), Some(engine)) => answer(engine, &inputs, &mut responses)?,
            (Request::Measure { inputs, milliseconds }, Some(engine)) => {
                let response = match measure(engine, &inputs, Duration::from_millis(milliseconds)) {
                    Ok(rate) => Response::Measured(rate),
                    Err(error) => Response::Failed { item: None, error },
                };
                say(&mut responses, &response)?;
            }
            (Request::Load(_), Some(_)) => {
                return Err(io::Error::other("a model is loaded already"));
            }
            (Request::Run(_) | Request::Measure { .. }, None) => {
                return Err(io::Error::other("no model is loaded"));
            }
        }
    }
    Ok(())
}

fn load(request: &LoadRequest) -> Result<OnnxEngine, EngineError> {
    let LoadRequest { path, hash, model_bytes, memory_bytes, spec } = request;
    let memory = Rlimit { current: Some(*memory_bytes), maximum: Some(*memory_bytes) };
    setrlimit(Resource::As, memory).map_err(|error| EngineError::File(error.to_string()))?;
    let bytes = read_limited(Path::new(path), *model_bytes)
        .map_err(|error| EngineError::File(error.to_string()))?;
    let found = ContentHash::of_file(&bytes);
    if found != *hash {
        return Err(EngineError::File(format!("expected content {hash}, got {found}")));
    }
    OnnxEngine::load(&bytes, spec)
}

/// One response an item, each sent at once, so that a run that is killed loses no finished item.
fn answer(engine: &OnnxEngine, inputs: &[Input], responses: &mut impl Write) -> io::Result<()> {
    for (item, batch) in (0u32..).zip(inputs.chunks(engine.batch())) {
        match engine.run(batch) {
            Ok(outputs) => {
                for output in outputs {
                    say(responses, &Response::Answered(output))?;
                }
            }
            Err(error) => return say(responses, &Response::Failed { item: Some(item), error }),
        }
    }
    Ok(())
}

/// Counts in processor time of this thread, which other programs on the machine do not disturb.
fn measure(engine: &OnnxEngine, inputs: &[Input], time: Duration) -> Result<Rate, EngineError> {
    let tensors = engine.tensors(inputs)?;
    engine.run_tensors(&tensors)?;
    let (started, spent_before) = (Instant::now(), processor_time());
    let each = u64::try_from(inputs.len()).unwrap_or(u64::MAX);
    let mut items = 0u64;
    while items == 0 || started.elapsed() < time {
        engine.run_tensors(&tensors)?;
        items = items.saturating_add(each);
    }
    let spent = processor_time().saturating_sub(spent_before);
    Ok(Rate { items, nanoseconds: u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX) })
}

fn processor_time() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

fn say(responses: &mut impl Write, response: &Response) -> io::Result<()> {
    write_frame(responses, &codec::encode(response))?;
    responses.flush()
}
