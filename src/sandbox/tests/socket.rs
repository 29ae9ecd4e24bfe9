//! A gateway client without a library, for what libraries take care not to do.

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Place, TOKEN};

pub struct Socket(TcpStream);

#[derive(Debug, PartialEq)]
pub enum Frame {
    Text(Value),
    Binary(Vec<u8>),
    Closed(u16),
}

impl Socket {
    /// Connects and takes HELLO, where it comes as text.
    pub async fn open(place: &Place, query: &str) -> Self {
        let addr = place.sandbox.addr();
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let request = format!(
            "GET /?v=10&encoding=json{query} HTTP/1.1\r\nHost: {addr}\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{head:?}");
        Self(stream)
    }

    /// One masked text frame with a 16-bit length. The mask is zero: what is sent is what is written.
    pub async fn send(&mut self, value: &Value) {
        let text = value.to_string();
        let length = u16::try_from(text.len()).unwrap();
        let mut frame = vec![0x81, 0xFE];
        frame.extend(length.to_be_bytes());
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.0.write_all(&frame).await.unwrap();
    }

    pub async fn identify(&mut self, compress: bool) {
        let data = json!({ "token": TOKEN, "intents": 1, "compress": compress,
            "properties": { "os": "o", "browser": "b", "device": "d" } });
        self.send(&json!({ "op": 2, "d": data })).await;
    }

    pub async fn next(&mut self) -> Frame {
        let opcode = self.0.read_u8().await.unwrap() & 0x0F;
        let length = match self.0.read_u8().await.unwrap() {
            126 => u64::from(self.0.read_u16().await.unwrap()),
            127 => self.0.read_u64().await.unwrap(),
            short => u64::from(short),
        };
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.unwrap();
        match opcode {
            1 => Frame::Text(serde_json::from_slice(&payload).unwrap()),
            2 => Frame::Binary(payload),
            8 => Frame::Closed(u16::from_be_bytes([payload[0], payload[1]])),
            other => panic!("opcode {other}"),
        }
    }

    pub async fn text(&mut self) -> Value {
        let frame = self.next().await;
        let Frame::Text(value) = frame else {
            panic!("{frame:?}");
        };
        value
    }
}
