//! The door for applications outside the world: they open connections, write and close them, each at the present moment,
//! and are told what their kernel tells them. What they do enters the digest as it happens.

use super::World;
use crate::app::{AppCloses, AppEvent, AppHears};
use crate::process::Life;
use crate::tcp::EndIx;
use splitbrain_checker::observations::NodeIx;
use splitbrain_model::{Addr, Conn, Ip, Message, Nanos};

impl World {
    /// An application opens a connection; [`AppHears::Established`] or a failure follows. `None` if its process does not
    /// run.
    pub fn app_connect(&mut self, app: u16, to: Addr) -> Option<Conn> {
        if !self.app_runs(app) {
            return None;
        }
        let proc = &mut self.procs[usize::from(app)];
        let conn = Conn(proc.next_conn);
        proc.next_conn += 1;
        self.chain.words([self.now.0, 0x900 | u64::from(app) << 32, u64::from(to.ip.0) << 16 | u64::from(to.port)]);
        self.apps.opened(app, conn, to);
        self.open(app, conn, to);
        Some(conn)
    }

    /// An application writes to a connection; returns whether its socket takes more. If not, [`AppHears::Writable`] follows.
    pub fn app_write(&mut self, app: u16, conn: Conn, bytes: &[u8]) -> bool {
        let Some(end) = self.app_end(app, conn) else { return true };
        self.chain.words([self.now.0, 0x901 | u64::from(app) << 32, u64::from(conn.0) << 32 | bytes.len() as u64]);
        let messages = self.apps.written((self.now, &mut self.recorder), app, conn, bytes);
        self.send_all(end, messages);
        let takes_more = self.tcp.refused_bytes(end) == 0;
        if !takes_more && !self.full.contains(&(app, conn)) {
            self.full.push((app, conn));
        }
        takes_more
    }

    fn send_all(&mut self, end: EndIx, messages: Vec<Message>) {
        for message in messages {
            let [kind, value] = message.digest_tag();
            self.chain.words([u64::from(end) << 32 | kind & 0xffff_ffff, value ^ kind >> 32]);
            let bytes = message.wire_len();
            if let Some(film) = &mut self.film {
                film.written(end, self.tcp.end(end).proc, self.now, &message);
            }
            self.tcp.write(end, message, bytes);
        }
        self.tcp.transmit(end, self.now);
        self.schedule_net();
    }

    /// An application closes a connection. It hears nothing more of it.
    pub fn app_close(&mut self, app: u16, conn: Conn, how: AppCloses) {
        if self.app_end(app, conn).is_none() {
            return;
        }
        self.chain.words([
            self.now.0,
            0x902 | u64::from(app) << 32,
            u64::from(conn.0) << 1 | u64::from(how == AppCloses::Rst),
        ]);
        self.apps.ended((self.now, &mut self.recorder), app, conn);
        self.close(app, conn, how == AppCloses::Rst);
        self.full.retain(|full| *full != (app, conn));
    }

    /// What applications heard and nobody took yet.
    pub fn app_event(&mut self) -> Option<AppEvent> {
        self.apps.events.pop_front()
    }

    /// The address behind a name, as the resolver of an application's host has it, and how long the answer takes.
    pub fn app_look_up(&self, app: u16, name: &str) -> (Option<Ip>, Nanos) {
        let answered = self.dns.look_up(self.procs[usize::from(app)].host, &name.to_ascii_lowercase(), self.now);
        (answered.ip, answered.cost)
    }

    /// Commands of applications that no server here knows.
    pub fn unknown_commands(&self) -> &[String] {
        &self.apps.unknown
    }

    /// Sockets of applications that take bytes again.
    pub(super) fn look_at_full_sockets(&mut self) {
        let World { full, tcp, procs, apps, now, .. } = self;
        full.retain(|&(app, conn)| {
            let Some(end) = procs[usize::from(app)].end_of(conn) else { return false };
            let still = tcp.refused_bytes(end) > 0;
            if !still {
                apps.events.push_back(AppEvent { at: *now, app: NodeIx(app), conn, what: AppHears::Writable });
            }
            still
        });
    }

    fn app_runs(&self, app: u16) -> bool {
        self.procs.get(usize::from(app)).is_some_and(|proc| proc.life == Life::Running)
    }

    fn app_end(&self, app: u16, conn: Conn) -> Option<EndIx> {
        self.app_runs(app).then(|| self.procs[usize::from(app)].end_of(conn))?
    }
}
