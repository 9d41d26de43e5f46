//! What is written, and what a restart makes of it (spec 12).

use super::net::{Net, addr, plain, replica};
use super::{register, set};
use crate::files::{AppendFsync, RedisConf};
use crate::message::Reply;
use crate::note::Note;
use crate::time::Nanos;
use crate::value::Value;

fn aof(policy: AppendFsync) -> RedisConf {
    RedisConf { appendonly: true, appendfsync: policy, ..plain() }
}

fn x0(net: &Net, server: usize) -> Option<Value> {
    net.redis(server).dataset().register(register(0))
}

#[test]
fn without_persistence_a_restarted_master_is_empty_with_a_fresh_id() {
    let mut net = Net::new(vec![plain()]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    let (id, run_id) = (net.redis(0).history.replid, net.redis(0).run_id);
    net.kill(0);
    net.start(0);
    assert_eq!(x0(&net, 0), None);
    assert_ne!(net.redis(0).history.replid, id);
    assert_ne!(net.redis(0).run_id, run_id);
    assert_eq!(net.redis(0).history.offset, 0);
}

#[test]
fn an_append_only_file_keeps_the_data_and_forgets_the_identity() {
    let mut net = Net::synced(vec![aof(AppendFsync::Always), replica()]);
    let c = net.client(0);
    for value in 1..=3 {
        assert_eq!(net.ask(c, set(0, value)), Reply::Ok);
    }
    assert_eq!(net.servers[0].disk.fsyncs, 3);
    let before = net.redis(0).lineage();
    let id = net.redis(0).history.replid;
    net.kill(0);
    net.servers[0].notes.clear();
    net.start(0);
    assert_eq!(x0(&net, 0), Some(Value(3)));
    let history = &net.redis(0).history;
    assert_eq!((history.offset, history.second, history.replid == id), (0, None, false));
    let born = Note::Branch { id: history.replid, parent: Some(before) };
    assert!(net.servers[0].notes.iter().any(|(_, note)| *note == born));
}

#[test]
fn always_holds_the_reply_back_until_the_fsync_and_everysec_syncs_once_a_second() {
    let mut net = Net::new(vec![aof(AppendFsync::Always)]);
    net.servers[0].disk.fsync_cost = Nanos::from_millis(50);
    let c = net.client(0);
    let sent = net.now;
    net.send(c, set(0, 1));
    net.run_ms(100);
    assert!(net.clients[c].seen[0].0 - sent >= 50_000_000);

    let mut net = Net::new(vec![aof(AppendFsync::Everysec)]);
    let c = net.client(0);
    for _ in 0..30 {
        net.ask(c, set(0, 1));
        net.run_ms(97);
    }
    assert_eq!(net.servers[0].disk.fsyncs, 0);
    assert!((2..=4).contains(&net.servers[0].disk.background_fsyncs));
}

#[test]
fn save_points_fire_when_strictly_more_than_their_seconds_have_passed() {
    let conf = RedisConf { save: vec![(2, 2)], ..plain() };
    let mut net = Net::new(vec![conf]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    net.run_ms(5000);
    assert!(net.servers[0].disk.rdb.is_none(), "one change is not enough");
    net.ask(c, set(0, 2));
    net.run_ms(300);
    let rdb = net.servers[0].disk.rdb.clone().unwrap();
    assert_eq!(rdb.repl, None, "no backlog, no replication fields");
    net.ask(c, set(0, 3));
    net.kill(0);
    net.start(0);
    assert_eq!(x0(&net, 0), Some(Value(2)), "state as of the fork");
}

#[test]
fn sigterm_writes_a_final_file_if_there_are_save_points() {
    let conf = RedisConf { save: vec![(3600, 1)], ..plain() };
    let mut net = Net::new(vec![conf]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    net.iterate(0, vec![crate::Input::Terminate]);
    net.run_ms(200);
    assert!(net.servers[0].exit.is_some());
    net.start(0);
    assert_eq!(x0(&net, 0), Some(Value(1)));
}

#[test]
fn a_master_restarted_from_its_file_lets_those_continue_that_are_exactly_there() {
    for surplus in [false, true] {
        let conf = RedisConf { save: vec![(1, 1)], ..plain() };
        let mut net = Net::synced(vec![conf, replica()]);
        let c = net.client(0);
        net.ask(c, set(0, 1));
        net.run_ms(2500);
        assert!(net.servers[0].disk.rdb.is_some());
        if surplus {
            net.ask(c, set(0, 2));
        }
        let (id, offset) = (net.redis(0).history.replid, net.redis(0).history.offset);
        net.kill(0);
        net.servers[1].notes.clear();
        net.start(0);
        let history = &net.redis(0).history;
        let (second, limit) = history.second.unwrap();
        assert!(second == id && history.replid != id && history.offset == limit - 1);
        assert_eq!(history.offset == offset, !surplus);
        net.run_ms(2500);
        assert!(net.redis(1).link_up());
        assert_eq!(x0(&net, 1), Some(Value(1)), "ahead means rolled back");
        let full = net.servers[1].notes.iter().any(|(_, n)| matches!(n, Note::FullSync { .. }));
        assert_eq!(full, surplus);
        assert_eq!(net.redis(1).lineage(), net.redis(0).lineage());
    }
}

#[test]
fn a_former_replica_restarted_as_master_resurrects_its_last_full_sync() {
    let mut net = Net::new(vec![plain(), replica()]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    net.run_ms(1500);
    net.ask(c, set(0, 2));
    assert_eq!(x0(&net, 1), Some(Value(2)));
    net.kill(1);
    net.servers[1].disk.conf.as_mut().unwrap().replicaof = None;
    net.start(1);
    assert_eq!(x0(&net, 1), Some(Value(1)));
    assert!(net.redis(0).history.backlog.is_some());
}

#[test]
fn the_append_only_file_of_a_resynced_replica_is_the_old_one_until_its_rewrite_is_complete() {
    let conf = RedisConf { replicaof: Some(addr(0)), ..aof(AppendFsync::Everysec) };
    let mut net = Net::synced(vec![plain(), conf]);
    let c = net.client(0);
    net.ask(c, set(0, 1));
    net.run_ms(300);
    let len = |net: &Net| net.servers[1].disk.aof.as_ref().map(|aof| aof.entries.len());
    assert_eq!(len(&net), Some(1));
    net.servers[1].disk.save_time = Nanos::from_secs(30);
    net.kill(0);
    net.start(0);
    net.run_ms(1500);
    assert!(net.redis(1).link_up());
    assert_eq!((x0(&net, 1), len(&net)), (None, Some(1)));
    let c = net.client(0);
    net.ask(c, set(0, 9));
    net.run_ms(500);
    assert_eq!(len(&net), Some(1), "writes go to the file of the rewrite");
    net.run_ms(30_000);
    assert_eq!(len(&net), Some(1));
    assert!(net.servers[1].disk.aof.as_ref().unwrap().base.is_some());
    net.kill(1);
    net.start(1);
    assert_eq!(x0(&net, 1), Some(Value(9)));
}

#[test]
fn a_disk_target_sync_leaves_the_file_on_the_master_too() {
    let master = RedisConf { repl_diskless_sync: false, ..plain() };
    let mut net = Net::synced(vec![master, replica(), replica()]);
    assert!(net.servers[0].disk.rdb.is_some());
    let c = net.client(0);
    net.ask(c, set(0, 1));
    assert_eq!((x0(&net, 1), x0(&net, 2)), (Some(Value(1)), Some(Value(1))));
}
