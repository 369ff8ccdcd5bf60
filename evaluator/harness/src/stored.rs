//! A transcript as a file: its header and records, from which both trees are built again.
//!
//! Leaves and attachments go to content-addressed storage before the reveal phase ends, so that
//! whoever doubts a score finds the item to doubt. Sums and hashes are not stored: a reader
//! computes them, and compares the roots with those that were committed.
//!
//! Spec: `docs/spec/08-transcript.md`.

use borsh::{BorshDeserialize, BorshSerialize};
use probity_primitives::codec::{self, CodecError};
use probity_primitives::transcript::{Header, Record, Transcript, TranscriptError};

/// The largest stored transcript in bytes.
pub const MAX_STORED: usize = 4 << 30;

const FORMAT: [u8; 8] = *b"PRBTYT01";

/// Why bytes are not a stored transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoredError {
    /// They do not spell one.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// They are of another format or version.
    #[error("not a stored transcript: it starts with {0:02x?}")]
    Format([u8; 8]),
    /// The header and the records do not fit.
    #[error(transparent)]
    Transcript(#[from] TranscriptError),
}

#[derive(BorshSerialize, BorshDeserialize)]
struct Stored {
    format: [u8; 8],
    header: Header,
    records: Vec<Record>,
}

/// The bytes that keep a transcript.
#[must_use]
pub fn encode(transcript: &Transcript) -> Vec<u8> {
    let pairs = transcript.leaves().iter().zip(transcript.attachments());
    let records = pairs
        .map(|(leaf, attachment)| Record {
            item: leaf.item,
            prompt: leaf.prompt,
            answer: leaf.answer.clone(),
            score: leaf.score,
            attached: attachment.micros.clone(),
        })
        .collect();
    codec::encode(&Stored { format: FORMAT, header: transcript.header().clone(), records })
}

/// The transcript that these bytes keep, if they are at most `limit` long.
///
/// # Errors
/// [`StoredError`] for anything that [`encode`] does not write.
pub fn decode(bytes: &[u8], limit: usize) -> Result<Transcript, StoredError> {
    let Stored { format, header, records } = codec::decode(bytes, limit)?;
    if format != FORMAT {
        return Err(StoredError::Format(format));
    }
    Ok(Transcript::new(header, records)?)
}

#[cfg(test)]
mod tests {
    use probity_primitives::transcript::Answer;
    use probity_primitives::{BoundedVec, ContentHash, Hash};

    use super::*;

    fn transcript() -> Transcript {
        let header = Header {
            model: ContentHash::of_file(b"model"),
            dataset: ContentHash::of_file(b"data"),
            benchmark: Hash::ZERO,
            tokenizer: ContentHash::default(),
            harness: 1,
            engine: Hash::ZERO,
            few_shot: BoundedVec::new(),
            seed: 0,
            items: 2,
        };
        let record = |score| Record {
            item: Hash::ZERO,
            prompt: Hash::ZERO,
            answer: Answer::Label(3),
            score,
            attached: BoundedVec::from_vec(vec![1, -2]).unwrap(),
        };
        Transcript::new(header, vec![record(1_000_000), record(0)]).unwrap()
    }

    #[test]
    fn a_transcript_reads_back_with_both_roots() {
        let transcript = transcript();
        assert_eq!(decode(&encode(&transcript), 4_096), Ok(transcript));
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = encode(&transcript());
        assert!(matches!(decode(&bytes, 100), Err(StoredError::Codec(_))));
        assert!(matches!(decode(&bytes[..bytes.len() - 1], 4_096), Err(StoredError::Codec(_))));
        let mut other = bytes;
        other[7] = b'9';
        assert!(matches!(decode(&other, 4_096), Err(StoredError::Format(_))));
    }
}
