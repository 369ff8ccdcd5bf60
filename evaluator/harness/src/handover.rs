//! Taking a lock that was just let go.
//!
//! The lock of a file may outlive its holder for a moment: a process that is being started, such as
//! a worker, holds every lock of the one that starts it until it runs its own program. So a held
//! lock is looked at again for a while before it counts as another process's.

use std::thread;
use std::time::{Duration, Instant};

/// How long a lock that was just let go may still be held.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long to wait before looking again.
const STEP: Duration = Duration::from_millis(20);

/// What `take` gives, as soon as it is no longer that the lock is held.
///
/// Blocks for up to a second while it is held.
///
/// # Errors
/// What `take` says: at once, or after that second if the lock is still held.
pub fn wait<T, E>(take: impl Fn() -> Result<T, E>, is_held: impl Fn(&E) -> bool) -> Result<T, E> {
    let started = Instant::now();
    loop {
        match take() {
            Err(error) if is_held(&error) && started.elapsed() < PATIENCE => thread::sleep(STEP),
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_held_lock_is_taken_once_it_is_let_go_and_any_other_failure_is_told_at_once() {
        let tries = Cell::new(0);
        let try_thrice = || {
            tries.set(tries.get() + 1);
            if tries.get() < 3 { Err("held") } else { Ok(()) }
        };
        assert_eq!(wait(try_thrice, |error| *error == "held"), Ok(()));
        assert_eq!(tries.get(), 3);
        tries.set(0);
        assert_eq!(wait(try_thrice, |_| false), Err("held"));
        assert_eq!(tries.get(), 1);
    }
}
