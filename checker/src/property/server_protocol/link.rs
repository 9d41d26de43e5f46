//! The replica's side: how far its link to the master must be, what it asks there, and what it offers and acknowledges.

use super::shadow::Shadow;
use crate::server_law::ServerLaw;
use crate::server_tape::What;
use splitbrain_model::{Addr, Conn, ErrorWord, Millis, ReplId, ReplOffset, Reply, Request};

/// Runs of the timer within which what is due every second is done.
const SECOND: u32 = 25;

/// How far a link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is none.
    #[default]
    Idle,
    /// Connecting, or in handshake.
    Trying,
    /// PSYNC was sent.
    Asked,
    /// A dataset comes.
    Transfer,
    /// It is being loaded.
    Loading,
    Up,
}

/// The link to the master.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub(super) phase: Phase,
    pub(super) conn: Option<Conn>,
    /// Since when, in runs of the timer.
    pub(super) since: u32,
    /// It was opened no earlier than this by the clock that the process last looked at.
    pub(super) opened: Millis,
    /// What the next PSYNC offers: an id, if it is known, and bounds of the offset.
    pub(super) cached: Option<(Option<ReplId>, u64, u64)>,
    /// What the last one offered.
    offered: Option<u64>,
    announced: Option<(ReplId, ReplOffset)>,
    /// Newlines that it has sent since it loads.
    pub(super) newlines: u32,
    /// When an established link was lost: between these.
    pub(super) down_since: Option<(Millis, Millis)>,
    /// Last acknowledgement.
    acked: u32,
    /// Commands of the handshake that were sent.
    stage: u8,
    /// PING was answered with an error that does not come of a missing password.
    refused: bool,
}

impl Link {
    /// Nothing is tried just now.
    pub(super) fn idle(&mut self, ticks: u32) {
        (self.phase, self.since, self.announced) = (Phase::Idle, ticks, None);
    }
}

impl Shadow<'_> {
    pub(super) fn link_up(&self) -> bool {
        self.link.phase == Phase::Up
    }

    /// It opens a connection: the only ones that a server opens are to its master.
    pub(super) fn opened(&mut self, conn: Conn, addr: Addr) {
        let right = self.master.is_some_and(|master| master.ip.is_name() || master == addr);
        if !right {
            self.broke(ServerLaw::MasterWrong, Some(addr));
        }
        if self.link_up() {
            // The link had ended while it loaded.
            self.link_lost();
        }
        self.link.conn = Some(conn);
        self.link.opened = self.now.timer.min(self.now.wall);
        (self.link.phase, self.link.since, self.link.stage) = (Phase::Trying, self.now.ticks, 0);
        self.link.refused = false;
    }

    fn link_lost(&mut self) {
        let low = self.history.low;
        self.link.cached = Some((self.history.id, low, low));
        self.link.down_since = Some((self.now.timer, self.now.wall));
    }

    /// The link is gone.
    pub(super) fn link_gone(&mut self) {
        let lost = matches!(self.begun(), Some(What::Lost(_)));
        match self.link.phase {
            // It goes on loading, and has nobody to tell.
            Phase::Loading => return self.link.newlines = u32::MAX,
            Phase::Up => {
                self.link_lost();
                self.promises.connect = true;
            }
            Phase::Transfer => self.promises.connect = lost,
            _ => {}
        }
        self.link.conn = None;
        self.link.idle(self.now.ticks);
    }

    /// It asks something on the link.
    pub(super) fn asks(&mut self, conn: Conn, request: &Request) {
        if self.link.conn != Some(conn) {
            return;
        }
        match request {
            Request::ReplconfAck(offset) => self.acks(offset.0),
            Request::Psync(offer) => {
                self.greets(5);
                self.offers(offer.as_deref());
            }
            Request::Ping => self.greets(0),
            Request::Auth(_) => self.greets(1),
            Request::ReplconfPort(port) => {
                let own = match self.conf.replica_announce_port {
                    0 => self.addr.port,
                    port => port,
                };
                self.greets(if *port == own { 2 } else { u8::MAX });
            }
            Request::ReplconfIp(_) => self.greets(3),
            Request::ReplconfCapa => self.greets(4),
            _ => self.greets(u8::MAX),
        }
    }

    /// The handshake is at this step: PING, AUTH, REPLCONF listening-port, ip-address, capa, PSYNC.
    fn greets(&mut self, step: u8) {
        let mut due = self.link.stage;
        if due == 1 && self.conf.masterauth.is_none() {
            due += 1;
        }
        if due == 3 && self.conf.replica_announce_ip.is_none() {
            due += 1;
        }
        if step != due || self.link.refused || self.link.phase != Phase::Trying {
            self.broke(ServerLaw::HandshakeWrong, None);
        }
        self.link.stage = due + 1;
    }

    fn offers(&mut self, offer: Option<&(ReplId, ReplOffset)>) {
        self.link.phase = Phase::Asked;
        self.link.offered = offer.map(|(_, offset)| offset.0);
        let right = match (offer, self.link.cached) {
            (None, None) => true,
            (Some((id, offset)), Some((known, low, high))) => {
                known.is_none_or(|known| known == *id) && (low + 1..=high + 1).contains(&offset.0)
            }
            _ => false,
        };
        if !right {
            self.broke(ServerLaw::OfferWrong, None);
        }
    }

    fn acks(&mut self, offset: u64) {
        let low = self.history.low;
        let right = match (self.link.phase, self.link.announced.take()) {
            (Phase::Loading, Some((_, announced))) => {
                // Its timer runs for each newline that is due, and at the end; a pause lets several come as one.
                if self.link.newlines == 0 && self.now.ticks - self.link.since > 2 {
                    self.broke(ServerLaw::LoadedSilently, None);
                }
                self.comes_up();
                self.promises.loaded = Some(announced.0);
                offset == announced.0
            }
            // What was read while it loaded is applied in this very step, and may ask for more of them.
            (Phase::Up, _) => (self.promises.loaded.unwrap_or(low)..=low).contains(&offset),
            _ => false,
        };
        if !right {
            self.broke(ServerLaw::AckWrong, None);
        }
        self.link.acked = self.now.ticks;
        self.promises.acked = true;
    }

    fn comes_up(&mut self) {
        (self.link.phase, self.link.since, self.link.down_since) = (Phase::Up, self.now.ticks, None);
        self.link.acked = self.now.ticks;
    }

    /// Its master answers.
    pub(super) fn link_answered(&mut self, reply: &Reply) {
        if let (Phase::Trying, 1, Reply::Error(word)) = (self.link.phase, self.link.stage, reply) {
            self.link.refused = !matches!(word, ErrorWord::NoAuth | ErrorWord::NoPerm);
        }
        if self.link.phase != Phase::Asked {
            return;
        }
        match reply {
            Reply::Continue(with) => {
                let (Some(_), Some(offered)) = (self.link.cached.take(), self.link.offered) else { return };
                let offset = offered.saturating_sub(1);
                (self.history.low, self.history.high) = (offset, offset);
                self.moved = self.counted.stream;
                if self.history.resume(with.id) {
                    self.promises.drop_replicas = true;
                }
                self.comes_up();
            }
            Reply::FullResync(announced) => {
                self.link.announced = Some(**announced);
                self.link.phase = Phase::Transfer;
            }
            _ => {}
        }
    }

    /// The dataset is there: from here on the old one, the replicas and the old position are gone (spec 6.1).
    pub(super) fn loads(&mut self, conn: Conn) {
        let Some(announced) = self.link.announced.filter(|_| self.link.conn == Some(conn)) else { return };
        self.files_end();
        self.link.cached = None;
        self.link.phase = Phase::Loading;
        (self.link.newlines, self.link.since) = (0, self.now.ticks);
        self.history.adopt(announced);
        self.moved = self.counted.stream;
        self.promises.drop_replicas = true;
    }

    /// What is due on the link.
    pub(super) fn link_overdue(&mut self) {
        let Some(master) = self.master else { return };
        let timeout = (self.conf.repl_timeout + 2) * 10 + SECOND;
        let law = match self.link.phase {
            Phase::Idle if !master.ip.is_name() && self.ran(self.link.since) > SECOND => ServerLaw::ConnectMissed,
            Phase::Up if self.ran(self.link.acked) > SECOND => ServerLaw::AckMissed,
            Phase::Idle | Phase::Loading => return,
            // One that was heard before the clock was set is silent for as long as that clock says.
            _ if self.jumped <= self.link.since.max(self.counted.heard)
                && self.ran(self.link.since.max(self.counted.heard)) > timeout =>
            {
                ServerLaw::DeadLinkKept
            }
            _ => return,
        };
        self.broke(law, None);
    }
}
