//! What the tests share: the program, the fixtures, and waiting with a bound.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

/// A command of the program under test.
pub(crate) fn probity(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity"));
    command
        .args(arguments)
        .env_remove("PROBITY_NODE")
        .env_remove("PROBITY_LOG")
        .env_remove("PROBITY_HOME");
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    probity(arguments).output().unwrap()
}

/// Runs a command that must succeed and reads the JSON that it prints.
pub(crate) fn json(arguments: &[&str]) -> Value {
    let output = run(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Runs a command that must fail and gives its exit code and what it says.
pub(crate) fn failure(arguments: &[&str]) -> (i32, String) {
    let output = run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    (output.status.code().unwrap(), said)
}

/// A file of the digits fixtures.
pub(crate) fn digits(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path(&root.join("fixtures").join("digits").join(name))
}

/// A path as an argument.
pub(crate) fn path(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A file with these contents in a folder.
pub(crate) fn write(folder: &tempfile::TempDir, name: &str, contents: &[u8]) -> String {
    let file: PathBuf = folder.path().join(name);
    std::fs::write(&file, contents).unwrap();
    path(&file)
}

/// Asks again and again until there is an answer; fails after `patience`, naming what was awaited.
pub(crate) async fn until<T>(
    what: &str,
    patience: Duration,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let asking = async {
        let mut ticks = tokio::time::interval(Duration::from_millis(100));
        loop {
            ticks.tick().await;
            if let Some(answer) = ask().await {
                return answer;
            }
        }
    };
    tokio::time::timeout(patience, asking).await.unwrap_or_else(|_| panic!("no {what} in time"))
}
