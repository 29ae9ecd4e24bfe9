//! How a connection's frames are packed: plain text, each payload by itself, or one compressed
//! stream over the whole connection. Knows no event.

use std::io::{self, Write};

use axum::extract::ws::Message;
use flate2::{Compression, write::ZlibEncoder};

/// Payload compression spares small frames: they would only grow.
const WORTH_IT: usize = 1_024;

pub enum Packer {
    Plain,
    /// IDENTIFY's `compress`: large frames are a zlib stream each.
    Payload,
    /// `compress=zlib-stream`: one context, a sync flush ends each frame.
    Zlib(ZlibEncoder<Vec<u8>>),
    /// `compress=zstd-stream`: the same with zstd.
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// For the `compress` in the gateway's address; nothing for one that Discord does not offer.
    pub fn of_stream(asked: Option<&str>) -> Option<Self> {
        match asked {
            None | Some("") => Some(Self::Plain),
            Some("zlib-stream") => Some(Self::Zlib(ZlibEncoder::new(Vec::new(), level()))),
            Some("zstd-stream") => zstd::Encoder::new(Vec::new(), 0).ok().map(Self::Zstd),
            Some(_) => None,
        }
    }

    /// A stream that is compressed as a whole is not compressed twice.
    pub fn each_payload(&mut self) {
        if matches!(self, Self::Plain) {
            *self = Self::Payload;
        }
    }

    pub fn pack(&mut self, text: String) -> io::Result<Message> {
        let bytes = match self {
            Self::Payload if text.len() >= WORTH_IT => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level());
                encoder.write_all(text.as_bytes())?;
                encoder.finish()?
            }
            Self::Plain | Self::Payload => return Ok(Message::Text(text.into())),
            Self::Zlib(encoder) => {
                encoder.write_all(text.as_bytes())?;
                encoder.flush()?;
                std::mem::take(encoder.get_mut())
            }
            Self::Zstd(encoder) => {
                encoder.write_all(text.as_bytes())?;
                encoder.flush()?;
                std::mem::take(encoder.get_mut())
            }
        };
        Ok(Message::Binary(bytes.into()))
    }
}

/// Loopback has bandwidth: what counts is the format.
fn level() -> Compression {
    Compression::fast()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::{Decompress, FlushDecompress, read::ZlibDecoder};
    use zstd::stream::raw::{Decoder, Operation};

    use super::*;

    fn bytes(message: Message) -> Vec<u8> {
        let Message::Binary(bytes) = message else {
            panic!("{message:?}");
        };
        bytes.to_vec()
    }

    fn frames() -> Vec<String> {
        (0..20)
            .map(|n| format!("{{\"op\":0,\"s\":{n},\"d\":\"{}\"}}", "abc".repeat(n * 400)))
            .collect()
    }

    #[test]
    fn each_frame_of_a_zlib_stream_can_be_read_when_it_arrives() {
        let mut packer = Packer::of_stream(Some("zlib-stream")).unwrap();
        let mut reader = Decompress::new(true);
        for frame in frames() {
            let sent = bytes(packer.pack(frame.clone()).unwrap());
            assert!(sent.ends_with(&[0, 0, 0xFF, 0xFF]), "a sync flush ends it");
            let mut read = Vec::with_capacity(100_000);
            let sync = FlushDecompress::Sync;
            reader.decompress_vec(&sent, &mut read, sync).unwrap();
            assert_eq!(String::from_utf8(read).unwrap(), frame);
        }
    }

    #[test]
    fn each_frame_of_a_zstd_stream_can_be_read_when_it_arrives() {
        let mut packer = Packer::of_stream(Some("zstd-stream")).unwrap();
        let mut reader = Decoder::new().unwrap();
        for frame in frames() {
            let sent = bytes(packer.pack(frame.clone()).unwrap());
            let mut read = vec![0; 100_000];
            let status = reader.run_on_buffers(&sent, &mut read).unwrap();
            assert_eq!(status.bytes_read, sent.len());
            read.truncate(status.bytes_written);
            assert_eq!(String::from_utf8(read).unwrap(), frame);
        }
    }

    #[test]
    fn payload_compression_packs_each_large_frame_by_itself_and_leaves_small_ones() {
        let mut packer = Packer::of_stream(None).unwrap();
        assert!(matches!(
            packer.pack("x".repeat(5_000)),
            Ok(Message::Text(_))
        ));
        packer.each_payload();
        assert!(matches!(packer.pack("x".to_owned()), Ok(Message::Text(_))));
        for _ in 0..2 {
            let sent = bytes(packer.pack("x".repeat(5_000)).unwrap());
            let mut read = String::new();
            ZlibDecoder::new(sent.as_slice())
                .read_to_string(&mut read)
                .unwrap();
            assert_eq!(read, "x".repeat(5_000));
        }
    }

    #[test]
    fn a_compression_that_discord_does_not_offer_is_refused() {
        assert!(Packer::of_stream(Some("brotli")).is_none());
    }
}
