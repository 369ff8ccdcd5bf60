//! Files from paths, from a web server on loopback and from a hub that the tests make.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

use probity_harness::cache::Cache;
use probity_harness::fetch::{Fetched, Fetcher, HubOptions, Patience};
use probity_primitives::ContentHash;
use tempfile::TempDir;

const BYTES: &[u8] = b"the bytes of a model";
const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A server that gives each request's path to `answer`; it ends with the process.
fn serve(answer: impl Fn(&str, &mut TcpStream) + Copy + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || answer(&path_of_request(&mut stream), &mut stream));
        }
    });
    format!("http://{address}")
}

fn path_of_request(stream: &mut TcpStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.extend(byte);
    }
    let request = String::from_utf8(request).unwrap();
    request.split(' ').nth(1).unwrap_or_default().to_owned()
}

fn reply(stream: &mut TcpStream, head: &str, body: &[u8]) {
    let head = format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n");
    // A client that has seen enough closes early.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// A web server with one file at `/file`, and several ways to go wrong.
fn web() -> String {
    serve(|path, stream| match path {
        "/file" => reply(stream, &format!("200 OK\r\nContent-Length: {}", BYTES.len()), BYTES),
        "/elsewhere" => reply(stream, "302 Found\r\nLocation: /file", b""),
        "/circle" => reply(stream, "302 Found\r\nLocation: /circle", b""),
        "/huge" => reply(stream, "200 OK\r\nContent-Length: 999999999", b""),
        "/unsaid" => reply(stream, "200 OK", &[7; 4_096]),
        "/torn" => reply(stream, "200 OK\r\nContent-Length: 100", b"half"),
        "/silent" => assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0),
        _ => reply(stream, "404 Not Found\r\nContent-Length: 0", b""),
    })
}

fn fetcher(hub: HubOptions) -> (TempDir, Fetcher) {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::with_limit(folder.path(), 1_000).unwrap();
    let second = Duration::from_secs(1);
    let patience = Patience { connect: second, silence: second, whole: 10 * second };
    (folder, Fetcher::new(cache, patience, hub).unwrap())
}

fn get(fetcher: &Fetcher, source: &str, expected: Option<ContentHash>) -> Result<Fetched, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let fetched = runtime.block_on(fetcher.fetch(&source.parse().unwrap(), expected));
    fetched.map_err(|error| error.to_string())
}

fn check(fetched: &Fetched) {
    assert_eq!(fetched.hash, ContentHash::of_file(BYTES));
    assert_eq!(fs::read(&fetched.path).unwrap(), BYTES);
}

#[test]
fn a_file_comes_from_a_path_and_from_the_web_also_through_a_redirect() {
    let (folder, fetcher) = fetcher(HubOptions::default());
    let path = folder.path().join("model");
    fs::write(&path, BYTES).unwrap();
    check(&get(&fetcher, path.to_str().unwrap(), None).unwrap());
    let web = web();
    for path in ["file", "elsewhere"] {
        check(&get(&fetcher, &format!("{web}/{path}"), None).unwrap());
    }
}

#[test]
fn what_the_cache_has_is_not_fetched_again() {
    let (folder, fetcher) = fetcher(HubOptions::default());
    Cache::open(folder.path()).unwrap().insert_bytes(BYTES).unwrap();
    let expected = Some(ContentHash::of_file(BYTES));
    check(&get(&fetcher, "http://127.0.0.1:1/file", expected).unwrap());
}

#[test]
fn what_goes_wrong_on_the_web_is_said_and_leaves_nothing() {
    let (folder, fetcher) = fetcher(HubOptions::default());
    let web = web();
    for (path, reason) in [
        ("missing", "the server answered 404"),
        ("circle", "more than 5 redirects"),
        ("huge", "file has at least 999999999 bytes, the limit is 1000"),
        ("unsaid", "bytes, the limit is 1000"),
        ("torn", "end of file before message length reached"),
        ("silent", "timed out"),
    ] {
        let error = get(&fetcher, &format!("{web}/{path}"), None).unwrap_err();
        assert!(error.contains(reason), "{path}: {error}");
    }
    let wrong = ContentHash::of_file(b"another model");
    let error = get(&fetcher, &format!("{web}/file"), Some(wrong)).unwrap_err();
    assert!(error.starts_with(&format!("expected content {wrong}, got")), "{error}");
    let error = get(&fetcher, "http://127.0.0.1:1/file", None).unwrap_err();
    assert!(error.contains("refused"), "{error}");
    assert_eq!(fs::read_dir(folder.path().join("partial")).unwrap().count(), 0);
    assert_eq!(fs::read_dir(folder.path().join("blake3")).unwrap().count(), 0);
}

/// The layout that the hub's tools leave on disk.
fn hub_cache(folder: &Path) -> HubOptions {
    let repository = folder.join("models--owner--name");
    let snapshot = repository.join("snapshots").join(COMMIT).join("onnx");
    fs::create_dir_all(&snapshot).unwrap();
    fs::create_dir_all(repository.join("refs")).unwrap();
    fs::write(repository.join("refs/main"), COMMIT).unwrap();
    fs::write(snapshot.join("model.onnx"), BYTES).unwrap();
    HubOptions { cache: Some(folder.to_owned()), endpoint: None, offline: true }
}

#[test]
fn a_hub_file_on_disk_needs_no_connection() {
    let folder = tempfile::tempdir().unwrap();
    let (_cache, fetcher) = fetcher(hub_cache(folder.path()));
    check(&get(&fetcher, "hf://owner/name@main/onnx/model.onnx", None).unwrap());
    let error = get(&fetcher, "hf://owner/name@v2/onnx/model.onnx", None).unwrap_err();
    let file = "hf://owner/name@v2/onnx/model.onnx";
    let expected =
        format!("{file} is not in the hub's cache, and the hub is offline by configuration");
    assert_eq!(error, expected);
}

#[test]
fn a_hub_file_is_downloaded_once_and_its_size_is_asked_first() {
    let hub = serve(|path, stream| {
        let size = if path.contains("vast") { 5_000 } else { BYTES.len() };
        if path.contains("missing") {
            return reply(stream, "404 Not Found\r\nContent-Length: 0", b"");
        }
        assert!(path.contains("/owner/name/resolve/main/"), "{path}");
        let head = format!(
            "206 Partial Content\r\nETag: \"abc\"\r\nx-repo-commit: {COMMIT}\r\n\
             Content-Range: bytes 0-{}/{size}\r\nContent-Length: {}",
            BYTES.len() - 1,
            BYTES.len()
        );
        reply(stream, &head, BYTES);
    });
    let folder = tempfile::tempdir().unwrap();
    let cache = Some(folder.path().to_owned());
    let online = HubOptions { cache: cache.clone(), endpoint: Some(hub), offline: false };
    let (_cache, fetcher_online) = fetcher(online);
    check(&get(&fetcher_online, "hf://owner/name/model.onnx", None).unwrap());
    let error = get(&fetcher_online, "hf://owner/name/vast.onnx", None).unwrap_err();
    assert_eq!(error, "file has at least 5000 bytes, the limit is 1000");
    let error = get(&fetcher_online, "hf://owner/name/missing.onnx", None).unwrap_err();
    assert!(error.ends_with("the server answered 404"), "{error}");

    let (_cache, fetcher_offline) = fetcher(HubOptions { cache, endpoint: None, offline: true });
    check(&get(&fetcher_offline, "hf://owner/name/model.onnx", None).unwrap());
}
