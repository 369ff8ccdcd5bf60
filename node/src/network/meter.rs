//! Bytes counted where they pass: in the streams of every connection.
//!
//! A connection's muxer is wrapped once its peer is known, so that each peer has one meter for all
//! its connections and no protocol is forgotten.
//!
//! # Not here
//! Limits: [`super::conduct`] compares.

use std::collections::BTreeMap;
use std::io::{self, IoSlice, IoSliceMut};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use futures::{AsyncRead, AsyncWrite};
use libp2p::PeerId;
use libp2p::core::StreamMuxer;
use libp2p::core::muxing::{StreamMuxerBox, StreamMuxerEvent, SubstreamBox};

use super::counters::{Count, Counters};

/// Bytes of one peer.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes_in: Count,
    bytes_out: Count,
}

impl Meter {
    /// Bytes received and sent so far.
    pub(super) fn read(&self) -> (u64, u64) {
        (self.bytes_in.get(), self.bytes_out.get())
    }
}

/// The meters of all peers; clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Meters {
    total: Arc<Counters>,
    peers: Arc<Mutex<BTreeMap<PeerId, Arc<Meter>>>>,
}

impl Meters {
    /// No peers yet; `total` counts the bytes of all.
    pub(super) fn new(total: Arc<Counters>) -> Self {
        Self { total, peers: Arc::default() }
    }

    /// The meter of a peer.
    pub(super) fn of(&self, peer: PeerId) -> Arc<Meter> {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(peers.entry(peer).or_default())
    }

    /// Forgets the meters that no connection and no book holds.
    pub(super) fn tidy(&self) {
        let mut peers = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|_, meter| Arc::strong_count(meter) > 1);
    }

    /// A connection whose bytes are counted.
    pub(super) fn wrap(&self, peer: PeerId, muxer: StreamMuxerBox) -> Metered<StreamMuxerBox> {
        Metered { inner: muxer, meter: self.of(peer), total: Arc::clone(&self.total) }
    }
}

/// Something whose bytes are counted.
#[derive(Debug)]
pub(super) struct Metered<T> {
    inner: T,
    meter: Arc<Meter>,
    total: Arc<Counters>,
}

impl<T> Metered<T> {
    fn around<U>(&self, inner: U) -> Metered<U> {
        Metered { inner, meter: Arc::clone(&self.meter), total: Arc::clone(&self.total) }
    }

    fn received(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.meter.bytes_in.add(bytes);
        self.total.bytes_in.add(bytes);
    }

    fn sent(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.meter.bytes_out.add(bytes);
        self.total.bytes_out.add(bytes);
    }
}

impl StreamMuxer for Metered<StreamMuxerBox> {
    type Substream = Metered<SubstreamBox>;
    type Error = io::Error;

    fn poll_inbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Substream>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_inbound(cx))?;
        Poll::Ready(Ok(self.around(stream)))
    }

    fn poll_outbound(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<Self::Substream>> {
        let stream = ready!(Pin::new(&mut self.inner).poll_outbound(cx))?;
        Poll::Ready(Ok(self.around(stream)))
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<StreamMuxerEvent>> {
        Pin::new(&mut self.inner).poll(cx)
    }
}

impl AsyncRead for Metered<SubstreamBox> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read(cx, buffer))?;
        self.received(read);
        Poll::Ready(Ok(read))
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        let read = ready!(Pin::new(&mut self.inner).poll_read_vectored(cx, buffers))?;
        self.received(read);
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Metered<SubstreamBox> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, buffer))?;
        self.sent(written);
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, buffers))?;
        self.sent(written);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_close(cx)
    }
}
