//! Where a passphrase comes from: a prompt, a file, an open descriptor or standard input.
//!
//! Spec: `docs/spec/26-keys.md`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use probity_keys::file;
use probity_keys::passphrase::{MAX_BYTES, Passphrase};
use zeroize::Zeroizing;

use crate::cli::{Global, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::prompt::Terminal;

/// The flag that a failure names.
pub(crate) const FLAG: &str = "--passphrase-file FILE";

/// Asks for the passphrase of what exists.
pub(crate) fn ask(terminal: &mut Terminal, what: &str) -> Result<Passphrase, Failure> {
    let typed = terminal.hidden(&format!("Enter {what}: "))?;
    Passphrase::new(&typed).or_fail(Code::Key, "cannot use the passphrase")
}

/// The passphrase of what exists, if a flag gives it.
pub(crate) fn given(flags: &PassphraseFlags) -> Result<Option<Passphrase>, Failure> {
    let Some(text) = text(flags)? else { return Ok(None) };
    Passphrase::new(&text).or_fail(Code::Key, "cannot use the passphrase").map(Some)
}

/// The passphrase of something new: from the flags, or asked for twice.
pub(crate) fn chosen(
    global: &Global,
    flags: &PassphraseFlags,
    what: &str,
    flag: &str,
) -> Result<Passphrase, Failure> {
    if let Some(text) = text(flags)? {
        return Passphrase::chosen(&text).or_fail(Code::Key, "cannot use the passphrase");
    }
    let mut terminal = Terminal::of(global, what, flag)?;
    let first = terminal.hidden(&format!("Choose {what}: "))?;
    let passphrase = Passphrase::chosen(&first).or_fail(Code::Key, "cannot use the passphrase")?;
    if *terminal.hidden("Again: ")? != *first {
        return Err(Failure::new(Code::Key, "the two passphrases differ"));
    }
    Ok(passphrase)
}

fn text(flags: &PassphraseFlags) -> Result<Option<Zeroizing<String>>, Failure> {
    let PassphraseFlags { passphrase_file, passphrase_fd } = flags;
    match (passphrase_file, passphrase_fd) {
        (Some(path), _) => secret_text(path, MAX_BYTES).map(Some),
        (None, Some(number)) => {
            let what = format!("cannot read the passphrase from descriptor {number}");
            let file = File::open(format!("/dev/fd/{number}")).or_fail(Code::Key, &what)?;
            limited(file, MAX_BYTES, &what).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The text of a file that nobody else can read, or of standard input, without its last line end.
pub(crate) fn secret_text(path: &Path, limit: usize) -> Result<Zeroizing<String>, Failure> {
    if path == Path::new("-") {
        return limited(std::io::stdin().lock(), limit, "cannot read standard input");
    }
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(2);
    let text = file::read(path, most).map_err(|error| unusable(&error))?;
    Ok(without_line_end(&text))
}

/// A failure about a file with a secret, with the command that mends it.
pub(crate) fn unusable(error: &file::FileError) -> Failure {
    let failure = Failure::new(Code::Key, error);
    match error.hint() {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn limited(source: impl Read, limit: usize, what: &str) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(limit.saturating_add(3)));
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(3);
    source.take(most).read_to_string(&mut text).or_fail(Code::Key, what)?;
    let text = without_line_end(&text);
    if text.len() > limit {
        return Err(Failure::new(Code::Key, format_args!("{what}: more than {limit} bytes")));
    }
    Ok(text)
}

fn without_line_end(text: &str) -> Zeroizing<String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    Zeroizing::new(text.strip_suffix('\r').unwrap_or(text).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(path: &Path) -> PassphraseFlags {
        PassphraseFlags { passphrase_file: Some(path.to_owned()), passphrase_fd: None }
    }

    #[test]
    fn a_file_gives_its_text_without_the_last_line_end() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("a", "open sesame"), ("b", "open sesame\n"), ("c", "open sesame\r\n")]
        {
            let path = folder.path().join(name);
            file::create(&path, text).unwrap();
            assert_eq!(*secret_text(&path, 1024).unwrap(), "open sesame");
            assert_eq!(given(&flags(&path)).unwrap(), Passphrase::new("open sesame").ok());
        }
        let two = folder.path().join("two");
        file::create(&two, "open\n\n").unwrap();
        assert_eq!(*secret_text(&two, 1024).unwrap(), "open\n", "one line end, not all");
    }

    #[test]
    fn a_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        file::create(&path, "open sesame").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        let refused = format!("{:?}", given(&flags(&path)).unwrap_err());
        assert!(refused.contains("chmod 600"), "{refused}");
    }

    #[test]
    fn what_is_longer_than_any_passphrase_is_refused() {
        let long = "a".repeat(MAX_BYTES + 1);
        assert!(limited(long.as_bytes(), MAX_BYTES, "x").is_err());
        assert!(limited(&long.as_bytes()[1..], MAX_BYTES, "x").is_ok());
    }

    #[test]
    fn without_a_flag_and_without_a_person_the_failure_names_the_flag() {
        let global = Global { no_input: true, ..Global::default() };
        let none = PassphraseFlags::default();
        assert!(given(&none).unwrap().is_none());
        let refused = format!("{:?}", chosen(&global, &none, "a passphrase", FLAG).unwrap_err());
        assert!(refused.contains("NeedsInput") && refused.contains(FLAG), "{refused}");
    }
}
