//! Hellos, row by row.

use super::super::instance::{FailoverState, Who};
use super::*;
use crate::message::{Hello, Message};

fn hello(n: u64) -> Hello {
    Hello {
        announce: addr(100 + n as u8),
        id: id(n),
        current_epoch: Epoch(0),
        master_name: "mymaster".into(),
        master: addr(MASTER),
        config_epoch: Epoch(0),
    }
}

fn process(rig: &mut Rig, hello: &Hello) -> Vec<String> {
    rig.with(|s, cx| s.process_hello_message(cx, hello));
    rig.log()
}

fn sentinel_line(n: u64) -> String {
    let (id, ip) = (id(n), addr(100 + n as u8).ip);
    format!("sentinel {id} {ip} 26379 @ mymaster 10.77.0.1 6379")
}

#[test]
fn an_unknown_master_is_nobodys_business() {
    let mut rig = Rig::healthy(conf(0, 0));
    let mut other = hello(2);
    other.master_name = "other".into();
    other.current_epoch = Epoch(9);
    assert!(process(&mut rig, &other).is_empty());
    assert_eq!(rig.sentinel.current_epoch(), Epoch(0));
}

#[test]
fn a_new_sentinel_is_met_once_and_saved() {
    let mut rig = Rig::healthy(conf(0, 0));
    assert_eq!(process(&mut rig, &hello(2)), [format!("0 +sentinel {}", sentinel_line(2))]);
    assert_eq!(rig.disk.saved[0].masters[0].known_sentinels, [(addr(102), id(2))]);
    rig.advance(10);
    assert!(process(&mut rig, &hello(2)).is_empty());
    assert_eq!(rig.disk.saved.len(), 1);
    assert_eq!(rig.now(), rig.peer(0).last_hello_time);
}

#[test]
fn a_sentinel_that_moved_is_made_anew() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.peer(0).inst.flags.set(Flags::MASTER_DOWN);
    rig.peer(0).leader = Some(id(2));
    let cc = rig.link(Who::Peer(0, 0)).cc.unwrap();
    let mut moved = hello(2);
    moved.announce = addr(150);
    let two = id(2);
    let line = format!("0 +sentinel-address-switch master mymaster 10.77.0.1 6379 ip 10.77.0.150 port 26379 for {two}");
    assert_eq!(process(&mut rig, &moved), [line]);
    assert_eq!(rig.closed(), [cc]);
    assert_eq!(rig.peer(0).inst.addr, addr(150));
    assert_eq!(rig.peer(0).inst.flags, Flags::NONE);
    assert_eq!(rig.peer(0).leader, None, "its vote is lost");
    assert_eq!(rig.disk.saved.len(), 1);
}

/// Two masters with one Sentinel known to both.
fn two_masters() -> Rig {
    let mut conf = conf(0, 1);
    let mut second = conf.masters[0].clone();
    second.name = "other".into();
    second.addr = addr(51);
    conf.masters.push(second);
    Rig::healthy(conf)
}

#[test]
fn a_sentinel_that_moved_is_followed_under_all_masters() {
    let mut rig = two_masters();
    let cc = rig.link(Who::Peer(0, 0)).cc.unwrap();
    let mut moved = hello(2);
    moved.announce = addr(150);
    process(&mut rig, &moved);
    let kinds = [EventKind::SentinelAddressSwitch, EventKind::SentinelAddressUpdate];
    assert_eq!(rig.kinds(), kinds);
    assert!(rig.log()[1].ends_with(" 1 additional matching instances"));
    assert_eq!(rig.sentinel.masters[1].peers[0].inst.addr, addr(150));
    assert_eq!(rig.closed(), [cc]);
    let links = [0, 1].map(|m| rig.sentinel.masters[m].peers[0].inst.link);
    assert_eq!(links[0], links[1]);
    assert_eq!(rig.link(Who::Peer(0, 0)).refcount, 2);
}

#[test]
fn another_id_at_a_known_address_replaces_it_under_all_masters() {
    let mut rig = two_masters();
    let mut reborn = hello(9);
    reborn.announce = addr(102);
    process(&mut rig, &reborn);
    let kinds = [EventKind::SentinelInvalidAddr, EventKind::Sentinel];
    assert_eq!(rig.kinds(), kinds);
    assert_eq!(rig.peer(0).id, id(9));
    assert!(rig.sentinel.masters[1].peers.is_empty());
}

#[test]
fn a_newer_epoch_is_saved_then_announced() {
    let mut rig = Rig::healthy(conf(0, 1));
    let mut newer = hello(2);
    newer.current_epoch = Epoch(7);
    assert_eq!(process(&mut rig, &newer), ["1 +new-epoch 7"]);
    assert_eq!(rig.disk.saved[0].current_epoch, Epoch(7));
    newer.current_epoch = Epoch(6);
    assert!(process(&mut rig, &newer).is_empty());
    assert_eq!(rig.sentinel.current_epoch(), Epoch(7));
}

#[test]
fn a_newer_configuration_switches_the_master() {
    let mut rig = Rig::healthy(conf(1, 1));
    rig.sentinel.tilt = true;
    let mut newer = hello(2);
    newer.config_epoch = Epoch(1);
    newer.master = addr(2);
    let expected = [
        format!("0 +config-update-from {}", sentinel_line(2)),
        "0 +switch-master mymaster 10.77.0.1 6379 10.77.0.2 6379".to_owned(),
        "0 +slave slave 10.77.0.1:6379 10.77.0.1 6379 @ mymaster 10.77.0.2 6379".to_owned(),
    ];
    assert_eq!(process(&mut rig, &newer), expected, "in TILT too");
    assert_eq!(rig.disk.saved[0].masters[0].config_epoch, Epoch(1));
}

#[test]
fn a_newer_configuration_with_the_same_address_is_adopted_and_not_saved() {
    let mut rig = Rig::healthy(conf(1, 1));
    let mut newer = hello(2);
    newer.config_epoch = Epoch(3);
    assert!(process(&mut rig, &newer).is_empty());
    assert_eq!(rig.master().config_epoch, Epoch(3));
    assert!(rig.disk.saved.is_empty());
    newer.master = addr(2);
    assert!(process(&mut rig, &newer).is_empty(), "equal epochs never win");
    assert_eq!(rig.master().inst.addr, addr(1));
}

#[test]
fn a_failover_under_way_is_destroyed_only_if_the_configured_address_changes() {
    for (new, survives) in [(addr(1), true), (addr(3), false)] {
        let mut rig = Rig::healthy(conf(2, 1));
        let obj = rig.replica(0).inst.obj;
        rig.replica(0).inst.flags.set(Flags::PROMOTED);
        let master = rig.master();
        master.promoted = Some(obj);
        master.inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
        master.failover_state = FailoverState::ReconfSlaves;
        master.config_epoch = Epoch(1);
        let mut newer = hello(2);
        newer.config_epoch = Epoch(2);
        newer.master = new;
        process(&mut rig, &newer);
        assert_eq!(rig.state() == FailoverState::ReconfSlaves, survives);
        assert_eq!(rig.master().config_epoch, Epoch(2));
        let announced = if survives { addr(2) } else { new };
        assert_eq!(rig.master().current_addr(), announced, "the known hazard H2");
    }
}

#[test]
fn our_own_hello_is_a_sign_of_life_and_nothing_else() {
    let mut rig = Rig::healthy(conf(0, 0));
    let pc = rig.link(Who::Master(0)).pc.unwrap();
    for (n, peers) in [(1, 0), (2, 1)] {
        rig.advance(100);
        rig.step(Input::Message(pc, Message::Hello(Arc::new(hello(n)))));
        let now = rig.now().0 - i64::from(peers as u32);
        let activity = rig.link(Who::Master(0)).pc_last_activity;
        assert_eq!(activity, Millis(now), "before the save of 1 ms");
        assert_eq!(rig.master().peers.len(), peers);
    }
}

#[test]
fn hellos_name_the_promoted_replica_once_it_is_promoted() {
    let mut rig = Rig::healthy(conf(1, 0));
    let obj = rig.replica(0).inst.obj;
    rig.replica(0).inst.flags.set(Flags::PROMOTED);
    rig.master().promoted = Some(obj);
    rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    let states = [
        (FailoverState::WaitPromotion, addr(1)),
        (FailoverState::ReconfSlaves, addr(2)),
        (FailoverState::UpdateConfig, addr(2)),
    ];
    for (state, expected) in states {
        rig.master().failover_state = state;
        rig.master().inst.last_pub_time = Millis(rig.now().0 - 2001);
        rig.with(|s, cx| s.send_periodic_commands(cx, Who::Master(0)));
        let sent = rig.sent_to(Who::Master(0));
        let Request::Publish(hello) = &sent[0] else { panic!("{sent:?}") };
        assert_eq!(hello.master, expected);
        assert_eq!((hello.announce, hello.id), (addr(ME), id(1)));
    }
}
