//! The engine alone: how fast it decides when the application does nothing.
//!
//! [`NoOp`] proposes blocks of sixteen bytes and accepts every block it is shown. What the node
//! needs beyond that is the node's own cost, which the benchmark shows as a ratio.
//!
//! # Not here
//! The node's own figure: the benchmark that runs both takes it from running nodes.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use libp2p::{Multiaddr, identity};
use probity_primitives::vrf::VrfPublicKey;
use probity_primitives::{
    Address, BlockHash, BoundedString, Domain, Hash, Height, Keypair, Network, OperatorId,
    Signature,
};
use probity_runtime::certificate::Certificate;
use probity_runtime::genesis::ChainIdentity;
use probity_runtime::validators::{Validator, ValidatorSet};
use tokio::sync::mpsc;

use super::driver::{self, DriverConfig, DriverThread};
use super::engine::{self, EngineConfig, EngineStop};
use crate::replica::application::{Application, Synced, Verdict};
use crate::replica::proposal::{ProposalHeader, SignedProposal};

/// An application that decides empty blocks and keeps them in memory.
#[derive(Debug)]
pub struct NoOp {
    chain: ChainIdentity,
    keypair: Keypair,
    validators: ValidatorSet,
    decided: Vec<(Bytes, Certificate)>,
    proposals: Vec<SignedProposal>,
    progress: mpsc::UnboundedSender<(Height, Instant)>,
}

/// What the application that does nothing cannot do.
#[derive(Debug, thiserror::Error)]
#[error("block {0} is not known")]
pub struct UnknownBlock(BlockHash);

fn operator(keypair: &Keypair) -> OperatorId {
    let key = keypair.public();
    OperatorId::of(&Address::of(&key, Network::Test), &key)
}

impl NoOp {
    fn verdict(header: &ProposalHeader) -> Verdict {
        let ProposalHeader { height, round, proposer, block, content: _, len: _ } = *header;
        Verdict { height, round, proposer, block, valid: true }
    }
}

impl Application for NoOp {
    type Error = UnknownBlock;

    fn next_height(&self) -> Height {
        Height(u64::try_from(self.decided.len()).unwrap_or(u64::MAX).saturating_add(1))
    }

    fn validators(&self) -> &ValidatorSet {
        &self.validators
    }

    fn max_block_bytes(&self) -> usize {
        1024
    }

    fn propose(
        &mut self,
        height: Height,
        round: u32,
        _: u64,
    ) -> Result<SignedProposal, UnknownBlock> {
        let mut bytes = height.0.to_be_bytes().to_vec();
        bytes.extend_from_slice(&u64::from(round).to_be_bytes());
        let block = BlockHash(Hash::of_bytes(Domain::Header, &bytes));
        let place = (height, round, operator(&self.keypair));
        let proposal = SignedProposal::sign(&self.chain, &self.keypair, place, block, bytes.into());
        self.proposals.push(proposal.clone());
        Ok(proposal)
    }

    fn accepts(&self, header: &ProposalHeader, signature: &Signature) -> bool {
        self.validators
            .get(&header.proposer)
            .is_some_and(|proposer| header.is_signed_by(&proposer.key, &self.chain, signature))
    }

    fn receive(&mut self, proposal: SignedProposal, _: u64) -> Option<Verdict> {
        let verdict = Self::verdict(&proposal.header);
        self.proposals.push(proposal);
        Some(verdict)
    }

    fn start_round(&mut self, _: Height, _: u32, _: u64) -> Vec<Verdict> {
        Vec::new()
    }

    fn proposal(&self, block: &BlockHash) -> Option<SignedProposal> {
        self.proposals.iter().find(|proposal| proposal.header.block == *block).cloned()
    }

    fn decide(&mut self, certificate: Certificate) -> Result<(), UnknownBlock> {
        if certificate.height < self.next_height() {
            return Ok(());
        }
        let block = certificate.block;
        let bytes = self.proposal(&block).ok_or(UnknownBlock(block))?.bytes;
        let height = certificate.height;
        self.proposals.retain(|proposal| proposal.header.height > height);
        self.decided.push((bytes, certificate));
        // Whoever measures may have enough already.
        let _ = self.progress.send((height, Instant::now()));
        Ok(())
    }

    fn decided(
        &self,
        first: Height,
        last: Height,
    ) -> Result<Vec<(Bytes, Certificate)>, UnknownBlock> {
        let within = |height: Height| first <= height && height <= last;
        let decided = self.decided.iter().filter(|(_, certificate)| within(certificate.height));
        Ok(decided.cloned().collect())
    }

    fn synced(&mut self, height: Height, round: u32, bytes: Bytes) -> Synced {
        let block = BlockHash(Hash::of_bytes(Domain::Header, &bytes));
        let place = (height, round, operator(&self.keypair));
        let proposal = SignedProposal::sign(&self.chain, &self.keypair, place, block, bytes);
        let verdict = Self::verdict(&proposal.header);
        self.proposals.push(proposal);
        Synced::Judged(verdict)
    }
}

/// Why there is no measurement.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The engines could not be set up.
    #[error("cannot set up the engines: {0}")]
    Setup(String),
    /// They did not decide in time.
    #[error("{decided} of {wanted} heights were decided in {patience:?}")]
    Slow {
        /// How many heights were decided.
        decided: usize,
        /// How many were asked for.
        wanted: usize,
        /// How long they had.
        patience: Duration,
    },
}

fn setup(error: impl std::fmt::Display) -> BenchError {
    BenchError::Setup(error.to_string())
}

/// The intervals between `heights` decisions of `count` engines on loopback that decide empty
/// blocks as fast as they can, or every `block_time` if that is not zero.
///
/// Boxed as [`crate::Node::start`] is.
///
/// # Errors
/// [`BenchError`].
pub fn block_intervals(
    dir: &Path,
    count: u8,
    heights: usize,
    block_time: Duration,
    patience: Duration,
) -> BoxFuture<'_, Result<Vec<Duration>, BenchError>> {
    Box::pin(measure(dir, count, heights, block_time, patience))
}

async fn measure(
    dir: &Path,
    count: u8,
    heights: usize,
    block_time: Duration,
    patience: Duration,
) -> Result<Vec<Duration>, BenchError> {
    let keypairs: Vec<_> = (1..=count).map(|seed| Keypair::from_seed([seed; 32])).collect();
    let validators = keypairs.iter().map(|keypair| Validator {
        operator: operator(keypair),
        key: keypair.public(),
        vrf: VrfPublicKey::from_bytes([0; 32]),
        power: 1,
    });
    let validators = ValidatorSet::new(validators.collect()).map_err(setup)?;
    let ports = crate::ports::reserve_loopback(keypairs.len()).map_err(setup)?;
    let addresses: Vec<Multiaddr> = ports.into_iter().map(crate::ports::loopback_tcp).collect();
    let (progress, mut decisions) = mpsc::unbounded_channel();
    let mut running = Vec::new();
    for (keypair, listen) in keypairs.into_iter().zip(&addresses) {
        let config = bench_engine(dir, &keypair, listen, &addresses, block_time)?;
        let application = NoOp {
            chain: config.chain.clone(),
            keypair,
            validators: validators.clone(),
            decided: Vec::new(),
            proposals: Vec::new(),
            progress: progress.clone(),
        };
        running.push(start(config, application).await?);
    }
    let times = tokio::time::timeout(patience, async {
        let mut times = Vec::new();
        // Every engine reports; the first to report a height stands for all.
        while let Some((height, at)) = decisions.recv().await {
            if height.0 > u64::try_from(times.len()).unwrap_or(u64::MAX) {
                times.push(at);
            }
            if times.len() > heights {
                break;
            }
        }
        times
    })
    .await;
    for (thread, stop) in running {
        stop.stop(Duration::from_secs(5)).await;
        thread.stop().await;
    }
    let times = times.map_err(|_| BenchError::Slow { decided: 0, wanted: heights, patience })?;
    Ok(times.iter().zip(times.iter().skip(1)).map(|(a, b)| b.duration_since(*a)).collect())
}

fn bench_engine(
    dir: &Path,
    keypair: &Keypair,
    listen: &Multiaddr,
    addresses: &[Multiaddr],
    block_time: Duration,
) -> Result<EngineConfig, BenchError> {
    let home = dir.join(keypair.public().to_string());
    std::fs::create_dir_all(&home).map_err(setup)?;
    let chain_id = BoundedString::new("probity-bench").map_err(setup)?;
    Ok(EngineConfig {
        moniker: format!("bench-{}", keypair.public()),
        chain: ChainIdentity { chain_id, network: Network::Test, genesis_hash: Hash::ZERO },
        listen: listen.clone(),
        peers: addresses.iter().filter(|address| *address != listen).cloned().collect(),
        identity: identity::Keypair::generate_ed25519(),
        operator: Some((operator(keypair), keypair.clone())),
        safety: None,
        #[cfg(test)]
        twice: super::byzantine::Twice::default(),
        wal: home.join("engine.wal"),
        block_time,
        offers: std::sync::Arc::default(),
    })
}

async fn start(
    config: EngineConfig,
    application: NoOp,
) -> Result<(DriverThread<NoOp>, EngineStop), BenchError> {
    let settings = DriverConfig { block_time: config.block_time, now_ms: || 0 };
    let (channels, stop) = engine::start(config).await.map_err(setup)?.split();
    let (mut thread, _commands) = driver::spawn(application, settings).map_err(setup)?;
    thread.attach(channels).await;
    Ok((thread, stop))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn four_engines_on_loopback_decide_empty_blocks() {
        let dir = tempfile::tempdir().unwrap();
        let patience = Duration::from_secs(120);
        let intervals = block_intervals(dir.path(), 4, 5, Duration::ZERO, patience).await.unwrap();
        assert_eq!(intervals.len(), 5);
    }
}
