//! Dispatch of clients' commands: transactions, WAIT, authentication, CLIENT KILL (Redis spec 9, 11, 13).

use super::Redis;
use super::admission::Admission;
use super::clients::{Blocked, Kind};
use crate::effects::Effects;
use crate::env::Env;
use crate::error::ErrorWord;
use crate::ids::Conn;
use crate::message::{Channel, Credentials, Reply, Request};
use crate::operator::redis::Victims;
use crate::planted::Planted;
use crate::time::Millis;

impl Redis {
    /// A command was read from a client's connection.
    pub(super) fn request_read(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn, request: Request) {
        let unixtime = self.clock.secs();
        let request = self.named(request);
        let Some(client) = self.clients.get_mut(conn) else {
            return;
        };
        client.last_interaction = unixtime;
        if client.closing {
            return;
        }
        if client.blocked.is_some() {
            client.unread.push_back(request);
            return;
        }
        self.process_command(env, out, conn, request);
    }

    /// What a command is under the names of this server's `rename-command`: under its own name it is unknown, and so is
    /// any other name that it was not given. An unknown command is one that is still under another name.
    fn named(&self, request: Request) -> Request {
        let given = |command: &str| self.conf.renamed.iter().find(|(known, _)| known == command).map(|(_, name)| name);
        match request {
            Request::Renamed(name, request) => match given(request.command_name()) {
                Some(known) if known.eq_ignore_ascii_case(&name) => *request,
                _ => Request::Renamed(name, request),
            },
            request if !self.conf.renamed.is_empty() && given(request.command_name()).is_some() => {
                Request::Renamed(request.command_name().into(), Box::new(request))
            }
            request => request,
        }
    }

    /// processCommand
    fn process_command(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn, request: Request) {
        let Some(client) = self.clients.get(conn) else {
            return;
        };
        if self.conf.maxmemory > 0 && client.authenticated {
            self.perform_evictions(env, out);
        }
        let Some(client) = self.clients.get(conn) else {
            return;
        };
        if client.kind == Kind::Replica {
            return self.replica_command(env, out, conn, &request);
        }
        match self.admit(client, &request) {
            Admission::Refuse(word) => return self.reject(out, conn, &request, word),
            Admission::Postpone => {
                let client = self.clients.get_mut(conn).expect("looked up above");
                client.blocked = Some(Blocked::Postponed);
                client.unread.push_front(request);
                return;
            }
            Admission::Run => {}
        }
        let in_transaction = client.multi.is_some();
        if in_transaction && !matches!(request, Request::Exec | Request::Multi) {
            let client = self.clients.get_mut(conn).expect("looked up above");
            client.multi.as_mut().expect("in a transaction").queue.push(request);
            out.send(conn, Reply::Queued);
            return;
        }
        // call() refreshes the cached clock.
        self.clock = env.wall();
        let reply = self.execute(env, out, conn, request);
        let offset = self.history.offset;
        if let Some(client) = self.clients.get_mut(conn) {
            client.woff = offset;
        }
        if let Some(reply) = reply {
            out.send(conn, reply);
        }
    }

    /// rejectCommand: a refused command poisons the open transaction; a refused EXEC ends it.
    fn reject(&mut self, out: &mut Effects, conn: Conn, request: &Request, word: ErrorWord) {
        let Some(client) = self.clients.get_mut(conn) else {
            return;
        };
        let mut word = word;
        if matches!(request, Request::Exec) {
            client.multi = None;
            word = ErrorWord::ExecAbort;
        } else if let Some(multi) = &mut client.multi {
            multi.poisoned = true;
        }
        if !matches!(request, Request::ReplconfAck(_)) {
            out.send(conn, Reply::Error(word));
        }
    }

    /// What an attached replica sends: acknowledgements. PSYNC on such a connection is ignored, REPLICAOF refused.
    fn replica_command(&mut self, env: &Env<'_>, out: &mut Effects, conn: Conn, request: &Request) {
        match request {
            Request::ReplconfAck(offset) => {
                self.clock = env.wall();
                self.replica_ack(out, conn, *offset);
            }
            Request::SlaveOf(_) => out.send(conn, Reply::Error(ErrorWord::Err)),
            _ => {}
        }
    }

    /// The command itself; `None` if no reply is due now.
    fn execute(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn, request: Request) -> Option<Reply> {
        Some(match request {
            Request::Data(command) => self.data_command(env, out, command),
            Request::Ping => Reply::Pong,
            Request::Publish(hello) => self.publish(env, out, hello),
            Request::Info => Reply::Info(Box::new(self.info())),
            Request::Role => Reply::Role(Box::new(self.role())),
            Request::Auth(credentials) => self.auth(conn, &credentials),
            Request::HelloProto(credentials) => self.hello_proto(conn, credentials.as_deref()),
            Request::ClientSetName(_) | Request::ReplconfCapa => Reply::Ok,
            Request::ReplconfPort(port) => {
                self.clients.get_mut(conn)?.listening_port = port;
                Reply::Ok
            }
            Request::ReplconfIp(ip) => {
                self.clients.get_mut(conn)?.announced_ip = Some(ip);
                Reply::Ok
            }
            Request::ClientKill(kind) => {
                Reply::Int(self.client_kill(env, out, Some(conn), &Victims::Type(kind)).into())
            }
            Request::Subscribe(channel) => self.subscribe(conn, channel),
            Request::Multi => self.multi(conn),
            Request::Exec => self.exec(env, out, conn),
            Request::SlaveOf(Some(master)) => self.replicaof(env, out, master),
            Request::SlaveOf(None) => self.replicaof_no_one(env, out),
            Request::ConfigRewrite => self.config_rewrite(env),
            Request::Wait(need, timeout) => return self.wait(env, conn, need, timeout),
            Request::Psync(asked) => return self.psync_command(env, out, conn, asked),
            Request::ReplconfAck(_) => return None,
            // NOTBUSY, which no client tells from other errors; and commands that admission refused.
            _ => Reply::Error(ErrorWord::Err),
        })
    }

    fn psync_command(
        &mut self,
        env: &mut Env<'_>,
        out: &mut Effects,
        conn: Conn,
        asked: Option<Box<(crate::ReplId, crate::ReplOffset)>>,
    ) -> Option<Reply> {
        if self.batch.is_some() {
            return Some(Reply::Error(ErrorWord::Err));
        }
        self.psync(env, out, conn, asked.map(|asked| *asked))
    }

    fn auth(&mut self, conn: Conn, given: &Credentials) -> Reply {
        let user = match self.conf.acl.authenticate(self.conf.requirepass.as_deref(), given) {
            Ok(user) => user,
            Err(word) => return Reply::Error(word),
        };
        if let Some(client) = self.clients.get_mut(conn) {
            client.authenticated = true;
            client.user = user;
        }
        Reply::Ok
    }

    fn hello_proto(&mut self, conn: Conn, given: Option<&Credentials>) -> Reply {
        if let Some(given) = given {
            let reply = self.auth(conn, given);
            if reply != Reply::Ok {
                return reply;
            }
        }
        let open = self.conf.acl.lets_in(self.conf.requirepass.as_deref());
        match self.clients.get_mut(conn) {
            Some(client) if client.authenticated || open => {
                client.resp3 = true;
                Reply::Server
            }
            _ => Reply::Error(ErrorWord::NoAuth),
        }
    }

    fn subscribe(&mut self, conn: Conn, channel: Channel) -> Reply {
        if let Some(client) = self.clients.get_mut(conn) {
            client.kind = Kind::Pubsub;
            if !client.channels.contains(&channel) {
                client.channels.push(channel);
                self.subscribers.push((conn, channel));
            }
        }
        Reply::Subscribed(channel)
    }

    fn multi(&mut self, conn: Conn) -> Reply {
        match self.clients.get_mut(conn) {
            Some(client) if client.multi.is_none() => {
                client.multi = Some(Box::default());
                Reply::Ok
            }
            _ => Reply::Error(ErrorWord::Err),
        }
    }

    /// execCommand: all or nothing at the queue, then everything in one go.
    fn exec(&mut self, env: &mut Env<'_>, out: &mut Effects, conn: Conn) -> Reply {
        let Some(multi) = self.clients.get_mut(conn).and_then(|client| client.multi.take()) else {
            return Reply::Error(ErrorWord::Err);
        };
        if multi.poisoned {
            return Reply::Error(ErrorWord::ExecAbort);
        }
        self.batch = Some(Vec::new());
        let mut replies = Vec::with_capacity(multi.queue.len());
        for request in multi.queue {
            replies.extend(self.execute(env, out, conn, request));
        }
        if let Some(batch) = self.batch.take() {
            self.propagate_batch(env, out, batch);
        }
        Reply::Exec(replies)
    }

    /// CONFIG REWRITE: only now a role survives a restart (spec 3.4).
    pub(super) fn config_rewrite(&mut self, env: &mut Env<'_>) -> Reply {
        if !self.conf.writable {
            return Reply::Error(ErrorWord::Err);
        }
        if !self.conf.planted.has(Planted::RoleNotPersisted) {
            self.conf.replicaof = self.master_addr;
        }
        match env.save_redis_conf(&self.conf) {
            Ok(()) => Reply::Ok,
            Err(_) => Reply::Error(ErrorWord::Err),
        }
    }

    /// waitCommand, spec 11: the target is the offset after the previous command of this very connection.
    fn wait(&mut self, env: &Env<'_>, conn: Conn, need: u32, timeout: Millis) -> Option<Reply> {
        if self.master_addr.is_some() {
            return Some(Reply::Error(ErrorWord::Err));
        }
        let target = self.clients.get(conn)?.woff;
        let count = self.acknowledged_by(target);
        if count >= need || self.batch.is_some() {
            return Some(Reply::Int(count.into()));
        }
        let deadline = (timeout.0 > 0).then(|| Millis(env.now().0 + timeout.0));
        let client = self.clients.get_mut(conn)?;
        client.blocked = Some(Blocked::Wait { target, need, deadline });
        self.waiting_acks.push(conn);
        self.get_ack_due = true;
        None
    }

    /// beforeSleep (a) and (b): blocked WAITs whose time is up get the count as it is now; satisfied ones are released.
    pub(super) fn release_waits(&mut self, env: &Env<'_>, out: &mut Effects) {
        if self.waiting_acks.is_empty() {
            return;
        }
        let now = env.now();
        for by_time in [true, false] {
            let mut waiting = std::mem::take(&mut self.waiting_acks);
            waiting.retain(|conn| !self.released(out, *conn, now, by_time));
            self.waiting_acks = waiting;
        }
    }

    fn released(&mut self, out: &mut Effects, conn: Conn, now: Millis, by_time: bool) -> bool {
        let blocked = self.clients.get(conn).and_then(|client| client.blocked);
        let Some(Blocked::Wait { target, need, deadline }) = blocked else {
            return true;
        };
        let count = self.acknowledged_by(target);
        let over = if by_time { deadline.is_some_and(|at| at <= now) } else { count >= need };
        if over {
            if let Some(client) = self.clients.get_mut(conn) {
                client.blocked = None;
            }
            out.send(conn, Reply::Int(count.into()));
            self.unblocked.push(conn);
        }
        over
    }

    /// beforeSleep (c): what just-unblocked clients had sent meanwhile.
    pub(super) fn run_unblocked(&mut self, env: &mut Env<'_>, out: &mut Effects) {
        for conn in std::mem::take(&mut self.unblocked) {
            while let Some(request) = self.next_unread(conn) {
                self.process_command(env, out, conn, request);
            }
        }
    }

    fn next_unread(&mut self, conn: Conn) -> Option<Request> {
        let client = self.clients.get_mut(conn)?;
        if client.blocked.is_some() || client.closing {
            return None;
        }
        client.unread.pop_front()
    }
}
