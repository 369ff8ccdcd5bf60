//! Threads for what others ask of a node: its API, and the network of transactions and files.
//!
//! Blocks must go on being decided whatever is asked. So what comes from outside is read, verified
//! and answered on threads of its own, and of a processor that the engine or the replica wants too
//! the system gives those threads a small share.
//!
//! # Invariants
//! - Nothing that decides a block waits for a task of these threads.
//!
//! # Not here
//! How much is taken in at all: `relay` and the limits of the API and of the network.

use std::future::Future;
use std::io;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that run tasks, besides those that block.
const WORKERS: usize = 2;
/// How much more willing to wait the threads are than those of the engine: about a tenth of its
/// share of a processor that both want.
const NICENESS: i32 = 10;
/// The niceness beyond which there is none.
const LEAST: i32 = 19;

/// A runtime whose threads let the engine go first.
#[derive(Debug)]
pub(crate) struct Service(Option<Runtime>);

impl Service {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub(crate) fn start() -> io::Result<Self> {
        let priority = priority();
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(WORKERS).thread_name("service").enable_all();
        let builder = builder.on_thread_start(move || let_others_go_first(priority));
        builder.build().map(|runtime| Self(Some(runtime)))
    }

    /// Where tasks are left for these threads.
    pub(crate) fn handle(&self) -> Handle {
        // It is taken on the way out alone.
        self.0.as_ref().map_or_else(Handle::current, |runtime| runtime.handle().clone())
    }

    /// Runs a task to its end on these threads; an error says that it was cut short.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        self.handle().spawn(task).await.map_err(io::Error::other)
    }

    /// A listener whose connections these threads accept.
    ///
    /// # Errors
    /// When the system does not let it be moved.
    pub(crate) fn adopt(&self, listener: TcpListener) -> io::Result<TcpListener> {
        let listener = listener.into_std()?;
        let _inside = self.handle().enter();
        TcpListener::from_std(listener)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // The last to hold a node may be one of these threads' own tasks, which must not wait here.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The niceness of the service's threads, by that of the thread that starts them.
fn priority() -> i32 {
    let own = rustix::process::getpriority_process(None).unwrap_or(0);
    own.saturating_add(NICENESS).min(LEAST)
}

/// Sets the priority of the thread that calls it. Linux keeps that by thread; elsewhere it would
/// hold up the whole process. A thread begins with the priority of the one that started it, which
/// may be of the service already, so what is set is no difference.
#[cfg(target_os = "linux")]
fn let_others_go_first(priority: i32) {
    if let Err(error) = rustix::process::setpriority_process(None, priority) {
        tracing::debug!(%error, "a thread of the service keeps its priority");
    }
}

#[cfg(not(target_os = "linux"))]
const fn let_others_go_first(_: i32) {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The niceness of the thread that asks, as the system says it.
    fn niceness() -> i32 {
        let thread = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // The name before it may have blanks; 16 fields follow its bracket before the one wanted.
        let (_, fields) = thread.rsplit_once(')').unwrap();
        fields.split_whitespace().nth(16).unwrap().parse().unwrap()
    }

    #[tokio::test]
    async fn tasks_and_blocking_work_of_the_service_let_the_rest_go_first() {
        let service = Service::start().unwrap();
        let own = niceness();
        let expected = (own + NICENESS).min(LEAST);
        let task = service.run(async { niceness() }).await.unwrap();
        let blocking = service.run(async { tokio::task::spawn_blocking(niceness).await.unwrap() });
        assert_eq!((task, blocking.await.unwrap()), (expected, expected));
        assert_eq!(niceness(), own, "the thread that started it is as before");
    }

    #[tokio::test]
    async fn a_service_may_end_within_one_of_its_own_tasks() {
        let service = std::sync::Arc::new(Service::start().unwrap());
        let handle = service.handle();
        let dropped = handle.spawn(async move { drop(service) });
        // The task may be cut short by the very end that it brings about.
        let _ = dropped.await;
    }
}
