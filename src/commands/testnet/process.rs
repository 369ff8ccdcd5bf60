//! One node's process: started on its own, found again by its pid file, ended in order.
//!
//! A pid file outlives its process, and the system gives numbers again. So a process is ours only if
//! its command line is the one that was started; any other is never signalled.

use std::fs::OpenOptions;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::exit::{Code, Failure, OrFail};

/// How often a process that was told to end is looked at.
const STEP: Duration = Duration::from_millis(100);
/// How much of a log is shown of a node that does not start, in lines.
const LAST_LINES: usize = 5;

/// The process of the node of a home.
pub(super) struct NodeProcess {
    home: PathBuf,
}

impl NodeProcess {
    pub(super) fn of(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// Where what it says is kept.
    pub(super) fn log(&self) -> PathBuf {
        self.home.join("node.log")
    }

    fn pid_file(&self) -> PathBuf {
        self.home.join("node.pid")
    }

    /// Starts it. It goes on when this process ends, and an interrupt of the terminal does not
    /// reach it.
    pub(super) fn start(&self) -> Result<Child, Failure> {
        let what = format!("cannot start the node of {}", self.home.display());
        let log = OpenOptions::new().create(true).append(true).open(self.log());
        let program = std::env::current_exe().or_fail(Code::Other, &what)?;
        let mut command = Command::new(program);
        command.args(["node", "start", "--no-input", "--home"]).arg(&self.home);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.or_fail(Code::Other, &what)?);
        let child = command.process_group(0).spawn().or_fail(Code::Other, &what)?;
        let pid = format!("{}\n", child.id());
        crate::home::replace(&self.pid_file(), pid.as_bytes())?;
        Ok(child)
    }

    /// The process's number, if it runs and is the one that was started.
    pub(super) fn pid(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.pid_file()).ok()?;
        let number: i32 = text.trim().parse().ok().filter(|number| *number > 1)?;
        let command = std::fs::read(format!("/proc/{number}/cmdline")).ok()?;
        let mut words = command.split(|byte| *byte == 0);
        let home = self.home.as_os_str().as_encoded_bytes();
        let ours = words.clone().any(|word| word == b"start") && words.any(|word| word == home);
        if ours { Pid::from_raw(number) } else { None }
    }

    /// Tells it to end, and waits; false if it did not in time. Nothing is done if it does not run.
    pub(super) async fn stop(&self, patience: Duration) -> Result<bool, Failure> {
        if let Some(pid) = self.pid() {
            let what = format!("cannot end process {pid}");
            kill_process(pid, Signal::TERM).or_fail(Code::Other, &what)?;
        }
        let ended = tokio::time::timeout(patience, async {
            while self.pid().is_some() {
                tokio::time::sleep(STEP).await;
            }
        });
        if ended.await.is_err() {
            return Ok(false);
        }
        // It may never have been started.
        let _ = std::fs::remove_file(self.pid_file());
        Ok(true)
    }

    /// The end of what it said.
    pub(super) fn last_words(&self) -> String {
        let text = std::fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let from = lines.len().saturating_sub(LAST_LINES);
        lines.get(from..).unwrap_or_default().join("\n  ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_another_program_has_the_number_of_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
        let process = NodeProcess::of(folder.path());
        std::fs::write(process.pid_file(), stranger.id().to_string()).unwrap();
        assert!(process.pid().is_none());
        assert!(process.stop(Duration::from_secs(1)).await.unwrap());
        assert!(stranger.try_wait().unwrap().is_none(), "it was ended");
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn what_is_no_number_names_no_process() {
        let folder = tempfile::tempdir().unwrap();
        let process = NodeProcess::of(folder.path());
        for text in ["", "x", "-1", "0", "1", "99999999999"] {
            std::fs::write(process.pid_file(), text).unwrap();
            assert!(process.pid().is_none(), "{text}");
        }
    }
}
