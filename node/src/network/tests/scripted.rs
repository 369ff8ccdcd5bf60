//! A peer that speaks the transfer protocol through its real codec and does what a script says.

use std::sync::{Arc, Mutex};

use futures::StreamExt;
use libp2p::request_response::{Event, Message};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, SwarmBuilder, identify, noise, tcp, yamux};
use probity_harness::cache::Cache;
use probity_primitives::Hash;
use tokio::sync::oneshot;

use super::super::Limits;
use super::super::behaviour::{Transfer, introduction, transfer};
use super::super::transfer::message::{Request, Response};
use super::super::transfer::serve::Library;

#[derive(NetworkBehaviour)]
struct Protocols {
    transfer: Transfer,
    identify: identify::Behaviour,
}

/// A running scripted peer; it ends with the test.
pub(super) struct Scripted {
    pub(super) address: Multiaddr,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// Serves the files of `cache`; `script` turns a request and its honest answer into the one
    /// that is sent, and none leaves the request open.
    pub(super) async fn start(
        cache: Cache,
        script: impl FnMut(&Request, Response) -> Option<Response> + Send + 'static,
    ) -> Self {
        Self::start_until(cache, usize::MAX, script).await
    }

    /// The same, but it is gone without a word at its request number `last`.
    pub(super) async fn start_until(
        cache: Cache,
        last: usize,
        mut script: impl FnMut(&Request, Response) -> Option<Response> + Send + 'static,
    ) -> Self {
        let mut swarm = SwarmBuilder::with_new_identity()
            .with_tokio()
            .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
            .unwrap()
            .with_behaviour(|identity| Protocols {
                transfer: transfer(&Limits::default()),
                identify: introduction(identity, &Hash::ZERO, None),
            })
            .unwrap()
            .with_swarm_config(|config| config.with_idle_connection_timeout(super::PATIENCE))
            .build();
        swarm.listen_on("/ip4/127.0.0.1/tcp/0".parse().unwrap()).unwrap();
        let library = Library::new(cache, 1 << 20);
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let (listening, address) = oneshot::channel();
        let mut listening = Some(listening);
        tokio::spawn(async move {
            let mut left_open = Vec::new();
            loop {
                let event = swarm.select_next_some().await;
                if let SwarmEvent::NewListenAddr { address, .. } = event {
                    if let Some(listening) = listening.take() {
                        let _ = listening.send(address);
                    }
                } else if let SwarmEvent::Behaviour(ProtocolsEvent::Transfer(Event::Message {
                    message,
                    ..
                })) = event
                    && let Message::Request { request, channel, .. } = message
                {
                    let number = {
                        let mut log = log.lock().unwrap();
                        log.push(request);
                        log.len()
                    };
                    if number >= last {
                        return;
                    }
                    match script(&request, library.answer(&request)) {
                        Some(answer) => {
                            let _ = swarm.behaviour_mut().transfer.send_response(channel, answer);
                        }
                        None => left_open.push(channel),
                    }
                }
            }
        });
        let address = super::soon(address).await.unwrap();
        Self { address, requests }
    }

    /// Serves the files of `cache` honestly.
    pub(super) async fn honest(cache: Cache) -> Self {
        Self::start(cache, |_, honest| Some(honest)).await
    }

    /// Serves the files of `cache`; `script` turns honest blocks into the answer that is sent.
    pub(super) async fn blocks(
        cache: Cache,
        mut script: impl FnMut(&Request, Vec<u8>) -> Option<Response> + Send + 'static,
    ) -> Self {
        let start = Self::start(cache, move |request, honest| match honest {
            Response::Blocks(blocks) => script(request, blocks),
            Response::Size(_) | Response::NotFound | Response::Busy => Some(honest),
        });
        start.await
    }

    /// How many blocks it was asked for so far.
    pub(super) fn blocks_asked(&self) -> u64 {
        let asked = |request: &Request| match request {
            Request::Size(_) => 0,
            Request::Blocks { run, .. } => u64::from(run.count),
        };
        self.requests.lock().unwrap().iter().map(asked).sum()
    }

    /// How many requests for blocks it got so far.
    pub(super) fn runs_asked(&self) -> usize {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter(|request| matches!(request, Request::Blocks { .. })).count()
    }
}

/// A peer that opens connections and never says who it is.
pub(super) async fn silent(to: Multiaddr) {
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default(), noise::Config::new, yamux::Config::default)
        .unwrap()
        .with_behaviour(|_| transfer(&Limits::default()))
        .unwrap()
        .with_swarm_config(|config| config.with_idle_connection_timeout(super::PATIENCE))
        .build();
    swarm.dial(to).unwrap();
    tokio::spawn(async move {
        loop {
            swarm.select_next_some().await;
        }
    });
}
