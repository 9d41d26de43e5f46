//! TCP into the world, with tokio's traits. The connection is the world's: its latency, its partitions, its half-open ends.

use crate::door::{Door, SocketId};
use madsim::plugin;
use splitbrain::checker::observations::NodeIx;
use splitbrain::model::{Addr, Ip};
use splitbrain::sim::app::AppCloses;
use std::future::poll_fn;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection of the application whose code runs here. Dropping it closes it (FIN, or RST after
/// [`TcpStream::set_linger`]).
pub struct TcpStream {
    door: Arc<Door>,
    id: SocketId,
    peer: SocketAddr,
    closes: AppCloses,
    shut: bool,
}

/// Where something listens: `10.77.0.11:6379`, `redis-1:6379`, a [`SocketAddr`], a pair of host and port.
pub trait ToAddress {
    /// Host and port.
    ///
    /// # Errors
    /// If there is no port.
    fn host_and_port(&self) -> io::Result<(String, u16)>;
}

impl ToAddress for SocketAddr {
    fn host_and_port(&self) -> io::Result<(String, u16)> {
        Ok((self.ip().to_string(), self.port()))
    }
}

impl ToAddress for &SocketAddr {
    fn host_and_port(&self) -> io::Result<(String, u16)> {
        (*self).host_and_port()
    }
}

impl ToAddress for (&str, u16) {
    fn host_and_port(&self) -> io::Result<(String, u16)> {
        Ok((self.0.to_owned(), self.1))
    }
}

impl ToAddress for &str {
    fn host_and_port(&self) -> io::Result<(String, u16)> {
        let wrong = || io::Error::new(io::ErrorKind::InvalidInput, format!("`{self}` is not `host:port`"));
        let (host, port) = self.rsplit_once(':').ok_or_else(wrong)?;
        Ok((host.to_owned(), port.parse().map_err(|_| wrong())?))
    }
}

impl ToAddress for String {
    fn host_and_port(&self) -> io::Result<(String, u16)> {
        self.as_str().host_and_port()
    }
}

impl TcpStream {
    /// Opens a connection. A process that does not listen refuses after one round trip; a host that is cut off does not
    /// answer, for about 127 s.
    ///
    /// # Errors
    /// If it is refused or times out, if nobody has this name, if the process of this application does not run.
    pub async fn connect(to: impl ToAddress) -> io::Result<TcpStream> {
        let (door, app) = here()?;
        let (ip, port) = resolve(&door, app, to).await?;
        let id = door.with(|core| core.connect(app, Addr { ip, port })).ok_or_else(over)??;
        // From here on it is closed when it is dropped.
        let peer = SocketAddr::from((Ipv4Addr::from_bits(ip.0), port));
        let stream = TcpStream { door, id, peer, closes: AppCloses::Fin, shut: false };
        let established = |cx: &mut Context<'_>| stream.door.with(|core| core.poll_established(id, cx));
        poll_fn(|cx| established(cx).unwrap_or_else(|| Poll::Ready(Err(over())))).await?;
        Ok(stream)
    }

    /// The other side.
    ///
    /// # Errors
    /// None; as tokio has it.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }

    /// With a time of zero, closing resets the connection.
    ///
    /// # Errors
    /// None; as tokio has it.
    pub fn set_linger(&mut self, time: Option<std::time::Duration>) -> io::Result<()> {
        self.closes = if time.is_some_and(|time| time.is_zero()) { AppCloses::Rst } else { AppCloses::Fin };
        Ok(())
    }

    /// Nothing waits for more to send here: it changes nothing.
    ///
    /// # Errors
    /// None; as tokio has it.
    pub fn set_nodelay(&self, _nodelay: bool) -> io::Result<()> {
        Ok(())
    }
}

fn over() -> io::Error {
    io::Error::new(io::ErrorKind::NotConnected, "the run is over")
}

/// The application whose code runs here.
fn here() -> io::Result<(Arc<Door>, NodeIx)> {
    let door = plugin::simulator::<Door>();
    let app = door.with(|core| core.app_of(plugin::node())).ok_or_else(over)?;
    let unknown = "this task runs on a node of madsim that is no application of the scenario (`apps`)";
    let app = app.ok_or_else(|| io::Error::new(io::ErrorKind::NotConnected, unknown))?;
    Ok((door, app))
}

/// Address and port; a name is looked up as the resolver of the application's host has it.
async fn resolve(door: &Door, app: NodeIx, to: impl ToAddress) -> io::Result<(Ip, u16)> {
    let (host, port) = to.host_and_port()?;
    if let Ok(ip) = host.parse::<Ipv4Addr>() {
        return Ok((Ip(ip.to_bits()), port));
    }
    let (ip, cost) = door.with(|core| core.look_up(app, &host)).ok_or_else(over)?;
    if !cost.is_zero() {
        madsim::time::sleep(cost).await;
    }
    let ip = ip.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no host has the name `{host}`")))?;
    Ok((ip, port))
}

/// The addresses behind a name, as the resolver of this application's host has them.
///
/// # Errors
/// If nobody has this name, or the resolver does not answer.
pub async fn lookup_host(host: impl ToAddress) -> io::Result<impl Iterator<Item = SocketAddr>> {
    let (door, app) = here()?;
    let (ip, port) = resolve(&door, app, host).await?;
    Ok(std::iter::once(SocketAddr::from((Ipv4Addr::from_bits(ip.0), port))))
}

impl AsyncRead for TcpStream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.shut {
            return Poll::Ready(Ok(()));
        }
        match self.door.with(|core| core.poll_read(self.id, buf.remaining(), cx)) {
            Some(Poll::Ready(read)) => Poll::Ready(read.map(|bytes| buf.put_slice(&bytes))),
            Some(Poll::Pending) => Poll::Pending,
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncWrite for TcpStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if self.shut {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let written = self.door.with(|core| core.poll_write(self.id, buf, cx));
        written.unwrap_or_else(|| Poll::Ready(Err(io::ErrorKind::NotConnected.into())))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// Closes both directions: Redis answers nothing on a connection whose client has closed its side.
    fn poll_shutdown(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !std::mem::replace(&mut self.shut, true) {
            self.door.with(|core| core.close(self.id, AppCloses::Fin));
        }
        Poll::Ready(Ok(()))
    }
}

impl Drop for TcpStream {
    fn drop(&mut self) {
        self.door.with(|core| core.close(self.id, self.closes));
    }
}
