//! Artifact transfer: messages of peers as they stand on a stream, and blocks with their proofs.

use futures::executor::block_on;
use futures::io::Cursor;
use probity_node::network::transfer::blocks::{self, BlockError};
use probity_node::network::transfer::codec::{MessageCodec, PROTOCOL, TransferCodec};
use probity_node::network::transfer::message::{MAX_BLOCKS, Run};
use probity_primitives::ContentHash;
use probity_primitives::codec;

use crate::Verdict;

/// The file that blocks are fuzzed for: a little more than one block.
#[must_use]
pub fn sample_file() -> Vec<u8> {
    (0..=u8::MAX).cycle().take(17_000).collect()
}

/// A request, a response, or a run with the blocks that answer it; the first byte chooses.
///
/// # Panics
/// If a message that was read is written as other bytes, or blocks pass that are not the file's.
#[must_use]
pub fn transfer(bytes: &[u8]) -> Verdict {
    let Some((kind, bytes)) = bytes.split_first() else { return Verdict::Refused };
    match kind % 3 {
        0 => {
            let read = block_on(TransferCodec.read_request(&PROTOCOL, &mut Cursor::new(bytes)));
            Verdict::of(read, |message| {
                let mut to = Cursor::new(Vec::new());
                let written = block_on(TransferCodec.write_request(&PROTOCOL, &mut to, message));
                assert!(written.is_ok() && bytes.starts_with(to.get_ref()), "two encodings");
            })
        }
        1 => {
            let read = block_on(TransferCodec.read_response(&PROTOCOL, &mut Cursor::new(bytes)));
            Verdict::of(read, |message| {
                let mut to = Cursor::new(Vec::new());
                let written = block_on(TransferCodec.write_response(&PROTOCOL, &mut to, message));
                assert!(written.is_ok() && bytes.starts_with(to.get_ref()), "two encodings");
            })
        }
        _ => answer(bytes),
    }
}

/// Size, first block and count as they were asked for, then what a peer answers.
fn answer(bytes: &[u8]) -> Verdict {
    let Some((asked, response)) = bytes.split_at_checked(18) else { return Verdict::Refused };
    let Ok((size, first, count)) = codec::decode::<(u64, u64, u16)>(asked, 18) else {
        return Verdict::Refused;
    };
    if count == 0 || count > MAX_BLOCKS || first >= blocks::block_count(size) {
        return Verdict::Refused;
    }
    let file = sample_file();
    let hash = ContentHash::of_file(&file);
    let told = blocks::verify(&hash, size, Run { first, count }, response, |offset, data| {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let there = file.get(start..).unwrap_or_default();
        assert!(there.starts_with(data), "{} foreign bytes at {offset}", data.len());
        Ok::<(), BlockError>(())
    });
    Verdict::of(told, |()| ())
}
