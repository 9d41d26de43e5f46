//! A connection of a client as its tape shows it: how far its greeting is, and what it waits for.

use splitbrain_model::client::profile::{ErrClass, Greeting, Profile};
use splitbrain_model::{Addr, Conn, Millis, MonoTime, Request, TrueTime};
use std::collections::VecDeque;

/// A moment, in truth and on the clock of the client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) at: TrueTime,
    pub(super) mono: MonoTime,
}

/// Where a connection leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Sentinel,
    Server,
}

/// What a request asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaited {
    Part(Greeting),
    Question,
    Replicas,
    Subscription,
    Pong,
    /// Of this operation.
    Answer(u32),
    /// WAIT of this operation.
    Acks(u32),
}

/// A connection that is open or being opened.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) conn: Conn,
    pub(super) addr: Addr,
    pub(super) side: Side,
    /// When it was opened, until it is there.
    pub(super) dialled: Option<Moment>,
    /// Parts of the greeting that were answered.
    pub(super) parts: usize,
    /// All were, and none with a refusal.
    pub(super) greeted: bool,
    /// What a refusal counts as.
    pub(super) refused: Option<ErrClass>,
    /// What was asked and not answered yet, the oldest first, and when.
    pub(super) awaited: VecDeque<(Awaited, Moment)>,
    /// A question about the master was put on it.
    pub(super) asked: bool,
    pub(super) subscribed: bool,
    /// Something came that nobody had asked for.
    pub(super) stray: bool,
    /// The master it has named, while it is asked for the replicas too.
    pub(super) survey: Option<Addr>,
}

impl Line {
    pub(super) fn new(conn: Conn, addr: Addr, side: Side, now: Moment) -> Line {
        Line {
            conn,
            addr,
            side,
            dialled: Some(now),
            parts: 0,
            greeted: false,
            refused: None,
            awaited: VecDeque::new(),
            asked: false,
            subscribed: false,
            stray: false,
            survey: None,
        }
    }

    /// It could take a command at once.
    pub(super) fn is_ready(&self) -> bool {
        self.dialled.is_none() && self.greeted && self.awaited.is_empty()
    }

    /// Since when it has waited for what comes next.
    pub(super) fn waits_since(&self) -> Option<Moment> {
        self.dialled.or(self.awaited.front().map(|(_, since)| *since))
    }

    /// How long it may; `None` if there is no limit.
    pub(super) fn patience(&self, profile: &Profile) -> Option<Millis> {
        let shorter = |a: Option<Millis>, b: Option<Millis>| a.into_iter().chain(b).min();
        match (self.side, self.dialled, self.awaited.front().map(|(what, _)| *what)) {
            (Side::Sentinel, Some(_), _) => profile.sentinel_connect_timeout,
            (Side::Server, Some(_), _) => profile.connect_timeout,
            (Side::Sentinel, _, Some(Awaited::Pong)) => {
                profile.subscription.and_then(|how| how.health).map(|health| health.patience)
            }
            (Side::Sentinel, ..) => profile.sentinel_cmd_timeout,
            (Side::Server, _, Some(Awaited::Part(_))) => shorter(profile.greeting_timeout, profile.read_timeout),
            // The operations have the limit where they share the connection.
            (Side::Server, ..) => profile.read_timeout.filter(|_| profile.shared.is_none()),
        }
    }

    /// Moment at which that is over.
    pub(super) fn deadline(&self, profile: &Profile) -> Option<MonoTime> {
        Some(self.waits_since()?.mono + self.patience(profile)?.nanos())
    }
}

/// The parts of a greeting: a password goes with HELLO, or before everything else (client spec 9.1 `handshake_waits`).
pub(super) fn greeting(parts: &[Greeting], password: bool) -> Vec<Greeting> {
    let before = (password && parts.first() != Some(&Greeting::Hello)).then_some(Greeting::Auth);
    before.into_iter().chain(parts.iter().copied()).collect()
}

/// Which part of a greeting a request is.
pub(super) fn part(request: &Request) -> Option<Greeting> {
    Some(match request {
        Request::Auth(_) => Greeting::Auth,
        Request::HelloProto(_) => Greeting::Hello,
        Request::ClientSetInfo(true) => Greeting::LibName,
        Request::ClientSetInfo(false) => Greeting::LibVersion,
        Request::Role => Greeting::Role,
        Request::Info => Greeting::Info,
        _ => return None,
    })
}
