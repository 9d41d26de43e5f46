//! What one server must be as its tape gives it, and the way of the items: a step begins, things are done in it, and when
//! the next begins it is over. The parts are in the files beside this one.

use super::files::Files;
use super::history::History;
use super::link::{Link, Phase};
use super::replicas::{Client, Replica};
use super::roles::Promises;
use super::waits::Waiting;
use crate::server_law::ServerLaw;
use crate::server_tape::{Counts, Found, Taped, What};
use splitbrain_model::files::RedisConf;
use splitbrain_model::message::OperatorCommand;
use splitbrain_model::operator::redis::RedisCommand;
use splitbrain_model::{Addr, Conn, Message, Millis, Reply, Request, RunId, TrueTime};

/// Connections from which on a server's timer runs more often than ten times a second: above 200 for each of its runs
/// (`MAX_CLIENTS_PER_CLOCK_TICK`), with room to spare.
const CROWD: usize = 1_900;

/// One life of one server.
#[derive(Debug)]
pub(super) struct Shadow<'a> {
    pub(super) conf: &'a RedisConf,
    pub(super) addr: Addr,
    /// Nothing is said of it any more.
    pub(super) mute: bool,
    pub(super) breach: Option<(ServerLaw, Option<Addr>)>,
    /// Its run id, once it has said it, and that of the life before.
    pub(super) run_id: Option<RunId>,
    pub(super) run_id_before: Option<RunId>,
    /// Of the item that is looked at, and of the one before.
    pub(super) now: Now,
    pub(super) before: Now,
    pub(super) counted: Counts,
    /// Runs of its timer when its clock last jumped.
    pub(super) jumped: u32,
    pub(super) master: Option<Addr>,
    pub(super) history: History,
    pub(super) files: Files,
    pub(super) link: Link,
    /// In order of attachment.
    pub(super) replicas: Vec<Replica>,
    pub(super) clients: Vec<Client<'a>>,
    /// Seconds that a full synchronisation waits for more replicas.
    pub(super) sync_delay: u32,
    /// When replicas last got a PING, or the first of them came: runs of the timer.
    pub(super) pinged: u32,
    /// Since when it has no replicas.
    pub(super) alone_since: u32,
    /// SIGTERM came: then, and when the timer had run so often.
    pub(super) terminated: Option<(Millis, u32)>,
    /// Replicas got a stream of its own then; and it has asked them for acknowledgements since.
    pub(super) heard_at_end: bool,
    pub(super) asked_at_end: bool,
    /// Since when all of them have everything, in runs of the timer.
    pub(super) ready_since: Option<u32>,
    /// Its file was rewritten last in this iteration, with this master.
    rewritten: Option<(TrueTime, Option<Addr>)>,
    /// The next command in its stream has to be SELECT.
    pub(super) select_due: bool,
    /// Clients in WAIT.
    pub(super) waits: Vec<Waiting>,
    /// Clients whose WAIT began in this iteration and was not answered at once: its end asks the replicas.
    pub(super) asking: Vec<Conn>,
    /// Clients that were unblocked in this iteration: it closes their connections.
    pub(super) unblocked: Vec<Conn>,
    /// Commands that are not safe while loading were served in this life.
    pub(super) served: bool,
    pub(super) promises: Promises,
    /// Replicas that left in this iteration had been sent the stream from here on.
    pub(super) left: u64,
    /// What was counted of the stream when the offset last went elsewhere.
    pub(super) moved: u64,
    at: TrueTime,
    begun: Option<&'a What>,
}

/// When an item was taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) wall: Millis,
    pub(super) timer: Millis,
    pub(super) ticks: u32,
}

impl Now {
    /// Seconds of its wall clock.
    pub(super) fn secs(self) -> i64 {
        self.wall.0.div_euclid(1000)
    }
}

impl<'a> Shadow<'a> {
    /// A process that has just read its files.
    pub(super) fn begin(found: &'a Found, addr: Addr, run_id_before: Option<RunId>, item: &Taped) -> Shadow<'a> {
        let conf = &found.conf;
        let mut history = History::at(None, 0);
        let mut link = Link::default();
        // Spec 12.2: an append-only file knows no position, and where it is on, the RDB file is not read.
        let position = found.rdb.filter(|_| !conf.appendonly).flatten();
        match (position, conf.replicaof) {
            (Some((id, offset)), Some(_)) => {
                history = History::at(Some(id), offset.0);
                link.cached = Some((Some(id), offset.0, offset.0));
            }
            (Some((id, offset)), None) => {
                history = History::at(Some(id), offset.0);
                history.shift();
                history.backlog = Some(offset.0);
            }
            (None, _) => {}
        }
        Shadow {
            conf,
            addr,
            // Keys that are evicted are deleted in the stream too, and nobody saw how many.
            mute: conf.maxmemory > 0,
            breach: None,
            run_id: None,
            run_id_before,
            now: Now { wall: item.wall, timer: item.timer, ticks: 0 },
            before: Now { wall: item.wall, timer: item.timer, ticks: 0 },
            counted: Counts::default(),
            jumped: 0,
            master: conf.replicaof,
            history,
            files: Files::at(item.wall, conf.save.len()),
            link,
            replicas: Vec::new(),
            clients: Vec::new(),
            sync_delay: conf.repl_diskless_sync_delay,
            pinged: 0,
            alone_since: 0,
            terminated: None,
            heard_at_end: false,
            asked_at_end: false,
            ready_since: None,
            rewritten: None,
            select_due: false,
            waits: Vec::new(),
            asking: Vec::new(),
            unblocked: Vec::new(),
            served: false,
            promises: Promises::default(),
            left: u64::MAX,
            moved: 0,
            at: item.at,
            begun: None,
        }
    }

    /// Notes a breach.
    pub(super) fn broke(&mut self, law: ServerLaw, about: Option<Addr>) {
        self.breach.get_or_insert((law, about));
    }

    /// Runs of the timer since then, but for the time before its clock last jumped.
    pub(super) fn ran(&self, since: u32) -> u32 {
        self.now.ticks.saturating_sub(since.max(self.jumped))
    }

    /// Whether more than so many seconds have passed since then by its own clock: one that was set back makes it believe that
    /// somebody was heard of later.
    pub(super) fn passed(&self, since: Millis, secs: i64) -> bool {
        self.now.secs() - since.0.div_euclid(1000) > secs
    }

    /// Whether what it adds to its stream goes to nobody.
    pub(super) fn unseen(&self) -> bool {
        self.master.is_none() && self.history.backlog.is_some() && !self.is_heard()
    }

    /// Takes one item in.
    pub(super) fn take(&mut self, item: &'a Taped) {
        let begins = item.what.begins();
        if begins {
            self.end_step();
        }
        if item.at != self.at {
            self.iteration_over();
            (self.at, self.left) = (item.at, u64::MAX);
            self.history.low_before = self.history.low;
        }
        if begins {
            // What was counted until now was done as things stood before.
            self.between(&item.counts);
        }
        let unseen = self.unseen();
        self.history.grow(&self.counted, &item.counts, unseen, !self.replicas.is_empty());
        self.counted = item.counts;
        self.before = self.now;
        self.now = Now { wall: item.wall, timer: item.timer, ticks: item.counts.ticks };
        if begins {
            if matches!(item.what, What::Jumped) {
                self.jumped = self.now.ticks;
            }
            self.overdue();
            self.begun = Some(&item.what);
            self.begins(&item.what);
        } else {
            self.does(&item.what);
        }
    }

    /// A step begins.
    fn begins(&mut self, what: &'a What) {
        match what {
            What::Selected => self.select_due = false,
            What::Began(_) | What::Tick | What::Rest | What::Connected(_) | What::Jumped => {}
            What::Accepted(conn, peer) => {
                self.clients.push(Client::new(*conn, *peer));
                // With so many its timer runs more often (`dynamic-hz`), and runs are no measure of time.
                self.mute |= self.clients.len() >= CROWD;
            }
            What::Read(conn, message) => self.read(*conn, message),
            What::Waits(conn, last, timeout) => self.waits(*conn, *last, *timeout),
            What::Loads(conn) => self.loads(*conn),
            What::Refused(kind, word) => self.refused(*kind, *word),
            What::Lost(conn) => self.gone(*conn),
            What::Sent(conn) => self.bulk_sent(*conn),
            What::Commanded(OperatorCommand::SetDisklessSyncDelay(seconds), _) => self.sync_delay = *seconds,
            What::Commanded(OperatorCommand::Redis(command), obeyed) => match command {
                RedisCommand::ReplicaOf(master) if *obeyed => self.replicaof(*master),
                RedisCommand::Shutdown => self.terminates(),
                RedisCommand::ConfigRewrite if *obeyed => self.rewrites(),
                RedisCommand::ReplicaOf(_) | RedisCommand::ConfigRewrite | RedisCommand::BgSave => {}
                // What these change is not followed.
                _ => self.mute = true,
            },
            What::Commanded(..) => self.mute = true,
            What::Terminated => self.terminates(),
            _ => {}
        }
    }

    /// Something is done in a step.
    fn does(&mut self, what: &'a What) {
        match what {
            What::Opened(conn, addr) => self.opened(*conn, *addr),
            What::Closed(conn) => {
                self.promises.close_link = self.promises.close_link.filter(|former| former != conn);
                self.closes(*conn);
                self.gone(*conn);
            }
            What::Wrote(conn, Message::Request(request)) => self.asks(*conn, request),
            What::Wrote(conn, Message::Newline) => self.soothes(*conn),
            What::Wrote(conn, Message::Reply(reply)) => self.answers(*conn, reply),
            What::Gave(conn) => self.gave(*conn),
            What::Streamed(conn, bytes) => self.promises.streamed = Some((*conn, *bytes)),
            What::Pinged => self.pinged = self.now.ticks,
            What::AskedAcks => {
                self.asking.clear();
                self.asked_at_end |= self.terminated.is_some();
            }
            What::Disk(call) => self.disk(*call),
            What::Exited(status) => self.exited(*status),
            _ => {}
        }
    }

    fn read(&mut self, conn: Conn, message: &'a Message) {
        match message {
            Message::Request(Request::ReplconfAck(offset)) => self.acknowledged(conn, Some(offset.0)),
            Message::Request(Request::Psync(asked)) => self.psync_read(conn, asked.as_deref()),
            Message::Newline => self.acknowledged(conn, None),
            Message::Reply(reply) if self.link.conn == Some(conn) => self.link_answered(reply),
            _ => {}
        }
    }

    /// It answers what it read in this step, or ends a WAIT.
    fn answers(&mut self, conn: Conn, reply: &'a Reply) {
        match (self.begun, reply) {
            (_, Reply::FullResync(to)) => return self.full_syncs(conn, to.0, to.1.0),
            (_, Reply::Error(splitbrain_model::ErrorWord::Unblocked)) => {
                self.unblocked.push(conn);
                return self.waited(conn, None);
            }
            _ => {}
        }
        match self.begun {
            Some(What::Read(from, Message::Request(request))) if *from == conn => self.replies(conn, request, reply),
            Some(What::Waits(from, ..)) if *from == conn => self.waited(conn, Some(reply)),
            Some(What::Rest) => self.waited(conn, Some(reply)),
            _ => {}
        }
    }

    /// It writes a newline: to its master while it loads, or to a replica that waits.
    fn soothes(&mut self, conn: Conn) {
        match self.replicas.iter_mut().find(|replica| replica.conn == conn) {
            Some(replica) => replica.soothed = self.now.ticks,
            None => self.link.newlines = self.link.newlines.saturating_add(1),
        }
    }

    /// It answers this request.
    fn replies(&mut self, conn: Conn, request: &'a Request, reply: &'a Reply) {
        let Some(place) = self.clients.iter().position(|client| client.conn == conn) else { return };
        match (request, reply) {
            (Request::Exec, Reply::Exec(replies)) => {
                if std::mem::take(&mut self.clients[place].poisoned) {
                    self.broke(ServerLaw::ExecutedPoisoned, None);
                }
                self.clients[place].multi = false;
                let queue = std::mem::take(&mut self.clients[place].queue);
                for (request, reply) in queue.into_iter().zip(replies) {
                    self.obeyed(conn, request, reply);
                }
            }
            (Request::Multi, _) | (Request::Exec, _) => {
                let client = &mut self.clients[place];
                client.queue.clear();
                (client.multi, client.poisoned) = (*request == Request::Multi && *reply == Reply::Ok, false);
            }
            (_, Reply::Error(_)) => {
                self.clients[place].refused();
                self.obeyed(conn, request, reply);
            }
            (_, Reply::Queued) => self.clients[place].queue.push(request),
            _ => self.obeyed(conn, request, reply),
        }
    }

    /// It has executed a command.
    fn obeyed(&mut self, conn: Conn, request: &Request, reply: &Reply) {
        match (request, reply) {
            (Request::SlaveOf(master), Reply::Ok) => self.replicaof(*master),
            (Request::ConfigRewrite, Reply::Ok) => self.rewrites(),
            (Request::ClientKill(kind), Reply::Int(_)) => self.kills(conn, *kind),
            (Request::Info, Reply::Info(info)) => self.tells_info(info),
            (Request::Role, Reply::Role(role)) => self.tells_role(role),
            (Request::ReplconfPort(_) | Request::ReplconfIp(_) | Request::Subscribe(_), _) => {
                let client = self.clients.iter_mut().find(|client| client.conn == conn);
                client.into_iter().for_each(|client| client.learns(request, reply));
            }
            (Request::Psync(_), reply) => self.promises.psync_answer = Some(reply.clone()),
            _ => {}
        }
    }

    fn rewrites(&mut self) {
        self.rewritten = Some((self.at, self.master));
    }

    /// The master in its file: known if it was rewritten in an iteration that is over, and if all of this life was followed.
    pub(super) fn master_in_file(&self) -> Option<Option<Addr>> {
        self.rewritten.filter(|(at, _)| !self.mute && *at < self.at).map(|(_, master)| master)
    }

    /// What the step began with.
    pub(super) fn begun(&self) -> Option<&'a What> {
        self.begun
    }

    /// A connection is gone, by whichever side.
    fn gone(&mut self, conn: Conn) {
        if self.link.conn == Some(conn) {
            return self.link_gone();
        }
        self.clients.retain(|client| client.conn != conn);
        self.waits.retain(|waiting| waiting.conn != conn);
        self.replica_gone(conn);
    }

    /// The step is over: what it had to bring must have come.
    fn end_step(&mut self) {
        let Some(begun) = self.begun.take() else { return };
        match begun {
            What::Read(conn, Message::Request(Request::Psync(asked))) => self.psync_over(*conn, asked.as_deref()),
            What::Read(conn, Message::Request(Request::ReplconfAck(_))) => self.caught_up(*conn),
            What::Sent(conn) => self.caught_up(*conn),
            What::Read(_, Message::Stream(_)) if self.link_up() && !self.promises.acked => {
                self.broke(ServerLaw::AckMissed, None);
            }
            _ => {}
        }
        self.files_step_over();
        self.promises_over();
    }

    /// Whether some replica gets its stream as it comes.
    pub(super) fn is_heard(&self) -> bool {
        self.replicas.iter().any(|replica| replica.streams)
    }

    /// Whether it may be loading its master's dataset.
    pub(super) fn loading(&self) -> bool {
        self.link.phase == Phase::Loading
    }
}

impl What {
    /// Whether it begins a step.
    fn begins(&self) -> bool {
        !matches!(
            self,
            What::Opened(..)
                | What::Closed(_)
                | What::Wrote(..)
                | What::Gave(_)
                | What::Streamed(..)
                | What::Pinged
                | What::AskedAcks
                | What::Disk(_)
                | What::Exited(_)
        )
    }
}
