//! Kills a worker that passes its deadline.
//!
//! The parent's reads and writes block; a thread that owns the deadline ends them by killing the
//! process at their other end. Moving the deadline forward wakes nobody: the thread looks again
//! when the old one has passed.

use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

#[derive(Debug)]
struct State {
    child: Child,
    deadline: Option<Instant>,
    fired: bool,
    over: bool,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The owner of a worker's process; dropped, it ends the process.
#[derive(Debug)]
pub(super) struct Watchdog {
    shared: Arc<Shared>,
}

impl Watchdog {
    pub(super) fn over(child: Child) -> Self {
        let state = State { child, deadline: None, fired: false, over: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let watched = Arc::clone(&shared);
        thread::spawn(move || watch(&watched));
        Self { shared }
    }

    /// The process may run for `limit` from now.
    pub(super) fn arm(&self, limit: Duration) {
        let mut state = self.shared.lock();
        let deadline = Instant::now().checked_add(limit);
        let sleeps_past = match (state.deadline, deadline) {
            (None, _) => true,
            (Some(old), Some(new)) => new < old,
            (Some(_), None) => false,
        };
        state.deadline = deadline;
        drop(state);
        if sleeps_past {
            self.shared.changed.notify_one();
        }
    }

    /// The process waits for its parent, which may take as long as it likes.
    pub(super) fn disarm(&self) {
        self.shared.lock().deadline = None;
    }

    /// Whether the deadline passed and the process was killed for it.
    pub(super) fn fired(&self) -> bool {
        self.shared.lock().fired
    }

    /// How the process ended; it is killed if it has not.
    pub(super) fn end(&self) -> String {
        let mut state = self.shared.lock();
        state.over = true;
        self.shared.changed.notify_one();
        // A process that closed its pipes is about to end by itself, and says more that way.
        let patience = Instant::now().checked_add(Duration::from_millis(500));
        loop {
            match state.child.try_wait() {
                Ok(Some(status)) => return status.to_string(),
                Err(error) => return error.to_string(),
                Ok(None) if patience.is_none_or(|end| Instant::now() >= end) => break,
                Ok(None) => thread::sleep(Duration::from_millis(5)),
            }
        }
        kill(&mut state.child)
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.over = true;
        kill(&mut state.child);
        self.shared.changed.notify_one();
    }
}

fn kill(child: &mut Child) -> String {
    // An error says that the process has ended already.
    let _ = child.kill();
    child.wait().map_or_else(|error| error.to_string(), |status| status.to_string())
}

fn watch(shared: &Shared) {
    let mut state = shared.lock();
    while !state.over {
        let left =
            state.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        state = match left {
            None => shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(Duration::ZERO) => {
                state.fired = true;
                state.over = true;
                kill(&mut state.child);
                state
            }
            Some(left) => {
                shared.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        };
    }
}
