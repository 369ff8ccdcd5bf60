//! An upgrade as its operators see it: processes end before the height, and newer ones go on.

use std::process::{Child, Stdio};
use std::time::Duration;

use probity_node::upgrade::UpgradeInfo;
use probity_primitives::Height;
use probity_protocol::Params;
use probity_protocol::upgrade::{Plan, Protocol};

use crate::chain::{self, Cast, NodeProcess, PATIENCE};
use crate::support::{path, probity, until};

/// How many validators there are.
const NODES: usize = 4;
/// The first block that needs the newer version.
const HEIGHT: Height = Height(6);

/// A node whose program ends with version 0, and what it has said.
struct Old {
    child: Child,
    talk: std::path::PathBuf,
}

impl Old {
    fn start(node: &NodeProcess) -> Self {
        let talk = node.home.join("old-talk");
        let file = std::fs::File::create(&talk).unwrap();
        let home = path(&node.home);
        let lowered = ["--set", "consensus.max_version=0"];
        let mut command = probity(&[&["node", "start", "--home", &home][..], &lowered].concat());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file);
        Self { child: command.spawn().unwrap(), talk }
    }

    /// Waits until it ends by itself; gives the exit code and what it said.
    async fn end(&mut self) -> (Option<i32>, String) {
        let ended = async || self.child.try_wait().unwrap();
        let status = until("the end of an old program", PATIENCE, ended).await;
        (status.code(), std::fs::read_to_string(&self.talk).unwrap())
    }
}

impl Drop for Old {
    fn drop(&mut self) {
        // It should have ended by itself; what counts is that it is gone and reaped.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn info(node: &NodeProcess) -> UpgradeInfo {
    let file = node.home.join("data").join(probity_node::upgrade::FILE);
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn old_programs_end_before_the_height_and_newer_ones_go_on_from_the_same_stores() {
    let folder = tempfile::tempdir().unwrap();
    let mut params = Params::development();
    params.staking.max_validators = 4;
    let mut cast = Cast::new(NODES, params);
    let planned = Some(Plan { version: 1, height: HEIGHT });
    cast.genesis.protocol = Protocol { version: 0, planned };
    let mut nodes = chain::homes(folder.path(), &cast, NODES);

    let mut old: Vec<Old> = nodes.iter().map(Old::start).collect();
    for (program, node) in old.iter_mut().zip(&nodes) {
        let (code, said) = program.end().await;
        assert_eq!(code, Some(12), "{said}");
        assert!(said.contains("height 6 runs by version 1") && said.contains("install"), "{said}");
        let UpgradeInfo { version, height, newest, .. } = info(node);
        assert_eq!((version, height, newest), (1, HEIGHT, 0));
    }
    // A service manager would start it again: it says the same and signs nothing.
    let (code, said) = Old::start(&nodes[0]).end().await;
    assert!(code == Some(12) && said.contains("height 6"), "{code:?}: {said}");

    nodes.iter_mut().for_each(NodeProcess::start);
    let after = Height(HEIGHT.0 + 3);
    let mut roots = Vec::new();
    for node in &nodes {
        node.client.wait_height(after, PATIENCE).await.unwrap();
        let mut of = Vec::new();
        for height in HEIGHT.0 - 1..=after.0 {
            of.push(node.client.block(Height(height)).await.unwrap().data.header.state_root);
        }
        roots.push(of);
    }
    assert!(roots.iter().all(|of| *of == roots[0]), "{roots:?}");

    nodes[1].kill();
    let (code, said) = Old::start(&nodes[1]).end().await;
    assert_eq!(code, Some(12), "{said}");
    assert!(said.contains("the store is at a height that needs a newer program"), "{said}");
    nodes[1].start();
    let next = Height(nodes[0].client.status().await.unwrap().height.0 + 2);
    nodes[1].client.wait_height(next, PATIENCE + Duration::from_secs(1)).await.unwrap();
}
