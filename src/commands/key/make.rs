//! `probity key new` and `import`: how keys come into the folder.
//!
//! A name that is taken is refused before anyone is asked for anything, and once more when the file
//! is made, since another process may have taken it meanwhile.

use std::path::Path;

use probity_keys::derive::{self, Role};
use probity_keys::file;
use probity_keys::folder::{self, Folder, Name};
use probity_keys::keystore::{Kdf, Keystore, Label, kdf};
use probity_keys::mnemonic::{Length, Phrase};
use probity_keys::secret::Secret;
use zeroize::Zeroizing;

use super::{KeyView, present};
use crate::cli::{Global, ImportSource, KeyImport, KeyNew, KeyPlace, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::keyfile::{self, failed};
use crate::output::say;
use crate::passphrase::{self, secret_text, unusable};
use crate::prompt::Terminal;

/// The longest phrase file, in bytes.
const MAX_PHRASE: usize = 512;
/// How many words of a new phrase are to be typed again.
const RETYPED: usize = 3;
/// What to call a new key's passphrase.
const NEW: &str = "a passphrase for the new key";

pub(super) fn new(global: &Global, arguments: &KeyNew) -> Result<(), Failure> {
    let KeyNew { name, place, words, mnemonic_out, passphrase } = arguments;
    let folder = free(global, name)?;
    let length = if words == "12" { Length::Twelve } else { Length::TwentyFour };
    let phrase = Phrase::random(length).or_fail(Code::Other, "cannot make a phrase")?;
    let (secret, path) = derived(&phrase, "", place)?;
    let chosen = passphrase::chosen(global, passphrase, NEW, passphrase::FLAG)?;
    match mnemonic_out {
        Some(out) => {
            let text = Zeroizing::new(format!("{}\n", *phrase.text()));
            file::create(out, &text).map_err(|error| unusable(&error))?;
            say(global, &format!("the phrase is in {}: move it off this machine", out.display()));
        }
        None => reveal(global, &phrase)?,
    }
    let label = label(place, Some(path));
    keep(global, &folder, name, &secret, &chosen, &label)
}

pub(super) fn import(global: &Global, arguments: &KeyImport) -> Result<(), Failure> {
    let KeyImport { name, place, source, extra_word_file, keystore_passphrase_file, passphrase } =
        arguments;
    let inputs = [
        source.mnemonic_file.as_deref(),
        source.seed_file.as_deref(),
        keystore_passphrase_file.as_deref(),
        passphrase.passphrase_file.as_deref(),
    ];
    if inputs.iter().filter(|input| **input == Some(Path::new("-"))).count() > 1 {
        return Err(Failure::new(Code::Usage, "standard input can be read for one thing only"));
    }
    let folder = free(global, name)?;
    let (secret, label) = match source {
        ImportSource { seed_file: Some(seed), .. } => {
            let text = secret_text(seed, 128)?;
            (keyfile::parse_seed(&text, seed)?, label(place, None))
        }
        ImportSource { keystore: Some(path), .. } => {
            let flags = PassphraseFlags {
                passphrase_file: keystore_passphrase_file.clone(),
                passphrase_fd: None,
            };
            from_keystore(global, path, &flags, &place.description)?
        }
        ImportSource { mnemonic_file, .. } => {
            let phrase = phrase(global, mnemonic_file.as_deref())?;
            let extra = extra_word_file.as_deref().map(|path| secret_text(path, 1024));
            let extra = extra.transpose()?.unwrap_or_default();
            let (secret, path) = derived(&phrase, &extra, place)?;
            (secret, label(place, Some(path)))
        }
    };
    let chosen = passphrase::chosen(global, passphrase, NEW, passphrase::FLAG)?;
    keep(global, &folder, name, &secret, &chosen, &label)
}

/// The folder, if the name is free in it.
fn free(global: &Global, name: &Name) -> Result<Folder, Failure> {
    let folder = keyfile::folder(global)?;
    if folder.file(name).exists() {
        let message = format!("there is a key {name} already, and nothing is overwritten");
        return Err(Failure::new(Code::Key, message).hint("choose another name"));
    }
    Ok(folder)
}

fn derived(
    phrase: &Phrase,
    extra: &str,
    place: &KeyPlace,
) -> Result<(Secret, derive::Path), Failure> {
    let path = derive::Path::of(place.account, place.role.into(), place.index)
        .or_fail(Code::Usage, "cannot derive a key")?;
    Ok((derive::derive(&*phrase.seed(extra), &path), path))
}

fn label(place: &KeyPlace, path: Option<derive::Path>) -> Label {
    let beacon = Role::from(place.role) == Role::Beacon;
    Label { path, beacon, description: place.description.clone() }
}

/// The secret of a keystore from elsewhere. Its public key must be one of ours.
fn from_keystore(
    global: &Global,
    path: &Path,
    flags: &PassphraseFlags,
    description: &str,
) -> Result<(Secret, Label), Failure> {
    let keystore = folder::read(path).map_err(|error| failed(&error))?;
    let (secret, _) = keyfile::unseal(global, &keystore, path, flags)?;
    let signs = keystore.public() == Some(*secret.keypair().public().as_bytes());
    let kept = if description.is_empty() { keystore.description() } else { description };
    let label = Label { path: keystore.path(), beacon: !signs, description: kept.to_owned() };
    Ok((secret, label))
}

fn phrase(global: &Global, file: Option<&Path>) -> Result<Phrase, Failure> {
    let text = match file {
        Some(path) => secret_text(path, MAX_PHRASE)?,
        None => Terminal::of(global, "the phrase", "--mnemonic-file FILE")?
            .hidden("Type the phrase (it is not shown): ")?,
    };
    Phrase::parse(&text).or_fail(Code::Key, "cannot use the phrase")
}

/// Shows a new phrase on the terminal alone, and asks for some of its words, so that one who did
/// not write it down learns it now.
fn reveal(global: &Global, phrase: &Phrase) -> Result<(), Failure> {
    let mut terminal = Terminal::of(global, "the new phrase", "--mnemonic-out FILE")?;
    let words: Vec<&str> = phrase.words().collect();
    let mut shown = Zeroizing::new(String::with_capacity(1024));
    for (place, word) in (1..).zip(&words) {
        shown.push_str(&format!("{place:>4} {word:<10}"));
        shown.push_str(if place % 4 == 0 { "\n" } else { "" });
    }
    terminal
        .show("Write these words down. They are shown once, and whoever has them has the key.\n")?;
    terminal.show(&shown)?;
    for place in places(words.len())? {
        let answer = terminal.hidden(&format!("Word {}: ", place.saturating_add(1)))?;
        if words.get(place).is_none_or(|word| *word != answer.trim().to_lowercase()) {
            let message = "that is not the word; the phrase is thrown away and no key was made";
            return Err(Failure::new(Code::Key, message));
        }
    }
    Ok(())
}

/// Different places in a phrase, at random.
fn places(words: usize) -> Result<Vec<usize>, Failure> {
    let mut places = Vec::new();
    while places.len() < RETYPED {
        let random = Secret::random().or_fail(Code::Other, "cannot choose words")?;
        for byte in random.as_bytes() {
            let place = usize::from(*byte) % words.max(RETYPED);
            if places.len() < RETYPED && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    Ok(places)
}

fn keep(
    global: &Global,
    folder: &Folder,
    name: &Name,
    secret: &Secret,
    chosen: &probity_keys::passphrase::Passphrase,
    label: &Label,
) -> Result<(), Failure> {
    let kdf = Kdf::pbkdf2(kdf::ROUNDS).or_fail(Code::Other, "cannot seal the key")?;
    let sealed =
        Keystore::seal(secret, chosen, label, kdf).or_fail(Code::Usage, "cannot seal the key")?;
    let file = folder.create(name, &sealed).map_err(|error| failed(&error))?;
    present(global, KeyView::of(name.to_string(), file.display().to_string(), &sealed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_to_type_again_are_different_ones_of_the_phrase() {
        for words in [12, 24] {
            for _ in 0..50 {
                let mut places = places(words).unwrap();
                places.sort_unstable();
                places.dedup();
                assert_eq!(places.len(), RETYPED);
                assert!(places.iter().all(|place| *place < words));
            }
        }
    }
}
