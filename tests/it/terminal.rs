//! The program before a person: what it asks at a terminal, and what it does not show there.
//!
//! `script` of util-linux gives the program a terminal of its own whose other end are the pipes of
//! the test. The terminal echoes what is typed, as one does, so that a secret that the program does
//! not hide stands in what is read here.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use crate::chain::{self, PATIENCE};
use crate::stage::Stage;
use crate::support::{json, path};

const SECRET: &str = "correct horse battery";

/// A program at a terminal, and somebody who reads and types.
struct Session {
    child: Child,
    keyboard: ChildStdin,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    /// How much of the screen was read.
    read: usize,
}

#[derive(Default)]
struct Screen {
    text: Vec<u8>,
    ended: bool,
}

impl Session {
    fn start(arguments: &[&str]) -> Self {
        let words = [&[env!("CARGO_BIN_EXE_probity")], arguments].concat();
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        let mut script = Command::new("script");
        script
            .args(["--quiet", "--return", "--flush", "--echo", "always", "--command"])
            .args([&quoted.join(" "), "/dev/null"])
            .env_remove("PROBITY_NODE")
            .env_remove("PROBITY_HOME")
            .env("SHELL", "/bin/sh");
        let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let keyboard = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
        let screen = Arc::<(Mutex<Screen>, Condvar)>::default();
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 1024];
            loop {
                let count = output.read(&mut bytes).unwrap_or(0);
                let mut screen = shown.0.lock().unwrap();
                screen.text.extend_from_slice(&bytes[..count]);
                screen.ended = count == 0;
                shown.1.notify_all();
                if count == 0 {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, read: 0 }
    }

    /// Waits until `question` is on the screen, and gives what came before it.
    #[track_caller]
    fn until(&mut self, question: &str) -> String {
        let (screen, changed) = &*self.screen;
        let from = self.read;
        let asked = |screen: &Screen| String::from_utf8_lossy(&screen.text[from..]).find(question);
        let waiting = |screen: &mut Screen| asked(screen).is_none() && !screen.ended;
        let screen = screen.lock().unwrap();
        let (screen, _) = changed.wait_timeout_while(screen, PATIENCE, waiting).unwrap();
        let shown = String::from_utf8_lossy(&screen.text[from..]).into_owned();
        let Some(place) = asked(&screen) else { panic!("no {question:?} in {shown:?}") };
        self.read += place + question.len();
        shown[..place].to_owned()
    }

    fn type_line(&mut self, line: &str) {
        // A terminal's key for the end of a line sends a carriage return.
        self.keyboard.write_all(format!("{line}\r").as_bytes()).unwrap();
    }

    /// Answers a question at which nothing may be shown of the answer.
    #[track_caller]
    fn answer_hidden(&mut self, question: &str, answer: &str) {
        self.until(question);
        self.type_line(answer);
        let echo = self.until("\r\n");
        assert_eq!(echo, "", "after {question:?}");
    }

    /// Waits for the end: the exit code, everything that was shown, and what of it is new.
    #[track_caller]
    fn end(mut self) -> (i32, String, String) {
        let (all, ended) = {
            let (screen, changed) = &*self.screen;
            let waiting = |screen: &mut Screen| !screen.ended;
            let screen = screen.lock().unwrap();
            let (screen, _) = changed.wait_timeout_while(screen, PATIENCE, waiting).unwrap();
            (screen.text.clone(), screen.ended)
        };
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (all, last) = (text(&all), text(&all[self.read..]));
        assert!(ended, "it does not end after {last:?}");
        (self.child.wait().unwrap().code().unwrap(), all, last)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // One that has ended cannot be killed.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

fn names(home: &str) -> Vec<String> {
    let listed = json(&["key", "list", "--home", home, "-o", "json"]);
    let keys = listed["keys"].as_array().unwrap().iter();
    keys.map(|key| key["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_new_key_asks_twice_for_its_passphrase_and_shows_its_words_once() {
    let folder = tempfile::tempdir().unwrap();
    let home = path(folder.path());
    let mut session = Session::start(&["key", "new", "alice", "--home", &home]);
    session.answer_hidden("Choose a passphrase for the new key: ", SECRET);
    session.answer_hidden("Again: ", SECRET);
    session.until("Write these words down. They are shown once");
    session.until("\r\n");
    let shown = session.until("Word ");
    let table: Vec<&str> = shown.split_whitespace().collect();
    let (places, words): (Vec<_>, Vec<_>) =
        table.chunks(2).map(|pair| (pair[0].parse::<usize>().unwrap(), pair[1])).unzip();
    assert_eq!(places, (1..=24).collect::<Vec<usize>>());
    for asked in 1..=3 {
        let place: usize = session.until(": ").parse().unwrap();
        session.type_line(words[place - 1]);
        assert_eq!(session.until("\r\n"), "", "a word is shown while it is typed");
        if asked < 3 {
            assert_eq!(session.until("Word "), "");
        }
    }
    let (code, all, last) = session.end();
    assert_eq!(code, 0, "{all}");
    assert!(last.contains("alice") && last.contains("pbyt1"), "{last}");
    assert!(!all.contains("horse"), "{all}");
    assert_eq!(names(&home), ["alice"]);
}

#[test]
fn two_different_passphrases_or_a_wrong_word_make_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let home = path(folder.path());
    let mut session = Session::start(&["key", "new", "alice", "--home", &home]);
    session.answer_hidden("Choose a passphrase for the new key: ", SECRET);
    session.answer_hidden("Again: ", "correct horse batteries");
    let (code, _, last) = session.end();
    assert_eq!(code, 7, "{last}");
    assert!(last.contains("the two passphrases differ"), "{last}");

    let mut session = Session::start(&["key", "new", "alice", "--home", &home]);
    session.answer_hidden("Choose a passphrase for the new key: ", SECRET);
    session.answer_hidden("Again: ", SECRET);
    session.until("Word ");
    session.answer_hidden(": ", "nonsense");
    let (code, _, last) = session.end();
    assert_eq!(code, 7, "{last}");
    assert!(last.contains("the phrase is thrown away and no key was made"), "{last}");
    assert_eq!(names(&home), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_shown_and_signed_only_after_a_yes() {
    let stage = Stage::new().await;
    let home = path(&stage.folder.path().join("wallet"));
    let words = stage.folder.path().join("words");
    write_secret(&words, SECRET);
    let import = ["key", "import", "rich", "--home", &home, "--seed-file", &stage.rich];
    json(&[&import[..], &["--passphrase-file", &path(&words), "-o", "json"]].concat());
    let to = chain::account(&chain::key("somebody", 0)).to_string();
    let pay = ["transfer", &to, "1.5PBY", "--from", "rich", "--home", &home];
    let pay = [&pay[..], &["--node", stage.node.url()]].concat();
    let free = async || {
        let account = stage.node.client.account(&to.parse().unwrap()).await.ok()?;
        Some(account.data.free.to_string())
    };
    let nothing = free().await;

    for (answer, expected) in [("", 10), ("n", 10), ("y", 0)] {
        let mut session = Session::start(&pay);
        session.until("Enter the passphrase of ");
        session.answer_hidden(": ", "wrong horse");
        session.until("That is not it.\r\n");
        session.until("Enter the passphrase of ");
        session.answer_hidden(": ", SECRET);
        let shown = session.until("sign this? [y/N] ");
        assert!(shown.contains("amount: 1.5 PBY (1500000000 units)"), "{shown}");
        assert!(shown.contains(&to), "{shown}");
        session.type_line(answer);
        // What is no secret is shown again: the terminal is as it was.
        assert_eq!(session.until("\r\n"), answer);
        let (code, all, last) = session.end();
        assert_eq!(code, expected, "{all}");
        assert!(!all.contains("horse"), "{all}");
        if expected == 0 {
            assert_ne!(free().await, nothing, "{last}");
        } else {
            assert!(last.contains("not confirmed; nothing was signed"), "{last}");
            assert_eq!(free().await, nothing, "{last}");
        }
    }
}

fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
