//! Requests and responses on a stream: a length, then that many bytes of borsh.
//!
//! The length is compared with the limit before a byte of the message is read. Blocks are most of
//! what is sent, so they are written from where they lie and read to where they stay, in the same
//! form as everything else.

use std::io;

use async_trait::async_trait;
use borsh::{BorshDeserialize, BorshSerialize};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use probity_primitives::codec;

use super::message::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Request, Response};

/// What reads and writes: [`TransferCodec`] does, for whoever has a stream and no network.
pub use libp2p::request_response::Codec as MessageCodec;

/// The name of the protocol; a change of the wire changes its number.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/probity/transfer/1");

/// The number of [`Response::Blocks`] in its encoding.
const BLOCKS_TAG: u8 = 1;
/// Bytes before the blocks in the encoding of [`Response::Blocks`]: the tag and their number.
const BLOCKS_HEAD: usize = 5;

/// Reads and writes the messages of a transfer.
#[derive(Debug, Clone, Copy, Default)]
pub struct TransferCodec;

#[async_trait]
impl request_response::Codec for TransferCodec {
    type Protocol = StreamProtocol;
    type Request = Request;
    type Response = Response;

    async fn read_request<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Request>
    where
        T: AsyncRead + Unpin + Send,
    {
        read_message(io, MAX_REQUEST_BYTES).await
    }

    async fn read_response<T>(&mut self, _: &StreamProtocol, io: &mut T) -> io::Result<Response>
    where
        T: AsyncRead + Unpin + Send,
    {
        let len = read_length(io, MAX_RESPONSE_BYTES).await?;
        let mut tag = [0];
        if len > BLOCKS_HEAD {
            io.read_exact(&mut tag).await?;
        }
        if tag != [BLOCKS_TAG] {
            let rest = if len > BLOCKS_HEAD { &tag[..] } else { &[] };
            return read_rest(io, rest, len, MAX_RESPONSE_BYTES).await;
        }
        let mut count = [0; 4];
        io.read_exact(&mut count).await?;
        let blocks = len.saturating_sub(BLOCKS_HEAD);
        if usize::try_from(u32::from_le_bytes(count)).ok() != Some(blocks) {
            let reason = format!("{blocks} bytes of blocks are announced as {count:?}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
        }
        read_bytes(io, Vec::new(), blocks).await.map(Response::Blocks)
    }

    async fn write_request<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        request: Request,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        write_message(io, &request).await
    }

    async fn write_response<T>(
        &mut self,
        _: &StreamProtocol,
        io: &mut T,
        response: Response,
    ) -> io::Result<()>
    where
        T: AsyncWrite + Unpin + Send,
    {
        let Response::Blocks(blocks) = response else { return write_message(io, &response).await };
        let too_long = |error| io::Error::new(io::ErrorKind::InvalidData, error);
        let count = u32::try_from(blocks.len()).map_err(too_long)?;
        let head = u32::try_from(BLOCKS_HEAD).map_err(too_long)?;
        let prefix = count.saturating_add(head).to_le_bytes();
        let head = [&prefix[..], &[BLOCKS_TAG], &count.to_le_bytes()].concat();
        io.write_all(&head).await?;
        io.write_all(&blocks).await?;
        io.close().await
    }
}

async fn read_message<T, M>(io: &mut T, limit: usize) -> io::Result<M>
where
    T: AsyncRead + Unpin + Send,
    M: BorshDeserialize,
{
    let len = read_length(io, limit).await?;
    read_rest(io, &[], len, limit).await
}

async fn read_length<T: AsyncRead + Unpin + Send>(io: &mut T, limit: usize) -> io::Result<usize> {
    let mut prefix = [0; 4];
    io.read_exact(&mut prefix).await?;
    let announced = u32::from_le_bytes(prefix);
    let len = usize::try_from(announced).unwrap_or(usize::MAX);
    if len > limit {
        let reason = format!("a message of {len} bytes is announced, the limit is {limit}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    Ok(len)
}

/// The message of `len` bytes that begins with `start`.
async fn read_rest<T, M>(io: &mut T, start: &[u8], len: usize, limit: usize) -> io::Result<M>
where
    T: AsyncRead + Unpin + Send,
    M: BorshDeserialize,
{
    let bytes = read_bytes(io, start.to_vec(), len).await?;
    codec::decode(&bytes, limit).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Reads on until there are `len` bytes. Memory for all of them is reserved at once, which the limit
/// allows, but the system gives only what is written to.
async fn read_bytes<T: AsyncRead + Unpin + Send>(
    io: &mut T,
    mut bytes: Vec<u8>,
    len: usize,
) -> io::Result<Vec<u8>> {
    let left = len.saturating_sub(bytes.len());
    bytes.reserve_exact(left);
    io.take(u64::try_from(left).unwrap_or(u64::MAX)).read_to_end(&mut bytes).await?;
    if bytes.len() < len {
        let reason = format!("the message ends after {} of {len} bytes", bytes.len());
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
    }
    Ok(bytes)
}

async fn write_message<T, M>(io: &mut T, message: &M) -> io::Result<()>
where
    T: AsyncWrite + Unpin + Send,
    M: BorshSerialize + Sync,
{
    let bytes = codec::encode(message);
    let len = u32::try_from(bytes.len())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    io.write_all(&len.to_le_bytes()).await?;
    io.write_all(&bytes).await?;
    io.close().await
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use futures::io::Cursor;
    use libp2p::request_response::Codec as _;
    use probity_primitives::ContentHash;

    use super::super::message::Run;
    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<Response> {
        block_on(TransferCodec.read_response(&PROTOCOL, &mut Cursor::new(bytes)))
    }

    #[test]
    fn every_message_reads_back() {
        let hash = ContentHash::of_file(b"x");
        let run = Run { first: u64::MAX, count: u16::MAX };
        for request in [Request::Size(hash), Request::Blocks { hash, run }] {
            let mut wire = Cursor::new(Vec::new());
            block_on(TransferCodec.write_request(&PROTOCOL, &mut wire, request)).unwrap();
            wire.set_position(0);
            let back = block_on(TransferCodec.read_request(&PROTOCOL, &mut wire)).unwrap();
            assert_eq!(back, request);
        }
        let blocks = Response::Blocks(vec![7; MAX_RESPONSE_BYTES - 5]);
        for response in [Response::Size(9), blocks, Response::NotFound, Response::Busy] {
            let mut wire = Cursor::new(Vec::new());
            block_on(TransferCodec.write_response(&PROTOCOL, &mut wire, response.clone())).unwrap();
            assert_eq!(read(wire.into_inner()).unwrap(), response);
        }
    }

    #[test]
    fn blocks_are_written_and_read_in_the_common_form() {
        for len in [0, 1, 9, 100_000] {
            let response = Response::Blocks(vec![7; len]);
            let mut wire = Cursor::new(Vec::new());
            block_on(TransferCodec.write_response(&PROTOCOL, &mut wire, response.clone())).unwrap();
            let encoded = codec::encode(&response);
            let prefix = u32::try_from(encoded.len()).unwrap().to_le_bytes();
            assert_eq!(wire.get_ref(), &[&prefix[..], &encoded].concat());
            assert_eq!(read(wire.into_inner()).unwrap(), response);
        }
        let lying = [9u32.to_le_bytes().to_vec(), vec![1, 5, 0, 0, 0, 1, 2, 3, 4]].concat();
        assert_eq!(read(lying).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn an_announced_length_above_the_limit_is_refused_before_it_is_read() {
        let error = read(u32::MAX.to_le_bytes().to_vec()).unwrap_err();
        assert!(error.to_string().contains("4294967295 bytes is announced"), "{error}");
    }

    #[test]
    fn a_message_that_ends_early_or_has_bytes_left_is_refused() {
        let early = [9u32.to_le_bytes().to_vec(), vec![2]].concat();
        assert!(read(early).unwrap_err().to_string().contains("ends after 1 of 9 bytes"));
        let left = [2u32.to_le_bytes().to_vec(), vec![2, 0]].concat();
        assert_eq!(read(left).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
