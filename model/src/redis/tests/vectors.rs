//! The conformance vectors that servers without Sentinels can play.

use super::net::{Net, Seen, addr, plain, replica};
use super::{get, register, set};
use crate::error::ErrorWord;
use crate::files::RedisConf;
use crate::message::{ClientType, LinkState, Reply, Request, RoleReply};
use crate::time::{Millis, Nanos};
use crate::value::Value;

const OK: Reply = Reply::Ok;

fn error(word: ErrorWord) -> Reply {
    Reply::Error(word)
}

fn wait(replicas: u32, ms: i64) -> Request {
    Request::Wait(replicas, Millis(ms))
}

/// What Sentinel sends to change a role (spec 13.1).
fn sentinel_transaction(master: Option<usize>) -> [Request; 6] {
    [
        Request::Multi,
        Request::SlaveOf(master.map(addr)),
        Request::ConfigRewrite,
        Request::ClientKill(ClientType::Normal),
        Request::ClientKill(ClientType::Pubsub),
        Request::Exec,
    ]
}

#[test]
fn v1_wait_counts_against_the_offset_of_its_own_connection() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let (a, warm) = (net.client(0), net.client(0));
    assert_eq!(net.ask(warm, Request::Ping), Reply::Pong);
    net.freeze(1);
    assert_eq!(net.ask(a, set(0, 1)), OK);
    let b = net.client(0);
    assert_eq!(net.ask(b, wait(1, 2000)), Reply::Int(1));
    let sent = net.now;
    net.send(a, wait(1, 1000));
    net.run_ms(1200);
    let (at, seen) = net.clients[a].seen.last().unwrap();
    assert!(matches!(seen, Seen::Reply(Reply::Int(0))), "{seen:?}");
    let took = (at - sent) / 1_000_000;
    assert!((1000..=1110).contains(&took), "{took}");
    // Any command makes the target current, even PING.
    assert_eq!(net.ask(warm, Request::Ping), Reply::Pong);
    net.send(warm, wait(1, 100));
    net.run_ms(300);
    assert_eq!(net.replies(warm).last(), Some(&Reply::Int(0)));
}

#[test]
fn wait_asks_the_replicas_and_returns_before_their_next_cron() {
    let mut net = Net::synced(vec![plain(), replica(), replica()]);
    let a = net.client(0);
    net.send(a, set(0, 1));
    assert_eq!(net.ask(a, wait(2, 1000)), OK);
    assert_eq!(net.replies(a).last(), Some(&Reply::Int(2)));
}

#[test]
fn commands_behind_a_blocked_wait_run_once_it_is_released() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let a = net.client(0);
    net.freeze(1);
    net.send(a, set(0, 1));
    net.send(a, wait(1, 300));
    net.send(a, get(0));
    net.run_ms(50);
    assert_eq!(net.replies(a), [OK]);
    net.run_ms(400);
    assert_eq!(net.replies(a), [OK, Reply::Int(0), Reply::Value(Some(Value(1)))]);
}

#[test]
fn v2_a_frozen_master_executes_on_waking_what_dead_clients_had_sent() {
    let mut net = Net::new(vec![plain()]);
    let old = [net.client(0), net.client(0)];
    net.freeze(0);
    let new = [net.client(0), net.client(0)];
    for (number, client) in old.into_iter().chain(new).enumerate() {
        net.send(client, set(number as u32, 7));
        net.run_ms(1);
        net.hang_up(client);
    }
    net.run_ms(100);
    net.thaw(0);
    for number in 0..4 {
        assert_eq!(net.redis(0).dataset().register(register(number)), Some(Value(7)));
    }
}

#[test]
fn v3_a_bare_replicaof_ends_a_blocked_wait_with_unblocked_then_close() {
    let mut net = Net::new(vec![plain(), plain()]);
    let (blocked, operator, other) = (net.client(0), net.client(0), net.client(0));
    net.send(blocked, wait(1, 0));
    net.run_ms(5);
    assert_eq!(net.ask(operator, Request::SlaveOf(Some(addr(1)))), OK);
    assert_eq!(net.replies(blocked), [error(ErrorWord::Unblocked)]);
    assert!(net.is_closed(blocked));
    assert!(!net.is_closed(other), "normal clients stay");
}

#[test]
fn v4_the_sentinel_transaction_drops_the_unblocked_text() {
    let mut net = Net::new(vec![plain(), plain()]);
    let (blocked, sentinel) = (net.client(0), net.client(0));
    net.send(blocked, wait(1, 0));
    net.run_ms(5);
    for request in sentinel_transaction(Some(1)) {
        net.send(sentinel, request);
    }
    net.run_ms(10);
    assert!(net.replies(blocked).is_empty() && net.is_closed(blocked));
    let expected = Reply::Exec(vec![OK, OK, Reply::Int(1), Reply::Int(0)]);
    assert_eq!(net.replies(sentinel).last(), Some(&expected));
    assert_eq!(net.servers[0].disk.conf.as_ref().unwrap().replicaof, Some(addr(1)));
}

#[test]
fn v5_a_write_read_just_before_the_sentinel_transaction_is_applied_and_not_answered() {
    let mut net = Net::new(vec![plain(), RedisConf::default()]);
    let (client, sentinel) = (net.client(0), net.client(0));
    net.freeze(0);
    net.send(client, set(0, 3));
    for request in sentinel_transaction(Some(1)) {
        net.send(sentinel, request);
    }
    net.run_ms(5);
    net.thaw(0);
    net.run_ms(5);
    assert_eq!(net.redis(0).dataset().register(register(0)), Some(Value(3)));
    assert!(net.replies(client).is_empty() && net.is_closed(client));
}

#[test]
fn v6_exec_after_a_demotion_is_execabort() {
    let mut net = Net::new(vec![plain(), plain()]);
    let (client, operator) = (net.client(0), net.client(0));
    assert_eq!(net.ask(client, Request::Multi), OK);
    assert_eq!(net.ask(client, set(0, 1)), Reply::Queued);
    assert_eq!(net.ask(operator, Request::SlaveOf(Some(addr(1)))), OK);
    assert_eq!(net.ask(client, Request::Exec), error(ErrorWord::ExecAbort));
    assert_eq!(net.ask(client, Request::Exec), error(ErrorWord::Err));
}

#[test]
fn v7_what_a_loading_replica_answers() {
    let delayed = RedisConf { repl_diskless_sync_delay: 2, ..plain() };
    let mut net = Net::new(vec![delayed, replica()]);
    net.servers[1].disk.load_time = Nanos::from_secs(20);
    let filler = net.client(0);
    assert_eq!(net.ask(filler, set(0, 1)), OK);
    net.servers[0].node.as_mut().unwrap().data.ballast = 3 << 20;
    let c = net.client(1);
    net.run_ms(3500);
    assert!(net.redis(1).loading());
    assert_eq!(net.ask(c, Request::Ping), error(ErrorWord::Loading));
    assert_eq!(net.ask(c, get(0)), error(ErrorWord::Loading));
    assert_eq!(net.ask(c, set(0, 1)), error(ErrorWord::ReadOnly));
    assert_eq!(net.ask(c, Request::SlaveOf(None)), error(ErrorWord::Loading));
    assert_eq!(net.ask(c, Request::Multi), OK);
    assert_eq!(net.ask(c, Request::SlaveOf(None)), error(ErrorWord::Loading));
    assert_eq!(net.ask(c, Request::Exec), error(ErrorWord::ExecAbort));
    let role = RoleReply::Slave(addr(0), LinkState::Sync, None);
    assert_eq!(net.ask(c, Request::Role), Reply::Role(Box::new(role)));
    net.run_ms(25_000);
    assert!(net.redis(1).link_up());
    assert_eq!(net.ask(c, get(0)), Reply::Value(Some(Value(1))));
    assert_eq!(net.redis(1).lineage(), net.redis(0).lineage());
}

#[test]
fn v8_a_replica_that_serves_no_stale_data() {
    let conf = RedisConf { replica_serve_stale_data: false, ..replica() };
    let mut net = Net::synced(vec![plain(), conf]);
    let c = net.client(1);
    assert_eq!(net.ask(c, get(0)), Reply::Value(None));
    net.kill(0);
    net.run_ms(10);
    assert_eq!(net.ask(c, get(0)), error(ErrorWord::MasterDown));
    assert_eq!(net.ask(c, Request::Ping), error(ErrorWord::MasterDown));
    assert_eq!(net.ask(c, set(0, 1)), error(ErrorWord::ReadOnly));
    assert!(matches!(net.ask(c, Request::Info), Reply::Info(_)));
}

#[test]
fn v9_after_a_failed_save_writes_and_ping_are_refused() {
    let conf = RedisConf { save: vec![(1, 1)], ..plain() };
    let mut net = Net::new(vec![conf]);
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), OK);
    net.servers[0].disk.rdb_fails = true;
    net.run_ms(3000);
    assert_eq!(net.ask(c, Request::Ping), error(ErrorWord::Misconf));
    assert_eq!(net.ask(c, set(0, 2)), error(ErrorWord::Misconf));
    assert_eq!(net.ask(c, get(0)), Reply::Value(Some(Value(1))));
    let hello = super::replication::hello();
    assert_eq!(net.ask(c, Request::Publish(hello)), Reply::Int(0));
    net.servers[0].disk.rdb_fails = false;
    net.run_ms(7000);
    assert_eq!(net.ask(c, set(0, 2)), OK);
}

#[test]
fn v13_an_empty_restarted_master_empties_its_replica_after_the_diskless_delay() {
    let master = RedisConf { repl_diskless_sync_delay: 5, ..plain() };
    let mut net = Net::new(vec![master, replica()]);
    net.run_ms(7000);
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), OK);
    let start = net.now;
    net.kill(0);
    net.start(0);
    let mut kept_ms = 0;
    while net.redis(1).dataset().register(register(0)).is_some() {
        net.run_ms(10);
        kept_ms = (net.now - start) / 1_000_000;
        assert!(kept_ms < 10_000);
    }
    assert!((4900..7100).contains(&kept_ms), "{kept_ms}");
}

#[test]
fn v14_a_replica_without_persistence_continues_after_a_restart_right_behind_its_full_sync() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let before = net.redis(1).lineage();
    net.servers[1].notes.clear();
    net.kill(1);
    net.start(1);
    net.run_ms(1500);
    assert!(net.redis(1).link_up());
    assert_eq!(net.redis(1).lineage(), before);
    let notes = &net.servers[1].notes;
    assert!(notes.iter().any(|(_, note)| matches!(note, crate::note::Note::PartialSync { .. })));
}

#[test]
fn v15_a_replica_with_an_append_only_file_needs_a_full_sync_after_a_restart() {
    let conf = RedisConf { appendonly: true, ..replica() };
    let mut net = Net::synced(vec![plain(), conf]);
    net.servers[1].notes.clear();
    net.kill(1);
    net.start(1);
    net.run_ms(1500);
    assert!(net.redis(1).link_up());
    let notes = &net.servers[1].notes;
    assert!(notes.iter().any(|(_, note)| matches!(note, crate::note::Note::FullSync { .. })));
    assert!(!notes.iter().any(|(_, note)| matches!(note, crate::note::Note::PartialSync { .. })));
}

#[test]
fn v16_sigterm_waits_ten_seconds_for_a_frozen_replica() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let (writer, reader) = (net.client(0), net.client(0));
    net.freeze(1);
    assert_eq!(net.ask(writer, set(0, 1)), OK);
    let start = net.now;
    net.iterate(0, vec![crate::Input::Terminate]);
    net.run_ms(1000);
    net.send(writer, set(0, 2));
    net.run_ms(10);
    assert_eq!(net.ask(reader, get(0)), Reply::Value(Some(Value(1))));
    net.run_ms(12_000);
    let (at, status) = net.servers[0].exit.unwrap();
    let took = (at - start) / 1_000_000;
    assert!((10_000..10_250).contains(&took) && status == 0, "{took}");
    assert_eq!(net.replies(writer), [OK]);
    assert!(net.is_closed(writer));
}

#[test]
fn sigterm_ends_quickly_if_the_replica_has_everything() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), OK);
    let start = net.now;
    net.iterate(0, vec![crate::Input::Terminate]);
    net.run_ms(3000);
    let (at, _) = net.servers[0].exit.unwrap();
    assert!((at - start) / 1_000_000 < 2200);
}

fn min_replicas() -> RedisConf {
    RedisConf { min_replicas_to_write: 1, min_replicas_max_lag: 10, ..plain() }
}

#[test]
fn v17_min_replicas_refuses_from_the_end_of_the_replicas_link_on() {
    let mut net = Net::synced(vec![min_replicas(), replica()]);
    let (early, late) = (net.client(0), net.client(0));
    assert_eq!(net.ask(early, set(0, 1)), OK);
    net.freeze(0);
    net.send(early, set(1, 1));
    net.run_ms(100);
    // The replica leaves without sending anything first.
    net.cut = true;
    net.kill(1);
    net.run_ms(12_900);
    net.send(late, set(2, 1));
    net.run_ms(10);
    // The acknowledgements sent before it left do not stand in the way of the vector.
    net.servers[0].queued_without_requests_of_servers();
    net.thaw(0);
    net.run_ms(5);
    assert_eq!(net.replies(early), [OK, OK]);
    assert_eq!(net.replies(late), [error(ErrorWord::NoReplicas)]);
}

#[test]
fn min_replicas_looks_at_the_count_of_the_last_cron_only() {
    let mut net = Net::synced(vec![min_replicas(), replica()]);
    let c = net.client(0);
    net.freeze(1);
    let start = net.now;
    let mut refused_ms = 0;
    while refused_ms == 0 {
        net.run_ms(20);
        if net.ask(c, set(0, net.now)) == error(ErrorWord::NoReplicas) {
            refused_ms = (net.now - start) / 1_000_000;
        }
        assert!(net.now - start < 15_000_000_000);
    }
    assert!((10_000..12_100).contains(&refused_ms), "{refused_ms}");
}

#[test]
fn min_replicas_counts_nobody_before_the_first_replica() {
    let mut net = Net::new(vec![min_replicas()]);
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), error(ErrorWord::NoReplicas));
    assert_eq!(net.ask(c, get(0)), Reply::Value(None));
}

#[test]
fn v18_an_idle_master_with_one_replica_produces_fourteen_bytes_per_ping() {
    let conf = RedisConf { repl_ping_replica_period: 1, ..plain() };
    let mut net = Net::synced(vec![conf, replica()]);
    let before = net.redis(0).history.offset;
    net.run_ms(10_050);
    let grown = net.redis(0).history.offset - before;
    // The 1 s job runs on every tenth cron run; a run takes no time here.
    assert_eq!(grown, 140);
    assert_eq!(net.redis(1).history.offset, net.redis(0).history.offset);
}
