//! What a Sentinel has to do by its own clock and by what it read, judged on hand-written tapes.

mod failover;
#[path = "../support/mod.rs"]
mod support;

use splitbrain_checker::finding::Rule;
use splitbrain_checker::law::Law;
use splitbrain_checker::tape::{Taped, What};
use splitbrain_checker::{Detail, NodeIx, Property};
use splitbrain_model::event::{Event, EventKind, Extra, Subject};
use splitbrain_model::files::{MasterConf, SentinelConf};
use splitbrain_model::message::{Channel, DownQuery, DownReply, Hello, Info, InstanceReply, Published};
use splitbrain_model::{Conn, Epoch, Hex40, Message, Millis, ReplOffset, Reply, Request, RunId};
use std::sync::Arc;
use support::*;

/// Connections of `sentinel-1` to the master.
const CC: Conn = Conn(0);
const PC: Conn = Conn(1);

/// A tape of `sentinel-1`, which watches `redis-1` alone.
struct Tape(Run);

impl Tape {
    fn take(&mut self, ms: u64, what: What) -> &mut Tape {
        self.0.0.tape.push(Taped { at: at(ms), node: S1, wall: Millis(ms as i64), what });
        self
    }

    /// It starts with this current epoch in its file.
    fn begin(&mut self, ms: u64, epoch: u64) -> &mut Tape {
        let masters = vec![MasterConf::new("mymaster".into(), addr(R1), 2)];
        let current_epoch = Epoch(epoch);
        let conf = SentinelConf { myid: Some(id(S1)), current_epoch, masters, ..SentinelConf::default() };
        self.take(ms, What::Began(Box::new(conf)))
    }

    /// The first tick opens both connections, as it should, and INFO is answered at once.
    fn connect(&mut self, ms: u64) -> &mut Tape {
        self.take(ms, What::Tick).take(ms, What::Opened(CC, addr(R1))).take(ms, What::Opened(PC, addr(R1)));
        for request in [Request::Info, Request::Ping] {
            self.take(ms, What::Wrote(CC, Message::Request(request)));
        }
        self.take(ms, What::Wrote(PC, Message::Request(Request::Subscribe(Channel::Hello))));
        self.take(ms + 10, What::Read(CC, Message::Reply(Reply::Info(Box::new(info())))))
    }

    fn says(&mut self, ms: u64, kind: EventKind, extra: Extra) -> &mut Tape {
        let (master, master_addr, subject) = ("mymaster".into(), addr(R1), Subject::Master);
        self.take(ms, What::Event(Event { kind, master, master_addr, subject, extra }))
    }

    fn ticks(&mut self, from: u64, until: u64) -> &mut Tape {
        for ms in (from..until).step_by(100) {
            self.take(ms, What::Tick);
        }
        self
    }

    fn laws(&mut self) -> Vec<Law> {
        let broken = |detail: Detail<NodeIx>| match detail {
            Detail::AgainstProtocol { rule: Rule::Law { law }, .. } => Some(law),
            _ => None,
        };
        self.0.found(Property::SentinelProtocol).into_iter().filter_map(|found| broken(found.detail)).collect()
    }
}

fn tape() -> Tape {
    Tape(run())
}

fn info() -> Info {
    let (run_id, replid) = (RunId(Hex40::from_words([1, 0, 0])), branch(1));
    Info { run_id, loading: false, slave: None, replicas: Vec::new(), replid, repl_offset: ReplOffset(0) }
}

fn pong() -> Message {
    Message::Reply(Reply::Pong)
}

#[test]
fn silence_for_longer_than_down_after_has_to_be_called_down() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).ticks(200, 1_100);
    tape.take(1_100, What::Wrote(CC, Message::Request(Request::Ping))).ticks(1_200, 1_300);
    assert_eq!(tape.laws(), []);
    tape.ticks(1_300, 1_600);
    assert_eq!(tape.laws(), [Law::DownMissed]);
}

#[test]
fn who_answered_within_down_after_may_not_be_called_down() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).ticks(200, 600);
    tape.says(600, EventKind::SdownEnter, Extra::None);
    assert_eq!(tape.laws(), [Law::DownEarly]);
}

#[test]
fn a_server_that_answers_gets_its_next_ping_in_time() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).ticks(200, 1_200);
    assert_eq!(tape.laws(), []);
    tape.ticks(1_200, 1_600);
    assert_eq!(tape.laws(), [Law::PingMissed]);
}

#[test]
fn a_lost_connection_is_opened_again_after_a_second() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).take(300, What::Lost(PC)).ticks(400, 1_300);
    assert_eq!(tape.laws(), []);
    assert_eq!(tape.ticks(1_300, 1_600).laws(), [Law::LinkMissed]);
}

#[test]
fn a_connection_that_is_young_or_not_silent_is_not_given_up() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).ticks(200, 600);
    assert_eq!(tape.take(600, What::Tick).take(600, What::Closed(PC)).ticks(700, 800).laws(), [Law::LinkDropped]);
}

#[test]
fn a_silent_connection_of_hellos_is_given_up() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong()));
    for ms in (200..15_700).step_by(100) {
        tape.take(ms, What::Tick);
        for (period, request, reply) in [
            (1_000, Request::Ping, Reply::Pong),
            (2_000, Request::Publish(hello(S1, 0)), Reply::Int(1)),
            (10_000, Request::Info, Reply::Info(Box::new(info()))),
        ] {
            if ms % period == 200 && ms > period {
                tape.take(ms, What::Wrote(CC, Message::Request(request)));
                tape.take(ms + 10, What::Read(CC, Message::Reply(reply)));
            }
        }
    }
    assert_eq!(tape.laws(), [Law::DeadLinkKept]);
}

#[test]
fn info_is_not_asked_for_before_its_time() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).ticks(200, 900);
    assert_eq!(tape.take(900, What::Wrote(CC, Message::Request(Request::Info))).laws(), [Law::InfoEarly]);
}

#[test]
fn clients_are_told_what_a_sentinel_holds_an_instance_for() {
    let told = |s_down: bool, disconnected: bool| {
        let (name, other_sentinels) = ("mymaster".into(), 0);
        let (master, slave, o_down) = (true, false, false);
        let entry =
            InstanceReply { name, addr: addr(R1), master, slave, s_down, o_down, disconnected, other_sentinels };
        let mut tape = tape();
        tape.begin(0, 0).connect(100).take(150, What::Read(Conn(7), Message::Request(Request::Masters)));
        tape.take(150, What::Wrote(Conn(7), Message::Reply(Reply::Instances(vec![entry])))).laws()
    };
    assert_eq!(told(false, false), []);
    assert_eq!(told(true, false), [Law::FlagsWrong]);
    assert_eq!(told(false, true), [Law::FlagsWrong]);
}

#[test]
fn who_asks_for_the_master_is_told_its_address() {
    for (reply, laws) in [(Reply::Addr(addr(R1)), vec![]), (Reply::NilArray, vec![Law::NamedOther])] {
        let mut tape = tape();
        let asks = Message::Request(Request::GetMasterAddr("mymaster".into()));
        tape.begin(0, 0).connect(100).take(150, What::Read(Conn(7), asks));
        assert_eq!(tape.take(150, What::Wrote(Conn(7), Message::Reply(reply))).laws(), laws);
    }
}

#[test]
fn every_event_goes_to_everybody_who_subscribes_to_it() {
    for (told, laws) in [(true, vec![]), (false, vec![Law::EventWithheld])] {
        let mut tape = tape();
        let subscribes = Message::Request(Request::Subscribe(Channel::Everything));
        tape.begin(0, 0).connect(100).take(110, What::Read(CC, pong())).take(150, What::Read(Conn(7), subscribes));
        tape.take(150, What::Wrote(Conn(7), Message::Reply(Reply::Subscribed(Channel::Everything))));
        tape.take(200, What::Tick).says(200, EventKind::NewEpoch, Extra::Epoch(Epoch(1)));
        if told {
            let (kind, master, master_addr) = (EventKind::NewEpoch, "mymaster".into(), addr(R1));
            let event = Event { kind, master, master_addr, subject: Subject::Master, extra: Extra::Epoch(Epoch(1)) };
            tape.take(
                200,
                What::Wrote(Conn(7), Message::Published(Arc::new(Published { event, payload: String::new() }))),
            );
        }
        assert_eq!(tape.take(300, What::Tick).laws(), laws);
    }
}

#[test]
fn the_sign_of_a_change_of_role_says_whether_it_is_the_configured_one() {
    for (kind, laws) in
        [(EventKind::RoleChangeFromConfigured, vec![]), (EventKind::RoleChangeToConfigured, vec![Law::RoleChangeWrong])]
    {
        let mut tape = tape();
        tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).says(160, kind, Extra::ReportedRole(false));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn clients_are_told_of_every_sentinel_that_is_known() {
    for (listed, laws) in [(true, vec![]), (false, vec![Law::EntryMissing])] {
        let (name, other_sentinels) = (id(S2).to_string().as_str().into(), 0);
        let (master, slave, s_down, o_down, disconnected) = (false, false, false, false, true);
        let entry =
            InstanceReply { name, addr: addr(S2), master, slave, s_down, o_down, disconnected, other_sentinels };
        let mut tape = tape();
        tape.begin(0, 0).connect(100).take(150, What::Read(PC, Message::Hello(hello(S2, 0))));
        let subject = Subject::Sentinel(id(S2), addr(S2));
        let (kind, master, master_addr, extra) = (EventKind::Sentinel, "mymaster".into(), addr(R1), Extra::None);
        tape.take(150, What::Event(Event { kind, master, master_addr, subject, extra }));
        tape.take(160, What::Read(Conn(7), Message::Request(Request::Sentinels("mymaster".into()))));
        tape.take(
            160,
            What::Wrote(Conn(7), Message::Reply(Reply::Instances(listed.then_some(entry).into_iter().collect()))),
        );
        assert_eq!(tape.laws(), laws);
    }
}

/// `sentinel-2` says at 500 ms that the master is down; the timer runs at these times, and then finds it objectively down.
fn agreed(ticks: &[u64]) -> Vec<Law> {
    let peer = Conn(20);
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong()));
    tape.take(150, What::Read(PC, Message::Hello(hello(S2, 0))));
    let subject = Subject::Sentinel(id(S2), addr(S2));
    let (kind, master, master_addr, extra) = (EventKind::Sentinel, "mymaster".into(), addr(R1), Extra::None);
    tape.take(150, What::Event(Event { kind, master, master_addr, subject, extra }));
    tape.take(200, What::Tick).take(200, What::Opened(peer, addr(S2)));
    let query = DownQuery { master: addr(R1), epoch: Epoch(0), candidate: None };
    tape.take(400, What::Wrote(peer, Message::Request(Request::IsMasterDown(Box::new(query)))));
    let reply = DownReply { down: true, leader: None, leader_epoch: Epoch(0) };
    tape.take(500, What::Read(peer, Message::Reply(Reply::Down(Box::new(reply)))));
    for ms in ticks {
        tape.take(*ms, What::Tick);
        for conn in [CC, peer] {
            if (1_000..5_000).contains(ms) {
                tape.take(*ms, What::Wrote(conn, Message::Request(Request::Ping))).take(*ms, What::Read(conn, pong()));
            }
            if [2_900, 4_900].contains(ms) {
                tape.take(*ms, What::Wrote(conn, Message::Request(Request::Publish(hello(S1, 0)))));
                tape.take(*ms, What::Read(conn, Message::Reply(Reply::Int(1))));
            }
        }
    }
    tape.take(5_700, What::Tick);
    tape.says(5_700, EventKind::OdownEnter, Extra::OdownQuorum(2, 2)).laws()
}

#[test]
fn a_report_counts_until_a_run_of_the_timer_that_finds_it_old_is_over() {
    assert_eq!(agreed(&[900, 1_900, 2_900, 3_900]), [], "the clock was set, and the timer has not run since");
    assert_eq!(agreed(&[900, 1_900, 2_900, 3_900, 4_900, 5_650]), [Law::ObjectivelyDownEarly]);
}

fn hello(of: NodeIx, epoch: u64) -> Arc<Hello> {
    Arc::new(Hello {
        announce: addr(of),
        id: id(of),
        current_epoch: Epoch(epoch),
        master_name: "mymaster".into(),
        master: addr(R1),
        config_epoch: Epoch(0),
    })
}

#[test]
fn an_epoch_that_was_heard_of_is_told_in_the_next_hello() {
    for (epoch, laws) in [(5, vec![]), (4, vec![Law::HelloBehind])] {
        let mut tape = tape();
        tape.begin(0, 4).connect(100).take(150, What::Read(PC, Message::Hello(hello(S2, 5))));
        tape.take(2_000, What::Tick);
        tape.take(2_000, What::Wrote(CC, Message::Request(Request::Publish(hello(S1, epoch)))));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn an_adopted_epoch_is_in_the_file_after_a_restart() {
    for (epoch, laws) in [(3, vec![]), (2, vec![Law::FileBehind])] {
        let mut tape = tape();
        tape.begin(0, 2).connect(100).says(100, EventKind::NewEpoch, Extra::Epoch(Epoch(3)));
        tape.take(200, What::Tick).begin(5_000, epoch);
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn what_was_saved_in_the_moment_of_a_death_may_be_missing() {
    let mut tape = tape();
    tape.begin(0, 2).connect(100).says(100, EventKind::NewEpoch, Extra::Epoch(Epoch(3))).begin(5_000, 2);
    assert_eq!(tape.laws(), []);
}

#[test]
fn a_clock_that_jumped_leads_to_tilt() {
    let mut tape = tape();
    tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).take(2_500, What::Tick).take(2_600, What::Tick);
    assert_eq!(tape.laws(), [Law::TiltMissed]);
}

#[test]
fn slaveof_brings_what_belongs_to_it() {
    use splitbrain_model::message::ClientType::{Normal, Pubsub};
    let order = |company: &[Request]| {
        let mut tape = tape();
        tape.begin(0, 0).connect(100).take(150, What::Read(CC, pong())).take(200, What::Tick);
        for request in [Request::Multi, Request::SlaveOf(None)].iter().chain(company) {
            tape.take(200, What::Wrote(CC, Message::Request(request.clone())));
        }
        tape.take(300, What::Tick).laws()
    };
    let all = [Request::ConfigRewrite, Request::ClientKill(Normal), Request::ClientKill(Pubsub), Request::Exec];
    assert_eq!(order(&all), []);
    assert_eq!(order(&all[1..]), [Law::SlaveofIncomplete]);
}
