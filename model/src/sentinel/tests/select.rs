//! Selection of the replica to promote.

use super::super::instance::Who;
use super::*;

fn selected(rig: &mut Rig) -> Option<usize> {
    let now = rig.now();
    rig.sentinel.select_slave(0, now)
}

/// Two replicas that qualify, the second being the better one.
fn rig() -> Rig {
    let mut rig = Rig::healthy(conf(2, 0));
    rig.replica(1).slave_repl_offset = ReplOffset(10);
    assert_eq!(selected(&mut rig), Some(1));
    rig
}

#[test]
fn priority_goes_before_offset_and_offset_before_run_id() {
    let mut rig = rig();
    rig.replica(0).slave_priority = 99;
    assert_eq!(selected(&mut rig), Some(0));
    rig.replica(1).slave_priority = 99;
    assert_eq!(selected(&mut rig), Some(1));
    rig.replica(0).slave_repl_offset = ReplOffset(10);
    rig.replica(0).inst.runid = Some(run_id(5));
    assert_eq!(selected(&mut rig), Some(0), "without a run id one sorts last");
    rig.replica(1).inst.runid = Some(run_id(4));
    assert_eq!(selected(&mut rig), Some(1));
    rig.replica(0).inst.runid = Some(run_id(4));
    assert_eq!(selected(&mut rig), Some(0), "the first of equals");
}

#[test]
fn every_reason_to_exclude_a_replica() {
    type SetUp = fn(&mut Rig, i64);
    // How the better replica is changed, with the value that is still good and the one that is not.
    let rows: [(&str, SetUp, i64, i64); 6] = [
        (
            "no PING answered for 5 s",
            |rig, ms| {
                let then = Millis(rig.now().0 - ms);
                rig.link(Who::Replica(0, 1)).last_avail_time = then;
            },
            5000,
            5001,
        ),
        ("priority 0", |rig, priority| rig.replica(1).slave_priority = priority as u32, 100, 0),
        (
            "INFO older than 30 s with the master up",
            |rig, ms| rig.replica(1).inst.info_refresh = Millis(rig.now().0 - ms),
            30_000,
            30_001,
        ),
        (
            "INFO older than 5 s with the master down",
            |rig, ms| {
                let now = rig.now();
                rig.master().inst.flags.set(Flags::S_DOWN);
                rig.master().inst.s_down_since = now;
                rig.replica(1).inst.info_refresh = Millis(now.0 - ms);
            },
            5_000,
            5_001,
        ),
        (
            "link down for ten times down-after, the master up",
            |rig, ms| rig.replica(1).master_link_down_time = Millis(ms),
            50_000,
            50_001,
        ),
        (
            "link down for longer than the master, and ten times down-after",
            |rig, ms| {
                let now = rig.now().0;
                rig.master().inst.flags.set(Flags::S_DOWN);
                rig.master().inst.s_down_since = Millis(now - 777);
                rig.replica(1).master_link_down_time = Millis(ms);
            },
            50_777,
            50_778,
        ),
    ];
    for (reason, set_up, good, bad) in rows {
        let mut rig = rig();
        set_up(&mut rig, good);
        assert_eq!(selected(&mut rig), Some(1), "{reason}");
        set_up(&mut rig, bad);
        assert_eq!(selected(&mut rig), Some(0), "{reason}");
    }
    let mut rig = rig();
    rig.replica(1).inst.flags.set(Flags::S_DOWN);
    rig.link(Who::Replica(0, 0)).disconnected = true;
    assert_eq!(selected(&mut rig), None);
    let mut rig = self::rig();
    rig.replica(1).inst.info_refresh = Millis(0);
    assert_eq!(selected(&mut rig), Some(0), "INFO never came");
}

#[test]
fn a_replica_that_never_synced_passes() {
    let mut rig = rig();
    rig.replica(1).master_link_down_time = Millis(-1000);
    assert_eq!(selected(&mut rig), Some(1), "the known hazard H5");
}
