//! Scripts: when they are called, with what, and how often.

use super::super::instance::Who;
use super::*;
use crate::files::{Script, ScriptExit};
use crate::message::Hello;

fn scripted(exit: ScriptExit, takes: i64) -> Rig {
    let mut conf = conf(1, 1);
    conf.masters[0].notification_script = Some(Script { path: "/n".into(), exit, takes: Millis(takes) });
    conf.masters[0].client_reconfig_script = Some(Script { path: "/r".into(), exit, takes: Millis(takes) });
    let mut rig = Rig::start(conf);
    // +monitor calls the notification script too.
    rig.sentinel.scripts = Default::default();
    rig
}

/// Runs only what the timer does about scripts, after so long; the starts, and the events.
fn after(rig: &mut Rig, ms: u64) -> (Vec<String>, Vec<String>) {
    rig.advance(ms);
    rig.with(|s, cx| s.scripts_tick(cx));
    let started = rig.notes().into_iter().filter_map(|note| match note {
        Note::Script { path, args, attempt } => Some(format!("{path} {} #{attempt}", args.join(" "))),
        _ => None,
    });
    let started = started.collect();
    let events = rig.events().iter().map(|(_, event)| format!("{} {}", event.kind, event.payload())).collect();
    (started, events)
}

fn event(rig: &mut Rig, kind: EventKind, who: Who) {
    rig.with(|s, cx| s.event(cx, kind, who));
}

const NOTHING: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());

#[test]
fn warnings_about_an_instance_call_the_notification_script() {
    let mut rig = scripted(ScriptExit::Code(0), 50);
    event(&mut rig, EventKind::SdownEnter, Who::Replica(0, 0));
    event(&mut rig, EventKind::Slave, Who::Replica(0, 0));
    event(&mut rig, EventKind::RoleChangeFromConfigured, Who::Replica(0, 0));
    rig.with(|s, cx| s.tilt_event(cx, EventKind::TiltEnter));
    let (started, _) = after(&mut rig, 0);
    assert_eq!(started, ["/n +sdown slave 10.77.0.2:6379 10.77.0.2 6379 @ mymaster 10.77.0.1 6379 #1"]);
    assert_eq!(after(&mut rig, 50), NOTHING);
    assert_eq!(after(&mut rig, 100_000), NOTHING, "it has succeeded");
}

#[test]
fn an_observer_calls_the_reconfiguration_script_when_it_hears_of_a_new_master() {
    let mut rig = scripted(ScriptExit::Code(0), 50);
    let hello = Hello {
        announce: addr(102),
        id: id(2),
        current_epoch: Epoch(1),
        master_name: "mymaster".into(),
        master: addr(2),
        config_epoch: Epoch(1),
    };
    rig.with(|s, cx| s.process_hello_message(cx, &hello));
    let (started, _) = after(&mut rig, 0);
    let last = started.last().unwrap();
    assert_eq!(last, "/r mymaster observer start 10.77.0.1 6379 10.77.0.2 6379 #1");
}

#[test]
fn the_leader_calls_it_when_it_sees_the_promotion() {
    let mut rig = scripted(ScriptExit::Code(0), 50);
    rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    rig.master().failover_state = super::super::instance::FailoverState::WaitPromotion;
    rig.master().failover_epoch = Epoch(1);
    rig.with(|s, cx| s.promotion_detected(cx, 0, 0));
    let (started, _) = after(&mut rig, 0);
    let names: Vec<_> = started.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(names, ["+promoted-slave", "+failover-state-reconf-slaves", "mymaster"]);
    assert_eq!(started[2], "/r mymaster leader start 10.77.0.1 6379 10.77.0.2 6379 #1");
}

#[test]
fn exit_1_and_signals_are_tried_ten_times_with_doubling_waits() {
    for (exit, payload) in [(ScriptExit::Code(1), "/n 0 1"), (ScriptExit::Signal(11), "/n 11 0")] {
        let mut rig = scripted(exit, 50);
        event(&mut rig, EventKind::SdownEnter, Who::Master(0));
        assert_eq!(after(&mut rig, 0).0.len(), 1);
        assert_eq!(after(&mut rig, 60), NOTHING, "reaped");
        for attempt in 2..=10 {
            let wait = 30_000 << (attempt - 2);
            assert_eq!(after(&mut rig, wait - 1), NOTHING);
            let (started, _) = after(&mut rig, 1);
            assert!(started[0].ends_with(&format!("#{attempt}")), "{started:?}");
            let (_, events) = after(&mut rig, 60);
            let expected: &[String] = if attempt == 10 { &[format!("-script-error {payload}")] } else { &[] };
            assert_eq!(events, expected);
        }
        assert_eq!(after(&mut rig, 1 << 40), NOTHING);
    }
}

#[test]
fn another_exit_code_is_final() {
    let mut rig = scripted(ScriptExit::Code(2), 50);
    event(&mut rig, EventKind::SdownEnter, Who::Master(0));
    after(&mut rig, 0);
    assert_eq!(after(&mut rig, 60).1, ["-script-error /n 0 2"]);
    assert_eq!(after(&mut rig, 60_000), NOTHING);
}

#[test]
fn a_script_that_runs_for_too_long_is_killed_and_tried_again() {
    let mut rig = scripted(ScriptExit::Code(0), 100_000);
    event(&mut rig, EventKind::SdownEnter, Who::Master(0));
    after(&mut rig, 0);
    assert_eq!(after(&mut rig, 60_000), NOTHING);
    assert_eq!(after(&mut rig, 1).1, ["-script-timeout /n 1"]);
    assert_eq!(after(&mut rig, 100), NOTHING, "reaped, and waiting for the next attempt");
    assert_eq!(after(&mut rig, 30_000).0.len(), 1);
}

#[test]
fn sixteen_run_at_a_time_and_a_full_queue_loses_its_oldest() {
    let mut rig = scripted(ScriptExit::Code(0), 50);
    for _ in 0..20 {
        event(&mut rig, EventKind::SdownEnter, Who::Master(0));
    }
    assert_eq!(after(&mut rig, 0).0.len(), 16);
    for _ in 0..300 {
        event(&mut rig, EventKind::SdownLeave, Who::Master(0));
    }
    // Sixteen run; the four +sdown are the first to go.
    after(&mut rig, 50);
    let mut waiting = Vec::new();
    for _ in 0..40 {
        waiting.extend(after(&mut rig, 60).0);
    }
    assert_eq!(waiting.len(), 256 - 16);
    assert!(waiting.iter().all(|line| line.starts_with("/n -sdown")));
}
