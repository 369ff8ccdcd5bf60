//! The pages over a made-up network, on a port of loopback: for whoever works on them.
//!
//! `cargo run -p probity-web --example pages -- 8080`

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a tool that may stop")]
#![expect(dead_code, reason = "the tests use the rest of what is shared with them")]

#[path = "../tests/it/memory.rs"]
mod memory;
#[path = "../tests/it/showcase.rs"]
mod showcase;

use std::sync::Arc;

use probity_web::{ApiLimits, router, serve};

#[tokio::main]
async fn main() {
    let port: u16 = std::env::args().nth(1).map_or(0, |port| port.parse().unwrap());
    let (world, shown) = showcase::showcase(None);
    let backend = Arc::new(memory::Memory::new(world));
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let mut out = String::new();
    let base = format!("http://{}", listener.local_addr().unwrap());
    for path in [
        "/".to_owned(),
        format!("/board/{}", shown.benchmark),
        format!("/results/{}", shown.flagged),
        format!("/results/{}", shown.disputed),
        format!("/models/{}", shown.models[1]),
        format!("/gov/{}?account={}", shown.deciding, shown.voter),
    ] {
        out.push_str(&format!("{base}{path}\n"));
    }
    std::fs::write("/dev/stdout", out).unwrap();
    let limits = ApiLimits::default();
    serve(listener, router(backend, limits), limits, std::future::pending()).await;
}
