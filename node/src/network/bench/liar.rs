//! A peer that proves a file's size and then sends wrong bytes, for measurements.

use futures::StreamExt;
use libp2p::identity::Keypair;
use libp2p::request_response::{Event, Message};
use libp2p::swarm::{NetworkBehaviour, SwarmEvent};
use libp2p::{Multiaddr, SwarmBuilder, identify, noise, tcp, yamux};
use probity_harness::cache::Cache;
use probity_primitives::Hash;
use tokio::sync::oneshot;

use super::super::behaviour::{Transfer, introduction, transfer};
use super::super::transfer::message::{Request, Response};
use super::super::transfer::serve::Library;
use super::super::{Limits, NetworkError};

#[derive(NetworkBehaviour)]
struct Protocols {
    transfer: Transfer,
    identify: identify::Behaviour,
}

/// Starts a liar about the files of `cache`; it ends when the receiver of `stop` is dropped.
pub(super) async fn start(
    cache: Cache,
    listen: Multiaddr,
    mut stop: oneshot::Receiver<()>,
) -> Result<Multiaddr, NetworkError> {
    let setup = |error: &dyn std::fmt::Display| NetworkError::Setup(error.to_string());
    let protocols = |identity: &Keypair| Protocols {
        transfer: transfer(&Limits::default()),
        identify: introduction(identity, &Hash::ZERO, None),
    };
    let mut swarm = SwarmBuilder::with_new_identity()
        .with_tokio()
        .with_tcp(tcp::Config::default().nodelay(true), noise::Config::new, yamux::Config::default)
        .map_err(|error| setup(&error))?
        .with_behaviour(protocols)
        .map_err(|error| setup(&error))?
        .with_swarm_config(|config| {
            config.with_idle_connection_timeout(Limits::default().idle_connection)
        })
        .build();
    swarm.listen_on(listen).map_err(|error| setup(&error))?;
    let (listening, address) = oneshot::channel();
    let library = Library::new(cache, Limits::default().outboard_bytes);
    tokio::spawn(async move {
        let mut listening = Some(listening);
        loop {
            let event = tokio::select! {
                event = swarm.select_next_some() => event,
                _ = &mut stop => return,
            };
            if let SwarmEvent::NewListenAddr { address, .. } = event {
                if let Some(listening) = listening.take() {
                    // Whoever started the liar may have given up.
                    let _ = listening.send(address);
                }
            } else if let SwarmEvent::Behaviour(ProtocolsEvent::Transfer(Event::Message {
                message: Message::Request { request, channel, .. },
                ..
            })) = event
            {
                let answer = lie(&request, library.answer(&request));
                // An asker that left does not matter.
                let _ = swarm.behaviour_mut().transfer.send_response(channel, answer);
            }
        }
    });
    address.await.map_err(|error| setup(&error))
}

/// Runs of several blocks get a wrong byte; a single one, which proves the size, does not.
fn lie(request: &Request, honest: Response) -> Response {
    match (request, honest) {
        (Request::Blocks { run, .. }, Response::Blocks(mut blocks)) if run.count > 1 => {
            let middle = blocks.len() / 2;
            if let Some(byte) = blocks.get_mut(middle) {
                *byte ^= 1;
            }
            Response::Blocks(blocks)
        }
        (_, honest) => honest,
    }
}
