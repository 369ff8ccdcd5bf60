//! Accepting connections, at most so many at once, until told to stop.
//!
//! A client may be slow only where that costs nothing: the head of a request has to be there within
//! [`ApiLimits::head_time`] and [`ApiLimits::head_bytes`], a body at the pace of
//! [`ApiLimits::body`], and whoever reads no answer for [`ApiLimits::stall_time`] is hung up on.
//!
//! # Invariants
//! - A connection that does nothing is closed: it cannot keep others out.
//! - Whoever comes when there is no place is told so at once and does not wait; a crowd from
//!   elsewhere, or one address of it, leaves places to others.
//! - Every request carries its [`Caller`].

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep, timeout};
use tower::ServiceExt;

use crate::caller::Caller;
use crate::error::ApiError;
use crate::limits::ApiLimits;
use crate::observer::{self, Observer};
use crate::places::{Capacity, Full, Place, Places};

/// How long to wait after the system refused a connection, such as for want of file handles.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);

/// How many are told at once that there is no place.
const PARTING: Capacity = Capacity { all: 64, each: 8, local: 64 };

/// How long that may take.
const PARTING_TIME: Duration = Duration::from_secs(2);

/// A router, and how its connections are served.
pub struct Server {
    router: Router,
    limits: ApiLimits,
    observer: Option<Arc<dyn Observer>>,
}

impl Server {
    /// A server of `router`.
    #[must_use]
    pub const fn new(router: Router, limits: ApiLimits) -> Self {
        Self { router, limits, observer: None }
    }

    /// The same, telling someone of every connection and every request.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        let router = observer::observed(self.router, Arc::clone(&observer));
        Self { router, observer: Some(observer), ..self }
    }

    /// Serves until `shutdown` is done, and then for at most [`ApiLimits::grace`] more. What the
    /// system refuses is tried again.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) {
        let grace = self.limits.grace;
        let (stop, stopping) = watch::channel(false);
        let mut door = Door::new(self, stopping);
        let mut shutdown = pin!(shutdown);
        loop {
            let (stream, address) = tokio::select! {
                () = &mut shutdown => break,
                accepted = accept(&listener) => accepted,
            };
            door.let_in(stream, address);
        }
        drop(listener);
        stop.send_replace(true);
        let closed = async { while door.open.join_next().await.is_some() {} };
        // What is still open then is dropped with the set.
        let _ = timeout(grace, closed).await;
    }
}

/// Serves `router` until `shutdown` is done, with nobody told of it.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ApiLimits,
    shutdown: impl Future<Output = ()> + Send + 'static,
) {
    Server::new(router, limits).serve(listener, shutdown).await;
}

/// The next connection.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::debug!(%error, "a connection is not accepted");
                sleep(AFTER_REFUSAL).await;
            }
        }
    }
}

/// Who is let in.
struct Door {
    server: Server,
    places: Places,
    /// Places for those who are told that there is none.
    parting: Places,
    stopping: watch::Receiver<bool>,
    open: JoinSet<()>,
}

impl Door {
    fn new(server: Server, stopping: watch::Receiver<bool>) -> Self {
        let places = Places::new(server.limits.connections);
        Self { server, places, parting: Places::new(PARTING), stopping, open: JoinSet::new() }
    }

    /// Gives a connection a place, or sends it away.
    fn let_in(&mut self, stream: TcpStream, address: SocketAddr) {
        while self.open.try_join_next().is_some() {}
        let caller = Caller::of(address.ip(), &HeaderMap::new());
        let Server { router, limits, observer } = &self.server;
        match self.places.take(caller) {
            Ok(place) => {
                let entered = Entered::at(place, observer.clone());
                let served = (router.clone(), *limits);
                self.keep(stream, address, served, entered);
            }
            Err(full) => self.turn_away(stream, address, full),
        }
    }

    /// Says why there is no place, to whoever asks within a moment. When there are too many to say
    /// it to, the connection is closed without a word.
    fn turn_away(&mut self, stream: TcpStream, address: SocketAddr, full: Full) {
        let Server { limits, observer, .. } = &self.server;
        if let Some(observer) = observer {
            observer.turned_away(full);
        }
        let caller = Caller::of(address.ip(), &HeaderMap::new());
        let Ok(place) = self.parting.take(caller) else { return };
        let limits = ApiLimits { head_time: PARTING_TIME, stall_time: PARTING_TIME, ..*limits };
        self.keep(stream, address, (farewell(full), limits), place);
    }

    /// Serves a connection that has a place of some kind as long as it lasts.
    fn keep(
        &mut self,
        stream: TcpStream,
        address: SocketAddr,
        (router, limits): (Router, ApiLimits),
        place: impl Send + 'static,
    ) {
        let stream = Watched { stream, stall: limits.stall_time, stalled: None };
        let stopping = self.stopping.clone();
        self.open.spawn(async move {
            connection(stream, address, router, limits, stopping).await;
            drop(place);
        });
    }
}

/// What is answered, whatever is asked, where there is no place.
fn farewell(full: Full) -> Router {
    Router::new().fallback(async move || {
        let mut response = ApiError::full(full, "connections are open").into_response();
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        response
    })
}

/// A place of which somebody is told when it is taken and when it is free again.
struct Entered {
    place: Option<Place>,
    observer: Option<Arc<dyn Observer>>,
}

impl Entered {
    fn at(place: Place, observer: Option<Arc<dyn Observer>>) -> Self {
        if let Some(observer) = &observer {
            observer.entered();
        }
        Self { place: Some(place), observer }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // Whoever is told may come at once.
        drop(self.place.take());
        if let Some(observer) = &self.observer {
            observer.left();
        }
    }
}

/// Answers the requests of one connection until either side has enough.
async fn connection(
    stream: Watched,
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

/// A connection that fails when it cannot be written to for too long.
struct Watched {
    stream: TcpStream,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Watched {
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

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Watched {
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
