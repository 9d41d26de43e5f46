//! The configuration file, and what a restart remembers.

use super::super::instance::Who;
use super::*;

#[test]
fn the_first_start_draws_an_id_and_saves_it_before_the_masters_are_announced() {
    let mut conf = conf(1, 1);
    conf.myid = None;
    let rig = Rig::start(conf.clone());
    let myid = rig.sentinel.id();
    assert_ne!(myid, SentinelId::default());
    assert_eq!(rig.log(), ["1 +monitor master mymaster 10.77.0.1 6379 quorum 2"]);
    conf.myid = Some(myid);
    assert_eq!(rig.disk.saved, [conf], "and nothing else changed");
}

#[test]
fn a_later_start_keeps_the_id_and_saves_nothing() {
    let rig = Rig::start(conf(1, 1));
    assert_eq!(rig.sentinel.id(), id(1));
    assert!(rig.disk.saved.is_empty());
    assert_eq!(rig.kinds(), [EventKind::Monitor]);
}

#[test]
fn the_current_epoch_is_at_least_every_config_epoch() {
    for (stored, config, expected) in [(3, 5, 5), (7, 5, 7)] {
        let mut conf = conf(0, 0);
        conf.current_epoch = Epoch(stored);
        conf.masters[0].config_epoch = Epoch(config);
        let rig = Rig::start(conf);
        assert_eq!(rig.sentinel.current_epoch(), Epoch(expected));
    }
}

#[test]
fn a_restart_remembers_the_file_and_forgets_the_rest() {
    let mut rig = Rig::healthy(conf(2, 2));
    rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(6), id(2)));
    let file = rig.disk.saved.last().unwrap().clone();
    let rig = Rig::start(file.clone());
    let master = &rig.sentinel.masters[0];
    assert_eq!(rig.sentinel.current_epoch(), Epoch(6));
    assert_eq!((master.leader, master.leader_epoch), (None, Epoch(6)));
    assert_eq!(master.failover_start_time, Millis(0), "no embargo");
    assert_eq!((master.replicas.len(), master.peers.len()), (2, 2));
    assert_eq!(master.inst.runid, None);
    rig.sentinel.view(0);
    let mut again = Rig::start(file.clone());
    again.with(|s, cx| s.flush_config(cx));
    assert_eq!(again.disk.saved, [file], "a file survives being read and written");
}

#[test]
fn a_failed_save_is_noted_and_nothing_else() {
    let mut rig = Rig::healthy(conf(0, 0));
    rig.disk.fails = true;
    let before = rig.now();
    rig.with(|s, cx| s.flush_config(cx));
    assert_eq!(rig.notes(), [Note::SaveFailed]);
    assert_eq!(rig.now().0, before.0 + 1, "it took its time all the same");
}

#[test]
fn masters_stay_in_the_order_of_the_file_whatever_the_table_order() {
    let mut conf = conf(1, 1);
    for (n, name) in ["b", "a"].iter().enumerate() {
        let mut master = conf.masters[0].clone();
        master.name = (*name).into();
        master.addr = addr(50 + n as u8);
        conf.masters.push(master);
    }
    for key_step in [1, -1] {
        let mut rig = Rig::start_with(conf.clone(), key_step);
        let names: Vec<_> = (0..3).map(|i| rig.sentinel.view(i).name).collect();
        assert_eq!(names, ["mymaster".into(), "b".into(), Name::from("a")]);
        assert_eq!(&*rig.sentinel.masters[0].name == "a", key_step == -1);
        rig.with(|s, cx| s.flush_config(cx));
        assert_eq!(rig.disk.saved, [conf.clone()]);
        let links = [0, 1, 2].map(|m| rig.sentinel.inst(Who::Peer(m, 0)).link);
        assert!(links.iter().all(|link| *link == links[0]));
    }
}
