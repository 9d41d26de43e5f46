//! Names of hosts (Sentinel spec 11.4): when they are looked up, what equals what, and what others are told.

use super::super::instance::Who;
use super::*;
use crate::message::{DownQuery, Hello, ReplicaLine, ReplicaState};

/// The host `h<n>`, by name.
fn named(host: u8) -> Addr {
    Addr { ip: Ip::named(&format!("h{host}")).unwrap(), ..addr(host) }
}

/// As [`conf`], everybody by name.
fn by_name(announce: bool) -> SentinelConf {
    let mut conf = conf(2, 1);
    (conf.resolve_hostnames, conf.announce_hostnames) = (true, announce);
    conf.masters[0].addr = named(MASTER);
    conf.masters[0].known_replicas = vec![named(2), named(3)];
    conf
}

/// An event loop that was healthy, with nothing asked for yet.
fn rig(announce: bool) -> Rig {
    let mut rig = Rig::healthy(by_name(announce));
    rig.names.asked.clear();
    rig
}

fn hello(master: Addr, epoch: u64) -> Hello {
    Hello {
        announce: addr(102),
        id: id(2),
        current_epoch: Epoch(epoch),
        master_name: "mymaster".into(),
        master,
        config_epoch: Epoch(epoch),
    }
}

#[test]
fn a_name_is_looked_up_when_an_instance_is_made_and_at_every_connect() {
    let mut rig = Rig::start(by_name(true));
    assert_eq!(rig.names.asked, ["h1", "h2", "h3"]);
    assert_eq!(rig.master().inst.addr.socket(), addr(MASTER));
    rig.advance(1);
    rig.wake();
    assert_eq!(rig.names.asked[3..], ["h1", "h2", "h3"]);
    let opened = rig.opened();
    assert!(opened.contains(&addr(MASTER)) && opened.iter().all(|to| !to.ip.is_name()));
}

#[test]
fn looking_up_stops_the_process_so_that_the_next_tick_is_tilt() {
    let mut rig = rig(true);
    rig.names.cost = Nanos::from_secs(3);
    rig.sentinel.connection_lost(rig.sentinel.link(Who::Master(0)).cc.unwrap());
    rig.advance(1_000);
    let before = rig.now();
    rig.tick();
    assert_eq!(rig.names.asked, ["h1"]);
    assert!(rig.now().0 - before.0 >= 3_000 && !rig.sentinel.tilt());
    rig.tick();
    assert!(rig.sentinel.tilt(), "nothing but the delay between two ticks makes TILT");
}

#[test]
fn a_connect_keeps_the_old_address_of_a_name_that_is_gone() {
    let mut rig = rig(true);
    rig.names.gone = vec!["h1"];
    rig.sentinel.connection_lost(rig.sentinel.link(Who::Master(0)).cc.unwrap());
    rig.advance(1_000);
    rig.tick();
    assert_eq!(rig.names.asked, ["h1"]);
    assert_eq!(rig.opened(), [addr(MASTER)]);
}

#[test]
fn without_resolve_hostnames_names_are_accepted_nowhere() {
    let mut refused = by_name(false);
    refused.resolve_hostnames = false;
    let rig = Rig::start(refused);
    assert!(rig.out.acts.iter().any(|(_, act)| matches!(act, Act::Exit(1))), "Can't resolve instance hostname.");

    let mut rig = Rig::healthy(conf(0, 1));
    let command = crate::operator::SentinelCommand::parse("MONITOR other h9 6379 1").unwrap();
    assert!(rig.with(|s, cx| s.operator_command(cx, &command)).error.is_some());
    let line = ReplicaLine { addr: named(2), state: ReplicaState::Online, offset: ReplOffset(0), lag_secs: 0 };
    rig.info(Who::Master(0), &Info { replicas: vec![line], ..master_info() });
    assert_eq!(rig.sentinel.masters[0].replicas.len(), 0, "a line with a name is dropped");
    // The sender is forgotten with its old address, and not made anew.
    rig.with(|s, cx| s.process_hello_message(cx, &Hello { announce: named(102), ..hello(addr(MASTER), 0) }));
    assert_eq!(rig.sentinel.masters[0].peers.len(), 0);
    assert_eq!(rig.names.asked, [] as [&str; 0]);
}

#[test]
fn a_file_may_hold_a_name_that_does_not_resolve_but_an_operator_may_not_give_one() {
    let mut conf = by_name(true);
    conf.masters[0].addr = Addr { ip: Ip::named("nobody").unwrap(), port: 6379 };
    let mut rig = Rig::start(conf);
    assert!(rig.master().inst.addr.unresolved());
    rig.advance(1);
    rig.wake();
    assert!(rig.kinds().starts_with(&[EventKind::CmdLinkReconnection, EventKind::PubsubLinkReconnection]));
    assert!(!rig.opened().contains(&addr(MASTER)) && rig.sentinel.link(Who::Master(0)).disconnected);
    let command = crate::operator::SentinelCommand::parse("MONITOR other nobody 6379 1").unwrap();
    assert!(rig.with(|s, cx| s.operator_command(cx, &command)).error.is_some());
}

#[test]
fn the_same_host_is_recognised_by_name_or_address_and_a_name_that_is_gone_by_its_text() {
    let mut rig = rig(true);
    let master = rig.master().inst.addr;
    // (what a message says, which names are gone, whether it is the master)
    let rows: [(Addr, &[&str], bool); 6] = [
        (named(MASTER), &[], true),
        (addr(MASTER), &[], true),
        (named(2), &[], false),
        (addr(2), &[], false),
        (named(MASTER), &["h1"], true),
        (named(2), &["h2"], false),
    ];
    for (said, gone, same) in rows {
        rig.names.gone = gone.to_vec();
        assert_eq!(rig.with(|s, cx| s.equals_host(cx, master, said.ip)), same, "{said} {gone:?}");
        let query = DownQuery { master: said, epoch: Epoch(0), candidate: None };
        rig.master().inst.flags.set(Flags::S_DOWN);
        rig.sentinel.accept(Conn(900));
        rig.step(Input::Message(Conn(900), Request::IsMasterDown(Box::new(query)).into()));
        let down = rig.out.sends.iter().any(|(_, m)| matches!(m, Message::Reply(Reply::Down(reply)) if reply.down));
        assert_eq!(down, same, "is-master-down-by-addr {said} {gone:?}");
        rig.master().inst.flags.clear(Flags::S_DOWN);
    }
}

#[test]
fn replicas_of_the_dead_master_are_left_alone_though_its_name_is_gone() {
    let mut rig = rig(true);
    rig.names.gone = vec!["h1"];
    rig.info(Who::Replica(0, 0), &replica_info(named(MASTER)));
    rig.advance(60_000);
    rig.refresh();
    rig.info(Who::Replica(0, 0), &replica_info(named(MASTER)));
    assert!(!rig.kinds().contains(&EventKind::FixSlaveConfig));
    rig.names.gone.clear();
    rig.info(Who::Replica(0, 0), &replica_info(named(9)));
    rig.advance(60_000);
    rig.refresh();
    rig.info(Who::Replica(0, 0), &replica_info(named(9)));
    assert!(rig.kinds().contains(&EventKind::FixSlaveConfig), "a real stranger is put right");
}

#[test]
fn every_line_about_a_replica_is_looked_up_and_none_is_met_twice() {
    for announce in [true, false] {
        let mut rig = rig(announce);
        let line =
            |host| ReplicaLine { addr: named(host), state: ReplicaState::Online, offset: ReplOffset(0), lag_secs: 0 };
        rig.info(Who::Master(0), &Info { replicas: vec![line(2), line(3)], ..master_info() });
        assert_eq!(rig.names.asked, ["h2", "h3"]);
        assert_eq!(rig.sentinel.masters[0].replicas.len(), 2, "announce-hostnames {announce}");
    }
}

#[test]
fn what_is_told_is_a_name_only_with_announce_hostnames() {
    for (announce, told) in [(true, named as fn(u8) -> Addr), (false, addr)] {
        let mut rig = rig(announce);
        rig.with(|s, cx| s.event(cx, EventKind::SdownEnter, Who::Replica(0, 0)));
        let Addr { ip, port } = told(2);
        assert_eq!(rig.log(), [format!("0 +sdown slave {ip}:{port} {ip} {port} @ mymaster {} 6379", told(MASTER).ip)]);
        rig.with(|s, cx| s.flush_config(cx));
        let saved = &rig.disk.saved.last().unwrap().masters[0];
        assert_eq!((saved.addr, &saved.known_replicas[..]), (told(MASTER), &[told(2), told(3)][..]));
        rig.with(|s, cx| s.send_slaveof(cx, Who::Replica(0, 0), Some(s.announced(s.masters[0].inst.addr))));
        assert!(rig.sent_to(Who::Replica(0, 0)).contains(&Request::SlaveOf(Some(told(MASTER)))));
    }
}

#[test]
fn a_hello_with_a_master_that_does_not_resolve_is_announced_and_not_followed() {
    let mut rig = rig(true);
    rig.names.gone = vec!["h2"];
    rig.with(|s, cx| s.process_hello_message(cx, &hello(named(2), 5)));
    let kinds = rig.kinds();
    assert!(kinds.contains(&EventKind::ConfigUpdateFrom) && kinds.contains(&EventKind::SwitchMaster));
    assert_eq!(rig.master().config_epoch, Epoch(5), "measured on 7.0.15");
    assert_eq!(rig.master().inst.addr.socket(), addr(MASTER));
    // Stuck: the name resolves again, and the epoch is no news any more.
    rig.names.gone.clear();
    rig.with(|s, cx| s.process_hello_message(cx, &hello(named(2), 5)));
    assert_eq!(rig.master().inst.addr.socket(), addr(MASTER));
    rig.with(|s, cx| s.process_hello_message(cx, &hello(named(2), 6)));
    assert_eq!(rig.master().inst.addr.socket(), addr(2));
}

#[test]
fn a_leader_whose_new_master_does_not_resolve_tries_again_with_every_tick() {
    let mut rig = rig(true);
    let promoted = rig.replica(0).inst.obj;
    rig.master().promoted = Some(promoted);
    rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    rig.master().failover_state = FailoverState::UpdateConfig;
    rig.names.gone = vec!["h2"];
    for _ in 0..2 {
        rig.tick();
        assert_eq!(rig.kinds().iter().filter(|kind| **kind == EventKind::SwitchMaster).count(), 1);
        assert_eq!(rig.state(), FailoverState::UpdateConfig);
    }
    rig.names.gone.clear();
    rig.tick();
    assert_eq!(rig.master().inst.addr.socket(), addr(2));
}

#[test]
fn servers_without_addresses_share_one_entry_unless_names_are_announced() {
    for (announce, left) in [(true, 2), (false, 1)] {
        let mut rig = rig(announce);
        rig.names.gone = vec!["h1", "h2"];
        rig.with(|s, cx| s.reset_master_and_change_address(cx, 0, named(3)));
        assert_eq!(rig.sentinel.masters[0].replicas.len(), left, "measured on 7.0.15: the old master is forgotten");
    }
}

#[test]
fn a_file_with_an_empty_address_cannot_be_loaded_again() {
    let mut conf = by_name(false);
    conf.masters[0].known_replicas[0].ip = crate::conf::UNRESOLVED;
    let rig = Rig::start(conf);
    assert!(rig.out.acts.iter().any(|(_, act)| matches!(act, Act::Exit(1))));
}
