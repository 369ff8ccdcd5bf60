//! A live node and somebody with money, for tests of commands.

use probity_primitives::Height;
use probity_protocol::Params;
use serde_json::json;

use crate::chain::{self, Cast, NodeProcess, PATIENCE};
use crate::support::path;

/// A chain of one node, and the key files of a person with tokens and of one without.
pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) node: NodeProcess,
    pub(crate) rich: String,
    pub(crate) poor: String,
}

impl Stage {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cast = Cast::new(1, Params::development());
        let node = chain::start(folder.path(), &cast, 1).remove(0);
        node.client.wait_height(Height(1), PATIENCE).await.unwrap();
        let keys = [("rich.key", cast.person), ("poor.key", chain::key("nobody", 0))];
        let [rich, poor] = keys.map(|(name, key)| {
            let file = folder.path().join(name);
            chain::write_key(&file, &key.seed());
            path(&file)
        });
        Self { folder, node, rich, poor }
    }

    /// A command that asks this node for JSON.
    pub(crate) fn asking<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--node", self.node.url(), "--output", "json"]].concat()
    }
}

/// A transfer of so many units to somebody.
pub(crate) fn transfer(units: &str) -> String {
    let to = chain::account(&chain::key("somebody", 0));
    json!({ "transfer": { "to": to, "amount": units } }).to_string()
}
