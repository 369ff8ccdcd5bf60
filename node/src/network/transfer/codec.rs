//! Requests and responses on a stream: a length, then that many bytes of borsh.
//!
//! The length is compared with the limit before a byte of the message is read, and memory is taken
//! as bytes arrive, never for what a peer merely announces.

use std::io;

use async_trait::async_trait;
use borsh::{BorshDeserialize, BorshSerialize};
use futures::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use libp2p::StreamProtocol;
use libp2p::request_response;
use probity_primitives::codec;

use super::message::{MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES, Request, Response};

/// The name of the protocol; a change of the wire changes its number.
pub const PROTOCOL: StreamProtocol = StreamProtocol::new("/probity/transfer/1");

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
        read_message(io, MAX_RESPONSE_BYTES).await
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
        write_message(io, &response).await
    }
}

async fn read_message<T, M>(io: &mut T, limit: usize) -> io::Result<M>
where
    T: AsyncRead + Unpin + Send,
    M: BorshDeserialize,
{
    let mut prefix = [0; 4];
    io.read_exact(&mut prefix).await?;
    let announced = u32::from_le_bytes(prefix);
    let len = usize::try_from(announced).unwrap_or(usize::MAX);
    if len > limit {
        let reason = format!("a message of {len} bytes is announced, the limit is {limit}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut bytes = Vec::new();
    io.take(u64::from(announced)).read_to_end(&mut bytes).await?;
    if bytes.len() < len {
        let reason = format!("the message ends after {} of {len} bytes", bytes.len());
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
    }
    codec::decode(&bytes, limit).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
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
