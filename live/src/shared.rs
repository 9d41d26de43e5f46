//! What the threads of a run share: the record as it grows, what was last seen of everybody, news from Sentinels.

use crate::clock::Clock;
use crate::net::{Ability, Ground};
use crate::resp::{Connection, Frame};
use splitbrain::checker::observations::{NodeIx, Presence};
use splitbrain::model::event::Event;
use splitbrain::model::{Addr, Name, TrueTime};
use splitbrain::scenarios::{ProcessKind, Resolved};
use splitbrain::sim::recorder::Recorder;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// Longest wait for an answer to somebody on the same host.
pub const PATIENCE: Duration = Duration::from_millis(500);

/// State of a process as we have brought it about, or found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Not started yet.
    Absent,
    /// Runs.
    Up,
    /// Stopped by SIGSTOP.
    Stopped,
    /// Gone.
    Dead,
}

/// A message of a Sentinel.
#[derive(Clone, Debug)]
pub struct News {
    /// When it arrived.
    pub at: TrueTime,
    /// Whose.
    pub node: usize,
    /// Its channel, which is the event's name.
    pub channel: String,
    /// Its text.
    pub payload: String,
    /// What it means, if it is an event.
    pub event: Option<Event>,
}

/// What a server says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleSeen {
    /// Its master, or `None` if it is one.
    pub replica_of: Option<Addr>,
    /// Its link to it is up.
    pub link_up: bool,
    /// `master_repl_offset`, or of a replica `slave_repl_offset`.
    pub offset: u64,
    /// First digits of `master_replid`.
    pub replid: String,
    /// `connected_slaves`
    pub connected: u64,
    /// Size of the set that clients add to.
    pub adds: Option<i64>,
}

/// What a Sentinel says of a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewSeen {
    /// Which master.
    pub name: Name,
    /// Where it is.
    pub addr: Addr,
    /// Its flags.
    pub flags: String,
    /// `config-epoch`
    pub config_epoch: u64,
    /// `num-slaves`
    pub slaves: usize,
    /// `num-other-sentinels`
    pub others: usize,
}

/// A look at a server: what it said, or the error it answered with.
pub type ServerLook = (TrueTime, usize, Result<RoleSeen, String>);

/// What was seen.
#[derive(Debug, Default)]
pub struct Looks {
    /// Servers at the last look; those that did not answer are not in it.
    pub roles: BTreeMap<usize, RoleSeen>,
    /// Sentinels likewise.
    pub views: BTreeMap<usize, Vec<ViewSeen>>,
    /// All looks at servers.
    pub servers: Vec<ServerLook>,
    /// Looks at Sentinels that differ from the one before.
    pub sentinels: Vec<(TrueTime, usize, ViewSeen)>,
    /// Run ids and Sentinel ids, when they were learned.
    pub ids: Vec<(TrueTime, usize, String)>,
    /// How late a sleep of 10 ms ended, ms.
    pub lateness: Vec<f64>,
}

/// What the threads share.
pub struct Shared {
    /// The scenario at its real addresses.
    pub scenario: Resolved,
    /// The network.
    pub ground: Ground,
    /// What that can do.
    pub ability: Ability,
    /// Where everybody has a folder.
    pub folder: PathBuf,
    /// The clocks.
    pub clock: Clock,
    recorder: Mutex<Recorder>,
    looks: Mutex<Looks>,
    lives: Mutex<Vec<Life>>,
    news: Mutex<Vec<News>>,
    bell: Condvar,
    over: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Nothing has happened yet.
    pub fn new(scenario: Resolved, ground: Ground, ability: Ability, folder: &Path) -> Shared {
        Shared {
            recorder: Mutex::new(Recorder::new(splitbrain::sim::run::describe(&scenario))),
            looks: Mutex::default(),
            lives: Mutex::new(vec![Life::Absent; scenario.processes.len()]),
            news: Mutex::default(),
            bell: Condvar::new(),
            over: AtomicBool::new(false),
            clock: Clock::begin(),
            scenario,
            ground,
            ability,
            folder: folder.to_owned(),
        }
    }

    /// The record.
    pub fn recorder(&self) -> MutexGuard<'_, Recorder> {
        locked(&self.recorder)
    }

    /// What was seen.
    pub fn looks(&self) -> MutexGuard<'_, Looks> {
        locked(&self.looks)
    }

    /// State of a process.
    pub fn life(&self, p: usize) -> Life {
        locked(&self.lives)[p]
    }

    /// Notes a process's state.
    pub fn set_life(&self, p: usize, life: Life) {
        let before = std::mem::replace(&mut locked(&self.lives)[p], life);
        let state = match life {
            Life::Up => Presence::Running,
            Life::Stopped => Presence::Paused,
            Life::Dead | Life::Absent => Presence::Dead,
        };
        if life != Life::Up {
            let mut looks = self.looks();
            looks.roles.remove(&p);
            looks.views.remove(&p);
        }
        if before != life {
            self.recorder().presence(self.clock.now(), NodeIx(p as u16), state);
        }
    }

    /// Ends all threads.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
        self.bell.notify_all();
    }

    /// Whether threads are to end.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// A Sentinel said something.
    pub fn tell(&self, news: News) {
        locked(&self.news).push(news);
        self.bell.notify_all();
    }

    /// News from the `from`-th on; waits for some, at most so long.
    pub fn news(&self, from: usize, patience: Duration) -> Vec<News> {
        let news = locked(&self.news);
        let quiet = |news: &mut Vec<News>| news.len() <= from && !self.is_over();
        let (news, _) = self.bell.wait_timeout_while(news, patience, quiet).unwrap_or_else(PoisonError::into_inner);
        news.get(from..).map(<[News]>::to_vec).unwrap_or_default()
    }

    /// How many news there are.
    pub fn told(&self) -> usize {
        locked(&self.news).len()
    }

    /// A connection to a process for somebody on its host, who knows its password. The calling thread has to be there.
    ///
    /// # Errors
    /// The connection's.
    pub fn own_connection(&self, p: usize, patience: Duration) -> io::Result<Connection> {
        let process = &self.scenario.processes[p];
        let mut connection = Connection::open(self.ground.own(process.addr), patience)?;
        let password = match &process.kind {
            ProcessKind::Redis(conf) => conf.requirepass.as_deref(),
            ProcessKind::Sentinel(conf) => conf.requirepass.as_deref(),
            _ => None,
        };
        if let Some(password) = password {
            connection.ask(&["AUTH", password])?;
        }
        Ok(connection)
    }

    /// The first word of a command as this process knows it (`rename-command`).
    pub fn word<'a>(&'a self, p: usize, command: &'a str) -> &'a str {
        let ProcessKind::Redis(conf) = &self.scenario.processes[p].kind else { return command };
        let renamed = conf.renamed.iter().find(|(of, _)| of.eq_ignore_ascii_case(command));
        renamed.map_or(command, |(_, name)| name)
    }

    /// Processes of a kind, by number.
    pub fn all(&self, is: impl Fn(&ProcessKind) -> bool) -> Vec<usize> {
        let processes = self.scenario.processes.iter().enumerate();
        processes.filter(|(_, process)| is(&process.kind)).map(|(p, _)| p).collect()
    }

    /// All servers.
    pub fn servers(&self) -> Vec<usize> {
        self.all(|kind| matches!(kind, ProcessKind::Redis(_)))
    }

    /// All Sentinels.
    pub fn sentinels(&self) -> Vec<usize> {
        self.all(|kind| matches!(kind, ProcessKind::Sentinel(_)))
    }

    /// The process that listens at an address.
    pub fn at(&self, addr: Addr) -> Option<usize> {
        self.scenario.processes.iter().position(|process| process.addr == addr && !process.kind.is_application())
    }

    /// Does something on the host of a process, where its loopback is.
    pub fn on_host<T: Send>(&self, p: usize, work: impl FnOnce(&Shared) -> io::Result<T> + Send) -> io::Result<T> {
        let shared = self;
        let host = shared.scenario.processes[p].host;
        let done = thread::scope(|scope| {
            scope
                .spawn(move || {
                    shared.ground.enter(host).map_err(|error| io::Error::other(error.to_string()))?;
                    work(shared)
                })
                .join()
        });
        done.unwrap_or_else(|_| Err(io::Error::other("a thread failed")))
    }

    /// Asks a process something from its own host.
    pub fn ask(&self, p: usize, words: &[&str], patience: Duration) -> io::Result<Frame> {
        self.on_host(p, |shared| {
            let mut connection = shared.own_connection(p, patience)?;
            connection.ask(words)
        })
    }

    /// The server that most running Sentinels name as this master at this moment; the first one if none does.
    pub fn master(&self, name: &Name) -> Option<usize> {
        let (_, servers) = self.scenario.masters.iter().find(|(master, _)| master == name)?;
        let running = self.sentinels().into_iter().filter(|&p| self.life(p) == Life::Up);
        let named: Vec<usize> = running.filter_map(|p| self.named_by(p, name)).collect();
        let count = |p: &usize| named.iter().filter(|other| *other == p).count();
        named.iter().rev().max_by_key(|p| count(p)).copied().or(servers.first().copied())
    }

    fn named_by(&self, sentinel: usize, name: &Name) -> Option<usize> {
        let answer = self.ask(sentinel, &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name], PATIENCE).ok()?;
        let [ip, port] = answer.elements()? else { return None };
        self.at(Addr { ip: ip.text()?.parse().ok()?, port: u16::try_from(port.number()?).ok()? })
    }
}
