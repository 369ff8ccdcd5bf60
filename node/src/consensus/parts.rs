//! Proposals in parts: a block's bytes cut into pieces that gossip well, and put together again.
//!
//! A stream is one [`ProposalPart::Init`] and as many chunks as the length it promises needs. The
//! init names height, round, proposer, block and the bytes' hash, and carries the proposer's
//! signature on all of that: bytes are kept for a proposer alone, and what comes together is what
//! it signed, or nothing.
//!
//! # Invariants
//! - At most [`MAX_STREAMS`] streams, [`MAX_STREAMS_PER_PUBLISHER`] of them by one publisher, and
//!   [`MAX_PENDING_BYTES`] bytes wait for the rest.
//! - Parts may come in any order and more than once.
//!
//! # Not here
//! Whether the block is valid ([`crate::replica`]), and whose turn it is to propose.
//!
//! Spec: `docs/spec/21-network.md`.

use std::collections::BTreeMap;

use arc_malachitebft_app_channel::app::streaming::{StreamContent, StreamId, StreamMessage};
use borsh::{BorshDeserialize, BorshSerialize};
use bytes::Bytes;
use probity_primitives::{BlockHash, ContentHash, Height, Signature};

use super::context::ProbityContext;
use crate::replica::proposal::{ProposalHeader, SignedProposal};

/// Longest piece of a block in one part.
pub const MAX_CHUNK_BYTES: usize = 64 * 1024;
/// Longest part in its encoding.
pub(super) const MAX_PART_BYTES: usize = MAX_CHUNK_BYTES + 512;
/// Most streams that may be incomplete at once.
pub const MAX_STREAMS: usize = 64;
/// Most streams of one publisher that may be incomplete at once.
pub const MAX_STREAMS_PER_PUBLISHER: usize = 8;
/// Most bytes that may wait for the rest of their blocks.
pub const MAX_PENDING_BYTES: usize = 64 * 1024 * 1024;

/// One part of a streamed block.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ProposalPart {
    /// What is streamed, with the proposer's signature on it.
    Init {
        /// What is streamed.
        header: ProposalHeader,
        /// The proposer's signature on the header, under the proposal domain.
        signature: Signature,
    },
    /// The next [`MAX_CHUNK_BYTES`] bytes, or fewer at the end.
    Chunk {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether these are the last.
        last: bool,
    },
}

impl arc_malachitebft_core_types::ProposalPart<ProbityContext> for ProposalPart {
    fn is_first(&self) -> bool {
        matches!(self, Self::Init { .. })
    }

    fn is_last(&self) -> bool {
        matches!(self, Self::Chunk { last: true, .. })
    }
}

/// The messages that carry a proposal in a stream of that name.
///
/// Gossip forgets nothing for minutes: a proposal that is streamed again needs a new name, or no
/// peer would see it.
#[must_use]
pub fn stream(proposal: &SignedProposal, name: u128) -> Vec<StreamMessage<ProposalPart>> {
    let SignedProposal { header, signature, bytes } = proposal;
    let stream = StreamId::new(Bytes::copy_from_slice(&name.to_be_bytes()));
    let init = ProposalPart::Init { header: *header, signature: *signature };
    let count = bytes.len().div_ceil(MAX_CHUNK_BYTES);
    let chunks = bytes.chunks(MAX_CHUNK_BYTES).enumerate().map(|(index, chunk)| {
        ProposalPart::Chunk { bytes: chunk.to_vec(), last: index + 1 == count }
    });
    (0u64..)
        .zip(std::iter::once(init).chain(chunks))
        .map(|(sequence, part)| {
            StreamMessage::new(stream.clone(), sequence, StreamContent::Data(part))
        })
        .collect()
}

/// Why a part is dropped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartError {
    /// The proposer's statement is not acceptable to the caller.
    #[error("the proposal of {block} at height {height} is not signed by its proposer")]
    Unsigned {
        /// The height that the block is said to be for.
        height: Height,
        /// The block.
        block: BlockHash,
    },
    /// The block is said to be larger than blocks are.
    #[error("a block of {len} bytes is announced, the limit is {limit}")]
    TooLong {
        /// The length that is announced.
        len: usize,
        /// The largest block.
        limit: usize,
    },
    /// A chunk at a place where the stream has none, or of a wrong length.
    #[error("chunk {sequence} of {len} bytes does not fit its stream")]
    Misplaced {
        /// Its place in the stream.
        sequence: u64,
        /// Its length.
        len: usize,
    },
    /// The bytes came together and are not the ones that were signed.
    #[error("the bytes of block {block} are not the ones that its proposer signed")]
    WrongContent {
        /// The block.
        block: BlockHash,
    },
    /// Too much is incomplete already.
    #[error("{what}: the limit of {limit} is reached")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// How much there may be.
        limit: usize,
    },
}

/// The streams that are not complete yet.
#[derive(Debug)]
pub struct Reassembly {
    streams: BTreeMap<(Vec<u8>, StreamId), Stream>,
    pending_bytes: usize,
    max_block_bytes: usize,
}

#[derive(Debug)]
struct Stream {
    /// The height at which the first part came.
    born: Height,
    init: Option<(ProposalHeader, Signature)>,
    chunks: BTreeMap<u64, Vec<u8>>,
    bytes: usize,
}

impl Reassembly {
    /// No streams yet; blocks may have so many bytes.
    #[must_use]
    pub const fn new(max_block_bytes: usize) -> Self {
        Self { streams: BTreeMap::new(), pending_bytes: 0, max_block_bytes }
    }

    /// Takes in a part that came at `height`, and gives back the proposal if it is now complete.
    ///
    /// `accept` decides whether the proposer's statement is one to wait for.
    ///
    /// # Errors
    /// [`PartError`]; a stream that cannot become a block is forgotten.
    pub fn insert(
        &mut self,
        height: Height,
        publisher: Vec<u8>,
        message: StreamMessage<ProposalPart>,
        accept: impl FnOnce(&ProposalHeader, &Signature) -> bool,
    ) -> Result<Option<SignedProposal>, PartError> {
        let Some(part) = message.content.into_data() else { return Ok(None) };
        let key = (publisher, message.stream_id);
        self.open(height, &key)?;
        let outcome = match part {
            ProposalPart::Init { header, signature } => self.begin(&key, header, signature, accept),
            ProposalPart::Chunk { bytes, last: _ } => self.add(&key, message.sequence, bytes),
        };
        let outcome = outcome.and_then(|()| self.finish(&key));
        if outcome.as_ref().is_ok_and(Option::is_some) || outcome.as_ref().is_err_and(is_fatal) {
            self.forget(&key);
        }
        outcome
    }

    /// Forgets the streams for heights below `height`, and those that came long ago without
    /// saying what they are for.
    pub fn forget_below(&mut self, height: Height) {
        self.streams.retain(|_, stream| match &stream.init {
            Some((header, _)) => header.height >= height,
            None => stream.born.0.saturating_add(2) >= height.0,
        });
        self.pending_bytes = self.streams.values().map(|stream| stream.bytes).sum();
    }

    fn open(&mut self, born: Height, key: &(Vec<u8>, StreamId)) -> Result<(), PartError> {
        if self.streams.contains_key(key) {
            return Ok(());
        }
        let mine = self.streams.keys().filter(|(publisher, _)| *publisher == key.0).count();
        if mine >= MAX_STREAMS_PER_PUBLISHER {
            let limit = MAX_STREAMS_PER_PUBLISHER;
            return Err(PartError::Full { what: "streams of one publisher", limit });
        }
        if self.streams.len() >= MAX_STREAMS {
            return Err(PartError::Full { what: "streams", limit: MAX_STREAMS });
        }
        let stream = Stream { born, init: None, chunks: BTreeMap::new(), bytes: 0 };
        self.streams.insert(key.clone(), stream);
        Ok(())
    }

    fn begin(
        &mut self,
        key: &(Vec<u8>, StreamId),
        header: ProposalHeader,
        signature: Signature,
        accept: impl FnOnce(&ProposalHeader, &Signature) -> bool,
    ) -> Result<(), PartError> {
        let len = usize::try_from(header.len).unwrap_or(usize::MAX);
        if len > self.max_block_bytes {
            return Err(PartError::TooLong { len, limit: self.max_block_bytes });
        }
        if !accept(&header, &signature) {
            return Err(PartError::Unsigned { height: header.height, block: header.block });
        }
        if let Some(stream) = self.streams.get_mut(key) {
            stream.init.get_or_insert((header, signature));
        }
        Ok(())
    }

    fn add(
        &mut self,
        key: &(Vec<u8>, StreamId),
        sequence: u64,
        bytes: Vec<u8>,
    ) -> Result<(), PartError> {
        let len = bytes.len();
        let most = self.max_block_bytes.div_ceil(MAX_CHUNK_BYTES);
        let place = usize::try_from(sequence).unwrap_or(usize::MAX);
        if place == 0 || place > most || len == 0 || len > MAX_CHUNK_BYTES {
            return Err(PartError::Misplaced { sequence, len });
        }
        if self.pending_bytes.saturating_add(len) > MAX_PENDING_BYTES {
            return Err(PartError::Full { what: "bytes of parts", limit: MAX_PENDING_BYTES });
        }
        if let Some(stream) = self.streams.get_mut(key)
            && !stream.chunks.contains_key(&sequence)
        {
            stream.chunks.insert(sequence, bytes);
            stream.bytes += len;
            self.pending_bytes += len;
        }
        Ok(())
    }

    fn finish(&self, key: &(Vec<u8>, StreamId)) -> Result<Option<SignedProposal>, PartError> {
        let Some(stream) = self.streams.get(key) else { return Ok(None) };
        let Some((header, signature)) = stream.init else { return Ok(None) };
        let len = usize::try_from(header.len).unwrap_or(usize::MAX);
        if stream.chunks.len() < len.div_ceil(MAX_CHUNK_BYTES) {
            return Ok(None);
        }
        let bytes: Vec<u8> = stream.chunks.values().flatten().copied().collect();
        if bytes.len() != len || ContentHash::of_file(&bytes) != header.content {
            return Err(PartError::WrongContent { block: header.block });
        }
        Ok(Some(SignedProposal { header, signature, bytes: bytes.into() }))
    }

    fn forget(&mut self, key: &(Vec<u8>, StreamId)) {
        if let Some(stream) = self.streams.remove(key) {
            self.pending_bytes = self.pending_bytes.saturating_sub(stream.bytes);
        }
    }
}

/// Whether a stream that brought this error can no longer become a block.
const fn is_fatal(error: &PartError) -> bool {
    match error {
        PartError::Unsigned { .. }
        | PartError::TooLong { .. }
        | PartError::Misplaced { .. }
        | PartError::WrongContent { .. } => true,
        PartError::Full { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use probity_primitives::{Address, Hash, Keypair, Network, OperatorId};

    use super::*;

    const LIMIT: usize = 1024 * 1024;

    fn proposal(height: u64, len: usize) -> SignedProposal {
        let pair = Keypair::from_seed([1; 32]);
        let bytes: Vec<u8> = (0..=250u8).cycle().take(len).collect();
        let header = ProposalHeader {
            height: Height(height),
            round: 0,
            proposer: OperatorId::of(&Address::of(&pair.public(), Network::Test), &pair.public()),
            block: BlockHash(Hash::ZERO),
            content: ContentHash::of_file(&bytes),
            len: u32::try_from(len).unwrap(),
        };
        SignedProposal { header, signature: Signature::from_bytes([0; 64]), bytes: bytes.into() }
    }

    fn feed(
        reassembly: &mut Reassembly,
        messages: Vec<StreamMessage<ProposalPart>>,
    ) -> Vec<Result<Option<SignedProposal>, PartError>> {
        messages
            .into_iter()
            .map(|message| reassembly.insert(Height(1), vec![1], message, |_, _| true))
            .collect()
    }

    fn completed(outcomes: Vec<Result<Option<SignedProposal>, PartError>>) -> Vec<SignedProposal> {
        outcomes.into_iter().filter_map(|outcome| outcome.unwrap()).collect()
    }

    #[test]
    fn a_block_comes_together_from_parts_in_any_order() {
        let proposal = proposal(1, 3 * MAX_CHUNK_BYTES + 5);
        let mut messages = stream(&proposal, 7);
        assert_eq!(messages.len(), 5);
        messages.rotate_left(2);
        let twice = messages[0].clone();
        messages.insert(1, twice);
        let mut reassembly = Reassembly::new(LIMIT);
        assert_eq!(completed(feed(&mut reassembly, messages)), [proposal]);
        assert_eq!((reassembly.streams.len(), reassembly.pending_bytes), (0, 0));
    }

    #[test]
    fn a_statement_that_is_not_accepted_keeps_nothing() {
        let mut reassembly = Reassembly::new(LIMIT);
        let init = stream(&proposal(1, 10), 7).remove(0);
        let refusal = reassembly.insert(Height(1), vec![1], init, |_, _| false);
        assert!(matches!(refusal, Err(PartError::Unsigned { .. })));
        assert!(reassembly.streams.is_empty());
    }

    #[test]
    fn a_block_above_the_limit_is_refused_at_its_first_part() {
        let mut reassembly = Reassembly::new(100);
        let init = stream(&proposal(1, 101), 7).remove(0);
        let refusal = Err(PartError::TooLong { len: 101, limit: 100 });
        assert_eq!(feed(&mut reassembly, vec![init]), [refusal]);
        assert!(reassembly.streams.is_empty());
    }

    #[test]
    fn bytes_that_were_not_signed_are_refused() {
        let mut other = proposal(1, 10);
        other.bytes = Bytes::from_static(b"0123456789");
        let outcomes = feed(&mut Reassembly::new(LIMIT), stream(&other, 7));
        assert!(matches!(outcomes.last(), Some(Err(PartError::WrongContent { .. }))));
    }

    #[test]
    fn one_publisher_cannot_open_streams_without_end() {
        let mut reassembly = Reassembly::new(LIMIT);
        for name in (0..u128::MAX).take(MAX_STREAMS_PER_PUBLISHER) {
            let init = stream(&proposal(1, 10), name).remove(0);
            assert_eq!(feed(&mut reassembly, vec![init]), [Ok(None)]);
        }
        let one_more = feed(&mut reassembly, stream(&proposal(1, 10), 99));
        assert!(one_more.iter().all(|outcome| matches!(outcome, Err(PartError::Full { .. }))));
        reassembly.forget_below(Height(2));
        assert_eq!(completed(feed(&mut reassembly, stream(&proposal(2, 10), 99))).len(), 1);
    }

    #[test]
    fn the_bytes_that_wait_are_limited() {
        let mut reassembly = Reassembly::new(16 * 1024 * 1024);
        let mut refused = 0;
        for publisher in (0..=u8::MAX).take(MAX_STREAMS) {
            let mut chunks = stream(&proposal(1, 2 * 1024 * 1024), 1);
            chunks.remove(0);
            for chunk in chunks {
                let outcome = reassembly.insert(Height(1), vec![publisher], chunk, |_, _| true);
                refused += usize::from(outcome.is_err());
            }
        }
        assert!(refused > 0 && reassembly.pending_bytes <= MAX_PENDING_BYTES);
    }

    #[test]
    fn a_chunk_outside_its_stream_is_refused() {
        let chunk = |sequence, len| {
            let part = ProposalPart::Chunk { bytes: vec![0; len], last: false };
            let stream = StreamId::new(Bytes::from_static(b"s"));
            vec![StreamMessage::new(stream, sequence, StreamContent::Data(part))]
        };
        for (sequence, len) in [(0, 1), (1_000, 1), (1, 0), (1, MAX_CHUNK_BYTES + 1)] {
            let outcomes = feed(&mut Reassembly::new(LIMIT), chunk(sequence, len));
            assert_eq!(outcomes, [Err(PartError::Misplaced { sequence, len })]);
        }
    }
}
