//! Asking a person: questions, confirmations, and secrets that are not shown while they are typed.
//!
//! Questions go to the terminal itself and not to standard input or output, which may be pipes.
//!
//! # Invariants
//! - With `--no-input`, with `-o json` and without a terminal nothing is asked: the failure has the
//!   code 10 and names the flag that would have answered.
//! - The terminal is left as it was found, also after an interrupt.

use std::fs::File;
use std::io::{Read, Write};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios};
use zeroize::Zeroizing;

use crate::cli::Global;
use crate::exit::{Code, Failure, OrFail};
use crate::output::Format;

/// The longest answer, in bytes.
const MAX_ANSWER: usize = 2048;
/// What Ctrl-C sends.
const INTERRUPT: u8 = 3;

/// A terminal with a person before it.
pub(crate) struct Terminal(File);

impl Terminal {
    /// The terminal of this process; `flag` is what would have answered without one.
    pub(crate) fn of(global: &Global, what: &str, flag: &str) -> Result<Self, Failure> {
        let needed = |why: &str| {
            let message = format!("{what} has to be asked for, and {why}");
            Err(Failure::new(Code::NeedsInput, message).hint(format!("give {flag}")))
        };
        if global.no_input {
            return needed("--no-input forbids to ask");
        }
        if global.output == Format::Json {
            return needed("-o json forbids to ask");
        }
        match File::options().read(true).write(true).open("/dev/tty") {
            Ok(terminal) => Ok(Self(terminal)),
            Err(_) => needed("there is no terminal to ask on"),
        }
    }

    /// Shows a text, on the terminal alone.
    pub(crate) fn show(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text)
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        let mut terminal = &self.0;
        let written = terminal.write_all(text.as_bytes()).and_then(|()| terminal.flush());
        written.or_fail(Code::Other, "cannot write to the terminal")
    }

    /// Asks for a line.
    pub(crate) fn line(&mut self, question: &str) -> Result<Zeroizing<String>, Failure> {
        self.show(question)?;
        self.answer()
    }

    /// Asks for a line that is not shown while it is typed. What was typed before the question, and
    /// shown, is thrown away.
    pub(crate) fn hidden(&mut self, question: &str) -> Result<Zeroizing<String>, Failure> {
        // Hidden first: an answer may follow the question at once.
        let _hidden = Hidden::on(&self.0).or_fail(Code::Other, "cannot hide what is typed")?;
        self.write(question)?;
        self.answer()
    }

    fn answer(&self) -> Result<Zeroizing<String>, Failure> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_ANSWER));
        loop {
            let mut byte = [0];
            let read = (&self.0).read(&mut byte).or_fail(Code::Other, "cannot read the answer")?;
            let [byte] = byte;
            match byte {
                _ if read == 0 => {
                    return Err(Failure::new(Code::NeedsInput, "the terminal was closed"));
                }
                INTERRUPT => return Err(Failure::new(Code::Interrupted, "interrupted")),
                b'\n' => break,
                _ if bytes.len() >= MAX_ANSWER => {
                    let message = format!("the answer has more than {MAX_ANSWER} bytes");
                    return Err(Failure::new(Code::Usage, message));
                }
                other => bytes.push(other),
            }
        }
        let text = str::from_utf8(&bytes).or_fail(Code::Usage, "the answer is not UTF-8")?;
        let mut answer = Zeroizing::new(String::with_capacity(text.len()));
        answer.push_str(text);
        Ok(answer)
    }
}

/// A terminal that does not show what is typed, until this is dropped.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn on(terminal: &'a File) -> rustix::io::Result<Self> {
        let before = rustix::termios::tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO | LocalModes::ISIG);
        hidden.local_modes.insert(LocalModes::ICANON | LocalModes::ECHONL);
        // An interrupt ends the line, so that we can put the terminal right before we end.
        hidden.special_codes[SpecialCodeIndex::VEOL] = INTERRUPT;
        rustix::termios::tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // A terminal that went away needs no mending.
        let _ = rustix::termios::tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Asks to type a word, for what cannot be undone; `--yes` answers.
pub(crate) fn confirm_typed(global: &Global, warning: &str, word: &str) -> Result<(), Failure> {
    if global.yes {
        return Ok(());
    }
    let mut terminal = Terminal::of(global, "a confirmation", "--yes")?;
    let answer = terminal.line(&format!("{warning}\nType {word} to go on: "))?;
    agreed(answer.trim() == word)
}

fn agreed(yes: bool) -> Result<(), Failure> {
    if yes { Ok(()) } else { Err(Failure::new(Code::Other, "not confirmed, nothing was done")) }
}
