//! Replication: what a promotion, a demotion and a lost link leave, and the bytes of the stream.

use super::net::{HOP, Net, addr, env_at, plain, replica};
use super::{get, register, set};
use crate::error::ErrorWord;
use crate::files::RedisConf;
use crate::ids::{Epoch, SentinelId};
use crate::message::{
    Channel, ClientType, Credentials, Hello, Input, Message, ReplicaState, Reply, Request, StreamItem,
};
use crate::note::Note;
use crate::value::{Command, Key, Space, Value};
use crate::{Addr, Conn, Effects, Node};
use std::sync::Arc;

pub fn hello() -> Arc<Hello> {
    Arc::new(Hello {
        announce: addr(7),
        id: SentinelId::default(),
        current_epoch: Epoch(1),
        master_name: "mymaster".into(),
        master: addr(0),
        config_epoch: Epoch(1),
    })
}

fn partial_syncs(net: &Net, server: usize) -> usize {
    let notes = net.servers[server].notes.iter();
    notes.filter(|(_, note)| matches!(note, Note::PartialSync { .. })).count()
}

fn full_syncs(net: &Net, server: usize) -> usize {
    let notes = net.servers[server].notes.iter();
    notes.filter(|(_, note)| matches!(note, Note::FullSync { .. })).count()
}

#[test]
fn a_replica_follows_byte_by_byte_and_write_by_write() {
    let mut net = Net::synced(vec![plain(), replica(), replica()]);
    let c = net.client(0);
    let before = net.redis(0).history.offset;
    assert_eq!(net.ask(c, set(0, 1)), Reply::Ok);
    let one = StreamItem::Write(crate::Command::Set(register(0), Value(1))).wire_len();
    assert_eq!(net.redis(0).history.offset - before, one + 23);
    assert_eq!(net.ask(c, set(0, 2)), Reply::Ok);
    assert_eq!(net.redis(0).history.offset - before, 2 * one + 23);
    for server in [1, 2] {
        assert_eq!(net.redis(server).history.offset, net.redis(0).history.offset);
        assert_eq!(net.redis(server).lineage(), net.redis(0).lineage());
        assert_eq!(net.redis(server).dataset(), net.redis(0).dataset());
    }
    assert_eq!(net.redis(0).lineage().writes, 2);
}

#[test]
fn a_published_hello_reaches_the_replicas_subscribers_and_moves_the_offset() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let (here, there, publisher) = (net.client(0), net.client(1), net.client(0));
    for subscriber in [here, there] {
        let reply = net.ask(subscriber, Request::Subscribe(Channel::Hello));
        assert_eq!(reply, Reply::Subscribed(Channel::Hello));
        assert_eq!(net.ask(subscriber, get(0)), Reply::Error(ErrorWord::Err));
        assert_eq!(net.ask(subscriber, Request::Ping), Reply::Pong);
    }
    let before = net.redis(0).history.offset;
    assert_eq!(net.ask(publisher, Request::Publish(hello())), Reply::Int(1));
    let len = StreamItem::Publish(hello()).wire_len();
    assert_eq!(net.redis(0).history.offset - before, len + 23);
    for subscriber in [here, there] {
        assert!(matches!(net.last(subscriber), super::net::Seen::Hello));
    }
    // On the replica it is a local matter.
    let local = net.client(1);
    let offset = net.redis(1).history.offset;
    assert_eq!(net.ask(local, Request::Publish(hello())), Reply::Int(1));
    assert_eq!(net.redis(1).history.offset, offset);
}

#[test]
fn a_hello_is_propagated_even_after_the_last_replica_left_but_not_before_the_first_came() {
    let mut net = Net::synced(vec![plain(), replica()]);
    net.kill(1);
    net.run_ms(10);
    let c = net.client(0);
    let before = net.redis(0).history.offset;
    assert_eq!(net.ask(c, Request::Publish(hello())), Reply::Int(0));
    assert!(net.redis(0).history.offset > before);
    let mut alone = Net::new(vec![plain()]);
    let c = alone.client(0);
    assert_eq!(alone.ask(c, Request::Publish(hello())), Reply::Int(0));
    assert_eq!(alone.ask(c, set(0, 1)), Reply::Ok);
    assert_eq!(alone.redis(0).history.offset, 0);
    assert_eq!(alone.redis(0).lineage().writes, 1);
}

#[test]
fn a_transaction_is_wrapped_only_if_it_propagates_more_than_one_command() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let c = net.client(0);
    assert_eq!(net.ask(c, set(0, 1)), Reply::Ok);
    let one = StreamItem::Write(crate::Command::Set(register(0), Value(1))).wire_len();
    for (writes, extra) in [(1, 0), (2, 29)] {
        let before = net.redis(0).history.offset;
        assert_eq!(net.ask(c, Request::Multi), Reply::Ok);
        for _ in 0..writes {
            assert_eq!(net.ask(c, set(0, 1)), Reply::Queued);
        }
        assert_eq!(net.ask(c, Request::Exec), Reply::Exec(vec![Reply::Ok; writes]));
        assert_eq!(net.redis(0).history.offset - before, writes as u64 * one + extra);
        assert_eq!(net.redis(1).history.offset, net.redis(0).history.offset);
        assert_eq!(net.redis(1).lineage(), net.redis(0).lineage());
    }
}

/// Kills the master, promotes server 1 and re-points server 2 to it.
fn promote(net: &mut Net) {
    let c = net.client(1);
    assert_eq!(net.ask(c, Request::SlaveOf(None)), Reply::Ok);
    let c = net.client(2);
    assert_eq!(net.ask(c, Request::SlaveOf(Some(addr(1)))), Reply::Ok);
    net.run_ms(20);
}

#[test]
fn after_a_promotion_the_other_replica_continues_and_both_are_on_the_new_branch() {
    let mut net = Net::synced(vec![plain(), replica(), replica()]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    // Server 2 misses the second write, server 1 has it.
    net.freeze(2);
    net.ask(c, set(0, 2));
    let old = net.redis(1).lineage();
    let old_id = net.redis(1).history.replid;
    net.servers[2].queued_without_requests_of_servers();
    net.kill(0);
    net.run_ms(10);
    net.thaw(2);
    assert_eq!(net.redis(2).lineage().writes, 1);
    promote(&mut net);
    assert_eq!(partial_syncs(&net, 2), 1);
    assert_eq!(full_syncs(&net, 2), 1, "the first one only");
    let master = &net.redis(1).history;
    assert_eq!(master.second.map(|(id, _)| id), Some(old_id));
    assert_eq!(net.redis(2).history.replid, master.replid);
    assert_eq!(net.redis(2).lineage(), net.redis(1).lineage());
    assert_eq!(net.redis(1).lineage().writes, 0);
    let born = Note::Branch { id: master.replid, parent: Some(old) };
    assert!(net.servers[1].notes.iter().any(|(_, note)| *note == born));
    let c = net.client(1);
    net.ask(c, set(0, 3));
    assert_eq!(net.redis(2).lineage().writes, 1);
    assert_eq!(net.redis(2).dataset(), net.redis(1).dataset());
}

#[test]
fn a_demoted_master_continues_only_if_it_produced_nothing_after_the_promoted_replica() {
    for surplus in [false, true] {
        let mut net = Net::synced(vec![plain(), replica(), replica()]);
        let c = net.client(0);
        net.ask(c, set(0, 1));
        promote(&mut net);
        if surplus {
            // The backlog is still there, so one published hello is a surplus byte or more.
            net.ask(c, Request::Publish(hello()));
        }
        let c = net.client(0);
        assert_eq!(net.ask(c, Request::SlaveOf(Some(addr(1)))), Reply::Ok);
        net.run_ms(1200);
        assert!(net.redis(0).link_up());
        assert_eq!((partial_syncs(&net, 0), full_syncs(&net, 0)), if surplus { (0, 1) } else { (1, 0) });
        assert_eq!(net.redis(0).lineage(), net.redis(1).lineage());
    }
}

#[test]
fn a_demoted_master_serves_its_old_data_until_the_transfer_is_complete() {
    let new_master = RedisConf { repl_diskless_sync_delay: 5, ..plain() };
    let mut net = Net::new(vec![plain(), new_master]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    assert_eq!(net.ask(c, Request::SlaveOf(Some(addr(1)))), Reply::Ok);
    assert_eq!(net.ask(c, set(0, 2)), Reply::Error(ErrorWord::ReadOnly));
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    let slave = info.slave.unwrap();
    assert_eq!((slave.down_since_secs, slave.last_io_secs), (Some(-1), -1));
    net.run_ms(4000);
    assert_eq!(net.ask(c, get(0)), Reply::Value(Some(Value(1))));
    net.run_ms(3500);
    assert_eq!(net.ask(c, get(0)), Reply::Value(None));
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    assert_eq!(info.slave.unwrap().down_since_secs, None);
}

#[test]
fn info_lists_replicas_with_state_offset_and_lag() {
    let master = RedisConf { repl_diskless_sync_delay: 5, ..plain() };
    let mut net = Net::new(vec![master, replica()]);
    let c = net.client(0);
    net.run_ms(500);
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    assert_eq!(info.replicas[0].state, ReplicaState::WaitBgsave);
    assert_eq!(info.replicas[0].addr, addr(1));
    net.run_ms(7000);
    net.freeze(1);
    net.run_ms(3500);
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    assert_eq!(info.replicas[0].state, ReplicaState::Online);
    assert!((3..=4).contains(&info.replicas[0].lag_secs), "{}", info.replicas[0].lag_secs);
    let Reply::Role(role) = net.ask(c, Request::Role) else { panic!() };
    assert!(matches!(*role, crate::message::RoleReply::Master(_, ref online) if online.len() == 1));
}

#[test]
fn a_replica_in_its_first_sync_reports_offset_1_and_then_its_cached_offset() {
    let master = RedisConf { repl_diskless_sync_delay: 5, ..plain() };
    let mut net = Net::new(vec![master, replica()]);
    net.run_ms(500);
    let c = net.client(1);
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    assert_eq!(info.slave.unwrap().offset.0, 1);
    net.run_ms(7000);
    let w = net.client(0);
    net.ask(w, set(0, 1));
    let offset = net.redis(1).history.offset;
    net.kill(0);
    net.run_ms(2000);
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!() };
    let slave = info.slave.unwrap();
    assert_eq!((slave.offset.0, slave.link_up), (offset, false));
    assert!((1..=2).contains(&slave.down_since_secs.unwrap()));
}

#[test]
fn silent_peers_are_given_up_after_repl_timeout_by_both_sides() {
    let conf = |conf: RedisConf| RedisConf { repl_timeout: 5, repl_ping_replica_period: 1, ..conf };
    let mut net = Net::synced(vec![conf(plain()), conf(replica())]);
    net.run_ms(900);
    net.cut = true;
    net.run_ms(4500);
    assert!(net.redis(1).link_up());
    assert_eq!(net.redis(0).replicas.len(), 1);
    net.run_ms(2700);
    assert!(!net.redis(1).link_up());
    assert!(net.redis(0).replicas.is_empty());
    net.cut = false;
    net.run_ms(8000);
    assert!(net.redis(1).link_up());
    assert_eq!(partial_syncs(&net, 1), 1);
}

#[test]
fn a_replica_without_link_refuses_psync_with_nomasterlink() {
    let mut net = Net::new(vec![RedisConf { replicaof: Some(addr(9)), ..plain() }]);
    let c = net.client(0);
    assert_eq!(net.ask(c, Request::Psync(None)), Reply::Error(ErrorWord::NoMasterLink));
}

#[test]
fn a_chain_of_replicas_passes_the_stream_on_and_is_cut_when_the_id_changes() {
    let leaf = RedisConf { replicaof: Some(addr(1)), ..plain() };
    let mut net = Net::new(vec![plain(), replica(), leaf]);
    net.run_ms(4000);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    assert_eq!(net.redis(2).dataset().register(register(0)), Some(Value(1)));
    assert_eq!(net.redis(2).history.offset, net.redis(0).history.offset);
    let c = net.client(1);
    assert_eq!(net.ask(c, Request::SlaveOf(None)), Reply::Ok);
    net.run_ms(100);
    assert!(net.redis(2).link_up(), "it reconnects at once");
    assert_eq!(partial_syncs(&net, 2), 1);
    assert_eq!(net.redis(2).lineage(), net.redis(1).lineage());
}

#[test]
fn replicaof_to_the_same_master_changes_nothing() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let c = net.client(1);
    assert_eq!(net.ask(c, Request::SlaveOf(Some(addr(0)))), Reply::Ok);
    assert!(net.redis(1).link_up());
    let master = net.client(0);
    assert_eq!(net.ask(master, Request::SlaveOf(None)), Reply::Ok);
    assert!(net.redis(0).history.second.is_none());
}

#[test]
fn client_kill_normal_cuts_other_sentinels_but_not_replicas_or_subscribers() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let (other, subscriber, caller) = (net.client(0), net.client(0), net.client(0));
    net.ask(subscriber, Request::Subscribe(Channel::Hello));
    assert_eq!(net.ask(caller, Request::ClientKill(ClientType::Normal)), Reply::Int(1));
    assert!(net.is_closed(other) && !net.is_closed(subscriber) && net.redis(1).link_up());
    assert_eq!(net.ask(caller, Request::ClientKill(ClientType::Pubsub)), Reply::Int(1));
    assert!(net.is_closed(subscriber));
}

#[test]
fn passwords_gate_clients_and_replicas() {
    let master = RedisConf { requirepass: Some("p".into()), ..plain() };
    let good = RedisConf { masterauth: Some("p".into()), ..replica() };
    let bad = RedisConf { masterauth: Some("q".into()), ..replica() };
    let mut net = Net::new(vec![master, good, bad, replica()]);
    net.run_ms(3000);
    assert_eq!([1, 2, 3].map(|s| net.redis(s).link_up()), [true, false, false]);
    let c = net.client(0);
    let auth = |pass: &str| Request::Auth(Arc::new(Credentials { user: None, pass: pass.into() }));
    assert_eq!(net.ask(c, Request::Ping), Reply::Error(ErrorWord::NoAuth));
    assert_eq!(net.ask(c, auth("x")), Reply::Error(ErrorWord::WrongPass));
    assert_eq!(net.ask(c, Request::HelloProto(None)), Reply::Error(ErrorWord::NoAuth));
    assert_eq!(net.ask(c, auth("p")), Reply::Ok);
    assert_eq!(net.ask(c, Request::HelloProto(None)), Reply::Server);
}

#[test]
fn the_first_full_sync_and_the_end_of_the_backlog_give_new_ids() {
    let master = RedisConf { repl_backlog_ttl: 3, ..plain() };
    let mut net = Net::new(vec![master, replica()]);
    let first = net.redis(0).history.replid;
    net.run_ms(1500);
    let second = net.redis(0).history.replid;
    assert_ne!(first, second);
    net.kill(1);
    net.run_ms(3000);
    assert_eq!(net.redis(0).history.replid, second);
    net.run_ms(2500);
    assert_ne!(net.redis(0).history.replid, second);
    assert!(net.redis(0).history.backlog.is_none());
}

#[test]
fn the_stream_leaves_before_the_reply_and_acks_do_not_cover_their_getack() {
    let mut net = Net::synced(vec![plain(), replica()]);
    let mut draws = super::net::TestDraws(5);
    let mut disk = super::net::TestDisk::default();
    let mut out = Effects { next_conn: 500, ..Effects::default() };
    let now = net.now;
    let mut master = net.servers[0].node.take().unwrap();
    let mut env = env_at(now, &mut draws, &mut disk);
    master.step(&mut env, Input::Accepted(Conn(499), Addr::default()), &mut out);
    master.step(&mut env, Input::Message(Conn(499), set(0, 1).into()), &mut out);
    let wait = Request::Wait(1, crate::Millis(1000));
    master.step(&mut env, Input::Message(Conn(499), wait.into()), &mut out);
    let before = master.history.offset;
    master.end_iteration(&mut env, &mut out);
    assert_eq!(master.history.offset, before + 37);
    let stream: Vec<_> = out.stream.iter().map(|(_, message)| format!("{message:?}")).collect();
    assert_eq!(stream.len(), 3, "{stream:?}");
    assert!(stream[0].contains("Select") && stream[2].contains("GetAck"));
    assert!(matches!(out.sends[..], [(Conn(499), Message::Reply(Reply::Ok))]));

    let mut node = net.servers[1].node.take().unwrap();
    let link = node.link.conn.unwrap();
    let at = node.history.offset;
    let mut out = Effects::default();
    node.step(&mut env, Input::Message(link, StreamItem::GetAck.into()), &mut out);
    let Some((_, Message::Request(Request::ReplconfAck(acked)))) = out.sends.first() else { panic!() };
    assert_eq!((acked.0, node.history.offset), (at, at + 37));
}

#[test]
fn a_new_replica_connects_a_millisecond_after_start_and_syncs_in_a_few_round_trips() {
    let mut net = Net::new(vec![plain(), replica()]);
    // connect 2, PING 2, REPLCONF 2, PSYNC 2 hops, then the dataset.
    net.run_until(1_000_000 + 9 * HOP + 1_000_000);
    assert!(net.redis(1).link_up());
}

#[test]
fn the_first_matching_check_refuses_a_command() {
    use ErrorWord::{Loading, MasterDown, Misconf, NoReplicas, ReadOnly};
    // Disk failure, min-replicas unmet, replica, stale data refused (and link down), loading.
    let cases = [
        ([false, true, false, false, false], [None, Some(NoReplicas), None]),
        ([true, true, false, false, false], [Some(Misconf), Some(Misconf), None]),
        ([false, true, true, false, false], [None, Some(ReadOnly), None]),
        ([true, true, true, true, true], [Some(Misconf), Some(Misconf), Some(MasterDown)]),
        ([false, false, true, true, true], [Some(MasterDown), Some(ReadOnly), Some(MasterDown)]),
        ([false, false, true, false, true], [Some(Loading), Some(ReadOnly), Some(Loading)]),
        ([false, true, false, false, true], [Some(Loading), Some(NoReplicas), Some(Loading)]),
    ];
    for ([disk, few, is_replica, stale, loading], expected) in cases {
        let conf = RedisConf {
            save: if disk { vec![(1, 1)] } else { Vec::new() },
            min_replicas_to_write: few.into(),
            replica_serve_stale_data: !stale,
            ..plain()
        };
        let mut net = Net::new(vec![conf]);
        let c = net.client(0);
        if disk {
            net.servers[0].disk.rdb_fails = true;
            net.servers[0].node.as_mut().unwrap().persist.dirty = 1;
            net.run_ms(3000);
        }
        let node = net.servers[0].node.as_mut().unwrap();
        node.master_addr = is_replica.then(|| addr(9));
        if loading {
            node.loading = Some(super::super::Loading::files(crate::MonoTime(u64::MAX), crate::MonoTime(0)));
        }
        let word = |reply| match reply {
            Reply::Error(word) => Some(word),
            _ => None,
        };
        let seen = [Request::Ping, set(0, 1), get(0)].map(|request| word(net.ask(c, request)));
        assert_eq!(seen, expected, "{disk} {few} {is_replica} {stale} {loading}");
        assert!(matches!(net.ask(c, Request::Info), Reply::Info(_)));
    }
}

#[test]
fn a_read_right_after_a_long_stall_is_stamped_with_the_clock_before_it() {
    // Redis spec, fact 29: the link is dropped although data was waiting.
    let mut net = Net::synced(vec![plain(), replica()]);
    net.freeze(1);
    net.run_ms(55_000);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    net.run_ms(10_000);
    let stale = net.redis(1).link.last_interaction;
    net.thaw(1);
    let node = net.redis(1);
    assert_eq!(node.dataset().register(register(0)), Some(Value(1)));
    assert!(node.link.last_interaction - stale < 3, "{}", node.link.last_interaction - stale);
    net.run_ms(1500);
    assert!(partial_syncs(&net, 1) + full_syncs(&net, 1) == 2, "it had to connect again");
}

#[test]
fn one_cron_run_does_its_steps_in_the_order_of_the_real_one() {
    // A replica in the middle of a chain: established link timed out, replica timed out, another waits for a sync.
    let mut net = Net::synced(vec![plain(), replica(), RedisConf { replicaof: Some(addr(1)), ..plain() }]);
    net.run_ms(2000);
    assert_eq!(net.redis(1).replicas.len(), 1);
    let mut draws = super::net::TestDraws(5);
    let mut disk = super::net::TestDisk::default();
    let mut out = Effects { next_conn: 500, ..Effects::default() };
    let later = net.now + 61_500_000_000;
    let mut node = net.servers[1].node.take().unwrap();
    let (link, leaf) = (node.link.conn.unwrap(), node.replicas[0].conn);
    let mut env = env_at(later, &mut draws, &mut disk);
    node.clock = env.wall();
    node.replication_cron(&mut env, &mut out);
    let acts: Vec<String> = out.acts.iter().map(|(_, act)| format!("{act:?}")).collect();
    // 4. drop, cache, reconnect at once (so 5. finds nothing to do and 6. no live link); 9. the replica.
    assert!(acts[0].contains(&format!("Close({link:?}")), "{acts:?}");
    assert!(acts[1].contains("Link { up: false }"));
    assert!(acts[2].contains("Open(Conn(500)"));
    assert!(acts[3].contains(&format!("Close({leaf:?}")));
    assert_eq!(acts.len(), 4);
    assert!(out.sends.is_empty());
    assert_eq!(node.link.cached, Some((node.history.replid, node.history.offset)));
}

#[test]
fn a_stream_item_stays_small() {
    assert!(std::mem::size_of::<StreamItem>() <= 32);
}

#[test]
fn a_renamed_command_is_known_by_its_other_name_only() {
    let conf = RedisConf { renamed: vec![("config".into(), "hidden".into()), ("role".into(), "".into())], ..plain() };
    let mut net = Net::new(vec![conf]);
    net.run_ms(100);
    let c = net.client(0);
    let renamed = |name: &str, request: Request| Request::Renamed(name.into(), Box::new(request));
    for (request, known) in [
        (Request::ConfigRewrite, false),
        (renamed("HIDDEN", Request::ConfigRewrite), true),
        (renamed("other", Request::ConfigRewrite), false),
        (Request::Role, false),
        (Request::Ping, true),
        (renamed("pong", Request::Ping), false),
    ] {
        let text = format!("{request:?}");
        assert_eq!(net.ask(c, request) != Reply::Error(ErrorWord::Err), known, "{text}");
    }
}

#[test]
fn a_replica_is_known_under_the_address_it_announces() {
    let announced = Addr { ip: crate::Ip(0x0a09_0909), port: 7000 };
    let behind_nat =
        RedisConf { replica_announce_ip: Some(announced.ip), replica_announce_port: announced.port, ..replica() };
    let mut net = Net::new(vec![plain(), behind_nat, RedisConf { replica_announce_port: 7001, ..replica() }]);
    net.run_ms(3000);
    assert!(net.redis(1).link_up() && net.redis(2).link_up());
    let c = net.client(0);
    let Reply::Info(info) = net.ask(c, Request::Info) else { panic!("INFO is answered") };
    let mut known: Vec<_> = info.replicas.iter().map(|line| line.addr).collect();
    known.sort_unstable();
    assert_eq!(known, [Addr { port: 7001, ..addr(2) }, announced]);
}

#[test]
fn a_master_over_its_limit_refuses_what_grows_and_a_replica_does_not_care() {
    let key = Key { space: Space::Register, index: 0 };
    let set = Request::Data(Command::Set(key, Value(1)));
    let full = RedisConf { dataset: 3 << 20, maxmemory: 2 << 20, ..plain() };
    let mut net = Net::new(vec![full, RedisConf { maxmemory: 1 << 20, ..replica() }]);
    net.populate(0);
    net.run_ms(4000);
    assert_eq!(net.redis(1).dataset().ballast, 3 << 20, "the replica has taken more than its own limit");
    let c = net.client(0);
    assert_eq!(net.ask(c, set.clone()), Reply::Error(ErrorWord::Oom));
    assert_eq!(net.ask(c, Request::Data(Command::Get(key))), Reply::Value(None));
    let p = net.client(1);
    assert_eq!(net.ask(p, Request::SlaveOf(None)), Reply::Ok);
    assert_eq!(net.ask(p, set), Reply::Error(ErrorWord::Oom), "promoted, its own limit holds");
    net.ask(p, Request::Multi);
    assert_eq!(net.ask(p, Request::SlaveOf(Some(addr(0)))), Reply::Error(ErrorWord::Oom));
    assert_eq!(net.ask(p, Request::Exec), Reply::Error(ErrorWord::ExecAbort), "Sentinel cannot demote it this way");
}
