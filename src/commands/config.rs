//! `probity config`: what is set, and by whom.

use serde::Serialize;

use crate::cli::{ConfigVerb, Global};
use crate::exit::Failure;
use crate::home::{Layers, Place};
use crate::output::{self, Table};

/// All settings.
#[derive(Debug, Serialize)]
struct Shown {
    schema: &'static str,
    settings: Vec<Setting>,
}

/// One setting; no value if it is not set.
#[derive(Debug, Serialize)]
struct Setting {
    key: &'static str,
    value: Option<toml::Value>,
    origin: String,
    help: &'static str,
}

pub(crate) fn run(global: &Global, verb: ConfigVerb) -> Result<(), Failure> {
    let place = Place::of(global)?;
    let (changes, origin) = match &verb {
        ConfigVerb::Show { origin, changes } => (changes, Some(*origin)),
        ConfigVerb::Validate { changes } => (changes, None),
    };
    let layers = Layers::read(&place, &changes.set)?;
    layers.settings()?;
    let shown = Shown { schema: "probity.config/v1", settings: settings(&layers) };
    output::show(global.output, &shown, |shown| match origin {
        Some(origin) => text(shown, origin),
        None => format!("{} is valid", place.file().display()),
    })
}

fn settings(layers: &Layers) -> Vec<Setting> {
    let setting = layers.iter().map(|(known, layered)| Setting {
        key: known.key,
        value: layered.value.clone(),
        origin: layered.origin.to_string(),
        help: known.help,
    });
    setting.collect()
}

fn text(shown: &Shown, origin: bool) -> String {
    let headings: &[&str] =
        if origin { &["setting", "value", "origin"] } else { &["setting", "value"] };
    let mut table = Table::new(headings);
    for setting in &shown.settings {
        let value = setting.value.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let mut row = vec![setting.key.to_owned(), value];
        row.extend(origin.then(|| setting.origin.clone()));
        table.row(row);
    }
    table.text()
}
