//! Which settings there are: the one list that the template, the defaults, the error messages and
//! `probity config show` are made from.
//!
//! # Invariants
//! - A setting of this list is a field of [`super::Settings`] and the reverse; a test compares them.
//! - A default is written as it would stand in the file.

use std::fmt::Write as _;

use super::cluster::Chosen;

/// One setting.
#[derive(Debug)]
pub(crate) struct Known {
    /// Section and name.
    pub(crate) key: &'static str,
    /// What it is if nobody sets it, as it stands in the file; none if it is not set then.
    pub(crate) default: Option<&'static str>,
    /// What it means.
    pub(crate) help: &'static str,
}

const fn known(key: &'static str, default: &'static str, help: &'static str) -> Known {
    Known { key, default: Some(default), help }
}

const fn unset(key: &'static str, help: &'static str) -> Known {
    Known { key, default: None, help }
}

/// Every setting, section by section.
pub(crate) const SETTINGS: &[Known] = &[
    known("node.moniker", "\"node\"", "What the node calls itself, in logs and to its peers."),
    unset("node.operator", "The operator that the node votes for; without one it only follows."),
    known("api.listen", "\"127.0.0.1:27657\"", "Where people, agents and programs ask."),
    known(
        "api.max_connections",
        "4096",
        "Most connections that ask at once; an eighth of them is for this machine alone.",
    ),
    known("api.max_per_ip", "64", "Most of them from one host that is not local."),
    known(
        "api.max_per_local_ip",
        "0",
        "Most of them from one address of this machine; 0: no limit but the first.",
    ),
    unset("metrics.listen", "Where monitors ask, as in \"127.0.0.1:27660\"; nowhere if none."),
    known(
        "consensus.listen",
        "\"127.0.0.1:27656\"",
        "Where the engines of other nodes reach this one.",
    ),
    known("consensus.peers", "[]", "The engines of other nodes: \"IP:PORT\" or a multiaddress."),
    known(
        "consensus.block_time_ms",
        "1000",
        "How long a block should take, in milliseconds; 0 is as fast as can be.",
    ),
    known(
        "consensus.listen_heights",
        "2",
        "For how many new blocks a validator listens for its own key before it signs; 0: none.",
    ),
    known(
        "consensus.max_version",
        "4294967295",
        "Versions of the rules above this are not known here: to practise an upgrade, no more.",
    ),
    known(
        "network.listen",
        "\"127.0.0.1:27658\"",
        "Where other nodes reach this one for transactions and files.",
    ),
    known("network.peers", "[]", "The other nodes: \"IP:PORT\" or a multiaddress."),
    known("network.max_incoming", "256", "Most connections from others."),
    known("network.max_outgoing", "64", "Most connections to others."),
    known("network.max_per_ip", "16", "Most connections from one host that is not local."),
    known("network.max_per_subnet", "4", "Most calls into one neighbourhood that is not local."),
    known(
        "network.outbound_target",
        "8",
        "Calls that the node makes by itself; 0: to peers alone.",
    ),
    known("network.txs_per_second", "20000", "Transactions of one peer that are looked at."),
    known("network.bytes_per_second", "16777216", "Bytes of one peer that nobody asked for."),
    known("network.ban_seconds", "600", "How long a peer that misbehaved is not let in."),
    known(
        "network.reach",
        "\"ask\"",
        "Whether others can call this node: \"public\", \"private\", or \"ask\" them to try.",
    ),
    known("network.relay", "false", "Whether the node passes calls on to nodes behind routers."),
    known("network.relays", "[]", "Relays that pass calls on to this node: multiaddresses."),
    known("network.announce", "[]", "Addresses that others are told to call: multiaddresses."),
    known("store.kind", "\"sled\"", "What keeps the chain: \"sled\" or \"redb\"."),
    known(
        "store.keep_blocks",
        "0",
        "How many blocks are kept, at least 1000; 0: all. Older ones cannot be given to others.",
    ),
    known("store.min_free_mib", "256", "The node ends in order before less than this is free."),
    known("snapshots.every", "0", "A snapshot is made at every multiple of this height; 0: none."),
    known("snapshots.keep", "2", "How many snapshots are kept."),
    known("snapshots.serve", "false", "Whether the API hands snapshots out."),
    known(
        "keys.operator",
        "\"operator.json\"",
        "The hot key: a file in the folder of keys, or an absolute path.",
    ),
    known("keys.beacon", "\"beacon.json\"", "The key of the contributions to the beacon."),
    unset(
        "keys.passphrase_file",
        "A file with the passphrase of both keys, mode 600; asked for if none.",
    ),
    known("mempool.max_txs", "20000", "Most transactions that wait."),
    known("mempool.max_bytes", "67108864", "Most bytes of transactions that wait."),
    known("mempool.max_per_sender", "64", "Most transactions of one sender that wait."),
    unset("log.filter", "What to log, as in \"info\" or \"probity_node=debug\"; errors if none."),
    known("log.format", "\"text\"", "The form of the log: \"text\" or \"json\"."),
    unset(
        "evaluator.node",
        "The URL of the node that the evaluator works through; this home's if none.",
    ),
    unset("evaluator.metrics", "Where monitors ask an evaluator; nowhere if none."),
    known("evaluator.workers", "1", "How many worker processes share one evaluation."),
    known(
        "evaluator.challenge",
        "false",
        "Whether the evaluator runs what others evaluated and puts up bonds against false results.",
    ),
];

/// The setting of a name.
pub(crate) fn find(key: &str) -> Option<&'static Known> {
    SETTINGS.iter().find(|known| known.key == key)
}

impl Known {
    /// Its section and its name in it.
    pub(crate) fn parts(&self) -> (&'static str, &'static str) {
        self.key.split_once('.').unwrap_or(("", self.key))
    }

    /// The environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!("PROBITY_{}", self.key.to_uppercase().replace('.', "_"))
    }

    /// The default as a value.
    pub(crate) fn value(&self) -> Option<toml::Value> {
        self.default.and_then(literal)
    }

    /// What a word of the environment or of the command line means here, by the default's type.
    pub(crate) fn word(&self, word: &str) -> toml::Value {
        let text = || toml::Value::String(word.to_owned());
        match self.value() {
            Some(toml::Value::Integer(_)) => {
                word.parse().map_or_else(|_| text(), toml::Value::Integer)
            }
            Some(toml::Value::Boolean(_)) => {
                word.parse().map_or_else(|_| text(), toml::Value::Boolean)
            }
            Some(toml::Value::Array(_)) => {
                let parts = word.split(',').map(str::trim).filter(|part| !part.is_empty());
                toml::Value::Array(parts.map(|part| toml::Value::String(part.to_owned())).collect())
            }
            Some(
                toml::Value::String(_)
                | toml::Value::Float(_)
                | toml::Value::Datetime(_)
                | toml::Value::Table(_),
            )
            | None => text(),
        }
    }
}

/// A value as it stands in a file.
fn literal(text: &str) -> Option<toml::Value> {
    let mut table: toml::Table = toml::from_str(&format!("x = {text}")).ok()?;
    table.remove("x")
}

/// A configuration file that explains itself: every setting with its default, the chosen ones set; of two
/// for one setting the later counts.
pub(crate) fn file(chosen: &[Chosen]) -> String {
    let mut text = String::from(
        "# Settings of a node. A line that begins with # shows the default.\n\
         # A flag goes before the environment, the environment before this file:\n\
         # `probity config show --origin` says where each value came from.\n",
    );
    let mut open = "";
    for known in SETTINGS {
        let (section, name) = known.parts();
        if section != open {
            // Writing into a string cannot fail.
            let _ = writeln!(text, "\n[{section}]");
            open = section;
        }
        let _ = writeln!(text, "# {}", known.help);
        let _ = match chosen.iter().rfind(|(key, _)| *key == known.key) {
            Some((_, value)) => writeln!(text, "{name} = {value}"),
            None => writeln!(text, "#{name} = {}", known.default.unwrap_or("\"\"")),
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_defaults_sets_nothing_and_uncommented_sets_everything() {
        let file = file(&[]);
        let empty: toml::Table = toml::from_str(&file).unwrap();
        assert!(empty.values().all(|section| section.as_table().unwrap().is_empty()));
        let names = SETTINGS.iter().map(|known| format!("\n#{} = ", known.parts().1));
        assert!(names.into_iter().all(|name| file.contains(&name)));
        let sections = |text: &str| text.lines().filter(|line| line.starts_with('[')).count();
        assert_eq!(sections(&file), empty.len(), "a section stands there once");
    }

    #[test]
    fn a_chosen_value_stands_in_the_file() {
        let peers = toml::Value::Array(vec!["127.0.0.1:1".into()]);
        let table: toml::Table = toml::from_str(&file(&[("network.peers", peers)])).unwrap();
        assert_eq!(table["network"]["peers"][0].as_str(), Some("127.0.0.1:1"));
    }

    #[test]
    fn every_default_is_a_value_and_every_word_is_read_by_its_type() {
        assert!(SETTINGS.iter().all(|known| known.default.is_none() || known.value().is_some()));
        let word = |key, word| find(key).unwrap().word(word);
        assert_eq!(word("consensus.block_time_ms", "5"), toml::Value::Integer(5));
        assert_eq!(word("network.peers", "a, b").as_array().map(Vec::len), Some(2));
        assert_eq!(word("api.listen", "5").as_str(), Some("5"));
    }
}
