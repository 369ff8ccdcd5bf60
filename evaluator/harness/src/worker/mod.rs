//! Inference in a process of its own, under limits.
//!
//! A model is a stranger's program run by a large engine: it may make the engine panic, abort,
//! loop or ask for all memory. So the engine runs in a child process of the same binary, with a
//! clean environment that holds the engine profile's setting, a limit on its address space and no
//! right to write files. The parent watches the clock. Whatever happens in there is a
//! [`WorkerError`] of that run, with the reason; the parent goes on.
//!
//! # Invariants
//! - A worker that passed a time limit is killed, and every worker ends with its [`Worker`] or its
//!   parent.
//! - Nothing that a worker says is believed beyond its type and size.
//!
//! # Not here
//! How items are shared between workers: [`crate::run`].
//!
//! Spec: `docs/spec/22-evaluator.md`.

mod error;
mod frame;
mod message;
mod serve;
mod stderr;
mod watchdog;

use std::io::{BufReader, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use probity_primitives::{ContentHash, codec};

pub use error::WorkerError;
pub use message::Rate;
pub use serve::main;

use crate::benchmark::Limits;
use crate::engine::{self, Input, ModelSpec, Output};
use frame::{read_frame, write_frame};
use message::{LoadRequest, MAX_REQUEST, MAX_RESPONSE, Request, Response};
use stderr::LastWords;
use watchdog::Watchdog;

/// How a worker is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// The program, which calls [`main`].
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl WorkerCommand {
    /// This very program with these arguments: the hidden subcommand that calls [`main`].
    ///
    /// # Errors
    /// [`WorkerError::Start`] if the system does not say which program this is.
    pub fn this_program(arguments: &[&str]) -> Result<Self, WorkerError> {
        let program = std::env::current_exe()
            .map_err(|source| WorkerError::Start { program: PathBuf::from("self"), source })?;
        Ok(Self { program, arguments: arguments.iter().map(|&text| text.to_owned()).collect() })
    }

    fn spawn(&self) -> Result<Child, WorkerError> {
        Command::new(&self.program)
            .args(&self.arguments)
            .env_clear()
            .envs(engine::environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|source| WorkerError::Start { program: self.program.clone(), source })
    }
}

/// A model file with its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it must hash to.
    pub hash: ContentHash,
}

/// A running worker that has loaded one model.
///
/// It lives no longer than the thread that started it: so the system ends it even where its
/// parent is killed.
#[derive(Debug)]
pub struct Worker {
    watchdog: Watchdog,
    stdin: BufWriter<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    last_words: LastWords,
    per_item: Duration,
}

impl Worker {
    /// Starts a worker and has it load a model.
    ///
    /// # Errors
    /// [`WorkerError`] if it does not start, or the model does not load within its limits.
    pub fn start(
        command: &WorkerCommand,
        model: &ModelFile,
        spec: &ModelSpec,
        limits: &Limits,
    ) -> Result<Self, WorkerError> {
        let mut child = command.spawn()?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let watchdog = Watchdog::over(child);
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(WorkerError::Confused("it has no pipes"));
        };
        let mut worker = Self {
            watchdog,
            stdin: BufWriter::new(stdin),
            stdout: BufReader::new(stdout),
            last_words: LastWords::of(stderr),
            per_item: Duration::from_millis(limits.item_milliseconds),
        };
        worker.load(model, spec, limits)?;
        Ok(worker)
    }

    fn load(
        &mut self,
        model: &ModelFile,
        spec: &ModelSpec,
        limits: &Limits,
    ) -> Result<(), WorkerError> {
        let request = Request::Load(LoadRequest {
            path: path_text(&model.path)?,
            hash: model.hash,
            model_bytes: limits.model_bytes,
            memory_bytes: limits.memory_bytes,
            spec: spec.clone(),
        });
        let limit = Duration::from_secs(limits.load_seconds);
        self.watchdog.arm(limit);
        self.send(&request, "loading the model", limit)?;
        match self.receive("loading the model", limit)? {
            Response::Loaded => Ok(()),
            Response::Failed { item: _, error } => Err(WorkerError::Engine { item: None, error }),
            Response::Answered(_) | Response::Measured(_) => Err(CONFUSED),
        }
    }

    /// Has the model answer these inputs in turn; `answered` gets each output as it comes, and
    /// may break off, after which the worker is of no more use.
    ///
    /// # Errors
    /// [`WorkerError`], after which the worker is of no more use; [`WorkerError::Engine`] says
    /// which of the inputs failed.
    pub fn run(
        &mut self,
        inputs: Vec<Input>,
        mut answered: impl FnMut(usize, Output) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, WorkerError> {
        let count = inputs.len();
        let limit = self.per_item;
        self.watchdog.arm(limit);
        self.send(&Request::Run(inputs), "an item", limit)?;
        for position in 0..count {
            self.watchdog.arm(limit);
            match self.receive("an item", limit)? {
                Response::Answered(output) => {
                    if answered(position, output).is_break() {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                Response::Failed { item: _, error } => {
                    return Err(WorkerError::Engine { item: Some(position), error });
                }
                Response::Loaded | Response::Measured(_) => return Err(CONFUSED),
            }
        }
        self.watchdog.disarm();
        Ok(ControlFlow::Continue(()))
    }

    /// Has the worker show the model all inputs again and again for `milliseconds` and count.
    ///
    /// # Errors
    /// As [`Worker::run`].
    pub fn measure(&mut self, inputs: Vec<Input>, milliseconds: u64) -> Result<Rate, WorkerError> {
        let limit = Duration::from_millis(milliseconds).saturating_add(Duration::from_secs(60));
        self.watchdog.arm(limit);
        self.send(&Request::Measure { inputs, milliseconds }, "a measurement", limit)?;
        let response = self.receive("a measurement", limit)?;
        self.watchdog.disarm();
        match response {
            Response::Measured(rate) => Ok(rate),
            Response::Failed { item: _, error } => Err(WorkerError::Engine { item: None, error }),
            Response::Loaded | Response::Answered(_) => Err(CONFUSED),
        }
    }

    fn send(
        &mut self,
        request: &Request,
        doing: &'static str,
        limit: Duration,
    ) -> Result<(), WorkerError> {
        let bytes = codec::encode(request);
        if bytes.is_empty() || bytes.len() > MAX_REQUEST {
            return Err(WorkerError::Request { len: bytes.len(), limit: MAX_REQUEST });
        }
        let sent = write_frame(&mut self.stdin, &bytes).and_then(|()| self.stdin.flush());
        sent.map_err(|_| self.ended(doing, limit))
    }

    fn receive(&mut self, doing: &'static str, limit: Duration) -> Result<Response, WorkerError> {
        match read_frame(&mut self.stdout, MAX_RESPONSE) {
            Ok(Some(bytes)) => {
                codec::decode(&bytes, MAX_RESPONSE).map_err(|_| WorkerError::Confused(NONSENSE))
            }
            Ok(None) => Err(self.ended(doing, limit)),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(WorkerError::Confused(NONSENSE))
            }
            Err(_) => Err(self.ended(doing, limit)),
        }
    }

    /// Why the pipes closed.
    fn ended(&self, doing: &'static str, limit: Duration) -> WorkerError {
        if self.watchdog.fired() {
            let milliseconds = limit.as_millis();
            return WorkerError::TimedOut { doing, milliseconds };
        }
        let status = self.watchdog.end();
        WorkerError::Ended { doing, status, last_words: self.last_words.text() }
    }
}

const NONSENSE: &str = "it sent bytes that are no message";
const CONFUSED: WorkerError = WorkerError::Confused("it answered another question");

fn path_text(path: &Path) -> Result<String, WorkerError> {
    let absolute = std::path::absolute(path)
        .map_err(|source| WorkerError::Start { program: path.to_owned(), source })?;
    absolute.into_os_string().into_string().map_err(|_| WorkerError::Path(path.to_owned()))
}
