//! Subscriptions to `+switch-master`: opened, watched and opened again, and what a message does (client spec 9.1). Any
//! Sentinel is believed: no library compares epochs.

use super::profile::{Greeting, Subscribe, Subscription, Trigger};
use super::{Client, Happened, Io};
use crate::event::Event;
use crate::message::{Channel, SwitchMaster};
use crate::planted::Planted;
use crate::{Addr, Conn, MonoTime, Reply, Request};

/// A subscription at one Sentinel.
#[derive(Debug)]
pub(super) struct Listener {
    sentinel: Addr,
    conn: Option<Conn>,
    stage: Stage,
    deadline: Option<MonoTime>,
    /// Failures since it was last subscribed.
    failures: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Connecting,
    Greeting(usize),
    /// Asks for the address before listening.
    Asking,
    Subscribing,
    Listening,
    /// A PING waits for its answer.
    Pinging,
    /// Before it is opened again.
    Pause,
}

impl Listener {
    /// When it has to be woken.
    pub(super) fn deadline(&self) -> Option<MonoTime> {
        self.deadline
    }
}

impl Client {
    pub(super) fn listener_on(&self, conn: Conn) -> Option<usize> {
        self.listeners.iter().position(|listener| listener.conn == Some(conn))
    }

    /// The master was found through this Sentinel: subscribes where the library does and has not yet.
    pub(super) fn subscribe(&mut self, sentinel: Addr, io: &mut Io<'_, '_>) {
        let Some(how) = self.profile.subscription else { return };
        let keep = match how.to {
            Subscribe::All => !self.listeners.is_empty() && !how.renew,
            Subscribe::CurrentOnly => self.listeners.iter().any(|listener| listener.sentinel == sentinel),
        };
        if keep {
            return;
        }
        for listener in std::mem::take(&mut self.listeners) {
            if let Some(conn) = listener.conn {
                io.close(conn, self.profile.close);
            }
        }
        let places = match how.to {
            Subscribe::All => self.sentinels.all().to_vec(),
            Subscribe::CurrentOnly => vec![sentinel],
        };
        for sentinel in places {
            let n = self.listeners.len();
            let (conn, stage) = (None, Stage::Pause);
            self.listeners.push(Listener { sentinel, conn, stage, deadline: None, failures: 0 });
            self.listener_connect(n, io);
        }
    }

    /// Subscriptions whose time has come.
    pub(super) fn listeners_wake(&mut self, io: &mut Io<'_, '_>) {
        let now = io.env.mono();
        for n in 0..self.listeners.len() {
            // A message read on the way may have replaced them all.
            let Some(listener) = self.listeners.get(n).filter(|it| it.deadline.is_some_and(|due| due <= now)) else {
                continue;
            };
            match listener.stage {
                Stage::Pause => self.listener_connect(n, io),
                Stage::Listening => self.ping(n, io),
                _ => self.listener_failed(n, io),
            }
        }
    }

    fn ping(&mut self, n: usize, io: &mut Io<'_, '_>) {
        let health = self.profile.subscription.and_then(|how| how.health);
        let deadline = io.after(health.map(|health| health.patience));
        self.listener_ask(n, Request::Ping, Stage::Pinging, deadline, io);
    }

    fn listener_connect(&mut self, n: usize, io: &mut Io<'_, '_>) {
        let deadline = io.after(self.profile.sentinel_connect_timeout);
        let listener = &mut self.listeners[n];
        listener.conn = Some(io.open(listener.sentinel));
        listener.wait(Stage::Connecting, deadline);
    }

    /// Something happened on the connection of a subscription.
    pub(super) fn listener_advance(&mut self, n: usize, happened: Happened, io: &mut Io<'_, '_>) {
        match (self.listeners[n].stage, happened) {
            (_, Happened::Trouble(_)) => {
                self.listeners[n].conn = None;
                self.listener_failed(n, io);
            }
            (Stage::Connecting, Happened::Connected) => self.listener_greet(n, 0, io),
            (Stage::Greeting(step), Happened::Reply(reply)) => match (self.sentinel_greeting.parts.get(step), &reply) {
                (Some(Greeting::Hello | Greeting::Auth), Reply::Error(_)) => self.listener_failed(n, io),
                _ => self.listener_greet(n, step + 1, io),
            },
            (Stage::Asking, Happened::Reply(reply)) => match self.judged_address(&reply) {
                Some(addr) => {
                    self.listen(n, io);
                    self.new_address(addr, io);
                }
                None => self.listen(n, io),
            },
            (Stage::Subscribing, Happened::Reply(Reply::Subscribed(_))) => {
                self.listeners[n].failures = 0;
                self.quiet(n, io);
            }
            (Stage::Subscribing, Happened::Reply(_)) => self.listener_failed(n, io),
            (Stage::Listening | Stage::Pinging, Happened::Reply(_)) => self.quiet(n, io),
            _ => {}
        }
    }

    fn listener_greet(&mut self, n: usize, step: usize, io: &mut Io<'_, '_>) {
        let deadline = io.after(self.profile.sentinel_cmd_timeout);
        match self.sentinel_greeting.request(step) {
            Some(request) => self.listener_ask(n, request, Stage::Greeting(step), deadline, io),
            None if self.profile.subscription.is_some_and(|how| how.refresh_on_resubscribe) => {
                self.listener_ask(n, Request::GetMasterAddr(self.master.clone()), Stage::Asking, deadline, io);
            }
            None => self.listen(n, io),
        }
    }

    fn listen(&mut self, n: usize, io: &mut Io<'_, '_>) {
        let deadline = io.after(self.profile.sentinel_cmd_timeout);
        let broad = self.profile.subscription.is_some_and(|how| !how.broad_events.is_empty());
        let channel = if broad { Channel::Everything } else { Channel::SwitchMaster };
        self.listener_ask(n, Request::Subscribe(channel), Stage::Subscribing, deadline, io);
    }

    fn listener_ask(
        &mut self,
        n: usize,
        request: Request,
        stage: Stage,
        deadline: Option<MonoTime>,
        io: &mut Io<'_, '_>,
    ) {
        if let Some(conn) = self.listeners[n].conn {
            io.send(conn, request);
            self.listeners[n].wait(stage, deadline);
        }
    }

    /// Waits for messages, for ever or until silence becomes suspicious.
    fn quiet(&mut self, n: usize, io: &mut Io<'_, '_>) {
        let health = self.profile.subscription.and_then(|how| how.health);
        let deadline = io.after(health.map(|health| health.silence));
        self.listeners[n].wait(Stage::Listening, deadline);
    }

    fn listener_failed(&mut self, n: usize, io: &mut Io<'_, '_>) {
        let Some(Subscription { redial, .. }) = self.profile.subscription else { return };
        let listener = &mut self.listeners[n];
        if let Some(conn) = listener.conn.take() {
            io.close(conn, self.profile.close);
        }
        listener.failures += 1;
        let pause = redial.pause(listener.failures, io.env.draws);
        let renewed = !self.profile.planted.has(Planted::SubscriptionNotRenewed);
        listener.wait(Stage::Pause, renewed.then(|| io.env.mono() + pause));
    }

    /// A Sentinel says that it has switched to another master.
    pub(super) fn switched(&mut self, conn: Conn, message: &SwitchMaster, io: &mut Io<'_, '_>) {
        let Some(n) = self.listener_on(conn) else { return };
        let Some(how) = self.profile.subscription else { return };
        self.quiet(n, io);
        match how.trigger {
            // This one does not look at the name: any failover will do.
            Trigger::DropConnection => self.drop_links(io),
            _ if self.profile.planted.has(Planted::SwitchIgnored) => {}
            _ if message.name != self.master => {}
            Trigger::UsePayloadAddress => self.new_address(message.new, io),
            Trigger::Refresh(delay) => self.refresh_later(delay, io),
        }
    }

    /// A Sentinel tells of anything to a client that listens on every channel: some of it lets the client look again.
    pub(super) fn heard(&mut self, conn: Conn, event: &Event, io: &mut Io<'_, '_>) {
        let Some(n) = self.listener_on(conn) else { return };
        let Some(how) = self.profile.subscription else { return };
        self.quiet(n, io);
        if let Trigger::Refresh(delay) = how.trigger
            && event.master == self.master
            && how.broad_events.contains(&event.kind)
        {
            self.refresh_later(delay, io);
        }
    }
}

impl Listener {
    fn wait(&mut self, stage: Stage, deadline: Option<MonoTime>) {
        self.stage = stage;
        self.deadline = deadline;
    }
}
