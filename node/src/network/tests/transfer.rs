//! Artifact transfer between several networks, honest and not.

use std::fs;
use std::path::Path;

use probity_primitives::ContentHash;

use super::super::transfer::blocks::{BLOCK_BYTES, BlockError, block_count};
use super::super::transfer::message::{MAX_RESPONSE_BYTES, Request, Response};
use super::super::{AskError, FetchError, Refusal};
use super::scripted::Scripted;
use super::*;

const ANY_SIZE: u64 = 1 << 30;

fn sample(len: usize) -> Vec<u8> {
    (0..len).map(|n| (n / 3 % 249).try_into().unwrap()).collect()
}

/// A cache with one file of `len` bytes.
fn library(dir: &Path, len: usize) -> (Cache, ContentHash) {
    let cache = Cache::open(dir).unwrap();
    let hash = cache.insert_bytes(&sample(len)).unwrap();
    (cache, hash)
}

/// A network connected to these addresses, with one request to a peer at a time.
async fn fetching(peers: Vec<Multiaddr>) -> Peer {
    let count = peers.len();
    let peer = Peer::start_with(peers, |config| {
        config.limits.requests_per_provider = 1;
        config.limits.request_timeout = Duration::from_secs(2);
    })
    .await;
    soon(peer.handle.wait_for_peers(count)).await;
    peer
}

fn spooled(peer: &Peer) -> usize {
    fs::read_dir(peer.dir.path().join("spool")).map_or(0, Iterator::count)
}

fn is_last(request: &Request, size: usize) -> bool {
    let last = block_count(size.try_into().unwrap()) - 1;
    matches!(request, Request::Blocks { run, .. } if run.first == last)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_several_megabytes_arrives_whole() {
    let server = Peer::start(&[]).await;
    let client = Peer::start(&[&server.handle]).await;
    soon(client.handle.wait_for_peers(1)).await;
    for len in [0, 1, BLOCK_BYTES, 5_000_001] {
        let hash = server.cache.insert_bytes(&sample(len)).unwrap();
        let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
        assert_eq!(path, client.cache.path_of(&hash));
        assert!(fs::read(path).unwrap() == sample(len));
    }
    assert_eq!(spooled(&client), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_arrives_over_quic() {
    let quic: Multiaddr = "/ip4/127.0.0.1/udp/0/quic-v1".parse().unwrap();
    let server = Peer::start_with(Vec::new(), |config| config.listen = vec![quic]).await;
    let client = Peer::start(&[&server.handle]).await;
    soon(client.handle.wait_for_peers(1)).await;
    let hash = server.cache.insert_bytes(&sample(1_000_000)).unwrap();
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(1_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_block_is_refused_at_once_and_the_honest_peer_completes_the_file() {
    let size = 100 * BLOCK_BYTES + 9;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let flip = move |request: &Request, mut blocks: Vec<u8>| {
        if !is_last(request, size) {
            let middle = blocks.len() / 2;
            blocks[middle] ^= 1;
        }
        Some(Response::Blocks(blocks))
    };
    let corrupt = Scripted::blocks(cache.clone(), flip).await;
    let honest = Scripted::honest(cache).await;
    let client = fetching(vec![corrupt.address.clone(), honest.address.clone()]).await;
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(size));
    // One run, after the last block if it was the one to prove the size: then it was dropped.
    assert!((1..=2).contains(&corrupt.runs_asked()), "{}", corrupt.runs_asked());
    assert!(honest.blocks_asked() >= 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_corrupt_block_is_named_and_nothing_of_it_is_kept() {
    let size = 8 * BLOCK_BYTES;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let flip = move |request: &Request, mut blocks: Vec<u8>| {
        if !is_last(request, size) {
            // Three pairs of hashes lead to the first block, and a fourth to the third.
            blocks[4 * 64 + 3 * BLOCK_BYTES + 5] ^= 1;
        }
        Some(Response::Blocks(blocks))
    };
    let corrupt = Scripted::blocks(cache, flip).await;
    let client = fetching(vec![corrupt.address.clone()]).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    let FetchError::NoPeerLeft { have: 0, blocks: 8, refusals, .. } = &error else {
        panic!("{error}")
    };
    let Refusal::Blocks(BlockError::Corrupt { block: 3, .. }) = refusals.0[0].1 else {
        panic!("{error}")
    };
    assert!(error.to_string().contains("block 3 does not belong to file"), "{error}");
    assert_eq!(client.cache.get(&hash), None);
    let part = client.dir.path().join("spool").join(format!("{hash}.part"));
    let part = fs::read(part).unwrap();
    assert!(part[..3 * BLOCK_BYTES] == sample(size)[..3 * BLOCK_BYTES]);
    assert!(part[3 * BLOCK_BYTES..].iter().all(|byte| *byte == 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_answer_is_refused_before_it_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 100);
    let swell = |_: &Request, _| Some(Response::Blocks(vec![0; MAX_RESPONSE_BYTES]));
    let oversized = Scripted::blocks(cache, swell).await;
    let client = fetching(vec![oversized.address.clone()]).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    let FetchError::NoPeerLeft { refusals, .. } = &error else { panic!("{error}") };
    let Refusal::Asked(AskError::Failed(reason)) = &refusals.0[0].1 else { panic!("{error}") };
    assert!(reason.contains("bytes is announced, the limit is"), "{reason}");
    assert_eq!(oversized.runs_asked(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_after_the_run_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 100);
    let lengthen = |_: &Request, mut blocks: Vec<u8>| {
        blocks.extend([0; 10]);
        Some(Response::Blocks(blocks))
    };
    let longer = Scripted::blocks(cache, lengthen).await;
    let client = fetching(vec![longer.address.clone()]).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert!(error.to_string().ends_with("10 bytes follow the run that was asked for"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_lie_about_the_size_are_dropped() {
    let size = 3 * BLOCK_BYTES;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let claiming = |claim: u64| {
        let lie = move |request: &Request, honest| match request {
            Request::Size(_) => Some(Response::Size(claim)),
            Request::Blocks { .. } => Some(honest),
        };
        Scripted::start(cache.clone(), lie)
    };
    let liars = [claiming(1).await, claiming(2 * ANY_SIZE).await, claiming(ANY_SIZE - 1).await];
    let client = fetching(liars.iter().map(|liar| liar.address.clone()).collect()).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert!(matches!(&error, FetchError::NoPeerLeft { blocks: 0, .. }), "{error}");
    let honest = Scripted::honest(cache.clone()).await;
    client.handle.add_peer(honest.address.clone()).await;
    soon(client.handle.wait_for_peers(4)).await;
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(size));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_file_and_an_absent_network_are_clear_errors() {
    let hash = ContentHash::of_file(b"unknown");
    let server = Peer::start(&[]).await;
    let error = soon(server.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("cannot fetch {hash}: no peer is connected"));
    let client = Peer::start(&[&server.handle]).await;
    soon(client.handle.wait_for_peers(1)).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    let expected = format!("cannot fetch {hash}: none of the 1 peers asked has it");
    assert_eq!(error.to_string(), expected);
    soon(client.handle.shutdown()).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert!(matches!(error, FetchError::NotFound { .. } | FetchError::NoPeers { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_above_the_limit_is_not_fetched() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 1000);
    let server = Scripted::honest(cache).await;
    let client = fetching(vec![server.address.clone()]).await;
    let error = soon(client.handle.fetch(hash, 999)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot fetch {hash}: it has 1000 bytes, the limit is 999")
    );
    assert_eq!(server.runs_asked(), 0);
    soon(client.handle.fetch(hash, 1000)).await.unwrap();
    let error = soon(client.handle.fetch(hash, 999)).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { size: 1000, limit: 999, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fetches_of_one_file_at_the_same_time_are_one_transfer() {
    let size = 40 * BLOCK_BYTES;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let server = Scripted::honest(cache).await;
    let client = fetching(vec![server.address.clone()]).await;
    let [a, b, c] = [(); 3].map(|()| client.handle.fetch(hash, ANY_SIZE));
    let (a, b, c) = soon(async { tokio::join!(a, b, c) }).await;
    assert_eq!(a.unwrap(), b.unwrap());
    assert!(fs::read(c.unwrap()).unwrap() == sample(size));
    // The last block is asked for once more, to prove the size.
    assert_eq!(server.blocks_asked(), 41);
    soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert_eq!(server.blocks_asked(), 41);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_that_was_cut_off_goes_on_where_it_stopped() {
    let size = 100 * BLOCK_BYTES;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let mut left = 2;
    let leave = move |request: &Request, blocks| {
        if !is_last(request, size) {
            if left == 0 {
                return Some(Response::NotFound);
            }
            left -= 1;
        }
        Some(Response::Blocks(blocks))
    };
    let leaving = Scripted::blocks(cache.clone(), leave).await;
    let client = fetching(vec![leaving.address.clone()]).await;
    let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert!(matches!(&error, FetchError::NoPeerLeft { have: 64, blocks: 100, .. }), "{error}");
    let honest = Scripted::honest(cache).await;
    client.handle.add_peer(honest.address.clone()).await;
    soon(client.handle.wait_for_peers(2)).await;
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(size));
    assert!(honest.blocks_asked() <= 37, "{}", honest.blocks_asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_never_answers_is_dropped_and_one_that_is_busy_is_asked_again() {
    let size = 40 * BLOCK_BYTES;
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), size);
    let hush =
        move |request: &Request, blocks| is_last(request, size).then_some(Response::Blocks(blocks));
    let silent = Scripted::blocks(cache.clone(), hush).await;
    let mut turn = 0;
    let put_off = move |_: &Request, honest| {
        turn += 1;
        Some(if turn % 2 == 1 { Response::Busy } else { honest })
    };
    let busy = Scripted::start(cache, put_off).await;
    let client = fetching(vec![silent.address.clone(), busy.address.clone()]).await;
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(size));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_answers_one_request_at_a_time_serves_several_greedy_peers() {
    let server = Peer::start_with(Vec::new(), |config| {
        config.limits.serving = 1;
        config.limits.serving_per_peer = 1;
    })
    .await;
    let hash = server.cache.insert_bytes(&sample(200 * BLOCK_BYTES)).unwrap();
    let clients = [Peer::start(&[&server.handle]).await, Peer::start(&[&server.handle]).await];
    for client in &clients {
        soon(client.handle.wait_for_peers(1)).await;
    }
    let fetches = clients.iter().map(|client| client.handle.fetch(hash, ANY_SIZE));
    for fetched in soon(futures::future::join_all(fetches)).await {
        assert!(fs::read(fetched.unwrap()).unwrap() == sample(200 * BLOCK_BYTES));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_at_its_limit_says_that_it_is_busy() {
    for (serving, serving_per_peer) in [(0, 9), (9, 0)] {
        let server = Peer::start_with(Vec::new(), |config| {
            config.limits.serving = serving;
            config.limits.serving_per_peer = serving_per_peer;
        })
        .await;
        let client = Peer::start(&[&server.handle]).await;
        soon(client.handle.wait_for_peers(1)).await;
        let hash = server.cache.insert_bytes(b"file").unwrap();
        let ask = client.handle.asker().ask(server.handle.peer_id(), Request::Size(hash));
        assert_eq!(soon(ask).await, Ok(Response::Busy));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_beyond_the_first_group_are_asked_too() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 100);
    let empty = Cache::open(dir.path().join("empty")).unwrap();
    let mut addresses = vec![Scripted::honest(cache).await.address];
    for _ in 0..4 {
        addresses.push(Scripted::honest(empty.clone()).await.address);
    }
    let client = Peer::start_with(addresses, |config| config.limits.providers = 1).await;
    soon(client.handle.wait_for_peers(5)).await;
    soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_fetches_than_may_wait_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 100);
    let silent = Scripted::start(cache, |_, _| None).await;
    let client = Peer::start_with(vec![silent.address.clone()], |config| {
        config.limits.waiting_fetches = 1;
        config.limits.fetch_timeout = Duration::from_secs(1);
    })
    .await;
    soon(client.handle.wait_for_peers(1)).await;
    let other = ContentHash::of_file(b"other");
    let (first, second) =
        soon(async { tokio::join!(client.handle.fetch(hash, 9), client.handle.fetch(other, 9)) })
            .await;
    let timed_out = format!("cannot fetch {hash}: it took longer than 1 seconds");
    assert_eq!(first.unwrap_err().to_string(), timed_out);
    assert!(matches!(second, Err(FetchError::TooMany { limit: 1, .. })));
}
