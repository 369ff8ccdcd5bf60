//! What happened, as text; its hash, to compare two runs; and the last of it, for a failure.

use std::collections::VecDeque;

/// How many of the last events are kept.
const KEPT: usize = 60;
/// The parameters of the 64-bit hash of Fowler, Noll and Vo.
const OFFSET: u64 = 0xCBF2_9CE4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01B3;

/// A run's events.
#[derive(Debug, Clone)]
pub struct Trace {
    hash: u64,
    last: VecDeque<String>,
    print: bool,
}

impl Trace {
    /// Nothing happened yet; `print` says every event as it happens.
    #[must_use]
    pub const fn new(print: bool) -> Self {
        Self { hash: OFFSET, last: VecDeque::new(), print }
    }

    /// Something happened.
    pub fn note(&mut self, line: String) {
        self.hash = digest(self.hash, line.as_bytes());
        if self.print {
            use std::io::Write as _;
            // A trace that nobody reads any more is not an error of the run.
            let _ = writeln!(std::io::stdout().lock(), "{line}");
        }
        if self.last.len() >= KEPT {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }

    /// The hash of everything that happened.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// The last events, oldest first.
    pub fn last(&self) -> impl Iterator<Item = &str> {
        self.last.iter().map(String::as_str)
    }
}

/// Goes on with a hash.
fn digest(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

/// A short name of some bytes.
#[must_use]
pub fn name(bytes: &[u8]) -> String {
    format!("{:08x}", digest(OFFSET, bytes) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_every_event_and_its_order_and_the_last_are_kept() {
        let of = |lines: &[&str]| {
            let mut trace = Trace::new(false);
            lines.iter().for_each(|line| trace.note((*line).to_owned()));
            trace
        };
        assert_eq!(of(&["a", "b"]).hash(), of(&["a", "b"]).hash());
        assert_ne!(of(&["a", "b"]).hash(), of(&["b", "a"]).hash());
        let many: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let many = of(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(many.last().count(), KEPT);
        assert_eq!(many.last().last(), Some("99"));
    }
}
