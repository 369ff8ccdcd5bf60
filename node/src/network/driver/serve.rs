//! Requests for files, of others and to others.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use libp2p::PeerId;
use libp2p::request_response::{self, OutboundFailure, OutboundRequestId, ResponseChannel};

use super::super::command::AskError;
use super::super::transfer::message::{Request, Response};
use super::{Answer, Driver};

impl Driver {
    pub(super) fn on_transfer(&mut self, event: request_response::Event<Request, Response>) {
        match event {
            request_response::Event::Message { peer, message, .. } => match message {
                request_response::Message::Request { request, channel, .. } => {
                    self.on_request(peer, request, channel);
                }
                request_response::Message::Response { request_id, response } => {
                    if let Some(entry) = self.peers.get_mut(&peer) {
                        entry.conduct.asked_for(response.len());
                    }
                    self.settle(request_id, Ok(response));
                }
            },
            request_response::Event::OutboundFailure { request_id, error, .. } => {
                let error = ask_error(&error);
                self.settle(request_id, Err(error));
            }
            request_response::Event::InboundFailure { peer, error, .. } => {
                tracing::debug!(%peer, %error, "an answer was not sent");
            }
            request_response::Event::ResponseSent { .. } => {}
        }
    }

    fn settle(&mut self, id: OutboundRequestId, result: Result<Response, AskError>) {
        if let Some(reply) = self.asked.remove(&id) {
            // A fetch that gave up does not want to know.
            let _ = reply.send(result);
        }
    }

    fn on_request(&mut self, peer: PeerId, request: Request, channel: ResponseChannel<Response>) {
        let limits = &self.settings.limits;
        let Some(entry) = self.peers.get_mut(&peer) else {
            return self.send_answer(channel, Response::Busy);
        };
        let room = self.serving < limits.serving && entry.conduct.serving < limits.serving_per_peer;
        if !entry.conduct.request(Instant::now()) || !room {
            return self.send_answer(channel, Response::Busy);
        }
        self.serving = self.serving.saturating_add(1);
        entry.conduct.serving = entry.conduct.serving.saturating_add(1);
        let (library, answers) = (Arc::clone(&self.library), self.answers.0.clone());
        tokio::spawn(async move {
            let work = tokio::task::spawn_blocking(move || library.answer(&request));
            let response = work.await.unwrap_or(Response::Busy);
            // The driver has ended, and the connection with it.
            let _ = answers.send((peer, channel, response)).await;
        });
    }

    pub(super) fn on_answer(&mut self, (peer, channel, response): Answer) {
        self.serving = self.serving.saturating_sub(1);
        if let Some(entry) = self.peers.get_mut(&peer) {
            entry.conduct.serving = entry.conduct.serving.saturating_sub(1);
        }
        self.ends.counters.bytes_served.add(response.len());
        self.send_answer(channel, response);
    }

    fn send_answer(&mut self, channel: ResponseChannel<Response>, response: Response) {
        if self.swarm.behaviour_mut().transfer.send_response(channel, response).is_err() {
            tracing::debug!("a peer went away before its answer was ready");
        }
    }
}

/// What the library's failure says about the peer: only what it sent can be wrong.
fn ask_error(error: &OutboundFailure) -> AskError {
    match error {
        OutboundFailure::Timeout => AskError::Late,
        OutboundFailure::DialFailure | OutboundFailure::ConnectionClosed => AskError::Gone,
        OutboundFailure::UnsupportedProtocols => AskError::NoFiles,
        OutboundFailure::Io(reason) if reason.kind() == io::ErrorKind::InvalidData => {
            AskError::Failed(error.to_string())
        }
        OutboundFailure::Io(reason) => AskError::Cut(reason.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_breaks_off_is_no_lie() {
        let io = |kind| ask_error(&OutboundFailure::Io(io::Error::new(kind, "x")));
        assert!(matches!(io(io::ErrorKind::InvalidData), AskError::Failed(_)));
        assert!(matches!(io(io::ErrorKind::UnexpectedEof), AskError::Cut(_)));
        assert!(matches!(io(io::ErrorKind::ConnectionReset), AskError::Cut(_)));
    }
}
