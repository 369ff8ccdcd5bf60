//! `probity key export` and `change-passphrase`: what touches the secret.

use std::path::PathBuf;

use probity_keys::file;
use probity_keys::folder::Name;
use probity_keys::keystore::{Kdf, kdf};
use serde::Serialize;

use super::{KeyView, get, present};
use crate::cli::{Global, KeyExport, PassphraseFlags};
use crate::exit::{Code, Failure, OrFail};
use crate::keyfile::{self, failed, folder};
use crate::output::show;
use crate::passphrase::{self, unusable};
use crate::prompt;

#[derive(Debug, Serialize)]
struct Exported {
    schema: &'static str,
    name: String,
    file: String,
    /// Whether the file is sealed, or holds the bare secret.
    encrypted: bool,
}

pub(super) fn export(global: &Global, arguments: &KeyExport) -> Result<(), Failure> {
    let KeyExport { name, out, encrypted, passphrase } = arguments;
    let folder = folder(global)?;
    let keystore = get(&folder, name)?;
    if *encrypted {
        let text = keystore.to_json().or_fail(Code::Other, "cannot write the keystore")?;
        file::create(out, &text).map_err(|error| unusable(&error))?;
    } else {
        let warning = format!(
            "The secret of {name} will lie in {}, with no passphrase: whoever reads that file has \
             the key.",
            out.display()
        );
        prompt::confirm_typed(global, &warning, &name.to_string())?;
        let path = folder.file(name);
        let (secret, _) = keyfile::unseal(global, &keystore, &path, passphrase)?;
        keyfile::write(out, secret.as_bytes())?;
    }
    let exported = Exported {
        schema: "probity.key.export/v1",
        name: name.to_string(),
        file: out.display().to_string(),
        encrypted: *encrypted,
    };
    show(global.output, &exported, |exported| format!("wrote {}", exported.file))
}

pub(super) fn change(
    global: &Global,
    name: &Name,
    old: &PassphraseFlags,
    new: Option<PathBuf>,
) -> Result<(), Failure> {
    if new == old.passphrase_file && new.as_deref() == Some("-".as_ref()) {
        return Err(Failure::new(Code::Usage, "standard input can be read for one thing only"));
    }
    let folder = folder(global)?;
    let keystore = get(&folder, name)?;
    let path = folder.file(name);
    let (_, known) = keyfile::unseal(global, &keystore, &path, old)?;
    let flags = PassphraseFlags { passphrase_file: new, passphrase_fd: None };
    let (what, flag) = ("a new passphrase", "--new-passphrase-file FILE");
    let chosen = passphrase::chosen(global, &flags, what, flag)?;
    let kdf = Kdf::pbkdf2(kdf::ROUNDS).or_fail(Code::Other, "cannot seal the key")?;
    folder.change_passphrase(name, &known, &chosen, kdf).map_err(|error| failed(&error))?;
    let keystore = get(&folder, name)?;
    present(global, KeyView::of(name.to_string(), path.display().to_string(), &keystore))
}
