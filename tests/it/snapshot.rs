//! A fifth node joins a network of four by a snapshot, past a source that lies, and follows.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

use probity_client::Client;
use probity_node::ports::reserve_loopback;
use probity_primitives::Height;
use probity_protocol::Params;
use serde_json::Value;

use crate::chain::{self, Cast, NodeProcess, PATIENCE};
use crate::support::{failure, json, path, until};

const NODES: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_fifth_node_joins_by_a_snapshot_past_a_source_that_lies_and_follows() {
    let folder = tempfile::tempdir().unwrap();
    let cast = Cast::new(NODES, Params::development());
    let mut nodes = chain::homes(folder.path(), &cast, NODES);
    for node in &nodes {
        let file = node.home.join("config/node.toml");
        let settings = std::fs::read_to_string(&file).unwrap()
            + "\n[snapshots]\nevery = 5\nkeep = 4\nserve = true\n";
        std::fs::write(file, settings).unwrap();
    }
    nodes.iter_mut().for_each(NodeProcess::start);
    let height = until("common snapshot", PATIENCE, async || common(&nodes).await).await;

    let home = join(folder.path(), &cast, &nodes);
    let liar = lie(nodes[0].url());
    refuse(&home, nodes[1].url());
    let fixed = ["node", "sync", "--home", &home, "--yes", "--output", "json"];
    let sources = ["--from", &liar, "--from", nodes[1].url()];
    let restored = json(&[&fixed[..], &sources].concat());
    assert_eq!(restored["schema"], "probity.snapshot_report/v1");
    assert!(restored["height"].as_u64().unwrap() >= height.0, "{restored}");
    let (code, said) = failure(&[&fixed[..], &sources].concat());
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("holds a chain already"), "{said}");

    let mut fifth = follower(&home);
    fifth.start();
    let tip = nodes[0].client.status().await.unwrap().height;
    let reached = Height(tip.0 + 5);
    fifth.client.wait_height(reached, PATIENCE).await.unwrap();
    let block = async |node: &NodeProcess| node.client.block(reached).await.unwrap().data;
    assert_eq!(block(&fifth).await.hash, block(&nodes[0]).await.hash);
    let first = fifth.client.block(Height(1)).await.unwrap_err().to_string();
    assert!(first.contains("does not keep the block 1"), "{first}");
    fifth.kill();
    own_snapshot(&home, folder.path(), &cast);
}

/// The newest height of which the first two nodes have a snapshot.
async fn common(nodes: &[NodeProcess]) -> Option<Height> {
    let first = nodes[0].client.snapshots().await.ok()?;
    let second = nodes[1].client.snapshots().await.ok()?;
    first.iter().rev().find(|one| second.contains(one)).map(|one| one.height)
}

/// What the command refuses before it asks for anything.
fn refuse(home: &str, node: &str) {
    let (code, said) = failure(&["node", "sync", "--home", home, "--from", node, "--yes"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("one source alone"), "{said}");
    let other = format!("1:{}", "00".repeat(32));
    let trusting = ["--from", node, "--yes", "--trust", &other];
    let (code, said) = failure(&[&["node", "sync", "--home", home][..], &trusting].concat());
    assert_eq!(code, 8, "{said}");
    let both = ["node", "sync", "--home", home, "--from", node, "--from", node, "--no-input"];
    let (code, said) = failure(&both);
    assert_eq!(code, 10, "{said}");
    assert!(said.contains("--yes"), "{said}");
}

/// A home whose node has no keys and calls every other one.
fn join(folder: &Path, cast: &Cast, nodes: &[NodeProcess]) -> String {
    let home = folder.join("fifth");
    std::fs::create_dir_all(home.join("config")).unwrap();
    let ports = reserve_loopback(3).unwrap();
    let peers = |section: &str| {
        let addresses = nodes.iter().map(|node| {
            let text = std::fs::read_to_string(node.home.join("config/node.toml")).unwrap();
            let table: toml::Table = toml::from_str(&text).unwrap();
            table[section]["listen"].to_string()
        });
        addresses.collect::<Vec<_>>().join(", ")
    };
    let listen = |port: usize| format!("listen = \"127.0.0.1:{}\"\n", ports[port]);
    let file = format!(
        "[node]\nmoniker = \"fifth\"\n[api]\n{}[consensus]\n{}peers = [{}]\nblock_time_ms = 300\n\
         [network]\n{}peers = [{}]\n[store]\nkind = \"redb\"\n",
        listen(0),
        listen(1),
        peers("consensus"),
        listen(2),
        peers("network"),
    );
    std::fs::write(home.join("config/node.toml"), file).unwrap();
    std::fs::write(home.join("config/genesis.json"), cast.genesis.to_json()).unwrap();
    path(&home)
}

fn follower(home: &str) -> NodeProcess {
    let text = std::fs::read_to_string(Path::new(home).join("config/node.toml")).unwrap();
    let table: toml::Table = toml::from_str(&text).unwrap();
    let api = table["api"]["listen"].as_str().unwrap();
    NodeProcess::at(Path::new(home).to_owned(), Client::new(&format!("http://{api}")).unwrap())
}

/// A source that answers as the node at `url` does, but for one bit in every chunk.
fn lie(url: &str) -> String {
    let honest = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that hangs up early is its own affair.
            let _ = stream.and_then(|stream| twist(stream, &honest));
        }
    });
    format!("http://{address}")
}

fn twist(mut client: TcpStream, honest: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte)? == 1 {
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let request = text.replacen("\r\n", "\r\nConnection: close\r\n", 1);
    let mut node = TcpStream::connect(honest)?;
    node.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    node.read_to_end(&mut answer)?;
    if text.contains("/chunks/") {
        *answer.last_mut().unwrap() ^= 1;
    }
    client.write_all(&answer)
}

/// The fifth node's own state, as a snapshot that is made, proven, damaged and restored.
fn own_snapshot(home: &str, folder: &Path, cast: &Cast) {
    let snapshot = |verb: &str, more: &[&str]| {
        [&["node", "snapshot", verb, "--home", home, "--output", "json"], more]
            .concat()
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<String>>()
    };
    let run = |verb: &str, more: &[&str]| {
        let words = snapshot(verb, more);
        json(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let fails = |verb: &str, more: &[&str]| {
        let words = snapshot(verb, more);
        failure(&words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let made = run("create", &[]);
    assert_eq!(run("list", &[])["snapshots"][0]["id"], made["id"]);
    let (height, block) = (made["height"].to_string(), made["block"].as_str().unwrap());
    let proven = run("verify", &["--trust", &format!("{height}:{block}")]);
    assert_eq!(proven["id"], made["id"]);
    let (code, said) = fails("verify", &["--trust", &format!("{height}:{}", "11".repeat(32))]);
    assert_eq!(code, 8, "{said}");
    let (code, said) = fails("restore", &[]);
    assert_eq!(code, 1, "{said}");

    let chunks = made["folder"].as_str().unwrap();
    let other = folder.join("sixth");
    std::fs::create_dir_all(other.join("config")).unwrap();
    std::fs::write(other.join("config/node.toml"), "").unwrap();
    std::fs::write(other.join("config/genesis.json"), cast.genesis.to_json()).unwrap();
    let other = path(&other);
    let restore = ["node", "snapshot", "restore", chunks, "--home", &other, "--output", "json"];
    let restored: Value = json(&restore);
    assert_eq!((&restored["id"], &restored["done"]), (&made["id"], &"restored".into()));

    let chunk = Path::new(chunks).join("00000.chunk");
    let mut bytes = std::fs::read(&chunk).unwrap();
    bytes[20] ^= 4;
    std::fs::write(&chunk, bytes).unwrap();
    let (code, said) = fails("verify", &[chunks]);
    assert_eq!(code, 8, "{said}");
    assert!(said.contains("chunk 0 has the hash"), "{said}");
}
