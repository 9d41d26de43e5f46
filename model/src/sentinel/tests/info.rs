//! What INFO leads to.

use super::super::instance::{Role, Who};
use super::*;
use crate::message::{ReplicaLine, ReplicaState};

const M: Who = Who::Master(0);
const R: Who = Who::Replica(0, 0);

fn slaveof(rig: &Rig) -> bool {
    rig.sent_to(R).contains(&Request::SlaveOf(Some(addr(MASTER))))
}

#[test]
fn replicas_are_discovered_and_saved_one_by_one() {
    let mut rig = Rig::healthy(conf(0, 0));
    let mut info = master_info();
    info.replicas = [2, 3]
        .map(|host| ReplicaLine { addr: addr(host), state: ReplicaState::Online, offset: ReplOffset(0), lag_secs: 0 })
        .to_vec();
    rig.sentinel.tilt = true;
    rig.info(M, &info);
    let line = |at: u64, host: u8| {
        format!("{at} +slave slave 10.77.0.{host}:6379 10.77.0.{host} 6379 @ mymaster 10.77.0.1 6379")
    };
    assert_eq!(rig.log(), [line(0, 2), line(1, 3)], "in TILT too");
    assert_eq!(rig.disk.saved.len(), 2);
    rig.info(M, &info);
    assert!(rig.log().is_empty());
    info.replicas.clear();
    rig.info(M, &info);
    assert_eq!(rig.master().replicas.len(), 2, "never forgotten");
    let down = rig.replica(0).inst.down_after;
    assert_eq!(down, Millis(5_000), "the master's");
}

#[test]
fn a_new_run_id_is_a_reboot() {
    for (period, flagged) in [(0, false), (700, true)] {
        let mut rig = Rig::healthy(conf(0, 0));
        rig.master().reboot_down_after = Millis(period);
        let mut info = master_info();
        rig.info(M, &info);
        assert!(rig.log().is_empty(), "the first one is no news");
        info.run_id = run_id(2);
        rig.info(M, &info);
        assert_eq!(rig.kinds(), [EventKind::Reboot]);
        assert_eq!(rig.flags(M).any(Flags::MASTER_REBOOT), flagged);
    }
}

#[test]
fn roles_are_told_when_they_change() {
    let mut rig = Rig::healthy(conf(1, 0));
    rig.info(R, &master_info());
    assert_eq!(rig.kinds(), [EventKind::RoleChangeFromConfigured]);
    let first = rig.now();
    rig.advance(100);
    rig.info(R, &master_info());
    assert!(rig.kinds().is_empty());
    assert_eq!(rig.replica(0).inst.role_reported_time, first);
    rig.info(R, &replica_info(addr(1)));
    assert_eq!(rig.kinds(), [EventKind::RoleChangeToConfigured]);
    assert_eq!(rig.now(), rig.replica(0).slave_conf_change_time);
    rig.info(M, &replica_info(addr(9)));
    assert_eq!(rig.kinds(), [EventKind::RoleChangeFromConfigured]);
    assert!(rig.out.sends.is_empty(), "a master is never converted");
}

#[test]
fn the_fields_of_a_replica_are_kept_while_it_claims_to_be_a_master() {
    let mut rig = Rig::healthy(conf(1, 0));
    let mut info = replica_info(addr(7));
    let slave = info.slave.as_mut().unwrap();
    (slave.link_up, slave.down_since_secs) = (false, Some(-1));
    (slave.priority, slave.announced) = (7, false);
    rig.info(R, &info);
    let replica = rig.replica(0);
    assert_eq!(replica.master_link_down_time, Millis(-1000));
    assert_eq!((replica.slave_priority, replica.replica_announced), (7, false));
    rig.info(R, &master_info());
    let replica = rig.replica(0);
    assert_eq!(replica.master_link_down_time, Millis(0));
    assert_eq!(replica.slave_master, Some(addr(7)));
    assert_eq!(replica.slave_repl_offset, ReplOffset(1000));
    assert_eq!(replica.slave_priority, 7);
}

/// What makes a rule wait, besides its own clock.
type Spoil = fn(&mut Rig);

const SANE: [(&str, Spoil, bool); 7] = [
    ("nothing", |_| {}, true),
    ("the master is down", |rig| rig.master().inst.flags.set(Flags::S_DOWN), false),
    ("the master reports to be a replica", |rig| rig.master().inst.role_reported = Role::Slave, false),
    ("INFO of the master is 20 s old", |rig| rig.master().inst.info_refresh = Millis(rig.now().0 - 20_000), false),
    (
        "INFO of the master is just young enough",
        |rig| rig.master().inst.info_refresh = Millis(rig.now().0 - 19_999),
        true,
    ),
    ("TILT", |rig| rig.sentinel.tilt = true, false),
    ("the replica was down lately", |rig| rig.replica(0).inst.s_down_since = Millis(rig.now().0 - 8_000), false),
];

#[test]
fn a_replica_that_claims_to_be_a_master_for_eight_seconds_is_converted() {
    for (what, spoil, expected) in SANE {
        for (age, due) in [(8_000, false), (8_001, true)] {
            let mut rig = Rig::healthy(conf(1, 0));
            spoil(&mut rig);
            rig.replica(0).inst.role_reported = Role::Master;
            rig.replica(0).inst.role_reported_time = Millis(rig.now().0 - age);
            rig.info(R, &master_info());
            let converted = expected && due;
            assert_eq!(rig.kinds() == [EventKind::ConvertToSlave], converted, "{what}");
            assert_eq!(slaveof(&rig), converted, "{what}");
        }
    }
}

#[test]
fn a_promoted_replica_is_never_converted() {
    let mut rig = Rig::healthy(conf(1, 0));
    rig.replica(0).inst.flags.set(Flags::PROMOTED);
    rig.replica(0).inst.role_reported = Role::Master;
    rig.replica(0).inst.role_reported_time = Millis(0);
    rig.info(R, &master_info());
    assert!(rig.kinds().is_empty());
}

#[test]
fn a_replica_of_another_master_is_turned_back_after_the_failover_timeout() {
    for (what, spoil, expected) in SANE {
        for (age, due) in [(10_000, false), (10_001, true)] {
            let mut rig = Rig::healthy(conf(1, 0));
            let info = replica_info(addr(9));
            rig.info(R, &info);
            assert_eq!(rig.now(), rig.replica(0).slave_conf_change_time);
            spoil(&mut rig);
            rig.replica(0).slave_conf_change_time = Millis(rig.now().0 - age);
            rig.info(R, &info);
            let fixed = expected && due;
            assert_eq!(rig.kinds() == [EventKind::FixSlaveConfig], fixed, "{what}");
            assert_eq!(slaveof(&rig), fixed, "{what}");
            rig.info(R, &info);
            assert_eq!(!rig.kinds().is_empty(), fixed, "with every INFO");
        }
    }
}

#[test]
fn a_replica_long_enough_down_passes_as_soon_as_it_is_back() {
    let mut rig = Rig::healthy(conf(1, 0));
    let now = rig.now();
    let inst = &mut rig.replica(0).inst;
    for (age, passes) in [(8_000, false), (8_001, true)] {
        inst.s_down_since = Millis(now.0 - age);
        assert_eq!(inst.no_down_for(Millis(8_000), now), passes);
    }
}
