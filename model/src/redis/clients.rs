//! The table of connected clients: what the server remembers per connection. Holds state and finds it quickly; decides
//! nothing.

use crate::acl::UserNumber;
use crate::ids::{Addr, Conn, Ip};
use crate::message::{Channel, Request};
use crate::time::Millis;
use std::collections::VecDeque;

/// What a connection is used for (getClientType).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Applications, Sentinels' command links, replicas before PSYNC.
    Normal,
    /// Subscribed to a channel.
    Pubsub,
    /// Attached as a replica.
    Replica,
}

/// Why a client does not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// WAIT: until `need` replicas have acknowledged `target`, or the deadline (wall clock, ms).
    Wait {
        /// Offset to be acknowledged.
        target: u64,
        /// Number of replicas asked for.
        need: u32,
        /// When to give up; `None` for never.
        deadline: Option<Millis>,
    },
    /// Its command waits for the end of a pause.
    Postponed,
}

/// A transaction being queued.
#[derive(Clone, Debug, Default)]
pub struct Multi {
    /// Commands in order.
    pub queue: Vec<Request>,
    /// A command was refused: EXEC will be too (CLIENT_DIRTY_EXEC).
    pub poisoned: bool,
}

/// One connected client.
#[derive(Clone, Debug)]
pub struct Client {
    /// Address of the peer.
    pub peer: Addr,
    /// Kind.
    pub kind: Kind,
    /// May execute commands.
    pub authenticated: bool,
    /// As whom it came in.
    pub user: UserNumber,
    /// Speaks RESP3: subscribers may send any command.
    pub resp3: bool,
    /// Open transaction.
    pub multi: Option<Box<Multi>>,
    /// Offset after its last command: the target of its WAIT (spec 11).
    pub woff: u64,
    /// Blocked in a command.
    pub blocked: Option<Blocked>,
    /// Read, not yet executed because the client is blocked.
    pub unread: VecDeque<Request>,
    /// `REPLCONF listening-port`
    pub listening_port: u16,
    /// `REPLCONF ip-address`
    pub announced_ip: Option<Ip>,
    /// Last read, in seconds of the cached clock.
    pub last_interaction: i64,
    /// Will be closed once its output has left (CLIENT_CLOSE_AFTER_REPLY).
    pub closing: bool,
    /// Subscribed channels.
    pub channels: Vec<Channel>,
}

impl Client {
    fn new(peer: Addr, authenticated: bool) -> Client {
        Client {
            peer,
            kind: Kind::Normal,
            authenticated,
            user: 0,
            resp3: false,
            multi: None,
            woff: 0,
            blocked: None,
            unread: VecDeque::new(),
            listening_port: 0,
            announced_ip: None,
            last_interaction: 0,
            closing: false,
            channels: Vec::new(),
        }
    }
}

const VACANT: u32 = u32::MAX;

/// All clients, found by connection number. Numbers grow for ever, so they index a thin table of slots.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Vec<u32>,
    entries: Vec<Client>,
    free: Vec<u32>,
    live: u32,
}

impl Clients {
    /// Adds a client that just connected.
    pub fn insert(&mut self, conn: Conn, peer: Addr, authenticated: bool) {
        let index = conn.0 as usize;
        if self.slots.len() <= index {
            self.slots.resize(index + 1, VACANT);
        }
        assert!(self.slots[index] == VACANT, "a connection is accepted once");
        let client = Client::new(peer, authenticated);
        self.slots[index] = match self.free.pop() {
            Some(slot) => {
                self.entries[slot as usize] = client;
                slot
            }
            None => {
                self.entries.push(client);
                self.entries.len() as u32 - 1
            }
        };
        self.live += 1;
    }

    fn slot(&self, conn: Conn) -> Option<usize> {
        match self.slots.get(conn.0 as usize) {
            Some(&slot) if slot != VACANT => Some(slot as usize),
            _ => None,
        }
    }

    /// The client behind a connection.
    pub fn get(&self, conn: Conn) -> Option<&Client> {
        self.slot(conn).map(|slot| &self.entries[slot])
    }

    /// The client behind a connection.
    pub fn get_mut(&mut self, conn: Conn) -> Option<&mut Client> {
        self.slot(conn).map(|slot| &mut self.entries[slot])
    }

    /// Forgets a client; false if it is not there.
    pub fn remove(&mut self, conn: Conn) -> bool {
        let Some(slot) = self.slot(conn) else {
            return false;
        };
        self.slots[conn.0 as usize] = VACANT;
        self.free.push(slot as u32);
        self.live -= 1;
        let client = &mut self.entries[slot];
        client.multi = None;
        client.unread = VecDeque::new();
        client.channels = Vec::new();
        true
    }

    /// Number of clients.
    pub fn len(&self) -> u32 {
        self.live
    }

    /// Connections of all clients that `wanted` holds for, in the order in which they came.
    pub fn select(&self, wanted: impl Fn(&Client) -> bool) -> Vec<Conn> {
        (0..self.slots.len() as u32).map(Conn).filter(|conn| self.get(*conn).is_some_and(&wanted)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_found_by_connection_and_listed_in_order_of_arrival() {
        let mut clients = Clients::default();
        for conn in [3, 7, 9] {
            clients.insert(Conn(conn), Addr::default(), true);
        }
        assert!(clients.remove(Conn(7)) && !clients.remove(Conn(7)));
        clients.insert(Conn(12), Addr::default(), false);
        assert_eq!(clients.select(|_| true), [Conn(3), Conn(9), Conn(12)]);
        assert_eq!(clients.len(), 3);
        assert!(clients.get(Conn(7)).is_none() && clients.get(Conn(1000)).is_none());
        assert!(!clients.get(Conn(12)).unwrap().authenticated);
    }
}
