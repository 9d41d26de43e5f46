//! Elections, failovers and configurations that are adopted, on hand-written tapes of a Sentinel with others.

use super::*;
use splitbrain_model::message::SlaveInfo;
use splitbrain_model::{Addr, SentinelId};

/// Connections to `sentinel-2`, and to the replicas.
const PEER: Conn = Conn(10);
const REPLICAS: [(NodeIx, Conn, Conn); 2] = [(R2, Conn(12), Conn(13)), (R3, Conn(14), Conn(15))];

impl Tape {
    /// It starts with all others in its file, connects to them, and has what INFO says of the replicas.
    fn among_others(&mut self) -> &mut Tape {
        let mut master = MasterConf::new("mymaster".into(), addr(R1), 2);
        master.known_sentinels = vec![(addr(S2), id(S2)), (addr(S3), id(S3))];
        master.known_replicas = vec![addr(R2), addr(R3)];
        let conf = SentinelConf { myid: Some(id(S1)), masters: vec![master], ..SentinelConf::default() };
        self.take(0, What::Began(Box::new(conf)));
        for (sentinel, conn) in [(S2, PEER), (S3, Conn(11))] {
            self.take(0, What::Opened(conn, addr(sentinel))).asks(0, conn, Request::Ping);
            self.take(10, What::Read(conn, pong()));
        }
        for (replica, cc, pc) in REPLICAS {
            self.take(0, What::Opened(cc, addr(replica))).take(0, What::Opened(pc, addr(replica)));
            self.asks(0, cc, Request::Info).asks(0, cc, Request::Ping);
            self.asks(0, pc, Request::Subscribe(Channel::Hello));
            self.take(10, What::Read(cc, Message::Reply(Reply::Info(Box::new(following(R1))))));
            self.take(10, What::Read(cc, pong()));
        }
        self.connect(100).take(110, What::Read(CC, pong()))
    }

    fn asks(&mut self, ms: u64, conn: Conn, request: Request) -> &mut Tape {
        self.take(ms, What::Wrote(conn, Message::Request(request)))
    }

    /// An event about an instance.
    fn tells(&mut self, ms: u64, kind: EventKind, of: NodeIx) -> &mut Tape {
        let (master, master_addr, subject) = ("mymaster".into(), addr(R1), Subject::Slave(addr(of)));
        self.take(ms, What::Event(Event { kind, master, master_addr, subject, extra: Extra::None }))
    }

    /// INFO of a replica is asked for and answered.
    fn informs(&mut self, ms: u64, cc: Conn, info: Info) -> &mut Tape {
        self.asks(ms, cc, Request::Info).take(ms + 10, What::Read(cc, Message::Reply(Reply::Info(Box::new(info)))))
    }

    /// At 300 ms it tries to fail over, and the vote of `sentinel-2` comes at 400 ms, if it does.
    fn candidate(&mut self, vote: Option<SentinelId>) -> &mut Tape {
        self.among_others().take(300, What::Tick);
        self.says(300, EventKind::NewEpoch, Extra::Epoch(Epoch(1))).says(300, EventKind::TryFailover, Extra::None);
        self.says(300, EventKind::VoteForLeader, Extra::Vote(id(S1), Epoch(1)));
        let query = DownQuery { master: addr(R1), epoch: Epoch(1), candidate: Some(id(S1)) };
        self.asks(300, PEER, Request::IsMasterDown(Box::new(query)));
        let reply = DownReply { down: true, leader: vote, leader_epoch: Epoch(1) };
        self.take(400, What::Read(PEER, Message::Reply(Reply::Down(Box::new(reply)))))
    }

    /// It is elected and promotes `redis-2`.
    fn promoting(&mut self) -> &mut Tape {
        self.candidate(Some(id(S1))).take(500, What::Tick).says(500, EventKind::ElectedLeader, Extra::None);
        self.says(500, EventKind::StateSelectSlave, Extra::None).tells(500, EventKind::SelectedSlave, R2);
        self.tells(500, EventKind::StateSendSlaveofNoone, R2).tells(500, EventKind::StateWaitPromotion, R2)
    }

    /// `redis-2` is promoted, at 1,100 ms.
    fn promoted(&mut self) -> &mut Tape {
        self.promoting().asks(1_100, Conn(12), Request::Info);
        self.take(1_100, What::Read(Conn(12), Message::Reply(Reply::Info(Box::new(info())))));
        self.tells(1_100, EventKind::PromotedSlave, R2).says(1_100, EventKind::StateReconfSlaves, Extra::None)
    }

    /// The timer runs, and everybody is told of the new master.
    fn announces(&mut self, ms: u64) -> &mut Tape {
        self.take(ms, What::Tick);
        let (master, config_epoch) = (addr(R2), Epoch(1));
        let hello = Arc::new(Hello { master, config_epoch, ..(*hello(S1, 1)).clone() });
        for conn in [CC, PEER, Conn(11), Conn(12), Conn(14)] {
            self.asks(ms, conn, Request::Publish(hello.clone())).asks(ms, conn, Request::Ping);
            self.take(ms, What::Read(conn, Message::Reply(Reply::Int(1)))).take(ms, What::Read(conn, pong()));
        }
        self.asks(ms, Conn(14), Request::Info)
    }
}

/// INFO of a replica in sync with this master.
fn following(master: NodeIx) -> Info {
    let slave = SlaveInfo {
        master: addr(master),
        link_up: true,
        down_since_secs: None,
        offset: ReplOffset(0),
        priority: 100,
        announced: true,
        last_io_secs: 0,
        syncing: false,
    };
    Info { slave: Some(slave), ..info() }
}

#[test]
fn the_first_who_asks_in_a_new_epoch_gets_the_vote() {
    for (vote, laws) in [(Some(id(S2)), vec![]), (None, vec![Law::VoteRefused])] {
        let mut tape = tape();
        let query = DownQuery { master: addr(R1), epoch: Epoch(5), candidate: Some(id(S2)) };
        let asks = Message::Request(Request::IsMasterDown(Box::new(query)));
        tape.begin(0, 0).connect(100).take(150, What::Read(Conn(7), asks));
        tape.says(150, EventKind::NewEpoch, Extra::Epoch(Epoch(5)));
        if let Some(candidate) = vote {
            tape.says(150, EventKind::VoteForLeader, Extra::Vote(candidate, Epoch(5)));
        }
        let leader_epoch = if vote.is_some() { Epoch(5) } else { Epoch(0) };
        let reply = DownReply { down: false, leader: vote, leader_epoch };
        tape.take(150, What::Wrote(Conn(7), Message::Reply(Reply::Down(Box::new(reply)))));
        assert_eq!(tape.laws(), laws);
    }
}

#[test]
fn who_has_the_votes_is_elected_and_nobody_else() {
    let elected = |vote: Option<SentinelId>, elected: bool| {
        let mut tape = tape();
        tape.candidate(vote);
        for ms in [500, 600] {
            tape.take(ms, What::Tick);
            if elected && ms == 500 {
                tape.says(ms, EventKind::ElectedLeader, Extra::None);
            }
        }
        tape.laws()
    };
    assert_eq!(elected(Some(id(S1)), true), []);
    assert_eq!(elected(Some(id(S1)), false), [Law::ElectionMissed]);
    assert_eq!(elected(Some(id(S2)), false), []);
    assert_eq!(elected(Some(id(S2)), true), [Law::ElectedGroundless]);
    assert_eq!(elected(None, true), [Law::ElectedGroundless]);
}

#[test]
fn an_election_a_promotion_and_a_failover_have_their_time() {
    let mut tape = tape();
    tape.candidate(None).take(900, What::Tick).says(900, EventKind::AbortNotElected, Extra::None);
    assert_eq!(tape.laws(), [Law::ElectionGivenUpEarly]);
    let mut tape = self::tape();
    tape.promoting().take(900, What::Tick).says(900, EventKind::AbortSlaveTimeout, Extra::None);
    assert_eq!(tape.laws(), [Law::PromotionGivenUpEarly]);
    let mut tape = self::tape();
    tape.promoted().take(1_400, What::Tick).says(1_400, EventKind::FailoverEndForTimeout, Extra::None);
    assert_eq!(tape.laws(), [Law::TimeoutEarly]);
}

#[test]
fn a_replica_that_qualifies_is_found() {
    let mut tape = tape();
    tape.candidate(Some(id(S1))).take(500, What::Tick).says(500, EventKind::ElectedLeader, Extra::None);
    tape.says(500, EventKind::AbortNoGoodSlave, Extra::None);
    assert_eq!(tape.laws(), [Law::SelectionMissed]);
}

#[test]
fn the_other_replicas_are_pointed_to_the_new_master_once_and_in_time() {
    let told = |of: Option<NodeIx>| {
        let mut tape = tape();
        tape.promoted().announces(1_200);
        if let Some(of) = of {
            tape.tells(1_200, EventKind::SlaveReconfSent, of);
        }
        tape.take(1_300, What::Tick).laws()
    };
    assert_eq!(told(Some(R3)), []);
    assert_eq!(told(Some(R2)), [Law::ReconfUnduly]);
    assert_eq!(told(None), [Law::ReconfMissed]);
    let mut twice = tape();
    twice.promoted().announces(1_200).tells(1_200, EventKind::SlaveReconfSent, R3);
    assert_eq!(twice.take(1_300, What::Tick).tells(1_300, EventKind::SlaveReconfSent, R3).laws(), [Law::ReconfUnduly]);
}

#[test]
fn a_replica_on_its_way_is_followed() {
    let follows = |noted: bool| {
        let mut tape = tape();
        tape.promoted().announces(1_200).tells(1_200, EventKind::SlaveReconfSent, R3);
        tape.take(1_300, What::Read(Conn(14), Message::Reply(Reply::Info(Box::new(following(R2))))));
        if noted {
            tape.tells(1_300, EventKind::SlaveReconfInprog, R3).tells(1_300, EventKind::SlaveReconfDone, R3);
        }
        tape.take(1_310, What::Tick).laws()
    };
    assert_eq!(follows(true), []);
    assert_eq!(follows(false), [Law::ReconfStepMissed]);
    let mut tape = tape();
    tape.promoted().announces(1_200).tells(1_200, EventKind::SlaveReconfSent, R3);
    tape.take(1_400, What::Tick).tells(1_400, EventKind::SlaveReconfSentTimeout, R3);
    assert_eq!(tape.laws(), [Law::ReconfTimeoutEarly]);
}

#[test]
fn a_failover_that_has_ended_is_followed_by_the_switch() {
    for (to, laws) in [(Some(R2), vec![]), (Some(R3), vec![Law::AdoptGroundless]), (None, vec![Law::SwitchMissed])] {
        let mut tape = tape();
        tape.promoted().announces(1_200).tells(1_200, EventKind::SlaveReconfSent, R3);
        tape.take(1_210, What::Read(Conn(14), Message::Reply(Reply::Info(Box::new(following(R2))))));
        tape.tells(1_210, EventKind::SlaveReconfInprog, R3).tells(1_210, EventKind::SlaveReconfDone, R3);
        tape.take(1_300, What::Tick).says(1_300, EventKind::FailoverEnd, Extra::None);
        if let Some(to) = to {
            tape.says(1_300, EventKind::SwitchMaster, Extra::Switch(addr(R1), addr(to)));
        }
        assert_eq!(tape.take(1_400, What::Tick).take(1_500, What::Tick).laws(), laws);
    }
}

/// `sentinel-2` tells of this version of the address, and it switches or not.
fn told_of(config_epoch: u64, master: Addr, switches: bool) -> Vec<Law> {
    let mut tape = tape();
    let hello = Hello { config_epoch: Epoch(config_epoch), master, ..(*hello(S2, 0)).clone() };
    tape.among_others().take(300, What::Read(PC, Message::Hello(Arc::new(hello))));
    if switches {
        tape.says(300, EventKind::ConfigUpdateFrom, Extra::None);
        tape.says(300, EventKind::SwitchMaster, Extra::Switch(addr(R1), addr(R2)));
    }
    tape.take(310, What::Tick).laws()
}

#[test]
fn a_newer_configuration_is_adopted_and_no_other() {
    assert_eq!(told_of(7, addr(R2), true), []);
    assert_eq!(told_of(7, addr(R2), false), [Law::AdoptMissed]);
    assert_eq!(told_of(7, addr(R1), false), []);
    assert_eq!(told_of(0, addr(R2), false), []);
    assert_eq!(told_of(0, addr(R2), true), [Law::AdoptGroundless]);
}

#[test]
fn nothing_is_sent_before_it_is_due() {
    let mut tape = tape();
    tape.among_others().asks(600, CC, Request::Ping);
    assert_eq!(tape.laws(), [Law::PingEarly]);
    let mut tape = self::tape();
    tape.among_others().asks(600, CC, Request::Publish(hello(S1, 0)));
    assert_eq!(tape.laws(), [Law::HelloEarly]);
    let mut tape = self::tape();
    let query = DownQuery { master: addr(R1), epoch: Epoch(1), candidate: Some(id(S1)) };
    tape.candidate(None).take(500, What::Tick).asks(500, PEER, Request::IsMasterDown(Box::new(query)));
    assert_eq!(tape.laws(), [Law::QuestionEarly]);
}

#[test]
fn a_replica_that_goes_its_own_way_is_put_right() {
    // For longer than any of the times that matter, INFO says the same.
    let astray = |says: fn() -> Info, mended: Option<EventKind>| {
        let mut tape = tape();
        tape.among_others();
        for s in 1..=60 {
            // Whatever else would be due meanwhile is no matter: only steps of reading are taken.
            tape.informs(11_000 * s, CC, info());
            tape.informs(11_000 * s + 20, Conn(12), says());
            if let Some(kind) = mended.filter(|_| s > 1) {
                tape.tells(11_000 * s + 30, kind, R2);
            }
        }
        tape.take(660_040, What::Tick).laws()
    };
    assert_eq!(astray(info, None), [Law::ConvertMissed]);
    assert_eq!(astray(|| following(R3), None), [Law::FixMissed]);
    assert_eq!(astray(|| following(R1), None), []);
}

#[test]
fn who_is_told_to_fail_over_does_so_if_a_replica_qualifies_and_no_failover_is_running() {
    let told = |fit: bool, running: bool, tries: bool| {
        let mut tape = tape();
        if running {
            tape.candidate(None);
        } else {
            tape.among_others();
        }
        for (_, cc, _) in REPLICAS.into_iter().filter(|_| !fit) {
            tape.take(420, What::Lost(cc));
        }
        tape.take(450, What::Commanded(true));
        if tries {
            tape.says(450, EventKind::TryFailover, Extra::None);
        }
        tape.take(460, What::Tick).laws()
    };
    assert_eq!(told(true, false, true), []);
    assert_eq!(told(true, false, false), [Law::ForcedMissed]);
    assert_eq!(told(false, false, false), []);
    assert_eq!(told(false, false, true), [Law::ForcedGroundless]);
    assert_eq!(told(true, true, false), []);
    assert_eq!(told(true, true, true), [Law::ForcedGroundless]);
}
