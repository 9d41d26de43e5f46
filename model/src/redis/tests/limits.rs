//! Limits of output buffers and what counts towards them (Redis spec 13.5, 5, 4.2).

use super::net::{Net, addr, plain, replica};
use super::{get, set};
use crate::files::{OutputLimit, RedisConf};
use crate::message::{ReplicaState, Reply, Request};
use crate::note::Note;
use crate::{Conn, Nanos};

const KIB: u64 = 1024;

fn limit(hard: u64, soft: u64, soft_seconds: u32) -> RedisConf {
    let replica_output_limit = OutputLimit { hard, soft, soft_seconds };
    RedisConf { replica_output_limit, repl_backlog_size: 16 * KIB, ..plain() }
}

/// Links that the first server closed for their output: bytes and whether the soft limit was the reason.
fn closed(net: &Net) -> Vec<(u64, bool)> {
    let notes = net.servers[0].notes.iter();
    notes
        .filter_map(|(_, note)| match note {
            Note::OverOutputLimit { bytes, soft, .. } => Some((*bytes, *soft)),
            _ => None,
        })
        .collect()
}

fn state(net: &mut Net, client: usize) -> Option<ReplicaState> {
    let Reply::Info(info) = net.ask(client, Request::Info) else { panic!("INFO is answered") };
    info.replicas.first().map(|line| line.state)
}

/// The connection of the only replica of the first server.
fn link(net: &Net) -> Conn {
    net.redis(0).replicas[0].conn
}

#[test]
fn what_a_full_socket_refuses_is_held_against_the_limits() {
    for (hard, soft, refused, expected) in [
        (64 * KIB, 0, 64 * KIB - 1, None),
        (64 * KIB, 0, 64 * KIB, Some(false)),
        (0, 0, 1 << 40, None),
        // A hard limit below the backlog's size is that size.
        (1, 0, 16 * KIB - 1, None),
        (1, 0, 16 * KIB, Some(false)),
        // The soft limit has no such floor.
        (0, KIB, KIB, Some(true)),
        (0, KIB, KIB - 1, None),
    ] {
        let mut net = Net::synced(vec![limit(hard, soft, 2), replica()]);
        let conn = link(&net);
        net.servers[0].refused = vec![(conn, refused)];
        net.run_ms(4500);
        let why = closed(&net).first().map(|(_, soft)| *soft);
        assert_eq!(why, expected, "{hard} {soft} {refused}");
    }
}

#[test]
fn the_soft_limit_strikes_after_more_than_its_seconds_without_a_break() {
    let mut net = Net::synced(vec![limit(0, KIB, 3), replica()]);
    let conn = link(&net);
    net.servers[0].refused = vec![(conn, 2 * KIB)];
    net.run_ms(2500);
    net.servers[0].refused.clear();
    net.run_ms(500);
    net.servers[0].refused = vec![(conn, 2 * KIB)];
    let from = net.now;
    net.run_ms(2900);
    assert_eq!(closed(&net), [], "the count began again");
    net.run_ms(2200);
    let (at, _) = net.servers[0].notes.iter().find(|(_, note)| matches!(note, Note::OverOutputLimit { .. })).unwrap();
    assert!((3_000_000_000..=5_000_000_000).contains(&(at - from)), "{}", at - from);
}

#[test]
fn a_closed_replica_comes_back_and_continues_if_the_backlog_reaches() {
    let mut net = Net::synced(vec![limit(64 * KIB, 0, 0), replica()]);
    let (conn, c) = (link(&net), net.client(0));
    net.servers[0].refused = vec![(conn, 64 * KIB)];
    net.ask(c, set(1, 1));
    net.servers[0].refused.clear();
    net.run_ms(1500);
    assert_eq!(closed(&net).len(), 1);
    assert!(net.redis(1).link_up());
    let partial = net.servers[1].notes.iter().any(|(_, note)| matches!(note, Note::PartialSync { .. }));
    assert!(partial, "what the closed connection swallowed comes from the backlog");
    assert_eq!(net.redis(1).dataset(), net.redis(0).dataset());
}

#[test]
fn what_piles_up_during_a_full_sync_counts_and_the_sync_starts_over_for_ever() {
    for (hard, loops) in [(32 * KIB, true), (4096 * KIB, false)] {
        let mut net = Net::new(vec![limit(hard, 0, 0), replica()]);
        net.servers[0].disk.save_time = Nanos::from_secs(3);
        let c = net.client(0);
        // About 30 bytes each, one per 2 ms: 45 kB while the child writes.
        for value in 0..10_000 {
            net.send(c, set(0, value));
            net.run_ms(2);
        }
        assert_eq!(closed(&net).len() > 3, loops, "{:?}", closed(&net));
        assert_eq!(net.redis(1).link_up(), !loops);
    }
}

#[test]
fn subscribers_have_limits_of_their_own_and_normal_clients_none() {
    let pubsub_output_limit = OutputLimit { hard: 10_000, soft: 0, soft_seconds: 0 };
    let mut net = Net::new(vec![RedisConf { pubsub_output_limit, ..plain() }]);
    let (subscriber, normal) = (net.client(0), net.client(0));
    net.ask(subscriber, Request::Subscribe(crate::message::Channel::Hello));
    net.servers[0].refused = vec![(Conn(0), 10_000), (Conn(1), 1 << 40)];
    net.run_ms(200);
    assert!(net.is_closed(subscriber));
    assert_eq!(net.ask(normal, get(0)), Reply::Value(None));
}

#[test]
fn a_file_on_its_way_is_send_bulk_and_the_stream_follows_it() {
    let master = RedisConf { repl_diskless_sync: false, ..plain() };
    let mut net = Net::new(vec![master, replica()]);
    let c = net.client(0);
    net.servers[0].disk.save_time = Nanos::from_millis(500);
    assert_eq!(net.ask(c, set(0, 7)), Reply::Ok);
    let mut states = Vec::new();
    while net.now < 3_000_000_000 {
        let state = state(&mut net, c);
        if states.last() != Some(&state) {
            states.push(state);
        }
        net.ask(c, set(1, net.now));
        net.run_ms(10);
    }
    use ReplicaState::{Online, SendBulk, WaitBgsave};
    assert_eq!(states, [Some(WaitBgsave), Some(SendBulk), Some(Online)]);
    net.run_ms(50);
    assert_eq!(net.redis(1).dataset(), net.redis(0).dataset());
}

#[test]
fn a_second_replica_joins_a_running_snapshot_at_its_offset() {
    let master = RedisConf { repl_diskless_sync: false, ..plain() };
    let mut net = Net::new(vec![master, replica(), plain()]);
    net.servers[0].disk.save_time = Nanos::from_secs(2);
    net.run_ms(1000);
    let (c, late) = (net.client(0), net.client(2));
    net.ask(c, set(0, 7));
    net.ask(late, Request::SlaveOf(Some(addr(0))));
    net.run_ms(2500);
    assert!(net.redis(1).link_up() && net.redis(2).link_up(), "one snapshot served both");
    assert_eq!(net.redis(2).dataset(), net.redis(0).dataset(), "with the write after the fork");
}
