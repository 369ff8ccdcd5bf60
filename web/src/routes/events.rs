//! The event stream.
//!
//! A stream is a place in the chain, not a subscription to a buffer: it reads a height's records
//! when it gets there, as fast as its client takes them, and waits at the tip. A slow client is
//! therefore behind and never misses anything; one that was cut off names the last identifier it
//! saw and goes on from there.

use std::collections::{BTreeSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::stream;
use probity_api::{Code, EventId, EventRecord, Problem};
use probity_primitives::Height;
use probity_runtime::Chain;
use serde::Deserialize;
use tokio::sync::watch;

use super::App;
use crate::backend::Backend;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::extract::Args;
use crate::places::Place;
use crate::told::Told;

/// How often a stream shows that it is alive when nothing happens.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// When a client that was cut off should come back.
const RETRY: Duration = Duration::from_secs(1);

/// The most kinds that a stream is filtered by.
const MAX_KINDS: usize = 64;

/// The name of the record that ends a stream which cannot go on.
const PROBLEM: &str = "problem";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventArgs {
    after: Option<String>,
    kind: Option<String>,
}

pub(super) async fn stream(
    State(app): State<App>,
    caller: Caller,
    Args(args): Args<EventArgs>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let kinds = kinds(args.kind.as_deref())?;
    let last_seen = headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last_seen.or(args.after.as_deref()).map(str::parse::<EventId>).transpose();
    let after = after.map_err(|error| ApiError::new(Code::BadCursor, error.to_string()))?;
    let tip = app.chain().height();
    let next = match after {
        Some(after) => resume(&app, after, tip).await?,
        None => EventId { height: Height(tip.0.saturating_add(1)), index: 0 },
    };
    let place =
        app.streams.take(caller).map_err(|full| ApiError::full(full, "streams are open"))?;
    let reader = Reader {
        tip: app.backend.tip(),
        told: app.told,
        backend: app.backend,
        kinds,
        next: Some(next),
        waiting: VecDeque::new(),
        _place: place,
    };
    let events = stream::unfold(reader, |mut reader| async move {
        reader.next().await.map(|event| (Ok::<_, Infallible>(event), reader))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response())
}

/// Where a stream goes on after a record, if the records from there on are kept.
async fn resume(app: &App, after: EventId, tip: Height) -> Result<EventId, ApiError> {
    if after.height > tip {
        let detail = format!("there is no event {after} yet; the newest block is {tip}");
        return Err(ApiError::new(Code::BadCursor, detail));
    }
    let next = match after.index.checked_add(1) {
        Some(index) => EventId { height: after.height, index },
        None => EventId { height: Height(after.height.0.saturating_add(1)), index: 0 },
    };
    // The genesis block has no records; it is a place to begin from all the same.
    let first = Height(1);
    if next.height < first {
        return Ok(EventId { height: first, index: 0 });
    }
    if next.height <= tip && app.backend.header(next.height).await?.is_none() {
        let detail = format!("the events of height {} are not kept any more", next.height);
        return Err(ApiError::new(Code::EventsPruned, detail));
    }
    Ok(next)
}

/// The kinds in a comma-separated list; none means all.
fn kinds(list: Option<&str>) -> Result<BTreeSet<String>, ApiError> {
    let kinds: BTreeSet<String> =
        list.into_iter().flat_map(|list| list.split(',')).map(str::to_owned).collect();
    let plain = |kind: &String| {
        !kind.is_empty()
            && kind.len() <= 64
            && kind.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    if kinds.len() > MAX_KINDS || !kinds.iter().all(plain) {
        let detail = format!("{list:?} is not a list of at most {MAX_KINDS} names of events");
        return Err(ApiError::new(Code::BadParameter, detail));
    }
    Ok(kinds)
}

/// A stream's place in the chain.
struct Reader {
    backend: Arc<dyn Backend>,
    told: Told,
    tip: watch::Receiver<Arc<Chain>>,
    kinds: BTreeSet<String>,
    /// The first record that was not looked at; none when the stream has ended.
    next: Option<EventId>,
    /// Records of one height that the client has not taken.
    waiting: VecDeque<EventRecord>,
    _place: Place,
}

impl Reader {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(record) = self.waiting.pop_front() {
                return Some(event(&record));
            }
            let next = self.next?;
            let tip = self.tip.borrow_and_update().height();
            if next.height > tip {
                // An error means that the node is gone, and the stream ends with it.
                self.tip.changed().await.ok()?;
                continue;
            }
            match self.told.records(&*self.backend, next.height, tip).await {
                Ok(Some(records)) => self.take(next, &records),
                Ok(None) => return Some(self.end(Code::EventsPruned, next)),
                Err(error) => {
                    tracing::error!(%error, height = %next.height, "events cannot be read");
                    return Some(self.end(Code::Internal, next));
                }
            }
        }
    }

    fn take(&mut self, next: EventId, records: &[EventRecord]) {
        let wanted = |record: &EventRecord| {
            record.id >= next
                && (self.kinds.is_empty() || self.kinds.contains(&record.happening.name()))
        };
        self.waiting = records.iter().filter(|record| wanted(record)).cloned().collect();
        self.next = next.height.next().map(|height| EventId { height, index: 0 });
    }

    /// Ends the stream and says why.
    fn end(&mut self, code: Code, at: EventId) -> Event {
        self.next = None;
        let problem = Problem::new(code, format!("the events of height {} are missing", at.height));
        Event::default().event(PROBLEM).data(serde_json::to_string(&problem).unwrap_or_default())
    }
}

fn event(record: &EventRecord) -> Event {
    Event::default()
        .id(record.id.to_string())
        .event(record.happening.name())
        .retry(RETRY)
        .data(serde_json::to_string(record).unwrap_or_default())
}
