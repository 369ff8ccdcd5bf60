//! `probity key`: the keys of this machine.
//!
//! # Reading order
//! [`make`] brings keys into the folder, [`secret`] touches what is sealed, [`text`] signs and
//! checks texts; here is what everyone may know of a key.

mod make;
mod secret;
mod text;

use probity_keys::folder::{self, Listed, Name};
use probity_keys::keystore::Keystore;
use probity_primitives::{Address, Network, PublicKey};
use serde::Serialize;

use crate::cli::{Global, KeyVerb};
use crate::exit::Failure;
use crate::keyfile::{failed, folder, locate, missing};
use crate::output::{self, Table, show};
use crate::prompt;

pub(crate) fn run(global: &Global, verb: KeyVerb) -> Result<(), Failure> {
    match verb {
        KeyVerb::New(arguments) => make::new(global, &arguments),
        KeyVerb::Import(arguments) => make::import(global, &arguments),
        KeyVerb::List => list(global),
        KeyVerb::Show { key } => one(global, &key),
        KeyVerb::Export(arguments) => secret::export(global, &arguments),
        KeyVerb::Rename { from, to } => rename(global, &from, &to),
        KeyVerb::Delete { name } => delete(global, &name),
        KeyVerb::ChangePassphrase { name, passphrase, new_passphrase_file } => {
            secret::change(global, &name, &passphrase, new_passphrase_file)
        }
        KeyVerb::Sign { key, text, passphrase } => text::sign(global, &key, &text, &passphrase),
        KeyVerb::Verify { key, signature, text } => text::verify(global, &key, &signature, &text),
    }
}

/// What everyone may know of a key.
#[derive(Debug, Serialize)]
struct KeyView {
    name: String,
    /// What it is for, if its path says so.
    role: Option<String>,
    /// The ed25519 key, or the beacon's.
    public_key: Option<PublicKey>,
    /// Its account on the main network and on test networks; none for a beacon key.
    address: Option<Address>,
    test_address: Option<Address>,
    path: Option<String>,
    description: String,
    file: String,
    /// Why the file cannot be read, if it cannot.
    error: Option<String>,
}

impl KeyView {
    fn of(name: String, file: String, keystore: &Keystore) -> Self {
        let role = keystore.role();
        let public_key = keystore.public().map(PublicKey::from_bytes);
        let account = public_key.filter(|_| role != Some(probity_keys::derive::Role::Beacon));
        let address = |network| account.map(|key| Address::of(&key, network));
        Self {
            name,
            role: role.map(|role| role.to_string()),
            public_key,
            address: address(Network::Main),
            test_address: address(Network::Test),
            path: keystore.path().map(|path| path.to_string()),
            description: keystore.description().to_owned(),
            file,
            error: None,
        }
    }

    fn text(&self) -> String {
        let Self { name, role, public_key, address, test_address, path, description, file, error } =
            self;
        let mut table = Table::new(&["key", name]);
        let mut row = |what: &str, value: Option<String>| {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                table.row(vec![what.to_owned(), value]);
            }
        };
        row("role", role.clone());
        row("public key", public_key.map(|key| key.to_string()));
        row("address", address.map(|address| address.to_string()));
        row("on test networks", test_address.map(|address| address.to_string()));
        row("path", path.clone());
        row("description", Some(description.clone()));
        row("file", Some(file.clone()));
        row("error", error.clone());
        table.text()
    }
}

/// One key with the schema of its document.
#[derive(Debug, Serialize)]
struct KeyDocument {
    schema: &'static str,
    #[serde(flatten)]
    key: KeyView,
}

#[derive(Debug, Serialize)]
struct KeyList {
    schema: &'static str,
    folder: String,
    keys: Vec<KeyView>,
}

fn list(global: &Global) -> Result<(), Failure> {
    let folder = folder(global)?;
    let view = |listed: Listed| {
        let (name, file) = (listed.name.to_string(), folder.file(&listed.name));
        let file = file.display().to_string();
        match listed.keystore {
            Ok(keystore) => KeyView::of(name, file, &keystore),
            Err(error) => KeyView {
                name,
                role: None,
                public_key: None,
                address: None,
                test_address: None,
                path: None,
                description: String::new(),
                file,
                error: Some(error.to_string()),
            },
        }
    };
    let listed = folder.list().map_err(|error| failed(&error))?;
    let list = KeyList {
        schema: "probity.key.list/v1",
        folder: folder.path().display().to_string(),
        keys: listed.into_iter().map(view).collect(),
    };
    show(global.output, &list, list_text)
}

fn list_text(list: &KeyList) -> String {
    if list.keys.is_empty() {
        return format!("no keys in {}", list.folder);
    }
    let mut table = Table::new(&["name", "role", "public key", "description"]);
    for key in &list.keys {
        let public = key.public_key.map(|key| key.to_string());
        table.row(vec![
            key.name.clone(),
            key.role.clone().unwrap_or_else(|| "-".to_owned()),
            public.or_else(|| key.error.clone()).unwrap_or_else(|| "-".to_owned()),
            key.description.clone(),
        ]);
    }
    table.text()
}

fn one(global: &Global, key: &str) -> Result<(), Failure> {
    let file = locate(global, key)?;
    let keystore = folder::read(&file).map_err(|error| failed(&error))?;
    present(global, KeyView::of(key.to_owned(), file.display().to_string(), &keystore))
}

fn present(global: &Global, key: KeyView) -> Result<(), Failure> {
    let document = KeyDocument { schema: "probity.key/v1", key };
    show(global.output, &document, |document| document.key.text())
}

fn rename(global: &Global, from: &Name, to: &Name) -> Result<(), Failure> {
    let folder = folder(global)?;
    let keystore = get(&folder, from)?;
    let file = folder.rename(from, to).map_err(|error| failed(&error))?;
    present(global, KeyView::of(to.to_string(), file.display().to_string(), &keystore))
}

fn delete(global: &Global, name: &Name) -> Result<(), Failure> {
    let folder = folder(global)?;
    let keystore = get(&folder, name)?;
    let warning = format!(
        "The key {name} will be gone. Without its phrase or a copy, nobody can bring it back, and \
         what it owns is lost."
    );
    prompt::confirm_typed(global, &warning, &name.to_string())?;
    let file = folder.file(name).display().to_string();
    folder.delete(name).map_err(|error| failed(&error))?;
    output::say(global, &format!("deleted {file}"));
    present(global, KeyView::of(name.to_string(), file, &keystore))
}

/// The keystore of a name.
fn get(folder: &folder::Folder, name: &Name) -> Result<Keystore, Failure> {
    if !folder.file(name).exists() {
        return Err(missing(folder, name));
    }
    folder.get(name).map_err(|error| failed(&error))
}
