//! The write-ahead log of a core: what it must remember of the height that it decides.
//!
//! The engine keeps its log in a file of its own format. Here the log is a trait over entries of
//! bytes, so that a simulation can lose what was not flushed; which inputs are entries, and in
//! which order log and network are written, is the engine's.
//!
//! # Invariants
//! - An entry reads back as the input that was written, or as an error; never as another input.
//!
//! Spec: `docs/spec/20-blocks.md`.

use arc_malachitebft_app_channel::app::types::codec::Codec;
use arc_malachitebft_core_consensus::{Input, SignedConsensusMsg};
use arc_malachitebft_core_types::{Round, Timeout, TimeoutKind, ValueOrigin};
use bytes::Bytes;
use probity_primitives::Height;
use probity_primitives::codec::{decode, encode};

use super::super::codec::EngineCodec;
use super::super::context::ProbityContext;

/// A log that cannot be written any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the write-ahead log cannot be written")]
pub struct JournalError;

/// Entries about one height, in order.
pub trait Journal {
    /// Gives back the entries about `height`, and forgets those about any other.
    ///
    /// # Errors
    /// [`JournalError`] if it can be used no more, as for every method.
    fn begin(&mut self, height: Height) -> Result<Vec<Vec<u8>>, JournalError>;

    /// Forgets everything; the entries that follow are about `height`.
    ///
    /// # Errors
    /// [`JournalError`].
    fn reset(&mut self, height: Height) -> Result<(), JournalError>;

    /// Adds an entry, which may be lost until the next [`Self::flush`].
    ///
    /// # Errors
    /// [`JournalError`].
    fn append(&mut self, entry: Vec<u8>) -> Result<(), JournalError>;

    /// Returns when every entry is durable.
    ///
    /// # Errors
    /// [`JournalError`].
    fn flush(&mut self) -> Result<(), JournalError>;
}

const MESSAGE: u8 = 1;
const TIMEOUT: u8 = 2;
const VALUE: u8 = 3;
const POLKA: u8 = 4;
/// An entry of this many bytes is none.
const MAX_ENTRY_BYTES: usize = 1024;

/// The bytes of an input that is to survive a crash; none for one that need not.
pub(super) fn write(input: Input<ProbityContext>) -> Option<Vec<u8>> {
    let (tag, bytes) = match input {
        Input::Vote(vote) => (MESSAGE, EngineCodec.encode(&SignedConsensusMsg::Vote(vote)).ok()?),
        Input::Proposal(proposal) => {
            (MESSAGE, EngineCodec.encode(&SignedConsensusMsg::Proposal(proposal)).ok()?)
        }
        Input::TimeoutElapsed(timeout) => (TIMEOUT, write_timeout(timeout)?),
        Input::ProposedValue(value, _) => (VALUE, EngineCodec.encode(&value).ok()?),
        Input::PolkaCertificate(certificate) => (POLKA, EngineCodec.encode(&certificate).ok()?),
        Input::StartHeight(..)
        | Input::Propose(_)
        | Input::RoundCertificate(_)
        | Input::SyncValueResponse(_) => return None,
    };
    let mut entry = vec![tag];
    entry.extend_from_slice(&bytes);
    Some(entry)
}

/// The input that an entry spells; none if it spells none.
pub(super) fn read(entry: &[u8]) -> Option<Input<ProbityContext>> {
    let (tag, bytes) = entry.split_first()?;
    let bytes = Bytes::copy_from_slice(bytes);
    match *tag {
        MESSAGE => match EngineCodec.decode(bytes).ok()? {
            SignedConsensusMsg::Vote(vote) => Some(Input::Vote(vote)),
            SignedConsensusMsg::Proposal(proposal) => Some(Input::Proposal(proposal)),
        },
        TIMEOUT => read_timeout(&bytes).map(Input::TimeoutElapsed),
        VALUE => {
            let value = EngineCodec.decode(bytes).ok()?;
            Some(Input::ProposedValue(value, ValueOrigin::Consensus))
        }
        POLKA => EngineCodec.decode(bytes).ok().map(Input::PolkaCertificate),
        _ => None,
    }
}

fn write_timeout(timeout: Timeout) -> Option<Bytes> {
    let kind = match timeout.kind {
        TimeoutKind::Propose => 1u8,
        TimeoutKind::Prevote => 2,
        TimeoutKind::Precommit => 3,
        TimeoutKind::Rebroadcast => 4,
        TimeoutKind::FinalizeHeight(_) => return None,
    };
    Some(encode(&(kind, timeout.round.as_i64())).into())
}

fn read_timeout(bytes: &[u8]) -> Option<Timeout> {
    let (kind, round): (u8, i64) = decode(bytes, MAX_ENTRY_BYTES).ok()?;
    let kind = match kind {
        1 => TimeoutKind::Propose,
        2 => TimeoutKind::Prevote,
        3 => TimeoutKind::Precommit,
        4 => TimeoutKind::Rebroadcast,
        _ => return None,
    };
    Some(Timeout::new(Round::from(round), kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_rounds_survive_and_that_of_a_decided_height_does_not() {
        for kind in [
            TimeoutKind::Propose,
            TimeoutKind::Prevote,
            TimeoutKind::Precommit,
            TimeoutKind::Rebroadcast,
        ] {
            let timeout = Timeout::new(Round::new(3), kind);
            let entry = write(Input::TimeoutElapsed(timeout)).unwrap();
            assert_eq!(read(&entry), Some(Input::TimeoutElapsed(timeout)));
        }
        let over = Timeout::finalize_height(Round::new(0), std::time::Duration::ZERO);
        assert_eq!(write(Input::TimeoutElapsed(over)), None);
    }

    #[test]
    fn bytes_that_are_no_entry_are_read_as_none() {
        for bytes in [&[][..], &[0], &[MESSAGE], &[TIMEOUT, 9], &[VALUE, 1, 2], &[POLKA], &[200]] {
            assert_eq!(read(bytes), None, "{bytes:?}");
        }
    }
}
