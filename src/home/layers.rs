//! Who may set a setting: the default, the file, the environment and the command line, the later
//! before the earlier.
//!
//! A value remembers where it came from, so that a mistake is reported at the place to correct, and
//! `probity config show --origin` can say why a node does what it does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use probity_harness::suggest::did_you_mean;
use serde::Deserialize;

use super::cluster::Chosen;
use super::known::{self, Known, SETTINGS};
use super::{Place, Settings};
use crate::exit::{Code, Failure};

/// The longest configuration file, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// An environment variable.
    Variable(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path, line) => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("--set"),
        }
    }
}

/// A value and where it came from; no value if it is not set.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Layered {
    /// The value.
    pub(crate) value: Option<toml::Value>,
    /// Where it came from.
    pub(crate) origin: Origin,
}

/// All settings with their origins.
#[derive(Debug)]
pub(crate) struct Layers(BTreeMap<&'static str, Layered>);

impl Layers {
    /// Reads the file of a home, the environment, and changes of the form `KEY=VALUE`.
    pub(crate) fn read(place: &Place, changes: &[String]) -> Result<Self, Failure> {
        let path = place.file();
        Self::of(&path, &super::read(&path, MAX_BYTES)?, changes)
    }

    /// As [`Self::read`], for what also runs without a home: without a file there are defaults.
    pub(crate) fn read_if_there(place: &Place, changes: &[String]) -> Result<Self, Failure> {
        if place.file().exists() {
            Self::read(place, changes)
        } else {
            Self::of(&place.file(), "", changes)
        }
    }

    fn of(path: &Path, text: &str, changes: &[String]) -> Result<Self, Failure> {
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        });
        Self::merge(path, text, variables, changes)
    }

    fn merge(
        path: &Path,
        text: &str,
        variables: impl Iterator<Item = (String, String)>,
        changes: &[String],
    ) -> Result<Self, Failure> {
        let fallback = |known: &'static Known| {
            (known.key, Layered { value: known.value(), origin: Origin::Default })
        };
        let mut layers = Self(SETTINGS.iter().map(fallback).collect());
        layers.add_file(path, text)?;
        for (name, value) in variables {
            layers.add_variable(name, &value)?;
        }
        for change in changes {
            layers.add_change(change)?;
        }
        Ok(layers)
    }

    /// One change of the form `KEY=VALUE`.
    pub(crate) fn change(change: &str) -> Result<Chosen, Failure> {
        let mut layers = Self(BTreeMap::new());
        layers.add_change(change)?;
        let changed = layers.0.pop_first().and_then(|(key, layered)| Some((key, layered.value?)));
        changed.ok_or_else(|| Failure::new(Code::Usage, format_args!("--set {change:?}")))
    }

    /// What is set, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Known, &Layered)> {
        SETTINGS.iter().filter_map(|known| Some((known, self.0.get(known.key)?)))
    }

    /// The settings that the values make.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        for (known, layered) in self.iter() {
            // One at a time over the defaults: so a value that does not fit is known by its place.
            let alone = self.iter().map(|(other, _)| {
                let own =
                    if other.key == known.key { layered.value.clone() } else { other.value() };
                (other, own)
            });
            if let Err(error) = Settings::deserialize(table(alone)) {
                let (key, origin) = (known.key, &layered.origin);
                let shown = layered.value.as_ref().map(ToString::to_string).unwrap_or_default();
                let reason = error.message();
                let message = format!("{origin}: {key} cannot be {shown}: {reason}");
                return Err(Failure::new(Code::Config, message).hint(known.help));
            }
        }
        let all = self.iter().map(|(known, layered)| (known, layered.value.clone()));
        Settings::deserialize(table(all))
            .map_err(|error| Failure::new(Code::Config, error.message()))
    }

    fn set(&mut self, key: &str, value: toml::Value, origin: Origin) -> Result<(), Failure> {
        let Some(known) = known::find(key) else {
            let nearest = did_you_mean(key, SETTINGS.iter().map(|known| known.key));
            let message = format!("{origin}: unknown setting `{key}`{nearest}");
            return Err(Failure::new(Code::Config, message)
                .hint("`probity config show` lists every setting"));
        };
        self.0.insert(known.key, Layered { value: Some(value), origin });
        Ok(())
    }

    fn add_file(&mut self, path: &Path, text: &str) -> Result<(), Failure> {
        let at = |offset: usize| Origin::File(path.to_owned(), line(text, offset));
        let broken = |error: toml::de::Error| {
            let place = at(error.span().map_or(0, |span| span.start));
            Failure::new(Code::Config, format_args!("{place}: {}", error.message()))
        };
        let values: toml::Table = toml::from_str(text).map_err(broken)?;
        let places = toml::de::DeTable::parse(text).map_err(broken)?;
        for (section, entries) in places.get_ref() {
            let (start, section) = (section.span().start, section.get_ref());
            let Some(entries) = entries.get_ref().as_table() else {
                return self.set(section, toml::Value::Boolean(true), at(start));
            };
            for (name, _) in entries {
                let value = values.get(&**section).and_then(|table| table.get(&**name.get_ref()));
                let value = value.cloned().unwrap_or(toml::Value::Boolean(true));
                let key = format!("{section}.{}", name.get_ref());
                self.set(&key, value, at(name.span().start))?;
            }
        }
        Ok(())
    }

    /// A variable of the form `PROBITY_SECTION_NAME`. Others with the prefix belong to flags.
    fn add_variable(&mut self, name: String, value: &str) -> Result<(), Failure> {
        if let Some(known) = SETTINGS.iter().find(|known| known.variable() == name) {
            return self.set(known.key, known.word(value), Origin::Variable(name));
        }
        let of_section = |known: &Known| {
            name.starts_with(&format!("PROBITY_{}_", known.parts().0.to_uppercase()))
        };
        if SETTINGS.iter().any(of_section) {
            let all: Vec<String> = SETTINGS.iter().map(Known::variable).collect();
            let nearest = did_you_mean(&name, all.iter().map(String::as_str));
            let message = format!("environment: unknown setting `{name}`{nearest}");
            return Err(Failure::new(Code::Config, message));
        }
        Ok(())
    }

    fn add_change(&mut self, change: &str) -> Result<(), Failure> {
        let Some((key, word)) = change.split_once('=') else {
            let message = format!("--set {change:?} is not of the form KEY=VALUE");
            return Err(Failure::new(Code::Usage, message));
        };
        let value = known::find(key).map_or_else(|| word.into(), |known| known.word(word));
        self.set(key, value, Origin::Flag)
    }
}

/// The table that settings are read from.
fn table(values: impl Iterator<Item = (&'static Known, Option<toml::Value>)>) -> toml::Table {
    let mut table = toml::Table::new();
    for (known, value) in values {
        let (section, name) = known.parts();
        let entry = table.entry(section).or_insert_with(|| toml::Table::new().into());
        if let (Some(entries), Some(value)) = (entry.as_table_mut(), value) {
            entries.insert(name.to_owned(), value);
        }
    }
    table
}

/// The line of an offset, counted from 1.
fn line(text: &str, offset: usize) -> usize {
    text.get(..offset).unwrap_or_default().matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(text: &str, variables: &[(&str, &str)], changes: &[&str]) -> Result<Layers, Failure> {
        let owned = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        let changes: Vec<String> = changes.iter().map(|change| (*change).into()).collect();
        Layers::merge(Path::new("node.toml"), text, owned, &changes)
    }

    fn refused(text: &str, variables: &[(&str, &str)], changes: &[&str]) -> String {
        let outcome = merged(text, variables, changes).and_then(|layers| layers.settings());
        format!("{:?}", outcome.unwrap_err())
    }

    #[test]
    fn the_list_of_settings_and_their_struct_name_the_same() {
        let settings = merged("", &[], &[]).unwrap().settings().unwrap();
        let text = toml::to_string(&settings).unwrap();
        let table: toml::Table = toml::from_str(&text).unwrap();
        let of_struct = table.iter().flat_map(|(section, entries)| {
            let names = entries.as_table().unwrap().keys();
            names.map(move |name| format!("{section}.{name}")).collect::<Vec<_>>()
        });
        let with_default = SETTINGS.iter().filter(|known| known.default.is_some());
        let mut of_list: Vec<_> = with_default.map(|known| known.key.to_owned()).collect();
        of_list.sort();
        let mut of_struct: Vec<_> = of_struct.collect();
        of_struct.sort();
        assert_eq!(of_struct, of_list);
    }

    #[test]
    fn a_flag_goes_before_the_environment_and_that_before_the_file() {
        let file = "[node]\nmoniker = \"file\"\n";
        let variable = [("PROBITY_NODE_MONIKER", "variable")];
        let moniker = |layers: Layers| {
            let origin = layers.0["node.moniker"].origin.to_string();
            (layers.settings().unwrap().node.moniker, origin)
        };
        let expect = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
        assert_eq!(moniker(merged("", &[], &[]).unwrap()), expect("node", "default"));
        assert_eq!(moniker(merged(file, &[], &[]).unwrap()), expect("file", "node.toml:2"));
        let set = merged(file, &variable, &[]).unwrap();
        assert_eq!(moniker(set), expect("variable", "PROBITY_NODE_MONIKER"));
        let set = merged(file, &variable, &["node.moniker=flag"]).unwrap();
        assert_eq!(moniker(set), expect("flag", "--set"));
    }

    #[test]
    fn an_unknown_setting_is_refused_with_its_place_and_the_nearest_one() {
        let said = refused("[network]\n\npears = []\n", &[], &[]);
        assert!(said.contains("node.toml:3: unknown setting `network.pears`"), "{said}");
        assert!(said.contains("did you mean `network.peers`?"), "{said}");
        let said = refused("[netwrk]\npeers = []\n", &[], &[]);
        assert!(said.contains("node.toml:2: unknown setting `netwrk.peers`"), "{said}");
        let said = refused("moniker = \"x\"\n", &[], &[]);
        assert!(said.contains("node.toml:1: unknown setting `moniker`"), "{said}");
        let said = refused("", &[("PROBITY_API_LISTN", "x")], &[]);
        assert!(said.contains("did you mean `PROBITY_API_LISTEN`?"), "{said}");
        let said = refused("", &[], &["api.listn=x"]);
        assert!(said.contains("--set: unknown setting `api.listn`; did you mean"), "{said}");
        assert!(merged("", &[("PROBITY_LOG", "info")], &[]).is_ok());
    }

    #[test]
    fn a_value_that_does_not_fit_is_refused_with_its_place_and_its_meaning() {
        let said = refused("[api]\nlisten = \"27657\"\n", &[], &[]);
        assert!(said.contains("node.toml:2: api.listen cannot be \\\"27657\\\""), "{said}");
        assert!(said.contains("programs ask"), "{said}");
        let said = refused("", &[("PROBITY_CONSENSUS_BLOCK_TIME_MS", "soon")], &[]);
        assert!(
            said.contains("PROBITY_CONSENSUS_BLOCK_TIME_MS: consensus.block_time_ms"),
            "{said}"
        );
        let said = refused("", &[], &["mempool.max_txs=0"]);
        assert!(said.contains("--set: mempool.max_txs cannot be 0"), "{said}");
        let said = refused("[api]\nlisten = \n", &[], &[]);
        assert!(said.contains("node.toml:2: "), "{said}");
    }

    #[test]
    fn peers_are_sockets_or_multiaddresses() {
        let text = "[network]\npeers = [\"127.0.0.1:5\", \"/ip4/10.0.0.1/udp/7/quic-v1\"]\n";
        let peers = merged(text, &[], &[]).unwrap().settings().unwrap().network.peers;
        assert_eq!(peers[0].0.to_string(), "/ip4/127.0.0.1/tcp/5");
        let said = refused("[network]\npeers = [\"nowhere\"]\n", &[], &[]);
        assert!(said.contains("neither IP:PORT nor a multiaddress"), "{said}");
    }
}
