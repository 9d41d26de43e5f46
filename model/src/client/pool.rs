//! Connections to servers between operations. Knows nothing of operations or Sentinels.

use super::Io;
use super::profile::{OnNewAddress, Profile};
use crate::planted::Planted;
use crate::{Addr, Conn};

/// The idle connections, last used first, and the address that Sentinels named last.
#[derive(Debug, Default)]
pub(super) struct Pool {
    idle: Vec<Idle>,
    in_use: u32,
    known: Option<Addr>,
}

#[derive(Clone, Copy, Debug)]
struct Idle {
    conn: Conn,
    addr: Addr,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Fine,
    /// Something arrived that nobody asked for.
    Readable,
    /// The peer closed it.
    Gone,
    /// This side closed it; the object waits to be connected anew.
    Shut,
}

/// What the pool has for an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Checkout {
    /// A connection to this server.
    Ready(Conn, Addr),
    /// Nothing: one has to be opened.
    Open,
    /// A connection that the peer closed without this side having looked.
    Dead(Addr),
    /// All connections are in use.
    Exhausted,
}

impl Pool {
    /// Takes a connection for an operation. Anything but `Exhausted` must be given back with [`Pool::release`].
    pub(super) fn checkout(&mut self, profile: &Profile, io: &mut Io<'_, '_>) -> Checkout {
        let Some(Idle { conn, addr, state }) = self.idle.pop() else {
            if self.in_use >= profile.pool_max {
                return Checkout::Exhausted;
            }
            self.in_use += 1;
            return Checkout::Open;
        };
        self.in_use += 1;
        match state {
            State::Fine => Checkout::Ready(conn, addr),
            State::Readable if profile.check_idle_eof => {
                io.close(conn, profile.close);
                Checkout::Open
            }
            State::Readable => Checkout::Ready(conn, addr),
            State::Gone if !profile.check_idle_eof => Checkout::Dead(addr),
            State::Gone | State::Shut => Checkout::Open,
        }
    }

    /// An operation ended. `conn` is its connection if that is still open, `addr` where it last led to.
    pub(super) fn release(&mut self, profile: &Profile, conn: Option<Conn>, addr: Option<Addr>, io: &mut Io<'_, '_>) {
        if conn.is_some() || !profile.planted.has(Planted::PoolPlaceLeaked) {
            self.in_use -= 1;
        }
        let lazy = profile.on_new_address == OnNewAddress::CloseIdleAndLazyInUse
            && !profile.planted.has(Planted::StaleConnectionKept);
        let disowned = lazy && self.known.is_some_and(|known| addr != Some(known));
        match (conn, addr) {
            (Some(conn), _) if disowned => io.close(conn, profile.close),
            (Some(conn), Some(addr)) => self.put(conn, addr, State::Fine),
            (None, Some(addr)) if profile.pool_keeps_closed && !disowned => {
                self.put(Conn::default(), addr, State::Shut);
            }
            _ => {}
        }
    }

    fn put(&mut self, conn: Conn, addr: Addr, state: State) {
        self.idle.push(Idle { conn, addr, state });
    }

    /// The address that Sentinels named last.
    pub(super) fn known(&self) -> Option<Addr> {
        self.known
    }

    /// Sentinels named this address. Returns whether it is another one than before.
    pub(super) fn resolved(&mut self, profile: &Profile, addr: Addr, io: &mut Io<'_, '_>) -> bool {
        if self.known == Some(addr) {
            return false;
        }
        self.known = Some(addr);
        let keeps = matches!(profile.on_new_address, OnNewAddress::Nothing | OnNewAddress::CloseUnlisted);
        if keeps || profile.planted.has(Planted::StaleConnectionKept) {
            return true;
        }
        for idle in &mut self.idle {
            if matches!(idle.state, State::Fine | State::Readable) {
                io.close(idle.conn, profile.close);
            }
            idle.state = State::Shut;
        }
        if !profile.pool_keeps_closed {
            self.idle.clear();
        }
        true
    }

    /// The peer closed a connection that may be in the pool.
    pub(super) fn peer_closed(&mut self, conn: Conn) {
        self.mark(conn, State::Gone);
    }

    /// Something came on a connection that may be in the pool.
    pub(super) fn stray_input(&mut self, conn: Conn) {
        self.mark(conn, State::Readable);
    }

    fn mark(&mut self, conn: Conn, state: State) {
        let open = |idle: &&mut Idle| idle.conn == conn && idle.state != State::Shut;
        if let Some(idle) = self.idle.iter_mut().find(open) {
            idle.state = state;
        }
    }
}
