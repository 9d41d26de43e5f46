//! Eviction by a server over its `maxmemory` (Redis spec 9.1 step 3; evict.c). A register counts 12 bytes, an empty server
//! 180.

use super::net::{Net, plain, replica};
use super::{get, register, set};
use crate::files::{MaxmemoryPolicy, RedisConf};
use crate::message::{Reply, Request, StreamItem};
use crate::note::Note;
use crate::redis::dataset::Dataset;
use crate::value::{Command, Value};
use crate::{ErrorWord, Key};

fn limited(keys: u64, policy: MaxmemoryPolicy, conf: RedisConf) -> RedisConf {
    RedisConf { maxmemory: 180 + 12 * keys, maxmemory_policy: policy, ..conf }
}

fn fill(net: &mut Net, client: usize, keys: u32) {
    for index in 0..keys {
        assert_eq!(net.ask(client, set(index, u64::from(index))), Reply::Ok, "{index}");
    }
}

fn evictions(net: &Net, server: usize) -> Vec<Key> {
    let notes = net.servers[server].notes.iter();
    notes
        .filter_map(|(_, note)| match note {
            Note::Applied { command: Command::Del(key), .. } => Some(*key),
            _ => None,
        })
        .collect()
}

fn keys(data: &Dataset) -> usize {
    data.keys().len()
}

#[test]
fn each_policy_does_what_its_name_says_with_one_key_too_many() {
    for (policy, evicts) in [
        (MaxmemoryPolicy::NoEviction, false),
        (MaxmemoryPolicy::AllkeysRandom, true),
        (MaxmemoryPolicy::AllkeysLru, true),
    ] {
        let mut net = Net::new(vec![limited(10, policy, plain())]);
        let c = net.client(0);
        // The check is `used > maxmemory` before the command: the eleventh key still gets in.
        fill(&mut net, c, 11);
        let reply = net.ask(c, set(11, 11));
        assert_eq!(reply == Reply::Ok, evicts, "{policy:?}");
        assert_eq!(reply == Reply::Error(ErrorWord::Oom), !evicts);
        assert_eq!((keys(net.redis(0).dataset()), evictions(&net, 0).len()), (11, usize::from(evicts)));
    }
}

#[test]
fn any_command_makes_room_a_ping_too() {
    let mut net = Net::new(vec![limited(10, MaxmemoryPolicy::AllkeysLru, plain())]);
    let c = net.client(0);
    fill(&mut net, c, 11);
    assert_eq!(net.ask(c, Request::Ping), Reply::Pong);
    assert_eq!(keys(net.redis(0).dataset()), 10);
}

#[test]
fn lru_keeps_what_was_just_used_by_reads_as_well() {
    let mut net = Net::new(vec![limited(4, MaxmemoryPolicy::AllkeysLru, plain())]);
    let c = net.client(0);
    fill(&mut net, c, 4);
    net.run_ms(2000);
    for index in 0..3 {
        net.ask(c, get(index));
    }
    net.run_ms(2000);
    fill(&mut net, c, 3);
    net.ask(c, set(9, 9));
    // Five keys are too many by one. Five draws of five keys need not meet the idlest one, but all others were used later.
    net.ask(c, Request::Ping);
    let gone = evictions(&net, 0);
    assert_eq!(gone.len(), 1);
    assert!(gone[0] == register(3) || net.redis(0).dataset().exists(register(3)), "{gone:?}");
    for _ in 0..40 {
        net.ask(c, set(20, 1));
        net.ask(c, set(21, 1));
    }
    assert!(!net.redis(0).dataset().exists(register(3)), "over time the idlest key goes");
}

#[test]
fn every_eviction_is_a_del_in_the_stream_and_in_the_file() {
    let conf = RedisConf { appendonly: true, ..plain() };
    let mut net = Net::synced(vec![limited(10, MaxmemoryPolicy::AllkeysRandom, conf), replica()]);
    let c = net.client(0);
    fill(&mut net, c, 30);
    net.ask(c, Request::Ping);
    net.run_ms(1500);
    assert_eq!(evictions(&net, 0).len(), 20);
    assert_eq!(net.redis(1).dataset(), net.redis(0).dataset());
    assert_eq!(net.redis(1).lineage(), net.redis(0).lineage(), "an eviction is a place in the history");
    let entries = &net.servers[0].disk.aof.as_ref().unwrap().entries;
    assert_eq!(entries.iter().filter(|entry| matches!(entry.command, Command::Del(_))).count(), 20);
    assert_eq!(StreamItem::Write(Command::Del(register(7))).wire_len(), 21, "*2 DEL x7");
}

#[test]
fn a_replica_takes_more_than_its_limit_and_evicts_with_the_first_command_after_its_promotion() {
    let mut net = Net::synced(vec![plain(), limited(5, MaxmemoryPolicy::AllkeysLru, replica())]);
    let c = net.client(0);
    fill(&mut net, c, 20);
    let p = net.client(1);
    assert_eq!(net.ask(p, get(3)), Reply::Value(Some(Value(3))));
    assert_eq!(keys(net.redis(1).dataset()), 20, "replica-ignore-maxmemory");
    assert_eq!(net.ask(p, Request::SlaveOf(None)), Reply::Ok);
    assert_eq!(keys(net.redis(1).dataset()), 20, "the promotion itself evicts nothing");
    assert_eq!(net.ask(p, Request::Ping), Reply::Pong);
    assert_eq!((keys(net.redis(1).dataset()), evictions(&net, 1).len()), (5, 15));
}

#[test]
fn preloaded_bytes_stay_and_what_is_left_over_is_refused() {
    let conf = RedisConf { dataset: 4096, ..limited(10, MaxmemoryPolicy::AllkeysLru, plain()) };
    let mut net = Net::new(vec![conf]);
    let c = net.client(0);
    fill(&mut net, c, 5);
    net.populate(0);
    assert_eq!(net.ask(c, set(0, 1)), Reply::Error(ErrorWord::Oom));
    assert_eq!(keys(net.redis(0).dataset()), 0);
}
