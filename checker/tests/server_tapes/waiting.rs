//! What a server owes to those who wait: replicas for their dataset, clients for replicas, itself for its master.

use super::*;

/// `redis-2` asks for a full synchronisation at 1 s.
fn asked(conf: RedisConf) -> Tape {
    let mut tape = Tape::begin(conf);
    tape.reads(1_000, REPLICA, Request::ReplconfPort(6379)).writes(1_000, REPLICA, Reply::Ok);
    tape.reads(1_000, REPLICA, Request::Psync(None));
    tape
}

#[test]
fn who_waits_for_a_dataset_is_told_each_second_that_the_server_lives() {
    for (told, laws) in [(true, vec![]), (false, vec![ServerLaw::WaitedSilently])] {
        let mut tape = asked(RedisConf { repl_diskless_sync_delay: 60, ..RedisConf::default() });
        for ms in (2_000..5_000).step_by(1_000) {
            tape.take(ms, What::Tick);
            if told {
                tape.take(ms, What::Wrote(REPLICA, Message::Newline));
            }
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_full_synchronisation_begins_when_its_delay_has_passed() {
    for (begins, laws) in [(true, vec![]), (false, vec![ServerLaw::SyncLate])] {
        let mut tape = asked(RedisConf { repl_diskless_sync_delay: 5, ..RedisConf::default() });
        tape.1.reads = 1;
        for ms in (2_000..10_000).step_by(1_000) {
            tape.take(ms, What::Tick).take(ms, What::Wrote(REPLICA, Message::Newline));
            if begins && ms == 6_000 {
                tape.writes(ms, REPLICA, Reply::FullResync(Box::new((branch(1), ReplOffset(0)))));
            }
        }
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_refused_command_spoils_its_transaction() {
    let executes = |refused: Reply| {
        let mut tape = Tape::begin(at_once());
        tape.reads(1_000, SENTINEL, Request::Multi).writes(1_000, SENTINEL, Reply::Ok);
        tape.reads(1_000, SENTINEL, Request::SlaveOf(None)).writes(1_000, SENTINEL, refused);
        tape.reads(1_000, SENTINEL, Request::Exec).writes(1_000, SENTINEL, Reply::Exec(vec![Reply::Ok]));
        tape.laws()
    };
    assert_eq!(executes(Reply::Queued), []);
    assert_eq!(executes(Reply::Error(ErrorWord::Loading)), [ServerLaw::ExecutedPoisoned]);
}

#[test]
fn an_attempt_to_reach_the_master_has_its_time() {
    for (ms, laws) in [(62_000, vec![]), (20_000, vec![ServerLaw::AttemptCutShort])] {
        let mut tape = Tape::begin(RedisConf { replicaof: Some(addr(R3)), ..at_once() });
        tape.take(2_000, What::Tick).take(2_000, What::Opened(LINK, addr(R3)));
        tape.take(ms, What::Tick).take(ms, What::Closed(LINK)).take(ms, What::Opened(Conn(5), addr(R3)));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn who_was_unblocked_at_a_demotion_is_closed() {
    for (closed, laws) in [(true, vec![]), (false, vec![ServerLaw::UnblockedKept])] {
        let mut tape = Tape::begin(at_once());
        tape.take(1_000, What::Accepted(Conn(9), addr(R3)));
        tape.take(1_100, What::Waits(Conn(9), None, Millis(0)));
        tape.reads(1_200, SENTINEL, Request::SlaveOf(Some(addr(R3)))).writes(1_200, SENTINEL, Reply::Ok);
        tape.take(1_200, What::Opened(LINK, addr(R3)));
        tape.writes(1_200, Conn(9), Reply::Error(ErrorWord::Unblocked));
        if closed {
            tape.take(1_200, What::Closed(Conn(9)));
        }
        tape.take(1_300, What::Tick);
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_server_syncs_what_it_appended_before_it_ends() {
    let (tried, failed) = (Some(DiskCall::Synced), Some(DiskCall::SyncFailed));
    for (call, laws) in [(tried, vec![]), (failed, vec![]), (None, vec![ServerLaw::LastSyncMissed])] {
        let (appendonly, appendfsync, save) = (true, AppendFsync::Everysec, Vec::new());
        let mut tape = Tape::begin(RedisConf { appendonly, appendfsync, save, ..at_once() });
        tape.take(1_000, What::Rest).1.reads = 1;
        tape.take(1_000, What::Rest).take(1_000, What::Disk(DiskCall::Appended));
        tape.take(1_100, What::Terminated);
        tape.take(1_200, What::Tick);
        if let Some(call) = call {
            tape.take(1_200, What::Disk(call));
        }
        tape.take(1_200, What::Exited(0));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_server_whose_last_save_fails_does_not_end() {
    let mut tape = saving(&[(5, 1)], 1);
    tape.take(1_000, What::Terminated);
    ticks(&mut tape, 1_100, &[DiskCall::Writing(Nanos::ZERO), DiskCall::RdbFailed]);
    assert_eq!(tape.take(1_100, What::Exited(0)).laws(), [ServerLaw::LastSaveMissed]);
}

#[test]
fn a_master_that_answers_ping_with_an_error_is_not_greeted_any_further() {
    for (word, laws) in [(ErrorWord::NoAuth, vec![]), (ErrorWord::Loading, vec![ServerLaw::HandshakeWrong])] {
        let mut tape = Tape::begin(RedisConf { replicaof: Some(addr(R3)), ..at_once() });
        tape.take(2_000, What::Tick).take(2_000, What::Opened(LINK, addr(R3))).take(2_100, What::Connected(LINK));
        tape.take(2_100, What::Wrote(LINK, Message::Request(Request::Ping)));
        tape.take(2_200, What::Read(LINK, Message::Reply(Reply::Error(word))));
        tape.take(2_200, What::Wrote(LINK, Message::Request(Request::ReplconfPort(6379))));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn a_full_synchronisation_waits_for_as_long_as_a_slow_clock_says() {
    let mut tape = asked(RedisConf { repl_diskless_sync_delay: 5, ..RedisConf::default() });
    tape.1.reads = 1;
    for ms in (2_000..10_000).step_by(1_000) {
        tape.take(ms, What::Tick).take(ms, What::Wrote(REPLICA, Message::Newline));
    }
    for item in tape.0.0.server_tape.iter_mut().filter(|item| item.wall > Millis(5_000)) {
        (item.wall, item.timer) = (Millis(item.wall.0 - 4_000), Millis(item.timer.0 - 4_000));
    }
    assert_eq!(tape.laws(), []);
}

/// Its last replica goes while it waits for it, its last save fails, and two hellos that were put off are published to nobody.
#[test]
fn what_was_put_off_for_an_end_that_does_not_come_makes_the_stream_longer() {
    for (bytes, laws) in [(0, vec![]), (270, vec![]), (2_700, vec![ServerLaw::InfoOffset])] {
        let mut tape = Tape::begin(RedisConf { save: vec![(3_600, 1)], ..at_once() });
        tape.with_replica(1_000).1.stream = 140;
        tape.take(2_000, What::Terminated).take(2_100, What::Tick).take(2_100, What::AskedAcks).1.held = 2;
        tape.take(2_200, What::Lost(REPLICA));
        ticks(&mut tape, 2_300, &[DiskCall::Writing(Nanos::ZERO), DiskCall::RdbFailed]);
        assert_eq!(tape.says(2_400, info(140 + bytes, None)).laws(), laws, "{bytes} bytes");
    }
}
