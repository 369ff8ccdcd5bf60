//! A validator that votes twice, for tests over real sockets: the engine with its own network in
//! the hands of the engine's fault injector.
//!
//! It exists in this crate's tests alone: no build that anybody runs can reach it.

use std::ops::Range;

use arc_malachitebft_app_channel::{
    ByzantineContext, ConsensusContext, EngineBuilder, NetworkIdentity, RequestContext,
    SyncContext, WalContext,
};
use arc_malachitebft_engine_byzantine::{ByzantineConfig, Trigger};

use super::codec::EngineCodec;
use super::context::{EngineAddress, ProbityContext};
use super::engine::{Engine, EngineConfig, EngineError, Settings, prove_identity};
use super::signing::{EngineSigner, EngineVerifier};

/// Starts an engine that sends a second vote, against every block, after each vote for one.
pub(super) async fn start(config: EngineConfig, settings: Settings) -> Result<Engine, EngineError> {
    let EngineConfig { moniker, chain, identity, operator, safety, equivocates, wal, .. } = config;
    let (operator, keypair) = operator.expect("who votes twice has a key");
    let safety = safety.expect("who votes twice has watermarks, which its second vote goes around");
    let honest = EngineSigner::guarded(safety, keypair.clone());
    let twice = EngineSigner::new(chain.clone(), keypair.clone());
    let proof = prove_identity(&twice, &keypair.public(), &identity).await?;
    let address = EngineAddress(operator);
    let network = ByzantineContext {
        identity: NetworkIdentity::new_validator(moniker, identity, operator.to_string(), proof),
        codec: EngineCodec,
        config: ByzantineConfig::default().with_equivocate_votes(within(&equivocates)),
        signer: Box::new(twice),
        address,
        conflicting_value_fn: None,
        conflicting_vote_value_fn: None,
    };
    let verifier = Box::new(EngineVerifier(chain));
    let started = EngineBuilder::new(ProbityContext, settings)
        .with_default_wal(WalContext::new(wal, EngineCodec))
        .with_byzantine_network(network)
        .await
        .map_err(|error| EngineError::Start(format!("{error:#}")))?
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
    Ok(Engine { channels, handle })
}

fn within(heights: &Range<u64>) -> Trigger {
    Trigger::HeightRange { from: heights.start, to: heights.end.saturating_sub(1) }
}
