//! Accepting connections, at most so many at once, until told to stop.
//!
//! A client may be slow only where that costs nothing: the head of a request has to be there within
//! [`ApiLimits::head_time`] and [`ApiLimits::head_bytes`], a body within the handler's time, and
//! whoever reads no answer for [`ApiLimits::stall_time`] is hung up on.
//!
//! # Invariants
//! - A connection that does nothing is closed: it cannot keep others out.
//! - Every request carries its [`Caller`].

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tower::ServiceExt;

use crate::caller::Caller;
use crate::limits::ApiLimits;

/// How long to wait after the system refused a connection, such as for want of file handles.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// Serves until `shutdown` is done, and then for at most [`ApiLimits::grace`] more.
///
/// # Errors
/// None: what the system refuses is tried again. The type is that of what goes on a listener.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ApiLimits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let permits = Arc::new(Semaphore::new(limits.connections));
    let (stop, stopping) = watch::channel(false);
    let mut open = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, address, permit) = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        while open.try_join_next().is_some() {}
        let stream = Counted { stream, stall: limits.stall_time, stalled: None, _permit: permit };
        open.spawn(connection(stream, address, router.clone(), limits, stopping.clone()));
    }
    drop(listener);
    stop.send_replace(true);
    let closed = async { while open.join_next().await.is_some() {} };
    // What is still open then is dropped with the set.
    let _ = timeout(limits.grace, closed).await;
    Ok(())
}

/// The next connection; while there are too many, the others wait in the system's queue.
async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, address)) => return (stream, address, permit),
            Err(error) => {
                tracing::debug!(%error, "a connection is not accepted");
                sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

/// Answers the requests of one connection until either side has enough.
async fn connection(
    stream: Counted,
    address: SocketAddr,
    router: Router,
    limits: ApiLimits,
    mut stopping: watch::Receiver<bool>,
) {
    let service = router.map_request(move |mut request: Request<Incoming>| {
        let caller = Caller::of(address.ip(), request.headers());
        request.extensions_mut().insert(caller);
        request.map(axum::body::Body::new)
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_bytes);
    let served = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    tokio::select! {
        outcome = served.as_mut() => return said(outcome),
        _ = stopping.wait_for(|stop| *stop) => served.as_mut().graceful_shutdown(),
    }
    said(served.await);
}

fn said(outcome: Result<(), hyper::Error>) {
    if let Err(error) = outcome {
        tracing::trace!(%error, "a connection broke off");
    }
}

/// A connection that gives its place back when it is closed, and fails when it cannot be written to
/// for too long.
struct Counted {
    stream: TcpStream,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Counted {
    /// Turns a wait that has lasted too long into an error.
    fn watched<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let stall = self.stall;
        let waited = self.stalled.get_or_insert_with(|| Box::pin(sleep(stall)));
        ready!(waited.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.watched(cx, outcome)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        self.watched(cx, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
