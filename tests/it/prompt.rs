//! Prompts, as a person at a terminal sees them.
//!
//! The terminal is one that `script` of util-linux makes, and the person writes to it when it has
//! read the question.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::stage::Stage;
use crate::support::{json, path};

/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// What Ctrl-C sends.
const INTERRUPT: &str = "\u{3}";

/// A person at a terminal in which one command line runs.
struct Person {
    child: Child,
    keys: ChildStdin,
    screen: Receiver<Vec<u8>>,
    /// All that stood on the screen.
    seen: String,
    /// How much of it was read.
    read: usize,
}

impl Person {
    /// Runs the program, and then says whether the terminal shows what is typed.
    fn runs(arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_probity");
        let line = format!(
            "{program} {arguments}; code=$?; stty -a | grep -ow -e -echo -e echo; exit $code"
        );
        let mut child = Command::new("script")
            .args(["--quiet", "--return", "--flush", "--echo", "always", "--command", &line])
            .arg("/dev/null")
            .env_remove("PROBITY_NODE")
            .env_remove("PROBITY_HOME")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let keys = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let (shown, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut bytes) {
                if shown.send(bytes[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { child, keys, screen, seen: String::new(), read: 0 }
    }

    /// Reads until a text stands on the screen that was not read before.
    #[track_caller]
    fn reads(&mut self, text: &str) -> &mut Self {
        let until = Instant::now() + PATIENCE;
        while !self.seen[self.read..].contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(error) => panic!("{text:?} does not come ({error}): {}", self.seen),
            }
        }
        let place = self.seen[self.read..].find(text).unwrap();
        self.read += place + text.len();
        self
    }

    fn types(&mut self, text: &str) -> &mut Self {
        self.keys.write_all(text.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Waits for the end; gives the exit code and all that was on the screen.
    fn leaves(mut self) -> (Option<i32>, String) {
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.seen += &String::from_utf8_lossy(&bytes);
        }
        let status = self.child.wait().unwrap();
        (status.code(), self.seen)
    }
}

/// A folder, and the command that makes a key in it.
fn desk() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let home = path(folder.path());
    (folder, format!("key new me --home {home} --mnemonic-out {home}/words"))
}

/// Whether the terminal shows what is typed, after the command.
fn shows(screen: &str) -> bool {
    let last = screen.lines().rev().map(str::trim).find(|line| line.ends_with("echo")).unwrap();
    last == "echo"
}

#[test]
fn a_passphrase_is_asked_for_twice_and_never_shown() {
    let (folder, command) = desk();
    let mut person = Person::runs(&command);
    person.reads("Choose a passphrase for the new key: ").types("open sesame\n");
    person.reads("Again: ").types("open sesame\n");
    let (code, screen) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("sesame") && shows(&screen), "{screen}");
    let home = path(folder.path());
    let mut person = Person::runs(&format!("key sign me --home {home} --message hello"));
    person.reads("Enter ").types("open sesame\n");
    let (code, screen) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("sesame"), "{screen}");
}

#[test]
fn a_passphrase_that_is_repeated_otherwise_makes_no_key() {
    let (folder, command) = desk();
    let mut person = Person::runs(&command);
    person.reads("Choose ").types("open sesame\n");
    person.reads("Again: ").types("open sesami\n");
    let (code, screen) = person.leaves();
    assert_eq!(code, Some(7), "{screen}");
    assert!(screen.contains("the two passphrases differ"), "{screen}");
    assert!(!screen.contains("sesam") && shows(&screen), "{screen}");
    assert!(!folder.path().join("words").exists());
    let home = path(folder.path());
    let listed = json(&["key", "list", "--home", &home, "-o", "json"]);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 0, "{listed}");
}

#[test]
fn an_interrupt_while_a_passphrase_is_typed_leaves_the_terminal_as_it_was() {
    let (folder, command) = desk();
    let mut person = Person::runs(&command);
    person.reads("Choose ").types("open ses").types(INTERRUPT);
    let (code, screen) = person.leaves();
    assert_eq!(code, Some(130), "{screen}");
    assert!(screen.contains("interrupted") && !screen.contains("ses"), "{screen}");
    assert!(shows(&screen), "{screen}");
    assert!(!folder.path().join("words").exists());
}

#[test]
fn with_no_input_nothing_is_asked_even_at_a_terminal() {
    let (_folder, command) = desk();
    let (code, screen) = Person::runs(&format!("{command} --no-input")).leaves();
    assert_eq!(code, Some(10), "{screen}");
    assert!(screen.contains("--no-input forbids to ask"), "{screen}");
    assert!(screen.contains("--passphrase-file FILE") && !screen.contains("Choose"), "{screen}");
}

#[test]
fn what_cannot_be_undone_is_confirmed_by_typing_its_name() {
    let (folder, command) = desk();
    let mut person = Person::runs(&command);
    person.reads("Choose ").types("open sesame\n");
    person.reads("Again: ").types("open sesame\n");
    assert_eq!(person.leaves().0, Some(0));
    let home = path(folder.path());
    let names = || {
        let listed = json(&["key", "list", "--home", &home, "-o", "json"]);
        listed["keys"].as_array().unwrap().len()
    };
    let delete = format!("key delete me --home {home}");
    for (answer, code, left) in [("you\n", 1, 1), ("\n", 1, 1), ("me\n", 0, 0)] {
        let mut person = Person::runs(&delete);
        person.reads("Type me to go on: ").types(answer);
        let (found, screen) = person.leaves();
        assert_eq!((found, names()), (Some(code), left), "{answer:?}: {screen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_signed_only_after_a_yes() {
    let stage = Stage::new().await;
    let to = stage.somebody();
    let pay = format!("transfer {to} 7 --from {} --node {}", stage.rich, stage.node.url());
    let paid = || {
        let shown = json(&stage.asking(&["account", "show", &to]));
        shown["data"]["free"].as_str().unwrap_or("0").to_owned()
    };
    for answer in ["n\n", "\n", INTERRUPT] {
        let mut person = Person::runs(&pay);
        person.reads("amount: ").reads("signed_hash: ").reads("sign this? [y/N] ").types(answer);
        let (code, screen) = person.leaves();
        let wanted = if answer == INTERRUPT { 130 } else { 10 };
        assert_eq!(code, Some(wanted), "{answer:?}: {screen}");
        assert!(!screen.contains("sent "), "{screen}");
    }
    let mut person = Person::runs(&pay);
    person.reads("sign this? [y/N] ").types("y\n");
    let (code, screen) = person.leaves();
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("carried out"), "{screen}");
    assert_eq!(paid(), "7");
    let (code, screen) = Person::runs(&format!("{pay} --no-input")).leaves();
    assert_eq!(code, Some(0), "a payment needs no answer: {screen}");
    assert!(!screen.contains("sign this?"), "{screen}");
    assert_eq!(paid(), "14");
}
