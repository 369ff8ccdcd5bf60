//! A real node, scraped.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use probity_primitives::Height;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Node;
use crate::config::NodeConfig;
use crate::node::now_ms;
use crate::store::StoreKind;
use crate::testkit::{genesis, keys, transfer};

const PATIENCE: Duration = Duration::from_secs(120);
const DOCUMENT: &str = include_str!("../../../docs/operate/metrics.md");
const ALERTS: &str = include_str!("../../../docs/operate/alerts.yaml");
const DASHBOARD: &str = include_str!("../../../docs/operate/dashboard.json");

async fn get(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: node\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn value(text: &str, series: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {text}")).trim().parse().unwrap()
}

/// The names of metrics in a text, without what their type appends.
fn names(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let mut names: Vec<_> = words
        .filter(|word| word.starts_with("probity_"))
        .map(|word| {
            let ends = ["_total", "_bucket", "_sum", "_count"];
            ends.iter().find_map(|end| word.strip_suffix(end)).unwrap_or(word)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scrape_shows_the_chain_the_validators_and_the_api() {
    let home = tempfile::tempdir().unwrap();
    let mut genesis = genesis(1);
    genesis.time_ms = now_ms() - 1_000;
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let config = NodeConfig {
        operator: Some(keys(1)),
        store: StoreKind::Sled,
        api: Some(any),
        metrics: Some(any),
        block_time: Duration::from_millis(100),
        ..NodeConfig::loopback("metrics", home.path().to_owned(), genesis.clone())
    };
    let node = Node::start(config).await.unwrap();
    node.submit(transfer(&genesis, 1, 0, 2)).await.unwrap();
    // Above a gap, so that it waits for as long as the node runs.
    let waits = transfer(&genesis, 1, 9, 2);
    node.submit(waits.clone()).await.unwrap();
    let reached = tokio::time::timeout(PATIENCE, node.reach(Height(4))).await;
    assert_eq!(reached, Ok(true));
    node.submit(transfer(&genesis, 1, 0, 2)).await.unwrap_err();
    let mut forged = transfer(&genesis, 2, 0, 1);
    forged.signature = waits.signature;
    node.submit(forged).await.unwrap_err();
    let api = node.api_address().unwrap();
    assert!(get(api, "/api/v1/status").await.unwrap().contains("200 OK"));
    assert!(get(api, "/no-such-page").await.unwrap().contains("404"));

    let metrics = node.metrics_address().unwrap();
    let operator = keys(1).operator;
    let scraped = async {
        loop {
            let text = get(metrics, "/metrics").await.unwrap();
            // Blocks are counted by a follower, a moment after they are committed.
            let signed = format!("probity_validator_last_signed_height{{address=\"{operator}\"}}");
            if text.contains(&signed) && value(&text, &signed) >= 4.0 {
                return text;
            }
        }
    };
    let text = tokio::time::timeout(PATIENCE, scraped).await.unwrap();
    assert!(value(&text, "probity_chain_height") >= 4.0);
    assert!(value(&text, "probity_store_bytes") > 0.0);
    let of = |name: &str| value(&text, &format!("{name}{{address=\"{operator}\"}}"));
    assert_eq!(of("probity_validator_stake_atoms"), 1e13);
    assert_eq!(of("probity_validator_jailed"), 0.0);
    assert_eq!(value(&text, "probity_chain_transactions_total"), 1.0);
    let length = u32::try_from(waits.encode().len()).unwrap();
    assert_eq!(value(&text, "probity_mempool_size"), 1.0);
    assert_eq!(value(&text, "probity_mempool_bytes"), f64::from(length));
    let not_taken = |reason: &str| {
        value(&text, &format!("probity_mempool_rejected_total{{reason=\"{reason}\"}}"))
    };
    assert_eq!((not_taken("tx.stale_nonce"), not_taken("tx.bad_signature")), (1.0, 1.0), "{text}");
    let refused = value(&text, "probity_signing_refusals_total{reason=\"watermark\"}");
    assert_eq!((refused, value(&text, "probity_p2p_peers{direction=\"in\"}")), (0.0, 0.0));
    let published = "probity_gossip_messages_total{topic=\"txs\",result=\"published\"}";
    assert_eq!(value(&text, published), 0.0, "there is nobody to gossip to");
    let requests = |route: &str, status: u16| {
        let labels = format!("{{route=\"{route}\",method=\"GET\",status=\"{status}\"}}");
        value(&text, &format!("probity_http_requests_total{labels}"))
    };
    assert_eq!((requests("/api/v1/status", 200), requests("none", 404)), (1.0, 1.0));
    let open = value(&text, "probity_http_connections");
    assert!((0.0..=2.0).contains(&open), "{open} connections are open");
    assert!(text.contains("malachitebft_core_consensus_height"), "the engine's: {text}");
    for name in names(&text) {
        assert!(DOCUMENT.contains(&format!("`{name}")), "{name} is not in docs/operate/metrics.md");
    }

    node.shutdown().await;
    let closed = async { while get(metrics, "/metrics").await.is_ok() {} };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
}

#[test]
fn alerts_and_the_dashboard_use_metrics_that_are_documented() {
    for (file, text) in [("alerts.yaml", ALERTS), ("dashboard.json", DASHBOARD)] {
        let used = names(text);
        assert!(used.len() > 5, "{file} uses {used:?}");
        for name in used {
            assert!(DOCUMENT.contains(&format!("`{name}")), "{name} in {file} is not documented");
        }
    }
}
