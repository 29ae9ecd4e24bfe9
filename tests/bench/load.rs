//! Requests over connections that stay open, each sending the next as soon as the one before is answered; written by hand
//! so that the sender costs as little as it can of the two cores that it shares.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What was measured of one load.
#[derive(Debug, Clone)]
pub struct Load {
    /// Alerts a second that were accepted.
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Answers that did not accept.
    pub refused: usize,
}

/// Sends each body once over `connections`; `weight` alerts stand in each. `made` gives a body by its number.
pub fn send(
    address: &str,
    path: &str,
    connections: usize,
    requests: usize,
    weight: usize,
    made: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
) -> Load {
    // Made before the clock starts: the sender's own work is not what is measured.
    let bodies: Arc<Vec<Vec<u8>>> = Arc::new((0..requests).map(made).collect());
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer demo\r\ncontent-type: application/json\r\n"
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let each = runtime.block_on(async {
        let mut senders = tokio::task::JoinSet::new();
        for _ in 0..connections {
            let (bodies, next) = (bodies.clone(), next.clone());
            let (address, head) = (address.to_owned(), head.clone());
            senders.spawn(async move { sender(&address, &head, &bodies, &next).await });
        }
        senders.join_all().await
    });
    let took = began.elapsed();
    let mut times: Vec<Duration> = each.iter().flat_map(|(times, _)| times.clone()).collect();
    let refused: usize = each.iter().map(|(_, refused)| refused).sum();
    times.sort_unstable();
    let accepted = (times.len() - refused) * weight;
    Load {
        rate: accepted as f64 / took.as_secs_f64(),
        p50: at(&times, 0.5),
        p99: at(&times, 0.99),
        refused,
    }
}

/// The value below which this part of the sorted times lies.
pub fn at(times: &[Duration], part: f64) -> Duration {
    let place = (times.len() as f64 * part) as usize;
    times
        .get(place.min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

async fn sender(
    address: &str,
    head: &str,
    bodies: &[Vec<u8>],
    next: &AtomicUsize,
) -> (Vec<Duration>, usize) {
    let mut connection = Connection::open(address).await.unwrap();
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
        let began = Instant::now();
        let (status, _) = connection.post(head, body).await.unwrap();
        times.push(began.elapsed());
        refused += usize::from(!(200..300).contains(&status));
    }
    (times, refused)
}

/// One connection that stays open.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(4096),
        })
    }

    /// Sends one request and reads its whole answer: status and body. A broken connection is an error.
    pub async fn post(&mut self, head: &str, body: &[u8]) -> io::Result<(u16, String)> {
        let mut request = Vec::with_capacity(head.len() + body.len() + 40);
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        request.extend_from_slice(body);
        self.stream.write_all(&request).await?;
        self.buffer.clear();
        loop {
            let mut chunk = [0_u8; 4096];
            let read = self.stream.read(&mut chunk).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&chunk[..read]);
            let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            if self.buffer.len() >= end + 4 + length {
                let status = head.get(9..12).and_then(|s| s.parse().ok());
                let body = String::from_utf8_lossy(&self.buffer[end + 4..]).into_owned();
                return Ok((status.unwrap_or(0), body));
            }
        }
    }
}
