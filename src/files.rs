//! How many files this process may have open: connections are files too.
//!
//! Systems begin with few, for programs that are older than servers; whoever wants more has to ask.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As many as the service files in `packaging/` ask for.
const WANTED: u64 = 65_536;

/// Asks for as many files as may be needed, as far as the system allows. With fewer a node accepts
/// fewer connections, and says so when it comes to that.
pub(crate) fn allow_many() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if current.is_some_and(|current| current < wanted) {
        let limit = Rlimit { current: Some(wanted), maximum };
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::debug!(%error, "no more files may be open");
        }
    }
}
