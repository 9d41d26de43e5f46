//! What each open connection is: a side of a link, or a client that connected to this Sentinel.

use super::link::{LinkId, Side};
use crate::Conn;
use crate::acl::UserNumber;

/// A client of this Sentinel: another Sentinel, an application, an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Client {
    /// May send commands.
    pub(super) authenticated: bool,
    /// As whom it came in.
    pub(super) user: UserNumber,
    /// Subscribed to `+switch-master`.
    pub(super) switch_master: bool,
    /// Subscribed to every channel, by the pattern `*`.
    pub(super) every_event: bool,
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnRole {
    /// Opened by us.
    Link(LinkId, Side),
    /// Accepted.
    Client(Client),
}

/// The table, sorted by connection number: numbers only grow, so inserting is appending in almost all cases.
#[derive(Debug, Default)]
pub(super) struct Conns(Vec<(Conn, ConnRole)>);

impl Conns {
    pub(super) fn insert(&mut self, conn: Conn, role: ConnRole) {
        let place = self.0.partition_point(|(other, _)| *other < conn);
        self.0.insert(place, (conn, role));
    }

    pub(super) fn get(&self, conn: Conn) -> Option<ConnRole> {
        self.place(conn).map(|place| self.0[place].1)
    }

    pub(super) fn remove(&mut self, conn: Conn) -> Option<ConnRole> {
        self.place(conn).map(|place| self.0.remove(place).1)
    }

    /// The client behind a connection.
    pub(super) fn client_mut(&mut self, conn: Conn) -> Option<&mut Client> {
        let place = self.place(conn)?;
        match &mut self.0[place].1 {
            ConnRole::Client(client) => Some(client),
            ConnRole::Link(..) => None,
        }
    }

    /// Connections of the clients that `wanted` holds for, oldest first.
    pub(super) fn clients(&self, wanted: impl Fn(&Client) -> bool) -> Vec<Conn> {
        let meant = |role: &ConnRole| matches!(role, ConnRole::Client(client) if wanted(client));
        self.0.iter().filter(|(_, role)| meant(role)).map(|(conn, _)| *conn).collect()
    }

    /// Connections subscribed to `+switch-master`, oldest first.
    pub(super) fn switch_master_subscribers(&self) -> impl Iterator<Item = Conn> + '_ {
        self.0.iter().filter_map(|(conn, role)| match role {
            ConnRole::Client(client) if client.switch_master => Some(*conn),
            _ => None,
        })
    }

    /// Connections subscribed to every channel, oldest first.
    pub(super) fn pattern_subscribers(&self) -> impl Iterator<Item = Conn> + '_ {
        self.0.iter().filter_map(|(conn, role)| match role {
            ConnRole::Client(client) if client.every_event => Some(*conn),
            _ => None,
        })
    }

    fn place(&self, conn: Conn) -> Option<usize> {
        self.0.binary_search_by_key(&conn, |(c, _)| *c).ok()
    }
}
