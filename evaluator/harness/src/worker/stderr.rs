//! What a worker said last, for the error that tells of its end.

use std::io::Read;
use std::process::ChildStderr;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const KEPT: usize = 4 * 1024;

/// The end of a worker's standard error, read by a thread so that a talkative worker never blocks.
#[derive(Debug)]
pub(super) struct LastWords {
    ended: Receiver<Vec<u8>>,
}

impl LastWords {
    pub(super) fn of(mut stderr: ChildStderr) -> Self {
        let (sender, ended) = channel();
        thread::spawn(move || {
            let mut kept = Vec::new();
            let mut chunk = [0; KEPT];
            while let Ok(read @ 1..) = stderr.read(&mut chunk) {
                kept.extend_from_slice(chunk.get(..read).unwrap_or_default());
                let surplus = kept.len().saturating_sub(KEPT);
                kept.drain(..surplus);
            }
            // Nobody may be left to hear it, which is no fault.
            let _ = sender.send(kept);
        });
        Self { ended }
    }

    /// What the ended worker said, on one line: its message, without the advice on backtraces.
    pub(super) fn text(&self) -> String {
        let kept = self.ended.recv_timeout(Duration::from_secs(1)).unwrap_or_default();
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("note: "))
            .collect();
        if lines.is_empty() { "it said nothing".to_owned() } else { lines.join(" ") }
    }
}
