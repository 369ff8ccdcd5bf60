//! Blocks with their proofs.
//!
//! A block is 16 KiB of a file, a group of 16 BLAKE3 chunks; the last one is shorter. A run of
//! blocks is encoded as BLAKE3's tree is walked from the root: a pair of hashes for each inner
//! node on the way, and each block in its place. The reader compares every pair and every block
//! with the hash it already trusts before it goes on.
//!
//! # Invariants
//! - [`verify`] hands on a block only after it was checked, and stops at the first that is wrong.
//! - A response proves the size of the file when it holds the last block under that size.

use std::fs::File;
use std::io;

use bao_tree::io::outboard::PostOrderMemOutboard;
use bao_tree::io::sync::{self, DecodeResponseIter, Outboard as _};
use bao_tree::io::{BaoContentItem, DecodeError, EncodeError};
use bao_tree::{BaoTree, BlockSize, ChunkNum, ChunkRanges};
use probity_primitives::{ContentHash, Hash};

use super::message::{MAX_BLOCKS, Run};

/// BLAKE3 chunks in a block, as a power of two.
const CHUNKS_LOG: u8 = 4;
/// BLAKE3 chunks in a block.
const CHUNKS: u64 = 1 << CHUNKS_LOG;
/// Bytes in a block.
pub const BLOCK_BYTES: usize = 16 * 1024;
const BLOCK_LEN: u64 = 16 * 1024;
/// Most bytes of hashes in a response: 31 pairs between 32 blocks, and two ways of 48 to the root.
pub const MAX_PROOF_BYTES: usize = (31 + 2 * 48) * 64;

/// Why a response is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// A block, or a hash on the way to it, is not the file's.
    #[error("block {block} does not belong to file {hash}")]
    Corrupt {
        /// The file.
        hash: ContentHash,
        /// Number of the block at which it shows.
        block: u64,
    },
    /// The response ends before the run does.
    #[error("the response ends before block {block}")]
    TooShort {
        /// Number of the first block that is missing.
        block: u64,
    },
    /// The response goes on after the run.
    #[error("{extra} bytes follow the run that was asked for")]
    TooLong {
        /// How many bytes are too many.
        extra: usize,
    },
}

/// A file on disk with its hash tree, ready to be served.
#[derive(Debug)]
pub struct Served {
    file: File,
    outboard: PostOrderMemOutboard,
}

impl Served {
    /// Reads the whole file once to build its tree.
    ///
    /// # Errors
    /// What reading says, or `InvalidData` when the file is not the one that `hash` names.
    pub fn load(mut file: File, hash: &ContentHash) -> io::Result<Self> {
        let size = file.metadata()?.len();
        let tree = BaoTree::new(size, BlockSize::from_chunk_log(CHUNKS_LOG));
        let mut data = Vec::new();
        let root = sync::outboard_post_order(&mut file, tree, &mut data)?;
        if root != root_of(hash) {
            let reason = format!("expected content {hash}, got {}", content(&root));
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        Ok(Self { file, outboard: PostOrderMemOutboard { root, tree, data } })
    }

    /// Memory that the tree takes, in bytes.
    #[must_use]
    pub const fn tree_bytes(&self) -> usize {
        self.outboard.data.len()
    }

    /// Encodes a run of blocks with its proof; none for a run that is not in the file.
    ///
    /// # Errors
    /// What reading says, or `InvalidData` when the file changed since its tree was built.
    pub fn encode(&self, run: Run) -> io::Result<Option<Vec<u8>>> {
        let tree = self.outboard.tree();
        if run.count == 0 || run.count > MAX_BLOCKS || run.first >= block_count(tree.size()) {
            return Ok(None);
        }
        let mut encoded = Vec::with_capacity(usize::from(run.count).saturating_mul(BLOCK_BYTES));
        sync::encode_ranges_validated(&self.file, &self.outboard, &chunks(run), &mut encoded)
            .map_err(|error: EncodeError| io::Error::from(error))?;
        Ok(Some(encoded))
    }
}

/// How many blocks a file of `size` bytes has; an empty file has one, empty.
#[must_use]
pub const fn block_count(size: u64) -> u64 {
    if size == 0 { 1 } else { size.div_ceil(BLOCK_LEN) }
}

/// Checks a response and hands its blocks on, each with its offset in the file, as they prove true.
///
/// # Errors
/// [`BlockError`] at the first byte that is wrong, or what `sink` returns, as it is.
pub fn verify<E: From<BlockError>>(
    hash: &ContentHash,
    size: u64,
    run: Run,
    response: &[u8],
    mut sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let tree = BaoTree::new(size, BlockSize::from_chunk_log(CHUNKS_LOG));
    let ranges = chunks(run);
    let mut rest = response;
    let mut block = run.first;
    for item in DecodeResponseIter::new(root_of(hash), tree, &mut rest, &ranges) {
        match item.map_err(|error| refusal(error, hash, block))? {
            BaoContentItem::Parent(_) => {}
            BaoContentItem::Leaf(leaf) => {
                sink(leaf.offset, &leaf.data)?;
                block = block.saturating_add(1);
            }
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(BlockError::TooLong { extra: rest.len() }.into()) }
}

fn refusal(error: DecodeError, hash: &ContentHash, block: u64) -> BlockError {
    match error {
        DecodeError::ParentNotFound(_) | DecodeError::LeafNotFound(_) => {
            BlockError::TooShort { block }
        }
        // Reading from memory fails in no other way than by its end.
        DecodeError::ParentHashMismatch(_)
        | DecodeError::LeafHashMismatch(_)
        | DecodeError::Io(_) => BlockError::Corrupt { hash: *hash, block },
    }
}

fn chunks(run: Run) -> ChunkRanges {
    let first = run.first.saturating_mul(CHUNKS);
    let end = first.saturating_add(u64::from(run.count).saturating_mul(CHUNKS));
    ChunkRanges::from(ChunkNum(first)..ChunkNum(end))
}

fn root_of(hash: &ContentHash) -> blake3::Hash {
    blake3::Hash::from_bytes(*hash.as_bytes())
}

fn content(root: &blake3::Hash) -> ContentHash {
    ContentHash(Hash::from_bytes(*root.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::message::MAX_RESPONSE_BYTES;
    use super::*;

    const SIZES: [usize; 8] = [
        0,
        1,
        BLOCK_BYTES - 1,
        BLOCK_BYTES,
        BLOCK_BYTES + 1,
        5 * BLOCK_BYTES + 1025,
        32 * BLOCK_BYTES,
        70 * BLOCK_BYTES + 7,
    ];

    fn file(size: usize) -> (Vec<u8>, ContentHash, Served) {
        let bytes: Vec<u8> = (0..size).map(|n| (n / 7 % 251).try_into().unwrap()).collect();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let hash = ContentHash::of_file(&bytes);
        let served = Served::load(file, &hash).unwrap();
        (bytes, hash, served)
    }

    fn decode(
        hash: &ContentHash,
        size: usize,
        run: Run,
        response: &[u8],
    ) -> Result<Vec<u8>, BlockError> {
        let mut out = Vec::new();
        verify::<BlockError>(hash, size.try_into().unwrap(), run, response, |offset, bytes| {
            let first = usize::try_from(run.first).unwrap() * BLOCK_BYTES;
            assert_eq!(usize::try_from(offset).unwrap(), first + out.len());
            out.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(out)
    }

    #[test]
    fn every_run_of_every_size_reads_back() {
        for size in SIZES {
            let (bytes, hash, served) = file(size);
            for first in 0..block_count(size.try_into().unwrap()) {
                for count in [1, 2, MAX_BLOCKS] {
                    let run = Run { first, count };
                    let response = served.encode(run).unwrap().unwrap();
                    assert!(response.len() + 5 <= MAX_RESPONSE_BYTES);
                    let start = usize::try_from(first).unwrap() * BLOCK_BYTES;
                    let end = (start + usize::from(count) * BLOCK_BYTES).min(size);
                    assert!(decode(&hash, size, run, &response).unwrap() == bytes[start..end]);
                }
            }
        }
    }

    #[test]
    fn a_flipped_byte_is_noticed_in_its_block_and_earlier_blocks_are_handed_on() {
        let (_, hash, served) = file(8 * BLOCK_BYTES);
        let run = Run { first: 0, count: 8 };
        let good = served.encode(run).unwrap().unwrap();
        for at in (0..good.len()).step_by(997).chain([0, good.len() - 1]) {
            let mut bad = good.clone();
            bad[at] ^= 1;
            let mut handed_on = 0;
            let result = verify::<BlockError>(&hash, 8 * BLOCK_LEN, run, &bad, |_, _| {
                handed_on += 1;
                Ok(())
            });
            let Err(BlockError::Corrupt { block, .. }) = result else { panic!("{at}: {result:?}") };
            assert_eq!(block, handed_on);
            assert!(block <= u64::try_from(at / BLOCK_BYTES).unwrap());
        }
    }

    #[test]
    fn a_response_that_is_too_short_or_too_long_is_refused() {
        let (_, hash, served) = file(3 * BLOCK_BYTES);
        let run = Run { first: 1, count: 1 };
        let mut response = served.encode(run).unwrap().unwrap();
        let short = decode(&hash, 3 * BLOCK_BYTES, run, &response[..response.len() - 1]);
        assert_eq!(short, Err(BlockError::TooShort { block: 1 }));
        response.push(0);
        let long = decode(&hash, 3 * BLOCK_BYTES, run, &response);
        assert_eq!(long, Err(BlockError::TooLong { extra: 1 }));
    }

    #[test]
    fn a_wrong_size_never_passes_with_the_last_block() {
        for size in SIZES {
            let (_, hash, served) = file(size);
            let last = block_count(size.try_into().unwrap()) - 1;
            let run = Run { first: last, count: 1 };
            let response = served.encode(run).unwrap().unwrap();
            for wrong in [0, 1, size.wrapping_sub(1), size + 1, size + BLOCK_BYTES, 2 * size] {
                if wrong == size || wrong > 1 << 40 {
                    continue;
                }
                let blocks = block_count(wrong.try_into().unwrap());
                let claimed = Run { first: blocks - 1, count: 1 };
                assert!(decode(&hash, wrong, claimed, &response).is_err(), "{size} as {wrong}");
            }
        }
    }

    #[test]
    fn a_run_outside_the_file_is_not_found() {
        let (_, _, served) = file(3 * BLOCK_BYTES);
        for (first, count) in [(3, 1), (0, 0), (0, MAX_BLOCKS + 1), (u64::MAX, 1)] {
            assert_eq!(served.encode(Run { first, count }).unwrap(), None);
        }
    }

    #[test]
    fn a_file_of_another_hash_is_not_served() {
        let file = tempfile::tempfile().unwrap();
        let error = Served::load(file, &ContentHash::of_file(b"other")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
