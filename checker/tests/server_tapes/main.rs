//! What a Redis server has to do by its own clock and by what it read, judged on hand-written tapes.

#[path = "../support/mod.rs"]
mod support;
mod waiting;

use splitbrain_checker::server_law::ServerLaw;
use splitbrain_checker::server_tape::{Counts, Found, Kind, Taped, What};
use splitbrain_checker::{Detail, Property};
use splitbrain_model::files::{AppendFsync, RedisConf};
use splitbrain_model::message::{Channel, ClientType, Continued, Info, ReplicaLine, ReplicaState};
use splitbrain_model::{Conn, DiskCall, ErrorWord, Message, Millis, Nanos, ReplOffset, Reply, Request, RunId};
use support::*;

/// A replica's connection to `redis-1`, that of a Sentinel, and the one that `redis-1` opens.
const REPLICA: Conn = Conn(0);
const SENTINEL: Conn = Conn(1);
const LINK: Conn = Conn(2);

/// A tape of `redis-1`.
struct Tape(Run, Counts);

impl Tape {
    /// It starts with this configuration and without data; its timer runs ten times a second.
    fn begin(conf: RedisConf) -> Tape {
        let mut tape = Tape(run(), Counts::default());
        tape.take(0, What::Began(Box::new(Found { conf, rdb: None, aof: false })));
        for (conn, peer) in [(REPLICA, R2), (SENTINEL, S1)] {
            tape.take(0, What::Accepted(conn, addr(peer)));
        }
        tape
    }

    fn take(&mut self, ms: u64, what: What) -> &mut Tape {
        self.1.ticks = (ms / 100) as u32;
        let wall = Millis(ms as i64);
        self.0.0.server_tape.push(Taped { at: at(ms), node: R1, wall, timer: wall, counts: self.1, what });
        self
    }

    fn reads(&mut self, ms: u64, conn: Conn, request: Request) -> &mut Tape {
        self.take(ms, What::Read(conn, Message::Request(request)))
    }

    fn writes(&mut self, ms: u64, conn: Conn, reply: Reply) -> &mut Tape {
        self.take(ms, What::Wrote(conn, Message::Reply(reply)))
    }

    /// `redis-2` becomes its replica by a full synchronisation at offset 0 and has acknowledged it.
    fn with_replica(&mut self, ms: u64) -> &mut Tape {
        self.reads(ms, REPLICA, Request::ReplconfPort(6379)).writes(ms, REPLICA, Reply::Ok);
        self.reads(ms, REPLICA, Request::Psync(None));
        self.writes(ms, REPLICA, Reply::FullResync(Box::new((branch(1), ReplOffset(0)))));
        self.take(ms, What::Tick).take(ms, What::Gave(REPLICA));
        self.acks(ms, 0)
    }

    fn acks(&mut self, ms: u64, offset: u64) -> &mut Tape {
        self.reads(ms, REPLICA, Request::ReplconfAck(ReplOffset(offset)))
    }

    fn says(&mut self, ms: u64, info: Info) -> &mut Tape {
        self.reads(ms, SENTINEL, Request::Info).writes(ms, SENTINEL, Reply::Info(Box::new(info)))
    }

    fn laws(&mut self) -> Vec<ServerLaw> {
        // The last step is over when another begins.
        let last = self.0.0.server_tape.last().map_or(0, |item| item.at.0 / 1_000_000);
        self.take(last, What::Rest);
        let found = self.0.found(Property::ServerProtocol).into_iter().filter_map(|found| match found.detail {
            Detail::ServerAgainstProtocol { law, .. } => Some(law),
            _ => None,
        });
        found.collect()
    }
}

/// Full synchronisations begin at once.
fn at_once() -> RedisConf {
    RedisConf { repl_diskless_sync_delay: 0, ..RedisConf::default() }
}

fn info(offset: u64, acked: Option<u64>) -> Info {
    let replica =
        |acked| ReplicaLine { addr: addr(R2), state: ReplicaState::Online, offset: ReplOffset(acked), lag_secs: 0 };
    Info {
        run_id: RunId(splitbrain_model::Hex40::from_words([1, 0, 0])),
        loading: false,
        slave: None,
        replicas: acked.map(replica).into_iter().collect(),
        replid: branch(1),
        repl_offset: ReplOffset(offset),
    }
}

#[test]
fn info_has_to_name_the_offset_that_follows_from_the_stream() {
    for (offset, laws) in [(140, vec![]), (139, vec![ServerLaw::InfoOffset])] {
        let mut tape = Tape::begin(at_once());
        tape.with_replica(1_000).1.stream = 140;
        tape.says(1_500, info(offset, Some(0)));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn info_has_to_list_what_a_replica_acknowledged() {
    for (acked, laws) in [(100, vec![]), (140, vec![ServerLaw::InfoReplicas])] {
        let mut tape = Tape::begin(at_once());
        tape.with_replica(1_000).1.stream = 140;
        tape.acks(1_400, 100).says(1_500, info(140, Some(acked)));
        assert_eq!(tape.laws(), laws);
    }
}

/// What becomes of a second PSYNC on another connection, which asks for this byte of the history.
fn asked_for(offset: u64, answer: Option<u64>) -> Vec<ServerLaw> {
    let mut tape = Tape::begin(at_once());
    tape.with_replica(1_000).1.stream = 20_000;
    tape.acks(1_400, 20_000).take(1_500, What::Accepted(Conn(9), addr(R3)));
    tape.reads(1_600, Conn(9), Request::Psync(Some(Box::new((branch(1), ReplOffset(offset))))));
    if let Some(bytes) = answer {
        tape.writes(1_600, Conn(9), Reply::Continue(Box::new(Continued { id: branch(1), births: Vec::new() })));
        tape.take(1_600, What::Streamed(Conn(9), bytes));
    }
    tape.laws()
}

#[test]
fn what_the_backlog_has_must_be_continued_with_all_that_follows() {
    assert_eq!(asked_for(10_001, Some(10_000)), []);
    assert_eq!(asked_for(10_001, None), [ServerLaw::ContinueRefused]);
    assert_eq!(asked_for(10_001, Some(9_986)), [ServerLaw::StreamWrong]);
}

#[test]
fn what_is_ahead_of_the_stream_cannot_be_continued() {
    assert_eq!(asked_for(20_002, None), []);
    assert_eq!(asked_for(20_002, Some(0)), [ServerLaw::ContinueGroundless]);
}

#[test]
fn a_write_needs_enough_replicas_that_acknowledge() {
    let conf = RedisConf { min_replicas_to_write: 1, min_replicas_max_lag: 3, ..at_once() };
    for (ms, laws) in [(4_000, vec![]), (9_000, vec![ServerLaw::TookUnreplicated])] {
        let mut tape = Tape::begin(conf.clone());
        tape.with_replica(1_000).take(ms, What::Rest).1.writes = 1;
        tape.take(ms + 100, What::Rest);
        assert_eq!(tape.laws(), laws);
    }
}

/// The clock was set back, so that the replica counts for longer; then the process stands still, and what waited meanwhile is
/// served before the timer counts again.
#[test]
fn what_waited_while_the_server_stood_still_is_served_by_the_count_from_before() {
    let conf = RedisConf { min_replicas_to_write: 1, min_replicas_max_lag: 3, ..at_once() };
    for (timer, laws) in [(1_500, vec![]), (60_000, vec![ServerLaw::TookUnreplicated])] {
        let mut tape = Tape::begin(conf.clone());
        tape.with_replica(1_000).take(9_000, What::Rest).1.writes = 1;
        tape.take(9_100, What::Rest);
        for item in tape.0.0.server_tape.iter_mut().rev().take(2) {
            (item.wall, item.timer) = (Millis(60_000), Millis(timer));
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_write_is_not_refused_while_a_replica_acknowledges() {
    let conf = RedisConf { min_replicas_to_write: 1, min_replicas_max_lag: 3, ..at_once() };
    let mut tape = Tape::begin(conf);
    tape.with_replica(1_000);
    for ms in (2_000..6_000).step_by(1_000) {
        tape.acks(ms, 0);
    }
    tape.take(5_500, What::Refused(Kind::Write, ErrorWord::NoReplicas));
    assert_eq!(tape.laws(), [ServerLaw::RefusedReplicated]);
}

/// It counts as online since its snapshot's child ended. If the process then stands still, the dataset is written when that is
/// long ago.
#[test]
fn a_replica_that_has_not_acknowledged_since_it_is_online_may_not_count() {
    let conf = RedisConf { min_replicas_to_write: 1, min_replicas_max_lag: 3, ..at_once() };
    let mut tape = Tape::begin(conf);
    tape.reads(1_000, REPLICA, Request::ReplconfPort(6379)).writes(1_000, REPLICA, Reply::Ok);
    tape.reads(1_000, REPLICA, Request::Psync(None));
    tape.writes(1_000, REPLICA, Reply::FullResync(Box::new((branch(1), ReplOffset(0)))));
    for ms in (2_000..9_000).step_by(1_000) {
        tape.take(ms, What::Tick).take(ms, What::Wrote(REPLICA, Message::Newline));
    }
    tape.take(9_000, What::Tick).take(9_000, What::Gave(REPLICA));
    tape.take(9_000, What::Refused(Kind::Write, ErrorWord::NoReplicas));
    tape.take(10_000, What::Tick).take(10_000, What::Closed(REPLICA));
    assert_eq!(tape.laws(), []);
}

#[test]
fn a_client_that_waits_for_replicas_makes_the_server_ask_them_unless_it_is_answered_at_once() {
    let two = Conn(9);
    for (answered, laws) in [(true, vec![]), (false, vec![ServerLaw::AcksNotAsked])] {
        let mut tape = Tape::begin(at_once());
        tape.with_replica(1_000).1.stream = 100;
        tape.take(1_100, What::Accepted(two, addr(R3)));
        // A first client waits already.
        tape.take(1_200, What::Waits(SENTINEL, Some(100), Millis(0)))
            .take(1_200, What::AskedAcks)
            .take(1_300, What::Rest);
        tape.take(1_400, What::Waits(two, None, Millis(0)));
        if answered {
            tape.writes(1_400, two, Reply::Int(1));
        }
        tape.take(1_500, What::Rest);
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_silent_replica_is_dropped_after_repl_timeout() {
    for (ms, laws) in [(61_000, vec![]), (65_000, vec![ServerLaw::SilentReplicaKept])] {
        let mut tape = Tape::begin(RedisConf { repl_ping_replica_period: 3600, ..at_once() });
        tape.with_replica(1_000).take(ms, What::Rest);
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_clock_that_is_set_forward_makes_nobody_silent() {
    let mut tape = Tape::begin(RedisConf { repl_ping_replica_period: 3600, ..at_once() });
    tape.with_replica(1_000).take(2_000, What::Jumped).take(65_000, What::Rest);
    tape.0.0.server_tape.last_mut().unwrap().what = What::Jumped;
    assert_eq!(tape.laws(), []);
}

#[test]
fn wait_ends_when_its_time_is_over() {
    for (ms, laws) in [(2_500, vec![]), (4_000, vec![ServerLaw::WaitOverdue])] {
        let mut tape = Tape::begin(at_once());
        tape.with_replica(1_000).1.stream = 100;
        tape.take(1_200, What::Waits(SENTINEL, Some(100), Millis(500))).take(1_200, What::AskedAcks);
        assert_eq!(tape.take(ms, What::Rest).laws(), laws);
    }
}

#[test]
fn a_wait_in_which_the_clock_is_set_is_over_when_that_clock_says_so() {
    let mut tape = Tape::begin(RedisConf { repl_ping_replica_period: 3600, ..at_once() });
    tape.with_replica(1_000).1.stream = 100;
    tape.take(1_200, What::Waits(SENTINEL, Some(100), Millis(500))).take(1_200, What::AskedAcks);
    assert_eq!(tape.take(1_300, What::Jumped).take(4_000, What::Rest).laws(), []);
}

#[test]
fn a_shutdown_asks_the_replicas_it_waits_for() {
    for (asks, laws) in [(true, vec![]), (false, vec![ServerLaw::ShutdownUnasked])] {
        let mut tape = Tape::begin(RedisConf { save: Vec::new(), ..at_once() });
        tape.with_replica(1_000).1.stream = 140;
        tape.take(2_000, What::Terminated).take(2_100, What::Tick);
        if asks {
            tape.take(2_100, What::AskedAcks);
        }
        assert_eq!(tape.take(2_900, What::Rest).laws(), laws);
    }
}

#[test]
fn a_shutdown_waits_until_the_replicas_have_everything_and_no_longer() {
    for (acked, laws) in [(100, vec![]), (140, vec![ServerLaw::ShutdownMissed])] {
        let mut tape = Tape::begin(RedisConf { save: Vec::new(), ..at_once() });
        tape.with_replica(1_000).1.stream = 140;
        tape.take(2_000, What::Terminated).take(2_100, What::Tick).take(2_100, What::AskedAcks);
        assert_eq!(tape.acks(2_200, acked).take(2_500, What::Rest).take(3_500, What::Rest).laws(), laws);
    }
}

#[test]
fn every_hello_goes_to_every_subscriber() {
    for (delivered, laws) in [(2, vec![]), (1, vec![ServerLaw::HelloWithheld])] {
        let mut tape = Tape::begin(at_once());
        for conn in [REPLICA, SENTINEL] {
            let subscribe = Request::Subscribe(Channel::Hello);
            tape.reads(500, conn, subscribe).writes(500, conn, Reply::Subscribed(Channel::Hello));
        }
        (tape.1.relayed, tape.1.delivered) = (1, delivered);
        assert_eq!(tape.take(600, What::Rest).laws(), laws);
    }
}

#[test]
fn who_has_a_master_asks_nothing_in_a_shutdown() {
    let mut tape = Tape::begin(RedisConf { save: Vec::new(), ..at_once() });
    tape.with_replica(1_000);
    tape.reads(1_500, SENTINEL, Request::SlaveOf(Some(addr(R3)))).writes(1_500, SENTINEL, Reply::Ok);
    tape.take(1_500, What::Opened(LINK, addr(R3)));
    tape.take(2_000, What::Terminated).take(2_900, What::Rest);
    assert_eq!(tape.laws(), []);
}

#[test]
fn who_gets_another_master_closes_the_connection_to_the_former() {
    for (closes, laws) in [(true, vec![]), (false, vec![ServerLaw::FormerLinkKept])] {
        let mut tape = Tape::begin(RedisConf { replicaof: Some(addr(R2)), ..at_once() });
        tape.take(100, What::Tick).take(100, What::Opened(LINK, addr(R2)));
        tape.reads(500, SENTINEL, Request::SlaveOf(Some(addr(R3)))).writes(500, SENTINEL, Reply::Ok);
        if closes {
            tape.take(500, What::Closed(LINK));
        }
        assert_eq!(tape.take(500, What::Opened(Conn(9), addr(R3))).laws(), laws);
    }
}

#[test]
fn a_rewritten_file_names_the_master_of_that_moment() {
    for (found, laws) in [(Some(addr(R3)), vec![]), (None, vec![ServerLaw::FileWrong])] {
        let mut tape = Tape::begin(at_once());
        tape.reads(500, SENTINEL, Request::SlaveOf(Some(addr(R3)))).writes(500, SENTINEL, Reply::Ok);
        tape.take(500, What::Opened(LINK, addr(R3)));
        tape.reads(600, SENTINEL, Request::ConfigRewrite).writes(600, SENTINEL, Reply::Ok).take(700, What::Rest);
        let conf = RedisConf { replicaof: found, ..at_once() };
        tape.take(900, What::Began(Box::new(Found { conf, rdb: None, aof: false })));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_demoted_master_connects_at_once_and_offers_its_position() {
    for (connects, offer, laws) in [
        (true, Some(141), vec![]),
        (true, Some(140), vec![ServerLaw::OfferWrong]),
        (true, None, vec![ServerLaw::OfferWrong]),
        (false, None, vec![ServerLaw::ConnectMissed]),
    ] {
        let mut tape = Tape::begin(at_once());
        tape.with_replica(1_000).1.stream = 140;
        tape.acks(1_400, 140);
        tape.reads(2_000, SENTINEL, Request::SlaveOf(Some(addr(R3)))).writes(2_000, SENTINEL, Reply::Ok);
        if connects {
            tape.take(2_000, What::Opened(LINK, addr(R3))).take(2_001, What::Connected(LINK));
            let greeting = [Request::Ping, Request::ReplconfPort(6379), Request::ReplconfCapa];
            let offer = offer.map(|offset| Box::new((branch(1), ReplOffset(offset))));
            for request in greeting.into_iter().chain([Request::Psync(offer)]) {
                tape.take(2_002, What::Wrote(LINK, Message::Request(request)));
            }
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_replica_refuses_writes_and_has_no_other_reason_to_refuse_reads() {
    let conf = RedisConf { replicaof: Some(addr(R2)), ..at_once() };
    let mut tape = Tape::begin(conf.clone());
    tape.take(500, What::Refused(Kind::Write, ErrorWord::ReadOnly));
    assert_eq!(tape.laws(), []);
    tape.take(600, What::Refused(Kind::Read, ErrorWord::MasterDown));
    assert_eq!(tape.laws(), [ServerLaw::RefusedGroundless]);
    let mut tape = Tape::begin(conf);
    tape.1.writes = 1;
    tape.take(500, What::Rest);
    assert_eq!(tape.laws(), [ServerLaw::TookAsReplica]);
}

#[test]
fn client_kill_closes_all_of_a_type_but_the_caller() {
    for (closed, laws) in [(true, vec![]), (false, vec![ServerLaw::KillWrong])] {
        let mut tape = Tape::begin(at_once());
        tape.reads(1_000, SENTINEL, Request::ClientKill(ClientType::Normal));
        tape.writes(1_000, SENTINEL, Reply::Int(1));
        if closed {
            tape.take(1_000, What::Closed(REPLICA));
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_replica_heard_before_the_clock_was_set_back_is_silent_by_that_clock() {
    let mut tape = Tape::begin(RedisConf { repl_ping_replica_period: 3600, ..at_once() });
    tape.with_replica(1_000).take(2_000, What::Jumped).take(80_000, What::Rest);
    assert_eq!(tape.laws(), []);
}

/// `redis-1` with these save points and without replicas; it has answered a read, and at 500 ms done so many writes.
fn saving(save: &[(u32, u32)], writes: u32) -> Tape {
    let mut tape = Tape::begin(RedisConf { save: save.to_vec(), ..at_once() });
    (tape.1.reads, tape.1.writes, tape.1.changes) = (1, writes, writes);
    tape.take(500, What::Rest);
    tape
}

/// A run of the timer in which this is asked of the disk.
fn ticks(tape: &mut Tape, ms: u64, calls: &[DiskCall]) {
    tape.take(ms, What::Tick);
    for call in calls {
        tape.take(ms, What::Disk(*call));
    }
}

const SAVES: [DiskCall; 2] = [DiskCall::Forked, DiskCall::Writing(Nanos::from_millis(200))];

#[test]
fn a_server_saves_when_a_save_point_is_reached() {
    // A server that begins with data has one change more than it did writes.
    for (point, writes, saves, laws) in [
        ((5, 2), 1, Some(6_000), vec![]),
        ((5, 2), 1, Some(5_900), vec![ServerLaw::SavedEarly]),
        ((5, 3), 1, Some(6_000), vec![ServerLaw::SavedEarly]),
        ((5, 1), 1, None, vec![ServerLaw::SaveMissed]),
        ((5, 2), 1, None, vec![]),
        ((60, 1), 1, None, vec![]),
    ] {
        let mut tape = saving(&[point], writes);
        tape.take(600, What::Rest);
        if let Some(ms) = saves {
            ticks(&mut tape, ms, &SAVES);
        }
        let last = if saves.is_some() { 6_500 } else { 20_000 };
        assert_eq!(tape.take(last, What::Rest).laws(), laws, "save {point:?}, {saves:?}");
    }
}

#[test]
fn a_server_whose_clock_is_set_back_as_it_starts_saves_when_that_clock_says_so() {
    let mut tape = saving(&[(5, 1)], 1);
    tape.0.0.server_tape[0].wall = Millis(60_000);
    tape.take(600, What::Rest);
    assert_eq!(tape.take(30_000, What::Rest).laws(), []);
}

#[test]
fn what_was_saved_counts_no_more_and_the_seconds_begin_anew() {
    for (again, changes, laws) in
        [(13_000, 3, vec![]), (12_000, 3, vec![ServerLaw::SavedEarly]), (13_000, 0, vec![ServerLaw::SavedEarly])]
    {
        let mut tape = saving(&[(5, 2)], 5);
        ticks(&mut tape, 6_000, &SAVES);
        ticks(&mut tape, 7_000, &[DiskCall::RdbSaved(Millis(7_000))]);
        (tape.1.writes, tape.1.changes) = (5 + changes, 5 + changes);
        ticks(&mut tape, again, &SAVES);
        assert_eq!(tape.laws(), laws, "at {again} with {changes}");
    }
}

/// Two writes are put off until it has ended; but it does not, because its last save fails.
#[test]
fn what_is_put_off_when_a_child_is_forked_is_not_in_its_file() {
    for (ends, laws) in [(true, vec![]), (false, vec![ServerLaw::SavedEarly])] {
        let mut tape = saving(&[(5, 3)], 5);
        if ends {
            tape.take(5_900, What::Terminated);
        }
        tape.1.postponed = 2;
        ticks(&mut tape, 6_000, &SAVES);
        ticks(&mut tape, 7_000, &[DiskCall::RdbSaved(Millis(7_000))]);
        if ends {
            ticks(&mut tape, 7_100, &[DiskCall::Writing(Nanos::ZERO), DiskCall::RdbFailed]);
        }
        tape.1.writes += 1;
        ticks(&mut tape, 13_000, &SAVES);
        assert_eq!(tape.laws(), laws, "ends: {ends}");
    }
}

#[test]
fn a_server_with_save_points_saves_before_it_ends() {
    for (saves, laws) in [(true, vec![]), (false, vec![ServerLaw::LastSaveMissed])] {
        let mut tape = saving(&[(3600, 1)], 1);
        tape.take(1_000, What::Terminated);
        let calls = [DiskCall::Writing(Nanos::ZERO), DiskCall::RdbSaved(Millis(1_100))];
        ticks(&mut tape, 1_100, if saves { &calls } else { &[] });
        assert_eq!(tape.take(1_100, What::Exited(0)).laws(), laws);
    }
}

fn appending(appendfsync: AppendFsync) -> Tape {
    Tape::begin(RedisConf { appendonly: true, appendfsync, ..at_once() })
}

#[test]
fn everysec_syncs_within_a_second_unless_the_disk_is_busy() {
    for (at, busy, laws) in [
        (2_000, false, vec![]),
        (3_000, false, vec![ServerLaw::SyncMissed]),
        (3_000, true, vec![]),
        (6_000, true, vec![ServerLaw::SyncMissed]),
    ] {
        let mut tape = appending(AppendFsync::Everysec);
        tape.take(1_000, What::Rest).take(1_000, What::Disk(DiskCall::Appended));
        if busy {
            tape.take(1_500, What::Rest).take(1_500, What::Disk(DiskCall::Busy));
        }
        tape.take(at, What::Rest).take(at, What::Disk(DiskCall::SyncBegun)).take(9_000, What::Rest);
        assert_eq!(tape.laws(), laws, "at {at}");
    }
}

#[test]
fn who_cannot_sync_before_it_answers_ends() {
    for (appendfsync, ends, laws) in [
        (AppendFsync::Always, true, vec![]),
        (AppendFsync::Always, false, vec![ServerLaw::SyncErrorIgnored]),
        (AppendFsync::Everysec, false, vec![]),
    ] {
        let mut tape = appending(appendfsync);
        tape.take(1_000, What::Rest).take(1_000, What::Disk(DiskCall::SyncFailed));
        if ends {
            tape.take(1_000, What::Exited(1));
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn who_cannot_write_its_files_does_no_writes() {
    let refused = What::Refused(Kind::Write, ErrorWord::Misconf);
    for (call, then, laws) in [
        (Some(DiskCall::Full), Some(refused.clone()), vec![]),
        (Some(DiskCall::Full), None, vec![ServerLaw::TookUnpersisted]),
        (Some(DiskCall::SyncFailed), None, vec![ServerLaw::TookUnpersisted]),
        (Some(DiskCall::Appended), None, vec![]),
        (None, Some(refused), vec![ServerLaw::RefusedGroundless]),
    ] {
        let mut tape = appending(AppendFsync::Everysec);
        tape.take(1_000, What::Rest).take(1_000, What::Disk(call.unwrap_or(DiskCall::Appended)));
        match then {
            Some(refused) => tape.take(1_100, refused),
            None => {
                (tape.1.writes, tape.1.changes) = (1, 1);
                tape.take(1_100, What::Tick)
            }
        };
        assert_eq!(tape.laws(), laws, "{call:?}");
    }
}

#[test]
fn a_save_that_failed_stops_writes_until_one_succeeds() {
    for (stops, succeeds, laws) in
        [(true, false, vec![ServerLaw::TookUnpersisted]), (true, true, vec![]), (false, false, vec![])]
    {
        let mut tape = saving(&[(5, 1)], 1);
        if let What::Began(found) = &mut tape.0.0.server_tape[0].what {
            found.conf.stop_writes_on_bgsave_error = stops;
        }
        ticks(&mut tape, 6_000, &SAVES);
        ticks(&mut tape, 6_300, &[DiskCall::RdbFailed]);
        if succeeds {
            ticks(&mut tape, 11_500, &SAVES);
            ticks(&mut tape, 11_800, &[DiskCall::RdbSaved(Millis(11_800))]);
        }
        (tape.1.writes, tape.1.changes) = (2, 2);
        assert_eq!(tape.take(12_000, What::Tick).laws(), laws);
    }
}

#[test]
fn a_server_whose_last_save_fails_lives_on_and_saves_again() {
    let mut tape = saving(&[(5, 1)], 1);
    tape.take(1_000, What::Terminated);
    ticks(&mut tape, 1_100, &[DiskCall::Writing(Nanos::ZERO), DiskCall::RdbFailed]);
    (tape.1.writes, tape.1.changes) = (2, 2);
    ticks(&mut tape, 6_000, &SAVES);
    ticks(&mut tape, 6_300, &[DiskCall::RdbFailed]);
    assert_eq!(tape.take(6_400, What::Refused(Kind::Write, ErrorWord::Misconf)).laws(), []);
}

#[test]
fn what_comes_behind_a_dataset_that_is_being_loaded_is_not_done_yet() {
    for (loads, laws) in [(true, vec![]), (false, vec![ServerLaw::TookUnpersisted])] {
        let conf = RedisConf { replicaof: Some(addr(R2)), save: vec![(5, 1)], ..at_once() };
        let mut tape = Tape::begin(conf);
        ticks(&mut tape, 400, &[DiskCall::RdbFailed]);
        tape.take(400, What::Opened(LINK, addr(R2))).take(401, What::Connected(LINK));
        let greeting = [Request::Ping, Request::ReplconfPort(6379), Request::ReplconfCapa, Request::Psync(None)];
        for request in greeting {
            tape.take(402, What::Wrote(LINK, Message::Request(request)));
        }
        let answer = Reply::FullResync(Box::new((branch(1), ReplOffset(0))));
        tape.take(403, What::Read(LINK, Message::Reply(answer)));
        if loads {
            tape.take(404, What::Loads(LINK));
        }
        tape.1.applied = 1;
        assert_eq!(tape.take(405, What::Lost(SENTINEL)).laws(), laws, "{loads}");
    }
}
