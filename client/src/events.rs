//! Following the chain.
//!
//! # Invariants
//! - No record is given twice and none is missed, however often the connection breaks: the stream
//!   is resumed after the last record that was given.

use std::collections::VecDeque;
use std::time::Duration;

use probity_api::{EventId, EventRecord, Problem};
use reqwest::{Method, Response};

use crate::client::{Client, why};
use crate::error::ClientError;
use crate::sse::{Message, Parser};

/// How often one call of [`EventStream::next`] connects before it gives up.
const ATTEMPTS: u32 = 6;

/// The pause after the first failed connection; each is twice the one before.
const PAUSE: Duration = Duration::from_millis(100);

/// The name of the record that ends a stream which cannot go on.
const PROBLEM: &str = "problem";

const PATH: &str = "/events";

/// The records of the chain, in order.
#[derive(Debug)]
pub struct EventStream {
    client: Client,
    kinds: Vec<String>,
    after: EventId,
    open: Option<Connection>,
    waiting: VecDeque<Message>,
}

#[derive(Debug)]
struct Connection {
    response: Response,
    parser: Parser,
}

impl Client {
    /// The records after `after`, or from the next block on; only of some kinds, if any are named.
    ///
    /// # Errors
    /// [`ClientError`] if the node cannot be asked where its chain stands.
    pub async fn events(
        &self,
        after: Option<EventId>,
        kinds: &[&str],
    ) -> Result<EventStream, ClientError> {
        let after = match after {
            Some(after) => after,
            // The last place of the newest block: known before the first record arrives.
            None => EventId { height: self.status().await?.height, index: u32::MAX },
        };
        Ok(EventStream {
            client: self.clone(),
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            after,
            open: None,
            waiting: VecDeque::new(),
        })
    }
}

impl EventStream {
    /// The last record that was given, to resume after.
    #[must_use]
    pub const fn position(&self) -> EventId {
        self.after
    }

    /// Waits for the next record. Dropped while it waits, it misses nothing.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`] after several attempts to connect, after which it may be called
    /// again; [`ClientError::Problem`] if the records are not kept any more.
    pub async fn next(&mut self) -> Result<EventRecord, ClientError> {
        let mut failures = 0u32;
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return self.given(&message);
            }
            match self.receive().await {
                Ok(()) => {}
                Err(error) if error.retryable() => {
                    self.open = None;
                    failures = failures.saturating_add(1);
                    if failures >= ATTEMPTS {
                        return Err(error);
                    }
                    tokio::time::sleep(PAUSE.saturating_mul(1 << failures)).await;
                }
                Err(error) => {
                    self.open = None;
                    return Err(error);
                }
            }
        }
    }

    fn given(&mut self, message: &Message) -> Result<EventRecord, ClientError> {
        let malformed = |error: serde_json::Error| ClientError::Malformed {
            url: PATH.to_owned(),
            reason: format!("a record of the kind {:?}: {error}", message.event),
        };
        if message.event == PROBLEM {
            self.open = None;
            return Err(serde_json::from_str::<Problem>(&message.data).map_err(malformed)?.into());
        }
        let record: EventRecord = serde_json::from_str(&message.data).map_err(malformed)?;
        if record.id <= self.after {
            let reason = format!("the record {} comes after {}", record.id, self.after);
            return Err(ClientError::Malformed { url: PATH.to_owned(), reason });
        }
        self.after = record.id;
        Ok(record)
    }

    /// Takes in the next bytes, over a new connection if there is none.
    async fn receive(&mut self) -> Result<(), ClientError> {
        let connection = match &mut self.open {
            Some(connection) => connection,
            None => {
                let response = connect(&self.client, self.after, &self.kinds).await?;
                self.open.insert(Connection { response, parser: Parser::default() })
            }
        };
        let broken = |reason: String| ClientError::Unreachable { url: PATH.to_owned(), reason };
        let chunk = connection.response.chunk().await.map_err(|error| broken(why(&error)))?;
        let chunk = chunk.ok_or_else(|| broken("the stream ended".to_owned()))?;
        let messages = connection.parser.push(&chunk).map_err(|error| ClientError::Malformed {
            url: PATH.to_owned(),
            reason: error.to_string(),
        })?;
        self.waiting.extend(messages);
        Ok(())
    }
}

async fn connect(
    client: &Client,
    after: EventId,
    kinds: &[String],
) -> Result<Response, ClientError> {
    let mut query = vec![("after", after.to_string())];
    if !kinds.is_empty() {
        query.push(("kind", kinds.join(",")));
    }
    let request = client.request(Method::GET, PATH)?.query(&query);
    client.send(request, PATH).await
}
