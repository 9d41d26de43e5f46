//! `restart` with `address = "new"`: who is told, who finds out, and who never does (Sentinel spec 4.3, 5.3, 11.4; the order of
//! events as 7.0.15 showed it with processes that were started again at another address of 127.0.0.0/8).

use crate::support::{CLUSTER, Film, WRITER, play};
use splitbrain::checker::Property;
use splitbrain::model::event::{EventKind, Subject};
use splitbrain::model::note::Note;
use splitbrain::model::{Addr, Ip};

/// Everybody by name.
fn by_name() -> String {
    let names = "[sentinel]\nresolve-hostnames = true\nannounce-hostnames = true";
    CLUSTER.replacen("[cluster]", "[cluster]\nhostnames = true", 1).replacen("[sentinel]", names, 1)
}

/// A process that is away for half a second and comes back at another address.
fn moves(who: &str, more: &str) -> String {
    format!(
        "[[faults]]\nat = \"0s\"\nkill = \"{who}\"\n[[faults]]\nat = \"500ms\"\n\
         restart = {{ of = \"{who}\", address = \"new\"{more} }}\n[run]\nobserve-at-least = \"25s\"\nheal = \"60s\"\n"
    )
}

/// The address a process has at the end.
fn address(film: &Film, name: &str) -> Addr {
    let seen = &film.record.observations;
    let node = seen.nodes.iter().position(|node| node.name == name).expect("a process");
    let moved = seen.moves.iter().rfind(|moved| usize::from(moved.node.0) == node);
    moved.map_or(seen.nodes[node].addr, |moved| moved.addr)
}

/// Events of a kind about the server at an address, after the first fault.
fn about(film: &Film, kind: EventKind, addr: Addr) -> usize {
    let events = film.events(kind).into_iter();
    events.filter(|(at, _, event)| *at >= 0.0 && event.subject == Subject::Slave(addr)).count()
}

#[test]
fn a_sentinel_is_known_by_its_id_wherever_it_is() {
    for film in play(&[CLUSTER, &moves("sentinel-3", "")], 0..5) {
        let switched = film.events(EventKind::SentinelAddressSwitch);
        let by: Vec<&str> = switched.iter().map(|(_, who, _)| *who).collect();
        assert_eq!(by.len(), 2, "{by:?} {}", film.seed());
        assert!(by.contains(&"sentinel-1") && by.contains(&"sentinel-2"), "{by:?} {}", film.seed());
        assert!(film.times(EventKind::Sentinel).is_empty(), "nobody is new: {}", film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}

#[test]
fn a_sentinel_with_another_id_and_address_is_one_more() {
    // An id is replaced only by another one at the same address, or at another address by the same.
    for film in play(&[CLUSTER, &moves("sentinel-3", ", identity = \"new\"")], 0..5) {
        assert_eq!(film.times(EventKind::Sentinel).len(), 2, "{}", film.seed());
        assert!(film.times(EventKind::SentinelAddressSwitch).is_empty(), "{}", film.seed());
        assert!(film.times(EventKind::SentinelInvalidAddr).is_empty(), "{}", film.seed());
        let down = film.events(EventKind::SdownEnter);
        let gone = down.iter().filter(|(at, _, event)| *at > 0.0 && matches!(event.subject, Subject::Sentinel(..)));
        assert_eq!(gone.count(), 2, "both others miss the one it was: {}", film.seed());
    }
}

#[test]
fn a_replica_leaves_an_entry_behind_that_stays_down() {
    for film in play(&[CLUSTER, WRITER, &moves("redis-2", "")], 0..5) {
        let (old, new) = (film.record.observations.nodes[1].addr, address(&film, "redis-2"));
        assert_eq!(new, Addr { ip: Ip(0x0a4e_0001), port: 6379 }, "{}", film.seed());
        assert_eq!(about(&film, EventKind::Slave, new), 3, "all Sentinels find it: {}", film.seed());
        assert_eq!(about(&film, EventKind::SdownEnter, old), 3, "{}", film.seed());
        assert_eq!(about(&film, EventKind::SdownLeave, old), 0, "{}", film.seed());
        assert!(film.converged() && film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
        assert_eq!(film.missing_on("redis-2"), Vec::<f64>::new(), "{}", film.seed());
    }
}

#[test]
fn a_master_is_replaced_and_nobody_knows_it_when_it_is_back() {
    for film in play(&[CLUSTER, &moves("redis-1", "")], 0..5) {
        let seen = &film.record.observations;
        let new = address(&film, "redis-1");
        assert_eq!(film.times(EventKind::SwitchMaster).len(), 3, "{}", film.seed());
        assert!(film.times(EventKind::ConvertToSlave).is_empty(), "{}", film.seed());
        assert_eq!(about(&film, EventKind::Slave, new), 0, "{}", film.seed());
        assert_eq!(about(&film, EventKind::Slave, seen.nodes[0].addr), 3, "by its old address: {}", film.seed());
        let old = &seen.final_redis[0];
        assert!(old.running && old.replica_of.is_none(), "{}", film.seed());
        assert!(!film.converged(), "{}", film.seed());
        let judged = splitbrain::checker::judge(seen, &[]);
        assert!(judged.findings.iter().all(|finding| finding.property != Property::NoFalseFailover), "{}", film.seed());
    }
}

#[test]
fn a_master_that_is_known_by_name_is_found_again() {
    for film in play(&[&by_name(), WRITER, &moves("redis-1", "")], 0..5) {
        assert!(film.times(EventKind::SwitchMaster).is_empty(), "{}", film.seed());
        assert!(film.converged(), "{}", film.seed());
        assert_eq!(film.final_master("mymaster"), "redis-1", "{}", film.seed());
        assert_eq!(film.record.observations.final_views[0].addr, address(&film, "redis-1"), "{}", film.seed());
        let last = film.acked().last().map(|(_, at, _)| *at);
        assert!(last.is_some_and(|at| at > 20_000.0), "{last:?} {}", film.seed());
    }
}

#[test]
fn a_host_on_which_something_runs_keeps_its_address() {
    let shared = |server: &str| {
        let hosts = format!("[cluster]\nhosts = {{ box = [\"{server}\", \"sentinel-2\"] }}");
        CLUSTER.replacen("[cluster]", &hosts, 1)
    };
    let fault = |killed: &str, restarted: &str| {
        format!(
            "[[faults]]\nat = \"0s\"\nkill = \"{killed}\"\n[[faults]]\nat = \"1s\"\n\
             restart = {{ of = \"{restarted}\", address = \"new\" }}\n[run]\nobserve-at-least = \"5s\"\n"
        )
    };
    // Only the server died, and which one that would be was not known when the file was read.
    for film in play(&[&shared("redis-1"), &fault("master", "old-master")], 0..3) {
        assert!(film.record.observations.moves.is_empty() && film.converged(), "{}", film.seed());
    }
    for film in play(&[&shared("redis-2"), &fault("box", "box")], 0..3) {
        let moved: Vec<Ip> = film.record.observations.moves.iter().map(|moved| moved.addr.ip).collect();
        assert_eq!(moved, [Ip(0x0a4e_0001); 2], "{}", film.seed());
        assert!(film.converged(), "{}", film.seed());
    }
}

#[test]
fn what_was_cut_off_when_it_moved_is_met_with_silence() {
    // The replica hears neither of the death nor anything from the old address: its link times out.
    let fault = r#"
[redis]
repl-timeout = 10
[[faults]]
at = "0s"
isolate = "redis-1"
for = "3s"
[[faults]]
at = "1s"
kill = "redis-1"
[[faults]]
at = "2s"
restart = { of = "redis-1", address = "new" }
[run]
observe-at-least = "20s"
heal = "20s"
"#;
    let patient = CLUSTER.replacen("milliseconds = 2000", "milliseconds = 60000", 1);
    for film in play(&[&patient, fault], 0..5) {
        let seen = &film.record.observations;
        let lost = film.record.log.iter().filter(|line| {
            line.note == Note::Link { up: false } && seen.node(line.node).name != "redis-1" && film.ms(line.at) > 0.0
        });
        let lost: Vec<f64> = lost.map(|line| film.ms(line.at)).collect();
        assert!(lost.len() == 2 && lost.iter().all(|at| (9_000.0..13_000.0).contains(at)), "{lost:?} {}", film.seed());
    }
}
