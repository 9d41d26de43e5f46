//! Who may talk to this Sentinel: AUTH, ACL SETUSER, CLIENT KILL (Sentinel spec 11.3). A Sentinel has its own users, and
//! its own connections to others are not among its clients.

use super::conns::Client;
use super::{Cx, Sentinel};
use crate::effects::CloseHow;
use crate::message::{ClientType, Credentials};
use crate::operator::redis::{AclUserRules, Victims};
use crate::{Conn, Reply};

impl Sentinel {
    /// A connection that just came in.
    pub(super) fn new_client(&self) -> Client {
        Client { authenticated: self.lets_in(), user: 0, switch_master: false, every_event: false }
    }

    /// Whether a connection that has not said who it is may send commands.
    pub(super) fn lets_in(&self) -> bool {
        self.conf.acl.lets_in(self.conf.requirepass.as_deref())
    }

    /// AUTH
    pub(super) fn authenticate(&mut self, conn: Conn, given: &Credentials, ok: Reply) -> Reply {
        let user = match self.conf.acl.authenticate(self.conf.requirepass.as_deref(), given) {
            Ok(user) => user,
            Err(word) => return Reply::Error(word),
        };
        if let Some(client) = self.conns.client_mut(conn) {
            client.authenticated = true;
            client.user = user;
        }
        ok
    }

    /// ACL SETUSER. Not saved by itself; the next save of the file holds it too.
    pub(super) fn acl_set_user(&mut self, user: &AclUserRules) {
        self.conf.acl.set_user(&mut self.conf.requirepass, &user.name, &user.rules);
    }

    /// CLIENT KILL; how many were killed.
    pub(super) fn client_kill(&mut self, cx: &mut Cx<'_, '_>, whom: &Victims) -> u32 {
        let number = match whom {
            Victims::User(name) => self.conf.acl.number(name),
            Victims::Type(_) => None,
        };
        let meant = |client: &Client| match whom {
            Victims::Type(ClientType::Normal) => !client.switch_master,
            Victims::Type(ClientType::Pubsub) => client.switch_master,
            Victims::Type(ClientType::Replica | ClientType::Master) => false,
            Victims::User(_) => number == Some(client.user),
        };
        let victims = self.conns.clients(meant);
        for conn in &victims {
            self.conns.remove(*conn);
            let at = cx.at();
            cx.out.close(at, *conn, CloseHow::Now);
        }
        victims.len() as u32
    }
}
