//! Bodies that have to keep coming.
//!
//! Whoever sends a body takes a place among the requests that are worked on until it is there. So it
//! has to arrive at some pace; a body that does not ends with an error, and the request is answered
//! by that.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::limits::Pace;

/// Whether a body came too slowly.
#[derive(Debug, Clone, Default)]
pub(crate) struct Late(Arc<AtomicBool>);

impl Late {
    pub(crate) fn is_so(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Has a request's body watched, if it has one.
pub(crate) fn watched(request: Request, pace: Pace) -> (Request, Late) {
    let late = Late::default();
    if request.body().is_end_stream() {
        return (request, late);
    }
    let told = late.clone();
    let watch = |body| {
        let time = Box::pin(sleep(pace.within));
        Body::new(Watched { body, pace, time, came: 0, late: told })
    };
    (request.map(watch), late)
}

struct Watched {
    body: Body,
    pace: Pace,
    /// When so much of it has to be here.
    time: Pin<Box<Sleep>>,
    /// What came since the time was set.
    came: usize,
    late: Late,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) else {
            while self.time.as_mut().poll(cx).is_ready() {
                if self.came < self.pace.bytes {
                    self.late.0.store(true, Ordering::Relaxed);
                    let slow = Error::from(ErrorKind::TimedOut);
                    return Poll::Ready(Some(Err(axum::Error::new(slow))));
                }
                self.came = 0;
                let next = Instant::now() + self.pace.within;
                self.time.as_mut().reset(next);
            }
            return Poll::Pending;
        };
        if let Some(Ok(frame)) = &frame {
            let more = frame.data_ref().map_or(0, Bytes::len);
            self.came = self.came.saturating_add(more);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
