//! The vote rule and the count.

use super::*;

fn vote(rig: &mut Rig, epoch: u64, candidate: u64) -> (Option<SentinelId>, Epoch) {
    rig.with(|s, cx| s.vote_leader(cx, 0, Epoch(epoch), id(candidate)))
}

#[test]
fn a_vote_is_given_once_per_epoch_to_the_first_who_asks() {
    let mut rig = Rig::healthy(conf(0, 2));
    assert_eq!(vote(&mut rig, 1, 2), (Some(id(2)), Epoch(1)));
    let two = id(2);
    let expected = ["1 +new-epoch 1".to_owned(), format!("2 +vote-for-leader {two} 1")];
    assert_eq!(rig.log(), expected, "each after its own save");
    let saved = &rig.disk.saved[1];
    assert_eq!((saved.current_epoch, saved.masters[0].leader_epoch), (Epoch(1), Epoch(1)));
    assert_eq!(rig.disk.saved[0].masters[0].leader_epoch, Epoch(0));
    assert_eq!(vote(&mut rig, 1, 3), (Some(id(2)), Epoch(1)), "the old vote is told");
    assert_eq!(rig.log(), [""; 0]);
    assert_eq!(vote(&mut rig, 2, 3), (Some(id(3)), Epoch(2)));
}

#[test]
fn a_request_of_an_older_epoch_gets_the_old_vote() {
    let mut rig = Rig::healthy(conf(0, 2));
    rig.sentinel.current_epoch = Epoch(5);
    assert_eq!(vote(&mut rig, 4, 2), (None, Epoch(0)), "no vote was ever given");
    assert_eq!(vote(&mut rig, 5, 2), (Some(id(2)), Epoch(5)));
    assert_eq!(vote(&mut rig, 3, 3), (Some(id(2)), Epoch(5)));
    assert_eq!(rig.sentinel.current_epoch(), Epoch(5));
}

#[test]
fn after_a_restart_the_epoch_of_the_vote_is_known_but_not_its_holder() {
    let mut conf = conf(0, 2);
    conf.current_epoch = Epoch(3);
    conf.masters[0].leader_epoch = Epoch(3);
    let mut rig = Rig::healthy(conf);
    assert_eq!(vote(&mut rig, 3, 2), (None, Epoch(3)));
    assert_eq!(vote(&mut rig, 2, 2), (None, Epoch(3)));
    assert_eq!(vote(&mut rig, 4, 2), (Some(id(2)), Epoch(4)));
}

#[test]
fn a_vote_for_another_puts_off_our_own_attempt() {
    let mut rig = Rig::healthy(conf(0, 2));
    rig.draws.desync = 321;
    vote(&mut rig, 1, 1);
    assert_eq!(rig.master().failover_start_time, Millis(0), "not for ourselves");
    vote(&mut rig, 2, 2);
    let now = rig.now().0;
    assert_eq!(rig.master().failover_start_time, Millis(now + 321));
}

#[test]
fn votes_for_different_masters_are_independent() {
    let mut conf = conf(0, 1);
    let mut second = conf.masters[0].clone();
    second.name = "other".into();
    second.addr = addr(51);
    conf.masters.push(second);
    let mut rig = Rig::healthy(conf);
    vote(&mut rig, 1, 2);
    let other = rig.with(|s, cx| s.vote_leader(cx, 1, Epoch(1), id(3)));
    assert_eq!(other, (Some(id(3)), Epoch(1)));
}

#[test]
fn a_vote_is_given_although_the_disk_fails() {
    let mut rig = Rig::healthy(conf(0, 1));
    rig.disk.fails = true;
    assert_eq!(vote(&mut rig, 1, 2), (Some(id(2)), Epoch(1)));
    assert_eq!(rig.notes(), [Note::SaveFailed, Note::SaveFailed]);
}

/// One row of the count: what the peers told (candidate, epoch), what we voted before, and who wins.
struct Row {
    peers: &'static [(u64, u64)],
    own: Option<u64>,
    quorum: u32,
    winner: Option<u64>,
}

#[test]
fn a_leader_needs_the_majority_of_all_known_sentinels_and_the_quorum() {
    let row = |peers, own, quorum, winner| Row { peers, own, quorum, winner };
    // The epoch of the failover and the current one are both 5; epoch 0 stands for no vote.
    let rows = [
        row(&[(0, 0), (0, 0)], None, 1, None),
        row(&[(1, 5), (0, 0)], None, 2, Some(1)),
        row(&[(1, 5), (0, 0)], None, 3, None),
        row(&[(1, 4), (1, 4)], None, 2, None),
        row(&[(1, 5), (1, 5)], Some(2), 2, Some(1)),
        row(&[(2, 5), (0, 0)], None, 2, Some(2)),
        row(&[(2, 5), (3, 5)], Some(1), 1, None),
        row(&[(1, 5), (0, 0), (0, 0)], None, 1, None),
        row(&[(1, 5), (1, 5), (0, 0)], None, 1, Some(1)),
        row(&[(2, 5), (0, 0), (0, 0), (0, 0)], Some(1), 1, None),
    ];
    for (n, row) in rows.iter().enumerate() {
        let mut rig = Rig::healthy(conf(0, row.peers.len() as u8));
        rig.sentinel.current_epoch = Epoch(5);
        rig.master().quorum = row.quorum;
        rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
        if let Some(own) = row.own {
            rig.master().leader = Some(id(own));
            rig.master().leader_epoch = Epoch(5);
        }
        for (s, (candidate, epoch)) in row.peers.iter().enumerate() {
            if *epoch != 0 {
                rig.peer(s).leader = Some(id(*candidate));
                rig.peer(s).leader_epoch = Epoch(*epoch);
            }
        }
        let winner = rig.with(|s, cx| s.get_leader(cx, 0, Epoch(5)));
        assert_eq!(winner, row.winner.map(id), "row {n}");
    }
}

#[test]
fn among_equals_the_first_in_table_order_gets_our_vote() {
    for (key_step, winner) in [(1, 2), (-1, 3)] {
        let mut rig = Rig::start_with(conf(0, 2), key_step);
        rig.sentinel.current_epoch = Epoch(5);
        rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
        for s in 0..2 {
            let peer = rig.peer(s);
            peer.leader = Some(peer.id);
            peer.leader_epoch = Epoch(5);
        }
        let leader = rig.with(|s, cx| s.get_leader(cx, 0, Epoch(5)));
        assert_eq!(leader, Some(id(winner)));
    }
}

#[test]
fn votes_count_in_the_current_epoch_even_if_the_failover_has_an_older_one() {
    let mut rig = Rig::healthy(conf(0, 2));
    rig.sentinel.current_epoch = Epoch(6);
    rig.master().inst.flags.set(Flags::FAILOVER_IN_PROGRESS);
    for s in 0..2 {
        rig.peer(s).leader = Some(id(1));
        rig.peer(s).leader_epoch = Epoch(6);
    }
    let leader = rig.with(|s, cx| s.get_leader(cx, 0, Epoch(5)));
    assert_eq!(leader, Some(id(1)), "the known hazard H1");
    assert_eq!(rig.sentinel.masters[0].leader, None, "our own vote was refused");
}
