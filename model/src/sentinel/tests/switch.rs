//! Address changes: what is reset and what stays.

use super::super::instance::{FailoverState, Role, Who};
use super::*;

const M: Who = Who::Master(0);

/// A failover at its end: the first replica is promoted.
fn ending(hosts: u8) -> Rig {
    let mut rig = Rig::healthy(conf(hosts, 1));
    rig.sentinel.current_epoch = Epoch(4);
    let now = rig.now();
    let promoted = rig.replica(0);
    promoted.inst.flags.set(Flags::PROMOTED);
    let obj = promoted.inst.obj;
    let master = rig.master();
    master.promoted = Some(obj);
    let flags = Flags::FAILOVER_IN_PROGRESS
        .or(Flags::FORCE_FAILOVER)
        .or(Flags::S_DOWN)
        .or(Flags::O_DOWN)
        .or(Flags::MASTER_REBOOT);
    master.inst.flags.set(flags);
    (master.inst.s_down_since, master.inst.o_down_since) = (now, now);
    master.inst.runid = Some(run_id(1));
    master.inst.role_reported = Role::Slave;
    master.failover_state = FailoverState::UpdateConfig;
    master.failover_start_time = now;
    master.leader = Some(id(1));
    (master.leader_epoch, master.failover_epoch) = (Epoch(4), Epoch(4));
    master.config_epoch = Epoch(4);
    rig
}

#[test]
fn the_old_master_joins_the_replicas_and_the_new_one_leaves_them() {
    let mut rig = ending(2);
    rig.disk.saved.clear();
    rig.with(|s, cx| s.failover_switch_to_promoted_slave(cx, 0));
    assert_eq!(
        rig.log(),
        [
            "0 +switch-master mymaster 10.77.0.1 6379 10.77.0.2 6379",
            "0 +slave slave 10.77.0.3:6379 10.77.0.3 6379 @ mymaster 10.77.0.2 6379",
            "0 +slave slave 10.77.0.1:6379 10.77.0.1 6379 @ mymaster 10.77.0.2 6379",
        ]
    );
    let file = &rig.disk.saved[0].masters[0];
    assert_eq!(file.addr, addr(2));
    assert_eq!(file.known_replicas, [addr(3), addr(1)]);
    assert_eq!(rig.disk.saved.len(), 1);
}

#[test]
fn the_reset_touches_this_and_leaves_that() {
    let mut rig = ending(2);
    rig.peer(0).inst.flags.set(Flags::MASTER_DOWN);
    rig.peer(0).leader = Some(id(1));
    rig.peer(0).leader_epoch = Epoch(4);
    rig.advance(3_000);
    let before = rig.now().0 - 3_000;
    let conns: Vec<_> = [M, Who::Replica(0, 0), Who::Replica(0, 1)]
        .iter()
        .flat_map(|who| [rig.sentinel.link(*who).cc, rig.sentinel.link(*who).pc])
        .flatten()
        .collect();
    let reconn = rig.link(M).last_reconn_time;
    rig.link(M).last_ping_time = Millis(before);
    rig.with(|s, cx| s.failover_switch_to_promoted_slave(cx, 0));
    let now = Millis(before + 3_000);
    let mut closed = rig.closed();
    closed.sort();
    assert_eq!(closed, conns);
    let master = &rig.sentinel.masters[0];
    // Reset:
    assert_eq!(master.inst.flags, Flags::NONE);
    assert_eq!((master.leader, master.promoted), (None, None));
    assert_eq!(master.failover_state, FailoverState::None);
    assert_eq!(master.failover_start_time, Millis(0));
    assert_eq!(master.failover_state_change_time, Millis(0));
    assert_eq!(master.inst.runid, None);
    assert_eq!(master.inst.role_reported, Role::Master);
    assert_eq!(master.inst.role_reported_time, now);
    assert_eq!((master.inst.s_down_since, master.inst.o_down_since), (Millis(0), Millis(0)));
    // Left:
    assert_eq!((master.leader_epoch, master.config_epoch), (Epoch(4), Epoch(4)));
    assert_eq!(master.failover_epoch, Epoch(4));
    assert_eq!(master.inst.info_refresh, Millis(before));
    assert_eq!(master.inst.last_pub_time, Millis(before));
    let peer = &master.peers[0];
    assert!(peer.inst.flags.any(Flags::MASTER_DOWN));
    assert_eq!((peer.leader, peer.leader_epoch), (Some(id(1)), Epoch(4)));
    assert!(!rig.link(Who::Peer(0, 0)).disconnected);
    let link = rig.link(M);
    assert_eq!(link.act_ping_time, Some(now));
    assert_eq!(link.last_ping_time, Millis(0));
    assert_eq!((link.last_avail_time, link.last_pong_time), (now, now));
    assert_eq!(link.last_reconn_time, reconn);
    assert!(link.disconnected);
    assert_eq!(rig.replica(0).slave_repl_offset, ReplOffset(0), "fresh objects");
}

#[test]
fn only_the_last_of_several_finished_failovers_is_switched_in_a_tick() {
    let mut conf = conf(1, 0);
    let mut second = conf.masters[0].clone();
    second.name = "other".into();
    second.addr = addr(51);
    second.known_replicas = vec![addr(52)];
    conf.masters.push(second);
    let mut rig = Rig::healthy(conf);
    for master in &mut rig.sentinel.masters {
        master.inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
        master.failover_state = FailoverState::UpdateConfig;
        master.replicas[0].inst.flags.set(Flags::PROMOTED);
        master.promoted = Some(master.replicas[0].inst.obj);
    }
    for (m, new) in [(1, addr(52)), (0, addr(2))] {
        rig.tick();
        assert_eq!(rig.kinds(), [EventKind::SwitchMaster, EventKind::Slave]);
        assert_eq!(rig.sentinel.masters[m].inst.addr, new);
    }
}

#[test]
fn the_new_master_is_reached_within_a_second_and_asked_for_info_in_its_time() {
    let mut rig = ending(1);
    rig.link(M).last_reconn_time = Millis(rig.now().0 - 950);
    rig.tick();
    assert_eq!(rig.master().inst.addr, addr(2));
    rig.tick();
    assert!(rig.opened().contains(&addr(2)));
    assert_eq!(count(&rig.sent_to(M), is_info), 0, "its INFO counts from the old address");
    assert_eq!(count(&rig.sent_to(Who::Replica(0, 0)), is_info), 1);
}
