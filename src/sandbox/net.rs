//! The listening socket, whose connections can be broken on purpose. Knows no HTTP.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{extract::connect_info::Connected, serve::IncomingStream};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Breaks the connection at the next thing that is written to it.
#[derive(Clone, Debug, Default)]
pub struct Breaker(Arc<AtomicBool>);

impl Breaker {
    pub fn trip(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[derive(Clone, Debug)]
pub struct Peer {
    pub addr: SocketAddr,
    pub breaker: Breaker,
}

pub struct Door(pub TcpListener);

impl axum::serve::Listener for Door {
    type Io = Line;
    type Addr = Peer;

    async fn accept(&mut self) -> (Line, Peer) {
        loop {
            match self.0.accept().await {
                Ok((stream, addr)) => {
                    let breaker = Breaker::default();
                    return (
                        Line {
                            stream,
                            breaker: breaker.clone(),
                        },
                        Peer { addr, breaker },
                    );
                }
                Err(error) => {
                    tracing::warn!(%error, "the sandbox could not accept a connection");
                    pause(Duration::from_millis(100)).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer {
            addr: self.0.local_addr()?,
            breaker: Breaker::default(),
        })
    }
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

/// Real time, for what a caller must feel on its socket.
#[expect(
    clippy::disallowed_methods,
    reason = "slow and swallowed answers are real waiting"
)]
pub async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

pub struct Line {
    stream: TcpStream,
    breaker: Breaker,
}

impl Line {
    fn broken(&self) -> Option<io::Error> {
        self.breaker
            .0
            .load(Ordering::SeqCst)
            .then(|| io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.broken() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.broken() {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
