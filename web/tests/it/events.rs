//! The event stream, from outside.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use futures::StreamExt;
use probity_api::{EventId, EventRecord, Happening};
use probity_primitives::Height;
use probity_web::{ApiLimits, Capacity};

use crate::stage::{Stage, get, post_tx};

/// A stream, read record by record.
struct Stream {
    body: axum::body::BodyDataStream,
    text: String,
}

impl Stream {
    async fn open(stage: &Stage, request: Request<Body>) -> Self {
        let response: Response<Body> = stage.send(request).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    async fn after(stage: &Stage, query: &str) -> Self {
        Self::open(stage, get(&format!("/api/v1/events?{query}"))).await
    }

    /// The next event's lines.
    async fn lines(&mut self) -> Vec<String> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let lines = event.lines().map(str::to_owned).collect();
                self.text = rest.to_owned();
                return lines;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.body.next()).await;
            let chunk = chunk.expect("a record in time").expect("a record").unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    async fn record(&mut self) -> EventRecord {
        let lines = self.lines().await;
        let value = |field: &str| {
            lines.iter().find_map(|line| line.strip_prefix(field)).unwrap_or_default().to_owned()
        };
        let record: EventRecord = serde_json::from_str(&value("data: ")).unwrap();
        assert_eq!(value("id: "), record.id.to_string());
        assert_eq!(value("event: "), record.happening.name());
        record
    }

    async fn take(&mut self, count: usize) -> Vec<EventRecord> {
        let mut records = Vec::new();
        for _ in 0..count {
            records.push(self.record().await);
        }
        records
    }
}

fn id(height: u64, index: u32) -> EventId {
    EventId { height: Height(height), index }
}

#[tokio::test]
async fn a_stream_begins_with_the_next_block_and_goes_on() {
    let stage = Stage::new();
    let tip = stage.memory.world().chain.height().0;
    let mut stream = Stream::after(&stage, "").await;
    let tx = stage.signed(stage.transfer());
    stage.send(post_tx(&tx)).await;
    stage.memory.make_block();
    let records = stream.take(2).await;
    assert_eq!(records[0].id, id(tip + 1, 0));
    assert!(matches!(records[0].happening, Happening::Block { txs: 1, .. }));
    assert_eq!((records[1].id, records[1].tx), (id(tip + 1, 1), Some(tx.hash())));
    assert_eq!(records[1].happening.name(), "transferred");
    stage.memory.make_block();
    let next = stream.record().await;
    assert_eq!(next.id.height, Height(tip + 2));
}

#[tokio::test]
async fn a_stream_that_was_cut_off_goes_on_where_it_was() {
    let stage = Stage::new();
    let whole = Stream::after(&stage, "after=0-0").await.take(30).await;
    assert_eq!(whole[0].id, id(1, 0));
    assert!(whole.is_sorted_by(|left, right| left.id < right.id));
    for cut in 0..29 {
        let after = whole[cut].id;
        let mut resumed = Stream::after(&stage, &format!("after={after}")).await;
        assert_eq!(resumed.record().await, whole[cut + 1], "after {after}");
    }
}

#[tokio::test]
async fn the_browsers_header_counts_more_than_the_address() {
    let stage = Stage::new();
    let mut request = get("/api/v1/events?after=1-0");
    request.headers_mut().insert("last-event-id", "4-4000000000".parse().unwrap());
    let mut stream = Stream::open(&stage, request).await;
    assert_eq!(stream.record().await.id, id(5, 0));
}

#[tokio::test]
async fn a_stream_may_be_of_some_kinds_alone() {
    let stage = Stage::new();
    let query = "after=0-0&kind=task_requested,artifact_registered";
    let records = Stream::after(&stage, query).await.take(6).await;
    let names: Vec<_> = records.iter().map(|record| record.happening.name()).collect();
    assert_eq!(names[..4], ["artifact_registered"; 4]);
    assert_eq!(names[4..], ["task_requested"; 2]);
}

#[tokio::test]
async fn a_stream_over_a_gap_ends_with_a_problem() {
    let stage = Stage::new();
    let tip = stage.memory.world().chain.height().0;
    let mut stream = Stream::after(&stage, &format!("after={tip}-4294967295")).await;
    stage.memory.kept_from.store(tip + 2, std::sync::atomic::Ordering::SeqCst);
    stage.memory.make_block();
    let lines = stream.lines().await;
    assert_eq!(lines[0], "event: problem");
    assert!(lines[1].contains("events_pruned"), "{lines:?}");
    assert!(stream.body.next().await.is_none());
}

#[tokio::test]
async fn no_more_streams_are_open_than_allowed() {
    let stage =
        Stage::with_limits(ApiLimits { streams: Capacity::new(2, 2), ..ApiLimits::default() });
    let first = Stream::after(&stage, "").await;
    let _second = Stream::after(&stage, "").await;
    stage.get_refused("/events", 503, "overloaded").await;
    drop(first);
    Stream::after(&stage, "").await;
}
