//! Files from several peers, of which some lie, stall or vanish; and peers that the directory knows.

use std::fs;
use std::path::Path;
use std::time::Instant;

use probity_primitives::ContentHash;

use super::super::transfer::blocks::{BLOCK_BYTES, block_count};
use super::super::transfer::message::{Request, Response};
use super::super::{FetchError, Reach};
use super::scripted::Scripted;
use super::*;

const ANY_SIZE: u64 = 1 << 30;
/// How long a slow peer takes for one answer.
const SLOW: Duration = Duration::from_secs(5);
const SIZE: usize = 200 * BLOCK_BYTES + 17;

fn sample(seed: u8) -> Vec<u8> {
    (0..SIZE).map(|n| (n / 3 % 249).try_into().unwrap()).map(|n: u8| n ^ seed).collect()
}

fn library(dir: &Path, seed: u8) -> (Cache, ContentHash) {
    let cache = Cache::open(dir).unwrap();
    let hash = cache.insert_bytes(&sample(seed)).unwrap();
    (cache, hash)
}

/// Whether this asks for the last block alone, which proves the size.
fn proves_size(request: &Request) -> bool {
    let last = block_count(SIZE.try_into().unwrap()) - 1;
    matches!(request, Request::Blocks { run, .. } if run.first == last && run.count == 1)
}

async fn liar(cache: Cache) -> Scripted {
    let flip = |request: &Request, mut blocks: Vec<u8>| {
        if !proves_size(request) {
            let middle = blocks.len() / 2;
            blocks[middle] ^= 1;
        }
        Some(Response::Blocks(blocks))
    };
    Scripted::blocks(cache, flip).await
}

/// Says that it has the file, proves it, and then takes requests and never answers.
async fn staller(cache: Cache) -> Scripted {
    Scripted::blocks(cache, |request, blocks| {
        proves_size(request).then_some(Response::Blocks(blocks))
    })
    .await
}

async fn client(peers: &[&Scripted], timeout: Duration) -> Peer {
    let addresses: Vec<Multiaddr> = peers.iter().map(|peer| peer.address.clone()).collect();
    let count = addresses.len();
    let peer = Peer::start_with(addresses, |config| {
        config.limits.requests_per_provider = 1;
        config.limits.request_timeout = timeout;
    })
    .await;
    soon(peer.handle.wait_for_peers(count)).await;
    peer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_peer_does_not_hold_the_file_back() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 0);
    let (stalled, honest) = (staller(cache.clone()).await, Scripted::honest(cache).await);
    // Its request would be given up only after ten seconds, by itself.
    let client = client(&[&stalled, &honest], 2 * PATIENCE).await;
    let begin = Instant::now();
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    assert!(fs::read(path).unwrap() == sample(0));
    assert!(stalled.runs_asked() >= 1, "it was never asked, so nothing is shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_peer_serves_less_and_does_not_hold_others_back() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 0);
    let (end, hold) = std::sync::mpsc::channel::<()>();
    let slow = Scripted::blocks(cache.clone(), move |request, blocks| {
        if !proves_size(request) {
            // Until the test is over, or its patience.
            let over = tokio::task::block_in_place(|| hold.recv_timeout(SLOW));
            assert!(over.is_err(), "nobody sends");
        }
        Some(Response::Blocks(blocks))
    })
    .await;
    let honest = Scripted::honest(cache).await;
    let client = client(&[&slow, &honest], PATIENCE).await;
    let begin = Instant::now();
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(0));
    assert!(begin.elapsed() < SLOW, "{:?}", begin.elapsed());
    drop(end);
    assert!(slow.runs_asked() <= 4 && honest.runs_asked() >= 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_whole_from_a_liar_a_staller_one_that_vanishes_and_an_honest_peer() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 0);
    let (lying, stalled) = (liar(cache.clone()).await, staller(cache.clone()).await);
    let vanishing = Scripted::start_until(cache.clone(), 3, |_, honest| Some(honest)).await;
    let honest = Scripted::honest(cache).await;
    let all = [&lying, &stalled, &vanishing, &honest];
    let client = client(&all, PATIENCE).await;
    let path = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(0));
    assert!(lying.runs_asked() <= 2, "{}", lying.runs_asked());
    assert_eq!(client.handle.counts().lies, 1);
    let [score] = client
        .handle
        .peers()
        .iter()
        .map(|view| view.score)
        .filter(|score| *score < -100.0)
        .collect::<Vec<_>>()[..]
    else {
        panic!("one of the peers is a liar")
    };
    assert!(score > -400.0, "{score}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_that_lies_about_two_files_is_banned() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, first) = library(dir.path(), 0);
    let second = cache.insert_bytes(&sample(1)).unwrap();
    let lying = liar(cache).await;
    let client = client(&[&lying], PATIENCE).await;
    for hash in [first, second] {
        let error = soon(client.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
        assert!(matches!(error, FetchError::NoPeerLeft { .. }), "{error}");
    }
    until(|| client.handle.connected().is_empty()).await;
    assert_eq!((client.handle.counts().lies, client.handle.counts().banned), (2, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fetch_goes_on_after_a_restart_and_what_is_there_is_not_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let (cache, hash) = library(dir.path(), 0);
    // The size, the last block, three runs, and it is gone.
    let vanishing = Scripted::start_until(cache.clone(), 6, |_, honest| Some(honest)).await;
    let before = client(&[&vanishing], PATIENCE).await;
    let error = soon(before.handle.fetch(hash, ANY_SIZE)).await.unwrap_err();
    assert!(matches!(&error, FetchError::NoPeerLeft { have: 96, blocks: 201, .. }), "{error}");
    soon(before.handle.shutdown()).await;
    let honest = Scripted::honest(cache).await;
    let (spool, kept) = (before.dir.path().join("spool"), before.cache.clone());
    let after = Peer::start_with(vec![honest.address.clone()], move |config| {
        config.spool = spool;
    })
    .await;
    soon(after.handle.wait_for_peers(1)).await;
    let path = soon(after.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(0));
    assert_eq!(honest.blocks_asked(), 201 - 96 + 1);
    assert_eq!(kept.get(&hash), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_directory_knows_who_has_a_file() {
    let middle = Peer::start(&[]).await;
    let holder = Peer::start_with(middle.handle.listen_addrs(), |config| {
        // It has the file from the start, and a cache of its own is opened by its path.
        let cache = Cache::open(config.spool.with_file_name("cache")).unwrap();
        cache.insert_bytes(&sample(3)).unwrap();
    })
    .await;
    let hash = ContentHash::of_file(&sample(3));
    assert!(holder.cache.get(&hash).is_some());
    until(|| middle.handle.counts().announcements > 0).await;
    let seeker = Peer::start_with(middle.handle.listen_addrs(), |config| {
        config.limits.outbound_target = 0;
        config.nat.reach = Reach::Private;
    })
    .await;
    soon(seeker.handle.wait_for_peers(1)).await;
    let mut found = seeker.handle.asker().find(hash).await;
    assert_eq!(soon(found.recv()).await, Some(holder.handle.peer_id()));
    let path = soon(seeker.handle.fetch(hash, ANY_SIZE)).await.unwrap();
    assert!(fs::read(path).unwrap() == sample(3));
}
