//! A validator that signs twice, for tests over real sockets: the engine with its own network in
//! the hands of the engine's fault injector.
//!
//! It exists in this crate's tests alone: no build that anybody runs can reach it.

use std::ops::Range;

use arc_malachitebft_app_channel::app::config::NodeConfig as _;
use arc_malachitebft_app_channel::app::metrics::SharedRegistry;
use arc_malachitebft_app_channel::spawn::spawn_network_actor;
use arc_malachitebft_app_channel::{
    ConsensusContext, EngineBuilder, NetworkIdentity, RequestContext, SyncContext, WalContext,
};
use arc_malachitebft_engine_byzantine::{ByzantineConfig, ByzantineNetworkProxy, Trigger};
use probity_primitives::{BlockHash, Domain, Hash};

use super::codec::EngineCodec;
use super::context::{EngineAddress, EngineValue, ProbityContext};
use super::engine::{Engine, EngineConfig, EngineError, Settings, prove_identity};
use super::signing::{EngineSigner, EngineVerifier};

/// What a validator signs twice, and at which heights.
#[derive(Debug, Clone, Default)]
pub(crate) enum Twice {
    /// It is honest.
    #[default]
    Nothing,
    /// After each vote for a block, one against every block.
    Votes(Range<u64>),
    /// After each proposal, one for a block that nobody has.
    Proposals(Range<u64>),
}

/// Starts an engine that signs what `config` says twice.
pub(super) async fn start(config: EngineConfig, settings: Settings) -> Result<Engine, EngineError> {
    let EngineConfig { moniker, chain, identity, operator, safety, twice, wal, .. } = config;
    let (operator, keypair) = operator.expect("who signs twice has a key");
    let safety =
        safety.expect("who signs twice has watermarks, which its second message goes around");
    let honest = EngineSigner::guarded(safety, keypair.clone());
    let unguarded = EngineSigner::new(chain.clone(), keypair.clone());
    let proof = prove_identity(&unguarded, &keypair.public(), &identity).await?;
    let address = EngineAddress(operator);
    let registry = SharedRegistry::global().with_moniker(&moniker);
    let identity = NetworkIdentity::new_validator(moniker, identity, operator.to_string(), proof);
    let (network, requests) = spawn_network_actor(
        identity,
        settings.consensus(),
        settings.value_sync(),
        &registry,
        EngineCodec,
    )
    .await
    .map_err(|error| EngineError::Start(format!("{error:#}")))?;
    let injector = ByzantineNetworkProxy::spawn(
        match twice {
            Twice::Nothing => ByzantineConfig::default(),
            Twice::Votes(heights) => {
                ByzantineConfig::default().with_equivocate_votes(within(&heights))
            }
            Twice::Proposals(heights) => {
                ByzantineConfig::default().with_equivocate_proposals(within(&heights))
            }
        },
        network.clone(),
        Box::new(unguarded),
        ProbityContext,
        address,
        tracing::Span::current(),
        Some(Box::new(|value: &EngineValue| {
            EngineValue(BlockHash(Hash::of_bytes(Domain::Header, value.0.0.as_bytes())))
        })),
        None,
    )
    .await
    .map_err(|error| EngineError::Start(format!("{error:#}")))?;
    let verifier = Box::new(EngineVerifier(chain));
    let started = EngineBuilder::new(ProbityContext, settings)
        .with_default_wal(WalContext::new(wal, EngineCodec))
        .with_custom_network(injector, requests)
        .with_default_sync(SyncContext::new(EngineCodec))
        .with_default_consensus(ConsensusContext::new_validator(
            address,
            verifier,
            Box::new(honest),
        ))
        .with_default_request(RequestContext::new(16))
        .build()
        .await;
    let (channels, handle) = started.map_err(|error| EngineError::Start(format!("{error:#}")))?;
    // The engine knows the injector alone; the network behind it must end with the engine too, or
    // it would hold the identity against the node's next engine.
    network.link(handle.actor.get_cell());
    Ok(Engine { channels, handle })
}

fn within(heights: &Range<u64>) -> Trigger {
    Trigger::HeightRange { from: heights.start, to: heights.end.saturating_sub(1) }
}
