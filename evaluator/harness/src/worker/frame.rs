//! Frames on a pipe: a length of four bytes, little-endian, and that many bytes.

use std::io::{self, Read, Write};

/// The next frame; none where the stream ends between two frames.
///
/// Memory is taken as bytes arrive, never for what a length only promises.
pub(super) fn read_frame(reader: &mut impl Read, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    let mut filled = 0;
    while let Some(rest) = length.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 if filled == 0 => return Ok(None),
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => filled = filled.saturating_add(read),
        }
    }
    let length = u32::from_le_bytes(length);
    if usize::try_from(length).is_ok_and(|length| length > limit) {
        let reason = format!("a frame of {length} bytes is above the limit of {limit}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
    }
    let mut bytes = Vec::new();
    let read = reader.by_ref().take(u64::from(length)).read_to_end(&mut bytes)?;
    if u32::try_from(read) != Ok(length) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

pub(super) fn write_frame(writer: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let length = u32::try_from(bytes.len())
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    writer.write_all(&length.to_le_bytes())?;
    writer.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_the_end_is_seen() {
        let mut pipe = Vec::new();
        write_frame(&mut pipe, b"one").unwrap();
        write_frame(&mut pipe, b"").unwrap();
        let mut reader = pipe.as_slice();
        assert_eq!(read_frame(&mut reader, 3).unwrap().unwrap(), b"one");
        assert_eq!(read_frame(&mut reader, 3).unwrap().unwrap(), b"");
        assert_eq!(read_frame(&mut reader, 3).unwrap(), None);
    }

    #[test]
    fn a_torn_or_overlong_frame_is_an_error() {
        let kind = |bytes: &[u8]| read_frame(&mut &*bytes, 8).unwrap_err().kind();
        assert_eq!(kind(&[3, 0]), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&[3, 0, 0, 0, 1]), io::ErrorKind::UnexpectedEof);
        assert_eq!(kind(&[9, 0, 0, 0]), io::ErrorKind::InvalidData);
    }
}
