//! The servers: a node's pages and a bare hello, both on one thread of their own.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;

use axum::Router;
use axum::routing::get;
use probity_node::NodeHandle;
use probity_web::ApiLimits;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::exit::{Code, Failure, OrFail};

/// Where they listen, and their thread.
pub(super) struct Serving {
    pub(super) api: SocketAddr,
    pub(super) hello: SocketAddr,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<std::io::Result<()>>,
}

impl Serving {
    pub(super) fn start(node: NodeHandle) -> Result<Self, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.or_fail(Code::Other, "no runtime")?;
        let (told, listening) = mpsc::channel();
        let (stop, stopping) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                let any = (Ipv4Addr::LOCALHOST, 0);
                let (api, hello) = (TcpListener::bind(any).await?, TcpListener::bind(any).await?);
                let addresses = (api.local_addr()?, hello.local_addr()?);
                told.send(addresses).map_err(std::io::Error::other)?;
                let bare = Router::new().route("/", get(|| async { "hello" }));
                let greeting = tokio::spawn(async { axum::serve(hello, bare).await });
                let limits = ApiLimits::default();
                let router = probity_web::router(Arc::new(node), limits);
                let stopped = async {
                    // Whoever would say so may be gone, which is a stop too.
                    let _ = stopping.await;
                };
                probity_web::serve(api, router, limits, stopped).await;
                greeting.abort();
                Ok(())
            })
        });
        let (api, hello) = listening.recv().or_fail(Code::Other, "nobody listens")?;
        Ok(Self { api, hello, stop, thread })
    }

    /// Stops both, and waits for it.
    pub(super) async fn stop(self) -> Result<(), Failure> {
        let Self { stop, thread, .. } = self;
        // It may have ended by itself; its thread says how.
        let _ = stop.send(());
        let ended = tokio::task::spawn_blocking(|| thread.join());
        let ended = ended.await.or_fail(Code::Other, "the server does not stop")?;
        let ended = ended.map_err(|_| Failure::new(Code::Other, "the server panicked"))?;
        ended.or_fail(Code::Other, "the server failed")
    }
}
