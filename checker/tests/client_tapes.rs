//! What clients may and must do by what they read and by the profile they are declared to have, judged on hand-written tapes.

mod support;

use splitbrain_checker::client_law::ClientLaw;
use splitbrain_checker::client_tape::{Completion, Declared, Exchange, Taped, What};
use splitbrain_checker::observations::Presence;
use splitbrain_checker::{Detail, NodeIx, Property};
use splitbrain_model::client::profile::Profile;
use splitbrain_model::message::{Channel, Info, InstanceReply, RoleReply, SwitchMaster};
use splitbrain_model::note::{FailReason, Outcome};
use splitbrain_model::{
    CloseHow, Command, Conn, ErrorWord, Hex40, Message, MonoTime, Nanos, ReplOffset, Reply, Request, RunId, Value,
};
use std::sync::Arc;
use support::*;

const OK: Outcome = Outcome::Ok(None);

/// A tape of `client-1`.
struct Tape {
    run: Run,
    close: CloseHow,
}

/// A client of this library with one operation at a time.
fn tape(profile: &str) -> Tape {
    tape_of(profile, 1)
}

fn tape_of(profile: &str, in_flight: u32) -> Tape {
    let mut run = run();
    run.0.client_tapes = vec![Vec::new(); run.0.nodes.len()];
    let profile = Profile::named(profile).unwrap();
    let mut tape = Tape { close: profile.close, run };
    let sentinels = [S1, S2, S3].map(addr).to_vec();
    let master = "mymaster".into();
    tape.take(0, What::Began(Box::new(Declared { profile, sentinels, master, passwords: (false, false), in_flight })));
    tape
}

impl Tape {
    fn take(&mut self, ms: u64, what: What) -> &mut Tape {
        let mono = MonoTime(5_000_000_000 + ms * 1_000_000);
        self.run.0.client_tapes[usize::from(C1.0)].push(Taped { at: at(ms), mono, what });
        self
    }

    fn wakes(&mut self, ms: u64) -> &mut Tape {
        self.take(ms, What::Woke)
    }

    fn asks(&mut self, ms: u64, op: u32, command: Command) -> &mut Tape {
        self.wakes(ms).take(ms, What::Invoked(op, command))
    }

    fn opens(&mut self, ms: u64, conn: u32, node: NodeIx) -> &mut Tape {
        self.take(ms, What::Opened(Conn(conn), addr(node)))
    }

    fn connected(&mut self, ms: u64, conn: u32) -> &mut Tape {
        self.take(ms, What::Connected(Conn(conn)))
    }

    fn lost(&mut self, ms: u64, conn: u32) -> &mut Tape {
        self.take(ms, What::Lost(Conn(conn)))
    }

    fn closes(&mut self, ms: u64, conn: u32) -> &mut Tape {
        let how = self.close;
        self.take(ms, What::Closed(Conn(conn), how))
    }

    fn writes(&mut self, ms: u64, conn: u32, request: Request) -> &mut Tape {
        self.take(ms, What::Wrote(Conn(conn), request))
    }

    fn sends(&mut self, ms: u64, conn: u32, command: Command) -> &mut Tape {
        self.writes(ms, conn, Request::Data(command))
    }

    fn reads(&mut self, ms: u64, conn: u32, reply: Reply) -> &mut Tape {
        self.take(ms, What::Read(Conn(conn), Message::Reply(reply)))
    }

    fn tells(&mut self, ms: u64, op: u32, outcome: Outcome, to: NodeIx, counts: (u16, u16)) -> &mut Tape {
        let (attempts, indeterminate) = counts;
        let server = (attempts > 0).then_some(addr(to));
        self.take(ms, What::Completed(Completion { op, outcome, server, attempts, indeterminate }))
    }

    /// The recorder's client asks `sentinel-1`, which names `redis-1`, and opens connection 1 to that; SADD 0 is written.
    fn finds(&mut self) -> &mut Tape {
        self.asks(100, 0, sadd(0)).opens(100, 0, S1).connected(101, 0);
        self.writes(101, 0, Request::GetMasterAddr("mymaster".into())).reads(102, 0, Reply::Addr(addr(R1)));
        self.closes(102, 0).opens(102, 1, R1).connected(103, 1).writes(103, 1, Request::Role);
        self.reads(104, 1, master()).sends(104, 1, sadd(0))
    }

    /// The same, answered.
    fn served(&mut self) -> &mut Tape {
        self.finds().reads(105, 1, Reply::Int(1)).tells(105, 0, OK, R1, (1, 0))
    }

    fn laws(&mut self) -> Vec<ClientLaw> {
        // The end of the workload ends the last step.
        self.take(END, What::Stopped);
        let found = self.run.found(Property::ClientProtocol).into_iter();
        found
            .filter_map(|it| match it.detail {
                Detail::ClientAgainstProtocol { law, .. } => Some(law),
                _ => None,
            })
            .collect()
    }
}

fn master() -> Reply {
    Reply::Role(Box::new(RoleReply::Master(ReplOffset(0), Vec::new())))
}

fn entry(s_down: bool) -> Reply {
    Reply::Instances(vec![InstanceReply {
        name: "mymaster".into(),
        addr: addr(R1),
        master: true,
        slave: false,
        s_down,
        o_down: false,
        disconnected: false,
        other_sentinels: 2,
    }])
}

const GREETING: [Request; 3] = [Request::HelloProto(None), Request::ClientSetInfo(true), Request::ClientSetInfo(false)];

impl Tape {
    /// Greets as redis-py does.
    fn greets(&mut self, ms: u64, conn: u32) -> &mut Tape {
        self.connected(ms, conn);
        for request in GREETING {
            self.writes(ms, conn, request).reads(ms, conn, Reply::Ok);
        }
        self
    }

    /// Jedis learns `redis-1` from its first Sentinel and listens on all.
    fn jedis(&mut self) -> &mut Tape {
        self.asks(100, 0, sadd(0)).opens(100, 0, S1).greets_short(101, 0);
        self.writes(101, 0, Request::GetMasterAddr("mymaster".into())).reads(102, 0, Reply::Addr(addr(R1)));
        self.closes(102, 0).opens(102, 1, S1).opens(102, 2, S2).opens(102, 3, S3).opens(102, 4, R1);
        for conn in [1, 2, 3] {
            self.greets_short(103, conn).writes(103, conn, Request::GetMasterAddr("mymaster".into()));
            self.reads(104, conn, Reply::Addr(addr(R1))).writes(104, conn, Request::Subscribe(Channel::SwitchMaster));
            self.reads(105, conn, Reply::Subscribed(Channel::SwitchMaster));
        }
        self.greets_short(106, 4).sends(106, 4, sadd(0)).reads(107, 4, Reply::Int(1)).tells(107, 0, OK, R1, (1, 0))
    }

    fn greets_short(&mut self, ms: u64, conn: u32) -> &mut Tape {
        self.connected(ms, conn);
        for library in [true, false] {
            self.writes(ms, conn, Request::ClientSetInfo(library)).reads(ms, conn, Reply::Ok);
        }
        self
    }

    fn hears_switch(&mut self, ms: u64, conn: u32) -> &mut Tape {
        let message = SwitchMaster { name: "mymaster".into(), old: addr(R1), new: addr(R2) };
        self.take(ms, What::Read(Conn(conn), Message::SwitchMaster(Arc::new(message))))
    }
}

#[test]
fn an_operation_that_is_written_where_a_sentinel_says_and_told_as_answered_breaks_nothing() {
    assert_eq!(tape("recorder").served().laws(), []);
    assert_eq!(tape("jedis").jedis().laws(), []);
}

#[test]
fn a_connection_is_used_after_its_greeting_and_only_if_the_server_is_a_master() {
    let mut skipped = tape("recorder");
    skipped.asks(100, 0, sadd(0)).opens(100, 0, S1).connected(101, 0);
    skipped.writes(101, 0, Request::GetMasterAddr("mymaster".into())).reads(102, 0, Reply::Addr(addr(R1)));
    skipped.closes(102, 0).opens(102, 1, R1).connected(103, 1).sends(103, 1, sadd(0));
    assert_eq!(skipped.laws(), [ClientLaw::GreetingSkipped]);
    let mut replica = tape("recorder");
    replica.asks(100, 0, sadd(0)).opens(100, 0, S1).connected(101, 0);
    replica.writes(101, 0, Request::GetMasterAddr("mymaster".into())).reads(102, 0, Reply::Addr(addr(R1)));
    replica.closes(102, 0).opens(102, 1, R1).connected(103, 1).writes(103, 1, Request::Role);
    replica.reads(104, 1, Reply::Error(ErrorWord::Loading)).sends(104, 1, sadd(0));
    assert_eq!(replica.laws(), [ClientLaw::RefusalIgnored]);
}

#[test]
fn a_server_that_no_sentinel_named_is_not_gone_to() {
    let mut tape = tape("recorder");
    tape.asks(100, 0, sadd(0)).opens(100, 0, S1).connected(101, 0);
    tape.writes(101, 0, Request::GetMasterAddr("mymaster".into())).reads(102, 0, Reply::Addr(addr(R1)));
    assert_eq!(tape.closes(102, 0).opens(102, 1, R2).laws(), [ClientLaw::OpenedGroundless]);
}

#[test]
fn redis_py_does_not_go_where_a_sentinel_says_that_the_master_is_down() {
    let found = |down| {
        let mut tape = tape("redis-py");
        tape.asks(100, 0, sadd(0)).opens(100, 0, S1).greets(101, 0).writes(101, 0, Request::Masters);
        tape.reads(102, 0, entry(down)).opens(102, 1, R1).greets(103, 1).sends(103, 1, sadd(0));
        tape.reads(104, 1, Reply::Int(1)).tells(104, 0, OK, R1, (1, 0)).laws()
    };
    assert_eq!(found(false), []);
    assert_eq!(found(true), [ClientLaw::OpenedGroundless]);
}

#[test]
fn the_first_sentinel_alone_is_not_all_of_them() {
    let mut tape = tape("recorder");
    tape.asks(100, 0, sadd(0)).opens(100, 0, S1).lost(101, 0);
    tape.tells(101, 0, Outcome::Fail(FailReason::NoSentinel), R1, (0, 0));
    assert_eq!(tape.laws(), [ClientLaw::RoundCutShort]);
}

#[test]
fn sentinels_are_asked_in_their_order() {
    let mut tape = tape("recorder");
    assert_eq!(tape.asks(100, 0, sadd(0)).opens(100, 0, S2).laws(), [ClientLaw::AskedOutOfOrder]);
}

#[test]
fn an_outcome_is_what_the_answer_says() {
    let told = |reply: Reply, outcome, counts| {
        let mut tape = tape("recorder");
        tape.finds().reads(105, 1, reply);
        if matches!(outcome, Outcome::Fail(_)) {
            tape.closes(105, 1);
        }
        tape.tells(105, 0, outcome, R1, counts).laws()
    };
    let readonly = Outcome::Fail(FailReason::Error(ErrorWord::ReadOnly));
    assert_eq!(told(Reply::Error(ErrorWord::ReadOnly), readonly, (1, 0)), []);
    assert_eq!(told(Reply::Error(ErrorWord::ReadOnly), OK, (1, 0)), [ClientLaw::OutcomeOther]);
    assert_eq!(told(Reply::Int(1), readonly, (1, 0)), [ClientLaw::OutcomeOther]);
    assert_eq!(told(Reply::Int(1), OK, (2, 1)), [ClientLaw::AttemptsMiscounted]);
    assert_eq!(told(Reply::Int(1), OK, (1, 1)), [ClientLaw::DoubtMiscounted]);
}

#[test]
fn an_operation_in_one_go_is_judged_like_any_other() {
    let told = |reply, value| {
        let told = Completion { op: 1, outcome: value, server: Some(addr(R1)), attempts: 1, indeterminate: 0 };
        let exchange = Exchange { conn: Conn(1), command: INCR, reply, told, took: Nanos::from_millis(3) };
        tape("recorder").served().take(200, What::Exchanged(exchange)).laws()
    };
    assert_eq!(told(Reply::Int(4), Outcome::Ok(Some(Value(4)))), []);
    assert_eq!(told(Reply::Int(4), Outcome::Ok(Some(Value(5)))), [ClientLaw::OutcomeOther]);
}

#[test]
fn a_write_whose_connection_broke_is_in_doubt() {
    let told = |outcome, doubts| tape("recorder").finds().lost(200, 1).tells(200, 0, outcome, R1, (1, doubts)).laws();
    assert_eq!(told(Outcome::Info(FailReason::Closed), 1), []);
    assert_eq!(told(Outcome::Fail(FailReason::Closed), 0), [ClientLaw::DoubtMiscounted]);
    assert_eq!(told(Outcome::Fail(FailReason::Closed), 1), [ClientLaw::DoubtMiscounted]);
}

#[test]
fn an_error_that_ends_a_connection_ends_it() {
    let mut kept = tape("recorder");
    kept.finds().reads(105, 1, Reply::Error(ErrorWord::ReadOnly));
    kept.tells(105, 0, Outcome::Fail(FailReason::Error(ErrorWord::ReadOnly)), R1, (1, 0));
    assert_eq!(kept.laws(), [ClientLaw::KeptAfterError]);
}

#[test]
fn what_is_not_answered_in_time_is_given_up_then_and_not_before() {
    let given_up = |ms| {
        let mut tape = tape("recorder");
        tape.finds().wakes(ms).closes(ms, 1).tells(ms, 0, Outcome::Info(FailReason::Timeout), R1, (1, 1)).laws()
    };
    assert_eq!(given_up(1_104), []);
    assert_eq!(given_up(1_103), [ClientLaw::GivenUpEarly]);
    assert_eq!(given_up(1_700), [ClientLaw::NotGivenUp]);
    assert_eq!(tape("recorder").finds().laws(), [ClientLaw::NotGivenUp]);
}

#[test]
fn a_process_that_stood_still_has_missed_nothing() {
    let mut tape = tape("recorder");
    tape.finds().run.presence(500, C1, Presence::Paused).presence(3_000, C1, Presence::Running);
    tape.wakes(3_000).closes(3_000, 1).tells(3_000, 0, Outcome::Info(FailReason::Timeout), R1, (1, 1));
    assert_eq!(tape.laws(), []);
}

#[test]
fn a_connection_that_owes_an_answer_does_not_go_back_to_the_pool() {
    let mut tape = tape("recorder");
    tape.finds().wakes(1_104).tells(1_104, 0, Outcome::Info(FailReason::Timeout), R1, (1, 1));
    assert_eq!(tape.laws(), [ClientLaw::KeptUnanswered]);
}

#[test]
fn an_idle_connection_is_used_and_one_that_is_closed_is_not() {
    let mut other = tape("recorder");
    assert_eq!(other.served().asks(200, 1, sadd(1)).opens(200, 2, S1).laws(), [ClientLaw::IdleNotUsed]);
    let mut closed = tape("recorder");
    closed.served().take(150, What::Stopped).closes(150, 1).asks(200, 1, sadd(1)).sends(200, 1, sadd(1));
    assert_eq!(closed.laws(), [ClientLaw::WroteToClosed]);
}

#[test]
fn nothing_is_written_while_an_answer_is_outstanding() {
    let mut tape = tape("recorder");
    tape.finds().asks(200, 1, sadd(1)).sends(200, 1, sadd(1));
    assert_eq!(tape.laws(), [ClientLaw::TwoAtOnce]);
}

#[test]
fn a_library_that_repeats_nothing_repeats_nothing() {
    let mut tape = tape("recorder");
    tape.finds().reads(105, 1, Reply::Error(ErrorWord::NoReplicas)).sends(105, 1, sadd(0));
    assert_eq!(tape.laws(), [ClientLaw::RetriedUnduly]);
}

#[test]
fn redis_py_with_retries_has_six_attempts_at_the_same_server() {
    let attempts = |dials: u32| {
        let mut tape = tape("redis-py-retry");
        tape.asks(100, 0, sadd(0)).opens(100, 0, S1).greets(101, 0).writes(101, 0, Request::Masters);
        tape.reads(102, 0, entry(false));
        for n in 0..dials {
            let ms = 102 + 20 * u64::from(n);
            if n > 0 {
                tape.wakes(ms);
            }
            tape.opens(ms, n + 1, R1).lost(ms + 1, n + 1);
        }
        let ms = 103 + 20 * u64::from(dials - 1);
        tape.tells(ms, 0, Outcome::Fail(FailReason::Connect), R1, (0, 0)).laws()
    };
    assert_eq!(attempts(6), []);
    assert_eq!(attempts(5), [ClientLaw::NotRetried]);
}

#[test]
fn a_switch_closes_idle_connections_of_jedis_and_names_the_next_address() {
    let mut kept = tape("jedis");
    assert_eq!(kept.jedis().hears_switch(200, 2).laws(), [ClientLaw::StaleKept]);
    let mut moved = tape("jedis");
    moved.jedis().hears_switch(200, 2).closes(200, 4).asks(300, 1, sadd(1)).opens(300, 5, R1);
    assert_eq!(moved.laws(), [ClientLaw::OpenedGroundless], "the old address");
}

#[test]
fn a_connection_in_use_at_a_switch_does_not_go_back_to_the_pool_of_jedis() {
    let mut tape = tape("jedis");
    tape.jedis().asks(200, 1, sadd(1)).sends(200, 4, sadd(1)).hears_switch(201, 2);
    tape.reads(202, 4, Reply::Int(1)).tells(202, 1, OK, R1, (1, 0));
    assert_eq!(tape.laws(), [ClientLaw::StaleReturned]);
}

#[test]
fn a_lost_subscription_of_jedis_is_renewed_after_five_seconds() {
    let mut never = tape("jedis");
    assert_eq!(never.jedis().lost(1_000, 2).laws(), [ClientLaw::SubscriptionNotRenewed]);
    let mut soon = tape("jedis");
    assert_eq!(soon.jedis().lost(1_000, 2).wakes(2_000).opens(2_000, 5, S2).laws(), [ClientLaw::PauseShort]);
    // As long as an operation still looks for a master that it did not know when it began, it may be the one that connects,
    // and with its last connection it is only known that the subscription is not there.
    let mut other = tape_of("jedis", 2);
    other.asks(50, 9, sadd(9)).opens(50, 9, S1).jedis().lost(1_000, 2);
    other.wakes(2_050).closes(2_050, 9).opens(2_050, 6, S2).lost(2_051, 6);
    other.tells(2_051, 9, Outcome::Fail(FailReason::NoSentinel), R1, (0, 0));
    assert_eq!(other.wakes(6_000).opens(6_000, 7, S2).connected(6_001, 7).laws(), [ClientLaw::LeftUnused]);
}

#[test]
fn jedis_asks_for_the_master_before_every_subscription() {
    let mut tape = tape("jedis");
    tape.jedis().lost(1_000, 2).wakes(6_001).opens(6_001, 5, S2).greets_short(6_002, 5);
    tape.writes(6_002, 5, Request::Subscribe(Channel::SwitchMaster));
    assert_eq!(tape.laws(), [ClientLaw::SubscribedUnasked]);
}

#[test]
fn jedis_resets_what_it_closes() {
    let mut tape = tape("jedis");
    tape.jedis().hears_switch(200, 2).take(200, What::Closed(Conn(4), CloseHow::Now));
    assert_eq!(tape.laws(), [ClientLaw::ClosedOtherwise]);
}

#[test]
fn an_operation_that_waits_for_nothing_was_forgotten() {
    let mut tape = tape("recorder");
    assert_eq!(tape.asks(100, 0, sadd(0)).laws(), [ClientLaw::Stuck]);
}

#[test]
fn ioredis_writes_what_was_left_unanswered_first() {
    let order = |first: u64, second: u64| {
        let mut tape = tape("ioredis");
        ioredis(&mut tape, 100, 0, 0);
        tape.sends(106, 1, sadd(0)).asks(110, 1, sadd(1)).sends(110, 1, sadd(1)).lost(200, 1);
        tape.wakes(300);
        ioredis_again(&mut tape, 300, 2);
        tape.sends(306, 3, sadd(first)).sends(306, 3, sadd(second));
        tape.reads(307, 3, Reply::Int(1)).tells(307, first as u32, OK, R1, (2, 1));
        tape.reads(307, 3, Reply::Int(1)).tells(307, second as u32, OK, R1, (2, 1)).laws()
    };
    assert_eq!(order(0, 1), []);
    assert_eq!(order(1, 0), [ClientLaw::ResentOutOfOrder]);
}

/// ioredis finds the master for its first operation.
fn ioredis(tape: &mut Tape, ms: u64, op: u32, conn: u32) {
    tape.asks(ms, op, sadd(u64::from(op)));
    ioredis_again(tape, ms, conn);
}

fn ioredis_again(tape: &mut Tape, ms: u64, conn: u32) {
    tape.opens(ms, conn, S1).connected(ms + 1, conn);
    tape.writes(ms + 1, conn, Request::GetMasterAddr("mymaster".into()));
    tape.reads(ms + 2, conn, Reply::Addr(addr(R1))).closes(ms + 2, conn).opens(ms + 2, conn + 1, R1);
    tape.greets_short(ms + 3, conn + 1).writes(ms + 3, conn + 1, Request::Info);
    tape.reads(ms + 6, conn + 1, Reply::Info(Box::new(info())));
}

fn info() -> Info {
    let (run_id, replid) = (RunId(Hex40::from_words([1, 0, 0])), branch(1));
    Info { run_id, loading: false, slave: None, replicas: Vec::new(), replid, repl_offset: ReplOffset(0) }
}

impl Tape {
    /// go-redis asks all Sentinels at once; the second answers first, is listened to, and names `redis-1`, which is refused.
    fn go_redis(&mut self) -> &mut Tape {
        self.asks(100, 0, sadd(0)).opens(100, 0, S1).opens(100, 1, S2).opens(100, 2, S3).greets(101, 1);
        self.asks_master(101, 1).reads(102, 1, Reply::Addr(addr(R1))).closes(102, 0).closes(102, 2);
        self.opens(102, 3, S2).opens(102, 4, R1).lost(103, 4).greets(103, 3);
        self.writes(103, 3, Request::Subscribe(Channel::SwitchMaster)).reads(
            104,
            3,
            Reply::Subscribed(Channel::SwitchMaster),
        )
    }

    fn asks_master(&mut self, ms: u64, conn: u32) -> &mut Tape {
        self.writes(ms, conn, Request::GetMasterAddr("mymaster".into()))
    }
}

#[test]
fn go_redis_asks_again_a_tenth_of_a_second_after_a_dial_in_vain() {
    let found = |ms| {
        let mut tape = tape("go-redis");
        tape.go_redis().wakes(ms).asks_master(ms, 1).reads(ms + 1, 1, Reply::Addr(addr(R1)));
        tape.opens(ms + 1, 5, R1).greets(ms + 2, 5).sends(ms + 2, 5, sadd(0));
        tape.reads(ms + 3, 5, Reply::Int(1)).tells(ms + 3, 0, OK, R1, (1, 0)).laws()
    };
    // After three silent seconds it would send PING.
    assert_eq!(found(203), [ClientLaw::PingMissed]);
    assert_eq!(found(1_103), [ClientLaw::PauseLong]);
}

#[test]
fn go_redis_asks_the_sentinel_that_answered_last_until_it_fails() {
    let found = |failed: bool| {
        let mut tape = tape("go-redis");
        tape.go_redis();
        if failed {
            tape.wakes(203).asks_master(203, 1).lost(204, 1);
        }
        tape.wakes(210).opens(210, 5, S1).greets(211, 5).asks_master(211, 5).laws()
    };
    assert!(!found(true).contains(&ClientLaw::AskedOutOfOrder));
    assert!(found(false).contains(&ClientLaw::AskedOutOfOrder));
}

#[test]
fn an_error_that_does_not_end_a_connection_leaves_it_open() {
    let ends = |word: ErrorWord, closed: bool| {
        let mut tape = tape("redis-py");
        tape.asks(100, 0, sadd(0)).opens(100, 0, S1).greets(101, 0).writes(101, 0, Request::Masters);
        tape.reads(102, 0, entry(false)).opens(102, 1, R1).greets(103, 1).sends(103, 1, sadd(0));
        tape.reads(104, 1, Reply::Error(word));
        if closed {
            tape.closes(104, 1);
        }
        tape.tells(104, 0, Outcome::Fail(FailReason::Error(word)), R1, (1, 0)).laws()
    };
    assert_eq!(ends(ErrorWord::NoReplicas, false), []);
    assert_eq!(ends(ErrorWord::NoReplicas, true), [ClientLaw::ClosedUnduly]);
}

#[test]
fn whether_any_sentinel_answered_is_told() {
    let told = |answer: bool, reason: FailReason| {
        let mut tape = tape("recorder");
        tape.asks(100, 0, sadd(0));
        for (conn, sentinel) in [(0, S1), (1, S2), (2, S3)] {
            tape.opens(100, conn, sentinel);
            if answer {
                tape.connected(101, conn).writes(101, conn, Request::GetMasterAddr("mymaster".into()));
                tape.reads(102, conn, Reply::NilArray).closes(102, conn);
            } else {
                tape.lost(101, conn);
            }
        }
        tape.tells(102, 0, Outcome::Fail(reason), R1, (0, 0)).laws()
    };
    assert_eq!(told(true, FailReason::NoMaster), []);
    assert_eq!(told(true, FailReason::NoSentinel), [ClientLaw::OutcomeOther]);
    assert_eq!(told(false, FailReason::NoSentinel), []);
    assert_eq!(told(false, FailReason::NoMaster), [ClientLaw::OutcomeOther]);
}

#[test]
fn go_redis_loses_attempts_while_it_has_given_dialling_up() {
    let found = |dials: u64| {
        let mut tape = tape("go-redis");
        tape.go_redis();
        for dial in 1..dials {
            let (ms, conn) = (104 + 100 * dial, 4 + dial as u32);
            tape.wakes(ms);
            if dial % 30 == 0 {
                tape.writes(ms, 3, Request::Ping).reads(ms, 3, Reply::Pong);
            }
            tape.asks_master(ms, 1).reads(ms + 1, 1, Reply::Addr(addr(R1)));
            tape.opens(ms + 1, conn, R1).lost(ms + 2, conn);
        }
        let ms = 104 + 100 * dials;
        tape.tells(ms, 0, Outcome::Fail(FailReason::Connect), R1, (0, 0));
        // A dial that was not for the operation finds the master again; the one after it is.
        tape.asks(ms + 10, 1, sadd(1));
        if dials >= 80 {
            tape.wakes(ms + 20).asks_master(ms + 20, 1).reads(ms + 20, 1, Reply::Addr(addr(R1)));
            tape.opens(ms + 20, 98, R1).connected(ms + 21, 98).closes(ms + 21, 98).wakes(ms + 30);
        }
        tape.asks_master(ms + 30, 1).reads(ms + 30, 1, Reply::Addr(addr(R1)));
        tape.opens(ms + 30, 99, R1).greets(ms + 31, 99).sends(ms + 31, 99, sadd(1));
        tape.reads(ms + 32, 99, Reply::Error(ErrorWord::NoReplicas));
        tape.tells(ms + 32, 1, Outcome::Fail(FailReason::Error(ErrorWord::NoReplicas)), R1, (1, 0)).laws()
    };
    assert_eq!(found(9), [ClientLaw::NotRetried]);
    assert_eq!(found(90), [ClientLaw::PingMissed], "nothing but what is owed when the tape ends");
}
